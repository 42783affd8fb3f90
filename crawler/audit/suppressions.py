"""Which findings are suppressed (pure): globs, and the suppressions that are active on a day."""

import re
from collections.abc import Iterable
from datetime import date
from fnmatch import translate
from typing import Final, NamedTuple

from crawler.audit.finding import Location
from crawler.audit.rule import Observation, Violation, declare
from crawler.config.audit_policy import Suppression

SUPPRESSION_EXPIRED: Final = declare(
    "SWR901",
    "warning",
    title="A suppression has expired",
    why="The findings that it suppressed are reported again from now on.",
    remedy="Fix what it suppressed and remove it, or give it a later end with a reason that is still valid.",
)
SUPPRESSION_UNUSED: Final = declare(
    "SWR902",
    "note",
    title="A suppression matches nothing",
    why="It has no effect now, and will hide findings that match it later.",
    remedy="Remove it from the configuration.",
)


def any_of(globs: Iterable[str]) -> re.Pattern[str]:
    """Return one expression for `fullmatch` that matches what any of the globs matches, case-sensitive."""
    return re.compile("|".join(map(translate, globs)))


class Suppressions:
    """The suppressions of a policy on a day: `active` ones, compiled to be matched, and `expired` ones."""

    def __init__(self, suppressions: Iterable[Suppression], day: date) -> None:
        self.active: list[Suppression] = []
        self.expired: list[Suppression] = []
        self._by_rule: dict[str, list[_Compiled]] = {}
        for suppression in suppressions:
            if suppression.expires < day:
                self.expired.append(suppression)
                continue
            self.active.append(suppression)
            patterns = (suppression.domain, suppression.namespace, suppression.name)
            compiled = _Compiled(suppression, *(any_of([pattern]) for pattern in patterns))
            self._by_rule.setdefault(suppression.rule, []).append(compiled)

    def matching(self, rule: str, location: Location) -> list[Suppression]:
        """Return all active suppressions that match what the rule with this id found there."""
        return [
            compiled.suppression
            for compiled in self._by_rule.get(rule, ())
            if compiled.name.fullmatch(location.name or "")
            and compiled.namespace.fullmatch(location.namespace or "")
            and compiled.domain.fullmatch(location.domain_name or "")
        ]


def expired(suppression: Suppression) -> Observation:
    """Return the finding of a suppression that has expired."""
    return Observation(SUPPRESSION_EXPIRED, *_about(suppression, f"that expired on {suppression.expires}"))


def unused(suppression: Suppression) -> Observation:
    """Return the finding of a suppression that is active and matches nothing."""
    return Observation(SUPPRESSION_UNUSED, *_about(suppression, "that matches nothing"))


def _about(suppression: Suppression, what: str) -> tuple[Location, Violation, str]:
    violation = Violation(
        f"has a suppression {what}: {suppression} ({suppression.reason})",
        {"suppression": str(suppression), "reason": suppression.reason, "expires": suppression.expires.isoformat()},
    )
    return Location(), violation, str(suppression)


class _Compiled(NamedTuple):
    suppression: Suppression
    domain: re.Pattern[str]
    namespace: re.Pattern[str]
    name: re.Pattern[str]
