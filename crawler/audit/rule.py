"""What an audit rule is, what it finds, and the registry in which each rule is declared beside its check (pure)."""

from typing import Final, NamedTuple

from crawler.audit.finding import Evidence, Location
from crawler.model.audit_rules import MANDATORY, RULE_NAMES, Severity


class Rule(NamedTuple):
    """One rule: `slug` is its name, `title` what it finds, `why` the reason to care, `remedy` what to do.

    `title` has no full stop, `why` and `remedy` are sentences, all without Markdown. `settings` are the keys of
    `[audit]` that limit the rule; while they are not set, it finds nothing, unless they have a default.
    """

    id: str
    slug: str
    severity: Severity
    title: str
    why: str
    remedy: str
    settings: tuple[str, ...] = ()

    @property
    def mandatory(self) -> bool:
        """Return whether no configuration can disable or suppress the rule."""
        return self.id in MANDATORY

    @property
    def help(self) -> str:
        """Return all texts of the rule as Markdown."""
        settings = ", ".join(f"`{name}`" for name in self.settings)
        lines = [f"{self.title}.", f"**Why:** {self.why}", f"**What to do:** {self.remedy}"]
        return "\n\n".join([*lines, f"**Settings:** {settings} in `[audit]`"] if settings else lines)


class Violation(NamedTuple):
    """What a rule found: a message for people, and the same as evidence for programs."""

    message: str
    evidence: Evidence


class Observation(NamedTuple):
    """A violation that is not in a record; `subject` tells apart what one rule finds at one location."""

    rule: Rule
    location: Location
    violation: Violation
    subject: str = ""


DECLARED: Final[dict[str, Rule]] = {}  # catalogue.py has them all, in order


def declare(id_: str, severity: Severity, *, title: str, why: str, remedy: str, settings: tuple[str, ...] = ()) -> Rule:
    """Return the rule of a permanent id, and register it. Raises ValueError for an id that is unknown or taken."""
    if id_ not in RULE_NAMES or id_ in DECLARED:
        raise ValueError(f"{id_} is {'declared twice' if id_ in DECLARED else 'no id of RULE_NAMES'}")
    rule = Rule(id_, RULE_NAMES[id_], severity, title, why, remedy, settings)
    DECLARED[id_] = rule
    return rule
