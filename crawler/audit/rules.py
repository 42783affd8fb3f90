"""What each rule finds (pure): in one record, and in what a manifest says of the whole.

A rule is a function of a record and the bounds, and gives what is the case, or None. What it gives is a predicate of
the repository, without its name; it may hold words of others, so escape it before showing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from crawler.audit.finding import Evidence, Location
from crawler.audit.suppressions import any_of
from crawler.config.audit_policy import Policy
from crawler.model import audit_rules as catalogue
from crawler.model.audit_rules import RULES, Rule
from crawler.model.record import Record
from crawler.snapshot.manifest import Coverage, Manifest, WalkEntry
from crawler.text.human import count, counted, shortened, size

_LONGEST_WORD: Final = 80


class Violation(NamedTuple):
    """What is the case, for people, and the same for programs."""

    message: str
    evidence: Evidence


class Observation(NamedTuple):
    """A fact that is not of a record; `subject` tells apart what one rule says of one place."""

    rule: Rule
    place: Location
    fact: Violation
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPolicy:
    """A policy, made ready to be held against many records.

    `oldest` is the first moment that is not too old, as records write moments: they compare as text. None: unbounded.
    """

    oldest: str | None
    max_age_days: int | None
    max_size_bytes: int | None
    domains: re.Pattern[str] | None
    namespaces: re.Pattern[str] | None
    categories: re.Pattern[str] | None


def compile_policy(policy: Policy, finished_at: datetime) -> CompiledPolicy:
    """Give the bounds for a snapshot that was finished at that moment, in UTC: ages are counted to it, not to today."""
    return CompiledPolicy(
        oldest=None if policy.max_age_days is None else _before(finished_at, policy.max_age_days),
        max_age_days=policy.max_age_days,
        max_size_bytes=policy.max_size_bytes,
        domains=any_of(policy.allowed_domains) if policy.allowed_domains else None,
        namespaces=any_of(policy.allowed_namespaces) if policy.allowed_namespaces else None,
        categories=any_of(policy.allowed_categories) if policy.allowed_categories else None,
    )


def _before(moment: datetime, days: int) -> str:
    try:
        oldest = moment - timedelta(days=days)
    except OverflowError:  # before the year 1: nothing is older
        return ""
    return f"{oldest:%Y-%m-%dT%H:%M:%S.%f}Z".rjust(27, "0")


# --- of a record --------------------------------------------------------------------------------------


def public(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find what anyone can pull. Only private repositories can be shared (FACTS 1.1): the two contradict each other."""
    return Violation("is public, though it is shared", {"is_public": True}) if record.is_public else None


