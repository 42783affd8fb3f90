"""Opens files that may not be what their name promises."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

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
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return os.fdopen(descriptor, "rb", buffering=buffering)


def size_of(file: BinaryIO) -> int:
    """Return the size of an open file in bytes, as the disk says it now. Raises OSError."""
    return os.fstat(file.fileno()).st_size
