"""The state in which no total says where the list ends: the pass reads on to the first page without new items (pure).

Source: docs/reference/swr-api.md#total-range-missing, #offset-past-end.
"""

from crawler.model.window import Gap, Window
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.passes.outcome import AskAgain, Outcome, Refusal, Settled, Trial
from crawler.walk.passes.reading import Done, Reading, State


class Open(State, frozen=True):
    """One window is in flight at a time. `was_empty`: the last answer to it held nothing."""

    was_empty: bool = False

    @classmethod
    def begin(cls, reading: Reading, offset: int) -> "Open":
        """Return the state that reads on from `offset`."""
        reading.evidence.end = "open"
        reading.frontier.begin(offset, offset + 1, reading.page_limit)
        return cls()

    def on_page(self, reading: Reading, window: Window, page: Page, trial: Trial) -> tuple[State | None, Outcome]:
        """Take a page; the first one without new items ends the pass, an empty one when it comes twice."""
        if not reading.evidence.knows(page):
            reading.evidence.count(page)
            return self.begin(reading, window.offset + window.limit), Settled(page)
        if not (page.length or self.was_empty or trial == "replay"):
            return Open(was_empty=True), AskAgain("an empty page without a total may be wrong", "apart")
        return Done(), Settled(EMPTY_PAGE)

    def on_lost(self, reading: Reading, window: Window, reason: str) -> State | None:
        """End the pass: what lies beyond is unknown."""
        reading.evidence.lose(Gap(window.offset, None, 0, reason))
        return Done()

    def on_refused(
        self,
        reading: Reading,  # noqa: ARG002
        window: Window,  # noqa: ARG002
        refusal: Refusal,  # noqa: ARG002
    ) -> tuple[State | None, Outcome] | None:
        """Return the end: the service refuses what lies beyond it."""
        return Done(), Settled(EMPTY_PAGE)
