"""The exit code of each kind of error and of a run (pure); `crawler/cli/exit_codes.py` says what all of them mean.

It is imported before everything else, so it imports nothing that takes long.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from crawler.errors import CrawlerError, ErrorKind, InterruptedRunError, ReaderGoneError

if TYPE_CHECKING:
    from crawler.crawl.result import RunResult

SIGNALLED: Final = 128  # a shell's own convention: a program that a signal ended has 128 + the number of the signal

SUCCESS: Final = 0
FOUND: Final = 1  # `audit` and `diff --exit-code`: there is something to look at, as grep and git diff say it
USAGE: Final = 2
INCOMPLETE: Final = 3
# BSD's sysexits.h: EX_SOFTWARE, EX_IOERR, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG
INTERNAL_ERROR: Final = 70
DISK: Final = 74
UNAVAILABLE: Final = 75
CREDENTIALS: Final = 77
CONFIG: Final = 78
INTERRUPTED: Final = SIGNALLED + 2  # SIGINT
BROKEN_PIPE: Final = SIGNALLED + 13  # SIGPIPE
TERMINATED: Final = SIGNALLED + 15  # SIGTERM

# An error of the kind `interrupted` has the code of its signal instead.
_CODE_OF_KIND: Final[Mapping[ErrorKind, int]] = {
    "usage": USAGE,
    "incomplete": INCOMPLETE,
    "disk": DISK,
    "unavailable": UNAVAILABLE,
    "credentials": CREDENTIALS,
    "config": CONFIG,
}


def exit_code_of_error(error: CrawlerError) -> int:
    """Return the exit code that stands for an error: that of its kind, or 128 + the number of the signal.

    A reader of standard output that has gone is what SIGPIPE tells other programs.
    """
    if isinstance(error, ReaderGoneError):
        return BROKEN_PIPE
    return SIGNALLED + error.signal_number if isinstance(error, InterruptedRunError) else _CODE_OF_KIND[error.kind]


def exit_code_of(result: "RunResult") -> int:
    """Return the exit code of a crawl.

    | published, complete           | 0                                                                     |
    | published, not complete       | 3                                                                     |
    | published, but targets failed | that of the most severe error of a target; 3 if `require` is "any"    |
    | stopped by a signal           | 128 + its number                                                      |
    | targets stopped with an error | that of the most severe one: refused credentials go before an outage  |
    | `max_duration` is over        | 75                                                                    |
    """
    failure = result.failure()
    return SUCCESS if failure is None else exit_code_of_error(failure)
