"""The two files of a spool: pages.ndjson with the bytes of pages, and the journal that names them."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

from crawler.files.atomic import coalesced, write_all
from crawler.files.closing import close_quietly
from crawler.files.regular import check_regular
from crawler.files.sync import sync_data, sync_folder
from crawler.snapshot.layout import JOURNAL, PAGES

# No link is followed: both files are truncated.
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class SpoolFiles:
    """Both files, open for appending. Every method raises OSError.

    With `sync` False nothing is made durable. `pages_end` is the size of pages.ndjson in bytes, `last_written` when the
    journal was written before it was opened (seconds since the epoch).
    """

    def __init__(self, folder: Path, *, sync: bool) -> None:
        self.folder = folder
        self.sync = sync
        with ExitStack() as opened:
            self._pages_fd = _open(folder / PAGES, opened)
            self._journal_fd = _open(folder / JOURNAL, opened)
            if sync:
                sync_folder(folder)  # after a power cut synced bytes need a name too
            self.pages_end = os.fstat(self._pages_fd).st_size
            self.last_written = os.fstat(self._journal_fd).st_mtime
            opened.pop_all()
        self._synced_end = self.pages_end

    def append_pages(self, pieces: Iterable[bytes]) -> int:
        """Append bytes of pages; return the offset at which they begin."""
        begin = self.pages_end
        for block in coalesced(pieces):
            write_all(self._pages_fd, block)
            self.pages_end += len(block)
        return begin

    def sync_pages(self) -> None:
        """Make the bytes of pages durable."""
        if self.sync and self.pages_end > self._synced_end:
            sync_data(self._pages_fd)
            self._synced_end = self.pages_end

    def append_journal(self, lines: bytes) -> None:
        """Append lines to the journal and make them durable."""
        write_all(self._journal_fd, lines)
        if self.sync:
            sync_data(self._journal_fd)

    def read_pages(self, at: int, size: int) -> bytes:
        """Return `size` bytes of pages from the offset `at`, fewer at the end of the file."""
        return os.pread(self._pages_fd, size, at)

    def open_journal(self) -> BinaryIO:
        """Return the journal, open for reading from its beginning."""
        return (self.folder / JOURNAL).open("rb")

    def truncate(self, journal_end: int, pages_end: int) -> int:
        """Truncate both files to these sizes; return the number of bytes that were cut off."""
        sizes = os.fstat(self._journal_fd).st_size + os.fstat(self._pages_fd).st_size
        truncated = sizes - journal_end - pages_end
        os.ftruncate(self._journal_fd, journal_end)
        os.ftruncate(self._pages_fd, pages_end)
        if self.sync and truncated:
            sync_data(self._journal_fd)  # or a power cut might bring old lines back behind new ones
        self.pages_end = self._synced_end = pages_end
        return truncated

    def close(self) -> None:
        """Close both files; what the journal names is synced."""
        close_quietly(self._pages_fd)
        close_quietly(self._journal_fd)


def _open(path: Path, opened: ExitStack) -> int:
    descriptor = os.open(path, _FLAGS, 0o666)
    opened.callback(os.close, descriptor)
    check_regular(descriptor, path)  # a pipe of that name would be waited for
    return descriptor
