"""The settings that each target may have for itself: endpoint, credentials, rate and concurrency.

Source: docs/reference/swr-api.md#metadata-service, #sdk-files (defaults).
"""

from typing import Final, Literal, TypeAlias, get_args

from crawler.config.settings.kinds import Choice, Integer, Number, Text
from crawler.config.settings.lists import Regions
from crawler.config.settings.names import iam_id, printable, target_name
from crawler.config.settings.origin import NO_PROXY_WORD, origin, proxy_origin
from crawler.config.settings.regions import region
from crawler.config.settings.secret_ref import place_of_secret, secret_ref
from crawler.config.settings.setting import Setting, declare

Auth: TypeAlias = Literal["auto", "oidc", "idp", "token", "aksk", "password", "pod-identity", "metadata"]

_LINE: Final = Text("one line of printable characters", printable, none="", sensitive=True)
_ORIGIN_FORM: Final = "an origin: https://host or https://host:port, without user, path or query"
_ORIGIN: Final = Text(_ORIGIN_FORM, origin, none="", metavar="URL", sensitive=True)
_SECRET: Final = Text(
    'a reference: write "env:NAME", "file:PATH" or "profile:SECTION.KEY", never the secret itself',
    secret_ref,
    none="",
    sensitive=True,
    type_name="secret reference",
)
_PROXY: Final = Text(
    f'"{NO_PROXY_WORD}", or the origin of an HTTP proxy: http://host:port or https://host:port, without user and path;'
    " SOCKS is not supported",
    proxy_origin,
    none="",
    metavar="URL",
    sensitive=True,
)
_FILE: Final = Text("a path of printable characters", printable, none="")
_PROJECT_ID: Final = Text("a project id: 1 to 64 of A-Z a-z 0-9 _ -", iam_id, none="", sensitive=True)
_ID: Final = Text("an id: 1 to 64 of A-Z a-z 0-9 _ -", iam_id, none="", sensitive=True)
_REGION: Final = Text("the name of a region, such as cn-north-4", region, metavar="R")


def _secret(name: str) -> Setting:
    """Return the declaration of a secret. It has no flag, because other users of the machine can read flags."""
    return Setting(name, _SECRET, secret=True)


def _place(secret: str) -> str:
    return f"place of {secret}: env:NAME, file:PATH or profile:SECTION.KEY"


def _secret_of_network(name: str, content: str) -> Setting:
    """Return the declaration of a secret that is no credential for the service, so that no profile has it."""
    kind = Text(
        f'a reference to {content}: write "env:NAME" or "file:PATH", never the secret itself',
        place_of_secret,
        none="",
        sensitive=True,
        type_name="secret reference",
    )
    return Setting(name, kind, secret=True)


(TARGET_NAME,) = declare(
    "target",
    Setting("name", Text("a name of 1 to 64 of a-z 0-9 _ -, first a letter or digit", target_name), file_only=True),
    "name of the target, which becomes a folder; a target without a name has that of its region",
)
TARGET_SETTINGS: Final = declare(
    "target",
    Setting("endpoint", _ORIGIN, flag_of="plan"),
    "origin of the API; without a scheme it is https://",
    Setting("region", Regions(_REGION), (), flag_of="plan"),
    "region, whose endpoint is used when endpoint is not set; several regions are one target each",
    Setting("auth", Choice(get_args(Auth)), "auto", flag_of="plan"),
    "authentication method; auto: the first that has credentials; metadata is used only when it is named",
    _secret("token"),
    _place("the token"),
    _secret("access_key"),
    _place("the access key (AK)"),
    _secret("secret_key"),
    _place("the secret key (SK)"),
    _secret("security_token"),
    _place("the security token of a temporary access key"),
    Setting("user", _LINE),
    "name of the IAM user, for method password",
    Setting("user_id", _ID),
    "id of the IAM user, for method password; it overrides user, and needs no account",
    _secret("password"),
    _place("the password of the IAM user"),
    Setting("account", _LINE),
    "account of the IAM user: its IAM domain name",
    Setting("account_id", _ID),
    "id of the account of the IAM user: its IAM domain id; it overrides account",
    Setting("project_id", _PROJECT_ID),
    "id of the project whose images are listed; it overrides project",
    Setting("project", _LINE),
    "name of the project, for method password; not set: the project with the region's name",
    Setting("iam_endpoint", _ORIGIN),
    "origin of IAM, which issues tokens for the methods password and idp; not set: that of the region",
    Setting("sts_endpoint", _ORIGIN),
    "origin of STS, which issues temporary keys for method oidc; not set: that of the region",
    Setting(
        "metadata_endpoint",
        Text(_ORIGIN_FORM, origin, sensitive=True),
        "http://169.254.169.254",  # swr-api.md#metadata-service
    ),
    "origin of the machine's metadata service, for method metadata",
    Setting(
        "credentials_file",
        Text("a path of printable characters", printable),
        "~/.huaweicloud/credentials",  # swr-api.md#sdk-files
    ),
    "credentials file of the official SDK; its section [basic] is read",
    Setting("proxy", _PROXY),
    "HTTP proxy for requests to the API and to IAM; not set: that of HTTPS_PROXY, as far as NO_PROXY allows; none: no"
    " proxy, whatever these variables say",
    _secret_of_network("proxy_credentials", "USER:PASSWORD"),
    "place of the proxy's USER:PASSWORD: env:NAME or file:PATH",
    Setting("ca_file", _FILE),
    "file or folder of the CA certificates (PEM) that are trusted in place of the system's; not set: that of"
    " REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or OS_CACERT",
    Setting("client_cert", _FILE),
    "file of the certificate (PEM) for a service or a proxy that asks for one; not set: that of OS_CERT",
    Setting("client_key", _FILE),
    "file of the private key (PEM) of client_cert; not set: that of OS_KEY for OS_CERT, else the file of client_cert",
    _secret_of_network("client_key_password", "the password of client_key"),
    "place of the password of client_key, if that is encrypted: env:NAME or file:PATH",
    Setting("rate_per_s", Number(100_000, none="unlimited", metavar="R"), 50.0, "requests/s", flag_of="plan"),
    "maximum requests per second to a target, retries included",
    Setting("concurrency", Integer(1, 1024), 64, "requests", flag_of="plan"),
    "maximum requests in flight to a target; the crawl adapts their number below it",
)
# What the service, or IAM, is asked with; the secrets of the way there are others.
SECRET_KEYS: Final = tuple(setting.name for setting in TARGET_SETTINGS if setting.kind is _SECRET)
# A [[target]] that has one of these is isolated: it uses credentials from no other source.
CREDENTIAL_KEYS: Final = frozenset({"user", "user_id", "credentials_file", *SECRET_KEYS})
# The account, project and issuer that credentials are used with.
SCOPE_KEYS: Final = ("account", "account_id", "project_id", "project", "iam_endpoint", "sts_endpoint")
