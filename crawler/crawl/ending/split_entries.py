"""How a center that was split into walks by namespace stands in the manifest (pure).

The walks by namespace and the census prove the center, not the passes before them, which had no stable order. But a
record that these passes saw and no namespace holds is either gone, or it was missed: as one that went from a namespace
that was read later to one that was read before. It is gone if the center's total fell by as many.

| what the passes saw, and the walk of its namespace did not | what follows                                       |
|-----------------------------------------------------------|----------------------------------------------------|
| the walk is not complete                                   | published with the walk's records                  |
| all walks agree with the census, and the total fell by as many or more | gone: counted in the manifest (`gone`) |
| any other                                                  | published, and the walk is `drifted`               |
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from crawler.snapshot.completeness import sum_if_known
from crawler.snapshot.coverage import CenterTotal
from crawler.snapshot.manifest import CenterSplit, WalkEntry
from crawler.walk.rested_walk import WalkResult

_MISSED: Final = "passes over the whole center saw records that this walk did not, and nothing shows that they are gone"


class Leftovers(Protocol):
    """What the passes saw (store/leftovers.py)."""

    @property
    def seen(self) -> int:
        """The number of different repositories."""
        ...

    @property
    def unwritten(self) -> Mapping[str, int]:
        """How many of them no walk by namespace holds, by their namespace."""
        ...


class LeftRecords(Protocol):
    """What was published of them in one namespace (store/publish.py)."""

    @property
    def records(self) -> int:
        """The number of records."""
        ...

    @property
    def invalid(self) -> int:
        """The number of those with a field that could not be read."""
        ...

    @property
    def invalid_fields(self) -> frozenset[str]:
        """The names of these fields."""
        ...


def namespaces_to_publish(
    leftovers: Leftovers, entries: Sequence[WalkEntry], total: CenterTotal, declared_before: Sequence[int]
) -> frozenset[str]:
    """Return the namespaces of which what only the passes saw is published.

    `entries` are those of the walks by namespace, `total` is what the center declared before and after them, and
    `declared_before` are the totals of the passes.
    """
    unproven = {entry.namespace for entry in entries if entry.verdict != "complete"}
    missed = sum(number for name, number in leftovers.unwritten.items() if name not in unproven)
    fallen = max(declared_before, default=0) - (total.after or 0) if _agrees(entries, total) else 0
    return frozenset(name for name in leftovers.unwritten if name in unproven or missed > max(0, fallen))


def _agrees(entries: Sequence[WalkEntry], total: CenterTotal) -> bool:
    """Return whether the center declares, before and after its walks, what they hold."""
    covered = sum_if_known(entry.declared for entry in entries)
    return covered is not None and covered == total.before == total.after


def with_leftovers(entry: WalkEntry, left: LeftRecords | None) -> WalkEntry:
    """Return the entry of a walk of a namespace with what only passes over the whole center saw of it."""
    if left is None:
        return entry
    seen = entry.records + entry.rejects + entry.outside if entry.seen is None else entry.seen
    verdict, reason = ("drifted", _MISSED) if entry.verdict == "complete" else (entry.verdict, entry.reason)
    return msgspec.structs.replace(
        entry,
        verdict=verdict,
        reason=reason,
        records=entry.records + left.records,
        invalid=entry.invalid + left.invalid,
        invalid_fields=tuple(sorted({*entry.invalid_fields, *left.invalid_fields})),
        seen=seen + left.records,
    )


def center_split(result: WalkResult, requests: int, leftovers: Leftovers, published: Collection[str]) -> CenterSplit:
    """Return what the manifest says of the walk that was split; `published` are namespaces of `leftovers`."""
    return CenterSplit(
        reason="no order of the rows held still",
        passes=result.passes,
        requests=requests,
        declared_totals=result.totals,
        seen=leftovers.seen,
        gone=sum(number for name, number in leftovers.unwritten.items() if name not in published),
    )
