"""`_manifest.json`: what a snapshot holds and the evidence for every walk, its types and its JSON Schema (pure).

Schema 2 differs from 1 in the words of the verdicts (`VERDICTS_OF_SCHEMA_1`), and in the keys of `config`: the names of
the settings. Both can be read; `config` is kept as it was written.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import msgspec

from crawler.errors import ErrorKind
from crawler.model.record import Record
from crawler.model.verdict import Verdict
from crawler.model.walk_id import Center
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.layout import MANIFEST, PART, REJECTS, compression_of
from crawler.snapshot.manifest_values import Claim, Count, Moment, Seconds, check_moments
from crawler.text.human import escaped
from crawler.text.malformed import MALFORMED

SCHEMA: Final = 2
# The verdicts of schema 1 that have another name in schema 2; `drifted` and `unproven` are the same in both.
VERDICTS_OF_SCHEMA_1: Final[Mapping[str, Verdict]] = MappingProxyType(
    {"whole": "complete", "repaired": "complete", "lost": "partial"}
)

Status = Literal["complete", "incomplete"]


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """Items `[offset, end)` of a walk of which only `got` were read; `end` null where no total was known."""

    offset: Claim
    end: Claim | None
    got: Claim
    reason: str


class WalkEntry(msgspec.Struct, frozen=True, kw_only=True):
    """How one walk ended, and the evidence; `reason` says why it is not complete.

    `declared_totals` are all different totals that the service declared, in the order seen. `records` and `rejects`
    count what is published. `distinct` counts the different repositories and rejects of the last pass, `duplicates` the
    other items of that pass. `outside` counts records of other namespaces than the walk's, which are not
    published (a filter of the service may match loosely). `invalid` counts the published records with a field that
    could not be read, `invalid_fields` names these fields. `limit`, `order` and `dialect` (how parameters were sent)
    are what the service accepted. `carried_from` is the id of the earlier snapshot that this walk was read for; "" for
    a walk that was read for this one. `seen` counts the different repositories and rejects of all passes of a walk that
    is not complete: what came in several passes is no proof.
    """

    target: str
    center: Center
    namespace: str | None
    verdict: Verdict
    declared_totals: tuple[Claim, ...]
    records: Count
    distinct: Count
    duplicates: Count
    rejects: Count
    outside: Count = 0
    invalid: Count = 0
    invalid_fields: tuple[str, ...] = ()
    passes: Count
    requests: Count
    limit: Count
    order: str | None
    dialect: Literal["direct", "filter"] = "direct"
    reason: str = ""
    lost: tuple[Lost, ...] = ()
    carried_from: str = ""
    seen: Count | None = None

    @property
    def declared(self) -> int | None:
        """Return the total to compare `records` with: the proven one, else the largest declared; None without one."""
        total = self.distinct if self.verdict == "complete" else max(self.declared_totals, default=None)
        return None if total is None else max(0, total - self.outside)

    @property
    def missing(self) -> int | None:
        """Return how many declared items no pass read; None when it cannot be known."""
        if self.verdict == "complete":
            return 0
        if self.verdict != "partial" or not self.declared_totals:
            return None
        # Not the sum of the gaps: those are of the last pass, and what an earlier one read there is published, too.
        left = max(self.declared_totals) - self.records - self.rejects - self.outside
        # Where more came than was declared, nothing says how much a gap without an end holds.
        return None if left and any(lost.end is None for lost in self.lost) else max(0, left)


class CenterSplit(msgspec.Struct, frozen=True, kw_only=True):
    """Why a center that was to be read as one list was read by namespace, and what its passes had seen by then.

    `reason` says why they proved nothing. `requests` counts their requests, `declared_totals` are the different totals
    that they declared, `seen` counts the different repositories in all of them. `gone` counts those of `seen` that no
    walk holds since the center's total fell by as many.
    """

    reason: str
    passes: Count
    requests: Count
    declared_totals: tuple[Claim, ...]
    seen: Count
    gone: Count


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """A center that was walked namespace by namespace: its own total, and the sum of its walks' totals.

    Both are null where they are not known. `declared` is the larger of the totals from before and after the walks;
    `declared_before` is the first of them. Records of namespaces without a walk count in these two only. `split` says
    why the center was walked so if the run was to read it as one list. `unheld` counts records that no walk holds.
    """

    target: str
    center: Center
    declared: Claim | None
    covered: Claim | None
    declared_before: Claim | None = None
    split: CenterSplit | None = None
    unheld: Claim = 0

    @property
    def uncovered(self) -> int | None:
        """Return how many declared records are in no walk, at least; None when it cannot be known."""
        if self.declared is None or self.covered is None:
            return None
        return max(0, self.declared - self.covered, self.unheld)


class Shrinkage(msgspec.Struct, frozen=True, kw_only=True):
    """A center, or with `namespace` one walk of it, that lost more records than the run's limits accept.

    `before` is what it held in the snapshot with the id `snapshot`, the newest complete one of the same plan; `now` is
    what it holds in this one.
    """

    target: str
    center: Center
    namespace: str | None
    before: Claim
    now: Claim
    snapshot: str


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """A target whose two centers hold some of the same repositories, by a sample of the keys of each.

    `compared` is the number of keys in the sample of the center with fewer, `in_both` how many of them the other holds,
    too. A repository is shared by its owner or with another account, so the centers have none in common.
    """

    target: str
    compared: Count
    in_both: Count

    @property
    def is_one_list(self) -> bool:
        """Return whether one list was probably read twice: as by a cache or a service that ignores the center."""
        return 2 * self.in_both >= self.compared


class CarriedOver(msgspec.Struct, frozen=True, kw_only=True):
    """An incomplete snapshot of the same command from which this one took over walks, and when those were read."""

    snapshot: str
    started_at: Moment
    finished_at: Moment


class TargetEntry(msgspec.Struct, frozen=True, kw_only=True):
    """How one target ended. One that `failed` stopped before its walks had ended: `reason` says why.

    `planned` counts its walks, `published` those of them that are in this snapshot; a target whose namespaces could not
    be discovered has none. `kind` is that of its error (`crawler/errors.py`), None for a target that `ended`.
    """

    name: str
    state: Literal["ended", "failed"]
    planned: Count
    published: Count
    kind: ErrorKind | None = None
    reason: str = ""


class Requests(msgspec.Struct, frozen=True, kw_only=True):
    """The requests of the run. `by_status` counts responses by HTTP status, "none" those that got no response.

    It counts this process only: requests from before a resume are in `walks`, as far as their pages were kept.
    """

    by_status: dict[str, Count]
    retries: Count
    throttled_s: Seconds


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All of `_manifest.json`. `status` is `complete` exactly when `_SUCCESS` is beside it.

    `partitions` are the folders of the centers that were read. One without records has no file, and no folder on disk.
    """

    schema: Annotated[int, msgspec.Meta(description="The version of this format.")]
    snapshot: str
    crawler: str
    started_at: Moment
    finished_at: Moment
    status: Status
    resumed: Count
    config: dict[str, Any]
    walks: tuple[WalkEntry, ...]
    coverage: tuple[Coverage, ...]
    shrinkage: tuple[Shrinkage, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    targets: tuple[TargetEntry, ...] = ()
    carried_over: tuple[CarriedOver, ...] = ()
    files: tuple[FileEntry, ...]
    rejects: FileEntry
    unknown_fields: tuple[str, ...]
    requests: Requests
    partitions: tuple[str, ...] = ()


def to_json(manifest: Manifest) -> bytes:
    """Return the text of a manifest, for people and programs: indented, with one newline at the end."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def from_json(text: bytes) -> Manifest:
    """Return the manifest of a text; one of schema 1 with the verdicts of schema 2, and its `config` as written.

    Raises ValueError, with a predicate of the file as its message, for text that is no manifest, damaged, of another
    schema, or that names a file other than a snapshot's own: it may have been written to point elsewhere.
    """
    try:
        version = msgspec.json.decode(text, type=_Version).schema
    except MALFORMED as error:
        raise ValueError(f"is no manifest: {error}") from None
    if version not in _DECODERS:
        raise ValueError(f"has schema {version}; this version reads the schemas {' and '.join(map(str, _DECODERS))}")
    try:
        manifest = _DECODERS[version](text)
    except MALFORMED as error:
        raise ValueError(f"is damaged: {error}") from None
    check_moments((manifest, *manifest.carried_over))
    _check_paths(manifest)
    return manifest


class _Version(msgspec.Struct):
    schema: Count


def _from_schema_1(text: bytes) -> Manifest:
    content = msgspec.json.decode(text, type=dict[str, Any])
    walks = content.get("walks")
    for walk in walks if isinstance(walks, list) else ():
        if isinstance(walk, dict) and isinstance(verdict := walk.get("verdict"), str):
            walk["verdict"] = VERDICTS_OF_SCHEMA_1.get(verdict, verdict)
    return msgspec.convert({**content, "schema": SCHEMA}, type=Manifest)


_DECODERS: Final[Mapping[int, Callable[[bytes], Manifest]]] = {
    1: _from_schema_1,
    2: lambda text: msgspec.json.decode(text, type=Manifest),  # a Decoder would be made at each start
}


def _check_paths(manifest: Manifest) -> None:
    paths = [file.path for file in manifest.files]
    strange = [path for path in paths if not PART.fullmatch(path)]
    strange += [manifest.rejects.path] * (manifest.rejects.path != REJECTS)
    if strange:
        raise ValueError(f"names a file that is not part of a snapshot: {escaped(strange[0])}")
    if len(set(paths)) != len(paths):
        raise ValueError("names a file twice")
    for file in (*manifest.files, manifest.rejects):
        if (compression_of(file.path) == "none") != (file.content is None):
            raise ValueError(f"does not say what a compressed file holds: {escaped(file.path)}")


def check_counts(manifest: Manifest) -> None:
    """Raise ValueError when the walks of a manifest hold another number of records than its files."""
    walked, written = (sum(one.records for one in ones) for ones in (manifest.walks, manifest.files))
    if walked != written:
        raise ValueError(f"{MANIFEST}: the walks hold {walked} records, the files {written}")


def schemas() -> dict[str, Any]:
    """Return the JSON Schemas (draft 2020-12) of a record and of a manifest."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {
        "record": {**dialect, **msgspec.json.schema(Record)},
        "manifest": {**dialect, **msgspec.json.schema(Manifest)},
    }
