"""Finds a snapshot by what a command line calls it: a folder, an id, `latest` or `previous`."""

from pathlib import Path
from typing import Final

import msgspec

from crawler.errors import IncompleteError, UsageError
from crawler.snapshot.layout import LATEST, MANIFEST, PREVIOUS, SUCCESS
from crawler.snapshot.reader import Snapshot, is_folder, open_snapshot
from crawler.text.malformed import MALFORMED

_MOST_NAMED: Final = 5


class _Head(msgspec.Struct, frozen=True):
    """The fields of a manifest that decide which snapshot is the previous one."""

    snapshot: str
    started_at: str
    status: str


def find_snapshot(name: str, output: Path) -> Path:
    """Return the folder of a snapshot by its name.

    `latest` is the one that `output/latest` points to. `previous` is the newest complete snapshot that was started
    before `latest` (by `started_at` of the manifests; of the same time, the one with the smaller id). Any other name is
    a folder, or else the id of a snapshot in `output`; write `./latest` for a folder of that name.

    Raises UsageError, with the snapshots that exist, when there is none of this name; IncompleteError when `previous`
    is asked for and the manifest of `latest` cannot be read.
    """
    if name == LATEST:
        return _latest(output)
    if name == PREVIOUS:
        return _previous(output)
    folder = Path(name)
    if is_folder(folder) or "/" in name:
        return folder  # `open_snapshot` finds out whether it holds a snapshot
    by_id = output / f"snapshot={name.removeprefix('snapshot=')}"
    if not is_folder(by_id):
        raise UsageError(f"{name} is no folder and no snapshot in {output}; {_existing(output)}")
    return by_id


def open_named(name: str, output: Path) -> Snapshot:
    """Return the snapshot of this name. Raises as `find_snapshot` and `open_snapshot` do."""
    return open_snapshot(find_snapshot(name, output))


def open_to_compare(name: str | None, output: Path) -> tuple[Snapshot | None, str]:
    """Return the snapshot to compare with, or None and why there is none.

    The reason is "" for the name None. For the name `previous` it says what is missing: in the first night there is
    no previous snapshot, and that is no error. Raises as `open_named` does for every other name.
    """
    if name is None:
        return None, ""
    try:
        return open_named(name, output), ""
    except UsageError as error:
        if name != PREVIOUS:
            raise
        return None, str(error)


def _latest(output: Path) -> Path:
    link = output / LATEST
    if not link.is_dir():
        raise UsageError(f"{output} has no complete snapshot called {LATEST}; {_existing(output)}")
    return link.resolve()


def _previous(output: Path) -> Path:
    latest = _latest(output)
    head = _head(latest)
    if head is None:
        raise IncompleteError(f"{latest} has no readable {MANIFEST}: it is no snapshot, or a damaged one")
    newest = (head.started_at, head.snapshot)
    complete = [
        ((other.started_at, other.snapshot), folder)
        for folder in _folders(output)
        if (folder / SUCCESS).exists() and (other := _head(folder)) is not None and other.status == "complete"
    ]
    earlier = [found for found in complete if found[0] < newest]
    if not earlier:
        raise UsageError(f"{output} has no complete snapshot before {head.snapshot}; {_existing(output)}")
    return max(earlier)[1].resolve()


def _head(folder: Path) -> _Head | None:
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=_Head)
    except (OSError, *MALFORMED):
        return None


def _folders(output: Path) -> list[Path]:
    return sorted(folder for folder in output.glob("snapshot=*") if folder.is_dir())


def _existing(output: Path) -> str:
    names = [folder.name.removeprefix("snapshot=") for folder in _folders(output)]
    if not names:
        return f"there is no snapshot in {output}"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"there are {', '.join(reversed(names[-_MOST_NAMED:]))}{more}" if len(names) > 1 else f"there is {names[0]}"
