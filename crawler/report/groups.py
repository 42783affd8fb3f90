"""The records of a snapshot summed up by target, center, domain, category and namespace (pure)."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.model.record import Record
from crawler.report.row import shown


@dataclass(slots=True)
class GroupTotals:
    """The number of some records, their bytes and their downloads. What the service did not send counts as 0."""

    records: int = 0
    size: int = 0
    downloads: int = 0

    def add(self, size: int, downloads: int) -> None:
        """Count one record."""
        self.records += 1
        self.size += size
        self.downloads += downloads


def _totals() -> defaultdict[str, GroupTotals]:
    return defaultdict(GroupTotals)


@dataclass(slots=True)
class Groups:
    """The totals by each field's values as the service sent them, "" for none."""

    target: defaultdict[str, GroupTotals] = field(default_factory=_totals)
    center: defaultdict[str, GroupTotals] = field(default_factory=_totals)
    domain: defaultdict[str, GroupTotals] = field(default_factory=_totals)
    category: defaultdict[str, GroupTotals] = field(default_factory=_totals)
    namespace: defaultdict[str, GroupTotals] = field(default_factory=_totals)

    def add(self, record: Record, size: int, downloads: int) -> None:
        """Count one record in its group of each field."""
        self.target[record.target].add(size, downloads)
        self.center[record.center].add(size, downloads)
        self.domain[record.domain_name or ""].add(size, downloads)
        self.category[record.category or ""].add(size, downloads)
        self.namespace[record.namespace].add(size, downloads)


class GroupLine(NamedTuple):
    """One line of a table of groups: its name as `shown` returns it, and its totals; `groups` of them are in it."""

    name: str
    groups: int
    totals: GroupTotals


def top(groups: dict[str, GroupTotals], most: int) -> list[GroupLine]:
    """Return the groups with the most records, then one line for all others together, if there are any."""
    ordered = sorted(groups.items(), key=lambda item: (-item[1].records, -item[1].size, item[0]))
    # A single group more gets a line of its own: "1 other" would take as much room.
    most = most if len(ordered) > most + 1 else len(ordered)
    lines = [GroupLine(shown(name), 1, totals) for name, totals in ordered[:most]]
    rest = [totals for _, totals in ordered[most:]]
    if rest:
        records, size = sum(totals.records for totals in rest), sum(totals.size for totals in rest)
        lines.append(GroupLine("", len(rest), GroupTotals(records, size, sum(totals.downloads for totals in rest))))
    return lines
