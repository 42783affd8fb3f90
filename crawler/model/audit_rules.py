"""The catalogue of audit rules (pure): permanent ids, and the texts for people, tools and the documentation.

The first digit of an id is the subject: 0 completeness, 1 access, 2 upkeep, 3 growth and shrinkage, 9 the policy
itself. An id is never reused for another rule. The checks are in audit/rules.py (one record), audit/manifest_rules.py
(the snapshot) and audit/comparison_rules.py (an earlier one). The severities are those of SARIF (SARIF 2.1.0, 3.27.10).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)  # the most severe first


class Rule(NamedTuple):
    """One rule: `slug` is its name, `title` what it finds, `why` the reason to care, `remedy` what to do.

    `title` has no full stop, `why` and `remedy` are sentences, all without Markdown. `settings` are the keys of
    `[audit]` that limit the rule; while they are not set, it finds nothing, unless they have a default. No
    configuration can disable or suppress a `mandatory` rule.
    """

    id: str
    slug: str
    severity: Severity
    title: str
    why: str
    remedy: str
    settings: tuple[str, ...] = ()
    mandatory: bool = False

    @property
    def help(self) -> str:
        """Return all texts of the rule as Markdown."""
        settings = ", ".join(f"`{name}`" for name in self.settings)
        lines = [f"{self.title}.", f"**Why:** {self.why}", f"**What to do:** {self.remedy}"]
        return "\n\n".join([*lines, f"**Settings:** {settings} in `[audit]`"] if settings else lines)


INCOMPLETE: Final = Rule(
    "SWR001",
    "incomplete-snapshot",
    "error",
    "The snapshot is not complete",
    "The rules could not judge what is missing, so an audit without findings proves nothing about it.",
    "Run the crawl again until its exit code is 0; the manifest says what is missing.",
    mandatory=True,
)
UNPROVEN: Final = Rule(
    "SWR002",
    "walk-not-proven",
    "error",
    "A walk is not complete",
    "Repositories of this walk may be missing, or listed in states that never existed together.",
    "Crawl again. For a drifted walk raise max_passes; for a partial one see the reasons in the manifest.",
)
UNCOVERED: Final = Rule(
    "SWR003",
    "center-not-covered",
    "error",
    "A center holds more than the namespaces walked",
    "Repositories in other namespaces are shared, too, and were not checked.",
    "Name the other namespaces or none, or accept it with allow_partial_coverage; rerun if the run split the center.",
)
REJECTED: Final = Rule(
    "SWR004",
    "items-rejected",
    "warning",
    "Items could not be read as records",
    "No rule could judge the rejected items.",
    "Read _rejects.ndjson: it has each item's raw bytes and the reason.",
)
UNKNOWN_FIELD: Final = Rule(
    "SWR005",
    "unknown-field",
    "note",
    "The service sends a field that this version does not know",
    "It is kept under extra, and no rule judges it; it may say something about sharing.",
    "Look at it in the records, and update swr-crawler.",
)
SHRANK: Final = Rule(
    "SWR006",
    "shrank-unaccepted",
    "error",
    "The crawl found a center or a namespace that lost most of its repositories",
    "A lost permission or a wrong project looks like this; the rules could not judge what is no longer listed.",
    "Check the permissions, the project and the endpoint. If the loss is real, crawl once with --allow-shrink.",
)
EQUAL_CENTERS: Final = Rule(
    "SWR007",
    "centers-equal",
    "error",
    "Both centers of a target hold the same repositories",
    "The service, or a cache before it, ignores the center: one list was read twice, and the other one not at all.",
    "Request each center by hand, around any cache, to find what ignores the center; then crawl again.",
)
INVALID_FIELD: Final = Rule(
    "SWR008",
    "invalid-field",
    "warning",
    "Records hold values that cannot be read as what their field is",
    "The field is null, its value is kept under invalid, and no rule judges it: a finding may be missing.",
    "Look at the records (swr-crawler query, where invalid is not null), and judge what the field meant by hand.",
)
TARGET_FAILED: Final = Rule(
    "SWR009",
    "target-failed",
    "error",
    "A target stopped before all of it was read",
    "Nothing is known of what was not read: its repositories may be shared with anyone.",
    "Read the reason in the manifest, remove it, and run the same command again: it reads only what is missing.",
)
PUBLIC: Final = Rule(
    "SWR101",
    "public-while-shared",
    "error",
    "A shared repository is public",
    "Anyone can pull it, with or without a share; sharing it with a few accounts was probably meant to limit access.",
    "Make the repository private if it is meant for the accounts it is shared with; else end the share.",
)
EXPIRED: Final = Rule(
    "SWR102",
    "share-expired",
    "warning",
    "A share has expired",
    "The repository is still listed, but pulls fail or will fail soon; deployments that rely on it break.",
    "Ask its owner to renew the share, or stop using the image.",
)
DOMAIN: Final = Rule(
    "SWR103",
    "domain-not-allowed",
    "error",
    "A domain (account) is not on the list of those allowed",
    "Images of an unapproved account can be pulled, or yours are shared under an account you do not know.",
    "End the share, or put the domain on the list.",
    ("allowed_domains",),
)
NAMESPACE: Final = Rule(
    "SWR104",
    "namespace-not-allowed",
    "warning",
    "A namespace matches no pattern of those allowed",
    "A repository in a namespace that is not meant for sharing is probably shared by mistake.",
    "End the share or move the repository, or put the namespace on the list.",
    ("allowed_namespaces",),
)
CATEGORY: Final = Rule(
    "SWR105",
    "category-not-allowed",
    "note",
    "A category matches no pattern of those allowed",
    "People find images by category; one that is not used elsewhere hides the image.",
    "Set the repository's category, or put the category on the list.",
    ("allowed_categories",),
)
STALE: Final = Rule(
    "SWR201",
    "not-updated",
    "warning",
    "A repository has not been updated for a long time",
    "An image that is not rebuilt keeps every vulnerability found since.",
    "Rebuild the image, or end the share and retire it.",
    ("max_age_days",),
)
UNTAGGED: Final = Rule(
    "SWR202",
    "no-tags",
    "warning",
    "A shared repository has no image",
    "There is nothing to pull, so deployments that rely on it fail.",
    "Push an image, or end the share and delete the repository.",
)
TAG_COUNT: Final = Rule(
    "SWR203",
    "tag-count-differs",
    "note",
    "The number of tags listed is not the number of images declared",
    "The list of tags is incomplete, or a tag was pushed or deleted while the service counted.",
    "List the repository's tags through the service before relying on this list.",
)
ONLY_LATEST: Final = Rule(
    "SWR204",
    "only-latest",
    "note",
    "The only tag is latest",
    "It is not known which version runs, and there is no earlier one to go back to.",
    "Push a tag for each version beside latest.",
)
UNDESCRIBED: Final = Rule(
    "SWR205",
    "no-description",
    "note",
    "A shared repository has no description",
    "The accounts it is shared with cannot know what it is and whether to trust it.",
    "Describe the repository in a sentence.",
)
LARGE: Final = Rule(
    "SWR206",
    "too-large",
    "warning",
    "A repository is larger than allowed",
    "Storage costs money, and most of it is usually old tags.",
    "Delete old tags by a retention rule, or make the images smaller.",
    ("max_size_bytes",),
)
RECORDS_GREW: Final = Rule(
    "SWR301",
    "records-grew",
    "warning",
    "Many more repositories are shared than before",
    "A script that shares too much, or an account that was taken over, looks like this.",
    "See what was added (swr-crawler diff), and find out who shared it.",
    ("max_growth_percent", "min_growth_records"),
)
SIZE_GREW: Final = Rule(
    "SWR302",
    "size-grew",
    "warning",
    "The shared repositories take much more space than before",
    "A build that pushes with every commit can fill the quota unnoticed.",
    "See which repositories grew (swr-crawler diff), and give them a retention rule.",
    ("max_growth_percent", "min_growth_bytes"),
)
RECORDS_SHRANK: Final = Rule(
    "SWR303",
    "records-shrank",
    "error",
    "Many fewer repositories are shared than before",
    "A lost permission, a wrong project, or a script that deletes too much looks like this.",
    "See what was removed (swr-crawler diff), and find out whether it still exists.",
    ("max_shrink_percent", "min_shrink_records"),
)
SIZE_SHRANK: Final = Rule(
    "SWR304",
    "size-shrank",
    "error",
    "The shared repositories take much less space than before",
    "A retention rule that deletes too much takes images away that deployments still pull.",
    "See which repositories shrank (swr-crawler diff), and check their retention rules.",
    ("max_shrink_percent", "min_shrink_bytes"),
)
SUPPRESSION_EXPIRED: Final = Rule(
    "SWR901",
    "suppression-expired",
    "warning",
    "A suppression has expired",
    "The findings that it suppressed are reported again from now on.",
    "Fix what it suppressed and remove it, or give it a later end with a reason that is still valid.",
)
SUPPRESSION_UNUSED: Final = Rule(
    "SWR902",
    "suppression-unused",
    "note",
    "A suppression matches nothing",
    "It has no effect now, and will hide findings that match it later.",
    "Remove it from the configuration.",
)

_ALL: Final = (
    *(INCOMPLETE, UNPROVEN, UNCOVERED, REJECTED, UNKNOWN_FIELD, SHRANK, EQUAL_CENTERS, INVALID_FIELD),
    TARGET_FAILED,
    *(PUBLIC, EXPIRED, DOMAIN, NAMESPACE, CATEGORY),
    *(STALE, UNTAGGED, TAG_COUNT, ONLY_LATEST, UNDESCRIBED, LARGE),
    *(RECORDS_GREW, SIZE_GREW, RECORDS_SHRANK, SIZE_SHRANK),
    *(SUPPRESSION_EXPIRED, SUPPRESSION_UNUSED),
)
RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.id: rule for rule in _ALL})
_IDS: Final = {name: rule.id for rule in _ALL for name in (rule.id, rule.slug)}


def rule_id(text: str) -> str | None:
    """Return the id of the rule that `text` names by its id or its slug, else None."""
    return _IDS.get(text)


def yielding_rule_id(text: str) -> str | None:
    """Return the same for a rule that may be disabled or suppressed, else None."""
    found = rule_id(text)
    return found if found is not None and not RULES[found].mandatory else None


def at_least(severity: Severity, bound: Severity) -> bool:
    """Return whether `severity` is as severe as `bound`, or more."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(bound)
