"""The folder of one run in `.work`: made, found, removed, and taken away from a run that may still be alive.

An entry of `.work` is a run when its marker or its state names the id in the folder's name. Nothing else is touched,
and of a run only the files that `snapshot/layout.py` names: what else is in its folder stays, and is said. An empty
folder counts as a run that was killed before it was marked: nothing is lost with it.
"""

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from crawler.errors import ConfigError
from crawler.files.atomic import temporary_path
from crawler.files.disk_errors import disk_errors
from crawler.files.presence import exists, is_dir, is_symlink
from crawler.files.removal import remove_contents
from crawler.files.sync import sync_file, sync_folder
from crawler.files.tree import matching
from crawler.snapshot.history.latest import is_latest_link
from crawler.snapshot.layout import (
    HOLDER,
    JOURNAL,
    LATEST,
    LATEST_FILE,
    LOCK,
    MARKER,
    PAGES,
    PROBE,
    STATE_FILE,
    TRASH,
    UNPUBLISHED,
    is_written_here,
)
from crawler.store.output.marker import is_marked_by, mark
from crawler.store.output.run_state import RunState, read_state, write_state

log = logging.getLogger(__name__)

_TAKEN: Final = "~"  # in no snapshot id
_FILES: Final = frozenset(
    {STATE_FILE, temporary_path(Path(STATE_FILE)).name, JOURNAL, PAGES, LATEST_FILE}
    | {temporary_path(Path(name)).name for name in (JOURNAL, PAGES, LATEST_FILE)}
)
_BLOCK_BYTES: Final = 2**20


class RunFolder(NamedTuple):
    """The folder of a run, with its state; None when that is missing or damaged: then it cannot be resumed."""

    path: Path
    state: RunState | None


def run_folders(work: Path, *, say_foreign: bool = False) -> list[RunFolder]:
    """Return the folders of runs in the work folder; log a warning for what is not ours if wanted. Raises DiskError.

    A run that another process removes in the meantime is none.
    """
    found: list[RunFolder] = []
    with disk_errors(work):
        for path in sorted(work.iterdir()):
            if path.name in {MARKER, LOCK, HOLDER, PROBE, TRASH}:
                continue
            try:
                run = _run_in(path)
            except FileNotFoundError:
                continue
            if run is not None:
                found.append(run)
            elif say_foreign:
                _say(path)
    return found


def _say(path: Path) -> None:
    log.warning("output.foreign", extra={"path": str(path), "reason": "swr-crawler did not make it"})


def _run_in(path: Path) -> RunFolder | None:
    if is_symlink(path) or not is_dir(path) or not os.access(path, os.R_OK | os.X_OK):
        return None
    name = path.name.partition(_TAKEN)[0]
    state = read_state(path)
    if state is not None:
        return RunFolder(path, state) if state.snapshot == name else None
    unborn = not any(inner.name != MARKER for inner in path.iterdir())
    return RunFolder(path, None) if unborn or is_marked_by(path, name) else None


def create_run(work: Path, state: RunState) -> None:
    """Create the folder of a new run. Raises ConfigError when its name is taken, DiskError."""
    folder = work / state.snapshot
    with disk_errors(folder):
        try:
            folder.mkdir()
        except FileExistsError:  # it may hold the spool of another run
            reason = f"{folder} holds what swr-crawler did not write; move it away or choose another id"
            raise ConfigError(f"snapshot: {reason}", setting="snapshot") from None
        mark(folder, state.snapshot)
        write_state(folder, state)
        sync_folder(work)


def remove_run(folder: Path) -> None:
    """Remove the working files of a run, its state first: without it the rest is no run. Raises DiskError.

    What cannot be removed is left to the next run.
    """
    if is_symlink(folder):
        return
    with disk_errors(folder):
        (folder / STATE_FILE).unlink(missing_ok=True)
    with suppress(OSError):
        link = folder / LATEST
        if is_latest_link(link):
            link.unlink()
        left = remove_contents(folder, _is_ours)
        if left == [MARKER]:
            (folder / MARKER).unlink()
            left = []
        if not left:
            folder.rmdir()
        for path in sorted(set(left) - {MARKER}):
            _say(folder / path)


def keep_state(folder: Path, state: RunState) -> None:
    """Remove the working files of a run whose snapshot is published, and keep its state. Raises DiskError.

    What cannot be removed is left to the next run.
    """
    if not state.published:
        write_state(folder, msgspec.structs.replace(state, published=True))
    with suppress(OSError):
        remove_contents(folder, lambda path: path != STATE_FILE and _is_ours(path))


def _is_ours(path: str) -> bool:
    inner = path.removeprefix(f"{UNPUBLISHED}/") if path.startswith(f"{UNPUBLISHED}/") else None
    return path in _FILES if inner is None else is_written_here(inner)


def take_runs(work: Path, nonce: str, holder: str) -> None:
    """Move the folders of all runs to new names, and copy the spool of `holder`'s: the holder may only seem dead.

    When it wakes up it still knows the old paths, and has the files of its own spool open. It must find nothing to
    publish, to remove or to point `latest` to, and append to files that nobody reads. `holder` is the id of its run;
    "" for any. Raises DiskError.
    """
    for run in run_folders(work):
        name = run.path.name.partition(_TAKEN)[0]
        taken = work / f"{name}{_TAKEN}{nonce[:8]}"
        with disk_errors(run.path):
            run.path.rename(taken)
            sync_folder(work)
        if holder in {"", name}:
            with disk_errors(taken):
                _copy_spool(taken)


def _copy_spool(folder: Path) -> None:
    """Replace the files of a spool by copies. The journal first: the pages it names are written before it.

    The copies keep the times: a resume must know how long ago the journal was written (crawl/resume.py).
    """
    copies = [(folder / name, temporary_path(folder / name)) for name in (JOURNAL, PAGES)]
    copies = [(path, copy) for path, copy in copies if exists(path)]
    for path, copy in copies:
        with path.open("rb") as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, _BLOCK_BYTES)
            target.flush()
            sync_file(target.fileno())
        shutil.copystat(path, copy)
    for path, copy in copies:
        copy.replace(path)
    sync_folder(folder)


def is_taken(work: Path, snapshot: str) -> bool:
    """Return whether a run in the work folder, or anything else there, has this id. Raises OSError."""
    return os.path.lexists(work / snapshot) or bool(matching(work, f"{snapshot}{_TAKEN}*"))
