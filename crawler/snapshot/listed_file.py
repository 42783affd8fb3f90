"""Opens a file that a manifest lists, once the disk says of it what the manifest says, and compares what is read.

What is read are its lines, whether the file is compressed or not.
"""

from collections.abc import Iterator
from hashlib import sha256
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO, Final

from crawler.errors import IncompleteError
from crawler.files.regular import open_regular, size_of
from crawler.snapshot.content import content_of
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.layout import compression_of
from crawler.text.human import count, shortened
from crawler.text.human import size as in_units

_LONGEST_VALUE: Final = 64  # a SHA-256 in hex; a manifest can say anything


def open_checked(folder: Path, file: FileEntry) -> RawIOBase:
    """Return the lines of a file of a snapshot's folder, open for reading and without a buffer.

    Raises IncompleteError when it is no regular file inside the folder, has another size than its entry, or fewer bytes
    than its entry has records; and as `content_of` does.
    """
    opened = open_listed(folder, file)
    try:
        _check_size(folder / file.path, file, size_of(opened))
    except BaseException:
        opened.close()
        raise
    return lines_of(opened, folder, file)


def lines_of(opened: BinaryIO, folder: Path, file: FileEntry) -> RawIOBase:
    """Return the lines of an open file of a snapshot. Raises as `content_of` does, also while they are read."""
    return content_of(opened, folder / file.path, compression_of(file.path), file.sha256)


def open_listed(folder: Path, file: FileEntry) -> BinaryIO:
    """Return the file itself, open for reading and without a buffer, whatever its size is.

    Raises IncompleteError when it is no regular file inside the folder.
    """
    path = folder / file.path
    try:
        return open_regular(path, within=folder, buffering=0)
    except OSError as error:
        raise IncompleteError(f"{path}: {error.strerror}; the manifest names it as a file of this snapshot") from None


def _check_size(path: Path, file: FileEntry, size: int) -> None:
    if size != file.bytes:
        raise IncompleteError(f"{path} differs from the manifest: bytes: {size}, the manifest says {file.bytes}")
    if not 0 <= file.records <= file.lines.bytes:
        held = in_units(file.lines.bytes)
        raise IncompleteError(f"{path}: the manifest says {count(file.records)} lines, and there are {held}")


class DigestCheck:
    """What was read of the lines of one file so far: how many bytes and lines, and their SHA-256."""

    def __init__(self, file: FileEntry) -> None:
        self._file = file
        self._digest = sha256()
        self.bytes = 0
        self.lines = 0

    def add(self, data: bytes, lines: int) -> None:
        """Add the next bytes; `lines` is the number of line ends in them."""
        self._digest.update(data)
        self.bytes += len(data)
        self.lines += lines

    def differences(self) -> Iterator[str]:
        """Yield what differs from the entry; call it when the whole file is added."""
        for what, found, expected in (
            ("bytes", self.bytes, self._file.lines.bytes),
            ("lines", self.lines, self._file.records),
            ("SHA-256", self._digest.hexdigest(), self._file.lines.sha256),
        ):
            if found != expected:
                yield f"{what}: {found}, the manifest says {shortened(str(expected), _LONGEST_VALUE)}"
