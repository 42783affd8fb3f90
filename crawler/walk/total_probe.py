"""Asks how many items a list holds, with a few small requests: for an estimate, and for the census of a center (pure).

    first  a page of two: a total above its length counts the list ------------------------------> tail
      |-- two items, total 2: the total may be the length of the page --> one
      '-- fewer: the same page once more, some time apart --> done
    one    a page of one: a total above 1 counts the list; else no total is known --> done
    tail   a window that begins below the total and ends beyond it --> done: rows beyond the total make it a lower bound
           Where that is too large a page: the last row and one more

Source: docs/reference/swr-api.md#wrong-totals, #total-range-missing, #end-of-list.
"""

from typing import Final, Literal, NamedTuple

from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.passes.outcome import AskAgain, Outcome, Refusal, Settled, WalkError
from crawler.walk.server_profile import Refused, SharedProfile, SmallerPages, lesson_of

_FIRST_LIMIT: Final = 2
_TAIL_LIMITS: Final = (2, 3, 5, 7, 11, 13, 17, 19, 23)  # their product is larger than any inventory


class ListTotal(NamedTuple):
    """The number of items that a list declares, None when it declares none; and what was seen at its end.

    *seen*: as many rows as declared, and no more. *beyond*: there are more rows than declared. *unseen*: neither.
    """

    total: int | None
    end: Literal["seen", "beyond", "unseen"] = "unseen"


class TotalProbe:
    """One question for the total of a list, driven like a Walk; `result` is None until it is answered."""

    def __init__(self, profile: SharedProfile) -> None:
        self._profile = profile
        self._step: Literal["first", "one", "tail"] = "first"
        self._total = 0
        self._looks: list[int] = []  # what answers to the first window claimed
        self._window = Window(1, 0, _FIRST_LIMIT, profile.present.orders[0])
        self._in_flight = False
        self.result: ListTotal | None = None
        self.waiting = False

    def next_window(self) -> Window | None:
        """Take the next window; None when a response must come first, or the total is known."""
        if self._in_flight or self.result is not None:
            self.waiting = True
            return None
        self._in_flight = True
        return self._window

    def replay(self, window: Window) -> None:
        """Take the window that a journal names next. Raises WalkError when it is not the next one."""
        is_next = window[:2] == self._window[:2] or (
            self._step == "tail" and window[:2] == _last_row(self._window, self._total)[:2]
        )
        if self._in_flight or self.result is not None or not is_next:
            raise WalkError(f"{window} is not new")
        self._window = window
        self._in_flight = True

    def on_page(self, window: Window, page: Page, *, last_try: bool, replayed: bool = False) -> Outcome:
        """Take a page, and say what becomes of it."""
        self._check(window)
        take = {"first": self._on_first, "one": self._on_one, "tail": self._on_tail}[self._step]
        retry = take(page, last=last_try or replayed, replayed=replayed)
        if retry is not None:
            return retry
        self._in_flight = self.waiting = False
        contradicted = self._step == "first" and self.result is not None and self.result.end == "unseen"
        return Settled(page._replace(doubtful=True) if contradicted else page)

    def on_lost(self, window: Window, reason: str) -> None:  # noqa: ARG002 - as Walk has it
        """Take a window as lost: what was declared stays a claim."""
        self._check(window)
        self._in_flight = self.waiting = False
        self.result = ListTotal(self._total or None)

    def on_refused(self, window: Window, refusal: Refusal) -> None:  # noqa: ARG002 - as Walk has it
        """Take a refusal: it says nothing of a window that begins below the total."""
        self._check(window)

    def on_shape_refused(self, window: Window, refused: Refused) -> bool:
        """Step down to a smaller page or another order; return False when none is left."""
        self._check(window)
        other = _first_window(self._profile, window, refused) if self._step == "first" else None
        if self._step == "tail" and refused == "size" and window.limit > _FIRST_LIMIT:
            other = _last_row(window, self._total)
        if other is None:
            return False
        self._window, self._in_flight, self.waiting = other, False, False
        return True

    # ---- the steps

    def _on_first(self, page: Page, *, last: bool, replayed: bool) -> AskAgain | None:
        length, total = page.length, page.total
        if total is not None and total > length:
            self._ask_tail(total)
            return None
        if total is None and length:
            if not (last or self._looks):
                self._looks.append(length)
                return AskAgain("the page declares no total", "none")
            self.result = ListTotal(None)
            return None
        if length >= self._window.limit:
            self._ask_one()
            return None
        claim = max(length, total or 0)
        agrees = replayed or claim == max(self._looks, default=-1)  # an earlier answer that said more outweighs it
        if agrees or (last and self._looks):
            self.result = ListTotal(max([claim, *self._looks]), "seen" if agrees and not page.doubtful else "unseen")
            return None
        self._looks.append(claim)
        return AskAgain(f"the list declares {claim} records", "apart")

    def _ask_one(self) -> None:
        if self._window.limit == 1:
            self.result = ListTotal(None)  # the total of a full page may be the length of the page
        self._step, self._window = "one", self._window._replace(limit=1)

    def _on_one(self, page: Page, *, last: bool, replayed: bool) -> AskAgain | None:  # noqa: ARG002
        if page.total is not None and page.total > page.length:
            self._ask_tail(page.total)
            return None
        if not (page.length or last):
            return AskAgain("0 of 1 items")
        self.result = ListTotal(None)
        return None

    def _ask_tail(self, total: int) -> None:
        self._total, self._step = total, "tail"
        limit = next((size for size in _TAIL_LIMITS if total % size), None)
        if limit is None:
            self.result = ListTotal(total)
        else:
            self._window = self._window._replace(offset=total // limit * limit, limit=limit)

    def _on_tail(self, page: Page, *, last: bool, replayed: bool) -> AskAgain | None:  # noqa: ARG002
        total = max(self._total, page.total or 0)
        expected = min(total - self._window.offset, self._window.limit)
        if page.length < expected and not last:
            return AskAgain(f"{page.length} of the last {expected} items")
        self.result = ListTotal(total, _end_of(self._window, total, page.length))
        return None

    def _check(self, window: Window) -> None:
        if not self._in_flight or window != self._window:
            raise WalkError(f"{window} is not in flight")


def _end_of(window: Window, total: int, length: int) -> Literal["seen", "beyond", "unseen"]:
    """Return what a page of this length says of a list that declares `total` items."""
    if window.offset + length > total:
        return "beyond"
    return "seen" if window.offset + length == total and length < window.limit else "unseen"


def _first_window(profile: SharedProfile, window: Window, refused: Refused) -> Window | None:
    """Return the first window with a smaller page or another order, None when nothing is left."""
    lesson = lesson_of(profile.present, window, refused)
    if lesson is None:
        return None
    if isinstance(lesson, SmallerPages):
        return window._replace(limit=lesson.limit)
    profile.learn(lesson)
    return window._replace(order=profile.present.orders[0])


def _last_row(window: Window, total: int) -> Window:
    """Return the smallest window over the end, whose offset is no multiple of its size."""
    return window._replace(offset=total - 1, limit=_FIRST_LIMIT)
