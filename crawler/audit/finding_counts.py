"""Counts the findings of an audit and keeps the first ones of each rule, to be shown (pure)."""

from collections import Counter

from crawler.audit.catalogue import RULES
from crawler.audit.finding import Finding
from crawler.audit.rule import Rule
from crawler.model.audit_rules import SEVERITIES, Severity, at_least


class FindingCounts:
    """Takes findings one by one and keeps for each rule their number and the first `most_kept`."""

    def __init__(self, most_kept: int) -> None:
        self._most_kept = most_kept
        self._counts: Counter[str] = Counter()
        self._kept: dict[str, list[Finding]] = {}

    def add(self, finding: Finding) -> None:
        """Count one finding."""
        self._counts[finding.rule] += 1
        kept = self._kept.setdefault(finding.rule, [])
        if len(kept) < self._most_kept:
            kept.append(finding)

    def count(self, rule: Rule) -> int:
        """Return how many findings a rule has."""
        return self._counts[rule.id]

    def kept(self, rule: Rule) -> list[Finding]:
        """Return the first findings of a rule, in the order in which they were added."""
        return self._kept.get(rule.id, [])

    def found(self) -> list[Rule]:
        """Return the rules that found something, the most severe first, then by id."""
        found = [RULES[name] for name in sorted(self._counts)]
        return sorted(found, key=lambda rule: SEVERITIES.index(rule.severity))

    def by_severity(self) -> dict[Severity, int]:
        """Return the number of findings of each severity, the most severe first."""
        return {one: sum(self.count(rule) for rule in self.found() if rule.severity == one) for one in SEVERITIES}

    def fails(self, bound: Severity | None) -> bool:
        """Return whether there is a finding as severe as `bound` or more; never for None."""
        return bound is not None and any(at_least(rule.severity, bound) for rule in self.found())
