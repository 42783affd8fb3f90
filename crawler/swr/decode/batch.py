"""Where the items of a page came from, and what they came to (pure)."""

from typing import Final, NamedTuple

from crawler.model.walk_id import Center


class Source(NamedTuple):
    """Which page an item came from; `namespace` is the walk's, None for all."""

    target: str
    center: Center
    namespace: str | None
    offset: int


class Batch(NamedTuple):
    """What a page's items came to.

    `lines` and `rejects` are NDJSON, each line ended by a newline. `keys` has one number an item, records
    and rejects alike: equal keys mean the same (domain_name, namespace, name), or the same raw bytes of a
    reject. The numbers are Python's salted hashes: they hold within one process and are never written.
    `totals` are the distinct values of total_range; `unknown` the names of fields kept under `extra`, as many and
    as much of them as is worth reporting. `outside` counts the records of other namespaces than the one that was
    asked for: a filter of the service may be fuzzy.
    """

    lines: bytes
    rejects: bytes
    records: int
    rejected: int
    keys: list[int]
    totals: frozenset[int]
    unknown: frozenset[str]
    outside: int = 0


EMPTY_BATCH: Final = Batch(b"", b"", 0, 0, [], frozenset(), frozenset())
