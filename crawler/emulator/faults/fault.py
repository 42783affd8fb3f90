"""The fault hooks: a fault is a frozen value with hooks. What it has done so far is in the `Call`, not in the fault.

What a fault must remember of earlier requests, it keeps in `Call.memory`, which is its own in each service.

A request for the list passes all faults hook by hook, each hook in the order in which the faults were given:

    generation(call), view(generation, inventory)    return another inventory, with rows deleted or inserted
    on_request(call, query)              returns a response instead of a page; the first fault that does so wins
    on_refusal(call, refusal)            rewrites that response, or a refusal of the service itself; it is then sent
    on_query(call, query)                rewrites the query
    on_page(call, page)                  rewrites the page
    on_response(call, page, response)    rewrites the response

A request for a token passes one hook:

    on_token(call, response)             rewrites the response

A hook returns its argument unchanged when the fault has nothing to do. A fault has triggered when a hook returned
something else. `first`, `every` and `Call.number` count the authorised requests for the list from 1, in `on_token` the
token requests.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from crawler.emulator.fields.parameter import check_value
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse
from crawler.emulator.inventory.center_rows import Inventory
from crawler.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a fault sees it. `number` counts the requests of its kind from 1.

    `triggered` is how often the fault triggered on earlier requests. `now_s` is in seconds since the epoch, for headers
    that hold a date. `raw_query` is the query string as received, `headers` and `body` are as received.
    `memory` is what the fault that is called keeps between requests; it alone changes.
    """

    number: int
    request_id: str
    now_s: float
    triggered: int = 0
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    memory: dict[str, Any] = field(default_factory=dict)

    def may_trigger(self, times: int | None) -> bool:
        """Return whether a fault that triggers at most `times` times may trigger again; None is no limit."""
        return times is None or self.triggered < times


def request_random(seed: int, call: Call) -> random.Random:
    """Return the random numbers of one request: the same for the same seed and request number."""
    return random.Random(f"{seed}/{call.number}")  # noqa: S311 - no secret, must be repeatable


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that does nothing. Creating a fault raises UsageError for a parameter that is out of range."""

    def __post_init__(self) -> None:
        for parameter in fields(self):
            check_value(fault_name(type(self)), parameter, getattr(self, parameter.name))

    def generation(self, call: Call) -> int:
        """Return the generation of the inventory that this request sees; 0 is the unchanged inventory."""
        del call
        return 0

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        """Return the inventory of a generation, which is never 0."""
        del generation
        return inventory

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        """Return a response to send instead of a page, or None."""
        del call, query
        return None

    def on_refusal(self, call: Call, refusal: ServedResponse) -> ServedResponse:
        """Return the response to send instead of `refusal`, which a fault or the service itself returned."""
        del call
        return refusal

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        """Return the query to answer."""
        del call
        return query

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        """Return the page to render."""
        del call
        return page

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        """Return the response to send."""
        del call, page
        return response

    def on_token(self, call: Call, response: ServedResponse) -> ServedResponse:
        """Return the response to a token request, which is `response` without this fault."""
        del call
        return response


@dataclass(frozen=True, slots=True)
class Recurring(Fault):
    """A fault that triggers on the `first` n requests and on every `every`th request; one of the two is required."""

    first: int = 0
    every: int = 0

    def __post_init__(self) -> None:
        # No zero-argument super(): slots=True creates a second class, which super() misses on Python 3.11.
        Fault.__post_init__(self)
        if not self.first and not self.every:
            raise UsageError(f"{fault_name(type(self))}: first or every must be given")

    def triggers(self, call: Call) -> bool:
        """Return whether the fault triggers on this request."""
        return call.number <= self.first or (self.every > 0 and call.number % self.every == 0)


def fault_name(kind: type[Fault]) -> str:
    """Return the name on the command line: clamp-limit for `ClampLimit`, swr-throttle-403 for `SwrThrottle403`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "-", kind.__name__).lower()
