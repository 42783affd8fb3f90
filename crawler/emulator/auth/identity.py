"""Who is let in, and what becomes of it: the credentials the emulator serves, none of which guards anything.

Source: FACTS 3.1 (tokens), 3.2 (keys), 3.3 (temporary keys).
"""

from dataclasses import dataclass
from typing import Literal

from crawler.emulator.http.response import IamErrors

# What an expired or voided token is told (FACTS 4.2, 4.1); all three are seen, on a 401.
ExpiredAs = Literal["APIGW.0307", "APIGW.0301", "SVCSTG.SWR.4010000"]
# "handshake": a PUT for a metadata token, without which a GET is refused. "put-404", -405, -503: no handshake, the
# GET needs nothing. "refuse-once": the first GET is refused (401) and the token with it. "no-agency": the machine
# has no agency to borrow keys from. "silent": no answer ever. "off": nothing is there (404).
MetadataMode = Literal["handshake", "put-404", "put-405", "put-503", "refuse-once", "no-agency", "silent", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One account with one project, and how its credentials end. Durations are seconds of the emulator's clock.

    - `token` is always good. Others are issued for `user` of `domain` with `password`: `token_bytes` long, good for
      `token_ttl_s` and, unless None, for `token_requests` requests each. Once `void_tokens_after` requests were let
      through with issued tokens, all issued so far are void; later ones are not.
    - `ak` and `sk` are always good, with `security_token` if there is one. A signature is good for `max_skew_s`
      before and after its X-Sdk-Date; `lock_after` failures in a row lock a key for `lock_s`. `project_id_required`
      refuses signed requests that name no project.
    - `metadata` gives temporary keys, good for `temporary_ttl_s` and, unless None, for `temporary_requests` each.
    """

    token: str = "emulator-token"  # noqa: S105 - guards nothing but made-up data on loopback, as all of these
    user: str = "emulator-user"
    password: str = "emulator-password"  # noqa: S105
    domain: str = "emulator-domain"
    project_name: str = "cn-north-4"
    project_id: str = "0123456789abcdef0123456789abcdef"
    ak: str = "EMULATORAK0000000000"
    sk: str = "EmulatorSecretKey00000000000000000000000"
    security_token: str | None = None
    token_ttl_s: float = 24 * 3600
    token_requests: int | None = None
    void_tokens_after: int | None = None
    token_bytes: int = 2048  # no number is published; what is served by header is at most 32 KB
    expired_as: ExpiredAs = "APIGW.0307"
    iam_errors: IamErrors = "iam"
    project_id_required: bool = True
    max_skew_s: float = 15 * 60
    lock_after: int = 5
    lock_s: float = 5 * 60
    metadata: MetadataMode = "handshake"
    temporary_ttl_s: float = 24 * 3600
    temporary_requests: int | None = None
