"""The states in which a pass has read as many rows as declared, and asks whether the list ends there (pure).

One window is in flight at a time. Which question is asked:

| rows read               | question                                                                                  |
|-------------------------|-------------------------------------------------------------------------------------------|
| 3 or more               | Straddle: another page size, whose last window begins below the total and ends beyond it  |
| 2, a short page         | Witness: the second row alone; a total of 2 on a page of 1 does not count the page        |
| 1                       | Witness: the row again, as one of two                                                     |
| any, when no page size  | Probe: the window that begins at the total                                                |
| fits, when pages end    |                                                                                           |
| before their windows,   |                                                                                           |
| or after the others got |                                                                                           |
| no answer               |                                                                                           |

| answer                                   | Straddle        | Witness                | Probe                         |
|------------------------------------------|-----------------|------------------------|-------------------------------|
| the known last rows, and a page not full | the end is seen | the same, if the total |                               |
|                                          |                 | counts the list        |                               |
| fewer rows, or refused with 400, 404,    | a doubt: these rows were there a moment  | the end is seen; an empty     |
| 416                                      | ago                                      | answer must come twice        |
| rows of the only page: the offset is     | ask Probe       | ask Probe              | ask Witness                   |
| ignored, or clamped to that page         |                 |                        |                               |
| rows of the last page of several         | -               | -                      | the end is seen               |
| another total than before                | the list has changed: Declared, and then another pass                    |
| more rows than declared                  | Open: read on without a total; the walk is unproven                      |
| no usable answer                         | ask Probe       | ask Probe              | a doubt                       |

How a question is settled, so that a resume is in the same state: with an empty page when the end is seen; with an empty
page that has a total when another question follows; with a doubtful empty page for a doubt; otherwise with its page.

Source: docs/reference/swr-api.md#end-of-list, #wrong-totals, #offset-past-end, #limit-out-of-range.
"""

from dataclasses import dataclass, replace
from math import gcd
from typing import Final

from crawler.model.window import Window
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.passes.open import Open
from crawler.walk.passes.outcome import AskAgain, Outcome, Refusal, Settled, Trial
from crawler.walk.passes.reading import Done, Reading, State

_DOUBTFUL: Final = EMPTY_PAGE._replace(doubtful=True)
_PAIR: Final = 2


def next_question(reading: Reading) -> State:
    """Return the state that asks whether the list ends at its total, which is not 0."""
    total, resume_at = reading.evidence.total, reading.frontier.next_offset
    if reading.ends_short:  # a page that ends early shows no end, wherever it begins
        return Probe.ask(reading, resume_at)
    if total <= _PAIR and reading.is_short_at_end:
        return Witness.ask(reading, resume_at, probed=False)
    window = straddling(total, reading.page_limit)
    if window is None:
        return Probe.ask(reading, resume_at)
    offset, limit = window
    reading.frontier.begin(offset, offset + 1, limit)
    return Straddle(resume_at)


