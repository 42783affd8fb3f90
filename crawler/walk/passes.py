"""One pass of a walk: reads every window once, and says what the pages prove (pure).

    first ---- page, total declared ------> declared -- every window read or lost --------------> done
      |                                        |
      `------- page, no total --> open <-------'  (the declared total was only the length of the page)
                                   `---------- empty or repeated page, or a lost window --------> done

- first: the first window is in flight; its response decides how the pass goes on.
- declared: a total (`total_range`, see swr/page.py) says where the walk stops. Any
  number of windows may be in flight; responses come in any order.
- open: no total says where it ends. One window is in flight at a time, up to the first page that holds nothing new.

The laws:
- No decision depends on windows in flight: after a crash only the settled ones are known (crawl/resume.py).
- An event that is not possible in the state raises WalkError and changes nothing.

Source: docs/reference/swr-api.md#end-of-list, #wrong-totals, #offset-past-end (what a page and a total can prove).
"""

from typing import Literal

from crawler.model.key_set import KeySet
from crawler.model.window import Gap, Order, Window
from crawler.swr.page import Page
from crawler.walk.first_page import COMMON_PAGE_LENGTHS, FirstPage
from crawler.walk.outcome import Outcome, Retry, WalkError
from crawler.walk.read_ahead import READ_AHEAD_WINDOWS, growth_end, read_ahead_end


