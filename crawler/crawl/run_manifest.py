"""Makes the manifest of a crawl from its result (pure)."""

from collections.abc import Iterable, Sequence

import crawler
from crawler.config.config import Config
from crawler.config.describe import redacted
from crawler.crawl.observing.target_stats import TargetStats
from crawler.crawl.result import RunResult
from crawler.snapshot.manifest import SCHEMA, FileEntry, Manifest, Requests, Status
from crawler.text.timestamp import timestamp


def manifest_of(
    result: RunResult,
    config: Config,
    status: Status,
    unknown_fields: Iterable[str],
    files: tuple[FileEntry, ...],
    rejects: FileEntry,
) -> Manifest:
    """Return the manifest of the snapshot that consists of `files` and `rejects`; it holds no secret of `config`."""
    return Manifest(
        schema=SCHEMA,
        snapshot=result.snapshot,
        crawler=crawler.__version__,
        started_at=timestamp(result.started_at),
        finished_at=timestamp(result.finished_at),
        status=status,
        resumed=result.resumed,
        config=redacted(config),
        walks=result.walks,
        coverage=result.coverage,
        shrinkage=result.shrinkage,
        files=files,
        rejects=rejects,
        unknown_fields=tuple(sorted(unknown_fields)),
        requests=_requests(result.stats),
        overlaps=result.overlaps,
        targets=result.targets,
        carried_over=result.carried_over,
    )


def _requests(stats: Sequence[TargetStats]) -> Requests:
    by_status: dict[str, int] = {}
    for target in stats:
        for status, count in sorted(target.by_status.items()):
            by_status[status] = by_status.get(status, 0) + count
    return Requests(
        by_status=by_status,
        retries=sum(target.retries for target in stats),
        throttled_s=round(sum(target.throttled_s for target in stats), 3),
    )
