"""Compares what a crawl found with earlier snapshots, the two centers of a target, and a center with its walks."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from crawler.crawl.ending.center_content import center_content, unheld
from crawler.crawl.ending.evidence import Evidence
from crawler.crawl.ending.snapshot_of import Compared
from crawler.files.disk_errors import disk_errors
from crawler.model.walk_id import Center
from crawler.snapshot.coverage import cover
from crawler.snapshot.history.find import newest_of_plans
from crawler.snapshot.history.shrinkage import ShrinkLimits, center_plans, find_shrinkage
from crawler.snapshot.manifest import Shrinkage
from crawler.snapshot.overlap import overlaps


def compare(
    evidence: Evidence,
    config: Mapping[str, Any],
    limits: ShrinkLimits,
    *,
    output: Path | None,
    folder: Path | None,
    started_at: str,
) -> Compared:
    """Return what comparing found.

    `config` is the run's configuration as a manifest has it. `output` holds the snapshots to compare with and `folder`
    the part files; both are None for standard output. `started_at` is when the run began. Raises DiskError.
    """

    def read(target: str, center: Center, keys: Collection[int]) -> Mapping[int, object]:
        return {} if folder is None else center_content(folder, target, center, keys)

    samples = {(one.target, one.center): one.sample for one in evidence.centers}
    shrinkage = () if output is None else _shrinkage(evidence, config, limits, output, started_at)
    return Compared(shrinkage, tuple(overlaps(samples, read)), {} if folder is None else _unheld(evidence, folder))


def _unheld(evidence: Evidence, folder: Path) -> dict[tuple[str, Center], int]:
    """Return how many records a center showed that no walk of it holds: after its walks, or in those of other names.

    Where the totals show that some are missing, the records shown may be among them: that says nothing more.
    """
    failed = evidence.failed_targets
    totals = [total for total in evidence.totals if total.target not in failed]
    whole = {(one.target, one.center) for one in cover(totals, evidence.walks) if one.uncovered == 0}
    outside = {(one.target, one.center): one.outside for one in evidence.centers}
    shown = {total[:2]: {*total.unmatched, *outside.get(total[:2], ())} for total in totals}
    return {place: len(unheld(folder, *place, keys)) for place, keys in shown.items() if keys and place in whole}


def _shrinkage(
    evidence: Evidence, config: Mapping[str, Any], limits: ShrinkLimits, output: Path, started_at: str
) -> tuple[Shrinkage, ...]:
    """Return what the walks lost since the newest complete snapshots of the same plan in the output.

    A target that failed is compared with nothing: what it still holds is not known.
    """
    failed = evidence.failed_targets
    plans = {place: plan for place, plan in center_plans(config).items() if place[0] not in failed}
    with disk_errors(output):
        return find_shrinkage(newest_of_plans(output, plans, started_at), evidence.walks, limits)
