"""The findings of an audit and the changes of a diff, for people (pure): all are counted, the first ones are shown."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from crawler.audit.finding import Finding
from crawler.audit.finding_counts import FindingCounts
from crawler.audit.rule import Rule
from crawler.diff.change import Change, Downloads, Summary, Unknown
from crawler.diff.render import change_text, unknown_row
from crawler.report.rankings import TopN
from crawler.report.row import shown
from crawler.text.human import size


class FindingGroup(NamedTuple):
    """The findings of one rule: their number, and the place and the message of the first ones."""

    rule: Rule
    number: int
    examples: tuple[tuple[str, str], ...]


def finding_groups(findings: FindingCounts) -> list[FindingGroup]:
    """Return the findings of each rule that has some, the most severe first."""
    return [
        FindingGroup(
            rule, findings.count(rule), tuple((_place(one), shown(one.message)) for one in findings.kept(rule))
        )
        for rule in findings.found()
    ]


def _place(finding: Finding) -> str:
    named = [part for part in (finding.namespace, finding.name) if part is not None]
    return shown("/".join(named) or finding.domain_name or finding.center)


class ChangeLine(NamedTuple):
    """One change: the repository, and what changed in words."""

    center: str
    domain: str
    namespace: str
    name: str
    text: str


class ChangeHighlights(NamedTuple):
    """What differs from the snapshot before.

    `added`, `removed` and `changed` are the first ones in the order of the diff, `grown` the ones whose size grew most;
    `unknown` are the first unknown walks with the reasons, `unknown_count` is the number of all of them.
    """

    previous: str
    since: str
    summary: Summary
    unknown: tuple[tuple[str, str], ...]
    unknown_count: int
    added: tuple[ChangeLine, ...]
    removed: tuple[ChangeLine, ...]
    changed: tuple[ChangeLine, ...]
    grown: tuple[ChangeLine, ...]

    @property
    def downloads(self) -> Downloads:
        """Return how much the downloads changed."""
        return self.summary.downloads or Downloads(0, 0)


class ChangeCollector:
    """Takes the changes of a diff one by one; keeps the first `most` of each kind, so that memory does not grow."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._examples: defaultdict[str, list[ChangeLine]] = defaultdict(list)
        self._grown: TopN[ChangeLine] = TopN(most)

    def add(self, change: Change) -> None:
        """Add one change."""
        examples = self._examples[change.change]
        if len(examples) < self._most:
            examples.append(_line(change))
        growth = _growth(change)
        if growth > 0 and self._grown.takes(-growth):
            self._grown.add(-growth, _line(change)._replace(text=f"+{size(growth)}"))

    def highlights(self, summary: Summary, unknown: Iterable[Unknown], since: str) -> ChangeHighlights:
        """Return the highlights, with what the diff says at its end; `since` is when the earlier crawl ended."""
        walks = tuple(unknown)
        return ChangeHighlights(
            previous=shown(summary.old),
            since=since,
            summary=summary,
            unknown=tuple(map(_unknown, walks[: self._most])),
            unknown_count=len(walks),
            added=tuple(self._examples["added"]),
            removed=tuple(self._examples["removed"]),
            changed=tuple(self._examples["changed"]),
            grown=tuple(self._grown.values()),
        )


def _growth(change: Change) -> int:
    """Return by how many bytes a repository grew; 0 when one of the sizes is not known."""
    fields = {} if change.fields is msgspec.UNSET else change.fields
    sizes = fields.get("size")
    if sizes is None or sizes.new is None or sizes.old is None:
        return 0
    return int(sizes.new - sizes.old)


def _line(change: Change) -> ChangeLine:
    key = shown(change.center), shown(change.domain_name), shown(change.namespace), shown(change.name)
    return ChangeLine(*key, shown(change_text(change)))


def _unknown(walk: Unknown) -> tuple[str, str]:
    scope, only_old, only_new, why = unknown_row(walk)
    return scope, f"{why}. Only in old: {only_old}, only in new: {only_new}"
