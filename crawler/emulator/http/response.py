"""A response as it leaves, and the error bodies of SWR, of the gateway and of IAM.

Source: docs/reference/swr-api.md#errors, #swr-error-codes, #gateway-codes (codes), #error-dual, #gateway-error-body,
#iam-error-shapes (bodies), #request-headers, #gateway-error-body (content types).
"""

from dataclasses import dataclass
from typing import Literal

import orjson

SERVICE_JSON = "application/json;charset=utf-8"
GATEWAY_JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

# "iam": {"error_msg", "error_code"}. "keystone", of Open Telekom Cloud: {"error": {"code", "message", "title"}}.
IamErrors = Literal["iam", "keystone"]

DeliveryEnd = Literal["end", "close", "reset", "hold", "spaces"]
HeadOnly = Literal["", "close-delimited", "chunked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a response is sent: complete and immediately, by default.

    `share` of the body is sent (0 to 1; None sends not even the headers), in pieces of `piece_bytes` with a pause of
    `pause_ms` before each, or in one piece if 0. Content-Length is `excess` bytes larger than the body; if `excess` is
    negative, the rest of the body follows after the declared length. `chunked` sends no Content-Length.

    `then` says what follows. "end": the response ends as HTTP says. "close": the connection is closed (FIN). "reset":
    it is reset (RST). "hold": nothing, until the client closes it. "spaces": spaces, until the client closes it.

    With `head_only` only a head is sent, although `share` is None: one whose body ends with the connection
    ("close-delimited"), or one that promises chunks ("chunked"). With `repeats` the response is sent a second time when
    the next request arrives on its connection. Without `request_id` it has no X-Request-Id.
    """

    share: float | None = 1.0
    piece_bytes: int = 0
    pause_ms: int = 0
    excess: int = 0
    chunked: bool = False
    then: DeliveryEnd = "end"
    head_only: HeadOnly = ""
    repeats: bool = False
    request_id: bool = True


IMMEDIATE = Delivery()
DROPPED = Delivery(share=None, then="close")
WITHHELD = Delivery(share=None, then="hold")


@dataclass(frozen=True, slots=True)
class ServedResponse:
    """One HTTP response. `headers` are added to Content-Type, Content-Length, Server and X-Request-Id.

    It is sent after `delay_ms`, as `delivery` says. A response that is never sent has `status` 0.
    """

    status: int
    body: bytes
    content_type: str = SERVICE_JSON
    headers: tuple[tuple[str, str], ...] = ()
    delay_ms: int = 0
    delivery: Delivery = IMMEDIATE


def service_error(status: int, code: str, message: str) -> ServedResponse:
    """Return an error of SWR in both formats: the old `errors` beside the new `error_code`."""
    old = {"errorCode": code, "errorMessage": message, "detail": ""}
    new = {"error_code": code, "error_msg": message}
    return ServedResponse(status, orjson.dumps({"errors": [old], **new, "details": [new]}))


def gateway_error(
    status: int, code: str, message: str, request_id: str, headers: tuple[tuple[str, str], ...] = ()
) -> ServedResponse:
    """Return an error of the gateway; a line feed follows the object, as in the recording."""
    body = {"error_msg": message, "error_code": code, "request_id": request_id}
    return ServedResponse(status, orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE), GATEWAY_JSON, headers)


_TITLES = {400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests", 500: "Internal Server Error"}


def iam_error(status: int, code: str, message: str, shape: IamErrors = "iam") -> ServedResponse:
    """Return an error of IAM in one of its two shapes."""
    keystone = {"error": {"code": status, "message": message, "title": _TITLES.get(status, "Service Unavailable")}}
    body = {"error_msg": message, "error_code": code} if shape == "iam" else keystone
    return ServedResponse(status, orjson.dumps(body), GATEWAY_JSON)


_SERVICE = {
    400: ("SVCSTG.SWR.4001025", "Invalid parameters"),
    403: ("SVCSTG.SWR.4030170", "Insufficient permissions"),
    409: ("SVCSTG.SWR.4090023", "The system is busy, try again later"),
    500: ("SVCSTG.SWR.5000008", "Failed to obtain the list"),
    507: ("SVCSTG.SWR.5070070", "OBS storage is insufficient"),
}
_GATEWAY = {
    401: ("APIGW.0301", "Incorrect IAM authentication information: decrypt token fail"),
    404: ("APIGW.0101", "The API does not exist or has not been published in the environment"),
    413: ("APIGW.0201", "Request entity too large"),
    414: ("APIGW.0201", "Request URI too long"),
    429: ("APIGW.0308", "The throttling threshold has been reached: policy user over ratelimit"),
    502: ("APIGW.0202", "Backend unavailable"),
    503: ("APIGW.0613", "IAM is unavailable"),
    504: ("APIGW.0203", "Backend timeout"),
}
ERROR_STATUSES = tuple(sorted(_SERVICE | _GATEWAY))


def error(status: int, request_id: str, headers: tuple[tuple[str, str], ...] = ()) -> ServedResponse:
    """Return the usual error of this status, from SWR or from the gateway.

    Raises KeyError for a status that is not in `ERROR_STATUSES`.
    """
    if status in _SERVICE:
        return service_error(status, *_SERVICE[status])
    return gateway_error(status, *_GATEWAY[status], request_id, headers)