def expired(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find shares that have ended. `status` says so for center thirdparty; for self it has no meaning (FACTS 1.2)."""
    if record.center != "thirdparty" or record.status is not False:
        return None
    return Violation("is listed, but its share has expired", {"status": False})


def domain(record: Record, bounds: CompiledPolicy) -> Violation | None:
    """Find domains that no pattern allows; a record without a domain is nobody's, so it is not allowed either."""
    if bounds.domains is None or bounds.domains.fullmatch(record.domain_name or ""):
        return None
    shared = "shared with you by" if record.center == "thirdparty" else "shared by you under"
    whom = _word(record.domain_name, "no domain")
    return Violation(f"is {shared} {whom}, which is not allowed", {"domain_name": record.domain_name})


def namespace(record: Record, bounds: CompiledPolicy) -> Violation | None:
    """Find namespaces that no pattern allows."""
    if bounds.namespaces is None or bounds.namespaces.fullmatch(record.namespace):
        return None
    return Violation("is in a namespace that is not allowed", {"namespace": record.namespace})


def category(record: Record, bounds: CompiledPolicy) -> Violation | None:
    """Find categories that no pattern allows; none at all is matched as empty text."""
    if bounds.categories is None or bounds.categories.fullmatch(record.category or ""):
        return None
    what = _word(record.category, "none")
    return Violation(f"has a category that is not allowed: {what}", {"category": record.category})


def stale(record: Record, bounds: CompiledPolicy) -> Violation | None:
    """Find what was last updated before the bound; what says nothing of its update is not judged."""
    if bounds.oldest is None or record.updated_at is None or record.updated_at >= bounds.oldest:
        return None
    days = counted(bounds.max_age_days or 0, "day")
    return Violation(
        f"was last updated on {record.updated_at[:10]}, more than {days} before the crawl",
        {"updated_at": record.updated_at, "oldest": bounds.oldest, "max_age_days": bounds.max_age_days},
    )


def untagged(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find what has no tag and declares no image."""
    if record.tags or record.num_images:
        return None
    return Violation("has no tag", {"tags": 0, "num_images": record.num_images})


def tag_count(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find lists of tags that are longer or shorter than declared (FACTS, "Unknown": none says they are whole)."""
    if record.num_images is None or record.num_images == len(record.tags):
        return None
    message = f"lists {counted(len(record.tags), 'tag')}, but num_images is {count(record.num_images)}"
    return Violation(message, {"tags": len(record.tags), "num_images": record.num_images})


def only_latest(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find what has no other tag than latest."""
    return Violation("has latest as its only tag", {"tags": 1}) if record.tags == ["latest"] else None


def undescribed(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find what has no description, or a blank one."""
    if record.description and not record.description.isspace():
        return None
    return Violation("has no description", {"description": record.description})


def large(record: Record, bounds: CompiledPolicy) -> Violation | None:
    """Find what takes more room than the bound."""
    if bounds.max_size_bytes is None or record.size is None or record.size <= bounds.max_size_bytes:
        return None
    return Violation(
        f"takes {size(record.size)}, more than {size(bounds.max_size_bytes)}",
        {"size": record.size, "max_size_bytes": bounds.max_size_bytes},
    )


def _word(text: str | None, nothing: str) -> str:
    return shortened(text, _LONGEST_WORD) if text else nothing


Check: TypeAlias = Callable[[Record, CompiledPolicy], Violation | None]
CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        catalogue.PUBLIC.id: public,
        catalogue.EXPIRED.id: expired,
        catalogue.DOMAIN.id: domain,
        catalogue.NAMESPACE.id: namespace,
        catalogue.CATEGORY.id: category,
        catalogue.STALE.id: stale,
        catalogue.UNTAGGED.id: untagged,
        catalogue.TAG_COUNT.id: tag_count,
        catalogue.ONLY_LATEST.id: only_latest,
        catalogue.UNDESCRIBED.id: undescribed,
        catalogue.LARGE.id: large,
    }
)


def checks_of(policy: Policy) -> tuple[tuple[Rule, Check], ...]:
    """Give the rules for records that are not switched off, in the order of their ids."""
    return tuple((RULES[name], check) for name, check in CHECKS.items() if name not in policy.disabled_rules)


# --- of a manifest ------------------------------------------------------------------------------------


def is_incomplete(manifest: Manifest, *, has_success_marker: bool) -> bool:
    """Say whether something is missing, as the manifest, its walks, its sums or the lack of a seal tell.

    `has_success_marker` when `_SUCCESS` stands beside the manifest: a copy that broke off may have no other mark.
    """
    return bool(_doubts(manifest, has_success_marker=has_success_marker))


def _doubts(manifest: Manifest, *, has_success_marker: bool) -> list[str]:
    unproven = sum(walk.verdict != "complete" for walk in manifest.walks)
    rejects = sum(walk.rejects for walk in manifest.walks)
    uncovered = sum(1 for _ in _uncovered(manifest))
    walked, held = (sum(one.records for one in entries) for entries in (manifest.walks, manifest.files))
    doubts = [
        f"{count(unproven)} of {counted(len(manifest.walks), 'walk')} not proven" if unproven else "",
        f"{counted(rejects, 'item')} rejected" if rejects else "",
        f"{counted(uncovered, 'center')} not covered" if uncovered else "",
        f"its walks say {counted(walked, 'record')}, its parts {count(held)}" if walked != held else "",
    ]
    found = [doubt for doubt in doubts if doubt]
    if not found and manifest.status != "complete":
        return ["its manifest says so"]
    return found if found or has_success_marker else ["_SUCCESS is missing"]


def _uncovered(manifest: Manifest) -> Iterator[Coverage]:
    """Give the centers of which something was not walked, unless that was accepted."""
    if not manifest.config.get("allow_partial_coverage"):
        yield from (center for center in manifest.coverage if center.uncovered != 0)


def observe(manifest: Manifest, *, has_success_marker: bool) -> Iterator[Observation]:
    """Give what a manifest shows of the proof: that the snapshot is incomplete first, then why, in plan order."""
    if doubts := _doubts(manifest, has_success_marker=has_success_marker):
        fact = Violation(
            f"is incomplete: {', '.join(doubts)}", {"status": manifest.status, "has_success_marker": has_success_marker}
        )
        yield Observation(catalogue.INCOMPLETE, Location(), fact)
    for walk in manifest.walks:
        if walk.verdict != "complete":
            yield _unproven(walk)
    yield from map(_gap, _uncovered(manifest))
    for walk in manifest.walks:
        if walk.rejects:
            message = f"had {counted(walk.rejects, 'item')} that could not be read"
            yield Observation(catalogue.REJECTED, _place_of(walk), Violation(message, {"rejects": walk.rejects}))
    for field in manifest.unknown_fields:
        fact = Violation(f"has the unknown field {_word(field, 'without a name')}", {"field": field})
        yield Observation(catalogue.UNKNOWN_FIELD, Location(), fact, field)


def _unproven(walk: WalkEntry) -> Observation:
    missing = "how many are missing is not known" if walk.missing is None else f"{count(walk.missing)} missing"
    return Observation(
        catalogue.UNPROVEN,
        _place_of(walk),
        Violation(
            f"is {walk.verdict}: {counted(walk.records, 'record')} read, {missing}",
            {"verdict": walk.verdict, "records": walk.records, "declared": walk.declared, "missing": walk.missing},
        ),
    )


def _gap(center: Coverage) -> Observation:
    many = "nobody knows how many" if center.uncovered is None else count(center.uncovered)
    evidence: Evidence = {"declared": center.declared, "covered": center.covered, "uncovered": center.uncovered}
    fact = Violation(f"declares records ({many}) that are in no namespace walked", evidence)
    return Observation(catalogue.UNCOVERED, Location(center.target, center.center), fact)


def _place_of(walk: WalkEntry) -> Location:
    return Location(walk.target, walk.center, None, walk.namespace)
