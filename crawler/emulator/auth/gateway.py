"""The gateway: it knows the routes and refuses requests without valid credentials.

Source: docs/reference/swr-api.md#gateway-error-body, #gateway-auth-messages, #unknown-route (bodies and messages),
#token-scope, #signature, #expired-token-codes (what it refuses).
"""

from crawler.emulator.auth.access import AccessState
from crawler.emulator.auth.grants import iam_time
from crawler.emulator.auth.identity import Identity
from crawler.emulator.auth.signature import explain_refusal
from crawler.emulator.http.request import OPEN_ROUTES, ROUTES, SWR_ROUTES, ReceivedRequest
from crawler.emulator.http.response import ServedResponse, error, gateway_error, service_error
from crawler.swr.auth.signing import ALGORITHM

_PREFIX = "Incorrect IAM authentication information: "


def refuse_at_gateway(request: ReceivedRequest, identity: Identity, access: AccessState) -> ServedResponse | None:
    """Return 404 for an unknown route, 401 for invalid credentials, 403 for a token without a project, or None."""
    if ROUTES.get(request.path) != request.method:
        return error(404, request.request_id)
    if request.token == identity.token or request.path in OPEN_ROUTES:
        return None
    if request.token is not None:
        return _refuse_token(request, request.token, identity, access)
    headers = request.headers_by_name()
    if not headers.get("authorization", "").startswith(ALGORITHM):
        return _unauthorized(request, "x-auth-token not found")
    reason = explain_refusal(request, headers, identity, access)
    return None if reason is None else _unauthorized(request, reason)


def _unauthorized(request: ReceivedRequest, reason: str) -> ServedResponse:
    return gateway_error(401, "APIGW.0301", f"{_PREFIX}{reason}", request.request_id)


def _refuse_token(
    request: ReceivedRequest, token: str, identity: Identity, access: AccessState
) -> ServedResponse | None:
    grant = access.tokens.find(token)
    if grant is None:
        return _unauthorized(request, "decrypt token fail")
    if not grant.use(request.now_s):
        return _expired(request, grant.expires_s, identity)
    access.token_uses += 1
    if access.token_uses == identity.void_tokens_after:
        access.tokens.void()
    if not grant.value.in_project and request.path in SWR_ROUTES:
        # SWR needs the token of a project. No source says which message the token of an account gets.
        return error(403, request.request_id)
    return None


def _expired(request: ReceivedRequest, expires_s: float, identity: Identity) -> ServedResponse:
    if identity.expired_as == "APIGW.0301":
        return _unauthorized(request, f"token expires, expires_at: {iam_time(expires_s)}")
    if identity.expired_as == "APIGW.0307":
        return gateway_error(401, "APIGW.0307", "The token must be updated", request.request_id)
    return service_error(401, "SVCSTG.SWR.4010000", "The token has expired")
