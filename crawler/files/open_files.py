"""How many files and connections this process may have open, and what to do when that is not enough."""

import errno
import resource
from typing import Final

_IN_PROCESS: Final = "raise the limit with `ulimit -n`"
_IN_SYSTEM: Final = "close programs, or let an administrator raise fs.file-max"


def open_file_limit() -> int | None:
    """Return how many files and connections this process may have open at a time, None without a limit."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def open_files_advice(number: int | None) -> str:
    """Return the limit that the error with this `errno` is about, and how to raise it; "" for any other error."""
    if number == errno.EMFILE:
        return f"this process may have {open_file_limit()} open at a time: {_IN_PROCESS}"
    if number == errno.ENFILE:
        return f"all programs of this machine together have as many open as it allows: {_IN_SYSTEM}"
    return ""
