"""What a question for the end of a list makes of its answer: what each of them shares (pure).

How a question is settled, so that a resume is in the same state: with an empty page when the end is seen; with an empty
page that has a total when another question follows, which is doubtful too when that one is Tail; with a doubtful empty
page without a total for a doubt; otherwise with its page.

Source: docs/reference/swr-api.md#end-of-list, #wrong-totals.
"""

from typing import Final

from crawler.model.window import Window
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.passes.open import Open
from crawler.walk.passes.outcome import Outcome, Refusal, Settled
from crawler.walk.passes.reading import Done, Reading, State

_DOUBTFUL: Final = EMPTY_PAGE._replace(doubtful=True)


def says_nothing_of(reading: Reading, window: Window, page: Page) -> bool:
    """Return whether the total of a page is the one known, or none, or one that only describes the page."""
    return page.total in {None, reading.evidence.total, page.length, window.limit}


def read_on(reading: Reading, page: Page, at: int) -> tuple[State | None, Outcome]:
    """Count a page with another total, and read in line from `at` on."""
    reading.evidence.count(page)
    reading.frontier.begin(at, at, reading.page_limit)
    reading.read_up_to(reading.evidence.total)
    return None, Settled(page)


def read_beyond(reading: Reading, page: Page, at: int, limit: int) -> tuple[State | None, Outcome]:
    """Count a page with more rows than declared, and read on from `at` in pages of `limit` items."""
    reading.evidence.count(page)
    reading.page_limit = limit
    return Open.begin(reading, at), Settled(page)


def changed(reading: Reading, page: Page) -> tuple[State | None, Outcome]:
    """Count a page with other rows than before: the keys no longer add up."""
    reading.evidence.count(page)
    return Done(), Settled(page)


def end(reading: Reading) -> tuple[State | None, Settled]:
    """Settle a question whose answer shows the end of the list."""
    reading.evidence.end = "seen"
    return Done(), Settled(EMPTY_PAGE)


def doubt(reading: Reading) -> tuple[State | None, Settled]:
    """Settle a question whose answer contradicts what was read."""
    reading.evidence.doubt = "the last records did not come again"
    return Done(), Settled(_DOUBTFUL)


def then(reading: Reading, question: State) -> tuple[State | None, Outcome]:
    """Settle a question that says nothing, and ask another one."""
    return question, Settled(EMPTY_PAGE._replace(total=reading.evidence.total))


def replayed(reading: Reading, page: Page, at: int) -> tuple[State | None, Outcome] | None:
    """Settle the empty page of a question as the run that wrote it did; None when another question followed."""
    if page.doubtful:
        return doubt(reading)
    if page.total == reading.evidence.total:
        return None
    return end(reading) if page.total is None else read_on(reading, page, at)


class KnownRows(State, frozen=True):
    """A question for rows that were read before."""

    def on_refused(
        self,
        reading: Reading,
        window: Window,  # noqa: ARG002
        refusal: Refusal,  # noqa: ARG002
    ) -> tuple[State | None, Outcome] | None:
        """Doubt these rows: the service says that there is no such page."""
        return doubt(reading)
