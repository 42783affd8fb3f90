"""The findings of an audit and the changes of a diff, for people (pure): all are counted, the first ones are shown."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec

from crawler.audit.finding import Finding
from crawler.audit.finding_counts import FindingCounts
from crawler.audit.rule import Rule
from crawler.diff.change import Change, Downloads, FromTo, Summary, Unknown
from crawler.report.rankings import TopN
from crawler.report.row import RepositoryRow, row_of, shown
from crawler.text.human import count, counted, shortened, size

_LONGEST_VALUE: Final = 60


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
            unknown=tuple((_scope(walk), _why(walk)) for walk in walks[: self._most]),
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
    if change.record is not msgspec.UNSET:
        return ChangeLine(*key, _size_and_images(row_of(change.record)))
    fields = {} if change.fields is msgspec.UNSET else change.fields
    return ChangeLine(*key, shown("; ".join(f"{name} {_from_to(name, values)}" for name, values in fields.items())))


def _size_and_images(row: RepositoryRow) -> str:
    parts = ["size unknown" if row.size is None else size(row.size)]
    if row.images is not None:
        parts.append(counted(row.images, "image"))
    return ", ".join(parts)


def _from_to(name: str, values: FromTo) -> str:
    if name == "tags":
        return _tags(values)
    for write in (_WRITERS.get(name, _value), _value):  # the second one where rounding hides the difference
        old, new = ("none" if value is None else write(value) for value in (values.old, values.new))
        if old != new:
            return f"{old} → {new}"
    return "differs"


def _tags(values: FromTo) -> str:
    """Return the tags that were added and removed; there may be thousands of others."""
    old, new = set(values.old), set(values.new)
    added = [f"+{tag}" for tag in values.new if tag not in old]
    removed = [f"-{tag}" for tag in values.old if tag not in new]
    return shortened(" ".join(added + removed), _LONGEST_VALUE) or "in another order"


def _minute(moment: str) -> str:
    return moment[: len("2021-06-02T09:23")].replace("T", " ")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return f"“{shortened(text, _LONGEST_VALUE)}”"


_WRITERS: Final[dict[str, Callable[[Any], str]]] = {"size": size, "created_at": _minute, "updated_at": _minute}


def _scope(walk: Unknown) -> str:
    return shown(f"{walk.target} {walk.center} {walk.namespace or 'all namespaces'}")


def _why(walk: Unknown) -> str:
    sides = {"old": "before", "new": "now"}
    reasons = "; ".join(f"{sides[reason.snapshot]}: {reason.text}" for reason in walk.reasons)
    return shown(f"{reasons}. Only before: {count(walk.only_old)}, only now: {count(walk.only_new)}")
