"""What a crawl schedules: the walks of the plan, and the census of each center that is crawled by namespace (pure)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from crawler.model.walk_id import Center, WalkId
from crawler.model.window import Window
from crawler.snapshot.manifest import CarriedOver
from crawler.swr.page import Page
from crawler.walk.census.center_census import MAX_TOTALS, AskTotal, CensusStep, CenterCensus
from crawler.walk.census.total_probe import TotalProbe
from crawler.walk.census.total_steps import ListTotal
from crawler.walk.rested_walk import RestedWalk, WalkResult
from crawler.walk.walk import Walk


class ScheduledWalk:
    """One walk of the plan, and what the crawl spent on it.

    `walk` is None before the walk starts, while it rests, and when it has ended; then `result` is set, until the walk
    is published. `published_in` is the earlier snapshot that has the walk already, None for a walk of this run alone.
    `filtered` says whether its last request packed all parameters into `filter`. A probe is not part of
    the plan: it asks a list for its total. Its pages are kept for a resume and never published; its `index` is below 0.
    `split` is that of a walk which is read again by namespace, and of the walks and probes in its place.
    """

    __slots__ = (
        "counted_total",
        "counted_windows",
        "filtered",
        "id",
        "index",
        "is_probe",
        "published_in",
        "requests",
        "result",
        "split",
        "uncertain",
        "walk",
    )

    def __init__(self, index: int, walk_id: WalkId, *, is_probe: bool = False) -> None:
        self.index = index
        self.id = walk_id
        self.is_probe = is_probe
        self.filtered = False
        self.walk: Walk | TotalProbe | None = None
        self.result: WalkResult | None = None
        self.published_in: CarriedOver | None = None
        self.split: Split | None = None
        self.requests = 0
        self.uncertain = 0  # pages that may belong to another request (crawl/engine/uncertain_pages.py)
        self.counted_total = 0  # what the target's statistics include of this walk
        self.counted_windows = 0

    @property
    def ended(self) -> bool:
        """Whether the walk has its verdict; if it is split, whether those in its place have theirs."""
        split = self.own_split
        return self.result is not None and (split is None or split.has_ended)

    @property
    def own_split(self) -> "Split | None":
        """The split that other walks stand in this one's place for; None for all other walks."""
        return self.split if self.split is not None and self.split.parent is self else None

    @property
    def awaits_split(self) -> bool:
        """Whether it is to be decided whether the walk is read again by namespace."""
        split = self.own_split
        return self.result is not None and split is not None and split.census is None

    @property
    def is_certain(self) -> bool:
        """Whether no page may belong to another request, of the walk and of those in its place."""
        split = self.own_split
        return not self.uncertain and not any(one.uncertain for one in (split.parts if split else ()))


class FetchTask(NamedTuple):
    """One window of one walk, to be fetched now."""

    scheduled: ScheduledWalk
    walk: Walk | TotalProbe
    window: Window


