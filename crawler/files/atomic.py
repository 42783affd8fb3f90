"""Files that exist complete or not at all, also after a power cut."""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from crawler.files.closing import close_quietly
from crawler.files.presence import exists, is_dir, is_fifo, is_file, is_symlink
from crawler.files.sync import sync_file, sync_folder

_BLOCK_BYTES: Final = 2**20
_LARGE_BYTES: Final = 2**18
_TRUNCATED: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_PLACE: Final = os.O_WRONLY | os.O_TRUNC | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC


def temporary_path(path: Path) -> Path:
    """Return the name that a file has until it is complete."""
    return path.with_name(f".{path.name}.tmp")


def coalesced(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes with small pieces joined to about a megabyte; large pieces are not copied.

    A thread that writes or hashes piece by piece would interrupt the event loop at every piece.
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
    """Write all of `data`, in several writes if the system takes less at once. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_synced(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name, sync it, and rename it to `path`. No link is followed. Raises OSError."""
    temporary = temporary_path(path)
    descriptor = os.open(temporary, _TRUNCATED, 0o666)
    try:
        write_all(descriptor, data)
        sync_file(descriptor)
    finally:
        close_quietly(descriptor)
    temporary.rename(path)


def can_be_file(path: Path) -> bool:
    """Return whether a file may be created at `path`: it is no folder, and its parent is one."""
    try:
        return not is_dir(path) and is_dir(path.parent)
    except OSError:  # the name is too long, or the parent cannot be read
        return False


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that replaces `path` when the context ends; after an error `path` is as it was.

    The target of a link is replaced, not the link. A pipe or a device is written to directly: root could replace even
    /dev/null. So is a file whose folder takes no other file. Raises OSError, also for a pipe without a reader.
    """
    final = _without_links(path)
    if exists(path) and not (is_file(path) and os.access(final.parent, os.W_OK | os.X_OK)):
        with _open_in_place(path) as file:
            yield file
        return
    temporary = temporary_path(final)
    try:
        with os.fdopen(_open_temporary(temporary, path), "wb") as file:
            yield file
        _replace(temporary, final)
    finally:
        with suppress(OSError):  # a read-only file system refuses to remove what is not there
            temporary.unlink(missing_ok=True)


def _open_temporary(temporary: Path, path: Path) -> int:
    try:
        return os.open(temporary, _TRUNCATED | os.O_NONBLOCK, 0o666)  # no pipe is waited for
    except OSError as error:  # a person knows the name that they gave
        raise OSError(error.errno, error.strerror, str(path)) from None


def _without_links(path: Path) -> Path:
    real = Path(os.path.realpath(path))  # `resolve` raises RuntimeError for a circle
    if is_symlink(real):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return real


def _open_in_place(path: Path) -> BinaryIO:
    """Return a file, a pipe or a device that is there, open for writing. Opening one does not wait for a reader."""
    try:
        descriptor = os.open(path, _IN_PLACE)
    except OSError as error:
        if error.errno == errno.ENXIO and is_fifo(path):
            raise OSError(errno.ENXIO, "no program reads this pipe", str(path)) from None
        raise
    os.set_blocking(descriptor, True)  # a reader that is there may be slow
    return os.fdopen(descriptor, "wb")


def _replace(temporary: Path, final: Path) -> None:
    try:
        temporary.replace(final)
    except OSError as error:
        if error.errno != errno.EBUSY:  # the file alone is mounted, as into a container
            raise
        with temporary.open("rb") as source, _open_in_place(final) as target:
            shutil.copyfileobj(source, target)


def make_folders(folder: Path, *, inside: Path | None = None, sync: bool = True) -> None:
    """Create a folder and its missing parents, and make their names durable unless `sync` is False. Raises OSError.

    With `inside`, a folder around it, that one must exist: FileNotFoundError if it was removed or moved away.
    """
    missing = [one for one in (folder, *folder.parents) if not exists(one)]
    if inside in missing:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(inside))
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        if sync:
            with suppress(PermissionError):  # a folder that can be written but not read cannot be synced
                sync_folder(one.parent)
