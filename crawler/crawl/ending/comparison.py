"""Compares what a crawl found with earlier snapshots, and the two centers of a target with each other."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from crawler.crawl.ending.center_content import center_content
from crawler.crawl.ending.evidence import Evidence
from crawler.crawl.ending.snapshot_of import Compared
from crawler.files.disk_errors import disk_errors
from crawler.model.walk_id import Center
from crawler.snapshot.find import newest_of_plans
from crawler.snapshot.manifest import Shrinkage
from crawler.snapshot.overlap import overlaps
from crawler.snapshot.shrinkage import ShrinkLimits, center_plans, find_shrinkage


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
    return Compared(shrinkage, tuple(overlaps(samples, read)))


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
