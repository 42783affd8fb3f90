"""One walk: passes over its windows until one of them proves it, or the verdict says what is missing (pure).

    pass 1 -- stands --> whole
      | not
    pass 2, 3 .. max_passes -- one stands --> repaired
      | none
    lost (windows not read) | unproven (no total) | drifted (it never stood still)

The laws, each a property of tests/walking/test_walk_laws.py:
- windows new, in flight, read and lost partition what a pass plans; each item below the total is read or lost once;
- the order of the answers does not change the verdict;
- a first page shorter than asked, twice the same, while the total says more, is a server's clamp: the pass goes on
  with that page size, as it does with that of a longer one; any other page shorter than its window is a fault of
  the server, never the end; a first page without a total must come twice;
- a walk stops at its total; a total equal to the length of the first page is tried with one window beyond it where
  the page is full, or nothing has shown yet that this service counts the walk and not the page;
- `whole` and `repaired` need, in one pass, one total on every page and as many distinct keys; with `double_read` and
  more than one page, or one that came again, two passes in a row with the same keys;
- it ends: at most max_passes passes, and none asks far ahead of what its pages bear out, whatever the total.
"""

from functools import reduce
from operator import xor
from typing import Final

from crawler.model.key_set import KeySet
from crawler.model.verdict import Verdict
from crawler.model.window import Gap, Order, Window
from crawler.swr.page import Page
from crawler.walk.passes import Answered, Pass, Retry, WalkError
from crawler.walk.server_profile import ServerProfile

# What is asked when a size is refused: the documented default of 100 is among them (FACTS 1.1).
_LIMITS: Final = (500, 200, 100, 50, 20, 10, 5, 2, 1)


