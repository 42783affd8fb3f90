"""Opens and reads files that may not be what their name promises.

What a user names is read up to a bound that fits its kind, whatever it is: a file, a pipe (`--config <(…)`) or
`/dev/null`. A device without an end took gigabytes within seconds.
"""

import errno
import os
import stat
from collections.abc import Iterator
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
        check_regular(descriptor, path)
        return os.fdopen(descriptor, "rb", buffering=buffering)
    except BaseException:
        close_quietly(descriptor)
        raise


def check_regular(descriptor: int, path: Path) -> None:
    """Raise OSError as `open_regular` does if an open file is no regular one; it is at `path`."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """Return what the file, pipe or device at `path` holds.

    Raises OSError, for more than `max_bytes` with EOVERFLOW and words of its own.
    """
    with path.open("rb") as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise _too_large(path, max_bytes)
    return content


def bounded_lines(path: Path, file: BinaryIO, *, max_line_bytes: int, max_bytes: int) -> Iterator[bytes]:
    """Yield the lines of an open file at `path`. Raises OSError as `read_bounded`, also for a line that is too long."""
    size = 0
    while line := file.readline(max_line_bytes + 1):
        size += len(line)
        if len(line) > max_line_bytes:
            raise OSError(errno.EOVERFLOW, f"a line is longer than {max_line_bytes} bytes", str(path))
        if size > max_bytes:
            raise _too_large(path, max_bytes)
        yield line


def _too_large(path: Path, max_bytes: int) -> OSError:
    # As open(2) has it for a file that is too large to be opened. EFBIG says that a file cannot be written on.
    return OSError(errno.EOVERFLOW, f"it holds more than {max_bytes} bytes", str(path))


def size_of(file: BinaryIO) -> int:
    """Return the size of an open file in bytes, as the disk says it now. Raises OSError."""
    return os.fstat(file.fileno()).st_size
