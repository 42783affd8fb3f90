"""What a manifest proves, in words and totals (pure): the first section of the report.

What makes a walk complete is in walk/passes/evidence.py, what makes a snapshot complete in snapshot/completeness.py.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter
from typing import Final, NamedTuple

from crawler.model.verdict import MEANINGS, Verdict
from crawler.model.walk_id import Center
from crawler.report.row import shown
from crawler.report.table_data import Column
from crawler.snapshot.completeness import (
    WALK_KINDS,
    Kind,
    Shortfall,
    contradictions,
    counted_places,
    evidence_text,
    invalid_text,
    is_proven,
    lost_text,
    missing_of,
    shortfalls,
    sum_if_known,
)
from crawler.snapshot.layout import REJECTS
from crawler.snapshot.manifest import Manifest, WalkEntry
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
    found = shortfalls(manifest)
    contradicted = contradictions(manifest, records=records, has_success_marker=has_success_marker)
    reasons = (*_reasons(found), *(f"{file} {difference}" for file, difference in contradicted))
    walks = sorted(manifest.walks, key=lambda walk: _WORST_FIRST.index(walk.verdict))
    unproven = [walk for walk in walks if not is_proven(walk)]
    return Completeness(
        complete=not reasons,
        headline=_headline(manifest, found, records, complete=not reasons),
        reasons=reasons,
        notes=tuple(_notes(manifest.walks)),
        centers=tuple(_center_totals(manifest)),
        unproven=tuple(_describe(walk) for walk in unproven[:most]),
        unproven_count=len(unproven),
        walks=tuple(walks),
    )


def _headline(manifest: Manifest, found: Sequence[Shortfall], records: int, *, complete: bool) -> str:
    known = all(one.kind != "target failed" for one in found)  # what a target that failed holds is not known
    declared = sum_if_known(walk.declared for walk in manifest.walks) if known else None
    of = f"{count(records)} of {count(declared)} declared records" if declared is not None else None
    if complete:
        return f"{of or counted(records, 'record')} are here, each once"
    return f"{of} are here" if of else f"{counted(records, 'record')} are here; how many there should be is not known"


def _reasons(found: Sequence[Shortfall]) -> Iterator[str]:
    """Yield the walks and the rejects in sums, since the page has a table of them, and a few of each other kind."""
    kinds: dict[Kind, list[Shortfall]] = {}
    for one in found:
        kinds.setdefault(one.kind, []).append(one)
    yield from _several(kinds.pop("target failed", []))
    walks = {kind: kinds.pop(kind) for kind in WALK_KINDS if kind in kinds}
    for verdict in _WORST_FIRST:
        if verdict in walks:
            yield f"{counted(len(walks[verdict]), 'walk')} {MEANINGS[verdict].summary} ({verdict})"
    if missing := missing_of(chain.from_iterable(walks.values())):
        yield f"{counted(missing, 'declared record')} missing"
    if rejects := kinds.pop("rejects", []):
        yield f"{counted(missing_of(rejects), 'item')} could not be read as records; they are in {REJECTS}"
    for rest in kinds.values():
        yield from _several(rest)


def _several(found: Sequence[Shortfall]) -> Iterator[str]:
    for one in found[:_FEW]:
        yield shown(f"{one.place} {one.text}")
    if more := found[_FEW:]:
        yield f"likewise {counted_places(more)} more; the manifest lists them"


def _notes(walks: Iterable[WalkEntry]) -> Iterable[str]:
    invalid = [walk for walk in walks if walk.invalid]
    if invalid:
        fields = sorted({shown(field) for walk in invalid for field in walk.invalid_fields})
        yield f"{invalid_text(invalid)}: {', '.join(fields)}"


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
    evidence = [evidence_text(walk), *map(lost_text, walk.lost[:_FEW])]
    if more := len(walk.lost[_FEW:]):
        evidence.append(f"and {counted(more, 'more window', 'more windows')}")
    if walk.rejects:
        evidence.append(f"{count(walk.rejects)} rejected")
    place = shown(walk.target), walk.center, _namespace(walk)
    return UnprovenWalk(*place, walk.verdict, shown("; ".join(evidence)))


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
