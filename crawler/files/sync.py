"""Makes files and names durable, as far as the system and the file system can.

| what                | where it is missing                          | what is done instead                          |
|---------------------|----------------------------------------------|-----------------------------------------------|
| `fdatasync`         | macOS                                        | the next row                                  |
| `fsync` to the disk | macOS, whose own leaves bytes in the drive   | `F_FULLFSYNC`, `fsync` where there is none    |
| `fsync` of a folder | SMB, shared folders of virtual machines      | nothing: that system makes names as durable   |
| `fsync` of a file   | few of the same kind                         | as it likes                                   |

What a file system cannot do is no failure: `crawler/files/probe.py` finds it before the first request.
PostgreSQL (`fsync_fname_ext`) and SQLite (`full_fsync`) do the same.
"""

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from crawler.files.closing import close_quietly

UNSUPPORTED: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
_UNSUPPORTED_FOR_FOLDERS: Final = UNSUPPORTED | {errno.EBADF, errno.EISDIR}
_NO_FULL_SYNC: Final = UNSUPPORTED | {errno.ENOTTY}
_FULL_SYNC: Final[int | None] = getattr(fcntl, "F_FULLFSYNC", None)


def sync_file(descriptor: int) -> str:
    """Make the bytes of an open file durable; return "", or why the file system cannot do that. Raises OSError."""
    return _unless_unsupported(_fsync, descriptor, UNSUPPORTED)


def sync_data(descriptor: int) -> str:
    """Make the bytes of an open file durable, but not its times. Returns and raises as `sync_file` does."""
    return _unless_unsupported(getattr(os, "fdatasync", _fsync), descriptor, UNSUPPORTED)


def sync_folder(folder: Path) -> str:
    """Make the names in `folder` durable. Returns and raises as `sync_file` does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return _unless_unsupported(_fsync, descriptor, _UNSUPPORTED_FOR_FOLDERS)
    finally:
        close_quietly(descriptor)


def _unless_unsupported(sync: Callable[[int], object], descriptor: int, unsupported: frozenset[int]) -> str:
    try:
        sync(descriptor)
    except OSError as error:
        if error.errno not in unsupported:
            raise
        return error.strerror or str(error)
    return ""


def _fsync(descriptor: int) -> None:
    if _FULL_SYNC is not None:
        try:
            fcntl.fcntl(descriptor, _FULL_SYNC)
        except OSError as error:
            if error.errno not in _NO_FULL_SYNC:
                raise
        else:
            return
    os.fsync(descriptor)
