"""The truth of a world: the states of its inventory, one after the other, and what a list of each of them holds."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

from crawler.model.walk_id import Center
from tests.worlds.world import NAMESPACES, Change, World

CENTERS: Final[tuple[Center, ...]] = ("self", "thirdparty")
OWNERS: Final = {"self": "me", "thirdparty": "you"}
_SPACE: Final = 2**20  # between two rows: room for those that are inserted


class Row(NamedTuple):
    """One repository. Rows sort by name as they sort by `place`; `stamp` is the time of its last update."""

    center: Center
    namespace: str
    place: int
    stamp: int

    @property
    def name(self) -> str:
        """The name: as long as any other, so that names sort like places."""
        return f"r{self.place:010}"

    @property
    def key(self) -> "Key":
        """What identifies the row: an update does not change it."""
        return self.center, self.namespace, self.name


Key = tuple[Center, str, str]


class State:
    """One state of the inventory: the rows of each center, by place. `lists` remembers what was selected."""

    def __init__(self, rows: dict[Center, tuple[Row, ...]]) -> None:
        self.rows = rows
        self.lists: dict[object, tuple[Row, ...]] = {}

    @cached_property
    def keys(self) -> frozenset[Key]:
        """The keys of all rows."""
        return frozenset(row.key for rows in self.rows.values() for row in rows)

    def selected(
        self, center: Center, namespace: str | None, order: tuple[str, str] | str, *, fuzzy: bool = False
    ) -> tuple[Row, ...]:
        """Return the rows of a list in an order: a column and a direction, or `own`."""
        question = center, namespace, order, fuzzy
        if question not in self.lists:
            self.lists[question] = self._select(center, namespace, order, fuzzy=fuzzy)
        return self.lists[question]

    def _select(
        self, center: Center, namespace: str | None, order: tuple[str, str] | str, *, fuzzy: bool
    ) -> tuple[Row, ...]:
        rows = [
            row
            for row in self.rows[center]
            if namespace is None or row.namespace == namespace or (fuzzy and namespace in row.namespace)
        ]
        if order == "own":
            rows.sort(key=lambda row: (row.place // _SPACE * 7919 % 101, row.place))
        elif order[0] == "updated_at":
            rows.sort(key=lambda row: (row.stamp, row.place))
        if order[1] == "desc":
            rows.reverse()
        return tuple(rows)


def _first(world: World) -> State:
    names = NAMESPACES[: world.namespaces]
    counts = {"self": world.rows, "thirdparty": world.others}
    return State(
        {
            center: tuple(
                Row(center, names[index % len(names)], (index + 1) * _SPACE, index * 7919 % 1009)
                for index in range(counts[center])
            )
            for center in CENTERS
        }
    )


def history(world: World) -> list[State]:
    """Return the states of the truth: the first one, and one after each change in the order of the requests."""
    states = [_first(world)]
    for number, change in enumerate(sorted(world.changes, key=lambda change: change.at), 1):
        before = states[-1].rows
        rows = _changed(before[change.center], change, number, NAMESPACES[: world.namespaces])
        states.append(State({**before, change.center: rows}))
    return states


def _changed(rows: Sequence[Row], change: Change, number: int, names: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows after a change; positions wrap around, so that every change changes something."""
    if change.kind == "insert":
        return _inserted(rows, change, number, change.position, names)
    at = change.position % len(rows) if rows else 0
    gone = rows[at : at + change.count]
    left = (*rows[:at], *rows[at + len(gone) :])
    if change.kind == "delete":
        return left
    if change.kind == "swap":
        return _inserted(left, change, number, change.to, names)
    if change.kind == "touch":
        return (*rows[:at], *(row._replace(stamp=10_000 + number) for row in gone), *rows[at + len(gone) :])
    if change.kind == "move":
        moved = [row._replace(namespace=_next(row.namespace, names)) for row in gone]
        return (*rows[:at], *moved, *rows[at + len(gone) :])
    return _inserted(left, change, number, change.to, [_next(row.namespace, names) for row in gone] or names)


def _next(namespace: str, names: Sequence[str]) -> str:
    return names[(names.index(namespace) + 1) % len(names)]


def _inserted(rows: Sequence[Row], change: Change, number: int, position: int, names: Sequence[str]) -> tuple[Row, ...]:
    at = min(position, len(rows))
    low = rows[at - 1].place if at else 0
    high = rows[at].place if at < len(rows) else (low // _SPACE + 1 + change.count) * _SPACE
    step = (high - low) // (change.count + 1)
    new = [
        Row(change.center, names[(at + index) % len(names)], low + (index + 1) * step + number % max(1, step), 20_000)
        for index in range(change.count)
    ]
    return (*rows[:at], *new, *rows[at:])
