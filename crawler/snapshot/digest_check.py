"""Compares what is read of a file with its entry in the manifest (pure)."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from crawler.snapshot.manifest import FileEntry
from crawler.text.human import shortened

_LONGEST_VALUE: Final = 64  # a SHA-256 in hex; a manifest can say anything


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
