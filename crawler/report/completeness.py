"""What a manifest proves, in words and sums (pure): the first thing a report shows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from crawler.model.verdict import Verdict
from crawler.model.walk_id import Center
from crawler.report.statistics import shown
from crawler.report.table_data import Column
from crawler.snapshot.manifest import Coverage, Manifest, WalkEntry, status_of
from crawler.text.human import count, counted, duration

_WORST_FIRST: Final[tuple[Verdict, ...]] = ("partial", "drifted", "unproven", "complete")
_WHY: Final[dict[Verdict, str]] = {
    "partial": "could not be read to the end",
    "drifted": "never stood still while being read",
    "unproven": "had no declared total to be held against",
}


class Sums(NamedTuple):
    """The walks of one target and center, summed; `declared` and `missing` are None when nobody can know.

    `uncovered` counts declared records in namespaces that nobody walked: 0 when the center was walked as one,
    None when nobody can know.
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


class Doubt(NamedTuple):
    """A walk that proves nothing, or rejected items: whose it is and what is known of it."""

    target: str
    center: str
    namespace: str
    verdict: str
    evidence: str


class Completeness(NamedTuple):
    """All of it. `whole` is False as soon as one thing is; `reasons` then has a sentence for each."""

    whole: bool
    headline: str
    reasons: tuple[str, ...]
    sums: tuple[Sums, ...]
    doubts: tuple[Doubt, ...]
    doubtful: int
    walks: tuple[WalkEntry, ...]


def completeness(manifest: Manifest, *, records: int, has_success_marker: bool, most: int) -> Completeness:
    """Judge a manifest again, whatever it says of itself.

    `records` is what was read of the parts, `has_success_marker` whether `_SUCCESS` stands beside it; at most `most`
    doubts are told one by one, the worst ones; `doubtful` counts all of them. `walks` come worst first.
    """
    reasons = tuple(_reasons(manifest, records, has_success_marker=has_success_marker))
    walks = sorted(manifest.walks, key=lambda walk: _WORST_FIRST.index(walk.verdict))
    doubtful = [walk for walk in walks if walk.verdict != "complete" or walk.rejects]
    return Completeness(
        whole=not reasons,
        headline=_headline(manifest.walks, records, whole=not reasons),
        reasons=reasons,
        sums=tuple(_sums(manifest)),
        doubts=tuple(_doubt(walk) for walk in doubtful[:most]),
        doubtful=len(doubtful),
        walks=tuple(walks),
    )


def _headline(walks: Sequence[WalkEntry], records: int, *, whole: bool) -> str:
    declared = _known(walk.declared for walk in walks)
    of = f"{count(records)} of {count(declared)} declared records" if declared is not None else None
    if whole:
        return f"{of or counted(records, 'record')} are here, each once"
    return f"{of} are here" if of else f"{counted(records, 'record')} are here; how many there should be is not known"


def _known(numbers: Iterable[int | None]) -> int | None:
    """Give the sum, None when one of them is not known."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def _reasons(manifest: Manifest, records: int, *, has_success_marker: bool) -> Iterable[str]:
    verdicts = Counter(walk.verdict for walk in manifest.walks)
    for verdict, why in _WHY.items():
        if verdicts[verdict]:
            yield f"{counted(verdicts[verdict], 'walk')} {why} ({verdict})"
    missing = sum(walk.missing or 0 for walk in manifest.walks)
    if missing:
        yield f"{counted(missing, 'declared record')} missing"
    rejects = sum(walk.rejects for walk in manifest.walks)
    if rejects:
        yield f"{counted(rejects, 'item')} could not be made records; _rejects.ndjson has them"
    if not manifest.config.get("allow_partial_coverage"):
        yield from (reason for center in manifest.coverage if (reason := _uncovered(center)))
    yield from _contradictions(manifest, records, has_success_marker=has_success_marker)


def _uncovered(center: Coverage) -> str:
    if center.uncovered is None:
        return f"{center.target} {center.center}: nobody can know what the namespaces walked left out"
    if center.uncovered:
        return f"{center.target} {center.center}: {counted(center.uncovered, 'record')} in namespaces nobody walked"
    return ""


def _contradictions(manifest: Manifest, records: int, *, has_success_marker: bool) -> Iterable[str]:
    """Say where the manifest's parts don't fit together: damage, or somebody's hand."""
    walked = sum(walk.records for walk in manifest.walks)
    if walked != records:
        yield f"the parts hold {counted(records, 'record')}, the walks say {count(walked)}"
    partial = bool(manifest.config.get("allow_partial_coverage"))
    judged = status_of(manifest.walks, manifest.coverage, partial=partial)
    if judged != manifest.status:
        yield f"the manifest says {manifest.status}, its walks say {judged}"
    if has_success_marker != (manifest.status == "complete"):
        yield f"_SUCCESS is {'there' if has_success_marker else 'missing'}, the manifest says {manifest.status}"


