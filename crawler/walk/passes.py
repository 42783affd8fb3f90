"""One pass of a walk: every window asked once, and what the answers say (pure).

    first ---- page, total declared ------> declared -- all windows read or lost ---------------> done
      |                                        |
      `------- page, no total --> open <-------'  (a total that was only the page's length)
                                   `---------- empty or repeated page, or a lost one -----------> done

In *first* and *open* one window is in flight at a time; in *declared* all of them may be, in any order.
What is in flight is known to nobody after a crash, so nothing that is decided here may depend on it.
An event that is not possible in the state raises WalkError and changes nothing.
"""

from typing import Final, Literal, NamedTuple

from crawler.model.key_set import KeySet
from crawler.model.window import Gap, Order, Window
from crawler.swr.page import Page

# Page sizes that servers are commonly capped at. A total that equals one of them exactly, with a page of that
# length, may be the page's length and not the walk's; so may one that equals the length asked for.
_CUSTOMARY_LENGTHS: Final = frozenset({10, 20, 25, 50, 100, 200, 250, 500, 1000})

# A total may be any number, so windows are asked only this far ahead of what the pages bear out: this many, and
# two for each that was filled. A function of the set of what is settled, so neither order nor a resume matters.
# And no further than twice the total that was declared first, where that is beyond so many windows.
_AHEAD: Final = 16


class WalkError(Exception):
    """An event that is not possible in this state: a fault of the caller, not of the service."""


class Retry(NamedTuple):
    """The window stays in flight and must be asked again, `at_once` or after a backoff."""

    reason: str
    at_once: bool = False


Answered = Retry | Literal["keep", "skip"]  # keep: the page counts; skip: it is done, but holds nothing new


