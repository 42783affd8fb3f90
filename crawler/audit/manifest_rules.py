"""The rules about a snapshot as a whole, applied to its manifest (pure)."""

from collections.abc import Iterator
from typing import NamedTuple

from crawler.audit.finding import Evidence, Location
from crawler.audit.rules import Violation, word
from crawler.model import audit_rules as catalogue
from crawler.model.audit_rules import Rule
from crawler.snapshot.completeness import incompleteness_of
from crawler.snapshot.manifest import Coverage, Manifest, Overlap, Shrinkage, TargetEntry, WalkEntry
from crawler.snapshot.shrinkage import counted_places, shrinkage_text
from crawler.text.human import count, counted


class Observation(NamedTuple):
    """A violation that is not in a record; `subject` tells apart what one rule finds at one location."""

    rule: Rule
    location: Location
    violation: Violation
    subject: str = ""


def is_incomplete(manifest: Manifest, *, has_success_marker: bool) -> bool:
    """Return whether something is missing by the manifest's status, walks, coverage or totals, or by `_SUCCESS`.

    `has_success_marker` is whether `_SUCCESS` is beside the manifest: an interrupted copy may show no other sign.
    """
    return bool(_reasons(manifest, has_success_marker=has_success_marker))


def observe(manifest: Manifest, *, has_success_marker: bool) -> Iterator[Observation]:
    """Yield what a manifest shows: first that the snapshot is incomplete, then the reasons in plan order."""
    if reasons := _reasons(manifest, has_success_marker=has_success_marker):
        evidence: Evidence = {"status": manifest.status, "has_success_marker": has_success_marker}
        violation = Violation(f"is incomplete: {', '.join(reasons)}", evidence)
        yield Observation(catalogue.INCOMPLETE, Location(), violation)
    why = incompleteness_of(manifest)
    yield from map(_failed, why.failed_targets)
    yield from map(_unproven, why.unproven_walks)
    yield from map(_uncovered, why.uncovered_centers)
    yield from map(_shrank, why.shrinkage)
    yield from map(_equal_centers, why.equal_centers)
    for walk in why.walks_with_rejects:
        message = f"had {counted(walk.rejects, 'item')} that could not be read"
        yield Observation(catalogue.REJECTED, _location_of(walk), Violation(message, {"rejects": walk.rejects}))
    yield from (_invalid_fields(walk) for walk in manifest.walks if walk.invalid)
    for field in manifest.unknown_fields:
        violation = Violation(f"has the unknown field {word(field, 'without a name')}", {"field": field})
        yield Observation(catalogue.UNKNOWN_FIELD, Location(), violation, field)


def _reasons(manifest: Manifest, *, has_success_marker: bool) -> list[str]:
    why = incompleteness_of(manifest)
    unproven, uncovered, equal = len(why.unproven_walks), len(why.uncovered_centers), len(why.equal_centers)
    walked, held = (sum(one.records for one in entries) for entries in (manifest.walks, manifest.files))
    failed = len(why.failed_targets)
    reasons = [
        f"{count(failed)} of {counted(len(manifest.targets), 'target')} failed" if failed else "",
        f"{count(unproven)} of {counted(len(manifest.walks), 'walk')} not proven" if unproven else "",
        f"{counted(why.rejects, 'item')} rejected" if why.rejects else "",
        f"{counted(uncovered, 'center')} not covered" if uncovered else "",
        f"{counted_places(why.shrinkage)} shrank" if why.shrinkage else "",
        f"{counted(equal, 'target')} with the same repositories in both centers" if equal else "",
        f"its walks say {counted(walked, 'record')}, its parts {count(held)}" if walked != held else "",
    ]
    found = [reason for reason in reasons if reason]
    if not found and manifest.status != "complete":
        return ["its manifest says so"]
    return found if found or has_success_marker else ["_SUCCESS is missing"]


def _failed(target: TargetEntry) -> Observation:
    read = f"{count(target.published)} of {counted(target.planned, 'walk')} published"
    evidence: Evidence = {
        "reason": target.reason,
        "kind": target.kind,
        "planned": target.planned,
        "published": target.published,
    }
    violation = Violation(f"stopped with {read}: {target.reason}", evidence)
    return Observation(catalogue.TARGET_FAILED, Location(target.name), violation)


def _unproven(walk: WalkEntry) -> Observation:
    missing = "how many are missing is not known" if walk.missing is None else f"{count(walk.missing)} missing"
    return Observation(
        catalogue.UNPROVEN,
        _location_of(walk),
        Violation(
            f"is {walk.verdict}: {counted(walk.records, 'record')} read, {missing}",
            {"verdict": walk.verdict, "records": walk.records, "declared": walk.declared, "missing": walk.missing},
        ),
    )


def _uncovered(center: Coverage) -> Observation:
    number = "their number is not known" if center.uncovered is None else count(center.uncovered)
    evidence: Evidence = {"declared": center.declared, "covered": center.covered, "uncovered": center.uncovered}
    violation = Violation(f"declares records ({number}) that are in no namespace walked", evidence)
    return Observation(catalogue.UNCOVERED, Location(center.target, center.center), violation)


def _shrank(one: Shrinkage) -> Observation:
    evidence: Evidence = {"before": one.before, "now": one.now, "snapshot": one.snapshot}
    location = Location(one.target, one.center, None, one.namespace)
    return Observation(catalogue.SHRANK, location, Violation(f"shrank {shrinkage_text(one)}", evidence))


def _equal_centers(overlap: Overlap) -> Observation:
    found = f"{count(overlap.in_both)} of {counted(overlap.compared, 'repository', 'repositories')} compared"
    evidence: Evidence = {"compared": overlap.compared, "in_both": overlap.in_both}
    return Observation(
        catalogue.EQUAL_CENTERS, Location(overlap.target), Violation(f"has {found} in both centers", evidence)
    )


def _invalid_fields(walk: WalkEntry) -> Observation:
    fields = ", ".join(word(field, "without a name") for field in walk.invalid_fields)
    message = f"has {counted(walk.invalid, 'record')} with values that could not be read, in {fields}"
    evidence: Evidence = {"records": walk.invalid, "fields": fields}
    return Observation(catalogue.INVALID_FIELD, _location_of(walk), Violation(message, evidence))


def _location_of(walk: WalkEntry) -> Location:
    return Location(walk.target, walk.center, None, walk.namespace)
