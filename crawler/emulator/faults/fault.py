"""What a fault is: a frozen value with seven hooks. What it did so far is in the `Call`, not in the fault.

A request for the list passes the faults hook by hook, in the order they were given:

    view(generation, inventory)   another inventory: rows deleted, inserted
    refuse(call, query)           an answer instead of a page; the first fault that gives one wins
    phrase(call, refusal)         that answer, or the service's own refusal, in other words; then it leaves
    ask(call, query)              another question than the one asked
    turn(call, page)              another page
    send(call, page, answer)      another answer

and a request for a token the seventh:

    grant(call, answer)           another answer

Every hook gives back what it was given when the fault has nothing to do. "The first n" and "every nth" count
the authorised requests for the list, from 1, and in `on_token` the requests for a token; `times` counts how often
the fault struck, None is for ever.
"""

import random
import re
from dataclasses import dataclass, field, fields
from typing import Any

from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ERROR_STATUSES, ServedResponse
from crawler.emulator.inventory.center_rows import Inventory
from crawler.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a fault sees it: the `number`th of its kind, after the fault struck `triggered` times.

    `now_s` is seconds since the epoch, for headers that hold a date. `raw_query` is how the question was put.
    """

    number: int
    request_id: str
    now_s: float
    triggered: int = 0
    raw_query: str = ""

    def more(self, times: int | None) -> bool:
        """Tell whether a fault limited to `times` may strike once more."""
        return times is None or self.triggered < times


def number(least: float, most: float = float("inf"), default: int | None = None) -> Any:  # noqa: ANN401 - as `field`
    """Declare a field from `least` to `most`, required without `default`; undeclared numbers are from 0."""
    limits = {"least": least, "most": most}
    return field(metadata=limits) if default is None else field(default=default, metadata=limits)


def one_of(*values: int | str) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare a field that is one of `values`, the first of them by default."""
    return field(default=values[0], metadata={"among": values})


def error_status(default: int) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Declare a field that is a status with a body of its own (answer.py)."""
    return field(default=default, metadata={"among": ERROR_STATUSES})


def chance(seed: int, call: Call) -> random.Random:
    """Give the chance of this one request: the same seed and number draw the same, whatever was drawn before."""
    return random.Random(f"{seed}/{call.number}")  # noqa: S311 - no secret, must be repeatable


@dataclass(frozen=True, slots=True)
class Fault:
    """The seven hooks; each does nothing here. Making one raises UsageError for a parameter out of range."""

    def __post_init__(self) -> None:
        for parameter in fields(self):
            value, limits = getattr(self, parameter.name), parameter.metadata
            least, most, among = limits.get("least", 0), limits.get("most", float("inf")), limits.get("among")
            if isinstance(value, int | float) and not least <= value <= most:
                bounds = f"at least {least}" if most == float("inf") else f"from {least} to {most}"
                raise self._refused(parameter.name, f"{bounds}, not {value}")
            if among and not set(value if isinstance(value, tuple) else [value]) <= set(among):
                shown = "+".join(value) if isinstance(value, tuple) else value
                raise self._refused(parameter.name, f"one of {', '.join(map(str, among))}, not {shown}")
            if isinstance(value, str) and not (value.isascii() and value.isprintable()):
                raise self._refused(parameter.name, f"of printable ASCII, not {value!r}")

    def _refused(self, parameter: str, why: str) -> UsageError:
        return UsageError(f"{fault_name(type(self))}: {parameter} must be {why}")

    def generation(self, number: int) -> int:
        """Give which state of the inventory request `number` sees; 0 is the untouched one."""
        del number
        return 0

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        """Give the inventory of this generation, which is never 0."""
        del generation
        return inventory

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        """Give an answer instead of a page, or None."""
        del call, query
        return None

    def on_refusal(self, call: Call, refusal: ServedResponse) -> ServedResponse:
        """Give the refusal that is sent instead of `refusal`, which a fault or the service itself gave."""
        del call
        return refusal

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        """Give the question that is answered."""
        del call
        return query

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        """Give the page that is rendered."""
        del call
        return page

    def on_response(self, call: Call, page: ServedPage, answer: ServedResponse) -> ServedResponse:
        """Give the answer that is sent."""
        del call, page
        return answer

    def on_token(self, call: Call, answer: ServedResponse) -> ServedResponse:
        """Give the answer to a request for a token, which `answer` would be without this fault."""
        del call
        return answer


@dataclass(frozen=True, slots=True)
class Recurring(Fault):
    """A fault of the `first` n requests and/or each `every`th; one of the two must be given."""

    first: int = 0
    every: int = 0

    def __post_init__(self) -> None:
        # No zero-argument super(): slots=True makes a second class, which it would miss on 3.11.
        Fault.__post_init__(self)
        if not self.first and not self.every:
            raise UsageError(f"{fault_name(type(self))}: first or every must be given")

    def strikes(self, call: Call) -> bool:
        """Tell whether this request is one of them."""
        return call.number <= self.first or (self.every > 0 and call.number % self.every == 0)


def fault_name(kind: type[Fault]) -> str:
    """Give the name on the command line: `ClampLimit` is clamp-limit, `SwrThrottle403` swr-throttle-403."""
    return re.sub(r"(?<=[a-z])(?=[A-Z0-9])", "-", kind.__name__).lower()
