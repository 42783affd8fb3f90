"""What a crawl schedules: the walks of the plan, and the census of each center that is crawled by namespace."""

from collections.abc import Iterable, Sequence

from crawler.model.walk_id import Center, WalkId
from crawler.walk.center_census import CensusStep, CenterCensus
from crawler.walk.total_probe import ListTotal, TotalProbe
from crawler.walk.walk import Walk


class ScheduledWalk:
    """One walk of the plan, and what the crawl spent on it.

    `walk` is None before the walk starts, and again once it is published. `filtered` says whether its last request
    packed all parameters into `filter`. A probe is not part of the plan: it asks a list for its total. Its pages are
    kept for a resume and never published; its `index` is below 0.
    """

    __slots__ = ("counted_total", "counted_windows", "filtered", "id", "index", "is_probe", "requests", "walk")

    def __init__(self, index: int, walk_id: WalkId, *, is_probe: bool = False) -> None:
        self.index = index
        self.id = walk_id
        self.is_probe = is_probe
        self.filtered = False
        self.walk: Walk | TotalProbe | None = None
        self.requests = 0
        self.counted_total = 0  # what the target's statistics include of this walk
        self.counted_windows = 0

    @property
    def ended(self) -> bool:
        """Whether the walk has its verdict."""
        return isinstance(self.walk, Walk) and self.walk.verdict is not None


class ScheduledCensus:
    """The census of one center: its `probes` in the order in which they may be asked, and the walks that rest."""

    def __init__(self, target: str, center: Center, probes: Sequence[ScheduledWalk]) -> None:
        self.target = target
        self.center = center
        self.probes = probes
        self._census = CenterCensus(0)
        self._asked = 1
        self._resting: list[tuple[ScheduledWalk, Walk]] = []

    @property
    def before(self) -> int | None:
        """The center's total from before its walks, None when it is not known."""
        return self._census.before

    @property
    def after(self) -> int | None:
        """The center's last total from after its walks, None when it is not known."""
        return self._census.after

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to ask."""
        return self._census.is_done

    def expect(self, walks: Iterable[ScheduledWalk]) -> None:
        """Begin the census of those of `walks` that are of this center."""
        self._census = CenterCensus(sum(walk.id.center == self.center for walk in walks))

    def on_total(self, total: ListTotal) -> None:
        """Take the answer of a probe."""
        self._census.on_total(total)

    def on_loose_filter(self) -> None:
        """Note that a walk of this center got records of other namespaces."""
        self._census.on_loose_filter()

    def on_walk(self, scheduled: ScheduledWalk, walk: Walk) -> None:
        """Take a walk of this center that has ended, or rests."""
        if walk.is_resting:
            self._resting.append((scheduled, walk))
            self._census.on_rest(scheduled.index, walk.reading.evidence.total)
        else:
            self._census.on_end(scheduled.index, walk.distinct if walk.verdict == "complete" else None)

    def next_step(self) -> CensusStep | None:
        """Return what must be done now, once; None when something must happen first."""
        return self._census.next_step()

    def next_probe(self) -> ScheduledWalk:
        """Return the probe to ask now."""
        self._asked += 1
        return self.probes[self._asked - 1]

    def take_resting(self) -> list[tuple[ScheduledWalk, Walk]]:
        """Return the walks that rest; they do not rest any longer."""
        resting, self._resting = self._resting, []
        return resting
