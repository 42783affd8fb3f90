"""Asks how many items a list holds, with a few small requests: for an estimate, and for the census of a center (pure).

Which requests, and what their answers say, is in total_steps.py.
"""

from msgspec.structs import replace

from crawler.model.window import Window
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.census.total_steps import FIRST_LIMIT, Again, BehindOne, FirstTwo, ListTail, ListTotal, OnlyOne, Step
from crawler.walk.passes.outcome import Outcome, Refusal, Settled, WalkError
from crawler.walk.server_profile import Refused, SharedProfile, SmallerPages, lesson_of


class TotalProbe:
    """OnlyOne question for the total of a list, driven like a Walk; `result` is None until it is answered.

    `shown` are the keys of the records on its pages (model/record.py).
    """

    def __init__(self, profile: SharedProfile) -> None:
        self._profile = profile
        self._step: Step = FirstTwo(Window(1, 0, FIRST_LIMIT, profile.present.orders[0]))
        self._in_flight = False
        self.result: ListTotal | None = None
        self.shown: frozenset[int] = frozenset()
        self.waiting = False

    def next_window(self) -> Window | None:
        """Take the next window; None when a response must come first, or the total is known."""
        if self._in_flight or self.result is not None:
            self.waiting = True
            return None
        self._in_flight = True
        return self._step.window

    def replay(self, window: Window) -> None:
        """Take the window that a journal names next. Raises WalkError when it is not the next one."""
        step = self._step
        if isinstance(step, ListTail) and window[:2] == step.last_row.window[:2]:
            step = step.last_row
        if self._in_flight or self.result is not None or window[:2] != step.window[:2]:
            raise WalkError(f"{window} is not new")
        self._step = replace(step, window=window)
        self._in_flight = True

    def on_page(self, window: Window, page: Page, *, last_try: bool, replayed: bool = False) -> Outcome:
        """Take a page, and say what becomes of it."""
        self._check(window)
        is_first = isinstance(self._step, FirstTwo)
        answered = self._step.on_page(page, last=last_try or replayed, replayed=replayed)
        if isinstance(answered, Again):
            self._step = answered.step
            return answered.outcome
        self.shown = self.shown.union(page.items.keys).difference(page.items.reject_keys)
        self._go_on(answered)
        contradicted = is_first and self.result is not None and self.result.end == "unseen"
        return Settled(page._replace(doubtful=True) if contradicted else page)

    def on_lost(self, window: Window, reason: str) -> None:  # noqa: ARG002 - as Walk has it
        """Take a window as lost: what was declared stays a claim."""
        self._check(window)
        step = self._step
        self._go_on(ListTotal(None if isinstance(step, FirstTwo | OnlyOne) else step.total))

    def on_refused(self, window: Window, refusal: Refusal) -> Outcome | None:  # noqa: ARG002 - as Walk has it
        """Take a refusal: it says nothing of a window that begins below the total."""
        self._check(window)
        if not isinstance(self._step, BehindOne):
            return None
        self._go_on(self._step.refused)
        return Settled(EMPTY_PAGE._replace(doubtful=True))

    def on_shape_refused(self, window: Window, refused: Refused) -> bool:
        """Step down to a smaller page or another order; return False when none is left."""
        self._check(window)
        step, other = self._step, None
        if isinstance(step, FirstTwo):
            other = _first_window(self._profile, window, refused)
        elif isinstance(step, ListTail) and refused == "size" and window.limit > FIRST_LIMIT:
            other = step.last_row.window
        if other is None:
            return False
        self._go_on(replace(step, window=other))
        return True

    def _go_on(self, answered: Step | ListTotal) -> None:
        self._in_flight = self.waiting = False
        if isinstance(answered, ListTotal):
            self.result = answered
        else:
            self._step = answered

    def _check(self, window: Window) -> None:
        if not self._in_flight or window != self._step.window:
            raise WalkError(f"{window} is not in flight")


def _first_window(profile: SharedProfile, window: Window, refused: Refused) -> Window | None:
    """Return the first window with a smaller page or another order, None when nothing is left."""
    lesson = lesson_of(profile.present, window, refused)
    if lesson is None:
        return None
    if isinstance(lesson, SmallerPages):
        return window._replace(limit=lesson.limit)
    profile.learn(lesson)
    return window._replace(order=profile.present.orders[0])
