"""Makes the schedulers of a crawl from its plan: one for each target, with the target's walks."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from crawler.config.config import Config
from crawler.crawl.engine.target_scheduler import CrawlLimits, ScheduledWalk, TargetScheduler
from crawler.crawl.engine.target_stats import TargetStats
from crawler.crawl.planning.walk_plan import WalkPlan
from crawler.errors import CrawlerError
from crawler.model.walk_id import Center, WalkId
from crawler.model.window import Order
from crawler.snapshot.coverage import CenterTotal
from crawler.walk.server_profile import ServerProfile


class Schedule(NamedTuple):
    """All walks of a crawl.

    `walks` are those of the plan, in its order. `center_totals` ask the centers that are crawled by namespace for
    their totals. `targets` holds both kinds, by the name of their target.
    """

    walks: Sequence[ScheduledWalk]
    center_totals: Sequence[ScheduledWalk]
    targets: Mapping[str, TargetScheduler]

    def by_index(self) -> dict[int, ScheduledWalk]:
        """Return all walks by the index that the journal knows them by."""
        return {walk.index: walk for walk in (*self.walks, *self.center_totals)}

    def stats(self) -> tuple[TargetStats, ...]:
        """Return the statistics of all targets, in the order of the configuration."""
        return tuple(target.stats for target in self.targets.values())

    def errors(self) -> dict[str, CrawlerError]:
        """Return why targets stopped before their walks ended, by the target's name."""
        return {name: target.error for name, target in self.targets.items() if target.error is not None}

    def unknown_fields(self) -> set[str]:
        """Return the names of all fields that this version does not know."""
        return set().union(*(target.unknown_fields for target in self.targets.values()))

    def declared_totals(self) -> list[CenterTotal]:
        """Return what each center that is crawled by namespace declared as its own total."""
        return [
            CenterTotal(walk.id.target, walk.id.center, None if walk.walk is None else walk.walk.declared)
            for walk in self.center_totals
        ]


def make_schedule(config: Config, plan: WalkPlan) -> Schedule:
    """Return the schedule of `plan`; a target whose namespaces could not be discovered is stopped already."""
    walks = [ScheduledWalk(index, walk) for index, walk in enumerate(plan.walks)]
    center_totals = [_center_total(config, *center) for center in plan.by_namespace]
    limits = CrawlLimits(config.max_tries, config.max_passes, config.double_read)
    targets = make_targets(config, [*center_totals, *walks], limits)
    for name, error in plan.errors.items():
        targets[name].stop(error)
    return Schedule(walks, center_totals, targets)


def make_targets(
    config: Config, walks: Sequence[ScheduledWalk], limits: CrawlLimits, *, page_size: int | None = None
) -> dict[str, TargetScheduler]:
    """Return a scheduler for each target, by its name; `page_size` replaces the configured one."""
    orders = tuple(None if column == "none" else Order(column, "asc") for column in config.order)
    targets = {}
    for target in config.targets:
        own = [walk for walk in walks if walk.id.target == target.name]
        stats = TargetStats(target.name, sum(not walk.total_only for walk in own), target.rate_per_s)
        profile = ServerProfile(page_size or config.limit, orders, config.dialect == "filter", config.dialect == "auto")
        targets[target.name] = TargetScheduler(own, profile, limits, stats)
    return targets


def _center_total(config: Config, target: str, center: Center) -> ScheduledWalk:
    """Make the walk for a center's total; its index is the same in each run of the plan, whichever targets answer."""
    targets, centers = [one.name for one in config.targets], config.centers
    number = targets.index(target) * len(centers) + centers.index(center)
    return ScheduledWalk(-1 - number, WalkId(target, center, None), total_only=True)
