"""Build the methods of a workload from the fields that a source holds (pure).

The SDK uses these logins in place of a key beside them, and only when it finds all of one; so does this program.

Source: docs/reference/swr-api.md#oidc-exchange (defaults), #federation-exchange, #pod-identity, #sdk-environment.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from crawler.config.credentials.builders import Builder, Origins, incomplete, project_id_of, region_and_origin
from crawler.config.credentials.methods import ChosenMethod, IdpMethod, OidcMethod, PodIdentityMethod
from crawler.config.credentials.source import CredentialSource, name_as_written
from crawler.config.credentials.target import Target
from crawler.config.credentials.tools.workload import IDP_FIELDS, OIDC_FIELDS, POD_FIELDS
from crawler.config.settings.names import printable
from crawler.config.settings.regions import iam_endpoint_of, sts_endpoint_of
from crawler.config.settings.secret_ref import SecretRef
from crawler.errors import ConfigError

_SESSION_NAME: Final = "oidc-sts-session"
_DURATION_S: Final = 3600
_SESSION_FIELDS: Final = ("session_name", "session_duration_s", "session_policy", "session_policy_ids")


def _oidc(target: Target, source: CredentialSource, found: Origins) -> ChosenMethod:
    sts_endpoint, origins = _issuer(target, source, found, "sts_endpoint")
    policy_ids = source.value("session_policy_ids")
    method = OidcMethod(
        id_token=_token_ref(source, "id_token"),
        token_setting=_token_setting(source, "id_token"),
        provider_urn=source.value("provider_urn") or "",
        agency_urn=source.value("agency_urn") or "",
        session_name=source.value("session_name") or _SESSION_NAME,
        duration_s=int(source.value("session_duration_s") or _DURATION_S),
        policy=source.value("session_policy"),
        policy_ids=tuple(policy_ids.split(",")) if policy_ids else (),
        sts_endpoint=sts_endpoint,
        project_id=project_id_of(target, source),
    )
    return ChosenMethod(method, found + source.origins_of(*_SESSION_FIELDS, "project_id") + origins)


def _idp(target: Target, source: CredentialSource, found: Origins) -> ChosenMethod:
    iam_endpoint, origins = _issuer(target, source, found, "iam_endpoint")
    method = IdpMethod(
        id_token=_token_ref(source, "idp_token"),
        token_setting=_token_setting(source, "idp_token"),
        idp_id=source.value("idp_id") or "",
        iam_endpoint=iam_endpoint,
        project_id=project_id_of(target, source),
    )
    return ChosenMethod(method, found + source.origins_of("project_id") + origins)


def _pod_identity(target: Target, source: CredentialSource, found: Origins) -> ChosenMethod:
    method = PodIdentityMethod(
        id_token=_token_ref(source, "pod_token"),
        token_setting=_token_setting(source, "pod_token"),
        url=source.value("pod_url") or "",
        project_id=project_id_of(target, source),
    )
    return ChosenMethod(method, found + source.origins_of("project_id"))


def _issuer(target: Target, source: CredentialSource, found: Origins, setting: str) -> tuple[str, Origins]:
    """Return the origin of IAM or STS, which `setting` names, and where it was found.

    Raise ConfigError when no place says it: a token goes to no host that is derived from an unknown region.
    """
    if endpoint := source.value(setting):
        return endpoint, source.origins_of(setting)
    region, origins = region_and_origin(target)
    endpoint = (iam_endpoint_of if setting == "iam_endpoint" else sts_endpoint_of)(region or "")
    if not endpoint:
        what = "IAM endpoint" if setting == "iam_endpoint" else "STS endpoint"
        raise incomplete(target, found, what, f"{setting}, or a region whose endpoint is known")
    return endpoint, origins


def _token_ref(source: CredentialSource, field: str) -> SecretRef:
    """Return where an identity token is. Raise ConfigError when that is no path of a file."""
    reference = source.secrets[field]
    if reference.kind == "file" and not printable(reference.name):
        setting = _token_setting(source, field)
        raise ConfigError(f"{setting}: is no path of printable characters; name the file of the token", setting=setting)
    return reference


def _token_setting(source: CredentialSource, field: str) -> str:
    name, origin = name_as_written(field, source.origins[field]), source.origins[field]
    return name if name != field else f"id_token_file ({origin})"


def _builder(fields: tuple[str, ...], build: Callable[[Target, CredentialSource, Origins], ChosenMethod]) -> Builder:
    return Builder(fields, tuple((field,) for field in fields), build, takes_all_or_none=True)


# By the value of `auth`: those that replace the key beside them, in the order of the SDK, and what it tries last.
BEFORE_KEYS: Final[Mapping[str, Builder]] = MappingProxyType(
    {"oidc": _builder(OIDC_FIELDS, _oidc), "idp": _builder(IDP_FIELDS, _idp)}
)
AFTER_KEYS: Final[Mapping[str, Builder]] = MappingProxyType({"pod-identity": _builder(POD_FIELDS, _pod_identity)})
