"""The rules there are (pure): ids that stay, and what is said of each to people and tools.

The first digit of an id is what a rule is about: 0 the proof, 1 who can reach what, 2 upkeep, 3 growth, 9 the policy
itself. An id is never given to another rule. The severities are SARIF's words (SARIF 2.1.0, 3.27.10).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)  # the most severe first


class Rule(NamedTuple):
    """One rule: `title` says what it finds, `why` the reason to care, `remedy` what to do, each in plain sentences.

    `settings` are the keys of `[audit]` that bound it; without one of them it finds nothing where that is its
    default. `held` when no configuration can switch it off or suppress it.
    """

    id: str
    slug: str
    severity: Severity
    title: str
    why: str
    remedy: str
    settings: tuple[str, ...] = ()
    held: bool = False

    @property
    def help(self) -> str:
        """Everything there is to say, as Markdown."""
        bounded = ", ".join(f"`{name}`" for name in self.settings)
        lines = [f"{self.title}.", f"**Why:** {self.why}", f"**What to do:** {self.remedy}"]
        return "\n\n".join([*lines, f"**Settings:** {bounded} in `[audit]`"] if bounded else lines)


INCOMPLETE: Final = Rule(
    "SWR001",
    "incomplete-snapshot",
    "error",
    "The snapshot is not complete",
    "What is missing was not judged: an audit without findings proves nothing about it.",
    "Run the crawl again until it ends with exit code 0; its manifest says what is missing.",
    held=True,
)
UNPROVEN: Final = Rule(
    "SWR002",
    "walk-not-proven",
    "error",
    "A walk was not read whole",
    "Repositories of this walk may be missing, or be there in a state that never was.",
    "Crawl again; for a walk that drifts raise max_passes, for a lost one see the reasons in the manifest.",
)
UNCOVERED: Final = Rule(
    "SWR003",
    "center-not-covered",
    "error",
    "A center holds more than the namespaces walked",
    "Repositories of namespaces that nobody walked are shared and were not looked at.",
    "Name the other namespaces too, or crawl without namespaces; or accept it by allow_partial_coverage.",
)
REJECTED: Final = Rule(
    "SWR004",
    "items-rejected",
    "warning",
    "Items could not be read as records",
    "What was rejected was not judged by any rule.",
    "Read _rejects.ndjson: it has each item's raw bytes and the reason.",
)
UNKNOWN_FIELD: Final = Rule(
    "SWR005",
    "unknown-field",
    "note",
    "The service sends a field that this version does not know",
    "It is kept under extra and judged by no rule; it may say something about sharing.",
    "Look at it in the records, and update swr-crawler.",
)
PUBLIC: Final = Rule(
    "SWR101",
    "public-while-shared",
    "error",
    "A shared repository is public",
    "Anyone can pull it, with a share or without: whoever shared it to a few probably did not mean that.",
    "Make the repository private if it was meant for the accounts it is shared with; else end the share.",
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
    "Images of an account that nobody vouched for can be pulled, or yours are shared under an account you do not know.",
    "End the share, or put the domain on the list.",
    ("allowed_domains",),
)
NAMESPACE: Final = Rule(
    "SWR104",
    "namespace-not-allowed",
    "warning",
    "A namespace matches no pattern of those allowed",
    "What is shared from a namespace that was not meant for sharing is probably shared by mistake.",
    "End the share or move the repository, or put the namespace on the list.",
    ("allowed_namespaces",),
)
CATEGORY: Final = Rule(
    "SWR105",
    "category-not-allowed",
    "note",
    "A category matches no pattern of those allowed",
    "Categories are how people find images; one that is not used elsewhere hides it.",
    "Set the repository's category, or put the category on the list.",
    ("allowed_categories",),
)
STALE: Final = Rule(
    "SWR201",
    "not-updated",
    "warning",
    "A repository was not updated for long",
    "An image that nobody rebuilds keeps every vulnerability found since.",
    "Rebuild the image, or end the share and retire it.",
    ("max_age_days",),
)
UNTAGGED: Final = Rule(
    "SWR202",
    "no-tags",
    "warning",
    "A shared repository has no image",
    "There is nothing to pull: what relied on it fails.",
    "Push an image, or end the share and delete the repository.",
)
TAG_COUNT: Final = Rule(
    "SWR203",
    "tag-count-differs",
    "note",
    "The number of tags listed is not the number of images declared",
    "The list of tags is cut short, or a tag was pushed or deleted while the service counted.",
    "Ask the service for the repository's tags before relying on the list.",
)
ONLY_LATEST: Final = Rule(
    "SWR204",
    "only-latest",
    "note",
    "The only tag is latest",
    "Nobody can say which version runs, nor go back to the one before.",
    "Push a tag for each version beside latest.",
)
UNDESCRIBED: Final = Rule(
    "SWR205",
    "no-description",
    "note",
    "A shared repository has no description",
    "Whom it is shared with cannot know what it is and whether to trust it.",
    "Describe the repository in a sentence.",
)
LARGE: Final = Rule(
    "SWR206",
    "too-large",
    "warning",
    "A repository is larger than allowed",
    "Storage is paid for, and old tags that nobody deletes are most of it.",
    "Delete old tags by a retention rule, or make the images smaller.",
    ("max_size_bytes",),
)
RECORDS_GREW: Final = Rule(
    "SWR301",
    "records-grew",
    "warning",
    "Many more repositories are shared than before",
    "A script that shares too much, or an account that was taken over, looks like this.",
    "See what came (swr-crawler diff), and ask who shared it.",
    ("max_growth_percent", "min_growth_records"),
)
SIZE_GREW: Final = Rule(
    "SWR302",
    "size-grew",
    "warning",
    "What is shared takes much more room than before",
    "A build that pushes with every commit fills the quota before anybody notices.",
    "See which repositories grew (swr-crawler diff), and give them a retention rule.",
    ("max_growth_percent", "min_growth_bytes"),
)
LAPSED: Final = Rule(
    "SWR901",
    "suppression-expired",
    "warning",
    "A suppression has ended",
    "What it let pass is found again from now on.",
    "Mend what it let pass and remove it, or give it a later end with a reason that still holds.",
)
UNUSED: Final = Rule(
    "SWR902",
    "suppression-unused",
    "note",
    "A suppression matches nothing",
    "It stands for nothing now, and will hide what comes to match it later.",
    "Remove it from the configuration.",
)

_ALL: Final = (
    *(INCOMPLETE, UNPROVEN, UNCOVERED, REJECTED, UNKNOWN_FIELD),
    *(PUBLIC, EXPIRED, DOMAIN, NAMESPACE, CATEGORY),
    *(STALE, UNTAGGED, TAG_COUNT, ONLY_LATEST, UNDESCRIBED, LARGE),
    *(RECORDS_GREW, SIZE_GREW),
    *(LAPSED, UNUSED),
)
RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.id: rule for rule in _ALL})
_IDS: Final = {name: rule.id for rule in _ALL for name in (rule.id, rule.slug)}


def rule_id(text: str) -> str | None:
    """Give the id of the rule that `text` names, by its id or its slug, else None."""
    return _IDS.get(text)


def yielding_rule_id(text: str) -> str | None:
    """Give the same of a rule that may be switched off or suppressed, else None."""
    found = rule_id(text)
    return found if found is not None and not RULES[found].held else None


def at_least(severity: Severity, bound: Severity) -> bool:
    """Say whether `severity` is as severe as `bound`, or more."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(bound)
