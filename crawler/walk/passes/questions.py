"""The states in which a pass has read as many rows as declared, and asks whether the list ends there (pure).

One window is in flight at a time. Which question is asked:

| rows read               | question                                                                                  |
|-------------------------|-------------------------------------------------------------------------------------------|
| 3 or more               | Straddle: another page size, whose last window begins below the total and ends beyond it  |
| 2, a short page         | Witness: the second row alone; a total of 2 on a page of 1 does not count the page        |
| 1, or any when no page  | Probe: the window that begins at the total. A page of one row may be all that a service   |
| size fits, when pages   | sends at a time, whatever is asked for                                                    |
| end                     |                                                                                           |
| before their windows,   |                                                                                           |
| or after the others got |                                                                                           |
| no answer               |                                                                                           |
| any, when Probe was     | Tail: the last rows, with room for more: the service must answer, and send just these     |
| refused                 |                                                                                           |

| answer                                   | Straddle        | Witness                | Probe                         |
|------------------------------------------|-----------------|------------------------|-------------------------------|
| the known last rows, and a page not full | the end is seen | the same, if the total |                               |
|                                          |                 | counts the list        |                               |
| fewer rows, none                         | a doubt: these rows were there a moment  | the end is seen, when it      |
|                                          | ago                                      | comes twice                   |
| refused with 400, 404, 416               | the same                                 | ask Tail; after it, the end   |
|                                          |                                          | is seen                       |
| rows of the only page: the offset is     | ask Probe       | ask Probe              | ask Witness                   |
| ignored, or clamped to that page         |                 |                        |                               |
| rows of the last page of several         | -               | -                      | the end is seen               |
| another total than before                | the list has changed: Declared, and then another pass                    |
| more rows than declared                  | Open: read on without a total; the walk is unproven                      |
| no usable answer                         | ask Probe       | ask Probe              | a doubt                       |

Tail is answered like Straddle; where it had no room for other rows, Probe is asked again; without an answer, a doubt.

Source: docs/reference/swr-api.md#end-of-list, #wrong-totals, #offset-past-end, #limit-out-of-range.
"""

from math import gcd
from typing import Final

from msgspec.structs import replace

from crawler.model.window import Window
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.passes.answers import (
    KnownRows,
    changed,
    doubt,
    end,
    read_beyond,
    read_on,
    replayed,
    says_nothing_of,
    then,
)
from crawler.walk.passes.outcome import AskAgain, Outcome, Refusal, Settled, Trial
from crawler.walk.passes.reading import Done, Reading, State

_PAIR: Final = 2


def next_question(reading: Reading) -> State:
    """Return the state that asks whether the list ends at its total, which is not 0."""
    total, resume_at = reading.evidence.total, reading.frontier.next_offset
    if reading.ends_short:  # a page that ends early shows no end, wherever it begins
        return Probe.ask(reading, resume_at)
    if total == _PAIR and reading.is_short_at_end:
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


def tail(total: int, limit: int, room: int) -> tuple[int, int]:
    """Return offset and limit of a window that begins with the last of `total` rows, and has room for more.

    `limit` is the page size, and a page has `room` for so many rows. The window begins with as few rows as possible,
    and with fewer than `room`: one row more would come, too. Pages with room for one row show no other one. The offset
    is a multiple of the size where one fits.
    """
    if room == 1:
        return total - 1, 1
    fitting = ((total % size, size) for size in range(2, limit + 1) if 0 < total % size < room)
    rows, size = min(fitting, default=(1, 2))
    return total - rows, size


def _aligned_limit(reading: Reading, offset: int) -> int:
    """Return the largest page size of which `offset` is a multiple."""
    return offset if offset <= reading.page_limit else gcd(offset, reading.page_limit)


class Straddle(KnownRows, frozen=True):
    """A window over the end is in flight. It needs no empty answer, which may be wrong for a moment.

    `resume_at` is the offset at which reading in line goes on when the list has changed.
    """

    resume_at: int

    def on_page(self, reading: Reading, window: Window, page: Page, trial: Trial) -> tuple[State | None, Outcome]:
        """Compare the page with the last rows."""
        if trial == "replay" and not page.length:
            return replayed(reading, page, self.resume_at) or then(reading, self._probe(reading))
        expected = reading.evidence.total - window.offset
        if not says_nothing_of(reading, window, page):
            return read_on(reading, page, self.resume_at)
        if page.length < expected:
            again = AskAgain(f"{page.length} of the last {expected} items")
            return (self, again) if trial == "more" else doubt(reading)
        return self._on_rows(reading, window, page, expected)

    def on_lost(self, reading: Reading, window: Window, reason: str) -> State | None:  # noqa: ARG002
        """Ask in another way: the rows themselves were read."""
        return self._probe(reading)

    def _probe(self, reading: Reading) -> "Probe":
        return Probe.ask(reading, self.resume_at)

    def _on_rows(
        self,
        reading: Reading,
        window: Window,  # noqa: ARG002
        page: Page,
        expected: int,
    ) -> tuple[State | None, Outcome]:
        """Take as many rows as expected, or more."""
        is_known, total = reading.evidence.knows(page), reading.evidence.total
        if page.length == expected:
            return end(reading) if is_known else changed(reading, page)
        # The offset may be ignored. Not so where rejects look alike: others may be in their place.
        if is_known and reading.evidence.pages <= 1 and not page.items.rejected:
            return then(reading, self._probe(reading))
        return read_beyond(reading, page, total, _aligned_limit(reading, total))


