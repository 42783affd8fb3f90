"""Temporary access keys, whoever issues them (pure)."""

from typing import Final

from crawler.emulator.auth.access import AccessState
from crawler.emulator.auth.grants import iam_time, pseudo_random_text
from crawler.emulator.auth.identity import Identity
from crawler.emulator.http.request import ReceivedRequest
from crawler.swr.auth.signing import AccessKey

# How an issuer names access key, secret key, security token and expiry.
IAM_NAMES: Final = ("access", "secret", "securitytoken", "expires_at")
STS_NAMES: Final = ("access_key_id", "secret_access_key", "security_token", "expiration")
AGENT_NAMES: Final = ("accessKeyId", "secretAccessKey", "securityToken", "expiration")
_AK_LETTERS, _SK_LETTERS, _SECURITY_LETTERS = 17, 40, 1200


def issue_key(
    request: ReceivedRequest,
    identity: Identity,
    access: AccessState,
    names: tuple[str, str, str, str],
    longest_s: float | None = None,
) -> dict[str, str | None]:
    """Return the fields of a new key by their `names`. It lives for `longest_s` seconds at most."""
    serial = len(access.keys.issued)
    key = AccessKey(
        ak="HST" + pseudo_random_text("ak", access.salt, serial, _AK_LETTERS).upper(),
        sk=pseudo_random_text("sk", access.salt, serial, _SK_LETTERS),
        security_token=pseudo_random_text("security", access.salt, serial, _SECURITY_LETTERS),
    )
    lives_s = identity.temporary_ttl_s if longest_s is None else min(identity.temporary_ttl_s, longest_s)
    expires_s = request.now_s + lives_s
    access.keys.issue(key.ak, key, expires_s=expires_s, uses=identity.temporary_requests)
    return dict(zip(names, (key.ak, key.sk, key.security_token, iam_time(expires_s)), strict=True))