class Pass:
    """One reading of a walk's windows.

    When `done`, the fields say what was seen: `totals` in the order they were declared, `total` the largest of
    them (0 without), `items` counts those of all pages, `seen` holds their keys, `pages` counts the pages that
    held something new. In the `last` pass short pages bear out a total too; before it the next one had better begin.
    """

    def __init__(self, number: int, limit: int, order: Order | None, *, last: bool) -> None:
        self.number = number
        self.last = last
        self.limit = limit
        self.order = order
        self.state: Literal["first", "declared", "open"] = "first"
        self.totals: dict[int, None] = {}
        self.total = 0
        self.seen = KeySet()
        self.items = 0
        self.pages = 0
        self.settled = 0  # windows read or lost
        self.failed = False  # a window got no answer that counts
        self.unproven = False  # a page with items declared no total
        self.opened = False  # no total to stop at: read on to the first empty page
        self.repeated = False  # the one item of the first page came again beyond a doubtful total
        self.clamped_to: int | None = None  # the server's page size, where it proved smaller than asked
        self._gaps: list[Gap] = []
        self._disagreed = False  # one page declared several totals
        self._in_flight: dict[int, Window] = {}
        self._claimed: set[int] = set()  # offsets taken out of turn, by a resume
        self._next = 0  # windows are new from here
        self._end = 1  # up to here: until a total is known, one window at a time
        self._full_pages = 0
        self._probe_at: int | None = None  # where the window beyond a doubtful total lies
        self._short_length = -1  # of a first page shorter than asked
        self._came_without_total = False
        self._came_empty = False
        self._probing_second_item = False  # the second item alone is asked how many there are

    # ---- what to ask

    def next_window(self) -> Window | None:
        """Take the next window: new until now, in flight from now on. None when there is none to ask now."""
        if not self._has_new():
            return None
        return self._issue(Window(self.number, self._next, self.limit, self.order))

    def replay(self, window: Window) -> None:
        """Take one window out of turn, as the run did that is resumed: its answer must follow."""
        if not self._is_new(window):
            raise WalkError(f"{window} is not new in {self.state}")
        if self.state == "first":
            self.limit, self.order = window.limit, window.order
        if window.offset == self._next:
            self._issue(window)
        else:
            self._claimed.add(window.offset)
            self._in_flight[window.offset] = window

    def _is_new(self, window: Window) -> bool:
        if self.state == "first":  # the first page's window decides limit and order
            fits = window.limit > 0
        else:
            fits = (window.limit, window.order) == (self.limit, self.order) and window.offset % self.limit == 0
        new = self._next <= window.offset < self._horizon and window.offset not in self._claimed
        return window.pass_number == self.number and fits and new

    def _has_new(self) -> bool:
        while self._next in self._claimed:
            self._claimed.discard(self._next)
            self._next += self.limit
        return self._next < self._horizon

    @property
    def _horizon(self) -> int:
        if self.state != "declared" or self._end <= self.limit * _AHEAD:  # neither bound below is smaller
            return self._end
        keys = len(self.seen) if self.last else min(len(self.seen), self._full_pages * self.limit)
        return min(self._end, self.limit * (_AHEAD + -(-2 * keys // self.limit)), self._growth_end)

    @property
    def _growth_end(self) -> int:
        """Where a pass ends whose total grows: it proves nothing any more, and rows may come as fast as it reads."""
        planned = next(iter(self.totals), 0)
        return max(self.limit * _AHEAD, 2 * planned)

    def _issue(self, window: Window) -> Window:
        self._next = window.offset + window.limit
        self._in_flight[window.offset] = window
        return window

    # ---- what came back

    def on_page(self, window: Window, page: Page, *, last_try: bool, trusted: bool) -> Answered:
        """Take a page in; with `last_try` also one that is too short, its gap noted.

        `trusted` when the service is known to count the walk, where a total may be the page's length as well.
        """
        self.check_in_flight(window)
        if self.state == "first":
            answered = self._on_first(window, page, last_try=last_try, trusted=trusted)
        elif self.state == "open":
            answered = self._on_open(page)
        elif self._probing_second_item:
            answered = self._on_second_item(page)
        elif window.offset == self._probe_at:
            answered = self._on_probe(window, page, last_try=last_try, trusted=trusted)
        else:
            answered = self._on_declared(window, page, last_try=last_try)
        if not isinstance(answered, Retry):
            del self._in_flight[window.offset]
            self.settled += 1
        return answered

    def on_lost(self, window: Window, reason: str) -> None:
        """Give a window up: it got no answer that counts, however often it was asked."""
        self.check_in_flight(window)
        del self._in_flight[window.offset]
        self.settled += 1
        self.failed = True
        self._end_of_second_item()
        end: int | None = None
        if self.state != "declared":  # nothing beyond it can be planned
            self.state, self._end = "declared", self._next
        elif window.offset != self._probe_at:  # a doubtful total can't say what the window beyond it holds
            end = max(window.offset, min(window.offset + window.limit, self.total))
        self._gaps.append(Gap(window.offset, end, 0, reason))

    def check_in_flight(self, window: Window) -> None:
        """Raise WalkError unless `window` is in flight."""
        if self._in_flight.get(window.offset) != window:
            raise WalkError(f"{window} is not in flight")

    @property
    def in_flight(self) -> int:
        """The number of windows in flight."""
        return len(self._in_flight)

    @property
    def done(self) -> bool:
        """Whether every window of the pass is read or lost."""
        return self.state == "declared" and not self._in_flight and not self._has_new()

    @property
    def cut_short(self) -> bool:
        """Whether windows are planned that are too far ahead to be asked."""
        return self._horizon < self._end

    @property
    def windows(self) -> int:
        """The number of windows new, in flight, read and lost: at least the first one."""
        new = -(-max(0, self._horizon - self._next) // self.limit) - len(self._claimed)
        return max(1, new + len(self._in_flight) + self.settled)

    @property
    def gaps(self) -> list[Gap]:
        """What could not be read, in any order."""
        if not self.cut_short:
            return self._gaps
        grown = self._horizon == self._growth_end
        reason = "rows came as fast as they were read" if grown else "too few pages held something new"
        return [*self._gaps, Gap(self._horizon, self._end, 0, f"not asked: {reason}")]

    @property
    def is_consistent(self) -> bool:
        """Whether this pass alone proves the walk: one total on every page, and as many distinct keys."""
        flawed = self.gaps or self.unproven or self._disagreed
        return not flawed and len(self.totals) <= 1 and len(self.seen) == self.total

    # ---- how a page is taken in, by state

    def _on_first(self, window: Window, page: Page, *, last_try: bool, trusted: bool) -> Answered:
        if page.total is None:
            return self._open(page, last_try=last_try)
        if not (page.total or trusted or last_try or self._came_empty):
            self._came_empty = True
            return Retry("the first page is empty", at_once=True)
        if page.length < min(window.limit, page.total):
            again = self._short_first(window, page, page.total, last_try=last_try)
            if again is not None:
                return again
        self.state = "declared"
        self._note(page)
        if not page.length:  # there is nothing, or nothing to plan from
            return "keep"
        self.limit = max(self.limit, page.length)  # a server that sends more than asked has its own page size
        self._next, self._end = self.limit, self.total
        full = page.length >= window.limit or page.length in _CUSTOMARY_LENGTHS
        if page.length == page.total and (full or not trusted):
            self.limit = self._next = self._probe_at = page.length
            self._end = page.length + 1
        return "keep"

    def _short_first(self, window: Window, page: Page, total: int, *, last_try: bool) -> Retry | None:
        """Tell a clamp (the same short length twice) from a page that is short by a fault."""
        same, first_time = page.length == self._short_length, self._short_length < 0
        self._short_length = page.length
        expected = min(window.limit, total)
        if not last_try and not (same and page.length):
            reason = f"the first page holds {page.length} of {expected} items"
            return Retry(reason, at_once=first_time and page.length > 0)
        if page.length:
            self.limit = page.length
            self.clamped_to = page.length  # a resume sees one answer where two were given: it must come to the same
        else:
            self._gaps.append(Gap(0, total, 0, "the first page stayed empty"))
        return None

    def _open(self, page: Page, *, last_try: bool) -> Answered:
        # An empty walk looks so, and a service without totals, and any other for a moment: it must come twice.
        came_before, self._came_without_total = self._came_without_total, True
        if not (came_before or last_try):
            return Retry("the first page declares no total", at_once=True)
        if not page.length:
            self.state = "declared"
            return "keep"
        self.state = "open"
        self.opened = True
        self.limit = self._next = page.length
        self._end = self._next + 1
        self._note(page)
        return "keep"

    def _on_open(self, page: Page) -> Answered:
        if self.seen.issuperset(page.items.keys):  # empty, or a page that was there before: either is the end
            self.state, self._end = "declared", self._next
            return "skip"
        self._end = self._next + 1
        self._note(page)
        return "keep"

    def _on_declared(self, window: Window, page: Page, *, last_try: bool) -> Answered:
        total = min(self.totals) if page.total is None else page.total
        expected = max(0, min(window.limit, total - window.offset))
        short = page.length < expected
        if short:
            if not last_try:
                return Retry(f"{page.length} of {expected} items")
            self._gaps.append(Gap(window.offset, window.offset + expected, page.length, "the page stayed short"))
        self._note(page, short=short)
        self._end = max(self._end, self.total)  # rows have come: the plan grows with the total
        return "keep"

    def _on_probe(self, window: Window, page: Page, *, last_try: bool, trusted: bool) -> Answered:
        """Take in the window beyond a total that may be only the first page's length."""
        if page.total not in {None, window.offset, page.length}:  # rows have come or gone
            return self._on_declared(window, page, last_try=last_try)
        if self.seen.issuperset(page.items.keys):  # empty, or a page that was there before
            if not page.length or trusted:
                return "skip"
            if page.length == 1:  # the only one once more, or the first of many that has just moved
                self.repeated = True
                self._note(page)
                return "keep"
            # The last one once more, or the first of many by a service that ignores the offset.
            self._probing_second_item = True
            self.limit, self._next, self._end = 1, 1, 2
            self._note(page)
            return "keep"
        self.state = "open"
        self.opened = True
        self._end = self._next + 1
        self._note(page)
        return "keep"

    def _on_second_item(self, page: Page) -> Answered:
        """Take in the second item: a total above one, declared by a page of one, counts the walk and not the page."""
        self._end_of_second_item()
        self.unproven = self.opened = (page.total or 0) <= page.length
        self._note(page)
        return "keep"

    def _end_of_second_item(self) -> None:
        if self._probing_second_item and self._probe_at is not None:
            self._probing_second_item, self.limit = False, self._probe_at

    def _note(self, page: Page, *, short: bool = False) -> None:
        new = self.seen.update(page.items.keys)
        self._full_pages += not short
        self.pages += new > 0
        self.items += page.length
        self._disagreed |= page.disagrees
        if page.total is not None:
            self.totals[page.total] = None
            self.total = max(self.total, page.total)
        elif page.length:
            self.unproven = True
