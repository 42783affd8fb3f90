"""Faults of bodies: compressed, badly compressed, of another shape. A body that is compressed already is let be."""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, replace

from crawler.emulator.faults.fault import Call, Fault, Recurring, number, one_of
from crawler.emulator.http.compression import DEFLATE, GZIP, behind_blanks, compress
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.response import ServedResponse, error

_CONTENT_ENCODING = "Content-Encoding"


@dataclass(frozen=True, slots=True)
class Gzip(Fault):
    """Every page is compressed, rightly (seen of the real gateway, FACTS 4.2), whether that was asked for or not."""

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del call, page
        return _encoded(answer, GZIP, compress(answer.body, GZIP))


@dataclass(frozen=True, slots=True)
class Deflate(Fault):
    """Every page is compressed as HTTP means deflate, or `raw`, as some servers do."""

    raw: bool = False

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del call, page
        return _encoded(answer, DEFLATE, compress(answer.body, DEFLATE, raw=self.raw))


@dataclass(frozen=True, slots=True)
class CorruptGzip(Recurring):
    """The `first` n pages and/or each `every`th are no good gzip.

    `how`: a byte of the middle is another, the second half is missing, only the checksum is wrong, or the body is
    said to be gzip and is none.
    """

    how: str = one_of("flipped", "cut", "checksum", "none")

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        return _encoded(answer, GZIP, _corrupt(answer.body, self.how)) if self.strikes(call) else answer


@dataclass(frozen=True, slots=True)
class DecompressionBomb(Recurring):
    """The page stands behind `size_bytes` of blanks, compressed to a thousandth: valid JSON, if it can be held.

    Of the `first` n requests and/or each `every`th. A billion bytes are made once, in about a second.
    """

    size_bytes: int = number(0, 10**10, default=10**9)
    encoding: str = one_of(GZIP, DEFLATE)

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        if not self.strikes(call):
            return answer
        return _encoded(answer, self.encoding, behind_blanks(self.size_bytes, answer.body, self.encoding))


@dataclass(frozen=True, slots=True)
class ObjectAnswer(Recurring):
    """Instead of the `first` n pages and/or each `every`th comes an object, with 200.

    `holding` the page, `{"repos":[…]}`; nothing; or what is an error with another status.
    """

    holding: str = one_of("page", "nothing", "error")

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        if not self.strikes(call) or not answer.body:
            return answer
        held = {"page": b'{"repos":%b}' % answer.body, "nothing": b"{}", "error": error(500, call.request_id).body}
        return replace(answer, body=held[self.holding])


def _encoded(answer: ServedResponse, encoding: str, body: bytes) -> ServedResponse:
    if not answer.body or _CONTENT_ENCODING in dict(answer.headers):
        return answer
    return replace(answer, body=body, headers=(*answer.headers, (_CONTENT_ENCODING, encoding)))


def _corrupt(body: bytes, how: str) -> bytes:
    packed = compress(body, GZIP)
    at = {"flipped": len(packed) // 2, "checksum": len(packed) - 8}.get(how)
    if at is not None:
        return packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]
    return packed[: len(packed) // 2] if how == "cut" else body
