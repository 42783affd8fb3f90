"""Opens files that may not be what their name promises."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

from crawler.files.closing import close_quietly

_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK  # else opening a pipe waits for its writer


def open_regular(path: Path, *, within: Path, buffering: int = -1) -> BinaryIO:
    """Return a regular file inside the folder `within`, open for reading.

    Raises OSError, also for a device, a pipe or a folder, which may have no end, and for a link that leads elsewhere;
    then with EINVAL and words of its own.
    """
    real, folder = os.path.realpath(path, strict=True), os.path.realpath(within, strict=True)
    if os.path.commonpath((real, folder)) != folder:
        raise OSError(errno.EINVAL, "leads out of its folder", str(path))
    descriptor = os.open(real, _READ)
    try:
        _check_regular(descriptor, path)
        return os.fdopen(descriptor, "rb", buffering=buffering)
    except BaseException:
        close_quietly(descriptor)
        raise


def _check_regular(descriptor: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))


def size_of(file: BinaryIO) -> int:
    """Return the size of an open file in bytes, as the disk says it now. Raises OSError."""
    return os.fstat(file.fileno()).st_size
