"""The credentials that the emulator accepts and issues, and how they expire. None of them protects anything.

Source: docs/reference/swr-api.md#token-lifetime (tokens), #clock-skew, #key-lockout, #project-id-header (keys),
#metadata-service (temporary keys), #machine-id, #workload-tokens (identity tokens).
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from crawler.emulator.fields.option import option
from crawler.emulator.http.response import IamErrors

_SHORTEST_TOKEN_BYTES: Final = 32  # shorter tokens might be equal by chance
_LONGEST_TOKEN_BYTES: Final = 32 * 1024 - 64  # the gateway's limit for one header, less its name
_ACCEPT: Final = "Accept this one; default: a made-up one."

# The code of the 401 that an expired or voided token gets; all three occur (swr-api.md#expired-token-codes).
ExpiredAs = Literal["APIGW.0307", "APIGW.0301", "SVCSTG.SWR.4010000"]
# "handshake": a PUT returns a metadata token, without which a GET is refused. "put-404", "put-405", "put-503": the PUT
# fails with that status and the GET needs no token. "refuse-once": the first GET is refused (401) and its token voided.
# "no-agency": the machine has no agency that grants keys. "silent": no response, ever. "off": 404 for both.
MetadataMode = Literal["handshake", "put-404", "put-405", "put-503", "refuse-once", "no-agency", "silent", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One account with one project, and how its credentials expire. Durations are seconds of the emulator's clock.

    - `token` is always valid. IAM issues further tokens for `user` of `domain` with `password`: each has `token_bytes`
      bytes and is valid for `token_ttl_s` and, unless None, for `token_requests` requests. After `void_tokens_after`
      accepted requests with issued tokens, all tokens issued so far are void; later ones are valid.
    - `ak` and `sk` are always valid, together with `security_token` unless None. A signature is valid for `max_skew_s`
      before and after its X-Sdk-Date. `lock_after` failures in a row lock a key for `lock_s`. `project_id_required`
      refuses signed requests without X-Project-Id.
    - Temporary keys are valid for `temporary_ttl_s` and, unless None, for `temporary_requests` requests.
    - `metadata` issues them. `machine_id` is the id of the machine that it serves.
    - STS, IAM and the agent of a pod issue them, too, for `id_token`: STS for the agency and the provider of these
      URNs, IAM for the identity provider `idp`.
    """

    token: str = option("emulator-token", _ACCEPT)
    user: str = option("emulator-user", _ACCEPT)
    password: str = option("emulator-password", _ACCEPT)
    domain: str = option("emulator-domain", _ACCEPT)
    project_name: str = option("cn-north-4", _ACCEPT)
    project_id: str = option("0123456789abcdef0123456789abcdef", _ACCEPT)
    ak: str = option("EMULATORAK0000000000", _ACCEPT)
    sk: str = option("EmulatorSecretKey7Qm2Xr9Lc4Vt6Hb1Nz8Kd3W", _ACCEPT)
    security_token: str | None = option(None, _ACCEPT)
    token_ttl_s: float = option(86_400.0, "Seconds a token is valid.", low=0, above=True)
    token_requests: int | None = option(None, "Requests after which a token expires.", low=1)
    void_tokens_after: int | None = option(None, "Requests after which all tokens become invalid.", low=1)
    # No size is published; a header has at most 32 KB (swr-api.md#header-size-limits).
    token_bytes: int = option(2048, "Length of a token.", low=_SHORTEST_TOKEN_BYTES, high=_LONGEST_TOKEN_BYTES)
    expired_as: ExpiredAs = option("APIGW.0307", "Error code for an expired token.")
    iam_errors: IamErrors = option("iam", "Format of IAM's errors.")
    project_id_required: bool = option(True, "Refuse signed requests without the project's id.")
    max_skew_s: float = option(900.0, "Most seconds that the time of a signature may differ.", low=0)
    lock_after: int = option(5, "Failed requests that lock a key.", low=1)
    lock_s: float = option(300.0, "Seconds it stays locked.", low=0, flag="--lock-s")
    metadata: MetadataMode = option("handshake", "How the metadata service behaves.")
    machine_id: str = "00000000-0000-4000-8000-000000000001"
    id_token: str = option("emulator-id-token", _ACCEPT)
    provider_urn: str = option("iam::emulator-domain:oidcProvider:emulator", _ACCEPT)
    agency_urn: str = option("iam::emulator-domain:agency:emulator", _ACCEPT)
    idp: str = option("emulator-idp", _ACCEPT)
    temporary_ttl_s: float = option(86_400.0, "Seconds a temporary key is valid.", low=0, above=True)
    temporary_requests: int | None = option(None, "Requests after which temporary keys expire.", low=1)

    @property
    def user_id(self) -> str:
        """The id of the user, by which IAM takes it as well as by its name."""
        return id_of(self.user)

    @property
    def domain_id(self) -> str:
        """The id of the account."""
        return id_of(self.domain)


def id_of(name: str) -> str:
    """Return the id that the emulator gives to what has this name: 32 hexadecimal digits, as those of IAM."""
    return sha256(name.encode()).hexdigest()[:32]
