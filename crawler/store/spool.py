"""The working log of a run: the bytes of its pages in the order in which they came, and a journal that names them.

The law: what the journal names is on the disk. Buffered pages are written and synced, then their journal entries are
appended and synced. So a run may be killed at any instant, even by a power cut; the next run replays the journal up to
the first entry whose checksum fails (replay.py) and requests the rest again.

Most bytes are written once. A page whose walk is published before the page had to be written lies in a part file of the
unpublished snapshot only, and its journal entry says so (earlier.py reads it after an interruption).

    append_* --> PageBuffer --> SpoolFiles: pages.ndjson, journal
                     |  PageIndex: where each page lies
    bytes_of <-------'
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from crawler.errors import DiskError
from crawler.files.disk_errors import ADVICE
from crawler.model.window import Window
from crawler.store.earlier import EarlierParts
from crawler.store.journal import Entry, Note, PageEntry, page_entry
from crawler.store.page_buffer import BufferedPage, PageBuffer, journal_line
from crawler.store.page_index import Extent, IndexEntry, PageIndex
from crawler.store.replay import read_history
from crawler.store.spool_files import SpoolFiles
from crawler.swr.page import Page


class _Writer:
    """Writes what is buffered. `write` and `flush` may run in different threads."""

    def __init__(self, files: SpoolFiles, buffer: PageBuffer) -> None:
        self._files = files
        self._buffer = buffer
        # The order of the locks: journal, write, and then the buffer's own.
        self._journal_lock = Lock()  # held while journal entries are written: they keep their order
        self._write_lock = Lock()  # held while pages are written: they keep theirs
        self._failure: DiskError | None = None

    def write(self) -> None:
        """Write all buffered pages."""
        with self._write_lock, self._failing():
            self._write(include_recent=True)

    def flush(self, sync_parts: Callable[[], None], *, include_recent: bool) -> None:
        """Write buffered pages and sync, then append their journal entries and sync."""
        with self._journal_lock, self._failing():
            with self._write_lock:
                self._write(include_recent=include_recent)
                entries, pages_end = self._buffer.take_journal_entries(), self._files.pages_end
            if not entries:
                return
            self._files.sync_pages(pages_end)
            if self._files.sync and any(map(_lies_in_part, entries)):
                sync_parts()
            self._files.append_journal(b"".join(map(journal_line, entries)))

    def _write(self, *, include_recent: bool) -> None:
        pages, pieces = self._buffer.take_unwritten(include_recent=include_recent)
        self._files.append_pages(pieces)
        self._files.pages_end = self._buffer.on_written(pages, self._files.pages_end)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Raise DiskError for an OSError; after the first error every later call fails with it."""
        if self._failure is not None:
            raise self._failure
        try:
            with _disk_errors("write", self._files.folder):
                yield
        except DiskError as error:
            self._failure = error
            raise


def _spooled(entry: Entry) -> int:
    """Return the number of bytes that an entry has in the spool."""
    return entry.size if isinstance(entry, PageEntry) and not entry.part else 0


def _lies_in_part(entry: BufferedPage | Note) -> bool:
    return isinstance(entry, BufferedPage) and entry.extent is not None and entry.extent.part != ""


