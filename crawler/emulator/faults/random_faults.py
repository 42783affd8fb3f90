"""What goes wrong now and then with any service, all in one fault: for soaks."""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from collections.abc import Mapping
from dataclasses import dataclass, field

from crawler.emulator.faults.delivery import ResetInBody, Stall, Trickle, WrongContentLength
from crawler.emulator.faults.fault import Call, Fault, chance, number
from crawler.emulator.faults.paging import EmptyPage, ShortPage, TruncatedJson
from crawler.emulator.faults.refusal import Burst, DropConnection, HtmlAnswer, SlowAnswer, SwrThrottle403, Throttle
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse

# Each strikes whenever it is asked to: when that is, is drawn.
MISHAPS: Mapping[str, Fault] = {
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
    "slow": SlowAnswer(every=1, delay_ms=50),
    "trickle": Trickle(every=1, chunk=16_384, delay_ms=10),
    "truncated": TruncatedJson(),
    "html": HtmlAnswer(),
    "empty": EmptyPage(None),
    "short": ShortPage(None),
}


@dataclass(frozen=True, slots=True)
class Mishaps(Fault):
    """To a share `rate` (0 to 1) of the requests one of the mishaps of `kinds` happens, or of all there are.

    Which requests and which mishaps, `seed` and the request's number decide, and nothing else. Stalled ones cost the
    client its whole timeout.
    """

    rate: float = number(least=0, most=1)
    seed: int = 0
    kinds: tuple[str, ...] = field(default=(), metadata={"among": tuple(MISHAPS)})

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        return self.drawn(call).on_request(call, query)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return self.drawn(call).on_page(call, page)

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        return self.drawn(call).on_response(call, page, answer)

    def drawn(self, call: Call) -> Fault:
        """Give what happens to this request; a Fault that does nothing for most."""
        drawn = chance(self.seed, call)
        return MISHAPS[drawn.choice(self.kinds or tuple(MISHAPS))] if drawn.random() < self.rate else Fault()
