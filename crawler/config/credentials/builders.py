"""Build each method of authentication from the fields that a source holds (pure).

Source: docs/reference/swr-api.md#token-request (the fields of a password login), #openstack-environment (the account
of a project), #project-id-header.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from crawler.config.credentials.methods import (
    AccessKeyMethod,
    ChosenMethod,
    MetadataMethod,
    PasswordMethod,
    TokenMethod,
)
from crawler.config.credentials.source import (
    PROJECT_ACCOUNT_FIELDS,
    PROJECT_FIELDS,
    CredentialSource,
    name_as_written,
)
from crawler.config.credentials.target import Target, region_of_target
from crawler.config.settings.regions import iam_endpoint_of
from crawler.errors import ConfigError
from crawler.swr.auth.iam_ref import IamRef

Origins: TypeAlias = tuple[tuple[str, str], ...]


class Builder(NamedTuple):
    """How a method is built: a source that holds one of the fields `signs` has to hold one of each group in `required`.

    `build` makes it of the target, the source, and the fields in `signs` that were found. Of a method that
    `takes_all_or_none`, a part is nothing, unless `auth` names the method; all of it replaces the other methods of its
    source.
    """

    signs: tuple[str, ...]
    required: tuple[tuple[str, ...], ...]
    build: Callable[[Target, CredentialSource, Origins], ChosenMethod]
    takes_all_or_none: bool = False

    def method_of(self, target: Target, source: CredentialSource) -> ChosenMethod | None:
        """Return the method, None when the source has nothing for it. Raise ConfigError for an incomplete one."""
        found = source.origins_of(*self.signs)
        missing = [group[0] for group in self.required if len(source.missing(*group)) == len(group)]
        if missing and self.takes_all_or_none and target.auth == "auto":
            return None
        if found and missing:
            fix = " and ".join(source.how_to_set[field] for field in missing)
            raise incomplete(target, found, " or ".join(missing), fix)
        return self.build(target, source, found) if found else None


def metadata_method(target: Target, own: CredentialSource) -> ChosenMethod:
    """Return the method that uses the metadata service; of `own` it uses the project only.

    Raise ConfigError for a project that is given by name.
    """
    origins = tuple((setting, target.origin_of(setting)) for setting in ("auth", "metadata_endpoint"))
    method = MetadataMethod(endpoint=target.metadata_endpoint, project_id=project_id_of(target, own))
    return ChosenMethod(method, origins + own.origins_of("project_id"))


def _token(_target: Target, source: CredentialSource, found: Origins) -> ChosenMethod:
    return ChosenMethod(TokenMethod(source.secrets["token"]), found)


def _access_key(target: Target, source: CredentialSource, found: Origins) -> ChosenMethod:
    method = AccessKeyMethod(
        access_key=source.secrets["access_key"],
        secret_key=source.secrets["secret_key"],
        security_token=source.secrets.get("security_token"),
        project_id=project_id_of(target, source),
    )
    return ChosenMethod(method, found + source.origins_of("project_id"))


def _password(target: Target, source: CredentialSource, found: Origins) -> ChosenMethod:
    region, region_origin = region_and_origin(target)
    project_id, project = source.value("project_id"), source.value("project") or region
    iam_endpoint = source.value("iam_endpoint") or iam_endpoint_of(region or "")
    if not project_id and not project:
        raise incomplete(target, found, "project", "region, project or project_id")
    if not iam_endpoint:
        raise incomplete(target, found, "IAM endpoint", "iam_endpoint, or a known region")
    user = _iam_ref(source, "user")
    account = _iam_ref(source, "account") if user.key == "name" else None  # an id is unique without it
    has_owner = not project_id and len(source.missing(*PROJECT_ACCOUNT_FIELDS)) < len(PROJECT_ACCOUNT_FIELDS)
    owner = _iam_ref(source, "project_account") if has_owner else None
    method = PasswordMethod(
        user=user,
        account=account,
        password=source.secrets["password"],
        project=IamRef("id", project_id) if project_id else IamRef("name", project or ""),
        project_account=None if owner == account else owner,
        iam_endpoint=iam_endpoint,
    )
    accounts = () if account is None else ("account_id" if account.key == "id" else "account",)
    scope = source.origins_of(*accounts, "project_id" if project_id else "project", "iam_endpoint")
    uses_region = source.missing("iam_endpoint") or len(source.missing(*PROJECT_FIELDS)) == len(PROJECT_FIELDS)
    return ChosenMethod(method, found + scope + (region_origin if uses_region else ()))


def _iam_ref(source: CredentialSource, field: str) -> IamRef:
    """Return what a source names as `field`, which it does not lack; an id overrides a name.

    Raise ConfigError for an id or a name without a normal form.
    """
    by_id = source.value(f"{field}_id")
    return IamRef("name", source.value(field) or "") if by_id is None else IamRef("id", by_id)


# By the value of `auth`, in the order in which method auto tries them; those of a workload are in workload_builders.py.
BUILDERS: Final[Mapping[str, Builder]] = MappingProxyType(
    {
        "token": Builder(("token",), (("token",),), _token),
        "aksk": Builder(
            ("access_key", "secret_key", "security_token"), (("access_key",), ("secret_key",)), _access_key
        ),
        "password": Builder(
            ("user", "user_id", "password"),
            (("user", "user_id"), ("password",), ("account", "account_id", "user_id")),
            _password,
        ),
    }
)


def region_and_origin(target: Target) -> tuple[str | None, Origins]:
    """Return the region of a target, configured or derived from its endpoint, and the origin of that setting."""
    setting = "region" if target.region else "endpoint"
    region = region_of_target(target)
    return region, ((setting, target.origin_of(setting)),) if region else ()


def project_id_of(target: Target, source: CredentialSource) -> str | None:
    """Return the project id that an access key is used with, None for the region's own project.

    Raise ConfigError for a project that is given by name only: a signed request names its project by id
    (swr-api.md#project-id-header), and without it the service would list the images of the wrong project.
    """
    project_id, project = source.value("project_id"), source.value("project")
    if project_id is None and project not in {None, region_and_origin(target)[0]}:
        origin = source.origins["project"]
        raise ConfigError(
            f"target {target.name}: project ({origin}) is a name, but access keys need the id of the project; set"
            " SWR_CRAWLER_PROJECT_ID (or project_id in the configuration file)",
            setting=name_as_written("project", origin),
        )
    return project_id


def incomplete(target: Target, found: Origins, missing: str, fix: str) -> ConfigError:
    """Return the error of an incomplete method: what was found and where, what is missing, and how to set it."""
    present = " and ".join(f"{field} ({origin})" for field, origin in found)
    remove = " and ".join(name_as_written(field, origin) for field, origin in found)
    return ConfigError(
        f"target {target.name}: found {present} but no {missing}; set {fix}, or remove {remove}",
        setting=name_as_written(*found[0]),
    )
