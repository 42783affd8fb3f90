"""Why a snapshot is not complete (pure): declared here, and rendered by summary, audit, report, diff and verify.

What makes one walk complete is in walk/passes/evidence.py. A snapshot is complete when nothing falls short:

- every target ended: none stopped before all its walks had;
- every walk has the verdict `complete` (`crawler/model/verdict.py`);
- no center holds, or may hold, more than the walks of its namespaces cover; a run may accept this beforehand
  (`allow_partial_coverage`), but not of a center that was split by namespace only since its list had no stable order;
- no center and no namespace lost most of its records since the last complete snapshot (`shrinkage.py`); a run may
  accept this beforehand (`allow_shrink`);
- no target's two centers hold the same repositories: then one list was read twice, and the other one not;
- no item was rejected.

`status` in the manifest, the file `_SUCCESS` and exit code 0 of `crawl` say that a snapshot is complete. Where they, or
the numbers of the files, disagree with the above, the snapshot was changed afterwards: `contradictions`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from crawler.model.walk_id import Center
from crawler.snapshot.layout import MANIFEST, SUCCESS
from crawler.snapshot.manifest import Coverage, Lost, Manifest, Overlap, Shrinkage, Status, TargetEntry, WalkEntry
from crawler.text.human import count, counted

# A walk that is not complete falls short by its verdict.
Kind = Literal["target failed", "partial", "drifted", "unproven", "uncovered", "shrank", "equal centers", "rejects"]
Numbers: TypeAlias = Mapping[str, str | int | None]
_MOST_TOTALS: Final = 5  # of one walk
WALK_KINDS: Final[tuple[Kind, ...]] = ("partial", "drifted", "unproven")


class Shortfall(NamedTuple):
    """One reason why a snapshot is not complete.

    It is about a target, a center of it (else `center` is None), or one namespace of that (else None). `text` is a
    predicate of that place, with names from the service unescaped. `missing` counts the records that this reason keeps
    out of the snapshot, None where that is not known. `numbers` has what the text says for programs.
    """

    kind: Kind
    target: str
    center: Center | None
    namespace: str | None
    text: str
    missing: int | None
    numbers: Numbers

    @property
    def place(self) -> str:
        """Return the place, such as `default`, `default/self`, `default/self/team-a`; names are unescaped."""
        return "/".join(part for part in (self.target, self.center, self.namespace) if part is not None)

    @property
    def noun(self) -> str:
        """Return what kind of place it is: `target`, `center` or `namespace`."""
        if self.center is None:
            return "target"
        return "center" if self.namespace is None else "namespace"


class SnapshotEvidence(Protocol):
    """What decides whether a snapshot is complete: a manifest has it, and a run before it writes one."""

    @property
    def walks(self) -> tuple[WalkEntry, ...]:
        """How each walk ended."""

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """How much of each center its namespaces cover, where it was read by namespace."""

    @property
    def shrinkage(self) -> tuple[Shrinkage, ...]:
        """What lost most of its records."""

    @property
    def overlaps(self) -> tuple[Overlap, ...]:
        """What the two centers of a target have in common."""

    @property
    def targets(self) -> tuple[TargetEntry, ...]:
        """How each target ended."""


def shortfalls(manifest: Manifest) -> list[Shortfall]:
    """Return why a snapshot is not complete, [] when it is, by its manifest's evidence, whatever its `status` says."""
    return find_shortfalls(
        manifest,
        allow_partial_coverage=bool(manifest.config.get("allow_partial_coverage")),
        allow_shrink=bool(manifest.config.get("allow_shrink")),
    )


def find_shortfalls(
    evidence: SnapshotEvidence, *, allow_partial_coverage: bool = False, allow_shrink: bool = False
) -> list[Shortfall]:
    """Return why a snapshot with this evidence is not complete: kind by kind, and each kind in plan order."""
    found = [_failed(target) for target in evidence.targets if target.state != "ended"]
    found += (_unproven(walk, walk.verdict) for walk in evidence.walks if walk.verdict != "complete")
    found += (
        _uncovered(center)
        for center in evidence.coverage
        if center.uncovered != 0 and not (allow_partial_coverage and center.split is None)
    )
    if not allow_shrink:
        found += map(_shrank, evidence.shrinkage)
    found += (_equal_centers(overlap) for overlap in evidence.overlaps if overlap.is_one_list)
    found += (_rejects(walk) for walk in evidence.walks if walk.rejects)
    return found


