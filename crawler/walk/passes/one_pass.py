"""One pass of a walk: hands out its windows and gives their pages to its state (pure).

The states and their laws are drawn in `__init__.py`.
"""

from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.passes.evidence import PassEvidence
from crawler.walk.passes.first import Declared, First
from crawler.walk.passes.frontier import Frontier
from crawler.walk.passes.outcome import AskAgain, NoList, Outcome, Refusal, Trial, WalkError
from crawler.walk.passes.questions import next_question
from crawler.walk.passes.reading import Done, Reading, Resting, State


class Pass:
    """One reading of all windows of a walk; `evidence` is what it has seen, whole when it `is_done`."""

    __slots__ = ("_state", "number", "reading")

    def __init__(self, frontier: Frontier, first: First, *, is_last: bool, is_vouched: bool) -> None:
        self.number = frontier.pass_number
        self.reading = Reading(frontier, is_last=is_last, is_vouched=is_vouched)
        self._state: State = first

    @property
    def evidence(self) -> PassEvidence:
        """What the pages said so far."""
        return self.reading.evidence

    @property
    def frontier(self) -> Frontier:
        """The windows of the pass."""
        return self.reading.frontier

    @property
    def has_first_page(self) -> bool:
        """Whether the first window is settled, so that the other windows are known."""
        return not isinstance(self._state, First)

    @property
    def is_done(self) -> bool:
        """Whether every window is settled, and no question is left."""
        return isinstance(self._state, Done)

    @property
    def is_resting(self) -> bool:
        """Whether the pass waits for a census."""
        return isinstance(self._state, Resting)

    def replay(self, window: Window) -> None:
        """Take the window that a journal names next. Raises WalkError when it is not new."""
        frontier = self.frontier
        if self.has_first_page or frontier.in_flight:
            frontier.claim(window)
            return
        if (window.pass_number, window.offset) != (self.number, 0) or window.limit <= 0:
            raise WalkError(f"{window} is not the first of pass {self.number}")
        self.reading = Reading(  # the window decides page size and order
            Frontier(self.number, window.limit, window.order),
            is_last=self.reading.is_last,
            is_vouched=self.reading.is_vouched,
        )
        self.frontier.claim(window)

    def on_page(self, window: Window, page: Page, trial: Trial) -> Outcome:
        """Take the page of a window in flight. Raises WalkError when it is not in flight."""
        self.frontier.check_in_flight(window)
        state, outcome = self._state.on_page(self.reading, window, page, trial)
        if isinstance(outcome, AskAgain):
            self._state = state or Declared()
        else:
            self._settle(window, state)
        return outcome

    def put_off(self, window: Window) -> bool:
        """Put a window that failed off to the end of the pass; return False when that is not possible (any more)."""
        self.frontier.check_in_flight(window)
        return self._state.puts_off and self.frontier.put_off(window)

    def on_lost(self, window: Window, reason: str) -> None:
        """Record a window as lost: no try got a usable response."""
        self.frontier.check_in_flight(window)
        self._settle(window, self._state.on_lost(self.reading, window, reason))

    def on_refused(self, window: Window, refusal: Refusal) -> Outcome | NoList | None:
        """Take a refusal; return what it makes of the window if it is evidence, else None."""
        self.frontier.check_in_flight(window)
        step = self._state.on_refused(self.reading, window, refusal)
        if step is None:
            return None
        state, outcome = step
        if isinstance(outcome, AskAgain):
            self._state = state or Declared()
        else:
            self._settle(window, state)
        return outcome

    def on_no_list(self, window: Window, reason: str) -> None:
        """End the pass as the run did that journaled this: the service said that it has no such list."""
        self.frontier.check_in_flight(window)
        self.evidence.refuse(reason)
        self._settle(window, Done())

    def on_census_agrees(self) -> None:
        """End a pass that is resting: the census vouches for its end."""
        self.evidence.end = "seen"
        self._state = Done()

    def look_again(self) -> None:
        """Ask for the end of the list that is one short page: the census does not vouch for it."""
        self._state = next_question(self.reading)

    def _settle(self, window: Window, state: State | None) -> None:
        self.frontier.settle(window)
        self._state = state or Declared()
        if self.frontier.is_exhausted:
            self._state = self._state.on_exhausted(self.reading)
