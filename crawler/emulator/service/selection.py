"""The rows that a query selects, in its order: everything about a query except its limit and offset."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from operator import itemgetter

from crawler.emulator.http.query import ListQuery
from crawler.emulator.inventory.center_rows import Group, Inventory, RowFields

_Entry = tuple[Group, RowFields, bytes]

_SORT_KEYS: dict[str, Callable[[_Entry], str | int]] = {
    "updated_at": lambda entry: entry[1].instant,
    "updated_time": lambda entry: entry[1].instant,
    "name": lambda entry: entry[1].name,
    "tag_count": lambda entry: entry[1].tag_count,
    "namespace": lambda entry: entry[0].namespace,
    "domain_name": lambda entry: entry[0].domain_name,
}


def select(inventory: Inventory, query: ListQuery) -> tuple[bytes, ...]:
    """Return the rows that match `query`, before paging. Ties are in key order, also in a descending sort."""
    center = inventory.centers[query.center]
    if query.namespace is None and query.domain_name is None:
        groups = center.groups
    else:
        candidates = center.groups if query.namespace is None else center.by_namespace.get(query.namespace, ())
        groups = tuple(group for group in candidates if _matches_owner(group, query))
    if query.name is None and query.status is None and query.order_column is None:
        return center.rows if groups is center.groups else tuple(chain.from_iterable(g.rows for g in groups))
    entries = _matching_entries(groups, query)
    if query.order_column is not None:
        # Groups and their rows are in key order and the sort is stable, so key order breaks the ties.
        entries = sorted(entries, key=_SORT_KEYS[query.order_column], reverse=query.descending)
    return tuple(map(itemgetter(2), entries))


def _matches_owner(group: Group, query: ListQuery) -> bool:
    return query.namespace in {None, group.namespace} and query.domain_name in {None, group.domain_name}


def _matching_entries(groups: Iterable[Group], query: ListQuery) -> Iterable[_Entry]:
    for group in groups:
        for fields, row in zip(group.fields, group.rows, strict=True):
            if (query.name is None or query.name in fields.name) and query.status in {None, fields.status}:
                yield group, fields, row


class SelectionCache:
    """A cache of selections. The least recently used ones go when all of them together exceed `max_rows` rows.

    It holds selections of one inventory: the first query about another inventory clears it.
    """

    def __init__(self, *, max_rows: int = 8_000_000) -> None:
        # A selection costs one reference a row; the rows themselves belong to the inventory.
        self._max_rows = max_rows
        self._row_count = 0
        self._inventory: Inventory | None = None
        self._selections: OrderedDict[ListQuery, tuple[bytes, ...]] = OrderedDict()

    def rows(self, inventory: Inventory, query: ListQuery) -> tuple[bytes, ...]:
        """Return `select(inventory, query)`."""
        if inventory is not self._inventory:
            self._inventory, self._row_count = inventory, 0
            self._selections.clear()
        key = replace(query, limit=1, offset=0)
        if key in self._selections:
            self._selections.move_to_end(key)
            return self._selections[key]
        rows = self._selections[key] = select(inventory, query)
        self._row_count += len(rows)
        while self._row_count > self._max_rows and len(self._selections) > 1:
            _, dropped = self._selections.popitem(last=False)
            self._row_count -= len(dropped)
        return rows
