"""Which rows a query is about, in which order: everything of a query but its limit and offset."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from operator import itemgetter

from crawler.emulator.http.query import ListQuery
from crawler.emulator.inventory.center_rows import Group, Inventory, RowFacts

_Located = tuple[Group, RowFacts, bytes]

_SORT_KEYS: dict[str, Callable[[_Located], str | int]] = {
    "updated_at": lambda located: located[1].instant,
    "updated_time": lambda located: located[1].instant,
    "name": lambda located: located[1].name,
    "tag_count": lambda located: located[1].tag_count,
    "namespace": lambda located: located[0].namespace,
    "domain_name": lambda located: located[0].domain_name,
}


def select(inventory: Inventory, query: ListQuery) -> tuple[bytes, ...]:
    """Give the rows that answer `query`, before paging. Ties are in key order, ascending or descending."""
    shelf = inventory.shelves[query.center]
    if query.namespace is None and query.domain_name is None:
        groups = shelf.groups
    else:
        near = shelf.groups if query.namespace is None else shelf.by_namespace.get(query.namespace, ())
        groups = tuple(group for group in near if _owned(group, query))
    if query.name is None and query.status is None and query.order_column is None:
        return shelf.rows if groups is shelf.groups else tuple(chain.from_iterable(g.rows for g in groups))
    located = _located(groups, query)
    if query.order_column is not None:
        # Groups and their rows are in key order and the sort is stable, so key order breaks the ties.
        located = sorted(located, key=_SORT_KEYS[query.order_column], reverse=query.descending)
    return tuple(map(itemgetter(2), located))


def _owned(group: Group, query: ListQuery) -> bool:
    return query.namespace in {None, group.namespace} and query.domain_name in {None, group.domain_name}


def _located(groups: Iterable[Group], query: ListQuery) -> Iterable[_Located]:
    for group in groups:
        for facts, row in zip(group.facts, group.rows, strict=True):
            if (query.name is None or query.name in facts.name) and query.status in {None, facts.status}:
                yield group, facts, row


class Selections:
    """Selections already made, least recently used dropped beyond `max_rows` in all of them together.

    They hold for one inventory: the first question about another one forgets them all.
    """

    def __init__(self, *, max_rows: int = 8_000_000) -> None:
        # 8 million references are 64 MB; the rows themselves are the inventory's.
        self._max_rows = max_rows
        self._held_rows = 0
        self._inventory: Inventory | None = None
        self._made: OrderedDict[ListQuery, tuple[bytes, ...]] = OrderedDict()

    def get(self, inventory: Inventory, query: ListQuery) -> tuple[bytes, ...]:
        """Give `select(inventory, query)`."""
        if inventory is not self._inventory:
            self._inventory, self._held_rows = inventory, 0
            self._made.clear()
        key = replace(query, limit=1, offset=0)
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        rows = self._made[key] = select(inventory, query)
        self._held_rows += len(rows)
        while self._held_rows > self._max_rows and len(self._made) > 1:
            _, dropped = self._made.popitem(last=False)
            self._held_rows -= len(dropped)
        return rows
