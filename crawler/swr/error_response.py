"""An unsuccessful response, sorted by what to do next: retry, wait, step down, stop (pure).

`_ERRORS` maps status and service code to an error; `error_details` reads the message from any body of the service.

Source: docs/reference/swr-api.md#retry-classes (the table), #swr-error-codes, #throttling-as-403, #retry-after,
#rate-limit-headers, #errors (the shapes of a body), #canonical-request-in-errors.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import orjson

from crawler.errors import (
    ErrorDetails,
    OrderRefusedError,
    RefusedError,
    RequestError,
    SizeRefusedError,
    ThrottledError,
    TransientError,
    UnauthorizedError,
)
from crawler.swr.response import Response
from crawler.swr.throttle_wait import asks_to_wait, http_date, throttle_wait_s

# The first line that matches status and service code holds; a response that no line matches is refused for good.
_ANY: Final = ""
_FORBIDDEN: Final = 403
_ERRORS: Final[tuple[tuple[frozenset[int], str, type[RequestError]], ...]] = (
    (frozenset({429}), _ANY, ThrottledError),
    (frozenset({403}), "SVCSTG.SWR.4031032", ThrottledError),  # "number of requests exceeds the maximum"
    (frozenset({403}), "SVCSTG.SWR.4031042", ThrottledError),  # "too many requests"
    (frozenset({403, 503}), "APIGW.0308", ThrottledError),  # the code of the gateway's 429
    (frozenset({403, 503}), "APIG.0308", ThrottledError),
    (frozenset({408, 425}), _ANY, TransientError),
    (frozenset({501, 505}), _ANY, RefusedError),  # "not implemented", "HTTP version": the same request stays refused
    # All others, 520 to 530 of delivery networks too: the service, or what stands before it, is down for a moment.
    (frozenset(range(500, 600)), _ANY, TransientError),
    (frozenset({409}), "SVCSTG.SWR.4090023", TransientError),  # "system is busy, try again later"
    (frozenset({401}), _ANY, UnauthorizedError),
    (frozenset({400}), "SVCSTG.SWR.4000056", SizeRefusedError),  # "invalid page size"
    (frozenset({400}), "SVCSTG.SWR.4001096", OrderRefusedError),  # bad order_column
)


def error_from_response(response: Response) -> RequestError:
    """Return the error that says what to do after a response that is not a success."""
    details = error_details(response)
    kind = next(
        (kind for statuses, code, kind in _ERRORS if response.status in statuses and code in {_ANY, details.code}),
        RefusedError,
    )
    refuses = kind is RefusedError and response.status == _FORBIDDEN
    if (refuses or kind is TransientError) and asks_to_wait(response.headers, refuses=refuses):
        kind = ThrottledError  # it asks all clients to wait, so the whole target pauses
    if kind is ThrottledError:
        return ThrottledError(details, throttle_wait_s(response.headers))
    if kind is UnauthorizedError:
        return UnauthorizedError(details, http_date(response.headers.get("Date", "")))
    return kind(details)


def error_details(response: Response, text: str = "") -> ErrorDetails:
    """Return status, service code, message and request id of a response; `text` replaces the service's message."""
    code, message = _parse_error(response.body)
    # After a wrong signature the message repeats the canonical request, and with it every signed header.
    message = message.partition("canonicalRequest:")[0]
    return ErrorDetails(
        status=response.status,
        code=printable(code, response.mask),
        text=printable(text or message, response.mask),
        request_id=printable(response.headers.get("X-Request-Id", ""), response.mask),
    )


_MAX_TEXT_LENGTH: Final = 200
_MAX_SCANNED_LENGTH: Final = 10 * _MAX_TEXT_LENGTH  # a message can be as long as a body


@cache
def _unprintable() -> re.Pattern[str]:
    """Return the pattern, compiled on first use: a character class of this size compiles slowly."""
    # U+061C and U+2066-2069 change the direction of writing: what follows would read as something else.
    return re.compile(r"[^\x20-\x7e\xa0-\u061b\u061d-\u1fff\u2030-\u205f\u2070-\ud7ff]+")


def printable(text: str, mask: Callable[[str], str]) -> str:
    """Return foreign text made safe for a terminal and a log line: one line, no escapes, at most 200 characters.

    All foreign text passes here before it is shown or stored. `mask` takes the secrets out (`Response.mask`), before
    the text is cut: half of a secret would not be recognized.
    """
    cleaned = _unprintable().sub(" ", mask(text[: 2 * _MAX_SCANNED_LENGTH])[:_MAX_SCANNED_LENGTH])
    return cleaned[:_MAX_TEXT_LENGTH].strip()


# Twice the largest headers of a request, which a gateway may repeat (swr-api.md#header-size-limits). A larger body is
# not decoded: its status decides alone, and decoding would stop everything else.
_MAX_ERROR_BYTES: Final = 256 * 2**10

_CODE_AND_MESSAGE: Final = (("error_code", "error_msg"), ("errorCode", "errorMessage"), ("code", "message"))


def _parse_error(body: bytes) -> tuple[str, str]:
    """Return code and message of an error body, "" for each that it does not have; of a very large body both are "".

    Source: swr-api.md#error-array, #error-dual, #error-top-level, #gateway-error-body, #iam-error-shapes.
    """
    if len(body) > _MAX_ERROR_BYTES:
        return "", ""
    try:
        content: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    for _ in range(3):
        if isinstance(content, list):
            content = content[0] if content else None
        if not isinstance(content, dict):
            return "", ""
        for code, message in _CODE_AND_MESSAGE:
            if code in content:
                return _scalar_text(content[code]), _scalar_text(content.get(message))
        content = content.get("errors") or content.get("error")
    return "", ""


def _scalar_text(value: object) -> str:
    """Return a text or an integer as text, "" for anything else: a list may nest deeper than str() can go."""
    return str(value) if isinstance(value, str | int) else ""
