"""Rows as they are kept: rendered once, grouped by owner and organization, always in key order.

A row is the JSON object of an item without its `total_range` and without the closing brace, so that a
page of any total is one `bytes.join` (see page.py). What sorting and searching need is decoded from the
rows of a group the first time somebody asks, so an inventory that is only walked costs its bytes alone.
"""

import functools
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple

import orjson

from crawler.model.walk_id import Center

CENTERS: tuple[Center, ...] = ("self", "thirdparty")

# The page, table 4, in its order; `total_range` is the page's own and comes last.
FIELDS = (
    "name", "category", "description", "size", "is_public", "num_images", "num_download", "created_at",
    "updated_at", "logo", "url", "path", "internal_path", "domain_name", "namespace", "tags", "status",
)  # fmt: skip


def render(item: Mapping[str, Any]) -> bytes:
    """Give the row of an item: known fields in the page's order, unknown ones after them.

    Missing fields stay missing, odd values stay odd. `center` and `total_range` are no part of a row.
    """
    ordered = {field: item[field] for field in FIELDS if field in item}
    unknown = {key: item[key] for key in item if key not in ordered and key not in {"center", "total_range"}}
    return orjson.dumps(ordered | unknown)[:-1]


def decode(row: bytes) -> dict[str, Any]:
    """Give the item of a row, as `render` took it."""
    item: dict[str, Any] = orjson.loads(row + b"}")
    return item


class RowFacts(NamedTuple):
    """What a row is searched and sorted by. `instant` is `updated_at` in a form that sorts as time does."""

    name: str
    instant: str
    tag_count: int
    status: bool


def instant(stamp: object) -> str:
    """Give 29 characters of UTC time to the nanosecond, or "" for what is no time: those sort first.

    The API trims trailing zeros (RFC3339Nano), so its own strings do not sort: "…:01Z" > "…:01.5Z".
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


def _facts(row: bytes) -> RowFacts:
    item = decode(row)
    count = item.get("num_images")
    return RowFacts(
        item["name"],
        instant(item.get("updated_at")),
        count if isinstance(count, int) else 0,
        item.get("status") is True,
    )


@dataclass(frozen=True)
class Group:
    """The rows of one organization of one owner, sorted by name. No slots: `facts` is kept once made."""

    domain_name: str
    namespace: str
    rows: tuple[bytes, ...]

    @functools.cached_property
    def facts(self) -> tuple[RowFacts, ...]:
        """What the rows are searched and sorted by, one for one."""
        return tuple(map(_facts, self.rows))

    def named(self) -> list[tuple[str, bytes]]:
        """Give the rows, each with its name."""
        return [(facts.name, row) for facts, row in zip(self.facts, self.rows, strict=True)]


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
        """The groups of each organization: with ten thousand of them, looking through all is what takes the time."""
        found: dict[str, list[Group]] = {}
        for group in self.groups:
            found.setdefault(group.namespace, []).append(group)
        return {namespace: tuple(groups) for namespace, groups in found.items()}

    def without(self, index: int, count: int = 1) -> "CenterRows":
        """Give this shelf less `count` rows from `index` of the key order on; itself when there is no such row."""
        groups: list[Group] = []
        for group in self.groups:
            size = len(group.rows)
            first, end = (min(max(0, at), size) for at in (index, index + count))
            groups.append(replace(group, rows=group.rows[:first] + group.rows[end:]) if first < end else group)
            index -= size
        return self if all(map(operator.is_, groups, self.groups)) else CenterRows(tuple(groups))

    def with_copies(self, index: int, names: Sequence[str], *, behind: bool = False) -> "CenterRows":
        """Give this shelf with copies of the row at `index` under other `names`, each where it sorts.

        With `behind` the names are its own followed by each of `names`. A name that its organization has already is
        left out. Itself when there is no row at `index`.
        """
        at, inside = self._find(index)
        if at is None:
            return self
        named = self.groups[at].named()
        own, item = named[inside][0], decode(named[inside][1])
        new = {own + name if behind else name for name in names} - {name for name, _ in named}
        return self._sorted(at, [*named, *((name, render(item | {"name": name})) for name in new)])

    def renamed(self, index: int, name: str) -> "CenterRows":
        """Give this shelf with the row at `index` under another name, where that sorts; itself as `with_copies` is."""
        at, inside = self._find(index)
        if at is None or name in dict(self.groups[at].named()):
            return self
        named = self.groups[at].named()
        _, row = named.pop(inside)
        return self._sorted(at, [*named, (name, render(decode(row) | {"name": name}))])

    def with_last(self, index: int) -> "CenterRows":
        """Give this shelf with the row at `index` last in its organization, which is then not in key order."""
        at, inside = self._find(index)
        if at is None:
            return self
        group = self.groups[at]
        rows = (*group.rows[:inside], *group.rows[inside + 1 :], group.rows[inside])
        return self._with_group(at, replace(group, rows=rows))

    def _find(self, index: int) -> tuple[int | None, int]:
        """Give the place of the group that has the row at `index`, and the row's place in it; None without one."""
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
    """Every item there is, by center. Keys (center, domain_name, namespace, name) are unique."""

    shelves: Mapping[Center, CenterRows]

    def namespaces(self, center: Center) -> tuple[str, ...]:
        """Give the names of the organizations of this center, sorted, each once."""
        return tuple(sorted({group.namespace for group in self.shelves[center].groups}))

    def items(self, center: Center) -> list[dict[str, Any]]:
        """Give the items of this center in key order, as the API sends them, less `total_range`."""
        return [decode(row) for row in self.shelves[center].rows]

    def without(self, index: int, count: int = 1) -> "Inventory":
        """Give this inventory less `count` rows from `index` of the key order on, in each center that has them."""
        return self._with(lambda center_rows: center_rows.without(index, count))

    def with_copies(self, index: int, names: Sequence[str], *, behind: bool = False) -> "Inventory":
        """Give this inventory with copies of the row at `index`, in each center that has one (see CenterRows)."""
        return self._with(lambda center_rows: center_rows.with_copies(index, names, behind=behind))

    def renamed(self, index: int, name: str) -> "Inventory":
        """Give this inventory with the row at `index` called `name`, in each center that has one (see CenterRows)."""
        return self._with(lambda center_rows: center_rows.renamed(index, name))

    def with_last(self, index: int) -> "Inventory":
        """Give this inventory with the row at `index` last in its organization, in each center that has one."""
        return self._with(lambda center_rows: center_rows.with_last(index))

    def _with(self, change: Callable[[CenterRows], CenterRows]) -> "Inventory":
        return Inventory({center: change(center_rows) for center, center_rows in self.shelves.items()})


def center_rows(rows: Iterable[tuple[str, str, str, bytes]]) -> CenterRows:
    """Put rows, each (domain_name, namespace, name, row) in any order, on a shelf."""
    grouped: dict[tuple[str, str], list[tuple[str, bytes]]] = {}
    for domain_name, namespace, name, row in rows:
        grouped.setdefault((domain_name, namespace), []).append((name, row))
    return CenterRows(
        tuple(Group(*owner, tuple(row for _, row in sorted(grouped[owner]))) for owner in sorted(grouped))
    )
