"""Faults drawn at random, all in one fault: what fails now and then in any service, for soak tests."""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from collections.abc import Mapping
from dataclasses import dataclass, field

from crawler.emulator.faults.delivery import ResetInBody, Stall, Trickle, WrongContentLength
from crawler.emulator.faults.fault import Call, Fault, request_random
from crawler.emulator.faults.paging import EmptyPage, ShortPage, TruncatedJson
from crawler.emulator.faults.refusal import Burst, DropConnection, HtmlResponse, SlowResponse, SwrThrottle403, Throttle
from crawler.emulator.fields.parameter import number
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse

# Each triggers on every request that it gets: `RandomFaults` draws which requests it gets.
KINDS: Mapping[str, Fault] = {
    "500": Burst(every=1, status=500),
    "502": Burst(every=1, status=502),
    "503": Burst(every=1, status=503),
    "504": Burst(every=1, status=504),
    "409": Burst(every=1, status=409),
    "429": Throttle(every=1),
    "403": SwrThrottle403(every=1),
    "drop": DropConnection(every=1),
    "reset": ResetInBody(every=1),
    "length": WrongContentLength(every=1),
    "stall": Stall(every=1),
    "slow": SlowResponse(every=1, delay_ms=50),
    "trickle": Trickle(every=1, chunk=16_384, delay_ms=10),
    "truncated": TruncatedJson(),
    "html": HtmlResponse(),
    "empty": EmptyPage(None),
    "short": ShortPage(None),
}


@dataclass(frozen=True, slots=True)
class RandomFaults(Fault):
    """Apply one of `kinds`, or of all kinds if empty, to a share `rate` of the requests.

    Only `seed` and the number of the request decide which request gets which fault.
    """

    # A request that stalls takes the client's whole timeout.

    rate: float = number(minimum=0, maximum=1)
    seed: int = 0
    kinds: tuple[str, ...] = field(default=(), metadata={"choices": tuple(KINDS)})

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        return self.drawn(call).on_request(call, query)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return self.drawn(call).on_page(call, page)

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        return self.drawn(call).on_response(call, page, response)

    def drawn(self, call: Call) -> Fault:
        """Return the fault for this request; for most it is a `Fault` that does nothing."""
        drawn = request_random(self.seed, call)
        return KINDS[drawn.choice(self.kinds or tuple(KINDS))] if drawn.random() < self.rate else Fault()
