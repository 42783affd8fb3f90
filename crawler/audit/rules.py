"""The rules about a record (pure): each is a function of a record and the policy that returns a violation or None.

A violation's message is a predicate of the repository, without its name. It may hold text from the service, so it must
be escaped before it is shown.

Source: docs/reference/swr-api.md#private-images-only, #share-status, #status-for-self, #tags (what is a violation).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from crawler.audit.finding import Evidence
from crawler.audit.suppressions import any_of
from crawler.config.audit_policy import Policy
from crawler.model import audit_rules as catalogue
from crawler.model.audit_rules import RULES, Rule
from crawler.model.record import Record
from crawler.text.human import count, counted, shortened, size

_LONGEST_WORD: Final = 80


class Violation(NamedTuple):
    """What a rule found: a message for people, and the same as evidence for programs."""

    message: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPolicy:
    """A policy in the form in which it is applied to many records; None is no limit.

    `oldest` is the earliest time that is not too old, in the form of a record's times: they compare as text.
    """

    oldest: str | None
    max_age_days: int | None
    max_size_bytes: int | None
    domains: re.Pattern[str] | None
    namespaces: re.Pattern[str] | None
    categories: re.Pattern[str] | None


def compile_policy(policy: Policy, finished_at: datetime) -> CompiledPolicy:
    """Return the policy for a snapshot that was finished at `finished_at`, in UTC: ages are counted up to it."""
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


def public(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find public repositories: only private ones can be shared (swr-api.md#private-images-only)."""
    return Violation("is public, though it is shared", {"is_public": True}) if record.is_public else None


def expired(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find expired shares: `status` tells, for center thirdparty only (swr-api.md#share-status, #status-for-self)."""
    if record.center != "thirdparty" or record.status is not False:
        return None
    return Violation("is listed, but its share has expired", {"status": False})


def domain(record: Record, policy: CompiledPolicy) -> Violation | None:
    """Find domains that no pattern allows; a record without a domain is matched as empty text."""
    if policy.domains is None or policy.domains.fullmatch(record.domain_name or ""):
        return None
    shared = "shared with you by" if record.center == "thirdparty" else "shared by you under"
    whom = word(record.domain_name, "no domain")
    return Violation(f"is {shared} {whom}, which is not allowed", {"domain_name": record.domain_name})


def namespace(record: Record, policy: CompiledPolicy) -> Violation | None:
    """Find namespaces that no pattern allows."""
    if policy.namespaces is None or policy.namespaces.fullmatch(record.namespace):
        return None
    return Violation("is in a namespace that is not allowed", {"namespace": record.namespace})


def category(record: Record, policy: CompiledPolicy) -> Violation | None:
    """Find categories that no pattern allows; a record without a category is matched as empty text."""
    if policy.categories is None or policy.categories.fullmatch(record.category or ""):
        return None
    what = word(record.category, "none")
    return Violation(f"has a category that is not allowed: {what}", {"category": record.category})


def stale(record: Record, policy: CompiledPolicy) -> Violation | None:
    """Find repositories last updated too long ago; one without an update time is not judged."""
    if policy.oldest is None or record.updated_at is None or record.updated_at >= policy.oldest:
        return None
    days = counted(policy.max_age_days or 0, "day")
    return Violation(
        f"was last updated on {record.updated_at[:10]}, more than {days} before the crawl",
        {"updated_at": record.updated_at, "oldest": policy.oldest, "max_age_days": policy.max_age_days},
    )


def untagged(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find repositories that list no tag and declare no image."""
    if record.tags or record.num_images:
        return None
    return Violation("has no tag", {"tags": 0, "num_images": record.num_images})


def tag_count(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find lists of tags that are longer or shorter than declared: they may be incomplete (swr-api.md#tags)."""
    if record.num_images is None or record.num_images == len(record.tags):
        return None
    message = f"lists {counted(len(record.tags), 'tag')}, but num_images is {count(record.num_images)}"
    return Violation(message, {"tags": len(record.tags), "num_images": record.num_images})


def only_latest(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find repositories whose only tag is latest."""
    return Violation("has latest as its only tag", {"tags": 1}) if record.tags == ["latest"] else None


def undescribed(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find repositories without a description, or with a blank one."""
    if record.description and not record.description.isspace():
        return None
    return Violation("has no description", {"description": record.description})


def large(record: Record, policy: CompiledPolicy) -> Violation | None:
    """Find repositories that are larger than allowed."""
    if policy.max_size_bytes is None or record.size is None or record.size <= policy.max_size_bytes:
        return None
    return Violation(
        f"takes {size(record.size)}, more than {size(policy.max_size_bytes)}",
        {"size": record.size, "max_size_bytes": policy.max_size_bytes},
    )


def word(text: str | None, nothing: str) -> str:
    """Return a text from the service, shortened; `nothing` for none."""
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


# What a rule judges by. Where it could not be read, the record has null (or no tags), which says nothing.
_READS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        catalogue.PUBLIC.id: frozenset({"is_public"}),
        catalogue.EXPIRED.id: frozenset({"status"}),
        catalogue.CATEGORY.id: frozenset({"category"}),
        catalogue.STALE.id: frozenset({"updated_at"}),
        catalogue.UNTAGGED.id: frozenset({"tags", "num_images"}),
        catalogue.TAG_COUNT.id: frozenset({"tags", "num_images"}),
        catalogue.ONLY_LATEST.id: frozenset({"tags"}),
        catalogue.UNDESCRIBED.id: frozenset({"description"}),
        catalogue.LARGE.id: frozenset({"size"}),
    }
)


def checks_for(record: Record, checks: Sequence[tuple[Rule, Check]]) -> list[tuple[Rule, Check]]:
    """Return those of `checks` whose rule judges by nothing that could not be read of this record."""
    invalid = record.invalid_fields
    return [(rule, check) for rule, check in checks if _READS.get(rule.id, frozenset()).isdisjoint(invalid)]


def checks_of(policy: Policy) -> tuple[tuple[Rule, Check], ...]:
    """Return the rules about records that are not disabled, in the order of their ids."""
    return tuple((RULES[name], check) for name, check in CHECKS.items() if name not in policy.disabled_rules)
