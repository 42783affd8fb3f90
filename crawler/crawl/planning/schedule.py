"""Makes the schedulers of a crawl from its plan: one for each target, with the target's walks."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from crawler.config.config import Config
from crawler.crawl.observing.observer import Observer
from crawler.crawl.observing.run_statistics import RunStatistics
from crawler.crawl.observing.target_stats import TargetStats
from crawler.crawl.planning.walk_plan import WalkPlan
from crawler.crawl.scheduling.scheduled import ScheduledCensus, ScheduledWalk, Split
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.crawl.scheduling.walk_maker import CrawlLimits
from crawler.errors import CrawlerError
from crawler.model.walk_id import Center, WalkId
from crawler.model.window import Order
from crawler.snapshot.coverage import CenterTotal
from crawler.snapshot.manifest import CarriedOver
from crawler.walk.census.center_census import MAX_TOTALS
from crawler.walk.server_profile import ServerProfile

_NO_PROFILES: Final[Mapping[str, ServerProfile]] = MappingProxyType({})


class Schedule(NamedTuple):
    """All walks of a crawl.

    `walks` are those of the plan, in its order. `census` asks the centers that are crawled by namespace for their
    totals. `targets` hands out the windows of both, by the name of their target.
    """

    walks: Sequence[ScheduledWalk]
    census: Sequence[ScheduledCensus]
    targets: Mapping[str, TargetScheduler]

    @property
    def is_census_done(self) -> bool:
        """Whether every center has declared its totals, but those of targets that stopped."""
        return all(one.is_done or self.targets[one.target].error is not None for one in self._all_census())

    def by_index(self) -> dict[int, ScheduledWalk]:
        """Return all walks and probes by the index that the journal knows them by."""
        probes = (probe for one in self.census for probe in one.probes)
        parts = (part for split in self._splits() for part in split.parts)
        return {walk.index: walk for walk in (*self.walks, *probes, *parts)}

    def _splits(self) -> Iterator[Split]:
        return (split for walk in self.walks if (split := walk.own_split) is not None)

    def _all_census(self) -> Iterator[ScheduledCensus]:
        yield from self.census
        yield from (split.census for split in self._splits() if split.census is not None)

    def unpublished(self) -> list[ScheduledWalk]:
        """Return the walks that have ended, with certain pages, and are not published: one before them has not."""
        return [walk for walk in self.walks if walk.ended and walk.is_certain]

    def to_read_again(self, centers: Collection[tuple[str, Center]]) -> tuple[int, ...]:
        """Return the indexes of the walks and probes that are read anew, by the next run, with these centers.

        A walk that has ended and is not published may hold a page of another request: it is among them.
        """
        walks = [one for one in self.walks if one.ended or (one.id.target, one.id.center) in centers]
        parts = [part for one in walks if one.own_split is not None for part in one.own_split.parts]
        read_anew = (one for one in self.census if (one.target, one.center) in centers)
        return tuple(one.index for one in (*walks, *parts, *(probe for one in read_anew for probe in one.probes)))

    def carried_over(self) -> tuple[CarriedOver, ...]:
        """Return the earlier snapshots that some walks are carried over from, the oldest first."""
        found = {one.snapshot: one for walk in self.walks if (one := walk.published_in) is not None}
        return tuple(sorted(found.values(), key=lambda one: one.finished_at))

    def errors(self) -> dict[str, CrawlerError]:
        """Return why targets stopped before their walks ended, by the target's name."""
        return {name: target.error for name, target in self.targets.items() if target.error is not None}

    def declared_totals(self) -> list[CenterTotal]:
        """Return what each center that is crawled by namespace declared as its own totals."""
        return [
            CenterTotal(one.target, one.center, one.before, one.after, tuple(sorted(one.unmatched)))
            for one in self._all_census()
        ]


def make_schedule(
    config: Config,
    plan: WalkPlan,
    observer: Observer,
    statistics: RunStatistics,
    profiles: Mapping[str, ServerProfile] = _NO_PROFILES,
) -> Schedule:
    """Return the schedule of `plan`, at its start; `statistics` begin anew, and count when `observer` tells them.

    A target whose namespaces could not be discovered is stopped already; `observer` is not told. `profiles` has, by
    target, what another crawl found its service to accept (crawl/ending/evidence.py); a run that is resumed needs those
    that it began with.
    """
    walks = [ScheduledWalk(index, walk) for index, walk in enumerate(plan.walks)]
    census = _census(config, plan.by_namespace)
    targets = make_targets(config, walks, observer, census, profiles)
    for target in config.targets:
        walks_of_target = len(targets[target.name].walks)
        statistics.begin(TargetStats(target.name, walks_of_target, target.rate_per_s))
    for name, error in plan.errors.items():
        targets[name].error = error
    return Schedule(walks, census, targets)


def make_targets(
    config: Config,
    walks: Sequence[ScheduledWalk],
    observer: Observer,
    census: Sequence[ScheduledCensus] = (),
    profiles: Mapping[str, ServerProfile] = _NO_PROFILES,
) -> dict[str, TargetScheduler]:
    """Return a scheduler for each target, by its name."""
    orders = tuple(None if column == "none" else Order(column, "asc") for column in config.order)
    limits = CrawlLimits(config.max_tries, config.max_passes, config.double_read, config.max_wait_s)
    own: dict[str, list[ScheduledWalk]] = {target.name: [] for target in config.targets}
    for walk in walks:
        own[walk.id.target].append(walk)
    of_centers: dict[str, dict[Center, ScheduledCensus]] = {target.name: {} for target in config.targets}
    for one in census:
        of_centers[one.target][one.center] = one
    targets = {}
    first = ServerProfile(config.limit, orders, config.dialect == "filter", config.dialect == "auto")
    for name, walks_of_target in own.items():
        profile = profiles.get(name, first)
        targets[name] = TargetScheduler(name, walks_of_target, profile, limits, observer, census=of_centers[name])
    return targets


def _census(config: Config, centers: Iterable[tuple[str, Center]]) -> list[ScheduledCensus]:
    """Make the census of each of `centers`; its indexes are the same in each run of the plan, whoever answers."""
    numbers = {target.name: number for number, target in enumerate(config.targets)}
    census = []
    for target, center in centers:
        first = MAX_TOTALS * (numbers[target] * len(config.centers) + config.centers.index(center))
        walk = WalkId(target, center, None)
        probes = [ScheduledWalk(-1 - first - number, walk, is_probe=True) for number in range(MAX_TOTALS)]
        census.append(ScheduledCensus(target, center, probes))
    return census
