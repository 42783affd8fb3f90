"""A model of the service: an inventory of keys that may change, and every way of paging it wrongly. No network.

Its time is the number of requests. `Crawl` is the engine without I/O: it takes windows of a walk, answers them in any
order, retries like crawl/engine/window_fetcher.py, and writes the journal that a resume would read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Final, Literal, NamedTuple

from crawler.errors import (
    ErrorDetails,
    OrderRefusedError,
    RefusedError,
    RequestError,
    SizeRefusedError,
    TransientError,
)
from crawler.model.window import Gap, Order, Window
from crawler.swr.decode.batch import Batch
from crawler.swr.page import Page
from crawler.walk.pass_sequence import WalkRules
from crawler.walk.passes.outcome import AskAgain, NoList, Refusal
from crawler.walk.retry_policy import Lose, RetryAfter, RetryLimits, Tries, decide
from crawler.walk.server_profile import ServerProfile, SharedProfile
from crawler.walk.walk import Walk

ANY: Final = 10**6  # a bound that no test reaches
MAX_KEYS: Final = 400  # a server that adds one for each request would never end
HOSTILE: Final = 10**15
BY_NAME: Final = Order("name", "asc")
BY_TIME: Final = Order("updated_at", "asc")
LIMITS: Final = RetryLimits(4)
TRIES: Final = LIMITS.max_tries

Failure = Literal["fails", "refused", "size refused", "order refused"]
ERRORS: Final[dict[str, RequestError]] = {
    "fails": TransientError(ErrorDetails()),
    "refused": RefusedError(ErrorDetails()),
    "size refused": SizeRefusedError(ErrorDetails()),
    "order refused": OrderRefusedError(ErrorDetails()),
}
Totals = Literal["true", "none", "length", "limit", "more", "huge", "zero", "mixed"]


POISON: Final = 2**63  # the key of all rejects: their bytes are the same


def page_of(keys: Iterable[int], total: int | None, *, disagrees: bool = False) -> Page:
    listed = list(keys)
    rejects = tuple([key for key in listed if key == POISON])
    batch = Batch(b"", b"", len(listed) - len(rejects), len(rejects), listed, frozenset(), frozenset())
    return Page(batch._replace(reject_keys=rejects), total, disagrees)


class Fault(NamedTuple):
    """What goes wrong with each window that covers `position`, `times` times; None is for ever.

    *fails*: no response; *refused*: there is no such page; *short*: the row at `position` is left out; *empty*: all
    rows are left out; *no total*: no total is declared.
    """

    position: int
    kind: Literal["fails", "refused", "short", "empty", "no total"]
    times: int | None


@dataclass(frozen=True)
class InventoryChange:
    """What happens to the inventory before the request `at`, and with `every` again after each `every` requests.

    *exchange*: the row at `position` and the one `count` rows behind it change places.
    """

    at: int
    kind: Literal["insert", "delete", "swap", "reverse", "exchange"]
    position: int
    count: int = 1
    every: int | None = None

    def is_due(self, request: int) -> bool:
        if self.every is None:
            return request == self.at
        return request >= self.at and (request - self.at) % self.every == 0


@dataclass(frozen=True)
class ServerBehavior:
    """What a server holds, how it pages, what it declares, and what goes wrong."""

    rows: int
    clamp: int = ANY  # the longest page it serves, whatever was requested
    clamp_from: int = 0  # but only from this offset on
    page_weight: int = ANY  # a page ends before it weighs more, whatever was requested: the row n weighs 1 + n % 3
    floor: int = 0  # the shortest page it serves, whatever was requested
    ignores_offset: bool = False
    repeats_last: bool = False  # past the end
    refuses_past_end: bool = False
    totals: Totals = "true"
    extra: int = 1  # for totals "more"
    total_cap: int = ANY  # no total is larger, but rows beyond it are served
    total_on_empty: bool = True
    poison_every: int = 0  # each row whose number it divides is sent as the same reject; 0: none
    largest_size: int = ANY  # larger ones are refused, unless pages are as large anyway
    refused_orders: frozenset[Order | None] = frozenset()
    shuffled_orders: frozenset[Order | None] = frozenset()  # in these, rows are in another order at every request
    faults: tuple[Fault, ...] = ()
    changes: tuple[InventoryChange, ...] = ()

    @property
    def unchanging(self) -> bool:
        return not self.changes

    @property
    def fails(self) -> bool:
        return any(fault.kind == "fails" for fault in self.faults)


class Server:
    """A server that behaves like that; `declared` are the totals it declared, `keys_so_far` counts its keys ever."""

    def __init__(self, behavior: ServerBehavior) -> None:
        self.behavior = behavior
        self.rows = list(range(behavior.rows))
        self.requests = 0
        self.declared = [0]
        self.keys_so_far = behavior.rows
        self._left = {fault: fault.times for fault in behavior.faults}

    def answer(self, window: Window) -> Page | Failure:
        self.requests += 1
        self._change_inventory()
        behavior = self.behavior
        if window.limit > max(behavior.largest_size, behavior.floor):
            return "size refused"
        if window.order in behavior.refused_orders:
            return "order refused"
        faults = self._triggered(window)
        kinds = {fault.kind for fault in faults}
        if "fails" in kinds:
            return "fails"
        if "refused" in kinds or (behavior.refuses_past_end and window.offset >= len(self.rows) > 0):
            return "refused"
        return self._page(window, faults)

    def _page(self, window: Window, faults: list[Fault]) -> Page:
        kinds = {fault.kind for fault in faults}
        rows = self._rows(window)
        without = {self.rows[fault.position] for fault in faults if fault.kind == "short"}
        rows = [] if "empty" in kinds else [row for row in rows if row not in without]
        total = window.limit if self.behavior.totals == "limit" else self._total(rows)
        # An empty page without a total, twice or at the last try, means an empty walk: only a fault that passes at once
        # may look like one.
        for_a_moment = all(fault.times == 1 for fault in faults) and not self.behavior.fails
        may_lack_total = not self.behavior.total_on_empty and (not faults or for_a_moment)
        if not rows and faults and not may_lack_total:
            total = total or len(self.rows)
        elif "no total" in kinds or (not rows and may_lack_total):
            total = None
        if total is not None:
            self.declared.append(total)
        return page_of(map(self.key_of, rows), total, disagrees=self.behavior.totals == "mixed" and bool(rows))

    def key_of(self, row: int) -> int:
        """Return the key by which a client knows a row."""
        every = self.behavior.poison_every
        return POISON if every and row % every == 0 else row

    def _rows(self, window: Window) -> list[int]:
        behavior, count = self.behavior, len(self.rows)
        clamp = behavior.clamp if window.offset >= behavior.clamp_from else ANY
        length = max(min(window.limit, clamp), behavior.floor)
        offset = 0 if behavior.ignores_offset else window.offset
        if behavior.repeats_last and offset >= count > 0:
            offset = (count - 1) // length * length
        rows = self.rows
        if window.order in behavior.shuffled_orders:
            rows = Random(self.requests).sample(rows, count)  # noqa: S311 - an order, no secret
        return self._until_heavy(rows[offset : offset + length])

    def _until_heavy(self, rows: list[int]) -> list[int]:
        """Return the rows that fit into a page; one always does."""
        weights = list(accumulate(1 + row % 3 for row in rows))
        return rows[: max(1, sum(weight <= self.behavior.page_weight for weight in weights))]

    def _total(self, rows: list[int]) -> int | None:
        count = len(self.rows)
        return {
            "true": min(count, self.behavior.total_cap),
            "none": None,
            "length": len(rows),
            "more": count + self.behavior.extra,
            "huge": HOSTILE,
            "zero": 0,
            "mixed": count,
        }.get(self.behavior.totals)

    def _triggered(self, window: Window) -> list[Fault]:
        end = min(window.offset + window.limit, len(self.rows))
        faults = [fault for fault in self._left if window.offset <= fault.position < end and self._left[fault] != 0]
        failing = [fault for fault in faults if fault.kind in {"fails", "refused"}]
        for fault in failing or faults:
            left = self._left[fault]
            self._left[fault] = None if left is None else left - 1
        return failing or faults

    def _change_inventory(self) -> None:
        for change in self.behavior.changes:
            if not change.is_due(self.requests):
                continue
            at = min(change.position, len(self.rows))
            if change.kind == "reverse":
                self.rows.reverse()
            if change.kind == "exchange" and at + change.count < len(self.rows):
                other = at + change.count
                self.rows[at], self.rows[other] = self.rows[other], self.rows[at]
            if change.kind in {"delete", "swap"}:
                del self.rows[at : at + change.count]
            if change.kind in {"insert", "swap"} and self.keys_so_far < MAX_KEYS:
                self.rows[at:at] = range(self.keys_so_far, self.keys_so_far + change.count)
                self.keys_so_far += change.count


class Settled(NamedTuple):
    """A line of the journal: a window with its page, None for a lost one."""

    window: Window
    page: Page | None


@dataclass
class InFlight:
    window: Window
    attempt: int = 0
    refusals: int = 0
    failures: int = 0
    was_put_last: bool = False

    @property
    def tries(self) -> Tries:
        return Tries(self.attempt, self.refusals, failures=self.failures)


@dataclass
class Crawl:
    """Drives `walk` against `server`, with up to `concurrency` windows in flight; `pick(n)` of n is answered next."""

    server: Server
    walk: Walk
    concurrency: int = 1
    pick: Callable[[int], int] = lambda _: 0
    limits: RetryLimits = LIMITS
    in_flight: list[InFlight] = field(default_factory=list)
    history: list[Settled] = field(default_factory=list)
    kept: dict[int, list[Page]] = field(default_factory=dict)
    requests: int = 0

    def run(self, *, requests: int = 30_000) -> "Crawl":
        while self.walk.verdict is None:
            assert self.requests < requests, "the walk does not end"
            self.fill()
            assert self.in_flight, "nothing is in flight and no window is new"
            self.answer(self.pick(len(self.in_flight)))
        assert not self.in_flight
        return self

    def fill(self) -> None:
        while len(self.in_flight) < self.concurrency:
            window = self.walk.next_window()
            if window is None:
                return
            self.in_flight.append(InFlight(window))

    def answer(self, index: int) -> None:
        request = self.in_flight[index]
        request.attempt += 1
        self.requests += 1
        answer = self.server.answer(request.window)
        settled = self._fail(request, answer) if isinstance(answer, str) else self._take(request, answer)
        if settled:
            self.in_flight.remove(request)

    def _take(self, request: InFlight, page: Page) -> bool:
        outcome = self.walk.on_page(request.window, page, last_try=request.tries.are_last_for_page(self.limits))
        if isinstance(outcome, AskAgain):
            return False
        self._settle(request.window, outcome.page)
        return True

    def _settle(self, window: Window, page: Page) -> None:
        self.history.append(Settled(window, page))
        self.kept.setdefault(window.pass_number, []).append(page)

    def _fail(self, request: InFlight, failure: Failure) -> bool:
        failed_before = request.was_put_last or self.walk.reading.frontier.out_of_line.was_put_off(request.window)
        request.refusals += failure != "fails"
        request.failures += 1
        decision = decide(ERRORS[failure], request.tries, self.limits, 0.5, failed_before=failed_before)
        if isinstance(decision, RetryAfter):
            return False
        if failure == "refused":
            outcome = self.walk.on_refused(request.window, Refusal("HTTP 404"))
            if outcome is not None:
                assert not isinstance(outcome, AskAgain | NoList)
                self._settle(request.window, outcome.page)
                return True
        is_lost = isinstance(decision, Lose) or not self._renegotiate(request.window, failure)
        if is_lost and not (self.walk.has_first_page or request.was_put_last):  # crawl/engine/window_failures.py
            request.attempt, request.refusals, request.failures, request.was_put_last = 0, 0, 0, True
            return False
        if is_lost and not self.walk.put_off(request.window):
            self.walk.on_lost(request.window, failure)
            self.history.append(Settled(request.window, None))
        return True

    def _renegotiate(self, window: Window, failure: Failure) -> bool:
        if failure == "refused":
            return False
        return self.walk.on_shape_refused(window, "size" if failure == "size refused" else "order")

    @property
    def last_pass(self) -> list[Page]:
        return self.kept.get(self.walk.passes, [])

    @property
    def keys(self) -> set[int]:
        """All keys that the last pass kept."""
        return {key for page in self.last_pass for key in page.items.keys}


def replay(walk: Walk, history: Iterable[Settled]) -> Walk:
    """Replay a journal into a new walk, like crawl/resume.py."""
    for window, page in history:
        walk.replay(window)
        if page is None:
            walk.on_lost(window, "fails")
        else:
            walk.on_page(window, page, last_try=True, replayed=True)
    return walk


class WalkConfig(NamedTuple):
    """How a walk is configured."""

    limit: int = 10
    max_passes: int = 3
    double_read: bool = False
    orders: tuple[Order | None, ...] = (BY_NAME, BY_TIME, None)

    @property
    def rules(self) -> WalkRules:
        return WalkRules(self.max_passes, self.double_read)

    def new_walk(self) -> Walk:
        return Walk(SharedProfile(ServerProfile(self.limit, self.orders)), self.rules)


class WalkEvidence(NamedTuple):
    """Everything a walk reports when it has ended."""

    verdict: str | None
    passes: int
    totals: frozenset[int]
    distinct: int
    duplicates: int
    gaps: tuple[tuple[int, int | None, int], ...]


def evidence_of(walk: Walk) -> WalkEvidence:
    gaps = tuple((gap.offset, gap.end, gap.got) for gap in walk.gaps)
    return WalkEvidence(walk.verdict, walk.passes, frozenset(walk.totals), walk.distinct, walk.duplicates, gaps)


def missing(gaps: Iterable[Gap]) -> int | None:
    """Return the number of items missing in `gaps`, None when one of them has no known end."""
    counts = [None if gap.end is None else gap.end - gap.offset - gap.got for gap in gaps]
    return None if None in counts else sum(count for count in counts if count is not None)
