"""What the states of a pass share: the evidence, the frontier, and the interface of a state (pure)."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from crawler.model.window import Gap, Order, Window
from crawler.swr.page import Page
from crawler.walk.passes.evidence import PassEvidence
from crawler.walk.passes.frontier import Frontier
from crawler.walk.passes.outcome import NoList, Outcome, Refusal, Trial, WalkError
from crawler.walk.passes.read_ahead import READ_AHEAD_WINDOWS, growth_end, read_ahead_end


class Reading:
    """One reading of a list, whatever state it is in.

    `asked_limit` is the page size of the first window in items, `page_limit` what the server makes of it; `clamped_to`
    is the server's page size when it is smaller than requested, else None. `first_key` is that of the first item,
    `last_keys` are those of the last page. `ends_short` says that pages end before their windows do, and
    `short_lengths` has the length of the last such page of each window in flight, by its offset. The last pass
    (`is_last`) reads ahead of short pages too; an earlier one ends sooner, since the next pass reads everything again.
    `is_vouched` says that a census vouches for a list that is one short page.
    """

    __slots__ = (
        "asked_limit",
        "clamped_to",
        "ends_short",
        "evidence",
        "first_key",
        "frontier",
        "is_last",
        "is_vouched",
        "last_keys",
        "page_limit",
        "short_lengths",
    )

    def __init__(self, frontier: Frontier, *, is_last: bool, is_vouched: bool) -> None:
        self.frontier = frontier
        self.evidence = PassEvidence()
        self.asked_limit = self.page_limit = frontier.limit
        self.is_last = is_last
        self.is_vouched = is_vouched
        self.clamped_to: int | None = None
        self.first_key: int | None = None
        self.last_keys: Sequence[int] = ()
        self.ends_short = False
        self.short_lengths: dict[int, int] = {}

    @property
    def order(self) -> Order | None:
        """The sort order of all windows."""
        return self.frontier.order

    @property
    def is_short_at_end(self) -> bool:
        """Whether the last page is shorter than the page size, if the total is true."""
        return self.evidence.total % self.page_limit > 0

    def read_up_to(self, end: int) -> None:
        """Hand out windows up to `end`, but not far ahead of what the pages read so far justify (read_ahead.py)."""
        frontier, evidence = self.frontier, self.evidence
        frontier.extend(end)
        if frontier.end <= frontier.limit * READ_AHEAD_WINDOWS:
            return
        keys = len(evidence.keys)
        if not self.is_last:
            keys = min(keys, evidence.full_pages * frontier.limit)
        frontier.reach = min(frontier.end, read_ahead_end(frontier.limit, keys, evidence.first_total))

    def end_reading(self) -> None:
        """Note what lies beyond the reach as a gap."""
        frontier, evidence = self.frontier, self.evidence
        if not frontier.is_cut_short:
            return
        grown = frontier.reach == growth_end(frontier.limit, evidence.first_total)
        reason = "rows were added as fast as they were read" if grown else "too few pages held something new"
        evidence.gaps.append(Gap(frontier.reach, frontier.end, 0, f"not requested: {reason}"))
        evidence.has_loss = False  # not all windows had their tries: another pass may read more

    def without_end(self, reason: str) -> "Done":
        """End the pass; the end of the list was not seen for this `reason`."""
        self.evidence.doubt = f"the end of the list was not seen: {reason}"
        self.evidence.has_loss = True
        return Done()


class State(msgspec.Struct, frozen=True):
    """A state of a pass. Every method returns the next one; None stands for `Declared`: the list has changed."""

    puts_off: ClassVar = False  # whether a window that failed is requested again at the end of the pass

    def on_page(self, reading: Reading, window: Window, page: Page, trial: Trial) -> tuple["State | None", Outcome]:  # noqa: ARG002
        """Take the page of a window, and return what becomes of it. Raises WalkError when none can be in flight."""
        raise WalkError(f"{window}: the pass is done")

    def on_lost(self, reading: Reading, window: Window, reason: str) -> "State | None":  # noqa: ARG002
        """Take a window as lost. Raises WalkError when none can be in flight."""
        raise WalkError(f"{window}: the pass is done")

    def on_refused(
        self,
        reading: Reading,  # noqa: ARG002
        window: Window,
        refusal: Refusal,  # noqa: ARG002
    ) -> tuple["State | None", Outcome | NoList] | None:
        """Return what a refusal that says "no such page" makes of the window; None when that is no evidence.

        Raises WalkError when none can be in flight.
        """
        raise WalkError(f"{window}: the pass is done")

    def on_exhausted(self, reading: Reading) -> "State":  # noqa: ARG002
        """Return the state that follows when every window is settled."""
        return self


class Done(State, frozen=True):
    """Every window is read or lost."""


class Resting(State, frozen=True):
    """One short page was read; a census of the whole center says whether it is the list."""