class Walk:
    """The state of one walk.

    Take windows with `next_window` until it returns None; answer each with `on_page`, `on_lost` or `refuse_*`.

    `verdict` is None until the walk has ended; then the fields below hold the evidence. `totals` are all that
    were declared in any pass, in that order; the rest is of the last pass: `distinct` keys, `duplicates`
    (items read more than once), `gaps` by offset, `limit` and `order`.
    """

    def __init__(
        self, dialect: ServerProfile, *, max_passes: int, double_read: bool = False, first_page_only: bool = False
    ) -> None:
        self._dialect = dialect
        self._first_page_only = first_page_only
        self._max_passes = max_passes
        self._double_read = double_read
        self._proof: tuple[int, int, int] | None = None  # of the pass before, for `double_read`
        self._now = self._begin(1)
        self.waiting = False  # there is nothing to ask before an answer has come
        self.verdict: Verdict | None = None
        self.totals: dict[int, None] = {}
        self.distinct = 0
        self.gaps: tuple[Gap, ...] = ()
        self._windows_before = 0  # settled in earlier passes

    @property
    def passes(self) -> int:
        """The number of the pass under way, the last one when the walk has ended."""
        return self._now.number

    @property
    def total(self) -> int:
        """The largest total declared in this pass, 0 before the first page."""
        return self._now.total

    @property
    def known(self) -> bool:
        """Whether the first page of this pass has come, so that the rest can be planned."""
        return self._now.state != "first"

    @property
    def windows(self) -> int:
        """The number of windows known to be needed, in all passes so far: those settled, in flight and new."""
        return self._windows_before + self._now.windows

    @property
    def in_flight(self) -> int:
        """The number of windows asked and not answered."""
        return self._now.in_flight

    @property
    def duplicates(self) -> int:
        """The number of items of the last pass whose key another one had."""
        return self._now.items - self.distinct

    @property
    def limit(self) -> int:
        """The page size in use."""
        return self._now.limit

    @property
    def order(self) -> Order | None:
        """The order in use; None is the server's own."""
        return self._now.order

    @property
    def declared(self) -> int | None:
        """The largest total declared in any pass; 0 when there was nothing, None when that is not known."""
        nothing = None if self.distinct or self.gaps or not self.verdict else 0
        return max(self.totals, default=nothing)

    def next_window(self) -> Window | None:
        """Take the next window, in flight from now on; None when there is none to ask now."""
        window = None if self.verdict else self._now.next_window()
        self.waiting = window is None
        return window

    def replay(self, window: Window) -> None:
        """Take the window that a journal says was answered next; its answer must follow."""
        if self.verdict:
            raise WalkError(f"{window}: the walk has ended")
        self._now.replay(window)

    def on_page(self, window: Window, page: Page, *, last_try: bool) -> Answered:
        """Take a page in: keep it, skip it, or ask again. With `last_try` a short page is not asked again."""
        trusted = self._first_page_only or self._dialect.counts_walks
        answered = self._now.on_page(window, page, last_try=last_try, trusted=trusted)
        if not isinstance(answered, Retry):
            # Learned from what the journal keeps, and from nothing else: a resume must learn the same.
            self._dialect.counts_walks |= answered == "keep" and (page.total or 0) > max(window.limit, page.length)
            self._went_on()
        return answered

    def on_lost(self, window: Window, reason: str) -> None:
        """Give a window up after its last try."""
        self._now.on_lost(window, reason)
        self._went_on()

    def refuse_size(self, window: Window) -> bool:
        """Step down to a smaller page size; False when there is none left, or pages of this size were read."""
        self._now.check_in_flight(window)
        smaller = next((limit for limit in _LIMITS if limit < window.limit), None)
        if self._now.state != "first" or smaller is None:
            return False
        self._dialect.limit = min(self._dialect.limit, smaller)
        self._begin_again()
        return True

    def refuse_order(self, window: Window) -> bool:
        """Step down to the next sort column; False when there is none left, or pages in this order were read."""
        self._now.check_in_flight(window)
        left = tuple(order for order in self._dialect.orders if order != window.order)
        if self._now.state != "first" or not left:
            return False
        self._dialect.orders = left
        self._begin_again()
        return True

    def _begin_again(self) -> None:
        self._now = self._begin(self._now.number)
        self.waiting = False

    def _begin(self, number: int) -> Pass:
        return Pass(number, self._dialect.limit, self._dialect.orders[0], last=number >= self._max_passes)

    def _went_on(self) -> None:
        self.waiting = False
        if self._first_page_only and self.known:
            self._end("unproven")  # a survey asks for the total alone
        elif self._now.done:
            self._judge(self._now)

    def _judge(self, now: Pass) -> None:
        stands = now.is_consistent
        if stands and now.clamped_to is not None:  # before it stands, a short page may be any fault
            self._dialect.limit = min(self._dialect.limit, now.clamped_to)
        if self._confirms(now) and stands:
            self._end("complete")
        elif now.failed and not now.cut_short:
            self._end("partial")  # its windows were asked often enough; another pass would ask them as often again
        elif now.opened:
            self._end("unproven")  # a service that declares no total won't declare one to another pass
        elif now.number < self._max_passes:
            self.totals.update(now.totals)
            self._windows_before += now.settled
            self._now = self._begin(now.number + 1)
        elif now.gaps:
            self._end("partial")
        else:
            self._end("unproven" if now.unproven else "drifted")

    def _needs_second(self, now: Pass) -> bool:
        """Say whether this pass proves nothing alone: rows can have moved from one page to another while it read."""
        return self._double_read and (now.pages > 1 or now.repeated)

    def _confirms(self, now: Pass) -> bool:
        """Say whether this pass needs no second one, or is that second one with the same keys."""
        if not self._needs_second(now):
            return True
        before, self._proof = self._proof, None
        if now.is_consistent:
            # Not the keys themselves: two sets of a huge walk would be the largest thing in memory.
            self._proof = len(now.seen), sum(now.seen), reduce(xor, now.seen, 0)
        return self._proof is not None and before == self._proof

    def _end(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self.totals.update(self._now.totals)
        self.distinct = len(self._now.seen)
        if verdict != "complete":
            self.gaps = tuple(sorted(self._now.gaps, key=lambda gap: gap.offset))
        self._now.seen = KeySet()  # the keys are most of a run's memory
