"""The rules about a record (pure): each is a function of a record and the policy that returns a violation or None.

Each declares what people and tools are told of it right above its check, by `record_rule`.

A violation's message is a predicate of the repository, without its name. It may hold text from the service, so it must
be escaped before it is shown.

Source: docs/reference/swr-api.md#private-images-only, #share-status, #status-for-self, #tags (what is a violation).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

from crawler.audit.rule import Rule, Violation, declare
from crawler.audit.suppressions import any_of
from crawler.config.audit_policy import Policy
from crawler.model.audit_rules import Severity
from crawler.model.record import Record
from crawler.text.human import count, counted, shortened, size

_LONGEST_WORD: Final = 80


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


Check: TypeAlias = Callable[[Record, CompiledPolicy], Violation | None]


class RecordRule(NamedTuple):
    """A rule about a record, its check, and the fields that it judges by and that may be invalid in a record.

    Where such a field could not be read, the record has null (or no tags), which says nothing.
    """

    rule: Rule
    check: Check
    reads: frozenset[str]


RECORD_RULES: Final[list[RecordRule]] = []


def record_rule(  # noqa: PLR0913 - what a rule is
    id_: str,
    severity: Severity,
    *,
    title: str,
    why: str,
    remedy: str,
    settings: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
) -> Callable[[Check], Check]:
    """Return a decorator that declares a rule (`declare`), with the check that it decorates; `reads` as RecordRule."""
    rule = declare(id_, severity, title=title, why=why, remedy=remedy, settings=settings)

    def register(check: Check) -> Check:
        RECORD_RULES.append(RecordRule(rule, check, frozenset(reads)))
        return check

    return register


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


@record_rule(
    "SWR101",
    "error",
    title="A shared repository is public",
    why="Anyone can pull it, with or without a share; "
    "sharing it with a few accounts was probably meant to limit access.",
    remedy="Make the repository private if it is meant for the accounts it is shared with; else end the share.",
    reads=("is_public",),
)
def public(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find public repositories: only private ones can be shared (swr-api.md#private-images-only)."""
    return Violation("is public, though it is shared", {"is_public": True}) if record.is_public else None


