"""The working log of a run: the bytes of its pages in the order in which they came, and a journal that names them.

The law: what the journal names is on the disk. Buffered pages are written and synced, then their journal entries are
appended and synced. So a run may be killed at any instant, even by a power cut; the next run replays the journal up to
the first entry whose checksum fails (replay.py) and requests the rest again.

    append_* --> PageBuffer --flush--> SpoolFiles: pages.ndjson, journal
                     |  PageIndex: where each page lies
    bytes_of <-------'
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from crawler.errors import DiskError
from crawler.files.disk_errors import ADVICE, reason_and_advice
from crawler.model.window import Window
from crawler.store.journal import Entry, Note, PageEntry, page_entry
from crawler.store.page_buffer import BufferedEntry, BufferedPage, PageBuffer, journal_lines
from crawler.store.page_index import PageIndex, StoredPage
from crawler.store.replay import read_history
from crawler.store.spool_files import SpoolFiles
from crawler.swr.page import Page

# Small pages are read with those behind them: a thread that reads one by one interrupts the event loop at every page.
_SMALL_PAGE_BYTES: Final = 2**18
_READ_BYTES: Final = 2**20


class Spool:
    """An append-only log, made by `open_spool`.

    `append_*` only change memory; `flush` writes, in one thread at a time. Every method that touches the disk raises
    DiskError with the name of the file. `truncated_bytes` is what `replay` cut off, `last_written` when the journal was
    written before (seconds since the epoch).
    """

    def __init__(self, files: SpoolFiles) -> None:
        self.folder, self.last_written = files.folder, files.last_written
        self.truncated_bytes = 0
        self._files = files
        self._index = PageIndex()
        self._buffer = PageBuffer()
        self._failure: DiskError | None = None
        self._read = (0, b"")  # the block of pages.ndjson that was read last, and its offset

    @property
    def waiting_bytes(self) -> int:
        """The bytes of appended pages that are not written yet."""
        return self._buffer.waiting_bytes

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Append a page of the walk with this index in the plan."""
        entry = page_entry(walk, window, page)
        number = self._index.add(entry)
        self._buffer.add_page(BufferedPage(entry, page.items.lines, page.items.rejects, number))

    def append_note(self, note: Note) -> None:
        """Append what has no bytes; `journal.Note` lists what that is."""
        self._index.apply(note)
        self._buffer.add_note(note)

    def flush(self) -> None:
        """Write buffered pages and sync, then append their journal entries and sync.

        After a failure every later call fails with it: a journal must not name what came after a lost page.
        """
        if self._failure is not None:
            raise self._failure
        try:
            with _disk_errors("write", self.folder):
                self._write(self._buffer.take())
        except DiskError as error:
            self._failure = error
            raise

    def _write(self, entries: list[BufferedEntry]) -> None:
        if not entries:
            return
        pages = [entry for entry in entries if isinstance(entry, BufferedPage) and entry.entry.size]
        at = self._files.append_pages([piece for page in pages for piece in (page.lines, page.rejects)])
        for page in pages:
            page.place(at)
            self._index.place(page.entry.walk, page.number, at)
            at += page.entry.size
        self._buffer.on_written(entries)
        self._files.sync_pages()
        self._files.append_journal(journal_lines(entries))

    # ---- publishing

    def pages(self, walk: int) -> list[StoredPage]:
        """Return the pages of a walk in the order in which they came."""
        return self._index.pages(walk)

    def bytes_of(self, walk: int, page: StoredPage) -> tuple[bytes, bytes]:
        """Return the lines and rejects of a page, from memory when they are there."""
        buffered = self._buffer.bytes_of(walk, page.number)
        if buffered is not None:
            return buffered
        at = self._index.place_of(walk, page.number)
        begin, block = self._read
        if not begin <= at <= at + page.size <= begin + len(block):
            with _disk_errors("read", self.folder):
                block = self._files.read_pages(at, _READ_BYTES if page.size < _SMALL_PAGE_BYTES else page.size)
            begin, self._read = at, (at, block)
        data = block[at - begin : at - begin + page.size]
        if len(data) != page.size:
            raise DiskError(f"{self.folder} was cut short while the run was using it; {ADVICE}")
        return data[: page.lines], data[page.lines :]

    def forget(self, walk: int) -> None:
        """Drop what memory holds of a walk: it is published."""
        self._index.forget(walk)
        self._buffer.forget(walk)

    # ---- resuming

    def replay(self) -> Generator[tuple[Entry, Page | None]]:
        """Yield what the interrupted run did, oldest first: each entry, and the page of a page entry.

        Ends at the first entry that the files do not prove, and truncates both files there.
        """
        journal_end, pages_end = 0, 0
        with _disk_errors("read", self.folder):
            with self._files.open_journal() as journal:
                for one in read_history(journal, self._files.read_pages, self._files.pages_end):
                    journal_end += one.length
                    pages_end += one.entry.size if isinstance(one.entry, PageEntry) else 0
                    if not one.is_superseded:
                        self._index.replay(one.entry)
                        yield one.entry, one.page
            self.truncated_bytes = self._files.truncate(journal_end, pages_end)

    def truncate(self) -> None:
        """Empty both files: the journal contradicts the plan, so none of it is replayed."""
        self._index.clear()
        self._read = (0, b"")
        with _disk_errors("write", self.folder):
            self.truncated_bytes = self._files.truncate(0, 0)

    def close(self) -> None:
        """Close the files; what was not flushed is lost."""
        self._files.close()


def open_spool(folder: Path, *, sync: bool = True) -> Spool:
    """Open the spool in `folder`, which must exist; `sync` False for a run that is never resumed. Raises DiskError."""
    with _disk_errors("open the spool in", folder):
        return Spool(SpoolFiles(folder, sync=sync))


@contextmanager
def _disk_errors(do: str, folder: Path) -> Iterator[None]:
    """Raise DiskError for an OSError; it says what the program could not `do`."""
    try:
        yield
    except OSError as error:
        raise DiskError(f"cannot {do} {folder}: {reason_and_advice(error)}") from None
