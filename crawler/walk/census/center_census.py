"""The census of a center that is crawled by namespace: its own total, asked before and after its walks (pure).

A namespace with a few records is one short page, and nothing in one answer tells a short list from a server that sends
short pages with the length of the page as total. To ask each of ten thousand namespaces twice would double the crawl.
Instead their walks rest until the center's own total is known:

    walking -- all walks ended or rest --> after -- both totals are the sum of the walks --> done: it vouches for them
                                            |  '-- the total is below the sum: asked once more
                                            '-- any other --> looking: each resting walk looks for its own end
    looking -- all walks ended --> final -- total --> done

The census is a claim like any other: a total that only describes a page, or whose end was not seen, vouches for
nothing (total_steps.py). It is asked before *and* after, so that rows which come while the walks are read cannot hide
rows that no walk covers; and what it shows after the walks must be in one of them (census_rows.py). A center that was
not empty after its walks is not empty because a later answer says so.
"""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple

from crawler.walk.census.census_rows import CensusRows
from crawler.walk.census.total_steps import ListTotal

MAX_TOTALS: Final = 5  # before, after, after once more, final, final once more


class AskTotal(NamedTuple):
    """Ask the center for its total once more."""


class EndResting(NamedTuple):
    """Tell the walks that rest what the census says: `agrees` when it vouches for them."""

    agrees: bool


CensusStep = AskTotal | EndResting


class CenterCensus:
    """The census of one center; `walks` is the number of its walks.

    `before` is its total from before the walks, `after` the last one from after them; None where it is not known.
    `rows` are the records that it showed.
    """

    __slots__ = (
        "_after",
        "_answered",
        "_asked",
        "_before",
        "_found",
        "_is_doubtful",
        "_is_loose",
        "_open",
        "_resting",
        "_state",
        "rows",
    )

    def __init__(self, walks: int) -> None:
        self._before: int | None = None
        self._after: int | None = None
        self._open = walks
        self._resting = 0
        self._found: dict[int, int | None] = {}
        self.rows = CensusRows()
        self._is_loose = self._is_doubtful = False
        self._state: Literal["walking", "after", "looking", "final", "done"] = "walking"
        self._asked = 1  # in this state
        self._answered = 0

    @property
    def before(self) -> int | None:
        """The total from before the walks."""
        return None if self._is_doubtful else self._before

    @property
    def after(self) -> int | None:
        """The last total from after the walks."""
        return None if self._is_doubtful else self._after

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to ask."""
        return self._state == "done"

    @property
    def have_walks_ended(self) -> bool:
        """Whether nothing is left to ask, and none of the walks was opened again since."""
        return self.is_done and not self._open

    def on_total(self, total: ListTotal, shown: Collection[int] = ()) -> None:
        """Take an answer with the keys of the records shown; a total whose end was not seen is no answer."""
        self._answered += 1
        known = total.total if total.end == "seen" else None
        if self._state == "walking":
            self._before = known
            self.rows.on_shown_before(shown)
            return
        self.rows.on_shown_after(shown)
        if known != 0 or not self._after:
            self._after = known

    def on_loose_filter(self) -> None:
        """Note that a walk got records of other namespaces: its total does not count its own."""
        self._is_loose = True

    def on_doubt(self) -> None:
        """Take back what the center declared: it vouches for nothing, and how much is covered is not known."""
        self._is_doubtful = True

    def on_reopen(self, walk: int, *, rested: bool) -> None:
        """Take a walk back that has ended, or `rested`."""
        self._open += 1
        self._resting -= rested
        self._found.pop(walk, None)

    def on_rest(self, walk: int, found: int) -> None:
        """Take the walk with this index, which rests after it found that many records."""
        self._resting += 1
        self.on_end(walk, found)

    def on_end(self, walk: int, found: int | None) -> None:
        """Take the walk with this index, which has ended; `found` is None when it is not complete."""
        self._open -= 1
        self._found[walk] = found

    def next_step(self) -> CensusStep | None:
        """Return what must be done now, once; None when something must happen first."""
        if self._open or self._answered < self._asked:
            return None
        if self._state in {"walking", "looking"}:
            return self._ask("after" if self._state == "walking" else "final")
        if self.is_done:
            return None
        found = self._sum()
        if self._asked == 1 and self._after is not None and found is not None and self._after < found:
            self._asked += 1
            return AskTotal()
        return self._end(agrees=found is not None and self.before == self.after == found)

    def _ask(self, state: Literal["after", "final"]) -> CensusStep:
        self._state, self._asked, self._answered = state, 1, 0
        return AskTotal()

    def _end(self, *, agrees: bool) -> CensusStep | None:
        self._state = "done" if agrees or not self._resting else "looking"
        if not self._resting:
            return None
        self._open, self._resting = (0 if agrees else self._resting), 0
        return EndResting(agrees)

    def _sum(self) -> int | None:
        known = [found for found in self._found.values() if found is not None]
        return sum(known) if len(known) == len(self._found) and not self._is_loose else None
