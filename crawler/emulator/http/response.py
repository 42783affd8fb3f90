"""What goes back over the wire, and the families of error bodies: SWR's, the gateway's, IAM's (FACTS 4.1, 4.2, 3.1)."""

from dataclasses import dataclass
from typing import Literal

import orjson

SERVICE_JSON = "application/json;charset=utf-8"  # the page, table 2
GATEWAY_JSON = "application/json"  # recorded, FACTS 4.2
TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

# "iam": {"error_msg", "error_code"}; "keystone": {"error": {"code", "message", "title"}}, which the Open Telekom
# Cloud answers. Both are in FACTS 3.1.
IamErrors = Literal["iam", "keystone"]

DeliveryEnd = Literal["end", "close", "reset", "hold", "blanks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How an answer leaves: whole and at once, unless told otherwise.

    Of the body a `share` leaves (0 to 1; None: not even the headers do), in pieces of `piece_bytes` with `pause_ms`
    before each, or in one. Content-Length promises `excess` bytes more than the body has; where `excess` is negative,
    the rest of the body comes behind what was promised. `chunked` promises nothing.

    `then` says what follows: the answer ends as HTTP has it, the connection is closed (FIN) or reset (RST), nothing
    comes until the client goes, or blanks come until then.
    """

    share: float | None = 1.0
    piece_bytes: int = 0
    pause_ms: int = 0
    excess: int = 0
    chunked: bool = False
    then: DeliveryEnd = "end"


AT_ONCE = Delivery()
DROPPED = Delivery(share=None, then="close")
WITHHELD = Delivery(share=None, then="hold")


@dataclass(frozen=True, slots=True)
class ServedResponse:
    """One HTTP answer. `headers` come on top of Content-Type, Content-Length, Server and X-Request-Id.

    It waits `delay_ms` and then leaves as `delivery` says. `status` 0 is counted for what never leaves.
    """

    status: int
    body: bytes
    content_type: str = SERVICE_JSON
    headers: tuple[tuple[str, str], ...] = ()
    delay_ms: int = 0
    delivery: Delivery = AT_ONCE


def service_error(status: int, code: str, message: str) -> ServedResponse:
    """Give SWR's dual-format error object: the old `errors` beside the new error_code (FACTS 4.1 b)."""
    old = {"errorCode": code, "errorMessage": message, "detail": ""}
    new = {"error_code": code, "error_msg": message}
    return ServedResponse(status, orjson.dumps({"errors": [old], **new, "details": [new]}))


def gateway_error(
    status: int, code: str, message: str, request_id: str, headers: tuple[tuple[str, str], ...] = ()
) -> ServedResponse:
    """Give the API gateway's error object, newline included as recorded (FACTS 4.2)."""
    body = {"error_msg": message, "error_code": code, "request_id": request_id}
    return ServedResponse(status, orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE), GATEWAY_JSON, headers)


_TITLES = {400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests", 500: "Internal Server Error"}


def iam_error(status: int, code: str, message: str, shape: IamErrors = "iam") -> ServedResponse:
    """Give the identity service's error body in one of its two shapes (FACTS 3.1)."""
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
    """Give the usual body of this status, from whoever sends it: the service or the gateway.

    Raises KeyError for a status that is not in `ERROR_STATUSES`.
    """
    if status in _SERVICE:
        return service_error(status, *_SERVICE[status])
    return gateway_error(status, *_GATEWAY[status], request_id, headers)
