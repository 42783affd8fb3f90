"""Rows in memory: rendered once, grouped by owner and namespace, always in key order.

A row is the JSON object of an item without `total_range` and without the closing brace, so that rendering a page with
any total is one `bytes.join` (crawler/emulator/http/page.py). The fields for sorting and searching are decoded when a
query needs them for the first time, so that an inventory that is only walked costs no more than its bytes.

Source: docs/reference/swr-api.md#response-fields (fields and their order), #time-format (sorting by time).
"""

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple

import orjson

from crawler.model.record import ITEM_FIELDS
from crawler.model.walk_id import Center

CENTERS: tuple[Center, ...] = ("self", "thirdparty")


def render(item: Mapping[str, Any]) -> bytes:
    """Return the row of an item: known fields in the documented order, then unknown ones.

    Missing fields and wrong values stay as they are. `center` and `total_range` are not part of a row.
    """
    ordered = {field: item[field] for field in ITEM_FIELDS if field in item}
    unknown = {key: item[key] for key in item if key not in ordered and key not in {"center", "total_range"}}
    return orjson.dumps(ordered | unknown)[:-1]


def decode(row: bytes) -> dict[str, Any]:
    """Return the item of a row that `render` returned."""
    item: dict[str, Any] = orjson.loads(row + b"}")
    return item


class RowFields(NamedTuple):
    """The fields for searching and sorting. `instant` is `updated_at` in a form that sorts by time."""

    name: str
    instant: str
    tag_count: int
    status: bool


def instant(stamp: object) -> str:
    """Return a time as 29 characters of UTC with nanoseconds, or "" for a value that is no time; those sort first.

    The service removes trailing zeros (RFC3339Nano), so its own strings do not sort: "…:01Z" > "…:01.5Z".
    """
    if not isinstance(stamp, str):
        return ""
    if stamp.endswith("Z"):
        return f"{stamp[:19]}.{stamp[20:-1]:0<9}"
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return ""
    moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment:%f}000"


def _fields(row: bytes) -> RowFields:
    item = decode(row)
    count = item.get("num_images")
    return RowFields(
        item["name"],
        instant(item.get("updated_at")),
        count if isinstance(count, int) else 0,
        item.get("status") is True,
    )


@dataclass(frozen=True)
class Group:
    """The rows of one namespace of one owner, sorted by name. No slots: `fields` is cached in the instance."""

    domain_name: str
    namespace: str
    rows: tuple[bytes, ...]

    @functools.cached_property
    def fields(self) -> tuple[RowFields, ...]:
        """The fields of each row, in the order of the rows."""
        return tuple(map(_fields, self.rows))

    def named(self) -> list[tuple[str, bytes]]:
        """Return each row with its name."""
        return [(fields.name, row) for fields, row in zip(self.fields, self.rows, strict=True)]


