"""One answer of the service: a page, or the error that says what to do next (pure).

Source: FACTS 1.2 (Content-Range), 4.1 and 4.2 (error bodies), 4.4 (which of them pass).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple

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
from crawler.swr.decode.batch import EMPTY_BATCH, Batch, Source
from crawler.swr.decode.items import read_items
from crawler.swr.decode.split import NotAListError


class Response(NamedTuple):
    """What came back for one request: `headers` are case-insensitive, `body` is already decompressed.

    `generation` is that of the credentials it was asked with (auth.py).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    generation: int = 0


class Page(NamedTuple):
    """The answer to one window: its items, normalized, and the total it declares, None when it declares none.

    `disagrees` is true when the items of this one page declare different totals; `total` is then the largest.
    """

    items: Batch
    total: int | None
    disagrees: bool

    @property
    def length(self) -> int:
        """The number of items, records and rejects alike."""
        return len(self.items.keys)


EMPTY_PAGE: Final = Page(EMPTY_BATCH, None, disagrees=False)


def read_page(answer: Response, origin: Source) -> Page:
    """Read one answer. Raises a RequestError that says what to do when it is no page."""
    if answer.status != HTTPStatus.OK:
        if answer.status != HTTPStatus.NO_CONTENT:
            raise error_of(answer)
        answer = answer._replace(body=b"")
    try:
        items = read_items(answer.body, origin)
    except NotAListError as error:
        raise TransientError(_evidence(answer, str(error))) from None
    ranged = content_range(answer.headers.get("Content-Range"))
    total = max(items.totals, default=None)
    if ranged is not None and (total is None or (total == len(items.keys) and ranged.total > total)):
        # A total_range that is only this page's length was seen in the wild; the header then knows better.
        total = ranged.total
    return Page(items, total, disagrees=len(items.totals) > 1)


_CONTENT_RANGE = re.compile(r"\s*(?:items\s+)?([0-9]{1,19})-[0-9]{1,19}/([0-9]{1,19})\s*")


class ContentRange(NamedTuple):
    """What the header says: the offset of the page, and the total."""

    start: int
    total: int


@lru_cache(maxsize=64)  # the client reads it, and read_page again; and of many walks the header is the same
def content_range(header: str | None) -> ContentRange | None:
    """Read `offset-count/total` (FACTS 1.2: the middle number is a count), None without one."""
    match = None if header is None else _CONTENT_RANGE.fullmatch(header)
    return None if match is None else ContentRange(int(match[1]), int(match[2]))


# What to do next, by status and service code; the first line that fits holds (FACTS 4.1, 4.4).
_ANY: Final = ""
_ERRORS: Final[tuple[tuple[frozenset[int], str, type[RequestError]], ...]] = (
    (frozenset({429}), _ANY, ThrottledError),
    (frozenset({403}), "SVCSTG.SWR.4031032", ThrottledError),  # "number of requests exceeds the maximum"
    (frozenset({403}), "SVCSTG.SWR.4031042", ThrottledError),  # "too many requests"
    (frozenset({408, 425, 500, 502, 503, 504, 507}), _ANY, TransientError),
    (frozenset({409}), "SVCSTG.SWR.4090023", TransientError),  # "system is busy, try again later"
    (frozenset({401}), _ANY, UnauthorizedError),
    (frozenset({400}), "SVCSTG.SWR.4000056", SizeRefusedError),  # "invalid page size"
    (frozenset({400}), "SVCSTG.SWR.4001096", OrderRefusedError),  # bad order_column
)


def error_of(answer: Response) -> RequestError:
    """Sort an answer that is no success by what to do next."""
    evidence = _evidence(answer)
    kind = next(
        (kind for statuses, code, kind in _ERRORS if answer.status in statuses and code in {_ANY, evidence.code}),
        RefusedError,
    )
    if kind is TransientError and "Retry-After" in answer.headers:
        kind = ThrottledError  # a service that names a time means everybody
    if kind is ThrottledError:
        return ThrottledError(evidence, retry_after_s(answer.headers))
    if kind is UnauthorizedError:
        return UnauthorizedError(evidence, _date(answer.headers.get("Date", "")))
    return kind(evidence)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After, in seconds or as a date counted from the answer's own Date; None without a usable one.

    The service's Date and not our clock: theirs may differ, and the header is about theirs (RFC 9110, 10.2.3).
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    until, now = _date(text), _date(headers.get("Date", ""))
    if until is None or now is None:
        return None
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_LONGEST_TEXT: Final = 200
_LOOKED_AT: Final = 10 * _LONGEST_TEXT  # a message can be as long as a body


@cache
def _unprintable() -> re.Pattern[str]:
    """Compile it when it is first needed: so large a class takes 2 ms."""
    # U+061C and U+2066-2069 turn the direction of writing: what follows would read as something else.
    return re.compile(r"[^\x20-\x7e\xa0-\u061b\u061d-\u1fff\u2030-\u205f\u2070-\ud7ff]+")


def _evidence(answer: Response, text: str = "") -> ErrorDetails:
    code, said = _said(answer.body)
    # A refused signature is answered with the canonical request, and with it every header that was signed.
    said = said.partition("canonicalRequest:")[0]
    request_id = answer.headers.get("X-Request-Id", "")
    return ErrorDetails(
        status=answer.status,
        code=printable(code),
        text=printable(text or said),
        request_id=printable(request_id),
    )


def printable(text: str) -> str:
    """Make a service's words safe for a terminal and a log line: one line, no escapes, shortened."""
    return _unprintable().sub(" ", text[:_LOOKED_AT])[:_LONGEST_TEXT].strip()


_SHAPES: Final = (("error_code", "error_msg"), ("errorCode", "errorMessage"), ("code", "message"))


def _said(body: bytes) -> tuple[str, str]:
    """Find code and message in any error body this service is known to send (FACTS 4.1 a-c, 4.2, 3.1)."""
    try:
        content: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    for _ in range(3):
        if isinstance(content, list):
            content = content[0] if content else None
        if not isinstance(content, dict):
            return "", ""
        for code, message in _SHAPES:
            if code in content:
                return _word(content[code]), _word(content.get(message))
        content = content.get("errors") or content.get("error")
    return "", ""


def _word(value: object) -> str:
    """Give a code or message, "" for what is neither text nor number: a list may nest deeper than str() can go."""
    return str(value) if isinstance(value, str | int) else ""
