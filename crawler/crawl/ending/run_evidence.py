"""What a run found when its walks have ended, and why its snapshot is not complete."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from crawler.config.config import Config
from crawler.config.describe import redacted
from crawler.crawl.ending.target_entries import may_publish, target_entries
from crawler.crawl.planning.schedule import Schedule
from crawler.files.disk_errors import disk_errors
from crawler.model.walk_id import Center
from crawler.snapshot.completeness import Shortfall, find_shortfalls, status_from
from crawler.snapshot.coverage import cover
from crawler.snapshot.find import newest_of_plans
from crawler.snapshot.manifest import CenterSplit, Coverage, Overlap, Shrinkage, Status, TargetEntry, WalkEntry
from crawler.snapshot.shrinkage import ShrinkLimits, center_plans, find_shrinkage


class PublishedWalks(Protocol):
    """The walks that a run has published, and which targets hold the same in both centers (crawl/run_store.py).

    `splits` has, by target and center, what was seen of centers before they were read by namespace.
    """

    walks: list[WalkEntry]
    splits: dict[tuple[str, Center], CenterSplit]

    def overlaps(self, folder: Path | None) -> tuple[Overlap, ...]:
        """Return the targets that hold some repositories in both centers."""
        ...


class RunEvidence(NamedTuple):
    """What the manifest of a run says beside its files; `shortfalls` are the reasons why it is not complete.

    `is_publishable` says whether at least one target ended. Otherwise there is only what does not need all walks.
    """

    walks: tuple[WalkEntry, ...]
    targets: tuple[TargetEntry, ...]
    coverage: tuple[Coverage, ...]
    is_publishable: bool
    shrinkage: tuple[Shrinkage, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()

    @property
    def status(self) -> Status:
        """Return the status of a snapshot of it."""
        return status_from(self.shortfalls)


def run_evidence(
    config: Config,
    schedule: Schedule,
    store: PublishedWalks,
    *,
    output: Path | None,
    folder: Path | None,
    started_at: str,
) -> RunEvidence:
    """Return what a run found.

    `output` holds the snapshots to compare with and `folder` the part files; both are None for standard output.
    `started_at` is when the run began. Raises DiskError.
    """
    errors, walks = schedule.errors(), tuple(store.walks)
    targets = target_entries(schedule.planned(), walks, errors)
    totals = [total for total in schedule.declared_totals() if total.target not in errors]
    coverage = cover(totals, walks, store.splits)
    if not (may_publish(targets) and schedule.is_census_done):
        return _judged(RunEvidence(walks, targets, coverage, is_publishable=False), config)
    shrinkage = () if output is None else _shrinkage(config, walks, targets, output, started_at)
    overlaps = store.overlaps(folder)
    found = RunEvidence(walks, targets, coverage, is_publishable=True, shrinkage=shrinkage, overlaps=overlaps)
    return _judged(found, config)


def _judged(found: RunEvidence, config: Config) -> RunEvidence:
    shortfalls = find_shortfalls(
        found, allow_partial_coverage=config.allow_partial_coverage, allow_shrink=config.allow_shrink
    )
    return found._replace(shortfalls=tuple(shortfalls))


def _shrinkage(
    config: Config, walks: Sequence[WalkEntry], targets: Sequence[TargetEntry], output: Path, started_at: str
) -> tuple[Shrinkage, ...]:
    """Return what the walks lost since the newest complete snapshots of the same plan in the output.

    A target that failed is compared with nothing: what it still holds is not known.
    """
    ended = {target.name for target in targets if target.state == "ended"}
    plans = {place: plan for place, plan in center_plans(redacted(config)).items() if place[0] in ended}
    with disk_errors(output):
        earlier = newest_of_plans(output, plans, started_at)
        return find_shrinkage(earlier, walks, ShrinkLimits(config.max_shrink_percent, config.min_shrink_records))
