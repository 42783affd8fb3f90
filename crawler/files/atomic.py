"""Files that are there whole or not at all, also after a power cut."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

_BLOCK_BYTES: Final = 2**20
_LARGE_BYTES: Final = 2**18


def temporary_of(path: Path) -> Path:
    """Give the name that a file has until it is whole."""
    return path.with_name(f".{path.name}.tmp")


def blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join small pieces to about a megabyte, and leave large ones as they are.

    A thread that writes or hashes page by page takes the interpreter from the crawl at every page.
    """
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        large = len(piece) >= _LARGE_BYTES
        if waiting and (large or size >= _BLOCK_BYTES):
            yield b"".join(waiting)
            waiting, size = [], 0
        if large:
            yield piece
        else:
            waiting.append(piece)
            size += len(piece)
    if waiting:
        yield b"".join(waiting)


def write_all(descriptor: int, data: bytes) -> None:
    """Write `data`, however little the system takes at once. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_synced(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name, sync it, rename it to `path`. Raises OSError."""
    temporary = temporary_of(path)
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


def can_be_file(path: Path) -> bool:
    """Say whether a file may stand at `path`: that it is no folder, and that there is one to hold it."""
    try:
        return not path.is_dir() and path.parent.is_dir()
    except OSError:  # a name too long, or in a folder that is closed
        return False


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
    temporary = temporary_of(final)
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
