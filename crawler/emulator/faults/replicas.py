"""Faults between a client and the service: a replica that differs, a cache, a list that is empty for a moment.

Source: docs/reference/swr-api.md#moving-data (another state), #sort-stability (another order), #wrong-totals,
#unknown-fields, #record-identity (another generation), #centers, #parameters (what belongs to the key of a cache),
#empty-result, #content-range-presence (how an empty list looks).
"""

# ruff: noqa: D102 - the contract of every hook is written once, in fault.py

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Final
from zlib import crc32

from crawler.emulator.faults.fault import Call, Fault, Recurring, fault_name, request_random
from crawler.emulator.fields.parameter import number, one_of
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import LIST_PARAMETERS, ORDER_COLUMNS, ListQuery, effective_parameters
from crawler.emulator.http.response import IMMEDIATE, ServedResponse
from crawler.emulator.inventory.center_rows import Inventory, decode, instant, render
from crawler.errors import UsageError


@dataclass(frozen=True, slots=True)
class Replica(Fault):
    """A replica to which a balancer sends one of `every` requests, or of `every` URLs."""

    every: int = number(minimum=1)
    by: str = one_of("request", "url")

    def answers(self, call: Call) -> bool:
        """Return whether this replica answers the request."""
        chosen_by = call.number if self.by == "request" else crc32(call.raw_query.encode())
        return chosen_by % self.every == 0


@dataclass(frozen=True, slots=True)
class StaleReplica(Replica):
    """A replica answers from an earlier state: `lacks` rows at `index` are missing and `holds` deleted ones are there.

    A deleted row is last in the namespace of the row at `index`. The totals are those of the earlier state.
    """

    lacks: int = 1
    holds: int = 0
    index: int = 0

    def generation(self, call: Call) -> int:
        return int(self.answers(call))

    def view(self, generation: int, inventory: Inventory) -> Inventory:
        del generation
        names = [f"zz-deleted-{at}" for at in range(1, self.holds + 1)]
        held = inventory.with_copies(self.index, names) if names else inventory
        return held.without(self.index, self.lacks)


@dataclass(frozen=True, slots=True)
class OldReplica(Replica):
    """A replica is of an older generation: its `totals` are the length of the page, absent, or right.

    It sends no `domain_name` if `owner` is absent, and at most `clamp` rows a page unless that is none.
    """

    totals: str = one_of("page-length", "absent", "right")
    owner: str = one_of("present", "absent")
    clamp: int | None = field(default=None, metadata={"minimum": 1})

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        if self.clamp is None or query.limit <= self.clamp or not self.answers(call):
            return query
        return replace(query, limit=self.clamp)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        if not self.answers(call):
            return page
        if self.totals == "page-length":
            page = replace(page, total=len(page.rows))
        elif self.totals == "absent":
            page = replace(page, total_range="absent", content_range=False)
        return _without_owners(page) if self.owner == "absent" else page


@dataclass(frozen=True, slots=True)
class ReorderedReplica(Replica):
    """A replica has all rows in the reverse order, whatever order the request asks for."""

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        return page.reversed() if self.answers(call) else page


_NO_COLUMN: Final = "none"
# What a row is sorted by, from its item; rows of one value are ties.
_SORTED_BY: Final[Mapping[str, Callable[[Mapping[str, Any]], object]]] = {
    **{column: itemgetter(column) for column in ("name", "namespace", "domain_name")},
    **dict.fromkeys(("updated_at", "updated_time"), lambda item: instant(item.get("updated_at"))),
    "tag_count": lambda item: item.get("num_images"),
    _NO_COLUMN: lambda _: None,
}


