"""One line of `diff --json` (pure): a change, a walk whose changes are unknown, or the summary; their JSON Schema."""

from typing import Any, Final, Literal

import msgspec

from crawler.model.record import IDENTITY, Record
from crawler.model.walk_id import Center
from crawler.snapshot.completeness import Kind

Side = Literal["old", "new"]
Why = Literal[Kind, "not walked"]

KEY: Final = ("target", "center", *IDENTITY)
OWNER: Final = "domain_name"
# Those that can change. An owner can only become known, or unknown: another owner makes another repository.
FIELDS: Final = tuple(field for field in Record.__struct_fields__ if field not in KEY or field == OWNER)
DOWNLOADS: Final = "num_download"
EXTRA: Final = "extra"
INVALID: Final = "invalid"
NESTED: Final = (EXTRA, INVALID)  # what these hold is compared field by field


class FromTo(msgspec.Struct, frozen=True):
    """One field's value in OLD and in NEW."""

    old: Any
    new: Any


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One record that was added, removed or changed.

    `fields` are the differing fields in the record's order; only a change has them. A field under `extra` is named
    `extra.<its name>`, a value under `invalid` likewise; both are null where they do not exist. `domain_name` is the
    owner, from whichever snapshot knows it. `record` is the whole record; only an added or a removed one has it.
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
    """Why a record that one snapshot lacks may have been missed by it: a word for programs, a text for people."""

    snapshot: Side
    reason: Why
    text: str


class Unknown(msgspec.Struct, frozen=True, kw_only=True):
    """A walk (a center, `namespace` null, or one namespace of it) whose additions and removals are unknown.

    `only_old` and `only_new` count the records of it that one snapshot alone holds: each was added or removed, or the
    other snapshot missed it. They are 0 when both hold the same; there may be records that neither holds.
    """

    change: Literal["unknown"] = "unknown"
    target: str
    center: Center
    namespace: str | None
    only_old: int
    only_new: int
    reasons: tuple[Reason, ...]


class Downloads(msgspec.Struct, frozen=True):
    """How many records' `num_download` differs, and the sum of the differences where both snapshots have a number."""

    records: int
    difference: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The counts, last line of a diff: output without it was cut short.

    `unknown` counts the records that one snapshot alone holds and that are neither added nor removed for certain;
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


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one line of `diff --json`."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    kinds, parts = msgspec.json.schema_components((Change, Unknown, Summary), ref_template="#/$defs/{name}")
    return {**dialect, "anyOf": list(kinds), "$defs": parts}
