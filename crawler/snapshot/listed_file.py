"""Opens a file that a manifest lists, once the disk says of it what the manifest says, and compares what is read."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from crawler.errors import IncompleteError
from crawler.files.regular import open_regular, size_of
from crawler.snapshot.manifest import FileEntry
from crawler.text.human import count, shortened
from crawler.text.human import size as in_units

_LONGEST_VALUE: Final = 64  # a SHA-256 in hex; a manifest can say anything


def open_checked(folder: Path, file: FileEntry) -> BinaryIO:
    """Return a file of a snapshot's folder, open for reading and without a buffer.

    Raises IncompleteError when it is no regular file inside the folder, has another size than its entry, or fewer bytes
    than its entry has records.
    """
    opened = open_listed(folder, file)
    try:
        _check_size(folder / file.path, file, size_of(opened))
    except BaseException:
        opened.close()
        raise
    return opened


def open_listed(folder: Path, file: FileEntry) -> BinaryIO:
    """Return the file as `open_checked` does, whatever its size is."""
    path = folder / file.path
    try:
        return open_regular(path, within=folder, buffering=0)
    except OSError as error:
        raise IncompleteError(f"{path}: {error.strerror}; the manifest names it as a file of this snapshot") from None


def _check_size(path: Path, file: FileEntry, size: int) -> None:
    if size != file.bytes:
        raise IncompleteError(f"{path} differs from the manifest: bytes: {size}, the manifest says {file.bytes}")
    if not 0 <= file.records <= size:
        raise IncompleteError(f"{path}: the manifest says {count(file.records)} lines, and there are {in_units(size)}")


class DigestCheck:
    """The bytes of one file that were read so far: how many, their lines, and their SHA-256."""

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
            ("bytes", self.bytes, self._file.bytes),
            ("lines", self.lines, self._file.records),
            ("SHA-256", self._digest.hexdigest(), self._file.sha256),
        ):
            if found != expected:
                yield f"{what}: {found}, the manifest says {shortened(str(expected), _LONGEST_VALUE)}"