class ScheduledCensus:
    """The census of one center: its `probes` in the order in which they may be asked, and the walks that rest."""

    def __init__(self, target: str, center: Center, probes: Sequence[ScheduledWalk]) -> None:
        self.target = target
        self.center = center
        self.probes = probes
        self._census = CenterCensus(0)
        self._asked = 1
        self._resting: list[tuple[ScheduledWalk, Walk | RestedWalk]] = []

    @property
    def before(self) -> int | None:
        """The center's total from before its walks, None when it is not known."""
        return self._census.before

    @property
    def after(self) -> int | None:
        """The center's last total from after its walks, None when it is not known."""
        return self._census.after

    @property
    def unmatched(self) -> frozenset[int]:
        """The keys of records that the center showed after its walks, and that no page of these is known to hold."""
        return self._census.rows.unmatched

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to ask."""
        return self._census.is_done

    @property
    def have_walks_ended(self) -> bool:
        """Whether nothing is left to ask, and none of the walks was opened again since."""
        return self._census.have_walks_ended

    def expect(self, walks: Iterable[ScheduledWalk]) -> None:
        """Begin the census of those of `walks` that are of this center."""
        self._census = CenterCensus(sum(walk.id.center == self.center for walk in walks))

    def on_total(self, total: ListTotal, shown: Collection[int]) -> None:
        """Take the answer of a probe, with the keys of the records that it showed."""
        self._census.on_total(total, shown)

    def on_page(self, page: Page) -> None:
        """Take a page of a walk of this center; it may hold records of other namespaces."""
        self._census.rows.on_page(page.items.keys)
        if page.items.outside:
            self._census.on_loose_filter()

    def on_rest(self, scheduled: ScheduledWalk, walk: Walk | RestedWalk, found: int) -> None:
        """Take a walk of this center that rests after it found that many records."""
        self._resting.append((scheduled, walk))
        self._census.on_rest(scheduled.index, found)

    def on_end(self, scheduled: ScheduledWalk, result: WalkResult) -> None:
        """Take a walk of this center that has ended."""
        complete = result.judgement.verdict == "complete"
        self._census.on_end(scheduled.index, result.distinct if complete else None)

    def on_doubt(self) -> None:
        """Take the totals back: an answer to a probe may belong to another request."""
        self._census.on_doubt()

    def on_reopen(self, scheduled: ScheduledWalk) -> None:
        """Take a walk back that has ended, or rests."""
        resting = [one for one in self._resting if one[0] is not scheduled]
        self._census.on_reopen(scheduled.index, rested=len(resting) < len(self._resting))
        self._resting = resting

    def next_step(self) -> CensusStep | None:
        """Return what must be done now, once; None when something must happen first."""
        return self._census.next_step()

    def next_probe(self) -> ScheduledWalk:
        """Return the probe to ask now."""
        self._asked += 1
        return self.probes[self._asked - 1]

    def take_resting(self) -> list[tuple[ScheduledWalk, Walk | RestedWalk]]:
        """Return the walks that rest; they do not rest any longer."""
        resting, self._resting = self._resting, []
        return resting


# The walks and probes of a split have indexes of their own, far from those of the plan: as many for each walk of it.
_INDEXES: Final = 10**9


class Split:
    """A walk of a whole center, the `parent`, that is read again by namespace since no order of its rows holds still.

    `walks`, in the order of their namespaces, and the `census` of the center stand in its place; there are none, and
    the census is None, before `begin`.
    """

    __slots__ = ("census", "parent", "walks")

    def __init__(self, parent: ScheduledWalk) -> None:
        self.parent = parent
        self.walks: tuple[ScheduledWalk, ...] = ()
        self.census: ScheduledCensus | None = None

    def begin(self, namespaces: Iterable[str]) -> ScheduledCensus:
        """Make the walks of these namespaces and the census; their indexes are the same in each run of the plan."""
        whole, first = self.parent.id, _INDEXES * (self.parent.index + 1)
        names = enumerate(sorted(namespaces))
        self.walks = tuple(ScheduledWalk(first + at, whole._replace(namespace=name)) for at, name in names)
        probes = [ScheduledWalk(-first - at, whole, is_probe=True) for at in range(MAX_TOTALS)]
        self.census = ScheduledCensus(whole.target, whole.center, probes)
        for one in self.parts:
            one.split = self
        return self.census

    @property
    def parts(self) -> tuple[ScheduledWalk, ...]:
        """The walks and the probes."""
        return *self.walks, *(self.census.probes if self.census else ())

    @property
    def has_ended(self) -> bool:
        """Whether all walks have their verdict, and the census is done."""
        return self.census is not None and self.census.have_walks_ended


class CensusResult(NamedTuple):
    """What follows from a step of a census: probes to start, and walks that no longer rest.

    `agrees` says whether the census vouches for those.
    """

    to_start: Sequence[ScheduledWalk] = ()
    rested: Sequence[tuple[ScheduledWalk, Walk | RestedWalk]] = ()
    agrees: bool = False


_NOTHING: Final = CensusResult()


class TargetCensus:
    """The census of each center of one target that is crawled by namespace; the walks of other centers are ignored."""

    def __init__(self, centers: Mapping[Center, ScheduledCensus], walks: Sequence[ScheduledWalk]) -> None:
        self._centers = dict(centers)
        for census in centers.values():
            census.expect(walks)

    def add(self, census: ScheduledCensus, walks: Sequence[ScheduledWalk]) -> None:
        """Begin the census of a center that is crawled by namespace from now on."""
        self._centers[census.center] = census
        census.expect(walks)

    def covers(self, center: Center) -> bool:
        """Return whether there is a census of this center."""
        return center in self._centers

    def first_probes(self) -> list[ScheduledWalk]:
        """Return the probes that ask for the totals from before the walks."""
        return [census.probes[0] for census in self._centers.values()]

    def on_page(self, center: Center, page: Page) -> None:
        """Take a page of a walk of this center."""
        census = self._centers.get(center)
        if census is not None:
            census.on_page(page)

    def on_doubt(self, center: Center) -> None:
        """Take the totals of this center back."""
        if center in self._centers:
            self._centers[center].on_doubt()

    def on_reopen(self, scheduled: ScheduledWalk) -> None:
        """Take a walk back that has ended, or rests."""
        if scheduled.id.center in self._centers:
            self._centers[scheduled.id.center].on_reopen(scheduled)

    def on_rest(self, scheduled: ScheduledWalk, walk: Walk | RestedWalk, found: int) -> CensusResult:
        """Take a walk that rests after it found that many records. There is a census of its center."""
        census = self._centers[scheduled.id.center]
        census.on_rest(scheduled, walk, found)
        return _go_on(census)

    def on_end(self, scheduled: ScheduledWalk, result: WalkResult) -> CensusResult:
        """Take a walk that has ended."""
        census = self._centers.get(scheduled.id.center)
        if census is None:
            return _NOTHING
        census.on_end(scheduled, result)
        return _go_on(census)

    def on_probe(self, scheduled: ScheduledWalk, total: ListTotal, shown: Collection[int]) -> CensusResult:
        """Take the answer of a probe, with the keys of the records that it showed."""
        census = self._centers.get(scheduled.id.center)
        if census is None:
            return _NOTHING
        census.on_total(total, shown)
        return _go_on(census)


def _go_on(census: ScheduledCensus) -> CensusResult:
    step = census.next_step()
    if step is None:  # of most walks
        return _NOTHING
    if isinstance(step, AskTotal):
        return CensusResult([census.next_probe()])
    return CensusResult(rested=census.take_resting(), agrees=step.agrees)
