"""Lists the snapshots of an output: what each is, what it holds, and which words name it.

A snapshot is listed by what its manifest says, after the sizes of its files were compared with that; nothing else of
its files is read. One that does not pass is listed, too, as damaged: `verify` finds all that is wrong with it.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from crawler.errors import IncompleteError, UsageError
from crawler.files.disk_errors import disk_errors
from crawler.files.presence import exists, is_dir
from crawler.files.tree import files_below
from crawler.snapshot.completeness import shortfalls
from crawler.snapshot.history.find import find_snapshot
from crawler.snapshot.layout import LATEST, LATEST_TARGET, PREVIOUS, SUCCESS, snapshot_id
from crawler.snapshot.manifest import Manifest, check_counts
from crawler.snapshot.manifest_values import moment_of
from crawler.snapshot.reader import open_unchecked
from crawler.text.human import counted
from crawler.text.timestamp import timestamp

SnapshotStatus: TypeAlias = Literal["complete", "incomplete", "damaged"]


class ListedSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot in an output.

    `snapshot` is the id that its folder has. `status` is `damaged` when its manifest cannot be read or contradicts the
    files; `reason` says why it is not complete. `started_at` (RFC 3339, UTC) and `records` are None when no manifest
    says them. `bytes` is the size of all files in the folder, None when that cannot be read. `names` has those of the
    words `latest` and `previous` that mean this snapshot.
    """

    snapshot: str
    status: SnapshotStatus
    started_at: str | None
    records: int | None
    bytes: int | None
    names: tuple[str, ...]
    path: str
    reason: str = ""


def list_snapshots(output: Path) -> list[ListedSnapshot]:
    """Return the snapshots in a folder, the newest first (`started_at`), those without a time at the end.

    Raises UsageError when there is no such folder, DiskError when it cannot be read.
    """
    with disk_errors(output):
        if not is_dir(output):
            raise UsageError(f"{output} is no folder; name the output of a crawl with --output DIR")
        folders = [path for path in output.iterdir() if LATEST_TARGET.fullmatch(path.name)]
    named = dict(_named(output))
    found = [_listed(folder, named) for folder in folders]
    return sorted(found, key=lambda one: (one.started_at or "", one.snapshot), reverse=True)


def size_below(folder: Path) -> int | None:
    """Return the size of all files below a folder in bytes, None when that cannot be read. No link is followed."""
    with suppress(OSError):
        return sum(path.lstat().st_size for path in files_below(folder))
    return None


def _named(output: Path) -> Iterator[tuple[str, Path]]:
    """Yield the words that name a snapshot here, each with its folder."""
    for word in (LATEST, PREVIOUS):
        with suppress(IncompleteError, UsageError):
            yield word, find_snapshot(word, output)


def _listed(folder: Path, named: dict[str, Path]) -> ListedSnapshot:
    real = folder.resolve()
    manifest: Manifest | None = None
    try:
        snapshot = open_unchecked(folder)
        manifest = snapshot.manifest
        snapshot.check_sizes()
        check_counts(manifest)
        status, reason = _judged(folder, manifest)
    except (IncompleteError, UsageError, OSError, ValueError) as error:
        status, reason = "damaged", str(error).removeprefix(str(folder)).lstrip("/ ")
    return ListedSnapshot(
        snapshot=snapshot_id(folder.name),
        status=status,
        started_at=None if manifest is None else timestamp(moment_of(manifest.started_at)),
        records=None if manifest is None else sum(file.records for file in manifest.files),
        bytes=size_below(folder),
        names=tuple(word for word, place in named.items() if place.resolve() == real),
        path=str(folder),
        reason=reason,
    )


def _judged(folder: Path, manifest: Manifest) -> tuple[SnapshotStatus, str]:
    """Return the status of a snapshot whose files are there, and why it is not complete. Raises OSError."""
    if exists(folder / SUCCESS) != (manifest.status == "complete"):
        missing = "is missing" if manifest.status == "complete" else "is there"
        return "damaged", f"the manifest says {manifest.status}, and {SUCCESS} {missing}"
    if manifest.status == "complete":
        return "complete", ""
    first, *others = shortfalls(manifest) or (None,)
    why = "it falls short of its plan" if first is None else f"{first.place} {first.text}"
    return "incomplete", f"{why}, and {counted(len(others), 'more reason')}" if others else why
