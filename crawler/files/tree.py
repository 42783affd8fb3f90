"""Lists what is below a folder; a folder that cannot be read is an error, and not an empty one.

`Path.glob` takes a folder that fails for an empty one since Python 3.12, so nothing else uses it (tests/test_house.py).
"""

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path

from crawler.files.presence import ABSENT, is_symlink


def matching(folder: Path, pattern: str) -> list[Path]:
    """Return the paths in a folder whose names match a pattern, in no order.

    There are none in a folder that is missing, or that this user may not read. Raises OSError when the disk fails.
    """
    try:
        with os.scandir(folder) as entries:
            return [folder / name for name in fnmatch.filter([entry.name for entry in entries], pattern)]
    except PermissionError:
        return []
    except OSError as error:
        if error.errno not in ABSENT:
            raise
        return []


def folders_below(folder: Path) -> Iterator[Path]:
    """Yield a folder and every folder below it. No link is followed. Raises OSError."""
    for above, _, _ in os.walk(folder, onerror=_raise):
        yield Path(above)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, and every link, also one to a folder. No link is followed. Raises OSError."""
    for above, folders, names in os.walk(folder, onerror=_raise):
        links = [name for name in folders if is_symlink(Path(above, name))]
        for name in sorted((*names, *links)):
            yield Path(above, name)


def _raise(error: OSError) -> None:
    raise error
