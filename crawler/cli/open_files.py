"""Lets the process have as many connections open as a crawl, or those who ask the emulator, may need."""

import os
import resource
from contextlib import suppress
from typing import Final

_ENOUGH: Final = 2**16  # a limit of a million makes programs slow that look at each number a file may have


def prepare_open_files() -> None:
    """Raise the limit of open files to what the system lets this process have; it is never lowered.

    Raises OSError if not even an event loop could be made: one that is half made prints a traceback when it goes.
    """
    _raise_limit()
    reading, writing = os.pipe()
    try:
        os.close(os.dup(reading))  # a loop has three of its own: two to wake it up, and one that it waits with
    finally:
        os.close(reading)
        os.close(writing)


def _raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
