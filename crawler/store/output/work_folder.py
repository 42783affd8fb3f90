"""`.work` in the output: found fit for a run before the first request, or refused with what to do.

A `.work` that this program did not make is refused: a file, a symbolic link, a folder that holds anything else. An
empty folder is taken: an earlier run was killed just then, or somebody made it for us.
"""

import os
from pathlib import Path
from typing import Final

from crawler.errors import ConfigError, DiskError
from crawler.files.atomic import make_folders
from crawler.files.closing import close_quietly
from crawler.files.disk_errors import disk_errors
from crawler.files.presence import exists, is_dir, is_file, is_symlink
from crawler.files.sync import sync_folder
from crawler.snapshot.layout import HOLDER, LOCK, MARKER, WORK
from crawler.store.output.marker import mark
from crawler.store.output.run_state import read_state

_OWNER: Final = (
    "working files of swr-crawler; a folder in here that names no run in a file like this one is not removed"
)


def open_work_folder(output: Path) -> Path:
    """Return the work folder of `output`; make both if they are missing.

    Raises ConfigError when `output` is no folder or `.work` is not ours, DiskError when it cannot be written or lies
    on another file system, from which a snapshot could not be moved to its place.
    """
    work = output / WORK
    with disk_errors(output):
        if exists(output) and not is_dir(output):
            raise ConfigError(f"output: {output} is a file; name a folder", setting="output")
        if is_symlink(work) or (exists(work) and not is_dir(work)):
            raise _foreign(work, "is a symbolic link" if is_symlink(work) else "is a file")
        try:
            make_folders(work)
        except (NotADirectoryError, FileNotFoundError) as error:
            reason = f"{error.strerror}; name a folder that can be created"
            raise ConfigError(f"output: {output}: {reason}", setting="output") from None
        sync_folder(output)  # or a power cut might take the whole work folder
        if not os.access(work, os.W_OK | os.X_OK):
            advice = "change its permissions or name another output, then rerun the command"
            raise DiskError(f"{output} is not writable; {advice}")
        if _mount_of(work) != _mount_of(output):
            advice = (
                "unmount it, or mount all of the output there; a snapshot is moved from one to the other in one step"
            )
            raise DiskError(f"{work} is on another file system than {output}: {advice}")
        _mark(work)
    return work


def _mark(work: Path) -> None:
    if exists(work / MARKER):
        return
    others = [path for path in work.iterdir() if path.name != MARKER]
    # Another host may have marked it in the meantime: everything else comes after the marker.
    if not exists(work / MARKER) and not all(map(_is_of_earlier_version, others)):
        raise _foreign(work, "is a folder that swr-crawler did not make")
    mark(work, _OWNER)


def _is_of_earlier_version(path: Path) -> bool:
    """Return whether a version that wrote no markers made this entry of a work folder."""
    if is_symlink(path):
        return False
    if path.name in {LOCK, HOLDER}:
        return is_file(path)
    state = read_state(path) if is_dir(path) else None
    return state is not None and state.snapshot == path.name


def _foreign(work: Path, what: str) -> ConfigError:
    advice = "swr-crawler needs this name for its working files: move it away, or name another output"
    return ConfigError(f"output: {work} {what}; {advice}", setting="output")


def _mount_of(folder: Path) -> tuple[int, bytes]:
    """Return what is equal for two folders exactly when a rename from one to the other can succeed.

    The device alone does not tell: one file system may be mounted twice. Where the system does not say which mount a
    folder is on, the device has to do.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return os.fstat(descriptor).st_dev, _mount_id(descriptor)
    finally:
        close_quietly(descriptor)


def _mount_id(descriptor: int) -> bytes:
    try:
        lines = Path(f"/proc/self/fdinfo/{descriptor}").read_bytes().splitlines()
    except OSError:
        return b""
    return next((line for line in lines if line.startswith(b"mnt_id:")), b"")
