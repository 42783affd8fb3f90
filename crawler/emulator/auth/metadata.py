"""The metadata service of a cloud machine: temporary keys and the id of the machine, after a handshake.

The real service listens on 169.254.169.254, this one on the emulator's own port.

Source: docs/reference/swr-api.md#metadata-service, #metadata-handshake, #machine-id.
"""

import re
from typing import Final

import orjson

from crawler.emulator.auth.access import AccessState
from crawler.emulator.auth.grants import pseudo_random_text
from crawler.emulator.auth.identity import Identity
from crawler.emulator.auth.temporary_keys import IAM_NAMES, issue_key
from crawler.emulator.http.request import MACHINE_DATA, METADATA_TOKEN, ReceivedRequest
from crawler.emulator.http.response import GATEWAY_JSON, TEXT, WITHHELD, ServedResponse

TTL_HEADER: Final = "X-Metadata-Token-Ttl-Seconds"
TOKEN_HEADER: Final = "X-Metadata-Token"  # noqa: S105 - a name
_MAX_TTL_S: Final = 21_600  # six hours, which the official client requests
_TTL: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_METADATA_LETTERS: Final = 56
# The official client looks for exactly this sentence and then does not request another token.
_NO_AGENCY: Final = ServedResponse(401, b"Please configure Cloud Service Agency first", TEXT)
_REFUSED: Final = ServedResponse(401, b"Unauthorized", TEXT)
_PUT_STATUS: Final = {"put-404": 404, "put-405": 405, "put-503": 503, "off": 404}


def metadata(request: ReceivedRequest, identity: Identity, access: AccessState) -> ServedResponse:
    """Return the response to a handshake, or to a request for the machine or for keys, as `identity.metadata` says."""
    if identity.metadata == "silent":
        return ServedResponse(0, b"", delivery=WITHHELD)
    if request.path == METADATA_TOKEN:
        return _issue_token(request, identity, access)
    if request.path == MACHINE_DATA:
        return _machine_response(request, identity, access)
    return _key_response(request, identity, access)


def _issue_token(request: ReceivedRequest, identity: Identity, access: AccessState) -> ServedResponse:
    status = _PUT_STATUS.get(identity.metadata)
    if status is not None:
        return ServedResponse(status, b"", TEXT)
    ttl = request.headers_by_name().get(TTL_HEADER.lower(), "")
    if not _TTL.fullmatch(ttl) or int(ttl) > _MAX_TTL_S:
        return ServedResponse(400, f"{TTL_HEADER} must be 1 to {_MAX_TTL_S}".encode(), TEXT)
    tokens = access.metadata_tokens
    token = pseudo_random_text("metadata", access.salt, len(tokens.issued), _METADATA_LETTERS)
    tokens.issue(token, None, expires_s=request.now_s + int(ttl))
    return ServedResponse(200, token.encode(), TEXT)


def _machine_response(request: ReceivedRequest, identity: Identity, access: AccessState) -> ServedResponse:
    if identity.metadata == "off":
        return ServedResponse(404, b"", TEXT)
    if identity.metadata not in _PUT_STATUS and not _has_valid_token(request, access):
        return _REFUSED
    return ServedResponse(200, orjson.dumps({"uuid": identity.machine_id, "hostname": "ecs-emulator"}), GATEWAY_JSON)


def _key_response(request: ReceivedRequest, identity: Identity, access: AccessState) -> ServedResponse:
    access.key_requests += 1
    if identity.metadata == "off":
        return ServedResponse(404, b"", TEXT)
    if identity.metadata == "no-agency":
        return _NO_AGENCY
    if identity.metadata == "refuse-once" and access.key_requests == 1:
        access.metadata_tokens.void()
        return _REFUSED
    if identity.metadata not in _PUT_STATUS and not _has_valid_token(request, access):
        return _REFUSED
    credential = issue_key(request, identity, access, IAM_NAMES)
    return ServedResponse(200, orjson.dumps({"credential": credential}), GATEWAY_JSON)


def _has_valid_token(request: ReceivedRequest, access: AccessState) -> bool:
    token = access.metadata_tokens.find(request.headers_by_name().get(TOKEN_HEADER.lower()))
    return token is not None and token.use(request.now_s)
