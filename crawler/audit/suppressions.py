"""What is let through and what is held back (pure): globs, and the suppressions that hold on a day."""

import re
from collections.abc import Iterable
from datetime import date
from fnmatch import translate
from typing import NamedTuple

from crawler.audit.finding import Location
from crawler.config.audit_policy import Suppression


def any_of(globs: Iterable[str]) -> re.Pattern[str]:
    """Give one expression for `fullmatch` that matches what any of the globs matches, heeding case."""
    return re.compile("|".join(map(translate, globs)))


class Suppressions:
    """The suppressions of a policy on a day: those that hold, made ready to be matched, and those that have ended."""

    def __init__(self, suppressions: Iterable[Suppression], day: date) -> None:
        self.holding: list[Suppression] = []
        self.ended: list[Suppression] = []
        self._by_rule: dict[str, list[_Compiled]] = {}
        for suppression in suppressions:
            if suppression.expires < day:
                self.ended.append(suppression)
                continue
            self.holding.append(suppression)
            patterns = (suppression.domain, suppression.namespace, suppression.name)
            mesh = _Compiled(suppression, *(any_of([pattern]) for pattern in patterns))
            self._by_rule.setdefault(suppression.rule, []).append(mesh)

    def matching(self, rule: str, place: Location) -> list[Suppression]:
        """Give all suppressions that let pass what the rule with this id found there: none where it stands."""
        return [
            mesh.suppression
            for mesh in self._by_rule.get(rule, ())
            if mesh.name.fullmatch(place.name or "")
            and mesh.namespace.fullmatch(place.namespace or "")
            and mesh.domain.fullmatch(place.domain_name or "")
        ]


class _Compiled(NamedTuple):
    suppression: Suppression
    domain: re.Pattern[str]
    namespace: re.Pattern[str]
    name: re.Pattern[str]
