"""Whether a signed request is let in: everything is made again from the bytes that arrived (FACTS 3.2)."""

from collections.abc import Mapping
from hmac import compare_digest

from crawler.emulator.auth.access import Access
from crawler.emulator.auth.grants import IssuedGrant, stamp
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

# Without these a signature could be sent to another host, or again some other day.
_ALWAYS_SIGNED = frozenset(("host", "x-sdk-date"))


def why_not(request: ReceivedRequest, received: Mapping[str, str], identity: Identity, access: Access) -> str | None:
    """Tell why a request with an Authorization header is refused, None when it isn't; failures count for the lock.

    `received` are the headers by lower-case name. Where FACTS has the gateway's own words, these are they.
    """
    claim = parse_claim(received["authorization"])
    if claim is None:
        return "verify aksk signature fail, the authorization header can not be read"
    temporary = access.keys.find(claim.ak)
    key = temporary.value if temporary is not None else _own_key(claim, identity)
    if key is None:
        return f"ak {claim.ak} not exist"
    if access.locks.locked(claim.ak, request.now_s):
        return "AK access failed to reach the limit,forbidden"
    failure = _failure(request, received, claim, key, identity)
    if failure is not None:
        access.locks.failed(claim.ak, request.now_s)
        return failure
    access.locks.passed(claim.ak)
    return _out_of_place(request, received, key, temporary, identity)


def _own_key(claim: Claim, identity: Identity) -> AccessKey | None:
    if claim.ak != identity.ak:
        return None
    return AccessKey(identity.ak, identity.sk, identity.security_token)


def _failure(
    request: ReceivedRequest, received: Mapping[str, str], claim: Claim, key: AccessKey, identity: Identity
) -> str | None:
    date = received.get("x-sdk-date", "")
    signed_at = parse_date(date)
    if signed_at is None:
        return "calc ak sk signature fail:x-sdk-date can not be read"
    if abs(request.now_s - signed_at.timestamp()) > identity.max_skew_s:
        return "calc ak sk signature fail:signature expired"
    canonical = received_canonical_request(
        request.method, request.path, request.raw_query, received, request.body, claim.signed_headers
    )
    proven = compare_digest(signature(key.sk, string_to_sign(date, canonical)), claim.signature)
    if proven and set(claim.signed_headers) >= _ALWAYS_SIGNED:
        return None
    # Word for word what was verified, secrets included: a client that repeats it in a log has told them.
    told = canonical.replace("\n", "|").encode(errors="replace").decode()
    return f"verify aksk signature fail, canonicalRequest:{told}"


def _out_of_place(
    request: ReceivedRequest,
    received: Mapping[str, str],
    key: AccessKey,
    temporary: IssuedGrant[AccessKey] | None,
    identity: Identity,
) -> str | None:
    """Tell what else is missing from a request that is rightly signed; none of it counts for the lock."""
    if received.get("x-security-token") != key.security_token:
        return "decrypt token fail"
    if temporary is not None and not temporary.use(request.now_s):
        return f"security token expires, expires_at: {stamp(temporary.expires_s)}"
    project = received.get("x-project-id")
    if request.path not in SWR_ROUTES or (project is None and not identity.project_id_required):
        return None
    if project != identity.project_id:
        return "x-project-id not found" if project is None else f"project {project} not exist"
    return None
