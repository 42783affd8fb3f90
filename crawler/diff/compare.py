"""What differs between two snapshots, and what nobody can know (pure).

The laws, each a property of tests/snapshot/test_diff.py:
- a record that is in both is `changed` when a field differs that is neither ignored nor only counted, else unchanged;
- a record that is in one only is `added` or `removed` when both snapshots prove what they say of its namespace:
  its walk is whole or repaired, without rejects; or the namespace has no walk, but the center was walked by namespaces
  that cover all it declares. Otherwise it is only counted, as `unknown`, with the reasons of either side;
- removed + changed + unchanged + unknown is what OLD holds, with added for removed it is what NEW holds.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec.structs import astuple

from crawler.model.record import Record
from crawler.model.walk_id import Center
from crawler.snapshot.manifest import Manifest, WalkEntry
from crawler.text.human import counted

Side = Literal["old", "new"]
Why = Literal["drifted", "partial", "unproven", "rejects", "not walked", "uncovered"]

KEY: Final = ("target", "center", "domain_name", "namespace", "name")
FIELDS: Final = tuple(field for field in Record.__struct_fields__ if field not in KEY)  # that can change
DOWNLOADS: Final = "num_download"
EXTRA: Final = "extra"
_ALL: Final = Record.__struct_fields__


class FromTo(msgspec.Struct, frozen=True):
    """One field's value in OLD and in NEW."""

    old: Any
    new: Any


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One record that was added, removed or changed.

    `fields` are those that differ, in the record's order, of a change alone; a field kept under `extra` is called
    `extra.<its name>`, null where it is not there. `record` is the whole record, of one added or removed alone.
    """

    change: Literal["added", "removed", "changed"]
    target: str
    center: Center
    domain_name: str | None
    namespace: str
    name: str
    fields: dict[str, FromTo] | msgspec.UnsetType = msgspec.UNSET
    record: Record | msgspec.UnsetType = msgspec.UNSET


class Reason(msgspec.Struct, frozen=True):
    """Why one of the two snapshots cannot tell what it does not hold: a word for programs, a text for people."""

    snapshot: Side
    reason: Why
    text: str


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A walk (a center, `namespace` null, or one namespace of it) of which added and removed cannot be told.

    `only_old` and `only_new` count the records of it that one side alone holds: of those some may not have come or
    gone at all. They are 0 where both sides hold the same; what neither holds is not known then either.
    """

    change: Literal["unknown"] = "unknown"
    target: str
    center: Center
    namespace: str | None
    only_old: int
    only_new: int
    reasons: tuple[Reason, ...]


class Downloads(msgspec.Struct, frozen=True):
    """How many records' `num_download` differs, and the sum of the differences where both sides give a number."""

    records: int
    difference: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The counts, last line of a diff: without it the diff was cut short.

    `unknown` counts the records that one side alone holds and that are neither added nor removed for certain;
    `complete` says that nothing is unknown. `downloads` is null when they are listed or ignored.
    """

    change: Literal["summary"] = "summary"
    old: str
    new: str
    complete: bool
    added: int
    removed: int
    changed: int
    unchanged: int
    unknown: int
    downloads: Downloads | None


class _Scope(NamedTuple):
    """What an Unknown is about."""

    target: str
    center: Center
    namespace: str | None


class _Walked:
    """What one snapshot's manifest proves of records that it does not hold."""

    def __init__(self, side: Side, manifest: Manifest) -> None:
        self._side: Side = side
        self._walks = {_Scope(walk.target, walk.center, walk.namespace): walk for walk in manifest.walks}
        self._coverage = {(center.target, center.center): center for center in manifest.coverage}
        self._partial = bool(manifest.config.get("allow_partial_coverage"))
        doubted = {(walk.target, walk.center) for walk in manifest.walks if _doubt(walk)}
        self._covered = {
            place for place, center in self._coverage.items() if center.uncovered == 0 and place not in doubted
        }
        self.scopes = frozenset(self._walks)
        self.by_namespace = {(w.target, w.center) for w in manifest.walks if w.namespace is not None} | set(
            self._coverage
        )

    def doubt(self, scope: _Scope) -> Reason | None:
        """Say why the snapshot can't tell what of this namespace, or center, it does not hold; None when it can."""
        walk = self._walks.get(scope) or self._walks.get(scope._replace(namespace=None))
        if walk is not None:
            doubt = _doubt(walk)
            return Reason(self._side, *doubt) if doubt else None
        if scope[:2] in self._covered:
            return None
        what = "namespace" if scope.namespace is not None and scope[:2] in self.by_namespace else "center"
        return Reason(self._side, "not walked", f"this {what} was not walked")

    def uncovered(self) -> Iterator[tuple[_Scope, Reason]]:
        """Give the centers that hold, or may hold, more than the namespaces walked, unless that was accepted."""
        for place, center in self._coverage.items():
            if center.uncovered != 0 and not self._partial:
                more = (
                    "how much of it was walked is not known"
                    if center.uncovered is None
                    else f"{counted(center.uncovered, 'record')} in no namespace walked"
                )
                yield _Scope(*place, None), Reason(self._side, "uncovered", more)


