"""What issues temporary keys for the identity token of a workload: STS, IAM, the agent of a pod.

The real ones listen on three hosts, these on the emulator's own port. Codes and messages of refusals are made up: no
source has them.

Source: docs/reference/swr-api.md#oidc-exchange, #federation-exchange, #pod-identity.
"""

from typing import Any

import orjson

from crawler.emulator.auth.access import AccessState, TokenScope
from crawler.emulator.auth.grants import iam_time, pseudo_random_text
from crawler.emulator.auth.identity import Identity
from crawler.emulator.auth.temporary_keys import AGENT_NAMES, IAM_NAMES, STS_NAMES, issue_key
from crawler.emulator.http.request import ASSUME_WITH_OIDC, FEDERATED_TOKENS, POD_CREDENTIALS, ReceivedRequest
from crawler.emulator.http.response import GATEWAY_JSON, ServedResponse, iam_error

_MALFORMED = (400, "IAM.0011", "Illegal request body")
_WRONG_TOKEN = (401, "IAM.0067", "The identity token is invalid")
_SHORTEST_KEY_S, _LONGEST_KEY_S = 900, 43_200


def issue_to_workload(request: ReceivedRequest, identity: Identity, access: AccessState) -> ServedResponse:
    """Return the response to a request for keys, or for the token of IAM that keys are given for."""
    if request.path == POD_CREDENTIALS:
        return _pod_credentials(request, identity, access)
    try:
        body = orjson.loads(request.body)
        if request.path == ASSUME_WITH_OIDC:
            return _assume_with_oidc(body, request, identity, access)
        if request.path == FEDERATED_TOKENS:
            return _federated_token(body["auth"]["id_token"]["id"], request, identity, access)
        return _security_tokens(body["auth"]["identity"], request, identity, access)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return iam_error(*_MALFORMED, identity.iam_errors)


def _assume_with_oidc(
    body: dict[str, Any], request: ReceivedRequest, identity: Identity, access: AccessState
) -> ServedResponse:
    duration_s, session = body.get("duration_seconds", 3600), body["agency_session_name"]
    policy, policy_ids = body.get("policy", ""), body.get("policy_ids", [])
    is_request = isinstance(session, str) and isinstance(policy, str) and isinstance(policy_ids, list)
    if not is_request or not session or not _SHORTEST_KEY_S <= duration_s <= _LONGEST_KEY_S:
        return iam_error(400, "STS5.1002", "Invalid parameters", identity.iam_errors)
    if (body["provider_urn"], body["agency_urn"]) != (identity.provider_urn, identity.agency_urn):
        return iam_error(403, "STS5.1004", "The agency cannot be assumed", identity.iam_errors)
    if body["id_token"] != identity.id_token:
        return iam_error(401, "STS5.1003", "The identity token is invalid", identity.iam_errors)
    credentials = issue_key(request, identity, access, STS_NAMES, duration_s)
    agency = {"urn": f"{identity.agency_urn}/{session}", "id": session}
    content = {"assumed_agency": agency, "credentials": credentials}
    return ServedResponse(200, orjson.dumps(content), GATEWAY_JSON)


def _federated_token(
    id_token: object, request: ReceivedRequest, identity: Identity, access: AccessState
) -> ServedResponse:
    if request.headers_by_name().get("x-idp-id") != identity.idp:
        return iam_error(404, "IAM.0004", "The identity provider does not exist", identity.iam_errors)
    if id_token != identity.id_token:
        return iam_error(*_WRONG_TOKEN, identity.iam_errors)
    tokens = access.tokens
    token = "MII" + pseudo_random_text("federated", access.salt, len(tokens.issued), identity.token_bytes - 3)
    expires_s = request.now_s + identity.token_ttl_s
    tokens.issue(token, TokenScope(in_project=False), expires_s=expires_s, uses=identity.token_requests)
    content = {
        "methods": ["mapped"],
        "expires_at": iam_time(expires_s),
        "issued_at": iam_time(request.now_s),
        "user": {"name": "FederationUser", "id": identity.user_id, "OS-FEDERATION": {}},
    }
    return ServedResponse(201, orjson.dumps({"token": content}), GATEWAY_JSON, (("X-Subject-Token", token),))


def _security_tokens(
    wanted: dict[str, Any], request: ReceivedRequest, identity: Identity, access: AccessState
) -> ServedResponse:
    if wanted["methods"] != ["token"]:
        return iam_error(*_MALFORMED, identity.iam_errors)
    duration_s = wanted["token"].get("duration_seconds", _SHORTEST_KEY_S)
    grant = access.tokens.find(wanted["token"]["id"])
    if grant is None or not grant.use(request.now_s):
        return iam_error(401, "IAM.0066", "The token has expired", identity.iam_errors)
    credential = issue_key(request, identity, access, IAM_NAMES, duration_s)
    return ServedResponse(201, orjson.dumps({"credential": credential}), GATEWAY_JSON)


def _pod_credentials(request: ReceivedRequest, identity: Identity, access: AccessState) -> ServedResponse:
    if request.headers_by_name().get("authorization") != identity.id_token:
        return ServedResponse(401, orjson.dumps({"message": "the token is invalid"}), GATEWAY_JSON)
    content = {
        "assumedAgency": {"urn": identity.agency_urn, "id": identity.domain_id},
        "audience": "pods.emulator",
        "credentials": issue_key(request, identity, access, AGENT_NAMES),
        "podIdentityAssociationId": "a-emulator",
        "subject": {"namespace": "emulator", "serviceAccount": "emulator"},
    }
    return ServedResponse(200, orjson.dumps(content), GATEWAY_JSON)
