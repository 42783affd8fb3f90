"""The rules about a snapshot as a whole, applied to its manifest (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from crawler.audit.finding import Evidence, Location
from crawler.audit.record_rules import word
from crawler.audit.rule import Observation, Rule, Violation, declare
from crawler.snapshot.completeness import Kind, Shortfall, contradictions, in_brief, shortfalls
from crawler.snapshot.layout import REJECTS
from crawler.snapshot.manifest import Manifest, WalkEntry
from crawler.text.human import counted

INCOMPLETE: Final = declare(
    "SWR001",
    "error",
    title="The snapshot is not complete",
    why="The rules could not judge what is missing, so an audit without findings proves nothing about it.",
    remedy="Run the crawl again until its exit code is 0; the manifest says what is missing.",
)
UNPROVEN: Final = declare(
    "SWR002",
    "error",
    title="A walk is not complete",
    why="Repositories of this walk may be missing, or listed in states that never existed together.",
    remedy="Crawl again. For a drifted walk raise max_passes; for a partial one see the reasons in the manifest.",
)
UNCOVERED: Final = declare(
    "SWR003",
    "error",
    title="A center holds more than the namespaces walked",
    why="Repositories in other namespaces are shared, too, and were not checked.",
    remedy="Name the other namespaces or none, or accept it with allow_partial_coverage; "
    "rerun if the run split the center.",
)
REJECTED: Final = declare(
    "SWR004",
    "warning",
    title="Items could not be read as records",
    why="No rule could judge the rejected items.",
    remedy=f"Read {REJECTS}: it has each item's raw bytes and the reason.",
)
UNKNOWN_FIELD: Final = declare(
    "SWR005",
    "note",
    title="The service sends a field that this version does not know",
    why="It is kept under extra, and no rule judges it; it may say something about sharing.",
    remedy="Look at it in the records, and update swr-crawler.",
)
SHRANK: Final = declare(
    "SWR006",
    "error",
    title="The crawl found a center or a namespace that lost most of its repositories",
    why="A lost permission or a wrong project looks like this; the rules could not judge what is no longer listed.",
    remedy="Check the permissions, the project and the endpoint. If the loss is real, crawl once with --allow-shrink.",
)
EQUAL_CENTERS: Final = declare(
    "SWR007",
    "error",
    title="Both centers of a target hold the same repositories",
    why="The service, or a cache before it, ignores the center: one list was read twice, and the other one not at all.",
    remedy="Request each center by hand, around any cache, to find what ignores the center; then crawl again.",
)
INVALID_FIELD: Final = declare(
    "SWR008",
    "warning",
    title="Records hold values that cannot be read as what their field is",
    why="The field is null, its value is kept under invalid, and no rule judges it: a finding may be missing.",
    remedy="Look at the records (swr-crawler query, where invalid is not null), "
    "and judge what the field meant by hand.",
)
TARGET_FAILED: Final = declare(
    "SWR009",
    "error",
    title="A target stopped before all of it was read",
    why="Nothing is known of what was not read: its repositories may be shared with anyone.",
    remedy="Read the reason in the manifest, remove it, and run the same command again: it reads only what is missing.",
)

_RULES: Final[Mapping[Kind, Rule]] = MappingProxyType(
    {
        "target failed": TARGET_FAILED,
        "partial": UNPROVEN,
        "drifted": UNPROVEN,
        "unproven": UNPROVEN,
        "uncovered": UNCOVERED,
        "shrank": SHRANK,
        "equal centers": EQUAL_CENTERS,
        "rejects": REJECTED,
    }
)


def is_incomplete(manifest: Manifest, *, has_success_marker: bool) -> bool:
    """Return whether something is missing by the manifest's status, evidence or numbers, or by `_SUCCESS`.

    `has_success_marker` is whether `_SUCCESS` is beside the manifest: an interrupted copy may show no other sign.
    """
    return bool(_reasons(manifest, shortfalls(manifest), has_success_marker=has_success_marker))


def observe(manifest: Manifest, *, has_success_marker: bool) -> Iterator[Observation]:
    """Yield what a manifest shows: first that the snapshot is incomplete, then the reasons in plan order."""
    found = shortfalls(manifest)
    if reasons := _reasons(manifest, found, has_success_marker=has_success_marker):
        evidence: Evidence = {"status": manifest.status, "has_success_marker": has_success_marker}
        violation = Violation(f"is incomplete: {'; '.join(reasons)}", evidence)
        yield Observation(INCOMPLETE, Location(), violation)
    yield from map(_observation, found)
    yield from (_invalid_fields(walk) for walk in manifest.walks if walk.invalid)
    for field in manifest.unknown_fields:
        violation = Violation(f"has the unknown field {word(field, 'without a name')}", {"field": field})
        yield Observation(UNKNOWN_FIELD, Location(), violation, field)


def _reasons(manifest: Manifest, found: Sequence[Shortfall], *, has_success_marker: bool) -> list[str]:
    held = sum(file.records for file in manifest.files)
    contradicted = contradictions(manifest, records=held, has_success_marker=has_success_marker)
    in_short = ", ".join(in_brief(found, manifest))
    return [*([in_short] if in_short else []), *(f"{file} {difference}" for file, difference in contradicted)]


def _observation(shortfall: Shortfall) -> Observation:
    location = Location(shortfall.target, shortfall.center, None, shortfall.namespace)
    return Observation(_RULES[shortfall.kind], location, Violation(shortfall.text, dict(shortfall.numbers)))


def _invalid_fields(walk: WalkEntry) -> Observation:
    fields = ", ".join(word(field, "without a name") for field in walk.invalid_fields)
    message = f"has {counted(walk.invalid, 'record')} with values that could not be read, in {fields}"
    evidence: Evidence = {"records": walk.invalid, "fields": fields}
    location = Location(walk.target, walk.center, None, walk.namespace)
    return Observation(INVALID_FIELD, location, Violation(message, evidence))
