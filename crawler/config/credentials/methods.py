"""The methods of authentication, each with the references and values that it uses (pure).

Source: docs/reference/swr-api.md#auth-methods, #token-request, #signature, #metadata-service, #oidc-exchange,
#federation-exchange, #pod-identity.
"""

from typing import ClassVar, NamedTuple, TypeAlias

from msgspec import Struct

from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.target_settings import Auth
from crawler.swr.auth.iam_ref import IamRef


class TokenMethod(Struct, frozen=True):
    """A token that was issued elsewhere."""

    auth: ClassVar[Auth] = "token"
    token: SecretRef


class PasswordMethod(Struct, frozen=True, kw_only=True):
    """An IAM user, for whom `iam_endpoint` issues tokens of `project`.

    `account` is None only for a user that is named by id, which is unique without it. `project_account` is the account
    of a project that is named by name, None for the account of the user.
    """

    auth: ClassVar[Auth] = "password"
    user: IamRef
    account: IamRef | None
    password: SecretRef
    project: IamRef
    project_account: IamRef | None = None
    iam_endpoint: str


class AccessKeyMethod(Struct, frozen=True, kw_only=True):
    """An access key that signs requests, with a `security_token` if it is temporary.

    Without a `project_id` the requests are for the region's own project.
    """

    auth: ClassVar[Auth] = "aksk"
    access_key: SecretRef
    secret_key: SecretRef
    security_token: SecretRef | None
    project_id: str | None


class MetadataMethod(Struct, frozen=True, kw_only=True):
    """Temporary access keys from the metadata service of the machine, at the origin `endpoint`."""

    auth: ClassVar[Auth] = "metadata"
    endpoint: str
    project_id: str | None


class OidcMethod(Struct, frozen=True, kw_only=True):
    """Temporary access keys of an agency, from STS for an identity token that a provider issued.

    `token_setting` is what the user wrote to name the token. `duration_s` is how long the keys live, in seconds; the
    policy and the ids of policies limit what they may do.
    """

    auth: ClassVar[Auth] = "oidc"
    id_token: SecretRef
    token_setting: str
    provider_urn: str
    agency_urn: str
    session_name: str
    duration_s: int
    policy: str | None
    policy_ids: tuple[str, ...]
    sts_endpoint: str
    project_id: str | None


class IdpMethod(Struct, frozen=True, kw_only=True):
    """Temporary access keys of a user of an identity provider, from IAM for the user's identity token."""

    auth: ClassVar[Auth] = "idp"
    id_token: SecretRef
    token_setting: str
    idp_id: str
    iam_endpoint: str
    project_id: str | None


class PodIdentityMethod(Struct, frozen=True, kw_only=True):
    """Temporary access keys of the agency of a pod, from the agent at `url` for the token of its service account."""

    auth: ClassVar[Auth] = "pod-identity"
    id_token: SecretRef
    token_setting: str
    url: str
    project_id: str | None


WorkloadMethod: TypeAlias = OidcMethod | IdpMethod | PodIdentityMethod
Method: TypeAlias = TokenMethod | PasswordMethod | AccessKeyMethod | MetadataMethod | WorkloadMethod


class ChosenMethod(NamedTuple):
    """A method, and the `origins` of the settings it uses: pairs of a setting and the place where it was found.

    `unread` names what is beside them in that place and this program does not use.
    """

    method: Method
    origins: tuple[tuple[str, str], ...]
    unread: tuple[str, ...] = ()


def secret_refs(method: Method) -> tuple[tuple[str, SecretRef], ...]:
    """Return the secrets that `method` needs, each with the name of its setting."""
    fields = ((name, getattr(method, name)) for name in method.__struct_fields__)
    return tuple((name, value) for name, value in fields if isinstance(value, SecretRef))