@record_rule(
    "SWR102",
    "warning",
    title="A share has expired",
    why="The repository is still listed, but pulls fail or will fail soon; deployments that rely on it break.",
    remedy="Ask its owner to renew the share, or stop using the image.",
    reads=("status",),
)
def expired(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find expired shares: `status` tells, for center thirdparty only (swr-api.md#share-status, #status-for-self)."""
    if record.center != "thirdparty" or record.status is not False:
        return None
    return Violation("is listed, but its share has expired", {"status": False})


@record_rule(
    "SWR103",
    "error",
    title="A domain (account) is not on the list of those allowed",
    why="Images of an unapproved account can be pulled, or yours are shared under an account you do not know.",
    remedy="End the share, or put the domain on the list.",
    settings=("allowed_domains",),
)
def domain(record: Record, policy: CompiledPolicy) -> Violation | None:
    """Find domains that no pattern allows; a record without a domain is matched as empty text."""
    if policy.domains is None or policy.domains.fullmatch(record.domain_name or ""):
        return None
    shared = "shared with you by" if record.center == "thirdparty" else "shared by you under"
    whom = word(record.domain_name, "no domain")
    return Violation(f"is {shared} {whom}, which is not allowed", {"domain_name": record.domain_name})


@record_rule(
    "SWR104",
    "warning",
    title="A namespace matches no pattern of those allowed",
    why="A repository in a namespace that is not meant for sharing is probably shared by mistake.",
    remedy="End the share or move the repository, or put the namespace on the list.",
    settings=("allowed_namespaces",),
)
def namespace(record: Record, policy: CompiledPolicy) -> Violation | None:
    """Find namespaces that no pattern allows."""
    if policy.namespaces is None or policy.namespaces.fullmatch(record.namespace):
        return None
    return Violation("is in a namespace that is not allowed", {"namespace": record.namespace})


@record_rule(
    "SWR105",
    "note",
    title="A category matches no pattern of those allowed",
    why="People find images by category; one that is not used elsewhere hides the image.",
    remedy="Set the repository's category, or put the category on the list.",
    settings=("allowed_categories",),
    reads=("category",),
)
def category(record: Record, policy: CompiledPolicy) -> Violation | None:
    """Find categories that no pattern allows; a record without a category is matched as empty text."""
    if policy.categories is None or policy.categories.fullmatch(record.category or ""):
        return None
    what = word(record.category, "none")
    return Violation(f"has a category that is not allowed: {what}", {"category": record.category})


@record_rule(
    "SWR201",
    "warning",
    title="A repository has not been updated for a long time",
    why="An image that is not rebuilt keeps every vulnerability found since.",
    remedy="Rebuild the image, or end the share and retire it.",
    settings=("max_age_days",),
    reads=("updated_at",),
)
def stale(record: Record, policy: CompiledPolicy) -> Violation | None:
    """Find repositories last updated too long ago; one without an update time is not judged."""
    if policy.oldest is None or record.updated_at is None or record.updated_at >= policy.oldest:
        return None
    days = counted(policy.max_age_days or 0, "day")
    return Violation(
        f"was last updated on {record.updated_at[:10]}, more than {days} before the crawl",
        {"updated_at": record.updated_at, "oldest": policy.oldest, "max_age_days": policy.max_age_days},
    )


@record_rule(
    "SWR202",
    "warning",
    title="A shared repository has no image",
    why="There is nothing to pull, so deployments that rely on it fail.",
    remedy="Push an image, or end the share and delete the repository.",
    reads=("tags", "num_images"),
)
def untagged(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find repositories that list no tag and declare no image."""
    if record.tags or record.num_images:
        return None
    return Violation("has no tag", {"tags": 0, "num_images": record.num_images})


@record_rule(
    "SWR203",
    "note",
    title="The number of tags listed is not the number of images declared",
    why="The list of tags is incomplete, or a tag was pushed or deleted while the service counted.",
    remedy="List the repository's tags through the service before relying on this list.",
    reads=("tags", "num_images"),
)
def tag_count(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find lists of tags that are longer or shorter than declared: they may be incomplete (swr-api.md#tags)."""
    if record.num_images is None or record.num_images == len(record.tags):
        return None
    message = f"lists {counted(len(record.tags), 'tag')}, but num_images is {count(record.num_images)}"
    return Violation(message, {"tags": len(record.tags), "num_images": record.num_images})


@record_rule(
    "SWR204",
    "note",
    title="The only tag is latest",
    why="It is not known which version runs, and there is no earlier one to go back to.",
    remedy="Push a tag for each version beside latest.",
    reads=("tags",),
)
def only_latest(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find repositories whose only tag is latest."""
    return Violation("has latest as its only tag", {"tags": 1}) if record.tags == ["latest"] else None


@record_rule(
    "SWR205",
    "note",
    title="A shared repository has no description",
    why="The accounts it is shared with cannot know what it is and whether to trust it.",
    remedy="Describe the repository in a sentence.",
    reads=("description",),
)
def undescribed(record: Record, _: CompiledPolicy) -> Violation | None:
    """Find repositories without a description, or with a blank one."""
    if record.description and not record.description.isspace():
        return None
    return Violation("has no description", {"description": record.description})


@record_rule(
    "SWR206",
    "warning",
    title="A repository is larger than allowed",
    why="Storage costs money, and most of it is usually old tags.",
    remedy="Delete old tags by a retention rule, or make the images smaller.",
    settings=("max_size_bytes",),
    reads=("size",),
)
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


def rules_of(policy: Policy) -> tuple[RecordRule, ...]:
    """Return the rules about records that are not disabled, in the order of their ids."""
    return tuple(one for one in RECORD_RULES if one.rule.id not in policy.disabled_rules)


def rules_for(record: Record, rules: Sequence[RecordRule]) -> list[RecordRule]:
    """Return those of `rules` that judge by nothing that could not be read of this record."""
    invalid = record.invalid_fields
    return [one for one in rules if one.reads.isdisjoint(invalid)]
