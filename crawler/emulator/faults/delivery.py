"""Faults of delivery: the response is correct and does not arrive as it should.

They change the `Delivery` of a response (crawler/emulator/http/response.py).
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, replace
from typing import Any

from crawler.emulator.faults.fault import Call, Fault, Recurring
from crawler.emulator.fields.option import MAX_NUMBER
from crawler.emulator.fields.parameter import number, one_of
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.response import WITHHELD, ServedResponse


@dataclass(frozen=True, slots=True)
class Chunked(Fault):
    """Send every page with chunked encoding and without Content-Length, in chunks of `chunk` bytes."""

    chunk: int = number(minimum=1, default=4096)

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del call, page
        return _delivered(response, chunked=True, piece_bytes=self.chunk)


@dataclass(frozen=True, slots=True)
class EndlessBody(Recurring):
    """Send the page with chunked encoding, then spaces without end, as fast as the client reads them."""

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        return _delivered(response, chunked=True, then="spaces") if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class Trickle(Recurring):
    """Send the page in pieces of `chunk` bytes, with a pause of `delay_ms` milliseconds before each piece."""

    chunk: int = number(minimum=1, default=64)
    delay_ms: int = 100

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        return _delivered(response, piece_bytes=self.chunk, pause_ms=self.delay_ms) if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class Stall(Recurring):
    """Send half of the body, then nothing more, and keep the connection open.

    Send nothing at all if `at_once` is true.
    """

    at_once: bool = False

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        if not self.triggers(call):
            return response
        if self.at_once:
            return replace(response, status=0, delivery=WITHHELD)
        return _delivered(response, share=0.5, then="hold")


@dataclass(frozen=True, slots=True)
class WrongContentLength(Recurring):
    """Declare `off` more bytes in Content-Length than the body has, then close the connection.

    A negative `off` declares fewer bytes: the rest of the body arrives where the client expects the next response.
    """

    off: int = number(minimum=-MAX_NUMBER, default=1)

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        if not self.triggers(call):
            return response
        return _delivered(response, excess=self.off, then="close" if self.off > 0 else response.delivery.then)


@dataclass(frozen=True, slots=True)
class ResetInBody(Recurring):
    """Send half of the body, then reset the connection (TCP RST)."""

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        return _delivered(response, share=0.5, then="reset") if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class RepeatLate(Recurring):
    """Send the page a second time when the next request arrives on its connection, before the response to that one.

    If `with_id` is false, the page has no X-Request-Id, so that no header shows that it is a copy.
    """

    with_id: bool = True

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        return _delivered(response, repeats=True, request_id=self.with_id) if self.triggers(call) else response


@dataclass(frozen=True, slots=True)
class MissingBody(Recurring):
    """Send the head of a page without its body.

    `how` says what follows it: the connection ends where the body would (`close`), or where its first chunk would
    (`chunked`), or the body is complete and has no byte (`terminated`).
    """

    how: str = one_of("close", "chunked", "terminated")

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        if not self.triggers(call) or response.delivery.share is None:
            return response
        if self.how == "terminated":
            return _delivered(replace(response, body=b""), chunked=True)
        head_only = "chunked" if self.how == "chunked" else "close-delimited"
        return _delivered(replace(response, status=200, body=b""), share=None, head_only=head_only, then="close")


@dataclass(frozen=True, slots=True)
class FromCache(Recurring):
    """Send the page as a cache does that stored it `age_s` seconds ago: with the header Age."""

    age_s: int = number(minimum=0, default=60)

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        if not self.triggers(call) or "Age" in dict(response.headers):
            return response
        return replace(response, headers=(*response.headers, ("Age", str(self.age_s))))


@dataclass(frozen=True, slots=True)
class LargeHeaders(Recurring):
    """Send `count` headers more with the page, each with a value of `size` bytes, as proxies and policies add them."""

    count: int = number(minimum=1, default=150)
    size: int = number(minimum=0, default=100)

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        if not self.triggers(call):
            return response
        added = {f"X-Policy-{index}": "x" * self.size for index in range(self.count)}
        return replace(response, headers=tuple((dict(response.headers) | added).items()))


def _delivered(response: ServedResponse, **changes: Any) -> ServedResponse:  # noqa: ANN401 - the fields of Delivery
    """Return `response` with a changed delivery, or unchanged if it is never sent."""
    delivery = response.delivery
    return response if delivery.share is None else replace(response, delivery=replace(delivery, **changes))
