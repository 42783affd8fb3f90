"""The rules about a snapshot as a whole, applied to its manifest (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from crawler.audit.finding import Evidence, Location
from crawler.audit.rules import Violation, word
from crawler.model import audit_rules as catalogue
from crawler.model.audit_rules import Rule
from crawler.snapshot.completeness import Kind, Shortfall, contradictions, in_brief, shortfalls
from crawler.snapshot.manifest import Manifest, WalkEntry
from crawler.text.human import counted

_RULES: Final[Mapping[Kind, Rule]] = MappingProxyType(
    {
        "target failed": catalogue.TARGET_FAILED,
        "partial": catalogue.UNPROVEN,
        "drifted": catalogue.UNPROVEN,
        "unproven": catalogue.UNPROVEN,
        "uncovered": catalogue.UNCOVERED,
        "shrank": catalogue.SHRANK,
        "equal centers": catalogue.EQUAL_CENTERS,
        "rejects": catalogue.REJECTED,
    }
)


class Observation(NamedTuple):
    """A violation that is not in a record; `subject` tells apart what one rule finds at one location."""

    rule: Rule
    location: Location
    violation: Violation
    subject: str = ""


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
        yield Observation(catalogue.INCOMPLETE, Location(), violation)
    yield from map(_observation, found)
    yield from (_invalid_fields(walk) for walk in manifest.walks if walk.invalid)
    for field in manifest.unknown_fields:
        violation = Violation(f"has the unknown field {word(field, 'without a name')}", {"field": field})
        yield Observation(catalogue.UNKNOWN_FIELD, Location(), violation, field)


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
    return Observation(catalogue.INVALID_FIELD, location, Violation(message, evidence))
