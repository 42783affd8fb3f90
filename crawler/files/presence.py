"""Says whether a path is there and of which kind; an error of the disk is no answer.

`Path.exists` and its like return False for every error on Python 3.14, and raise most of them before. A disk that
fails must not look like a file that is missing, on any Python: so these are used instead (tests/test_house.py).
"""

import errno
import stat
from pathlib import Path
from typing import Final

# Nothing is there: a part of the path is missing or no folder, or its links lead in a circle.
ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EBADF, errno.ELOOP})


def exists(path: Path) -> bool:
    """Return whether something is at `path`, or where its links lead. Raises OSError when the system does not say."""
    return _mode(path) is not None


def is_dir(path: Path) -> bool:
    """Return whether a folder is at `path`, or where its links lead. Raises OSError when the system does not say."""
    return stat.S_ISDIR(_mode(path) or 0)


def is_file(path: Path) -> bool:
    """Return whether a regular file is at `path`, or where its links lead. Raises OSError as the others do."""
    return stat.S_ISREG(_mode(path) or 0)


def is_fifo(path: Path) -> bool:
    """Return whether a pipe is at `path`, or where its links lead. Raises OSError as the others do."""
    return stat.S_ISFIFO(_mode(path) or 0)


def is_symlink(path: Path) -> bool:
    """Return whether a symbolic link is at `path` itself. Raises OSError as the others do."""
    return stat.S_ISLNK(_mode(path, follow_symlinks=False) or 0)


def _mode(path: Path, *, follow_symlinks: bool = True) -> int | None:
    """Return what stat says of the kind of `path`, None when nothing is there or can be: no name holds a NUL."""
    try:
        return path.stat(follow_symlinks=follow_symlinks).st_mode
    except ValueError:
        return None
    except OSError as error:
        if error.errno not in ABSENT:
            raise
        return None
