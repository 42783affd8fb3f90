"""One walk: passes over its windows until one of them proves the list, or the verdict says what is missing (pure).

    pass 1 -- consistent --> complete
      | not consistent
    pass 2, 3 .. max_passes -- consistent --> complete
      | none was consistent
      |-- some windows could not be read ----> partial
      |-- no total, or one that only counts the page --> unproven
      `-- every window was read, but the list changed in every pass --> drifted

A pass is consistent when all its pages declare one total and it has read that many distinct keys.

The laws; each is a property in tests/walk/test_walk_laws.py:
- A walk is `complete` only after a consistent pass. With `double_read` it takes two in a row with the same keys, unless
  one page holds the whole list.
- The windows of a pass are new, in flight, read or lost: each is exactly one of these. Every item below the total is
  read or in a gap.
- The order of the responses does not change the verdict.
- A first page shorter than requested is a cap of the server when it has that length twice and the total says more: the
  pass continues with this page size. It continues with the page size of a longer first page, too. Any other page
  shorter than its window is a mistake of the server, never the end. A first page without a total must come twice.
- A walk stops at its total. When the total equals the length of the first page, one window beyond it is tried: if the
  page is full, or if this service was never seen to declare the total of a walk.
- A walk ends: after max_passes passes at most, and no pass reads far ahead of what its pages prove (read_ahead.py).

Source: docs/reference/swr-api.md#end-of-list, #wrong-totals, #moving-data, #offset-paging.
"""

from functools import reduce
from operator import xor
from typing import Final

from crawler.model.key_set import KeySet
from crawler.model.verdict import Verdict
from crawler.model.window import Gap, Order, Window
from crawler.swr.page import Page
from crawler.walk.outcome import Outcome, Retry, WalkError
from crawler.walk.passes import Pass
from crawler.walk.server_profile import ServerProfile

# The page sizes to try, one after the other, when a size is refused; the documented default of 100 is among them
# (swr-api.md#default-limit).
_LIMITS: Final = (500, 200, 100, 50, 20, 10, 5, 2, 1)


