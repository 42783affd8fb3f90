"""The identity of the audit rules (pure): permanent ids and names, and the severities.

What a rule finds and why it matters stands with its check in `crawler/audit/`, which adds to the id here. The first
digit of an id is the subject: 0 completeness, 1 access, 2 upkeep, 3 growth and shrinkage, 9 the policy itself. An id is
never reused for another rule. The severities are those of SARIF (SARIF 2.1.0, 3.27.10).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)  # the most severe first

# By id, in the order of the ids.
RULE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SWR001": "incomplete-snapshot",
        "SWR002": "walk-not-proven",
        "SWR003": "center-not-covered",
        "SWR004": "items-rejected",
        "SWR005": "unknown-field",
        "SWR006": "shrank-unaccepted",
        "SWR007": "centers-equal",
        "SWR008": "invalid-field",
        "SWR009": "target-failed",
        "SWR101": "public-while-shared",
        "SWR102": "share-expired",
        "SWR103": "domain-not-allowed",
        "SWR104": "namespace-not-allowed",
        "SWR105": "category-not-allowed",
        "SWR201": "not-updated",
        "SWR202": "no-tags",
        "SWR203": "tag-count-differs",
        "SWR204": "only-latest",
        "SWR205": "no-description",
        "SWR206": "too-large",
        "SWR301": "records-grew",
        "SWR302": "size-grew",
        "SWR303": "records-shrank",
        "SWR304": "size-shrank",
        "SWR901": "suppression-expired",
        "SWR902": "suppression-unused",
    }
)
MANDATORY: Final = frozenset({"SWR001"})  # no configuration can disable or suppress these

_IDS: Final = {name: id_ for id_, slug in RULE_NAMES.items() for name in (id_, slug)}


def rule_id(text: str) -> str | None:
    """Return the id of the rule that `text` names by its id or its name, else None."""
    return _IDS.get(text)


def yielding_rule_id(text: str) -> str | None:
    """Return the same for a rule that may be disabled or suppressed, else None."""
    found = rule_id(text)
    return found if found not in MANDATORY else None


def at_least(severity: Severity, bound: Severity) -> bool:
    """Return whether `severity` is as severe as `bound`, or more."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(bound)