def straddling(total: int, limit: int) -> tuple[int, int] | None:
    """Return offset and limit of a window that begins below `total` and ends beyond it; None when there is none.

    The offset is a multiple of its limit, which is as large as possible below `limit` and below `total`.
    """
    smaller = (size for size in range(min(limit, total) - 1, 1, -1) if total % size)
    size = next(smaller, None)
    return None if size is None else (total // size * size, size)


def _says_nothing_of(reading: Reading, window: Window, page: Page) -> bool:
    """Return whether the total of a page is the one known, or none, or one that only describes the page."""
    return page.total in {None, reading.evidence.total, page.length, window.limit}


def _read_on(reading: Reading, page: Page, at: int) -> tuple[State | None, Outcome]:
    """Count a page with another total, and read in line from `at` on."""
    reading.evidence.count(page)
    reading.frontier.begin(at, at, reading.page_limit)
    reading.read_up_to(reading.evidence.total)
    return None, Settled(page)


def _read_beyond(reading: Reading, page: Page, at: int, limit: int) -> tuple[State | None, Outcome]:
    """Count a page with more rows than declared, and read on from `at` in pages of `limit` items."""
    reading.evidence.count(page)
    reading.page_limit = limit
    return Open.begin(reading, at), Settled(page)


def _changed(reading: Reading, page: Page) -> tuple[State | None, Outcome]:
    """Count a page with other rows than before: the keys no longer add up."""
    reading.evidence.count(page)
    return Done(), Settled(page)


def _aligned_limit(reading: Reading, offset: int) -> int:
    """Return the largest page size of which `offset` is a multiple."""
    return offset if offset <= reading.page_limit else gcd(offset, reading.page_limit)


def _end(reading: Reading) -> tuple[State | None, Settled]:
    reading.evidence.end = "seen"
    return Done(), Settled(EMPTY_PAGE)


def _doubt(reading: Reading) -> tuple[State | None, Settled]:
    reading.evidence.doubt = "the last records did not come again"
    return Done(), Settled(_DOUBTFUL)


def _then(reading: Reading, question: State) -> tuple[State | None, Outcome]:
    """Settle a question that says nothing, and ask another one."""
    return question, Settled(EMPTY_PAGE._replace(total=reading.evidence.total))


def _replayed(reading: Reading, page: Page, at: int) -> tuple[State | None, Outcome] | None:
    """Settle the empty page of a question as the run that wrote it did; None when another question followed."""
    if page.doubtful:
        return _doubt(reading)
    if page.total == reading.evidence.total:
        return None
    return _end(reading) if page.total is None else _read_on(reading, page, at)


class _KnownRows(State):
    """A question for rows that were read before."""

    __slots__ = ()

    def on_refused(
        self,
        reading: Reading,
        window: Window,  # noqa: ARG002
        refusal: Refusal,  # noqa: ARG002
    ) -> tuple[State | None, Outcome] | None:
        """Doubt these rows: the service says that there is no such page."""
        return _doubt(reading)


@dataclass(frozen=True, slots=True)
class Straddle(_KnownRows):
    """A window over the end is in flight. It needs no empty answer, which may be wrong for a moment.

    `resume_at` is the offset at which reading in line goes on when the list has changed.
    """

    resume_at: int

    def on_page(self, reading: Reading, window: Window, page: Page, trial: Trial) -> tuple[State | None, Outcome]:
        """Compare the page with the last rows."""
        if trial == "replay" and not page.length:
            return _replayed(reading, page, self.resume_at) or _then(reading, Probe.ask(reading, self.resume_at))
        expected = reading.evidence.total - window.offset
        if not _says_nothing_of(reading, window, page):
            return _read_on(reading, page, self.resume_at)
        if page.length < expected:
            again = AskAgain(f"{page.length} of the last {expected} items")
            return (self, again) if trial == "more" else _doubt(reading)
        return self._on_rows(reading, page, expected)

    def on_lost(self, reading: Reading, window: Window, reason: str) -> State | None:  # noqa: ARG002
        """Ask in another way: the rows themselves were read."""
        return Probe.ask(reading, self.resume_at)

    def _on_rows(self, reading: Reading, page: Page, expected: int) -> tuple[State | None, Outcome]:
        is_known, total = reading.evidence.knows(page), reading.evidence.total
        if page.length == expected:
            return _end(reading) if is_known else _changed(reading, page)
        if is_known and reading.evidence.pages <= 1:  # the offset may be ignored
            return _then(reading, Probe.ask(reading, self.resume_at))
        return _read_beyond(reading, page, total, _aligned_limit(reading, total))


@dataclass(frozen=True, slots=True)
class Witness(_KnownRows):
    """One row is asked for by another page size: the second of several, or the only one as one of two.

    `probed` says that the window beyond the total was asked for before.
    """

    resume_at: int
    probed: bool

    @classmethod
    def ask(cls, reading: Reading, resume_at: int, *, probed: bool) -> "Witness":
        """Return the state that asks for one row."""
        if reading.evidence.total == 1:
            reading.frontier.begin(0, 1, _PAIR + (reading.asked_limit == _PAIR))  # not the first window again
        else:
            reading.frontier.begin(1, 2, 1)
        return cls(resume_at, probed)

    def on_page(self, reading: Reading, window: Window, page: Page, trial: Trial) -> tuple[State | None, Outcome]:
        """See whether the row, its total and its place are as expected."""
        if trial == "replay" and not page.length:
            return _replayed(reading, page, self.resume_at) or self._unclear(reading)
        if not _says_nothing_of(reading, window, page):
            return _read_on(reading, page, self.resume_at)
        if not page.length:
            return (self, AskAgain("0 of 1 items")) if trial == "more" else _doubt(reading)
        if not reading.evidence.knows(page):
            more = page.length > 1
            return _read_beyond(reading, page, window.limit, window.limit) if more else _changed(reading, page)
        return _end(reading) if self._is_proof(reading, window, page) else self._unclear(reading)

    def on_lost(self, reading: Reading, window: Window, reason: str) -> State | None:  # noqa: ARG002
        """Ask in another way: the rows themselves were read."""
        return self._unclear(reading)[0]

    def _is_proof(self, reading: Reading, window: Window, page: Page) -> bool:
        if page.length != 1:
            return False
        if window.offset == 0:
            return True
        if page.total != reading.evidence.total:
            return False
        offset_counts = page.items.keys[0] != reading.first_key
        return reading.is_short_at_end or (self.probed and offset_counts)

    def _unclear(self, reading: Reading) -> tuple[State | None, Outcome]:
        return _then(reading, Done() if self.probed else Probe.ask(reading, self.resume_at, witnessed=True))


@dataclass(frozen=True, slots=True)
class Probe(State):
    """The window that begins at the total is in flight.

    `witnessed` says that one row was asked for before; `was_empty`, that the last answer held nothing.
    """

    resume_at: int
    witnessed: bool = False
    was_empty: bool = False

    @classmethod
    def ask(cls, reading: Reading, resume_at: int, *, witnessed: bool = False) -> "Probe":
        """Return the state that asks for what lies beyond the total."""
        total = reading.evidence.total
        reading.frontier.begin(total, total + 1, _aligned_limit(reading, total))
        return cls(resume_at, witnessed)

    def on_page(self, reading: Reading, window: Window, page: Page, trial: Trial) -> tuple[State | None, Outcome]:
        """See whether anything lies beyond the total; nothing must come twice."""
        if trial == "replay" and not page.length and page.total in {None, reading.evidence.total}:
            return _end(reading) if page.total is None else self._on_known(reading)
        if not _says_nothing_of(reading, window, page):
            return _read_on(reading, page, max(self.resume_at, window.offset + window.limit))
        if not page.length:
            again = AskAgain("an empty page beyond the total may be wrong", "apart")
            return _end(reading) if self.was_empty else (replace(self, was_empty=True), again)
        if set(page.items.keys) <= set(reading.last_keys):
            return self._on_known(reading)
        return _read_beyond(reading, page, window.offset + window.limit, window.limit)

    def on_lost(self, reading: Reading, window: Window, reason: str) -> State | None:  # noqa: ARG002
        """End the pass without its end: nobody declared what could be missing, and another pass would ask the same."""
        reading.evidence.doubt = f"the end of the list was not seen: {reason}"
        reading.evidence.has_loss = True
        return Done()

    def on_refused(
        self,
        reading: Reading,
        window: Window,  # noqa: ARG002
        refusal: Refusal,  # noqa: ARG002
    ) -> tuple[State | None, Outcome] | None:
        """Return the end: the service refuses what lies beyond it."""
        return _end(reading)

    def _on_known(self, reading: Reading) -> tuple[State | None, Outcome]:
        """Take rows of the last page: the offset is clamped to it, or ignored when there is only one page."""
        if reading.evidence.pages > 1:
            reading.evidence.end = "seen"
        is_last_question = reading.evidence.pages > 1 or self.witnessed
        return _then(reading, Done() if is_last_question else Witness.ask(reading, self.resume_at, probed=True))
