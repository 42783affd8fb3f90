"""The settings that each target may have for itself: endpoint, credentials, rate and concurrency.

Source: docs/reference/swr-api.md#metadata-service, #sdk-files (defaults).
"""

from typing import Final, Literal, TypeAlias, get_args

from crawler.config.settings.kinds import Choice, Integer, Number, Text
from crawler.config.settings.lists import Regions
from crawler.config.settings.names import printable, project_id, target_name
from crawler.config.settings.origin import origin
from crawler.config.settings.regions import region
from crawler.config.settings.secret_ref import secret_ref
from crawler.config.settings.setting import FileKey, Setting
from crawler.config.settings.variables import TOKEN_VARIABLES

Auth: TypeAlias = Literal["auto", "token", "password", "aksk", "metadata"]

_NAME: Final = "one line of printable characters"
_ORIGIN: Final = "an origin: https://host or https://host:port, without user, path or query"


def _secret(name: str, variable: str, secret: str) -> Setting:
    """Return the declaration of a secret. It has no flag, because other users of the machine can read flags."""
    return Setting(
        name=name,
        kind=Text(
            type_of_text="secret reference",
            description='a reference: write "env:NAME", "file:PATH" or "profile:SECTION.KEY", never the secret itself',
            rule=secret_ref,
            sensitive=True,
            none="",
        ),
        default=None,
        help=f"place of {secret}: env:NAME, file:PATH or profile:SECTION.KEY",
        variable=variable,
        per_target=True,
        secret=True,
    )


TARGET_NAME: Final = FileKey(
    name="name",
    table="target",
    kind=Text(description="a name of 1 to 64 of a-z 0-9 _ -, first a letter or digit", rule=target_name),
    help="name of the target, which becomes a folder; a target without a name has that of its region",
)
TARGET_SETTINGS: Final = (
    Setting(
        name="endpoint",
        kind=Text(description=_ORIGIN, rule=origin, sensitive=True, none=""),
        default=None,
        help="origin of the API; without a scheme it is https://",
        flag="--endpoint",
        variable="SWR_CRAWLER_ENDPOINT",
        per_target=True,
    ),
    Setting(
        name="region",
        kind=Regions(item=Text(description="the name of a region, such as cn-north-4", rule=region)),
        default=(),
        help="region, whose endpoint is used when endpoint is not set; several regions are one target each",
        flag="--region",
        variable="SWR_CRAWLER_REGION",
        per_target=True,
    ),
    Setting(
        name="auth",
        kind=Choice(words=get_args(Auth)),
        default="auto",
        help="authentication method; auto: the first of token, aksk and password that has credentials",
        flag="--auth",
        variable="SWR_CRAWLER_AUTH",
        per_target=True,
    ),
    _secret("token", TOKEN_VARIABLES[0], "the token"),
    _secret("access_key", "SWR_CRAWLER_ACCESS_KEY", "the access key (AK)"),
    _secret("secret_key", "SWR_CRAWLER_SECRET_KEY", "the secret key (SK)"),
    _secret("security_token", "SWR_CRAWLER_SECURITY_TOKEN", "the security token of a temporary access key"),
    Setting(
        name="user",
        kind=Text(description=_NAME, rule=printable, sensitive=True, none=""),
        default=None,
        help="name of the IAM user, for method password",
        variable="SWR_CRAWLER_USER",
        per_target=True,
    ),
    _secret("password", "SWR_CRAWLER_PASSWORD", "the password of the IAM user"),
    Setting(
        name="account",
        kind=Text(description=_NAME, rule=printable, sensitive=True, none=""),
        default=None,
        help="account of the IAM user: its IAM domain name",
        variable="SWR_CRAWLER_ACCOUNT",
        per_target=True,
    ),
    Setting(
        name="project_id",
        kind=Text(
            description="a project id: 1 to 64 of A-Z a-z 0-9 _ -",
            rule=project_id,
            sensitive=True,
            none="",
        ),
        default=None,
        help="id of the project whose images are listed; it overrides project",
        variable="SWR_CRAWLER_PROJECT_ID",
        per_target=True,
    ),
    Setting(
        name="project",
        kind=Text(description=_NAME, rule=printable, sensitive=True, none=""),
        default=None,
        help="name of the project, for method password; not set: the project with the region's name",
        variable="SWR_CRAWLER_PROJECT",
        per_target=True,
    ),
    Setting(
        name="iam_endpoint",
        kind=Text(description=_ORIGIN, rule=origin, sensitive=True, none=""),
        default=None,
        help="origin of IAM, which issues tokens for method password; not set: that of the region",
        variable="SWR_CRAWLER_IAM_ENDPOINT",
        per_target=True,
    ),
    Setting(
        name="metadata_endpoint",
        kind=Text(description=_ORIGIN, rule=origin, sensitive=True),
        default="http://169.254.169.254",  # swr-api.md#metadata-service
        help="origin of the machine's metadata service, for method metadata",
        variable="SWR_CRAWLER_METADATA_ENDPOINT",
        per_target=True,
    ),
    Setting(
        name="credentials_file",
        kind=Text(description="a path of printable characters", rule=printable),
        default="~/.huaweicloud/credentials",  # swr-api.md#sdk-files
        help="credentials file of the official SDK; its section [basic] is read",
        variable="SWR_CRAWLER_CREDENTIALS_FILE",
        per_target=True,
    ),
    Setting(
        name="rate_per_s",
        kind=Number(high=100_000, none="unlimited"),
        default=50.0,
        help="maximum requests per second to a target, retries included",
        unit="requests/s",
        flag="--rate",
        variable="SWR_CRAWLER_RATE",
        per_target=True,
    ),
    Setting(
        name="concurrency",
        kind=Integer(low=1, high=1024),
        default=64,
        help="maximum requests in flight to a target; the crawl adapts their number below it",
        unit="requests",
        flag="--concurrency",
        variable="SWR_CRAWLER_CONCURRENCY",
        per_target=True,
    ),
)
# A [[target]] that has one of these is isolated: it uses credentials from no other source.
CREDENTIAL_KEYS: Final = frozenset(
    {"user", "credentials_file", *(setting.name for setting in TARGET_SETTINGS if setting.secret)}
)
# The account, project and IAM service that credentials are used with.
SCOPE_KEYS: Final = ("account", "project_id", "project", "iam_endpoint")
