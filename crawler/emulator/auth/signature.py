"""Verification of signed requests: the signature is computed again from the bytes that arrived.

Source: docs/reference/swr-api.md#signature, #clock-skew, #key-lockout (rules), #gateway-auth-messages (messages).
"""

from collections.abc import Mapping
from hmac import compare_digest

from crawler.emulator.auth.access import AccessState
from crawler.emulator.auth.grants import IssuedGrant, iam_time
from crawler.emulator.auth.identity import Identity
from crawler.emulator.http.request import SWR_ROUTES, ReceivedRequest
from crawler.swr.auth.signing import (
    AccessKey,
    Claim,
    parse_claim,
    parse_date,
    received_canonical_request,
    signature,
    string_to_sign,
)

# Without them a signature could be replayed at another host or on another day.
_ALWAYS_SIGNED = frozenset(("host", "x-sdk-date"))


def explain_refusal(
    request: ReceivedRequest, headers: Mapping[str, str], identity: Identity, access: AccessState
) -> str | None:
    """Return the gateway's message for a request whose Authorization header is refused, None if it is accepted.

    `headers` are the headers by lower-case name. A wrong signature or date counts towards the lock of the key.
    """
    claim = parse_claim(headers["authorization"])
    if claim is None:
        return "verify aksk signature fail, the authorization header can not be read"
    temporary = access.keys.find(claim.ak)
    key = temporary.value if temporary is not None else _permanent_key(claim, identity)
    if key is None:
        return f"ak {claim.ak} not exist"
    if access.locks.is_locked(claim.ak, request.now_s):
        return "AK access failed to reach the limit,forbidden"
    failure = _verify(request, headers, claim, key, identity)
    if failure is not None:
        access.locks.on_failure(claim.ak, request.now_s)
        return failure
    access.locks.on_success(claim.ak)
    return _check_scope(request, headers, key, temporary, identity)


def _permanent_key(claim: Claim, identity: Identity) -> AccessKey | None:
    if claim.ak != identity.ak:
        return None
    return AccessKey(identity.ak, identity.sk, identity.security_token)


def _verify(
    request: ReceivedRequest, headers: Mapping[str, str], claim: Claim, key: AccessKey, identity: Identity
) -> str | None:
    date = headers.get("x-sdk-date", "")
    signed_at = parse_date(date)
    if signed_at is None:
        return "calc ak sk signature fail:x-sdk-date can not be read"
    if abs(request.now_s - signed_at.timestamp()) > identity.max_skew_s:
        return "calc ak sk signature fail:signature expired"
    canonical = received_canonical_request(
        request.method, request.path, request.raw_query, headers, request.body, claim.signed_headers
    )
    matches = compare_digest(signature(key.sk, string_to_sign(date, canonical)), claim.signature)
    if matches and set(claim.signed_headers) >= _ALWAYS_SIGNED:
        return None
    # The gateway repeats what it verified, secrets included: a client must not log it
    # (swr-api.md#canonical-request-in-errors).
    verified = canonical.replace("\n", "|").encode(errors="replace").decode()
    return f"verify aksk signature fail, canonicalRequest:{verified}"


def _check_scope(
    request: ReceivedRequest,
    headers: Mapping[str, str],
    key: AccessKey,
    temporary: IssuedGrant[AccessKey] | None,
    identity: Identity,
) -> str | None:
    """Return why a request with a valid signature is still refused, or None. This does not count towards the lock."""
    if headers.get("x-security-token") != key.security_token:
        return "decrypt token fail"
    if temporary is not None and not temporary.use(request.now_s):
        return f"security token expires, expires_at: {iam_time(temporary.expires_s)}"
    project = headers.get("x-project-id")
    if request.path not in SWR_ROUTES or (project is None and not identity.project_id_required):
        return None
    if project != identity.project_id:
        return "x-project-id not found" if project is None else f"project {project} not exist"
    return None
