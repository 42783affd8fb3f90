"""Makes the manifest of a snapshot from the evidence of its walks (pure)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

import crawler
from crawler.crawl.ending.evidence import Evidence, TargetEvidence
from crawler.model.walk_id import Center
from crawler.snapshot.completeness import shortfalls, status_from
from crawler.snapshot.coverage import cover
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.layout import REJECTS
from crawler.snapshot.manifest import SCHEMA, Manifest, Overlap, Requests, Shrinkage
from crawler.text.timestamp import timestamp

_NO_REJECTS: Final = FileEntry(path=REJECTS, records=0, bytes=0, sha256=sha256(b"").hexdigest())


class RunFacts(NamedTuple):
    """What a manifest says of its run: the id, when it began and ended (UTC), how often it was resumed.

    `config` is its configuration without secrets; it says, too, what the run accepts beforehand.
    """

    snapshot: str
    started_at: datetime
    finished_at: datetime
    resumed: int
    config: Mapping[str, Any]


class Compared(NamedTuple):
    """What comparing the records with others found.

    `shrinkage`: shrunken centers and namespaces; `overlaps`: centers that are alike; `unheld`: how many records were
    shown of a center that no walk of it holds, by target and center.
    """

    shrinkage: tuple[Shrinkage, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    unheld: Mapping[tuple[str, Center], int] = MappingProxyType({})


NOT_COMPARED: Final = Compared()


def snapshot_of(evidence: Evidence, run: RunFacts, compared: Compared = NOT_COMPARED) -> Manifest:
    """Return the manifest of a snapshot with this evidence; its `status` follows from it."""
    failed = evidence.failed_targets
    totals = [total for total in evidence.totals if total.target not in failed]
    splits = {(one.target, one.center): one.split for one in evidence.centers if one.split is not None}
    unknown = {name for target in evidence.targets for name in target.unknown_fields}
    manifest = Manifest(
        schema=SCHEMA,
        snapshot=run.snapshot,
        crawler=crawler.__version__,
        started_at=timestamp(run.started_at),
        finished_at=timestamp(run.finished_at),
        status="incomplete",
        resumed=run.resumed,
        config=dict(run.config),
        walks=evidence.walks,
        coverage=cover(totals, evidence.walks, splits, compared.unheld),
        shrinkage=compared.shrinkage,
        overlaps=compared.overlaps,
        targets=evidence.target_entries,
        carried_over=evidence.carried_over,
        files=evidence.files,
        rejects=evidence.rejects or _NO_REJECTS,
        partitions=evidence.partitions,
        unknown_fields=tuple(sorted(unknown)),
        requests=_requests(evidence.targets),
    )
    return msgspec.structs.replace(manifest, status=status_from(shortfalls(manifest)))


def _requests(targets: Sequence[TargetEvidence]) -> Requests:
    by_status: dict[str, int] = {}
    for target in targets:
        for status, count in sorted(target.by_status.items()):
            by_status[status] = by_status.get(status, 0) + count
    return Requests(
        by_status=by_status,
        retries=sum(target.retries for target in targets),
        throttled_s=round(sum(target.throttled_s for target in targets), 3),
    )
