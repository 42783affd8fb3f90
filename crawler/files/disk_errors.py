"""What the disk refuses, in words: the one place where an OSError becomes a DiskError."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.errors import DiskError


@contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turn an OSError into a DiskError that names the file, or `place` where the system names none."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise DiskError(
            f"{where}: {error.strerror or error}; make room or mend it, then run the same command"
        ) from None
