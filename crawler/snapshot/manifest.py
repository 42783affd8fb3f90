"""What a snapshot says of itself (pure): `_manifest.json`, its types and its JSON Schema.

Source: shared design, "The command", `_manifest.json`.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec

from crawler.model.record import Record
from crawler.model.verdict import Verdict
from crawler.model.walk_id import Center
from crawler.snapshot.layout import PART, REJECTS
from crawler.text.human import escaped

SCHEMA: Final = 1
Status = Literal["complete", "incomplete"]

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
    and so not published (a filter of the service may be fuzzy). `limit`, `order` and `dialect` (how parameters
    were sent) are what the service accepted.
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
    dialect: Literal["direct", "filter"] = "direct"
    lost: tuple[Lost, ...] = ()

    @property
    def declared(self) -> int | None:
        """The total to hold the records against: the one that was proven, else the largest declared, if any."""
        total = self.distinct if self.verdict == "complete" else max(self.declared_totals, default=None)
        return None if total is None else max(0, total - self.outside)

    @property
    def missing(self) -> int | None:
        """How many declared items were not read; None when nobody can know."""
        if self.verdict == "complete":
            return 0
        if self.verdict != "partial" or not self.declared_totals or any(lost.end is None for lost in self.lost):
            return None
        return max(0, max(self.declared_totals) - self.distinct)  # a gap knows what was asked for, not what was there


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """A center that was walked by namespaces: the total it declares as a whole, and the sum of its walks' totals.

    Null where it is not known. Records of namespaces that nobody walked are in `declared` alone.
    """

    target: str
    center: Center
    declared: int | None
    covered: int | None

    @property
    def uncovered(self) -> int | None:
        """How many declared records no walk covered; None when nobody can know."""
        return None if self.declared is None or self.covered is None else max(0, self.declared - self.covered)


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
    status: Status
    resumed: int
    config: dict[str, Any]
    walks: tuple[WalkEntry, ...]
    coverage: tuple[Coverage, ...]
    files: tuple[FileEntry, ...]
    rejects: FileEntry
    unknown_fields: tuple[str, ...]
    requests: Requests


def status_of(walks: Iterable[WalkEntry], coverage: Iterable[Coverage] = (), *, partial: bool = False) -> Status:
    """Give `complete` when every walk is proven, nothing was rejected and no center holds more than was walked.

    That is what exit code 0 means. With `partial` coverage the last does not count.
    """
    proven = all(walk.verdict == "complete" and not walk.rejects for walk in walks)
    covered = partial or all(center.uncovered == 0 for center in coverage)
    return "complete" if proven and covered else "incomplete"


def to_json(manifest: Manifest) -> bytes:
    """Write a manifest for people and programs: indented, one final newline."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def from_json(text: bytes) -> Manifest:
    """Read a manifest. Raises ValueError that says what is wrong, also for a newer `schema`.

    Somebody else may have written it: no file is named in it but such as a snapshot has.
    """
    try:
        version = msgspec.json.decode(text, type=_Version).schema
    except _MALFORMED as error:
        raise ValueError(f"is no manifest: {error}") from None
    if version != SCHEMA:
        raise ValueError(f"has schema {version}; this version reads schema {SCHEMA}")
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except _MALFORMED as error:
        raise ValueError(f"is damaged: {error}") from None
    paths = [file.path for file in manifest.files]
    strange = [path for path in paths if not PART.fullmatch(path)]
    strange += [manifest.rejects.path] * (manifest.rejects.path != REJECTS)
    if strange:
        raise ValueError(f"names a file that is none of a snapshot's: {escaped(strange[0])}")
    if len(set(paths)) != len(paths):
        raise ValueError("names a file twice")
    return manifest


class _Version(msgspec.Struct):
    schema: int


def schemas() -> dict[str, Any]:
    """Give the JSON Schemas (draft 2020-12) of a record and of a manifest."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {
        "record": {**dialect, **msgspec.json.schema(Record)},
        "manifest": {**dialect, **msgspec.json.schema(Manifest)},
    }