def status_from(found: Sequence[Shortfall]) -> Status:
    """Return `complete` when there is no reason against it."""
    return "incomplete" if found else "complete"


def contradictions(manifest: Manifest, *, records: int, has_success_marker: bool) -> Iterator[tuple[str, str]]:
    """Yield where parts of a snapshot contradict each other, as file and predicate: it is damaged, or was changed.

    `records` is the number in its part files, `has_success_marker` whether `_SUCCESS` is there.
    """
    walked = sum(walk.records for walk in manifest.walks)
    if walked != records:
        yield MANIFEST, f"counts {counted(walked, 'record')} in its walks, the part files hold {count(records)}"
    status = status_from(shortfalls(manifest))
    if manifest.status != status:
        yield MANIFEST, f"has the status {manifest.status}, its walks say {status}"
    if has_success_marker != (status == "complete"):
        yield SUCCESS, "is there, but not all of it is proven" if has_success_marker else "is missing"


def in_brief(found: Sequence[Shortfall], evidence: SnapshotEvidence) -> list[str]:
    """Return a few words for each kind among the shortfalls of `evidence`, e.g. "1 of 2 targets failed"."""
    kinds = {kind: [one for one in found if one.kind == kind] for kind in dict.fromkeys(one.kind for one in found)}
    failed = len(kinds.get("target failed", ()))
    unproven = sum(one.kind in WALK_KINDS for one in found)
    uncovered, equal = kinds.get("uncovered", []), len(kinds.get("equal centers", ()))
    rejected = missing_of(kinds.get("rejects", ()))
    texts = [
        f"{count(failed)} of {counted(len(evidence.targets), 'target')} failed" if failed else "",
        f"{count(unproven)} of {counted(len(evidence.walks), 'walk')} not proven" if unproven else "",
        f"{counted(rejected, 'item')} rejected" if rejected else "",
        _uncovered_in_brief(uncovered) if uncovered else "",
        f"{counted_places(kinds['shrank'])} shrank" if "shrank" in kinds else "",
        f"{counted(equal, 'target')} with the same repositories in both centers" if equal else "",
    ]
    return [text for text in texts if text]


def missing_of(found: Iterable[Shortfall]) -> int:
    """Return how many records are missing at least: the sum of what is known."""
    return sum(one.missing or 0 for one in found)


def counted_places(found: Iterable[Shortfall]) -> str:
    """Return how many places of each kind fall short, e.g. "1 center and 20 namespaces"; "" for none."""
    nouns = [one.noun for one in found]
    return " and ".join(counted(nouns.count(noun), noun) for noun in ("target", "center", "namespace") if noun in nouns)


def evidence_text(walk: WalkEntry) -> str:
    """Return what was seen of a walk, for one that is not complete: its totals, its distinct items, its passes."""
    totals = [count(total) for total in walk.declared_totals]
    if len(totals) > _MOST_TOTALS:
        totals = [*totals[: _MOST_TOTALS - 1], "…", totals[-1]]
    parts = [f"declared {' then '.join(totals)}" if totals else "no total declared"]
    parts.append(f"{count(walk.distinct)} distinct")
    if walk.duplicates:
        parts.append(counted(walk.duplicates, "duplicate"))
    if walk.passes > 1:
        parts.append(f"last of {counted(walk.passes, 'pass', 'passes')}")
    if walk.seen is not None and walk.passes > 1 and walk.declared_totals:
        union = f"{count(walk.seen)} of {count(max(walk.declared_totals))} over {count(walk.passes)} passes"
        parts.append(f"{union}, not proven in one")
    if walk.verdict == "unproven" and walk.reason:
        parts.append(walk.reason)
    return ", ".join(parts)


def lost_text(lost: Lost) -> str:
    """Return which items of a window were not read, and why."""
    if lost.end is None:
        return f"from item {count(lost.offset)} on: {lost.reason}"
    got = f", {count(lost.got)} of them read" if lost.got else ""
    return f"items {count(lost.offset)} to {count(lost.end - 1)}{got}: {lost.reason}"


