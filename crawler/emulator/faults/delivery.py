"""Faults of the way: the answer is right and does not arrive as it should (answer.py, Delivery)."""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from dataclasses import dataclass, replace
from math import inf
from typing import Any

from crawler.emulator.faults.fault import Call, Fault, Recurring, number
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.response import WITHHELD, ServedResponse


@dataclass(frozen=True, slots=True)
class Chunked(Fault):
    """Every page leaves chunked, in chunks of `chunk` bytes, and no Content-Length says how long it is."""

    chunk: int = number(least=1, default=4096)

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del call, page
        return _leaving(answer, chunked=True, piece_bytes=self.chunk)


@dataclass(frozen=True, slots=True)
class EndlessBody(Recurring):
    """Behind the page come blanks without end, chunked, as fast as they are taken."""

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        return _leaving(answer, chunked=True, then="blanks") if self.strikes(call) else answer


@dataclass(frozen=True, slots=True)
class Trickle(Recurring):
    """The page is right and comes in pieces of `chunk` bytes, `delay_ms` before each."""

    chunk: int = number(least=1, default=64)
    delay_ms: int = 100

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        return _leaving(answer, piece_bytes=self.chunk, pause_ms=self.delay_ms) if self.strikes(call) else answer


@dataclass(frozen=True, slots=True)
class Stall(Recurring):
    """Half of the body leaves and then nothing more, for as long as the client waits; or nothing `at_once`."""

    at_once: bool = False

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        if not self.strikes(call):
            return answer
        if self.at_once:
            return replace(answer, status=0, delivery=WITHHELD)
        return _leaving(answer, share=0.5, then="hold")


@dataclass(frozen=True, slots=True)
class WrongContentLength(Recurring):
    """Content-Length promises `off` bytes more than come before the connection is closed.

    With `off` below 0 it promises fewer: the rest of the body comes all the same, where another answer should begin.
    """

    off: int = number(least=-inf, default=1)

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        if not self.strikes(call):
            return answer
        return _leaving(answer, excess=self.off, then="close" if self.off > 0 else answer.delivery.then)


@dataclass(frozen=True, slots=True)
class ResetInBody(Recurring):
    """The connection is reset (RST) when half of the body has left."""

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        del page
        return _leaving(answer, share=0.5, then="reset") if self.strikes(call) else answer


def _leaving(answer: ServedResponse, **changes: Any) -> ServedResponse:  # noqa: ANN401 - the fields of Delivery
    """Give `answer` with another delivery, unless it never leaves anyway."""
    delivery = answer.delivery
    return answer if delivery.share is None else replace(answer, delivery=replace(delivery, **changes))
