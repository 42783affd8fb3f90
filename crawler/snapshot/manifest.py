"""What a snapshot says of itself (pure): `_manifest.json`, its types and its JSON Schema.

Source: shared design, "The command", `_manifest.json`.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec

from crawler.api.query import Center
from crawler.api.record import Record
from crawler.walking.passes import Gap, missing
from crawler.walking.walk import PROVEN, Verdict

SCHEMA: Final = 1

_MALFORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Items `[offset, end)` of a walk of which only `got` were read; `end` null where no total was known."""

    offset: int
    end: int | None
    got: int
    reason: str


class WalkEntry(msgspec.Struct, frozen=True, kw_only=True):
    """How one walk ended, and the evidence.

    `declared_totals` are all different totals the service declared, in the order seen. `records` and `rejects`
    count what is published; `duplicates` counts the items of the last pass that were not, since their key was
    read before; `distinct` the keys of that pass; `outside` the records that are of other namespaces than the walk's
    and so not published (a filter of the service may be fuzzy). `limit` and `order` are what the service accepted.
    """

    target: str
    center: Center
    namespace: str | None
    verdict: Verdict
    declared_totals: tuple[int, ...]
    records: int
    distinct: int
    duplicates: int
    rejects: int
    outside: int = 0
    passes: int
    requests: int
    limit: int
    order: str | None
    lost: tuple[Lost, ...] = ()

    @property
    def declared(self) -> int | None:
        """The total to hold the records against: the one that was proven, else the largest declared, if any."""
        total = self.distinct if self.verdict in PROVEN else max(self.declared_totals, default=None)
        return None if total is None else max(0, total - self.outside)

    @property
    def missing(self) -> int | None:
        """How many declared items were not read; None when nobody can know."""
        if self.verdict in PROVEN:
            return 0
        if self.verdict == "lost":
            return missing(Gap(lost.offset, lost.end, lost.got, lost.reason) for lost in self.lost)
        return None


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the snapshot; `path` is relative to its folder, `bytes` its size, `sha256` in hex."""

    path: str
    records: int
    bytes: int
    sha256: str


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """What the run asked. `by_status` counts answers by HTTP status, "none" for requests without an answer.

    Only this process's requests: those made before a resume are in `walks`, as far as their answers were kept.
    """

    by_status: dict[str, int]
    retries: int
    throttled_s: float


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of `_manifest.json`. `status` is `complete` exactly when `_SUCCESS` stands beside it."""

    schema: Annotated[int, msgspec.Meta(description="The version of this format.")]
    snapshot: str
    crawler: str
    started_at: _Moment
    finished_at: _Moment
    status: Literal["complete", "incomplete"]
    resumed: int
    config: dict[str, Any]
    walks: tuple[WalkEntry, ...]
    files: tuple[FileEntry, ...]
    rejects: FileEntry
    unknown_fields: tuple[str, ...]
    requests: Requests


def status_of(walks: Iterable[WalkEntry]) -> Literal["complete", "incomplete"]:
    """Give `complete` when every walk is proven and nothing was rejected: that is what exit code 0 means."""
    proven = all(walk.verdict in PROVEN and not walk.rejects for walk in walks)
    return "complete" if proven else "incomplete"


def to_json(manifest: Manifest) -> bytes:
    """Write a manifest for people and programs: indented, one final newline."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def from_json(text: bytes) -> Manifest:
    """Read a manifest. Raises ValueError that says what is wrong, also for a newer `schema`."""
    try:
        version = msgspec.json.decode(text, type=_Version).schema
    except _MALFORMED as error:
        raise ValueError(f"is no manifest: {error}") from None
    if version != SCHEMA:
        raise ValueError(f"has schema {version}; this version reads schema {SCHEMA}")
    try:
        return msgspec.json.decode(text, type=Manifest)
    except _MALFORMED as error:
        raise ValueError(f"is damaged: {error}") from None


class _Version(msgspec.Struct):
    schema: int


def schemas() -> dict[str, Any]:
    """Give the JSON Schemas (draft 2020-12) of a record and of a manifest."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {
        "record": {**dialect, **msgspec.json.schema(Record)},
        "manifest": {**dialect, **msgspec.json.schema(Manifest)},
    }
