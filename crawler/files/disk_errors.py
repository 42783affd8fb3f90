"""Turns an OSError into a DiskError: the one place that words what the disk refuses."""

import errno
import os
import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from crawler.errors import DiskError
from crawler.files.open_files import open_files_advice

_THEN: Final = "then rerun the command"
ADVICE: Final = f"free disk space or fix the problem, {_THEN}"
# What a person can do about one reason and about no other. `{user}` is the number of the user of this process.
_ADVICE_OF: Final[Mapping[int, str]] = {
    errno.EDQUOT: "the quota of this user (uid {user}) there is used up: remove files, or let it be raised",
    errno.EROFS: "name a place that can be written, in a container one on a mounted volume",
    errno.EACCES: "let this user (uid {user}) write there, or name another place",
    errno.EPERM: "let this user (uid {user}) write there, or name another place",
}


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Raise DiskError for an OSError; it names the file, or `place` when the system names none."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise DiskError(f"{where}: {reason_and_advice(error)}") from None


def reason_and_advice(error: OSError, advice: str = ADVICE) -> str:
    """Return the system's reason, and what to do: `advice`, but for what only one thing helps against, that.

    A caller's own `advice` holds for every reason but a limit of this process: too many open files, too large a file.
    """
    limit = open_files_advice(error.errno) or _file_size_advice(error.errno)
    if not limit and advice is ADVICE:
        limit = _ADVICE_OF.get(error.errno or 0, "").format(user=os.geteuid())
    return f"{error.strerror or error}; {f'{limit}, {_THEN}' if limit else advice}"


def _file_size_advice(number: int | None) -> str:
    """Return which limit a file has reached, and what to do, for the error of that; "" for any other error."""
    if number != errno.EFBIG:
        return ""
    soft, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if soft == resource.RLIM_INFINITY:
        return "its file system takes no larger files: name a place on another one"
    return f"this process may write files of {soft} bytes at most: raise the limit with `ulimit -f`"
