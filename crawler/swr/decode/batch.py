"""The source of a page's items, and the result of decoding them (pure)."""

from collections.abc import Sequence
from heapq import nsmallest
from itertools import chain
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
      same owner (domain_name), namespace and name, or are rejects with the same raw bytes. The numbers are the same in
      every process. `ownerless` are the keys of the records without an owner; model/record.py says which other keys
      they match. `reject_keys` are those of the rejects: two with the same bytes are two items of this page
      (walk/passes/item_keys.py).
    - `totals` holds the distinct values of total_range.
    - `unknown` holds the names of fields kept under `extra`, shortened and at most MAX_NAMES of them.
    - `outside` counts the records of other namespaces than the requested one: the service may match names loosely.
    - `invalid` counts the records with a field that could not be read, `invalid_fields` names these fields.
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
    invalid: int = 0
    invalid_fields: frozenset[str] = frozenset()
    reject_keys: tuple[int, ...] = ()


EMPTY_BATCH: Final = Batch(b"", b"", 0, 0, [], frozenset(), frozenset())

# The names of unknown fields are only reported, so the report is bounded: a service may send any number of them.
MAX_NAMES: Final = 100


def join(batches: Sequence[Batch]) -> Batch:
    """Return the batch of the items of all `batches`, one after the other."""
    if len(batches) == 1:
        return batches[0]
    unknown = {name for batch in batches for name in batch.unknown}
    return Batch(
        lines=b"".join([batch.lines for batch in batches]),
        rejects=b"".join([batch.rejects for batch in batches]),
        records=sum([batch.records for batch in batches]),
        rejected=sum([batch.rejected for batch in batches]),
        keys=list(chain.from_iterable(batch.keys for batch in batches)),
        totals=frozenset().union(*(batch.totals for batch in batches)),
        unknown=frozenset(nsmallest(MAX_NAMES, unknown)),
        outside=sum([batch.outside for batch in batches]),
        ownerless=tuple(chain.from_iterable(batch.ownerless for batch in batches)),
        invalid=sum([batch.invalid for batch in batches]),
        invalid_fields=frozenset().union(*(batch.invalid_fields for batch in batches)),
        reject_keys=tuple(chain.from_iterable(batch.reject_keys for batch in batches)),
    )
