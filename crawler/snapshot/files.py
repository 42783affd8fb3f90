"""Files that are there whole or not at all, also after a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def write_synced(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name, sync it, rename it to `path`. Raises OSError."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the name `path` when all is written, and leaves what was there when it is not.

    What a link leads to is replaced, not the link; a pipe or a device is written to as it is: root could replace
    even /dev/null. Raises OSError.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as device:
            yield device
        return
    final = path.resolve()
    temporary = final.with_name(f".{final.name}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, their names durable. Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        with suppress(PermissionError):  # a folder that can be written but not read can't be synced
            sync_folder(made.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