def _sums(manifest: Manifest) -> Iterable[Sums]:
    places: dict[tuple[str, Center], list[WalkEntry]] = {}
    for walk in manifest.walks:
        places.setdefault((walk.target, walk.center), []).append(walk)
    uncovered = {(center.target, center.center): center.uncovered for center in manifest.coverage}
    for place, walks in places.items():
        verdicts = Counter(walk.verdict for walk in walks)
        yield Sums(
            target=shown(place[0]),
            center=place[1],
            walks=len(walks),
            verdicts=", ".join(f"{count(verdicts[name])} {name}" for name in _WORST_FIRST if verdicts[name]),
            declared=_known(walk.declared for walk in walks),
            records=sum(walk.records for walk in walks),
            missing=_known(walk.missing for walk in walks),
            duplicates=sum(walk.duplicates for walk in walks),
            rejects=sum(walk.rejects for walk in walks),
            uncovered=uncovered.get(place, 0),
        )


def _doubt(walk: WalkEntry) -> Doubt:
    evidence = [f"{count(walk.records)} read in {counted(walk.passes, 'pass', 'passes')}"]
    if walk.declared_totals:
        evidence.append(f"totals declared: {_few([count(total) for total in walk.declared_totals])}")
    if walk.lost:
        evidence.append(f"not read: {_few([_window(lost.offset, lost.end, lost.reason) for lost in walk.lost])}")
    if walk.rejects:
        evidence.append(f"{count(walk.rejects)} rejected")
    return Doubt(shown(walk.target), walk.center, named(walk.namespace), walk.verdict, shown("; ".join(evidence)))


_FEW: Final = 3


def _few(texts: Sequence[str]) -> str:
    more = f", and {count(len(texts) - _FEW)} more" if len(texts) > _FEW else ""
    return ", ".join(texts[:_FEW]) + more


def _window(offset: int, end: int | None, reason: str) -> str:
    return f"{count(offset)} to {'the end' if end is None else count(end)} ({reason})"


def named(namespace: str | None) -> str:
    """Give what a walk is over."""
    return "all namespaces" if namespace is None else shown(namespace)


def walks_columns(*, targets: bool) -> tuple[Column, ...]:
    """Give the columns of the table of every walk, with the target where there are several."""
    columns = (
        Column("namespace", "Namespace", "word", lambda walk: named(walk.namespace)),
        Column("target", "Target", "word", lambda walk: shown(walk.target), filter=True),
        Column("center", "Center", "word", lambda walk: walk.center, filter=True),
        Column("verdict", "Verdict", "word", attrgetter("verdict"), filter=True),
        Column("declared", "Declared", "count", attrgetter("declared"), descending=True),
        Column("records", "Read", "count", attrgetter("records"), descending=True),
        Column("missing", "Missing", "count", attrgetter("missing"), descending=True),
        Column("rejects", "Rejected", "count", attrgetter("rejects"), descending=True),
        Column("duplicates", "Seen twice", "count", attrgetter("duplicates"), descending=True),
        Column("passes", "Passes", "count", attrgetter("passes"), descending=True),
        Column("requests", "Requests", "count", attrgetter("requests"), descending=True),
    )
    return tuple(column for column in columns if targets or column.key != "target")


def asked(manifest: Manifest) -> str:
    """Say what the run asked of the service."""
    by_status = manifest.requests.by_status
    parts = [counted(sum(by_status.values()), "request")]
    if manifest.requests.retries:
        parts.append(counted(manifest.requests.retries, "retry", "retries"))
    if manifest.requests.throttled_s:
        parts.append(f"held back by the service for {duration(manifest.requests.throttled_s)}")
    return ", ".join(parts)