def invalid_text(walks: Iterable[WalkEntry]) -> str:
    """Return how many records have a field whose value could not be read; it is no reason against complete."""
    records = sum(walk.invalid for walk in walks)
    has = "holds a value" if records == 1 else "hold values"
    return f"{counted(records, 'record')} {has} that could not be read, kept under invalid"


def is_proven(walk: WalkEntry) -> bool:
    """Return whether all that a walk covers is published: its verdict is complete, and no item was rejected."""
    return walk.verdict == "complete" and not walk.rejects


def sum_if_known(numbers: Iterable[int | None]) -> int | None:
    """Return the sum, or None when one of the numbers is not known."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total


def _failed(target: TargetEntry) -> Shortfall:
    published = f"{count(target.published)} of {counted(target.planned, 'walk')} published"
    text = f"stopped with {published}: {target.reason}"
    numbers: Numbers = {
        "reason": target.reason,
        "kind": target.kind,
        "planned": target.planned,
        "published": target.published,
    }
    return Shortfall("target failed", target.name, None, None, text, None, numbers)


def _unproven(walk: WalkEntry, kind: Kind) -> Shortfall:
    missing = "how many are missing is not known" if walk.missing is None else f"{count(walk.missing)} missing"
    text = f"is {walk.verdict}: {_cause(walk)}; {counted(walk.records, 'record')} read, {missing}"
    numbers: Numbers = {
        "verdict": walk.verdict,
        "records": walk.records,
        "declared": walk.declared,
        "missing": walk.missing,
    }
    return Shortfall(kind, walk.target, walk.center, walk.namespace, text, walk.missing, numbers)


def _cause(walk: WalkEntry) -> str:
    if walk.verdict == "partial":
        return f"{counted(len(walk.lost), 'window')} not read"
    if walk.verdict == "drifted":
        return f"its items moved during each of {counted(walk.passes, 'pass', 'passes')}"
    return walk.reason or "the service declared no reliable total"


def _uncovered(center: Coverage) -> Shortfall:
    if center.uncovered is None:
        text = "may hold records in no namespace walked: how many is not known"
    elif center.declared == center.covered:
        text = f"showed {counted(center.unheld, 'record')} that no namespace walked holds, and yet declares no more"
    else:
        declared = counted(center.declared or 0, "declared record")
        text = f"holds {count(center.uncovered)} of {declared} in no namespace walked"
    numbers: Numbers = {"declared": center.declared, "covered": center.covered, "uncovered": center.uncovered}
    return Shortfall("uncovered", center.target, center.center, None, text, center.uncovered, numbers)


def _uncovered_in_brief(found: Sequence[Shortfall]) -> str:
    unknown = any(one.missing is None for one in found)
    if known := missing_of(found):
        records = f"{count(known)} or more records" if unknown else counted(known, "record")
        return f"{records} in no namespace walked"
    return f"how much of {counted(len(found), 'center')} was walked is not known"


def _shrank(one: Shrinkage) -> Shortfall:
    text = f"shrank from {count(one.before)} to {counted(one.now, 'record')} since snapshot {one.snapshot}"
    numbers: Numbers = {"before": one.before, "now": one.now, "snapshot": one.snapshot}
    return Shortfall("shrank", one.target, one.center, one.namespace, text, None, numbers)


def _equal_centers(overlap: Overlap) -> Shortfall:
    compared = counted(overlap.compared, "repository", "repositories")
    found = f"has {count(overlap.in_both)} of {compared} compared in both centers"
    text = f"{found}, as if the service, or a cache before it, ignored the center"
    numbers: Numbers = {"compared": overlap.compared, "in_both": overlap.in_both}
    return Shortfall("equal centers", overlap.target, None, None, text, None, numbers)


def _rejects(walk: WalkEntry) -> Shortfall:
    text = f"had {counted(walk.rejects, 'item')} that could not be read as records"
    return Shortfall("rejects", walk.target, walk.center, walk.namespace, text, walk.rejects, {"rejects": walk.rejects})
