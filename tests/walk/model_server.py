"""A model of the service: an inventory of keys that may move, and every way of paging it wrongly. No network.

Its time is the number of requests it was asked. `Crawl` is the engine without I/O: it asks a walk, answers it
in any order, tries again as `asking.py` does, and writes the journal that a resume would read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from crawler.model.window import Gap, Order, Window
from crawler.swr.decode.batch import Batch
from crawler.swr.response import EMPTY_PAGE, Page
from crawler.walk.outcome import Retry
from crawler.walk.server_profile import ServerProfile
from crawler.walk.walk import Walk

ANY: Final = 10**6  # a bound that no test reaches
MOST_KEYS_EVER: Final = 400  # a server that makes a new one for each request has no end
HOSTILE: Final = 10**15
BY_NAME: Final = Order("name", "asc")
BY_TIME: Final = Order("updated_at", "asc")
TRIES: Final = 4  # for each window; a page that is only short gets one less, as in asking.py
SHORT_TRIES: Final = 3

Refusal = Literal["fails", "size refused", "order refused"]
Totals = Literal["true", "none", "length", "limit", "more", "huge", "zero", "mixed"]


def page_of(keys: Iterable[int], total: int | None, *, disagrees: bool = False) -> Page:
    listed = list(keys)
    return Page(Batch(b"", b"", len(listed), 0, listed, frozenset(), frozenset()), total, disagrees)


class Fault(NamedTuple):
    """What goes wrong with each window that covers `position`, so many times; None is for ever.

    *fails*: no answer; *short*: the row there is left out; *empty*: all rows are; *bare*: no total is declared.
    """

    position: int
    kind: Literal["fails", "short", "empty", "bare"]
    times: int | None


@dataclass(frozen=True)
class Move:
    """What happens to the inventory before the request `at`, and with `every` at each such distance again."""

    at: int
    kind: Literal["insert", "delete", "swap", "reverse"]
    position: int
    count: int = 1
    every: int | None = None

    def is_due(self, request: int) -> bool:
        if self.every is None:
            return request == self.at
        return request >= self.at and (request - self.at) % self.every == 0


@dataclass(frozen=True)
class Nature:
    """How a server is: what it holds, how it pages, what it declares, and what goes wrong."""

    rows: int
    clamp: int = ANY  # the longest page it serves, whatever was asked
    clamp_from: int = 0  # but only from this offset on
    floor: int = 0  # the shortest page it serves, whatever was asked
    ignores_offset: bool = False
    repeats_last: bool = False  # past the end
    totals: Totals = "true"
    extra: int = 1  # for totals "more"
    total_on_empty: bool = True
    largest_size: int = ANY  # larger ones are refused, unless pages are as large anyway
    refused_orders: frozenset[Order | None] = frozenset()
    faults: tuple[Fault, ...] = ()
    moves: tuple[Move, ...] = ()

    @property
    def still(self) -> bool:
        return not self.moves

    @property
    def fails(self) -> bool:
        return any(fault.kind == "fails" for fault in self.faults)


class Server:
    """One server of that nature. `declared` are the totals it has declared, `keys_ever` how many keys it held."""

    def __init__(self, nature: Nature) -> None:
        self.nature = nature
        self.rows = list(range(nature.rows))
        self.requests = 0
        self.declared = [0]
        self.keys_ever = nature.rows
        self._left = {fault: fault.times for fault in nature.faults}

    def answer(self, window: Window) -> Page | Refusal:
        self.requests += 1
        self._move()
        nature = self.nature
        if window.limit > max(nature.largest_size, nature.floor):
            return "size refused"
        if window.order in nature.refused_orders:
            return "order refused"
        faults = self._striking(window)
        if any(fault.kind == "fails" for fault in faults):
            return "fails"
        return self._page(window, faults)

    def _page(self, window: Window, faults: list[Fault]) -> Page:
        kinds = {fault.kind for fault in faults}
        rows = self._rows(window)
        without = {self.rows[fault.position] for fault in faults if fault.kind == "short"}
        rows = [] if "empty" in kinds else [row for row in rows if row not in without]
        total = window.limit if self.nature.totals == "limit" else self._total(rows)
        # What looks like an empty walk twice, or at the last try, can't be told from one: there it keeps its total.
        for_a_moment = all(fault.times == 1 for fault in faults) and not self.nature.fails
        may_be_bare = not self.nature.total_on_empty and (not faults or for_a_moment)
        if not rows and faults and not may_be_bare:
            total = total or len(self.rows)
        elif "bare" in kinds or (not rows and may_be_bare):
            total = None
        if total is not None:
            self.declared.append(total)
        return page_of(rows, total, disagrees=self.nature.totals == "mixed" and bool(rows))

    def _rows(self, window: Window) -> list[int]:
        nature, count = self.nature, len(self.rows)
        clamp = nature.clamp if window.offset >= nature.clamp_from else ANY
        length = max(min(window.limit, clamp), nature.floor)
        offset = 0 if nature.ignores_offset else window.offset
        if nature.repeats_last and offset >= count > 0:
            offset = (count - 1) // length * length
        return self.rows[offset : offset + length]

    def _total(self, rows: list[int]) -> int | None:
        count = len(self.rows)
        return {
            "true": count,
            "none": None,
            "length": len(rows),
            "more": count + self.nature.extra,
            "huge": HOSTILE,
            "zero": 0,
            "mixed": count,
        }.get(self.nature.totals)

    def _striking(self, window: Window) -> list[Fault]:
        end = min(window.offset + window.limit, len(self.rows))
        faults = [fault for fault in self._left if window.offset <= fault.position < end and self._left[fault] != 0]
        failing = [fault for fault in faults if fault.kind == "fails"]
        for fault in failing or faults:
            left = self._left[fault]
            self._left[fault] = None if left is None else left - 1
        return failing or faults

    def _move(self) -> None:
        for move in self.nature.moves:
            if not move.is_due(self.requests):
                continue
            at = min(move.position, len(self.rows))
            if move.kind == "reverse":
                self.rows.reverse()
            if move.kind in {"delete", "swap"}:
                del self.rows[at : at + move.count]
            if move.kind in {"insert", "swap"} and self.keys_ever < MOST_KEYS_EVER:
                self.rows[at:at] = range(self.keys_ever, self.keys_ever + move.count)
                self.keys_ever += move.count


class Settled(NamedTuple):
    """A line of the journal: a window with its page, or None for one that was lost."""

    window: Window
    page: Page | None


@dataclass
class Flight:
    window: Window
    attempt: int = 0


@dataclass
class Crawl:
    """Drives `walk` against `server` with up to `room` windows in flight; `choose(n)` says which of n is answered."""

    server: Server
    walk: Walk
    room: int = 1
    choose: Callable[[int], int] = lambda _: 0
    tries: int = TRIES
    flights: list[Flight] = field(default_factory=list)
    history: list[Settled] = field(default_factory=list)
    kept: dict[int, list[Page]] = field(default_factory=dict)
    requests: int = 0

    def run(self, *, requests: int = 30_000) -> "Crawl":
        while self.walk.verdict is None:
            assert self.requests < requests, "it does not end"
            self.fill()
            assert self.flights, "nothing is in flight and nothing can be asked"
            self.answer(self.choose(len(self.flights)))
        assert not self.flights
        return self

    def fill(self) -> None:
        while len(self.flights) < self.room:
            window = self.walk.next_window()
            if window is None:
                return
            self.flights.append(Flight(window))

    def answer(self, index: int) -> None:
        flight = self.flights[index]
        flight.attempt += 1
        self.requests += 1
        answer = self.server.answer(flight.window)
        settled = self._fail(flight, answer) if isinstance(answer, str) else self._take(flight, answer)
        if settled:
            self.flights.remove(flight)

    def _take(self, flight: Flight, page: Page) -> bool:
        answered = self.walk.on_page(flight.window, page, last_try=flight.attempt >= min(self.tries, SHORT_TRIES))
        if isinstance(answered, Retry):
            return False
        skipped = answered == "skip"
        self.history.append(Settled(flight.window, EMPTY_PAGE if skipped else page))
        self.kept.setdefault(flight.window.pass_number, []).append(EMPTY_PAGE if skipped else page)
        return True

    def _fail(self, flight: Flight, refusal: Refusal) -> bool:
        if refusal == "fails" and flight.attempt < self.tries:
            return False
        stepped_down = (refusal == "size refused" and self.walk.on_size_refused(flight.window)) or (
            refusal == "order refused" and self.walk.on_order_refused(flight.window)
        )
        if not stepped_down:
            self.walk.on_lost(flight.window, refusal)
            self.history.append(Settled(flight.window, None))
        return True

    @property
    def last_pass(self) -> list[Page]:
        return self.kept.get(self.walk.passes, [])

    @property
    def keys(self) -> set[int]:
        """All keys that the last pass kept."""
        return {key for page in self.last_pass for key in page.items.keys}


def replay(walk: Walk, history: Iterable[Settled]) -> Walk:
    """Bring a fresh walk to where the journal ends, as `resume.py` does."""
    for window, page in history:
        walk.replay(window)
        if page is None:
            walk.on_lost(window, "fails")
        else:
            walk.on_page(window, page, last_try=True)
    return walk


class Bounds(NamedTuple):
    """What a crawl is configured with."""

    limit: int = 10
    max_passes: int = 3
    double_read: bool = False
    orders: tuple[Order | None, ...] = (BY_NAME, BY_TIME, None)

    def begin(self, *, totals_trusted: bool = False) -> Walk:
        dialect = ServerProfile(self.limit, self.orders, totals_trusted=totals_trusted)
        return Walk(dialect, max_passes=self.max_passes, double_read=self.double_read)


class Evidence(NamedTuple):
    """All that a walk says of itself when it has ended."""

    verdict: str | None
    passes: int
    totals: frozenset[int]
    distinct: int
    duplicates: int
    gaps: tuple[tuple[int, int | None, int], ...]


def evidence_of(walk: Walk) -> Evidence:
    gaps = tuple((gap.offset, gap.end, gap.got) for gap in walk.gaps)
    return Evidence(walk.verdict, walk.passes, frozenset(walk.totals), walk.distinct, walk.duplicates, gaps)


def missing(gaps: Iterable[Gap]) -> int | None:
    """Give the number of items that `gaps` leave out, None when one of them has no known end."""
    sizes = [None if gap.end is None else gap.end - gap.offset - gap.got for gap in gaps]
    return None if None in sizes else sum(size for size in sizes if size is not None)
