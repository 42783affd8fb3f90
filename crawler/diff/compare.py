"""What differs between two snapshots, and what cannot be known (pure).

The laws, each a property of tests/diff/test_compare.py:

- a record in both snapshots is `changed` when a field differs that is neither ignored nor only counted, else unchanged;
  a missing owner and a known one are of one record (pairing.py), so the owner can differ, too;
- a record in one snapshot is `added` or `removed` when both snapshots prove what they hold of its namespace: the walk
  is complete, without rejects; or the namespace has no walk, but the center was walked by namespaces that cover all
  it declares; and neither the namespace nor its center shrank by more than the run accepts. Otherwise it is only
  counted, as `unknown`, with the reasons of either snapshot;
- removed + changed + unchanged + unknown is what OLD holds; with added for removed, it is what NEW holds.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from crawler.diff.change import (
    DOWNLOADS,
    FIELDS,
    INVALID,
    KEY,
    NESTED,
    OWNER,
    Change,
    Downloads,
    FromTo,
    Reason,
    Summary,
    Unknown,
)
from crawler.diff.evidence import AbsenceEvidence
from crawler.model.record import Record
from crawler.model.walk_id import WalkId
from crawler.snapshot.manifest import Manifest

_ALL: Final = Record.__struct_fields__


class Comparison:
    """Compares the records of two snapshots pair by pair: `add` them all, then call `unknown` and `summary`.

    `ignore` names fields whose changes are ignored: those of FIELDS, `extra.<name>` or `invalid.<name>`. A field
    that is ignored is so with its invalid values, too. Differing downloads are summed up, and listed with
    `list_downloads` only. Memory grows with the walks, not with the records.
    """

    def __init__(
        self, old: Manifest, new: Manifest, *, ignore: frozenset[str] = frozenset(), list_downloads: bool = False
    ) -> None:
        self._names = old.snapshot, new.snapshot
        self._sides = AbsenceEvidence("old", old), AbsenceEvidence("new", new)
        self._ignore = ignore
        self._sum_downloads = not list_downloads and DOWNLOADS not in ignore
        self._compared = frozenset(FIELDS) - ignore - {*NESTED, *({DOWNLOADS} if self._sum_downloads else ())}
        self._ignore_invalid = frozenset(f"{INVALID}.{field}" for field in FIELDS if field not in self._compared)
        self._reasons: dict[WalkId, tuple[Reason, ...]] = {}
        self._only: dict[WalkId, list[int]] = {}  # number of records in OLD alone, in NEW alone
        self._counts = {"added": 0, "removed": 0, "changed": 0}
        self._unchanged = 0
        self._downloads = [0, 0]

    def add_unchanged(self, records: int) -> None:
        """Count records that are in both snapshots and equal in every field."""
        self._unchanged += records

    def add(self, old: Record | None, new: Record | None) -> Change | None:
        """Count a record of OLD, one of NEW, or both of one key; return the change to list, if there is one.

        Raises ValueError when both are None.
        """
        change = self._changed(old, new) if old is not None and new is not None else self._one_sided(old, new)
        if change is not None:
            self._counts[change.change] += 1
        return change

    def _changed(self, old: Record, new: Record) -> Change | None:
        fields = {
            field: FromTo(before, after)
            for field, before, after in zip(_ALL, astuple(old), astuple(new), strict=True)
            if before != after and field in self._compared
        }
        for nested in NESTED:
            before, after = getattr(old, nested), getattr(new, nested)
            if (before or after) and nested not in self._ignore:
                fields.update(_nested_changes(nested, before or {}, after or {}, self._ignore | self._ignore_invalid))
        if self._sum_downloads and old.num_download != new.num_download:
            self._downloads[0] += 1
            if old.num_download is not None and new.num_download is not None:
                self._downloads[1] += new.num_download - old.num_download
        if not fields:
            self._unchanged += 1
            return None
        return Change(change="changed", **{**_key(new), OWNER: new.domain_name or old.domain_name}, fields=fields)

    def _one_sided(self, old: Record | None, new: Record | None) -> Change | None:
        record = old or new
        if record is None:
            raise ValueError("a pair of nothing")
        walk = self._walk_of(record)
        if self._doubts(walk):
            self._only.setdefault(walk, [0, 0])[old is None] += 1
            return None
        return Change(change="removed" if new is None else "added", **_key(record), record=record)

    def _walk_of(self, record: Record) -> WalkId:
        center = WalkId(record.target, record.center, None)
        return center._replace(namespace=record.namespace) if self._by_namespace(center) else center

    def _doubts(self, walk: WalkId) -> tuple[Reason, ...]:
        if walk not in self._reasons:
            sides: tuple[AbsenceEvidence, ...] = self._sides
            if walk.namespace is None and self._by_namespace(walk):  # the other snapshot walked it by namespaces
                sides = tuple(side for side in sides if walk in side.walks)
            doubts = (side.doubt(walk) for side in sides)
            self._reasons[walk] = tuple(doubt for doubt in doubts if doubt is not None)
        return self._reasons[walk]

    def _by_namespace(self, walk: WalkId) -> bool:
        """Return whether either snapshot walked this center by namespaces."""
        return any(walk[:2] in side.centers_by_namespace for side in self._sides)

    def unknown(self) -> tuple[Unknown, ...]:
        """Return the walks whose changes are unknown, sorted; also those with no record in one snapshot alone."""
        walks = {*self._only, *self._sides[0].walks, *self._sides[1].walks}
        reasons = {walk: self._doubts(walk) for walk in walks}
        for side in self._sides:
            for place, reason in side.gaps():
                if reason not in reasons.get(place, ()):
                    reasons[place] = (*reasons.get(place, ()), reason)
        return tuple(
            self._unknown(walk, doubts)
            for walk, doubts in sorted(reasons.items(), key=lambda item: (*item[0][:2], item[0].namespace or ""))
            if doubts
        )

    def _unknown(self, walk: WalkId, reasons: tuple[Reason, ...]) -> Unknown:
        only_old, only_new = self._only.get(walk, (0, 0))
        return Unknown(**walk._asdict(), only_old=only_old, only_new=only_new, reasons=reasons)

    def summary(self) -> Summary:
        """Return the counts of all that was added."""
        unknown = self.unknown()
        return Summary(
            old=self._names[0],
            new=self._names[1],
            complete=not unknown,
            added=self._counts["added"],
            removed=self._counts["removed"],
            changed=self._counts["changed"],
            unchanged=self._unchanged,
            unknown=sum(of.only_old + of.only_new for of in unknown),
            downloads=Downloads(*self._downloads) if self._sum_downloads else None,
        )


_encoded: Final = msgspec.json.Encoder(order="deterministic").encode


def _nested_changes(
    nested: str, old: dict[str, Any], new: dict[str, Any], ignore: frozenset[str]
) -> Iterator[tuple[str, FromTo]]:
    for name in sorted(old.keys() | new.keys()):
        before, after, field = old.get(name), new.get(name), f"{nested}.{name}"
        if field not in ignore and _encoded(before) != _encoded(after):  # in Python, 1 == 1.0 == True
            yield field, FromTo(before, after)


def _key(record: Record) -> dict[str, Any]:
    return {field: getattr(record, field) for field in KEY}