class Walk:
    """The state of one walk.

    Take windows with `next_window` until it returns None. Report what happened to each: `on_page`, `on_lost`,
    `on_size_refused` or `on_order_refused`.

    `verdict` is None until the walk has ended; then the other fields hold the evidence. `totals` are all that were
    declared in any pass, in that order. The rest is of the last pass: `distinct` keys, `duplicates` (items whose key
    was read before), `gaps` by offset, `limit` in items and `order`.
    """

    def __init__(
        self, profile: ServerProfile, *, max_passes: int, double_read: bool = False, first_page_only: bool = False
    ) -> None:
        self._profile = profile
        self._max_passes = max_passes
        self._double_read = double_read
        self._first_page_only = first_page_only
        self._fingerprint: tuple[int, int, int] | None = None  # of the keys of the pass before, for `double_read`
        self._windows_before = 0  # settled in earlier passes
        self._pass = self._new_pass(1)
        self.waiting = False  # no window can be requested before a response has come
        self.verdict: Verdict | None = None
        self.totals: dict[int, None] = {}
        self.distinct = 0
        self.gaps: tuple[Gap, ...] = ()

    @property
    def passes(self) -> int:
        """The number of the present pass, from 1; of the last one when the walk has ended."""
        return self._pass.number

    @property
    def total(self) -> int:
        """The largest total declared in this pass, 0 before the first page."""
        return self._pass.total

    @property
    def has_first_page(self) -> bool:
        """Whether the first page of this pass was read, so that the other windows are known."""
        return self._pass.state != "first"

    @property
    def windows(self) -> int:
        """The number of windows known to be needed, in all passes so far: new, in flight and settled."""
        return self._windows_before + self._pass.windows

    @property
    def in_flight(self) -> int:
        """The number of windows taken and not settled."""
        return self._pass.in_flight

    @property
    def duplicates(self) -> int:
        """The number of items of the last pass whose key was read before."""
        return self._pass.items - self.distinct

    @property
    def limit(self) -> int:
        """The page size in use, in items."""
        return self._pass.limit

    @property
    def order(self) -> Order | None:
        """The sort order in use; None is the server's own."""
        return self._pass.order

    @property
    def declared(self) -> int | None:
        """The largest total declared in any pass; 0 for an empty walk, None when no total is known."""
        without_total = None if self.distinct or self.gaps or not self.verdict else 0
        return max(self.totals, default=without_total)

    def next_window(self) -> Window | None:
        """Take the next window, in flight from now on; None when none can be requested now."""
        window = None if self.verdict else self._pass.next_window()
        self.waiting = window is None
        return window

    def replay(self, window: Window) -> None:
        """Take the window that a journal names next; its `on_page` or `on_lost` must follow."""
        if self.verdict:
            raise WalkError(f"{window}: the walk has ended")
        self._pass.replay(window)

    def on_page(self, window: Window, page: Page, *, last_try: bool) -> Outcome:
        """Take a page, and say what becomes of it: keep, skip, or Retry. With `last_try` a short page is kept."""
        trusted = self._first_page_only or self._profile.totals_trusted
        outcome = self._pass.on_page(window, page, last_try=last_try, totals_trusted=trusted)
        if not isinstance(outcome, Retry):
            # Learned from what the journal keeps and from nothing else: a resume must learn the same.
            explained = max(window.limit, page.length)
            self._profile.totals_trusted |= outcome == "keep" and (page.total or 0) > explained
            self._on_settled()
        return outcome

    def on_lost(self, window: Window, reason: str) -> None:
        """Record a window as lost after its last try; the gap carries `reason`."""
        self._pass.on_lost(window, reason)
        self._on_settled()

    def on_doubt(self, window: Window) -> None:
        """Take back a window that was read: its page may belong to another request.

        The pass that it is in proves nothing any more. A walk that has ended goes on with another pass; after the last
        one it is `partial`, with the window as a gap. Raises WalkError for a window of a later pass.
        """
        if window.pass_number > self.passes:
            raise WalkError(f"{window} was never read")
        in_last_pass = window.pass_number == self.passes
        if in_last_pass:
            self._pass.on_doubt(window)
        elif not self._double_read or window.pass_number < self.passes - 1:
            return  # nothing rests on that pass
        if in_last_pass or self.verdict is None:
            self._fingerprint = None
        if self.verdict is not None:
            self._take_back_verdict()

    def _take_back_verdict(self) -> None:
        if self._pass.is_doubtful:
            for total in self._pass.totals:
                self.totals.pop(total, None)
        if self.passes < self._max_passes:
            self.verdict = None
            self._start_next_pass(self._pass)
        else:
            self.verdict = "partial" if self._pass.gaps else "drifted"
            self.gaps = tuple(sorted(self._pass.gaps, key=lambda gap: gap.offset))

    def on_size_refused(self, window: Window) -> bool:
        """Step down to a smaller page size; return False when there is none, or the first page was read."""
        self._pass.check_in_flight(window)
        smaller = next((limit for limit in _LIMITS if limit < window.limit), None)
        if self._pass.state != "first" or smaller is None:
            return False
        self._profile.limit = min(self._profile.limit, smaller)
        self._restart_pass()
        return True

    def on_order_refused(self, window: Window) -> bool:
        """Step down to the next sort column; return False when there is none, or the first page was read."""
        self._pass.check_in_flight(window)
        left = tuple(order for order in self._profile.orders if order != window.order)
        if self._pass.state != "first" or not left:
            return False
        self._profile.orders = left
        self._restart_pass()
        return True

    def _restart_pass(self) -> None:
        self._pass = self._new_pass(self._pass.number)
        self.waiting = False

    def _new_pass(self, number: int) -> Pass:
        return Pass(number, self._profile.limit, self._profile.orders[0], is_last=number >= self._max_passes)

    def _on_settled(self) -> None:
        self.waiting = False
        if self._first_page_only and self.has_first_page:
            self._finish("unproven")  # an estimate needs the total alone
        elif self._pass.done:
            self._decide(self._pass)

    def _decide(self, done: Pass) -> None:
        """Set the verdict of the walk, or start the next pass."""
        consistent = done.is_consistent
        if consistent and done.clamped_to is not None:  # in any other pass a short page may be a mistake
            self._profile.limit = min(self._profile.limit, done.clamped_to)
        if self._is_confirmed(done) and consistent:
            self._finish("complete")
        elif done.has_loss and not done.cut_short:
            self._finish("partial")  # its windows had all their tries; another pass would only repeat them
        elif done.open_ended and not done.is_doubtful:
            self._finish("unproven")  # a service without totals declares none in another pass either
        elif done.number < self._max_passes:
            self._add_totals(done)
            self._start_next_pass(done)
        elif done.gaps:
            self._finish("partial")
        else:
            self._finish("unproven" if done.total_missing else "drifted")

    def _add_totals(self, done: Pass) -> None:
        if not done.is_doubtful:  # a total may be another walk's
            self.totals.update(done.totals)

    def _start_next_pass(self, done: Pass) -> None:
        self._windows_before += done.settled
        self._pass = self._new_pass(done.number + 1)
        self.waiting = False

    def _is_confirmed(self, done: Pass) -> bool:
        """Return whether this pass needs no second reading, or is the second one with the same keys."""
        # One page is one state of the list; several may be of different ones, with rows moved between them.
        if not (self._double_read and (done.pages > 1 or done.item_repeated)):
            return True
        before, self._fingerprint = self._fingerprint, None
        if done.is_consistent:
            # Not the keys themselves: two sets of a huge walk would be the largest thing in memory.
            self._fingerprint = len(done.keys), sum(done.keys), reduce(xor, done.keys, 0)
        return self._fingerprint is not None and before == self._fingerprint

    def _finish(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self._add_totals(self._pass)
        self.distinct = len(self._pass.keys)
        if verdict != "complete":
            self.gaps = tuple(sorted(self._pass.gaps, key=lambda gap: gap.offset))
        self._pass.keys = KeySet()  # keys are most of a run's memory
