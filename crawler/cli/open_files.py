"""Lets the process have as many connections open as a crawl, or those who ask the emulator, may need."""

import resource
from contextlib import suppress
from typing import Final

_ENOUGH: Final = 2**16  # a limit of a million makes programs slow that look at each number a file may have


def raise_open_file_limit() -> None:
    """Raise the limit of open files to what the system lets this process have; it is never lowered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