@dataclass(frozen=True, slots=True)
class UnstableTies(Fault):
    """Sort rows of equal values in another order at every request, or on each of `replicas`.

    Only where one of `columns` sorts (`none` for no column), or any if empty; with `rows` all, other rows too.
    """

    # Without a column all rows are ties. As of a database that breaks no ties: which of equal rows comes first depends
    # on its plan and on the server.

    columns: tuple[str, ...] = field(default=(), metadata={"choices": (*ORDER_COLUMNS, _NO_COLUMN)})
    by: str = one_of("request", "replica")
    replicas: int = number(minimum=1, default=2)
    rows: str = one_of("ties", "all")

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        column = page.query.order_column or _NO_COLUMN
        if (self.columns and column not in self.columns) or len(page.selection) < 2:  # noqa: PLR2004 - no ties
            return page
        decided_by = call.number if self.by == "request" else call.number % self.replicas
        chance = request_random(0, replace(call, number=decided_by))
        selection: list[bytes] = []
        for ties in self._ties(call, column, page.selection):
            selection += chance.sample(ties, len(ties))
        query = page.query
        return replace(page, selection=selection, rows=selection[query.offset : query.offset + query.limit])

    def _ties(self, call: Call, column: str, selection: Sequence[bytes]) -> list[list[bytes]]:
        """Return the rows in groups that one value sorts; remember them, since each page is of the same selection."""
        if self.rows == "all":
            return [list(selection)]
        known: tuple[Sequence[bytes] | None, list[list[bytes]]] = call.memory.get(column, (None, []))
        if known[0] is selection:
            return known[1]
        sorted_by = _SORTED_BY[column]
        ties = [list(group) for _, group in groupby(selection, lambda row: sorted_by(decode(row)))]
        call.memory[column] = selection, ties
        return ties


@dataclass(frozen=True, slots=True)
class MissingOwner(Recurring):
    """Leave `domain_name` out of all items of the page; only of pages at `offset` unless that is none."""

    offset: int | None = None

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        triggers = self.triggers(call) and self.offset in {None, page.query.offset}
        return _without_owners(page) if triggers else page


def _without_owners(page: ServedPage) -> ServedPage:
    return replace(page, rows=tuple(map(_without_owner, page.rows))) if page.rows else page


def _without_owner(row: bytes) -> bytes:
    item = decode(row)
    item.pop("domain_name", None)
    return render(item)


@dataclass(frozen=True, slots=True)
class Cache(Fault):
    """Answer a URL that was requested before with the first response, for `seconds` seconds.

    `ignores` are parameters that do not belong to the key. With `revalidates`, `Cache-Control: no-cache` gets a new
    response, and it is kept.
    """

    seconds: int = number(minimum=0, default=60)
    ignores: tuple[str, ...] = field(default=(), metadata={"choices": ("center", "namespace", "offset", "limit")})
    revalidates: bool = False

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        del query
        kept_at_s, kept = call.memory.get(self._key(call), (0.0, None))
        is_fresh = call.now_s < kept_at_s + self.seconds and not (self.revalidates and _asks_for_a_new_one(call))
        return kept if is_fresh else None

    def on_response(self, call: Call, page: ServedPage, response: ServedResponse) -> ServedResponse:
        del page
        if response.status == 200 and response.delivery is IMMEDIATE:  # noqa: PLR2004 - HTTP's
            call.memory[self._key(call)] = call.now_s, response
        return response

    def _key(self, call: Call) -> str:
        sent = effective_parameters(call.raw_query, LIST_PARAMETERS)
        return repr(sorted(item for item in sent.items() if item[0] not in self.ignores))


def _asks_for_a_new_one(call: Call) -> bool:
    return any(name.lower() == "cache-control" and "no-cache" in call.headers[name] for name in call.headers)


@dataclass(frozen=True, slots=True)
class EmptyMoment(Fault):
    """After `after_requests` requests answer `times` of them, within `for_ms` milliseconds, as if nothing was there.

    Only those for `offset` and `limit`, if given; `total` is 0, or absent.
    """

    # The milliseconds begin with the first empty answer. One of the two bounds is required: without both, the list is
    # empty for good (`lost-permission`).

    after_requests: int = 0
    times: int | None = None
    for_ms: int | None = None
    offset: int | None = None
    limit: int | None = field(default=None, metadata={"minimum": 1})
    total: str = one_of("zero", "absent")

    def __post_init__(self) -> None:
        # No zero-argument super(): slots=True creates a second class, which super() misses on Python 3.11.
        Fault.__post_init__(self)
        if self.times is None and self.for_ms is None:
            raise UsageError(f"{fault_name(type(self))}: times or for_ms must be given")

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        if not (self._concerns(call, page) and call.may_trigger(self.times) and self._lasts(call)):
            return page
        return replace(page, selection=(), rows=(), total=0, content_range=self.total == "zero")

    def _concerns(self, call: Call, page: ServedPage) -> bool:
        query = page.query
        asked = self.offset in {None, query.offset} and self.limit in {None, query.limit}
        return asked and call.number > self.after_requests

    def _lasts(self, call: Call) -> bool:
        began_s: float = call.memory.setdefault("began_s", call.now_s)
        return self.for_ms is None or call.now_s < began_s + self.for_ms / 1000
