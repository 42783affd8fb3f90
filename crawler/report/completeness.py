"""What a manifest proves, in words and totals (pure): the first section of the report.

What makes a walk complete is in walk/passes/evidence.py, what makes a snapshot complete in snapshot/completeness.py.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from crawler.model.verdict import MEANINGS, Verdict
from crawler.model.walk_id import Center
from crawler.report.row import shown
from crawler.report.table_data import Column
from crawler.snapshot.completeness import incompleteness_of, is_proven, sum_if_known
from crawler.snapshot.manifest import Coverage, Manifest, Overlap, Shrinkage, TargetEntry, WalkEntry
from crawler.snapshot.shrinkage import counted_places, shrinkage_text
from crawler.text.human import count, counted, duration

_FEW: Final = 3
_WORST_FIRST: Final[tuple[Verdict, ...]] = ("partial", "drifted", "unproven", "complete")


class CenterTotals(NamedTuple):
    """The totals of the walks of one target and center; `declared` and `missing` are None when they are not known.

    `uncovered` counts declared records in namespaces that were not walked: 0 when the center was one walk, None when
    it is not known.
    """

    target: str
    center: str
    walks: int
    verdicts: str
    declared: int | None
    records: int
    missing: int | None
    duplicates: int
    rejects: int
    uncovered: int | None


class UnprovenWalk(NamedTuple):
    """A walk that is not complete, or has rejected items, and the evidence in words."""

    target: str
    center: str
    namespace: str
    verdict: str
    evidence: str


class Completeness(NamedTuple):
    """Whether the snapshot is complete; if not, `reasons` has a sentence for each reason.

    `notes` say what else a reader should know, complete or not. `walks` are all walks, the worst first. `unproven` are
    the worst of those that are not proven, `unproven_count` is the number of all of them.
    """

    complete: bool
    headline: str
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    centers: tuple[CenterTotals, ...]
    unproven: tuple[UnprovenWalk, ...]
    unproven_count: int
    walks: tuple[WalkEntry, ...]


def completeness(manifest: Manifest, *, records: int, has_success_marker: bool, most: int) -> Completeness:
    """Judge a manifest anew, whatever its `status` says.

    `records` is the number read from the parts, `has_success_marker` whether `_SUCCESS` is beside the manifest; at most
    `most` unproven walks are described.
    """
    reasons = tuple(_reasons(manifest, records, has_success_marker=has_success_marker))
    walks = sorted(manifest.walks, key=lambda walk: _WORST_FIRST.index(walk.verdict))
    unproven = [walk for walk in walks if not is_proven(walk)]
    return Completeness(
        complete=not reasons,
        headline=_headline(manifest, records, complete=not reasons),
        reasons=reasons,
        notes=tuple(_notes(manifest.walks)),
        centers=tuple(_center_totals(manifest)),
        unproven=tuple(_describe(walk) for walk in unproven[:most]),
        unproven_count=len(unproven),
        walks=tuple(walks),
    )


def _headline(manifest: Manifest, records: int, *, complete: bool) -> str:
    known = not incompleteness_of(manifest).failed_targets  # what a target that failed holds is not known
    declared = sum_if_known(walk.declared for walk in manifest.walks) if known else None
    of = f"{count(records)} of {count(declared)} declared records" if declared is not None else None
    if complete:
        return f"{of or counted(records, 'record')} are here, each once"
    return f"{of} are here" if of else f"{counted(records, 'record')} are here; how many there should be is not known"


def _reasons(manifest: Manifest, records: int, *, has_success_marker: bool) -> Iterable[str]:
    why = incompleteness_of(manifest)
    yield from map(_failed, why.failed_targets[:_FEW])
    if len(why.failed_targets) > _FEW:
        yield f"{counted(len(why.failed_targets) - _FEW, 'more target')} stopped; the manifest lists them"
    verdicts = Counter(walk.verdict for walk in why.unproven_walks)
    for verdict in _WORST_FIRST:
        if verdicts[verdict]:
            yield f"{counted(verdicts[verdict], 'walk')} {MEANINGS[verdict].summary} ({verdict})"
    missing = sum(walk.missing or 0 for walk in why.unproven_walks)
    if missing:
        yield f"{counted(missing, 'declared record')} missing"
    if why.rejects:
        yield f"{counted(why.rejects, 'item')} could not be read as records; they are in _rejects.ndjson"
    yield from map(_uncovered, why.uncovered_centers)
    yield from map(_shrank, why.shrinkage[:_FEW])
    if more := why.shrinkage[_FEW:]:
        yield f"{counted_places(more)} more shrank; the manifest lists them"
    yield from map(_equal_centers, why.equal_centers)
    yield from _contradictions(manifest, records, has_success_marker=has_success_marker)


def _notes(walks: Iterable[WalkEntry]) -> Iterable[str]:
    invalid = [walk for walk in walks if walk.invalid]
    if invalid:
        records = counted(sum(walk.invalid for walk in invalid), "record")
        fields = sorted({shown(field) for walk in invalid for field in walk.invalid_fields})
        yield f"{records} with values that could not be read, in {', '.join(fields)}: null here, kept under invalid"


def _failed(target: TargetEntry) -> str:
    read = f"{count(target.published)} of {counted(target.planned, 'walk')} are here"
    return shown(f"{target.name} stopped before all of it was read ({read}): {target.reason}")


def _uncovered(center: Coverage) -> str:
    place = f"{center.target} {center.center}"
    if center.uncovered is None:
        return f"{place}: how many records are in namespaces that were not walked is not known"
    return f"{place}: {counted(center.uncovered, 'record')} in namespaces that were not walked"


def _shrank(one: Shrinkage) -> str:
    namespace = "" if one.namespace is None else f" {one.namespace}"
    return shown(f"{one.target} {one.center}{namespace} shrank {shrinkage_text(one)}")


def _equal_centers(overlap: Overlap) -> str:
    found = f"{count(overlap.in_both)} of {counted(overlap.compared, 'repository', 'repositories')} compared"
    return f"{shown(overlap.target)}: {found} are in both centers, as if the service ignored the center"


def _contradictions(manifest: Manifest, records: int, *, has_success_marker: bool) -> Iterable[str]:
    """Yield where parts of the snapshot contradict each other: it is damaged, or was changed by hand."""
    walked = sum(walk.records for walk in manifest.walks)
    if walked != records:
        yield f"the parts hold {counted(records, 'record')}, the walks say {count(walked)}"
    status = incompleteness_of(manifest).status
    if status != manifest.status:
        yield f"the manifest says {manifest.status}, its walks say {status}"
    if has_success_marker != (manifest.status == "complete"):
        yield f"_SUCCESS is {'there' if has_success_marker else 'missing'}, the manifest says {manifest.status}"


def _center_totals(manifest: Manifest) -> Iterable[CenterTotals]:
    places: dict[tuple[str, Center], list[WalkEntry]] = {}
    for walk in manifest.walks:
        places.setdefault((walk.target, walk.center), []).append(walk)
    uncovered = {(center.target, center.center): center.uncovered for center in manifest.coverage}
    for place, walks in places.items():
        verdicts = Counter(walk.verdict for walk in walks)
        yield CenterTotals(
            target=shown(place[0]),
            center=place[1],
            walks=len(walks),
            verdicts=", ".join(f"{count(verdicts[name])} {name}" for name in _WORST_FIRST if verdicts[name]),
            declared=sum_if_known(walk.declared for walk in walks),
            records=sum(walk.records for walk in walks),
            missing=sum_if_known(walk.missing for walk in walks),
            duplicates=sum(walk.duplicates for walk in walks),
            rejects=sum(walk.rejects for walk in walks),
            uncovered=uncovered.get(place, 0),
        )


def _describe(walk: WalkEntry) -> UnprovenWalk:
    evidence = [f"{count(walk.records)} read in {counted(walk.passes, 'pass', 'passes')}"]
    if walk.declared_totals:
        evidence.append(f"totals declared: {_few([count(total) for total in walk.declared_totals])}")
    if walk.lost:
        evidence.append(f"not read: {_few([_window(lost.offset, lost.end, lost.reason) for lost in walk.lost])}")
    if walk.rejects:
        evidence.append(f"{count(walk.rejects)} rejected")
    place = shown(walk.target), walk.center, _namespace(walk)
    return UnprovenWalk(*place, walk.verdict, shown("; ".join(evidence)))


def _few(texts: Sequence[str]) -> str:
    more = f", and {count(len(texts) - _FEW)} more" if len(texts) > _FEW else ""
    return ", ".join(texts[:_FEW]) + more


def _window(offset: int, end: int | None, reason: str) -> str:
    return f"{count(offset)} to {'the end' if end is None else count(end)} ({reason})"


def _namespace(walk: WalkEntry) -> str:
    return "all namespaces" if walk.namespace is None else shown(walk.namespace)


def walks_columns(*, targets: bool) -> tuple[Column, ...]:
    """Return the columns of the table of all walks, with the target when there are several."""
    columns = (
        Column("namespace", "Namespace", "word", _namespace),
        Column("target", "Target", "word", lambda walk: shown(walk.target), filter=True),
        Column("center", "Center", "word", lambda walk: walk.center, filter=True),
        Column("verdict", "Verdict", "word", attrgetter("verdict"), filter=True),
        Column("declared", "Declared", "count", attrgetter("declared"), descending=True),
        Column("records", "Read", "count", attrgetter("records"), descending=True),
        Column("missing", "Missing", "count", attrgetter("missing"), descending=True),
        Column("rejects", "Rejected", "count", attrgetter("rejects"), descending=True),
        Column("duplicates", "Duplicates", "count", attrgetter("duplicates"), descending=True),
        Column("passes", "Passes", "count", attrgetter("passes"), descending=True),
        Column("requests", "Requests", "count", attrgetter("requests"), descending=True),
    )
    return tuple(column for column in columns if targets or column.key != "target")


def requests_text(manifest: Manifest) -> str:
    """Return how many requests the run sent, its retries, and how long the service throttled it."""
    by_status = manifest.requests.by_status
    parts = [counted(sum(by_status.values()), "request")]
    if manifest.requests.retries:
        parts.append(counted(manifest.requests.retries, "retry", "retries"))
    if manifest.requests.throttled_s:
        parts.append(f"throttled by the service for {duration(manifest.requests.throttled_s)}")
    return ", ".join(parts)
