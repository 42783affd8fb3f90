"""Finds a snapshot by what a command line calls it: a folder, an id, `latest` or `previous`; or by its plan."""

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from crawler.errors import IncompleteError, UsageError
from crawler.files.tree import matching
from crawler.snapshot.history.latest import find_latest, followed
from crawler.snapshot.history.shrinkage import CenterPlan, Place, center_plans
from crawler.snapshot.layout import LATEST, MANIFEST, PREVIOUS, SNAPSHOTS, SUCCESS, snapshot_folder, snapshot_id
from crawler.snapshot.manifest import Manifest, check_counts
from crawler.snapshot.reader import SnapshotReader, is_folder, open_snapshot, read_manifest
from crawler.text.malformed import MALFORMED

log = logging.getLogger(__name__)

_MOST_NAMED: Final = 5


class _Head(msgspec.Struct, frozen=True):
    """The fields of a manifest that decide which snapshot is the previous one, of any plan or of one."""

    snapshot: str
    started_at: str
    status: str
    config: dict[str, Any]

    @property
    def age(self) -> tuple[str, str]:
        """Return what sorts snapshots from the oldest to the newest."""
        return self.started_at, self.snapshot


def find_snapshot(name: str, output: Path) -> Path:
    """Return the folder of a snapshot by its name.

    `latest` is the one that `output/latest` points to, or else `output/latest.json` names. `previous` is the newest
    complete snapshot that was started before `latest` (by `started_at` of the manifests; of the same time, the one with
    the smaller id). Any other name is a folder, or else the id of a snapshot in `output`; write `./latest` for a folder
    of that name.

    Raises UsageError, with the snapshots that exist, when there is none of this name; IncompleteError when `previous`
    is asked for and the manifest of `latest` cannot be read.
    """
    if name == LATEST:
        return _latest(output)
    if name == PREVIOUS:
        return _previous(output)
    folder = followed(Path(name))
    if is_folder(folder) or "/" in name:
        return folder  # `open_snapshot` finds out whether it holds a snapshot
    by_id = output / snapshot_folder(name)
    if not is_folder(by_id):
        raise UsageError(f"{name} is no folder and no snapshot in {output}; {_existing(output)}")
    return by_id


def open_named(name: str, output: Path) -> SnapshotReader:
    """Return the snapshot of this name. Raises as `find_snapshot` and `open_snapshot` do."""
    return open_snapshot(find_snapshot(name, output))


def open_to_compare(name: str | None, output: Path) -> tuple[SnapshotReader | None, str]:
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


def order_doubt(old: Manifest, new: Manifest) -> str:
    """Return why `old` is no earlier snapshot to compare `new` with; "" when it is one."""
    if (old.snapshot, old.started_at) == (new.snapshot, new.started_at):
        return f"the two snapshots that are compared are one, {new.snapshot}"
    if old.started_at >= new.started_at:
        return f"the earlier snapshot, {old.snapshot}, was not started before {new.snapshot}: what looks new is old"
    return ""


def newest_of_plans(
    output: Path, plans: Mapping[Place, CenterPlan], started_at: str
) -> Iterator[tuple[Manifest, frozenset[Place]]]:
    """Yield, from the newest on, the complete snapshots to compare a run with, each with the centers to compare.

    Each center is compared with the newest snapshot that has the same plan of it, started at `started_at` or before.
    Only manifests are read. One that cannot be read, or does not agree with the sizes on the disk or with itself, is
    logged and passed over.
    """
    missing = dict(plans)
    earlier = [found for found in _complete(output, log_unreadable=True) if found[0].started_at <= started_at]
    for head, folder in sorted(earlier, key=lambda found: found[0].age, reverse=True):
        same = frozenset(center_plans(head.config).items() & missing.items())
        manifest = _manifest(folder) if same else None
        if manifest is not None:
            places = frozenset(place for place, _ in same)
            yield manifest, places
            missing = {place: plan for place, plan in missing.items() if place not in places}
        if not missing:
            return


def _manifest(folder: Path) -> Manifest | None:
    try:
        manifest = open_snapshot(folder).manifest
        check_counts(manifest)
    except (IncompleteError, UsageError, ValueError) as error:
        _log_unreadable(folder, str(error))
        return None
    return manifest


def _log_unreadable(folder: Path, reason: str) -> None:
    log.warning("snapshot.unreadable", extra={"snapshot": snapshot_id(folder.name), "reason": reason})


def _complete(output: Path, *, log_unreadable: bool = False) -> Iterator[tuple[_Head, Path]]:
    """Yield the complete snapshots whose manifest can be read, in no order."""
    for folder in _folders(output):
        if os.path.exists(folder / SUCCESS):  # noqa: PTH110 - Path.exists raises for a folder that may not be searched
            head = _head(folder)
            if head is not None and head.status == "complete":
                yield head, folder
            elif head is None and log_unreadable:
                _log_unreadable(folder, f"{MANIFEST} is missing, damaged or not readable")


def _latest(output: Path) -> Path:
    folder = find_latest(output)
    if folder is None:
        raise UsageError(f"{output} has no complete snapshot called {LATEST}; {_existing(output)}")
    return folder


def _previous(output: Path) -> Path:
    latest = _latest(output)
    head = _head(latest)
    if head is None:
        raise IncompleteError(f"{latest} has no readable {MANIFEST}: it is no snapshot, or a damaged one")
    earlier = [(other.age, folder) for other, folder in _complete(output) if other.age < head.age]
    if not earlier:
        raise UsageError(f"{output} has no complete snapshot before {head.snapshot}; {_existing(output)}")
    return max(earlier)[1].resolve()


def _head(folder: Path) -> _Head | None:
    try:
        return msgspec.json.decode(read_manifest(folder), type=_Head)
    except (IncompleteError, UsageError, *MALFORMED):
        return None


def _folders(output: Path) -> list[Path]:
    return sorted(folder for folder in matching(output, SNAPSHOTS) if os.path.isdir(folder))  # noqa: PTH112 - the same


def _existing(output: Path) -> str:
    names = [snapshot_id(folder.name) for folder in _folders(output)]
    if not names:
        return f"there is no snapshot in {output}"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"there are {', '.join(reversed(names[-_MOST_NAMED:]))}{more}" if len(names) > 1 else f"there is {names[0]}"