class Spool:
    """An append-only log, made by `open_spool`.

    `append_*` only change memory; `write` and `flush` write. They may run in different threads. Every method that
    touches the disk raises DiskError with the name of the file. `truncated_bytes` is what `replay` cut off,
    `last_written` when the journal was written before (seconds since the epoch), `resumed` whether it held anything.
    """

    def __init__(self, files: SpoolFiles, published: Path | None) -> None:
        self.folder, self.last_written, self.resumed = files.folder, files.last_written, files.resumed
        self.truncated_bytes = 0
        self._files = files
        self._earlier = EarlierParts(files.folder, published)
        self._index = PageIndex()
        self._buffer = PageBuffer()
        self._writer = _Writer(files, self._buffer)
        if files.resumed:
            self._earlier.put_aside()

    @property
    def waiting_bytes(self) -> int:
        """The bytes of appended pages that are not written yet."""
        return self._buffer.waiting_bytes

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Append a page of the walk with this index in the plan."""
        entry = page_entry(walk, window, page)
        row = self._index.add(entry)
        self._buffer.add_page(BufferedPage(entry, page.items.lines, page.items.rejects, row))

    def append_note(self, note: Note) -> None:
        """Append what has no bytes; `journal.Note` lists what that is."""
        self._index.apply(note)
        self._buffer.add_note(note)

    # ---- writing

    def write(self) -> None:
        """Write all buffered pages; only `flush` makes them durable.

        After a failure every `write` and `flush` fails: a journal must not name what came after a lost page.
        """
        self._writer.write()

    def flush(self, sync_parts: Callable[[], None] = lambda: None, *, include_recent: bool = True) -> None:
        """Write buffered pages and sync, then append their journal entries and sync.

        Without `include_recent` pages that came since the last flush stay in memory: they may be published before the
        next one. `sync_parts` syncs the part files; it raises DiskError. More may be written during a sync: a disk
        takes as long for one page as for many.
        """
        self._writer.flush(sync_parts, include_recent=include_recent)

    # ---- publishing

    def pages(self, walk: int) -> list[IndexEntry]:
        """Return the pages of a walk in the order in which they came."""
        return self._index.pages(walk)

    def bytes_of(self, walk: int, page: IndexEntry) -> tuple[bytes, bytes]:
        """Return the lines and rejects of a page, from memory when they are there."""
        buffered = self._buffer.bytes_of(walk, page.row)
        if buffered is not None:
            return buffered
        size = page.lines + page.rejects
        with _disk_errors("read", self.folder):
            data = self._bytes_at(self._index.extent_of(walk, page), size)
        if len(data) != size:
            raise DiskError(f"{self.folder} was cut short while the run was using it; {ADVICE}")
        return data[: page.lines], data[page.lines :]

    def writing_to_part(self, walk: int, page: IndexEntry, extent: Extent) -> None:
        """Note that all bytes of a page are being written to a part file; see `part_written`.

        A resumed run writes them to the spool as well: part files are put aside only once.
        """
        if not self._files.resumed:
            self._buffer.writing_to_part(walk, page.row, extent)

    def part_written(self) -> None:
        """Note that the part files are written: `flush` need only sync them and append the journal entries."""
        self._buffer.part_written()

    def forget(self, walk: int) -> None:
        """Drop what memory holds of a walk: it is published."""
        self._index.forget(walk)
        self._buffer.forget(walk)

    def _bytes_at(self, extent: Extent, size: int) -> bytes:
        return self._earlier.read(*extent, size) if extent.part else self._files.read_pages(extent.at, size)

    # ---- resuming

    def replay(self) -> Generator[tuple[Entry, Page | None]]:
        """Yield what the interrupted run did, oldest first: each entry, and the page of a page entry.

        Ends at the first entry that the files do not prove, and truncates both files there.
        """
        journal_end, pages_end = 0, 0
        with _disk_errors("read", self.folder):
            with self._files.open_journal() as journal:
                for one in read_history(journal, self._bytes_at, self._files.pages_end):
                    journal_end, pages_end = journal_end + one.length, pages_end + _spooled(one.entry)
                    if not one.is_superseded:
                        self._index.replay(one.entry)
                        yield one.entry, one.page
            self.truncated_bytes = self._files.truncate(journal_end, pages_end)
            if not self._index.has_parts:
                self._earlier.drop()

    def truncate(self) -> None:
        """Empty both files: the journal contradicts the plan, so none of it is replayed."""
        self._index.clear()
        with _disk_errors("write", self.folder):
            self.truncated_bytes = self._files.truncate(0, 0)

    def close(self) -> None:
        """Close the files; what was not flushed is lost."""
        self._earlier.close()
        self._files.close()


def open_spool(folder: Path, *, sync: bool = True, published: Path | None = None) -> Spool:
    """Open the spool in `folder`, which must exist; `sync` False for a run that is never resumed.

    `published` is the snapshot that has the part files which the journal names, None when the run's folder has them.
    Open it before PartFiles: it puts the unpublished part files of an interrupted run aside. Raises DiskError.
    """
    with _disk_errors("open the spool in", folder):
        files = SpoolFiles(folder, sync=sync)
        try:
            return Spool(files, published)
        except OSError:
            files.close()
            raise


@contextmanager
def _disk_errors(do: str, folder: Path) -> Iterator[None]:
    """Raise DiskError for an OSError; it says what the program could not `do`."""
    try:
        yield
    except OSError as error:
        raise DiskError(f"cannot {do} {folder}: {error.strerror}; {ADVICE}") from None