class Witness(KnownRows, frozen=True):
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
            return replayed(reading, page, self.resume_at) or self._unclear(reading)
        if not says_nothing_of(reading, window, page):
            return read_on(reading, page, self.resume_at)
        if not page.length:
            return (self, AskAgain("0 of 1 items")) if trial == "more" else doubt(reading)
        if not reading.evidence.knows(page):
            more = page.length > 1
            return read_beyond(reading, page, window.limit, window.limit) if more else changed(reading, page)
        return end(reading) if self._is_proof(reading, window, page) else self._unclear(reading)

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
        return then(reading, Done() if self.probed else Probe.ask(reading, self.resume_at, witnessed=True))


class Probe(State, frozen=True):
    """The window that begins at the total is in flight.

    `witnessed` says that one row was asked for before; `was_empty`, that the last answer held nothing;
    `tail_came`, that this window was refused before, and the last rows came since.
    """

    resume_at: int
    witnessed: bool = False
    was_empty: bool = False
    tail_came: bool = False

    @classmethod
    def ask(cls, reading: Reading, resume_at: int, *, witnessed: bool = False, tail_came: bool = False) -> "Probe":
        """Return the state that asks for what lies beyond the total."""
        total = reading.evidence.total
        reading.frontier.begin(total, total + 1, _aligned_limit(reading, total))
        return cls(resume_at, witnessed, tail_came=tail_came)

    def on_page(self, reading: Reading, window: Window, page: Page, trial: Trial) -> tuple[State | None, Outcome]:
        """See whether anything lies beyond the total; nothing must come twice."""
        if trial == "replay" and not page.length and page.total in {None, reading.evidence.total}:
            if page.doubtful:
                return self._ask_for_tail(reading)
            return end(reading) if page.total is None else self._on_known(reading)
        if not says_nothing_of(reading, window, page):
            return read_on(reading, page, max(self.resume_at, window.offset + window.limit))
        if not page.length:
            again = AskAgain("an empty page beyond the total may be wrong", "apart")
            return end(reading) if self.was_empty else (replace(self, was_empty=True), again)
        if set(page.items.keys) <= set(reading.last_keys):
            return self._on_known(reading)
        return read_beyond(reading, page, window.offset + window.limit, window.limit)

    def on_lost(self, reading: Reading, window: Window, reason: str) -> State | None:  # noqa: ARG002
        """End the pass without its end: nobody declared what could be missing, and another pass would ask the same."""
        return reading.without_end(reason)

    def on_refused(
        self,
        reading: Reading,
        window: Window,  # noqa: ARG002
        refusal: Refusal,  # noqa: ARG002
    ) -> tuple[State | None, Outcome] | None:
        """Ask for the last rows, if they did not come since: the service may refuse everything for a moment."""
        return end(reading) if self.tail_came else self._ask_for_tail(reading)

    def _ask_for_tail(self, reading: Reading) -> tuple[State | None, Outcome]:
        total = room = reading.evidence.total
        if reading.ends_short:  # for as many rows as the other pages held; half of that, to be certain
            room = max(1, total // reading.evidence.pages // 2)
        offset, limit = tail(total, reading.page_limit, min(room, reading.page_limit))
        reading.frontier.begin(offset, offset + 1, limit)
        return Tail(self.resume_at), Settled(EMPTY_PAGE._replace(total=total, doubtful=True))

    def _on_known(self, reading: Reading) -> tuple[State | None, Outcome]:
        """Take rows of the last page: the offset is clamped to it, or ignored when there is only one page."""
        if reading.evidence.pages > 1:
            reading.evidence.end = "seen"
        is_last_question = reading.evidence.pages > 1 or self.witnessed
        return then(reading, Done() if is_last_question else Witness.ask(reading, self.resume_at, probed=True))


class Tail(Straddle, frozen=True):
    """What lies beyond the total was refused: a window over the end is asked for that begins with the last rows.

    A refusal is weak evidence: a gateway that reloads sends it, too. So the service must answer, and send just these
    rows.
    """

    def on_lost(self, reading: Reading, window: Window, reason: str) -> State | None:  # noqa: ARG002
        """End the pass without its end."""
        return reading.without_end(reason)

    def _probe(self, reading: Reading) -> "Probe":
        """Ask for what lies beyond again: the service answers, but a page of one row shows nothing else."""
        return Probe.ask(reading, self.resume_at, tail_came=True)

    def _on_rows(self, reading: Reading, window: Window, page: Page, expected: int) -> tuple[State | None, Outcome]:
        is_known = reading.evidence.knows(page)
        if page.length > expected:
            beyond = window.offset + window.limit
            return doubt(reading) if is_known else read_beyond(reading, page, beyond, window.limit)
        if not is_known:
            return changed(reading, page)
        return end(reading) if window.limit > expected else then(reading, self._probe(reading))