class Pass:
    """One reading of all windows of a walk.

    When `done`, the fields hold the evidence: `totals` in the order in which they were declared, `total` the largest
    of them (0 without one), `items` the number of items of all pages, `keys` their keys, `pages` the number of pages
    that held something new. The last pass (`is_last`) reads ahead of short pages too; an earlier one ends sooner,
    since the next pass reads everything again.
    """

    def __init__(self, number: int, limit: int, order: Order | None, *, is_last: bool) -> None:
        self.number = number
        self.is_last = is_last
        self.limit = limit
        self.order = order
        self.state: Literal["first", "declared", "open"] = "first"
        self.totals: dict[int, None] = {}
        self.total = 0
        self.keys = KeySet()
        self.items = 0
        self.pages = 0
        self.settled = 0  # the number of windows read or lost
        self.has_loss = False  # a window was lost
        self.total_missing = False  # a page with items declared no total
        self.open_ended = False  # no total says where to stop: read on to the first page that holds nothing new
        self.item_repeated = False  # the only item of the first page came again beyond a doubtful total
        self.is_doubtful = False  # a page that was read may belong to another request
        self.clamped_to: int | None = None  # the server's page size, when it is smaller than requested
        self._gaps: list[Gap] = []
        self._totals_disagree = False  # one page declared several totals
        self._in_flight: dict[int, Window] = {}
        self._replayed: set[int] = set()  # offsets beyond `_next_offset` that a resume has taken
        self._next_offset = 0  # windows from here on are new
        self._end_offset = 1  # up to here; one window at a time until a total is known
        self._full_pages = 0
        self._probe_offset: int | None = None  # of the window beyond a doubtful total
        self._first_page = FirstPage()
        self._probing_second_item = False  # only the second item is requested, for its total

    # ---- which window is next

    def next_window(self) -> Window | None:
        """Take the next window: it was new and is in flight from now on. None when none may be requested now."""
        if not self._has_new():
            return None
        return self._issue(Window(self.number, self._next_offset, self.limit, self.order))

    def replay(self, window: Window) -> None:
        """Take the window that a journal names next, in any order; its `on_page` or `on_lost` must follow."""
        if not self._is_new(window):
            raise WalkError(f"{window} is not new in {self.state}")
        if self.state == "first":
            self.limit, self.order = window.limit, window.order
        if window.offset == self._next_offset:
            self._issue(window)
        else:
            self._replayed.add(window.offset)
            self._in_flight[window.offset] = window

    def _is_new(self, window: Window) -> bool:
        if self.state == "first":  # the first page's window decides limit and order
            fits = window.limit > 0
        else:
            fits = (window.limit, window.order) == (self.limit, self.order) and window.offset % self.limit == 0
        new = self._next_offset <= window.offset < self._horizon and window.offset not in self._replayed
        return window.pass_number == self.number and fits and new

    def _has_new(self) -> bool:
        while self._next_offset in self._replayed:
            self._replayed.discard(self._next_offset)
            self._next_offset += self.limit
        return self._next_offset < self._horizon

    @property
    def _horizon(self) -> int:
        """The offset up to which windows may be requested now."""
        if self.state != "declared" or self._end_offset <= self.limit * READ_AHEAD_WINDOWS:
            return self._end_offset
        keys = len(self.keys) if self.is_last else min(len(self.keys), self._full_pages * self.limit)
        return min(self._end_offset, read_ahead_end(self.limit, keys, self._first_total))

    @property
    def _first_total(self) -> int:
        return next(iter(self.totals), 0)

    def _issue(self, window: Window) -> Window:
        self._next_offset = window.offset + window.limit
        self._in_flight[window.offset] = window
        return window

    # ---- what happened to a window

    def on_page(self, window: Window, page: Page, *, last_try: bool, totals_trusted: bool) -> Outcome:
        """Take a page, and say whether it counts; with `last_try` also one that is too short: it leaves a gap.

        `totals_trusted` when this service is known to declare the total of the walk and not the length of the page.
        """
        self.check_in_flight(window)
        if self.state == "first":
            outcome = self._on_first(window, page, last_try=last_try, totals_trusted=totals_trusted)
        elif self.state == "open":
            outcome = self._on_open_ended(page)
        elif self._probing_second_item:
            outcome = self._on_second_item(page)
        elif window.offset == self._probe_offset:
            outcome = self._on_probe(window, page, last_try=last_try, totals_trusted=totals_trusted)
        else:
            outcome = self._on_declared(window, page, last_try=last_try)
        if not isinstance(outcome, Retry):
            del self._in_flight[window.offset]
            self.settled += 1
        return outcome

    def on_lost(self, window: Window, reason: str) -> None:
        """Record a window as lost: no try got a usable response."""
        self.check_in_flight(window)
        del self._in_flight[window.offset]
        self.settled += 1
        self.has_loss = True
        self._leave_second_item()
        end: int | None = None
        if self.state != "declared":  # no total, so no window beyond it is known
            self.state, self._end_offset = "declared", self._next_offset
        elif window.offset != self._probe_offset:  # how much lies beyond a doubtful total is unknown
            end = max(window.offset, min(window.offset + window.limit, self.total))
        self._gaps.append(Gap(window.offset, end, 0, reason))

    def on_doubt(self, window: Window) -> None:
        """Take back a window that was read; nobody knows which of its items are missing."""
        self.is_doubtful = True
        self._gaps.append(Gap(window.offset, None, 0, "the page may belong to another request"))

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
        """Whether the declared total has windows that are too far ahead to be requested."""
        return self._horizon < self._end_offset

    @property
    def windows(self) -> int:
        """The number of windows that are new, in flight, read or lost; at least 1."""
        new = -(-max(0, self._horizon - self._next_offset) // self.limit) - len(self._replayed)
        return max(1, new + len(self._in_flight) + self.settled)

    @property
    def gaps(self) -> list[Gap]:
        """What could not be read, in any order."""
        if not self.cut_short:
            return self._gaps
        grown = self._horizon == growth_end(self.limit, self._first_total)
        reason = "rows were added as fast as they were read" if grown else "too few pages held something new"
        return [*self._gaps, Gap(self._horizon, self._end_offset, 0, f"not requested: {reason}")]

    @property
    def is_consistent(self) -> bool:
        """Whether this pass alone proves the walk: one total on all pages, and that many distinct keys."""
        flawed = self.gaps or self.total_missing or self._totals_disagree
        return not flawed and len(self.totals) <= 1 and len(self.keys) == self.total

    # ---- what a page proves, by state

    def _on_first(self, window: Window, page: Page, *, last_try: bool, totals_trusted: bool) -> Outcome:
        retry = self._first_page.retry(window, page, last_try=last_try, totals_trusted=totals_trusted)
        if retry is not None:
            return retry
        if page.total is None:
            return self._on_first_without_total(page)
        if page.length < min(window.limit, page.total):
            if page.length:
                # Whatever the length before: a resume sees the last response only.
                self.limit = self.clamped_to = page.length
            else:
                self._gaps.append(Gap(0, page.total, 0, "the first page stayed empty"))
        self.state = "declared"
        self._count(page)
        if not page.length:  # the walk is empty, or the page says nothing about it
            return "keep"
        self.limit = max(self.limit, page.length)  # a server that sends more than requested
        self._next_offset, self._end_offset = self.limit, self.total
        full = page.length >= window.limit or page.length in COMMON_PAGE_LENGTHS
        if page.length == page.total and (full or not totals_trusted):
            self.limit = self._next_offset = self._probe_offset = page.length
            self._end_offset = page.length + 1
        return "keep"

    def _on_first_without_total(self, page: Page) -> Outcome:
        if not page.length:
            self.state = "declared"
            return "keep"
        self.state, self.open_ended = "open", True
        self.limit = self._next_offset = page.length
        self._end_offset = self._next_offset + 1
        self._count(page)
        return "keep"

    def _on_open_ended(self, page: Page) -> Outcome:
        if self.keys.issuperset(page.items.keys):  # empty or repeated: the end of the list
            self.state, self._end_offset = "declared", self._next_offset
            return "skip"
        self._end_offset = self._next_offset + 1
        self._count(page)
        return "keep"

    def _on_declared(self, window: Window, page: Page, *, last_try: bool) -> Outcome:
        total = min(self.totals) if page.total is None else page.total
        expected = max(0, min(window.limit, total - window.offset))
        short = page.length < expected
        if short:
            if not last_try:
                return Retry(f"{page.length} of {expected} items")
            self._gaps.append(Gap(window.offset, window.offset + expected, page.length, "the page stayed short"))
        self._count(page, short=short)
        self._end_offset = max(self._end_offset, self.total)  # rows were added: so are windows
        return "keep"

    def _on_probe(self, window: Window, page: Page, *, last_try: bool, totals_trusted: bool) -> Outcome:
        """Take the window beyond a total that may be only the length of the first page."""
        if page.total not in {None, window.offset, page.length}:  # the total has changed: it is no page length
            return self._on_declared(window, page, last_try=last_try)
        if self.keys.issuperset(page.items.keys):  # empty or repeated
            if not page.length or totals_trusted:
                return "skip"
            if page.length == 1:  # the only item again, or the first of many that has just moved
                self.item_repeated = True
                self._count(page)
                return "keep"
            # The last page again, or the first of many pages of a service that ignores the offset.
            self._probing_second_item = True
            self.limit, self._next_offset, self._end_offset = 1, 1, 2
            self._count(page)
            return "keep"
        self.state, self.open_ended = "open", True
        self._end_offset = self._next_offset + 1
        self._count(page)
        return "keep"

    def _on_second_item(self, page: Page) -> Outcome:
        """Take the second item alone: a total above 1 on a page of 1 counts the walk and not the page."""
        self._leave_second_item()
        self.total_missing = self.open_ended = (page.total or 0) <= page.length
        self._count(page)
        return "keep"

    def _leave_second_item(self) -> None:
        if self._probing_second_item and self._probe_offset is not None:
            self._probing_second_item, self.limit = False, self._probe_offset

    def _count(self, page: Page, *, short: bool = False) -> None:
        new = self.keys.update(page.items.keys)
        self._full_pages += not short
        self.pages += new > 0
        self.items += page.length
        self._totals_disagree |= page.disagrees
        if page.total is not None:
            self.totals[page.total] = None
            self.total = max(self.total, page.total)
        elif page.length:
            self.total_missing = True
