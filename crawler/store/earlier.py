"""The parts that an interrupted run had begun: pages that were published there lie nowhere else.

A run that is not interrupted writes a page once where it can: into the part that it publishes. One that goes on makes
its parts anew, so those of the first one are put aside, to be read like the spool.
"""

import os
import shutil
from pathlib import Path
from typing import Final

from crawler.files.atomic import sync_folder, temporary_of
from crawler.snapshot.layout import PART, UNPUBLISHED

_EARLIER: Final = "earlier"


class EarlierParts:
    """Parts put aside in a run's folder. Each method but `close` raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _EARLIER
        self._part = ""  # the one that is open: what was published together is asked for together
        self._descriptor = -1

    def put_aside(self) -> None:
        """Put the snapshot in the making aside, unless that was done before: then the first one's parts are."""
        shelf = self._folder.with_name(UNPUBLISHED)
        if shelf.is_dir() and not self._folder.exists():
            shelf.rename(self._folder)
            sync_folder(self._folder.parent)

    def drop(self) -> None:
        """Drop what nothing refers to."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def read(self, part: str, at: int, size: int) -> bytes:
        """Read `size` bytes of a part, fewer where it is shorter; raises FileNotFoundError when it is none."""
        if part != self._part:
            self.close()
            self._descriptor, self._part = self._open(part), part
        there = max(0, os.fstat(self._descriptor).st_size - at)
        return os.pread(self._descriptor, min(size, there), at)

    def _open(self, part: str) -> int:
        if not PART.fullmatch(part):
            raise FileNotFoundError(part)
        path = self._folder / part
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return os.open(temporary_of(path), os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Close the part that is open."""
        if self._part:
            self._part = ""
            os.close(self._descriptor)
