"""Lists what is below a folder; a folder that cannot be read is an error, and not an empty one."""

import os
from collections.abc import Iterator
from pathlib import Path

from crawler.files.presence import is_symlink


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
