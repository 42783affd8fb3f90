"""The credentials that the emulator accepts and issues, and how they expire. None of them protects anything.

Source: docs/reference/swr-api.md#token-lifetime (tokens), #clock-skew, #key-lockout, #project-id-header (keys),
#metadata-service (temporary keys), #machine-id.
"""

from dataclasses import dataclass
from typing import Literal

from crawler.emulator.http.response import IamErrors

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
    - `metadata` issues temporary keys, each valid for `temporary_ttl_s` and, unless None, for `temporary_requests`
      requests. `machine_id` is the id of the machine that it serves.
    """

    token: str = "emulator-token"  # noqa: S105 - protects only synthetic data on loopback, as all of these
    user: str = "emulator-user"
    password: str = "emulator-password"  # noqa: S105
    domain: str = "emulator-domain"
    project_name: str = "cn-north-4"
    project_id: str = "0123456789abcdef0123456789abcdef"
    ak: str = "EMULATORAK0000000000"
    sk: str = "EmulatorSecretKey7Qm2Xr9Lc4Vt6Hb1Nz8Kd3W"
    security_token: str | None = None
    token_ttl_s: float = 24 * 3600
    token_requests: int | None = None
    void_tokens_after: int | None = None
    token_bytes: int = 2048  # no size is published; a header has at most 32 KB (swr-api.md#header-size-limits)
    expired_as: ExpiredAs = "APIGW.0307"
    iam_errors: IamErrors = "iam"
    project_id_required: bool = True
    max_skew_s: float = 15 * 60
    lock_after: int = 5
    lock_s: float = 5 * 60
    metadata: MetadataMode = "handshake"
    machine_id: str = "00000000-0000-4000-8000-000000000001"
    temporary_ttl_s: float = 24 * 3600
    temporary_requests: int | None = None