@dataclass(frozen=True)
class CenterRows:
    """All rows of one center: groups sorted by (domain_name, namespace). A group may be empty."""

    groups: tuple[Group, ...] = ()

    @functools.cached_property
    def rows(self) -> tuple[bytes, ...]:
        """All rows in key order: (domain_name, namespace, name)."""
        return tuple(chain.from_iterable(group.rows for group in self.groups))

    @functools.cached_property
    def by_namespace(self) -> Mapping[str, tuple[Group, ...]]:
        """The groups of each namespace: a query for one of ten thousand namespaces must not search through all."""
        found: dict[str, list[Group]] = {}
        for group in self.groups:
            found.setdefault(group.namespace, []).append(group)
        return {namespace: tuple(groups) for namespace, groups in found.items()}

    def without(self, index: int, count: int = 1) -> "CenterRows":
        """Return a copy without `count` rows from `index` in key order; itself if there is no such row."""
        groups: list[Group] = []
        for group in self.groups:
            size = len(group.rows)
            first, end = (min(max(0, place), size) for place in (index, index + count))
            groups.append(replace(group, rows=group.rows[:first] + group.rows[end:]) if first < end else group)
            index -= size
        return self if all(map(operator.is_, groups, self.groups)) else CenterRows(tuple(groups))

    def with_copies(self, index: int, names: Sequence[str], *, behind: bool = False) -> "CenterRows":
        """Return a copy with copies of the row at `index` under other `names`, each where its name sorts.

        With `behind` each name is the row's own name followed by one of `names`. Names that exist in the namespace are
        left out. Returns itself if there is no row at `index`.
        """
        at, inside = self._find(index)
        if at is None:
            return self
        named = self.groups[at].named()
        own, item = named[inside][0], decode(named[inside][1])
        new = {own + name if behind else name for name in names} - {name for name, _ in named}
        return self._sorted(at, [*named, *((name, render(item | {"name": name})) for name in new)])

    def renamed(self, index: int, name: str) -> "CenterRows":
        """Return a copy with the row at `index` under another name, where that sorts.

        Returns itself if there is no such row or the name exists in its namespace.
        """
        at, inside = self._find(index)
        if at is None or name in dict(self.groups[at].named()):
            return self
        named = self.groups[at].named()
        _, row = named.pop(inside)
        return self._sorted(at, [*named, (name, render(decode(row) | {"name": name}))])

    def with_last(self, index: int) -> "CenterRows":
        """Return a copy with the row at `index` at the end of its namespace, which is then not in key order."""
        at, inside = self._find(index)
        if at is None:
            return self
        group = self.groups[at]
        rows = (*group.rows[:inside], *group.rows[inside + 1 :], group.rows[inside])
        return self._with_group(at, replace(group, rows=rows))

    def transferred(self, index: int, to: int) -> "CenterRows":
        """Return a copy with the row at `index` in the namespace of the row at `to`, under its own name.

        Returns itself if there is no such row, both are of one namespace, or the name exists there.
        """
        (at, inside), (there, _) = self._find(index), self._find(to)
        if at is None or there is None or at == there:
            return self
        name, row = self.groups[at].named()[inside]
        named, group = self.groups[there].named(), self.groups[there]
        if name in dict(named):
            return self
        item = decode(row) | {"namespace": group.namespace, "domain_name": group.domain_name}
        return self._sorted(there, [*named, (name, render(item))]).without(index + (there < at))

    def _find(self, index: int) -> tuple[int | None, int]:
        """Return the index of the group with the row at `index`, or None, and the index of the row in the group."""
        for at, group in enumerate(self.groups):
            if 0 <= index < len(group.rows):
                return at, index
            index -= len(group.rows)
        return None, 0

    def _sorted(self, at: int, named: list[tuple[str, bytes]]) -> "CenterRows":
        rows = tuple(row for _, row in sorted(named, key=operator.itemgetter(0)))
        return self._with_group(at, replace(self.groups[at], rows=rows))

    def _with_group(self, at: int, group: Group) -> "CenterRows":
        return CenterRows((*self.groups[:at], group, *self.groups[at + 1 :]))


@dataclass(frozen=True, slots=True)
class Inventory:
    """All items, by center. Keys (center, domain_name, namespace, name) are unique."""

    centers: Mapping[Center, CenterRows]

    def namespaces(self, center: Center) -> tuple[str, ...]:
        """Return the distinct names of the namespaces of this center, sorted."""
        return tuple(sorted({group.namespace for group in self.centers[center].groups}))

    def items(self, center: Center) -> list[dict[str, Any]]:
        """Return the items of this center in key order, as the service sends them but without `total_range`."""
        return [decode(row) for row in self.centers[center].rows]

    def without(self, index: int, count: int = 1) -> "Inventory":
        """Return a copy without `count` rows from `index` in key order, in each center."""
        return self._with(lambda center_rows: center_rows.without(index, count))

    def with_copies(self, index: int, names: Sequence[str], *, behind: bool = False) -> "Inventory":
        """Return a copy with copies of the row at `index`, in each center (see CenterRows)."""
        return self._with(lambda center_rows: center_rows.with_copies(index, names, behind=behind))

    def renamed(self, index: int, name: str) -> "Inventory":
        """Return a copy with the row at `index` renamed to `name`, in each center (see CenterRows)."""
        return self._with(lambda center_rows: center_rows.renamed(index, name))

    def with_last(self, index: int) -> "Inventory":
        """Return a copy with the row at `index` at the end of its namespace, in each center (see CenterRows)."""
        return self._with(lambda center_rows: center_rows.with_last(index))

    def transferred(self, index: int, to: int) -> "Inventory":
        """Return a copy with the row at `index` in the namespace of that at `to`, in each center (see CenterRows)."""
        return self._with(lambda center_rows: center_rows.transferred(index, to))

    def _with(self, change: Callable[[CenterRows], CenterRows]) -> "Inventory":
        return Inventory({center: change(center_rows) for center, center_rows in self.centers.items()})


def group_rows(rows: Iterable[tuple[str, str, str, bytes]]) -> CenterRows:
    """Return rows, given as (domain_name, namespace, name, row) in any order, in groups and in key order."""
    grouped: dict[tuple[str, str], list[tuple[str, bytes]]] = {}
    for domain_name, namespace, name, row in rows:
        grouped.setdefault((domain_name, namespace), []).append((name, row))
    return CenterRows(
        tuple(Group(*owner, tuple(row for _, row in sorted(grouped[owner]))) for owner in sorted(grouped))
    )
