"""The source of a page's items, and the result of decoding them (pure)."""

from typing import Final, NamedTuple

from crawler.model.walk_id import Center


class Source(NamedTuple):
    """The page that an item came from; `namespace` is the walk's, None for all; `offset` is the index of item 0."""

    target: str
    center: Center
    namespace: str | None
    offset: int


class Batch(NamedTuple):
    """The items of one page as record lines and rejects.

    - `lines` and `rejects` are NDJSON; each line ends with a newline. `records` and `rejected` count them.
    - `keys` has one number for each item in order, records and rejects alike. Two keys are equal if the items have the
      same owner (domain_name), namespace and name, or are rejects with the same raw bytes. The numbers are Python's
      salted hashes: they are valid within one process and are never written. `ownerless` are the keys of the records
      without an owner; model/record.py says which other keys they match.
    - `totals` holds the distinct values of total_range.
    - `unknown` holds the names of fields kept under `extra`, shortened and at most 100 of them.
    - `outside` counts the records of other namespaces than the requested one: the service may match names loosely.
    """

    lines: bytes
    rejects: bytes
    records: int
    rejected: int
    keys: list[int]
    totals: frozenset[int]
    unknown: frozenset[str]
    outside: int = 0
    ownerless: tuple[int, ...] = ()


EMPTY_BATCH: Final = Batch(b"", b"", 0, 0, [], frozenset(), frozenset())
