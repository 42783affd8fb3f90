"""Removes a snapshot so that readers see all of it or nothing: it is moved to `.work/.trash`, then deleted there.

A kill between the two leaves it in the trash, which the next removal empties first. Nothing but what a run writes into
a snapshot is deleted there either.
"""

from collections.abc import Iterator
from pathlib import Path

from crawler.errors import DiskError
from crawler.files.presence import exists, is_dir, is_symlink
from crawler.files.removal import remove_contents
from crawler.files.sync import sync_folder
from crawler.files.tree import files_below, folders_below
from crawler.snapshot.layout import LATEST_TARGET, TRASH, is_written_here, snapshot_id
from crawler.snapshot.manifest import from_json
from crawler.snapshot.reader import manifest_text
from crawler.store.written import Written


def foreign_in(folder: Path) -> str:
    """Return why a folder is no snapshot as swr-crawler wrote it, "" when it is one.

    Its files must be those of its manifest, of the same sizes, its id that of its manifest. Raises OSError, and
    ValueError for what is no manifest.
    """
    if is_symlink(folder):
        return "it is a symbolic link"
    for reason in _strange_names(folder):
        return reason
    text = manifest_text(folder)
    manifest = from_json(text)
    if manifest.snapshot != snapshot_id(folder.name):
        return f"its manifest is that of snapshot {manifest.snapshot}"
    return Written.of(manifest, text).difference(folder)


def _strange_names(folder: Path) -> Iterator[str]:
    names = [f"{one.relative_to(folder)}/" for one in folders_below(folder) if one != folder]
    files = list(files_below(folder))
    names += [str(one.relative_to(folder)) for one in files]
    yield from (f"{name} was not written by swr-crawler" for name in names if not is_written_here(name))
    yield from (f"{one.relative_to(folder)} is a symbolic link" for one in files if is_symlink(one))


def has_trash(work: Path) -> bool:
    """Return whether an earlier removal was interrupted. Raises OSError."""
    return exists(work / TRASH)


def open_trash(work: Path) -> Path:
    """Return the folder for what is being removed; make it if it is missing. Raises DiskError, OSError."""
    trash = work / TRASH
    if is_symlink(trash) or (exists(trash) and not is_dir(trash)):
        raise DiskError(f"{trash} is no folder that swr-crawler made; move it away, then rerun the command")
    trash.mkdir(exist_ok=True)
    return trash


def move_to_trash(snapshot: Path, trash: Path) -> None:
    """Take a snapshot away from its readers. Raises DiskError, OSError: then it is where it was."""
    place = trash / snapshot.name
    if exists(place) or is_symlink(place):
        raise DiskError(f"{place} holds what swr-crawler did not write; move it away, then rerun the command")
    snapshot.rename(place)


def sync_move(snapshot: Path, trash: Path) -> None:
    """Make it durable that a snapshot was moved: else a power cut might bring half of it back. Raises OSError."""
    sync_folder(trash)
    sync_folder(snapshot.parent)


def empty_trash(trash: Path) -> list[str]:
    """Delete what is in the trash, and the trash itself; return the paths that are left, which are not ours.

    Raises OSError: what is left then is deleted the next time.
    """
    try:
        left = remove_contents(trash, _is_ours)
    except OSError as error:  # it names a file without its folder
        raise OSError(error.errno, error.strerror, str(trash)) from None
    if not left:
        trash.rmdir()
        sync_folder(trash.parent)
    return left


def _is_ours(path: str) -> bool:
    snapshot, _, inner = path.partition("/")
    return LATEST_TARGET.fullmatch(snapshot) is not None and (not inner or is_written_here(inner))
