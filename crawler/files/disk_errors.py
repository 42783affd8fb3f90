"""Turns an OSError into a DiskError: the one place that words what the disk refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from crawler.errors import DiskError
from crawler.files.open_files import open_files_advice

_THEN: Final = "then rerun the command"
ADVICE: Final = "free disk space or fix the problem, then rerun the command"


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Raise DiskError for an OSError; it names the file, or `place` when the system names none."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise DiskError(f"{where}: {reason_and_advice(error)}") from None


def reason_and_advice(error: OSError, advice: str = ADVICE) -> str:
    """Return the system's reason, and what to do: `advice`, but not for too many open files."""
    limit = open_files_advice(error.errno)
    return f"{error.strerror or error}; {f'{limit}, {_THEN}' if limit else advice}"
