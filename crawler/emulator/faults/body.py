"""Faults of the response body: compressed, corrupt, no array, repeating the request; or of its items.

The faults of the body leave one alone that an earlier fault has compressed.

Source: docs/reference/swr-api.md#compressed-bodies (the real gateway compresses), #envelope (an object instead of an
array), #errors (error bodies), #types-in-practice (odd values of fields), #canonical-request-in-errors (the gateway
repeats a request after a wrong signature).
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

import html
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Any, Final
from urllib.parse import quote
from zlib import crc32

import orjson

from crawler.emulator.faults.fault import Call, Fault, Recurring
from crawler.emulator.fields.parameter import error_status, number, one_of
from crawler.emulator.http.compression import DEFLATE, GZIP, compress, prefix_spaces
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse, error, gateway_error
from crawler.emulator.inventory.center_rows import decode, render
from crawler.model.record import IDENTITY, ITEM_FIELDS

_CONTENT_ENCODING = "Content-Encoding"
# What is repeated, by the word on the command line: as it is, as a program escaped it, or cut.
SPELLINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": str,
    "percent": lambda text: quote(text, safe=""),
    "html": html.escape,
    "base64": lambda text: b64encode(text.encode()).decode(),
    "json": lambda text: orjson.dumps({"headers": text}).decode(),
    "lower": str.lower,
    "upper": str.upper,
    "cut": lambda text: text[:250],
}


@dataclass(frozen=True, slots=True)
class Gzip(Fault):
    """Compress every page with gzip, even if the client does not accept gzip."""

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del call, page
        return _encoded(response, GZIP, compress(response.body, GZIP))


@dataclass(frozen=True, slots=True)
class Deflate(Fault):
    """Compress every page with deflate: in zlib format, or without its header and checksum if `raw` is true."""

    raw: bool = False

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del call, page
        return _encoded(response, DEFLATE, compress(response.body, DEFLATE, raw=self.raw))


@dataclass(frozen=True, slots=True)
class OddCoding(Recurring):
    """Send the page as it is, with the `name` of no compression in Content-Encoding."""

    name: str = "utf-8"

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        return _encoded(response, self.name, response.body) if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class CorruptGzip(Recurring):
    """Send a gzip body that cannot be decompressed.

    `how` says why: a byte in the middle is `flipped`, the second half is `cut`, only the `checksum` is wrong, or the
    body is not compressed at all (`none`).
    """

    how: str = one_of("flipped", "cut", "checksum", "none")

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        return _encoded(response, GZIP, _corrupt(response.body, self.how)) if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class DecompressionBomb(Recurring):
    """Put `size_bytes` spaces in front of the page and compress both: a small body decompresses to a huge one."""

    size_bytes: int = number(0, 10**10, default=10**9)
    encoding: str = one_of(GZIP, DEFLATE)

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        if not self.triggers(call):
            return response
        return _encoded(response, self.encoding, prefix_spaces(self.size_bytes, response.body, self.encoding))


@dataclass(frozen=True, slots=True)
class ObjectResponse(Recurring):
    """Send a JSON object with status 200 instead of an array.

    `content` says what it contains: the `page` as `{"repos":[…]}`, `nothing`, or the `error` object of a status 500.
    """

    content: str = one_of("page", "nothing", "error")

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        if not self.triggers(call) or not response.body:
            return response
        bodies = {"page": b'{"repos":%b}' % response.body, "nothing": b"{}", "error": error(500, call.request_id).body}
        return replace(response, body=bodies[self.content])


# The names are those of `OddField.value`; each is unreadable in a field of any type, but an empty or zero time is none.
_ODD_VALUES: Final[dict[str, Any]] = {
    "word": "n/a",
    "empty": "",
    "zero-time": "0001-01-01T00:00:00Z",
    "number": 5.5,
    "list": ["a", 5],
    "object": {"value": None},
}


@dataclass(frozen=True, slots=True)
class OddField(Fault):
    """Send a `value` that is of no use in `field`, in about one of `every` items: always in the same ones."""

    field: str = one_of("size", *(name for name in ITEM_FIELDS if name not in {"size", *IDENTITY}))
    value: str = one_of(*_ODD_VALUES)
    every: int = number(minimum=1, default=1)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        rows = tuple(self._odd(row) if crc32(row) % self.every == 0 else row for row in page.rows)
        return page if rows == tuple(page.rows) else replace(page, rows=rows)

    def _odd(self, row: bytes) -> bytes:
        return render({**decode(row), self.field: _ODD_VALUES[self.value]})


# Without a name nothing tells which repository it is, and nothing tells it from the next one.
_POISON: Final = render({"namespace": None, "name": None})


@dataclass(frozen=True, slots=True)
class PoisonItems(Fault):
    """Send an item without a name in the place of about one of `every` rows: always of the same ones, all alike."""

    every: int = number(minimum=1, default=7)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        rows = tuple(_POISON if crc32(row) % self.every == 0 else row for row in page.rows)
        return page if rows == tuple(page.rows) else replace(page, rows=rows)


@dataclass(frozen=True, slots=True)
class EchoRequest(Recurring):
    """Answer with the error `status`, which repeats the credentials of the request in its `where`.

    `id` is the header X-Request-Id; `item` adds `items` to a page, each with a text of so many `escapes`. `cut` is a
    text of 250 characters.
    """

    status: int = error_status(400)
    where: str = one_of("message", "code", "id", "item")
    spelled: str = one_of(*SPELLINGS)
    items: int = number(minimum=1, maximum=10_000, default=1)
    escapes: int = number(minimum=0, maximum=100_000, default=0)

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        if not self.triggers(call) or self.where == "item":
            return None
        echo = self._echo(call)
        if self.where == "id":
            refusal = gateway_error(self.status, "APIGW.0201", "Bad request", "", (("X-Request-Id", echo),))
            return replace(refusal, delivery=replace(refusal.delivery, request_id=False))
        code, message = ("APIGW.0201", echo) if self.where == "message" else (echo, "Bad request")
        return gateway_error(self.status, code, message, call.request_id)

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        if not self.triggers(call) or self.where != "item" or not response.body.endswith(b"}]"):
            return response
        escapes = "".join(islice(cycle(("\n", "%41", "&amp;")), self.escapes))
        text = orjson.dumps(escapes + self._echo(call))
        return replace(response, body=response.body[:-1] + b',{"request":%b}' % text * self.items + b"]")

    def _echo(self, call: Call) -> str:
        names = ("X-Auth-Token", "X-Security-Token", "Authorization")
        headers = {name.lower(): value for name, value in call.headers.items()}
        text = "; ".join(f"{name}: {headers[name.lower()]}" for name in names if name.lower() in headers)
        return SPELLINGS[self.spelled](text)


@dataclass(frozen=True, slots=True)
class OversizedItem(Fault):
    """Send in the item at `index` of the list far more than an image has: `count` of what `holds` says.

    The levels are nested lists, those of `mixed` objects and lists in turn; all but the tags are in a field that nobody
    knows.
    """

    index: int = 0
    count: int = number(minimum=1, maximum=10**8, default=8_000_000)
    holds: str = one_of("objects", "levels", "mixed", "tags", "characters")

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        at = self.index - page.query.offset
        if not 0 <= at < len(page.rows):
            return page
        return replace(page, rows=(*page.rows[:at], page.rows[at] + self._member(), *page.rows[at + 1 :]))

    def _member(self) -> bytes:
        if self.holds == "tags":
            return b',"tags":[%b]' % b",".join([b'"v1"'] * self.count)
        if self.holds == "levels":
            return b',"zz":%b%b' % (b"[" * self.count, b"]" * self.count)
        if self.holds == "mixed":
            pairs = self.count // 2
            return b',"zz":%b%b' % (b'{"a":[' * pairs, b"]}" * pairs)
        return (
            b',"zz":"%b"' % (b"x" * self.count)
            if self.holds == "characters"
            else (b',"zz":[%b]' % b",".join([b"{}"] * self.count))
        )


def _encoded(response: ServedResponse, encoding: str, body: bytes) -> ServedResponse:
    if not response.body or _CONTENT_ENCODING in dict(response.headers):
        return response
    return replace(response, body=body, headers=(*response.headers, (_CONTENT_ENCODING, encoding)))


def _corrupt(body: bytes, how: str) -> bytes:
    packed = compress(body, GZIP)
    at = {"flipped": len(packed) // 2, "checksum": len(packed) - 8}.get(how)
    if at is not None:
        return packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]
    return packed[: len(packed) // 2] if how == "cut" else body
