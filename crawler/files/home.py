"""Paths that begin with `~`, for users that may have no home folder: an unknown uid in a container has none."""

import errno
from pathlib import Path
from typing import Final

_NO_HOME: Final = "nothing says where the home folder is; set HOME, or write the whole path"


def without_tilde(path: str) -> Path:
    """Return a path with the home folder in place of a leading `~` or `~user`.

    Raises FileNotFoundError, with words that say what to do, when neither HOME nor the system names such a folder.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise FileNotFoundError(errno.ENOENT, _NO_HOME, path) from None
