"""The line that a person reads for an error: what happened, where, and what to do next; and its exit code (pure).

`crawler/errors.py` has the errors of this program. What the machine refuses (threads, memory, characters) comes as an
error of Python: it is a limit of the place where the command runs, and no fault of the program.
"""

import errno
from collections.abc import Mapping
from typing import Final, NamedTuple

from crawler.cli.console.exit_status import CONFIG, DISK
from crawler.errors import CrawlerError, ErrorKind

# For a message that ends with what happened. After "; " a message says what to do.
_NEXT_STEP: Final[Mapping[ErrorKind, str]] = {
    "usage": "correct the command line; see swr-crawler --help",
    "incomplete": "name another snapshot, or crawl again",
    "disk": "free disk space or fix the problem, then rerun the command",
    "unavailable": "rerun the command later",
    "credentials": "put the right ones there, then rerun the command",
    "config": "correct it, then rerun the command",
    "interrupted": "rerun the command",
}
_NO_THREAD: Final = "can't start new thread"  # the only words by which Python tells it
_NO_ROOM: Final = ("failed to map segment", "annot allocate memory")
_THREADS: Final = (
    "the system gives this process no more threads: raise the limit of `ulimit -u`, or that of the container (pids), "
    "then rerun the command"
)
_MEMORY: Final = (
    "the system gives this process no more memory: raise the limit of `ulimit -v`, or that of the container, then "
    "rerun the command"
)


class ErrorLine(NamedTuple):
    """The text of one line, without the name of the program, and the exit code."""

    text: str
    exit_code: int


def with_next_step(error: CrawlerError) -> str:
    """Return the message of an error, with what to do next if it does not say so itself."""
    text = str(error)
    return text if "; " in text else f"{text}; {_NEXT_STEP[error.kind]}"


def only_error(error: Exception) -> Exception:
    """Return the one error in a group of one, and every other error as it is."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def local_limit(error: Exception) -> ErrorLine | None:
    """Return the line for an error that is a limit of the machine or its settings; None for every other one."""
    if isinstance(error, UnicodeEncodeError):
        lacking = ascii(error.object[error.start : error.end][:20])
        text = f"the encoding of this process, {error.encoding}, lacks {lacking}"
        return ErrorLine(f"{text}: set LANG=C.UTF-8 or PYTHONUTF8=1, then rerun the command", CONFIG)
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        return ErrorLine(_THREADS, DISK)
    return ErrorLine(_MEMORY, DISK) if _lacks_memory(error) else None


def _lacks_memory(error: Exception) -> bool:
    if isinstance(error, ImportError):  # of a library that the system's loader finds no room for
        return any(words in str(error) for words in _NO_ROOM)
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
