"""Turns an OSError into a DiskError: the one place that words what the disk refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from crawler.errors import DiskError

ADVICE: Final = "free disk space or fix the problem, then rerun the command"


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Raise DiskError for an OSError; it names the file, or `place` when the system names none."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise DiskError(f"{where}: {error.strerror or error}; {ADVICE}") from None
