"""What an audit found and a diff told, summed for people (pure): counts of all, examples of the first."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec

from crawler.audit.finding import Finding
from crawler.diff.compare import Change, Downloads, FromTo, Summary, Unknown
from crawler.model.audit_rules import RULES, SEVERITIES, Rule, Severity
from crawler.report.statistics import RepositoryRow, TopN, row_of, shown
from crawler.text.human import count, counted, shortened, size

_LONGEST_VALUE: Final = 60


class FindingGroup(NamedTuple):
    """What one rule found: how often, and the first examples, each its place and its message."""

    rule: Rule
    number: int
    examples: tuple[tuple[str, str], ...]


class Findings:
    """The findings of an audit, as they are told; memory does not grow with them. `most` examples a rule."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._examples: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)

    def add(self, finding: Finding) -> None:
        """Count one."""
        self._counts[finding.rule] += 1
        examples = self._examples[finding.rule]
        if len(examples) < self._most:
            examples.append((_place(finding), shown(finding.message)))

    def found(self) -> list[FindingGroup]:
        """Give what each rule found, the most severe first."""
        rules = sorted((RULES[name] for name in self._counts), key=lambda r: (SEVERITIES.index(r.severity), r.id))
        return [FindingGroup(rule, self._counts[rule.id], tuple(self._examples[rule.id])) for rule in rules]

    def by_severity(self) -> list[tuple[Severity, int]]:
        """Give how many there are of each severity, the most severe first, none left out."""
        return [
            (severity, sum(number for name, number in self._counts.items() if RULES[name].severity == severity))
            for severity in SEVERITIES
        ]


def _place(finding: Finding) -> str:
    named = [part for part in (finding.namespace, finding.name) if part is not None]
    return shown("/".join(named) or finding.domain_name or finding.center)


class ChangeLine(NamedTuple):
    """One change: what it is about, and what changed, in words."""

    center: str
    domain: str
    namespace: str
    name: str
    text: str


class Changes(NamedTuple):
    """What differs from the snapshot before; `examples` are the first of each kind by (center, domain, …)."""

    previous: str
    since: str
    summary: Summary
    unknown: tuple[tuple[str, str], ...]
    unknowns: int
    added: tuple[ChangeLine, ...]
    removed: tuple[ChangeLine, ...]
    changed: tuple[ChangeLine, ...]
    grown: tuple[ChangeLine, ...]

    @property
    def downloads(self) -> Downloads:
        """How far the downloads moved."""
        return self.summary.downloads or Downloads(0, 0)


class ChangesSoFar:
    """The changes of a diff, as they are told; memory does not grow with them. `most` examples a kind."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._examples: defaultdict[str, list[ChangeLine]] = defaultdict(list)
        self._grown: TopN[ChangeLine] = TopN(most)

    def add(self, change: Change) -> None:
        """Take one in."""
        examples = self._examples[change.change]
        if len(examples) < self._most:
            examples.append(_told(change))
        growth = _growth(change)
        if growth > 0 and self._grown.takes(-growth):
            self._grown.add(-growth, _told(change)._replace(text=f"+{size(growth)}"))

    def changes(self, summary: Summary, unknown: Iterable[Unknown], since: str) -> Changes:
        """Give them all, with the diff's last word."""
        doubts = tuple(unknown)
        return Changes(
            previous=shown(summary.old),
            since=since,
            summary=summary,
            unknown=tuple((_scope(doubt), _why(doubt)) for doubt in doubts[: self._most]),
            unknowns=len(doubts),
            added=tuple(self._examples["added"]),
            removed=tuple(self._examples["removed"]),
            changed=tuple(self._examples["changed"]),
            grown=tuple(self._grown.values()),
        )


def _growth(change: Change) -> int:
    moved = {} if change.fields is msgspec.UNSET else change.fields
    size_moved = moved.get("size")
    if size_moved is None or size_moved.new is None or size_moved.old is None:
        return 0  # a size that was not told before has not grown
    return int(size_moved.new - size_moved.old)


def _told(change: Change) -> ChangeLine:
    key = shown(change.center), shown(change.domain_name), shown(change.namespace), shown(change.name)
    if change.record is not msgspec.UNSET:
        return ChangeLine(*key, _in_words(row_of(change.record)))
    fields = {} if change.fields is msgspec.UNSET else change.fields
    return ChangeLine(*key, shown("; ".join(f"{name} {_moved(name, moved)}" for name, moved in fields.items())))


def _in_words(row: RepositoryRow) -> str:
    parts = ["size not told" if row.size is None else size(row.size)]
    if row.images is not None:
        parts.append(counted(row.images, "image"))
    return ", ".join(parts)


def _moved(name: str, moved: FromTo) -> str:
    if name == "tags":
        return _tags(moved)
    for show in (_SHOWN.get(name, _value), _value):  # two that round to one are told exactly
        old, new = ("none" if value is None else show(value) for value in (moved.old, moved.new))
        if old != new:
            return f"{old} → {new}"
    return "differs"


def _tags(moved: FromTo) -> str:
    """Say which tags came and went: there may be thousands that stayed."""
    old, new = set(moved.old), set(moved.new)
    came = [f"+{tag}" for tag in moved.new if tag not in old]
    went = [f"-{tag}" for tag in moved.old if tag not in new]
    return shortened(" ".join(came + went), _LONGEST_VALUE) or "in another order"


def _minute(moment: str) -> str:
    return moment[: len("2021-06-02T09:23")].replace("T", " ")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return count(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return f"“{shortened(text, _LONGEST_VALUE)}”"


_SHOWN: Final[dict[str, Callable[[Any], str]]] = {"size": size, "created_at": _minute, "updated_at": _minute}


def _scope(unknown: Unknown) -> str:
    where = unknown.namespace or "all namespaces"
    return shown(f"{unknown.target} {unknown.center} {where}")


def _why(unknown: Unknown) -> str:
    sides = {"old": "before", "new": "now"}
    reasons = "; ".join(f"{sides[reason.snapshot]}: {reason.text}" for reason in unknown.reasons)
    return shown(f"{reasons}. Only before: {count(unknown.only_old)}, only now: {count(unknown.only_new)}")
