"""The part files of an interrupted run: pages that were published there are nowhere else.

A run that goes on from a snapshot that it published (PublishedEntry) has them there: then they are only read.

A run that is not interrupted writes most pages once: into the part files that it publishes. A resumed run writes its
part files anew, so those of the first run are put aside and read like the spool.
"""

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Final

from crawler.files.atomic import sync_folder, temporary_path
from crawler.files.closing import close_quietly
from crawler.files.removal import remove_contents
from crawler.snapshot.layout import PART, is_written_here

UNPUBLISHED: Final = "snapshot"  # the folder of the snapshot in the run's working folder, before it is published
EARLIER: Final = "earlier"


class EarlierParts:
    """Part files put aside in the folder of a run. Every method but `drop` and `close` raises OSError.

    `published` is the snapshot that has them instead, None when there is none.
    """

    def __init__(self, folder: Path, published: Path | None = None) -> None:
        self._folder = published or folder / EARLIER
        self._is_published = published is not None
        self._part = ""  # the open one: pages of one part are read one after the other
        self._descriptor = -1
        self._lock = Lock()  # the publisher reads, and so does who looks for the namespaces of a walk

    def put_aside(self) -> None:
        """Put the unpublished snapshot aside; do nothing when that was done before: the first run wrote the parts."""
        unpublished = self._folder.with_name(UNPUBLISHED)
        if not self._is_published and unpublished.is_dir() and not self._folder.exists():
            unpublished.rename(self._folder)
            sync_folder(self._folder.parent)

    def drop(self) -> None:
        """Remove the part files: no journal entry names them. Those of a published snapshot stay."""
        if self._is_published:
            return
        with suppress(OSError):
            if not remove_contents(self._folder, is_written_here):
                self._folder.rmdir()

    def read(self, part: str, at: int, size: int) -> bytes:
        """Return `size` bytes of a part, fewer at its end. Raises FileNotFoundError for a name that is no part."""
        with self._lock:
            if part != self._part:
                self.close()
                self._descriptor, self._part = self._open(part), part
            left = max(0, os.fstat(self._descriptor).st_size - at)
            return os.pread(self._descriptor, min(size, left), at)

    def _open(self, part: str) -> int:
        if not PART.fullmatch(part):
            raise FileNotFoundError(part)
        path = self._folder / part
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return os.open(temporary_path(path), os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Close the open part."""
        if self._part:
            self._part = ""
            close_quietly(self._descriptor)
