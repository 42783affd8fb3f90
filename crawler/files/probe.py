"""Finds out by trying what the file system of a folder can do, before anything depends on it.

A few operations on files of a few bytes, none of which waits for a disk: what was synced before is synced again.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from crawler.errors import DiskError
from crawler.files.atomic import write_all
from crawler.files.closing import close_quietly
from crawler.files.presence import exists
from crawler.files.sync import UNSUPPORTED, sync_file, sync_folder

# What symbolic links are refused with: by FAT (EPERM), SMB, FUSE, shared folders of virtual machines (the last two).
NO_LINKS: Final = UNSUPPORTED | {errno.EPERM, errno.EACCES, errno.EPROTO, errno.EROFS}
_IMPOSSIBLE: Final = UNSUPPORTED | {errno.EPERM, errno.EXDEV}
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC  # as a spool is opened
_CONTENT: Final = b"probe\n"
_FILE, _RENAMED, _FOLDER, _MOVED, _LINK = "file", "renamed", "folder", "moved", "link"

LINKS: Final = "symbolic links"
FOLDER_SYNC: Final = "fsync of folders"
FILE_SYNC: Final = "fsync of files"


class Unsupported(NamedTuple):
    """What a file system cannot do that a run can do without, and the reason in the system's words."""

    operation: str
    reason: str


def probe(folder: Path, synced_file: Path) -> list[Unsupported]:
    """Return what the file system of `folder` cannot do; `folder` is made for that, and removed.

    `synced_file` is a file beside it that was there before. Raises DiskError for an operation without which nothing can
    be proven or published, OSError for a disk that fails.
    """
    _remove(folder)  # a killed probe left it
    folder.mkdir()
    try:
        _check_files(folder)
        _check_renames(folder)
        found = [(LINKS, _try_link(folder)), (FOLDER_SYNC, sync_folder(folder.parent)), (FILE_SYNC, _sync(synced_file))]
    finally:
        with suppress(OSError):
            _remove(folder)
    return [Unsupported(operation, reason) for operation, reason in found if reason]


def _check_files(folder: Path) -> None:
    with _needed(folder, "append to a file, read it back and cut it"):
        descriptor = os.open(folder / _FILE, _FLAGS, 0o666)
        try:
            for _ in range(2):
                write_all(descriptor, _CONTENT)
            os.ftruncate(descriptor, len(_CONTENT))
            if os.pread(descriptor, 2 * len(_CONTENT), 0) != _CONTENT:
                raise OSError(errno.EINVAL, "other bytes came back")
        finally:
            close_quietly(descriptor)


def _check_renames(folder: Path) -> None:
    with _needed(folder, "rename a file over another"):
        (folder / _RENAMED).touch()
        (folder / _FILE).rename(folder / _RENAMED)
        if (folder / _RENAMED).read_bytes() != _CONTENT:
            raise OSError(errno.EINVAL, "the other one is still there")
    with _needed(folder, "rename a folder that holds a file"):
        (folder / _FOLDER).mkdir()
        (folder / _RENAMED).rename(folder / _FOLDER / _FILE)
        (folder / _FOLDER).rename(folder / _MOVED)
        if (folder / _MOVED / _FILE).read_bytes() != _CONTENT or exists(folder / _FOLDER):
            raise OSError(errno.EINVAL, "it is not what it was")


def _try_link(folder: Path) -> str:
    """Return why symbolic links cannot be made, "" when they can."""
    link = folder / _LINK
    try:
        link.symlink_to(_MOVED)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise OSError(error.errno, error.strerror, str(link)) from None  # the system names the target
        return error.strerror or str(error)
    return ""


def _sync(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return sync_file(descriptor)
    finally:
        close_quietly(descriptor)


@contextmanager
def _needed(folder: Path, operation: str) -> Iterator[None]:
    """Raise DiskError when the file system has no such operation; every other error is one of the disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in _IMPOSSIBLE:
            raise
        why = f"its file system cannot {operation} ({error.strerror or error})"
        advice = "nothing can be published there; name an output on another file system, then rerun the command"
        raise DiskError(f"{folder.parent}: {why}: {advice}") from None


def _remove(folder: Path) -> None:
    """Remove what a probe makes, and nothing else."""
    for name in (_LINK, _FILE, _RENAMED, f"{_FOLDER}/{_FILE}", f"{_MOVED}/{_FILE}"):
        with suppress(FileNotFoundError, NotADirectoryError):
            (folder / name).unlink()
    for name in (_FOLDER, _MOVED, ""):
        with suppress(FileNotFoundError, NotADirectoryError):
            (folder / name).rmdir()
