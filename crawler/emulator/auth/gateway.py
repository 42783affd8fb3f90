"""The gateway: no route but those there are, and nobody without a token or a signature.

Source: FACTS 4.2 (its bodies and messages), 3.1 and 3.2 (what is refused, and when).
"""

from crawler.emulator.auth.access import Access
from crawler.emulator.auth.grants import stamp
from crawler.emulator.auth.identity import Identity
from crawler.emulator.auth.signature import why_not
from crawler.emulator.http.request import METADATA_ROUTES, ROUTES, SWR_ROUTES, TOKENS, ReceivedRequest
from crawler.emulator.http.response import ServedResponse, error, gateway_error, service_error
from crawler.swr.auth.signing import ALGORITHM

_PREFIX = "Incorrect IAM authentication information: "


def refuse_at_gateway(request: ReceivedRequest, identity: Identity, access: Access) -> ServedResponse | None:
    """Give 404 for what is no route, 401 for credentials that aren't good, 403 for ones of no project; else None."""
    if ROUTES.get(request.path) != request.method:
        return error(404, request.request_id)
    if request.token == identity.token or request.path == TOKENS or request.path in METADATA_ROUTES:
        return None
    if request.token is not None:
        return _refuse_token(request, request.token, identity, access)
    received = request.received()
    if not received.get("authorization", "").startswith(ALGORITHM):
        return _unauthorized(request, "x-auth-token not found")
    why = why_not(request, received, identity, access)
    return None if why is None else _unauthorized(request, why)


def _unauthorized(request: ReceivedRequest, why: str) -> ServedResponse:
    return gateway_error(401, "APIGW.0301", f"{_PREFIX}{why}", request.request_id)


def _refuse_token(request: ReceivedRequest, token: str, identity: Identity, access: Access) -> ServedResponse | None:
    grant = access.tokens.find(token)
    if grant is None:
        return _unauthorized(request, "decrypt token fail")
    if not grant.use(request.now_s):
        return _expired(request, grant.expires_s, identity)
    access.token_uses += 1
    if access.token_uses == identity.void_tokens_after:
        access.tokens.void()
    if not grant.value.in_project and request.path in SWR_ROUTES:
        # SWR is a service of projects (FACTS 3.1); its words for a token of the account alone were not found.
        return error(403, request.request_id)
    return None


def _expired(request: ReceivedRequest, expires_s: float, identity: Identity) -> ServedResponse:
    if identity.expired_as == "APIGW.0301":
        return _unauthorized(request, f"token expires, expires_at: {stamp(expires_s)}")
    if identity.expired_as == "APIGW.0307":
        return gateway_error(401, "APIGW.0307", "The token must be updated", request.request_id)
    return service_error(401, "SVCSTG.SWR.4010000", "The token has expired")