def _doubt(walk: WalkEntry) -> tuple[Why, str] | None:
    if walk.verdict == "drifted":
        return walk.verdict, f"its rows moved in each of {counted(walk.passes, 'pass', 'passes')}"
    if walk.verdict == "partial":
        missing = "records are missing" if walk.missing is None else f"{counted(walk.missing, 'record')} missing"
        return walk.verdict, f"{counted(len(walk.lost), 'window')} not read, {missing}"
    if walk.verdict != "complete":
        return "unproven", "the service declared no total that holds"
    if walk.rejects:
        return "rejects", f"{counted(walk.rejects, 'item')} rejected"
    return None


class Comparison:
    """Tells what differs, a pair of records at a time: `take` them all, then ask for `unknown` and `summary`.

    `ignore` names fields that don't count: those of FIELDS, or `extra.<name>`. Differing downloads are summed up and
    listed only with `list_downloads`. Memory grows with the walks, not with the records.
    """

    def __init__(
        self, old: Manifest, new: Manifest, *, ignore: frozenset[str] = frozenset(), list_downloads: bool = False
    ) -> None:
        self._names = old.snapshot, new.snapshot
        self._sides = _Walked("old", old), _Walked("new", new)
        self._ignore = ignore
        self._counting = not list_downloads and DOWNLOADS not in ignore
        self._compared = frozenset(FIELDS) - ignore - {EXTRA, DOWNLOADS if self._counting else EXTRA}
        self._reasons: dict[_Scope, tuple[Reason, ...]] = {}
        self._only: dict[_Scope, list[int]] = {}  # records in OLD alone, in NEW alone
        self._counts = {"added": 0, "removed": 0, "changed": 0}
        self._unchanged = 0
        self._downloads = [0, 0]

    def same(self, records: int) -> None:
        """Take so many records that are on both sides, equal in every field."""
        self._unchanged += records

    def take(self, old: Record | None, new: Record | None) -> Change | None:
        """Take a record of OLD, one of NEW, or both of one key; give what is to be listed of them, if anything."""
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
        if (old.extra or new.extra) and EXTRA not in self._ignore:
            fields.update(self._extra(old.extra or {}, new.extra or {}))
        if self._counting and old.num_download != new.num_download:
            self._downloads[0] += 1
            if old.num_download is not None and new.num_download is not None:
                self._downloads[1] += new.num_download - old.num_download
        if not fields:
            self._unchanged += 1
            return None
        return Change(change="changed", **_key(new), fields=fields)

    def _extra(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, FromTo]]:
        for name in sorted(old.keys() | new.keys()):
            before, after = old.get(name), new.get(name)
            field = f"{EXTRA}.{name}"
            if field not in self._ignore and _encoded(before) != _encoded(after):  # to Python 1 is 1.0, and true
                yield field, FromTo(before, after)

    def _one_sided(self, old: Record | None, new: Record | None) -> Change | None:
        record = old or new
        if record is None:
            raise ValueError("a pair of nothing")
        scope = self._scope(record)
        if self._why(scope):
            self._only.setdefault(scope, [0, 0])[old is None] += 1
            return None
        return Change(change="removed" if new is None else "added", **_key(record), record=record)

    def _scope(self, record: Record) -> _Scope:
        center = _Scope(record.target, record.center, None)
        return center._replace(namespace=record.namespace) if self._by_namespace(center) else center

    def _why(self, scope: _Scope) -> tuple[Reason, ...]:
        if scope not in self._reasons:
            asked: tuple[_Walked, ...] = self._sides
            if scope.namespace is None and self._by_namespace(scope):  # the other side walked it by namespaces
                asked = tuple(side for side in asked if scope in side.scopes)
            doubts = (side.doubt(scope) for side in asked)
            self._reasons[scope] = tuple(doubt for doubt in doubts if doubt is not None)
        return self._reasons[scope]

    def _by_namespace(self, scope: _Scope) -> bool:
        """Say whether either side walked this center by namespaces."""
        return any(scope[:2] in side.by_namespace for side in self._sides)

    def unknown(self) -> tuple[Unknown, ...]:
        """Give what cannot be told, sorted; also the walks of which no record was found on one side only."""
        scopes = {*self._only, *self._sides[0].scopes, *self._sides[1].scopes}
        reasons = {scope: self._why(scope) for scope in scopes}
        for side in self._sides:
            for scope, reason in side.uncovered():
                reasons[scope] = (*reasons.get(scope, ()), reason)
        return tuple(
            self._unknown(scope, why)
            for scope, why in sorted(reasons.items(), key=lambda item: (*item[0][:2], item[0].namespace or ""))
            if why
        )

    def _unknown(self, scope: _Scope, reasons: tuple[Reason, ...]) -> Unknown:
        only_old, only_new = self._only.get(scope, (0, 0))
        return Unknown(**scope._asdict(), only_old=only_old, only_new=only_new, reasons=reasons)

    def summary(self) -> Summary:
        """Give the counts of all that was taken."""
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
            downloads=Downloads(*self._downloads) if self._counting else None,
        )


_encoded: Final = msgspec.json.Encoder(order="deterministic").encode


def _key(record: Record) -> dict[str, Any]:
    return {field: getattr(record, field) for field in KEY}


def schema() -> dict[str, Any]:
    """Give the JSON Schema of one line of `diff --json`."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    kinds, parts = msgspec.json.schema_components((Change, Unknown, Summary), ref_template="#/$defs/{name}")
    return {**dialect, "anyOf": list(kinds), "$defs": parts}
