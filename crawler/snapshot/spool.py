"""The working log of a run: record lines in arrival order, and the journal that says whose they are.

What the journal claims is on the disk: the bytes of a page are written and synced before the journal line
that names them, and that line is synced before more is written. So a run can be killed at any instant, the machine's
power included, and the next one believes the journal as far as the bytes bear it out and asks for the rest again.
"""

import os
from array import array
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

from crawler.api.page import Page
from crawler.api.record import Reading, key_of_line, key_of_reject
from crawler.errors import DiskError
from crawler.snapshot.files import sync_folder
from crawler.snapshot.journal import Entry, LossEntry, PageEntry, read_lines, to_line
from crawler.walking.passes import Window


class Stored(NamedTuple):
    """Where a page lies in the spool: its record lines at `[at, at + lines)`, its rejects behind them."""

    pass_number: int
    offset: int
    at: int
    lines: int
    rejects: int
    records: int
    rejected: int
    outside: int


class Spool:
    """An append-only log. `append_*` only remembers, `flush` writes; both may run in different threads.

    Made by `open_spool`. Every method that touches the disk raises DiskError with the file's name.
    """

    def __init__(self, folder: Path, pages_fd: int, journal_fd: int, *, sync: bool = True) -> None:
        self.folder = folder
        self._pages_fd = pages_fd
        self._journal_fd = journal_fd
        self._sync = sync
        self._lock = Lock()  # held while pages are written: they go out in the order they came
        self._naming = Lock()  # held while the journal is: its lines too
        self._unnamed: list[bytes] = []  # journal lines of pages that are written and not yet synced
        self._gate = Lock()  # held while what waits changes: never for as long as the disk takes
        self._failed: DiskError | None = None
        self._at = os.fstat(pages_fd).st_size
        self._written = self._at
        self._waiting: list[tuple[bytes, bytes, bytes]] = []  # record lines, reject lines, journal line
        self.waiting_bytes = 0
        self.disbelieved_bytes = 0  # what `replay` cut off
        self._index: dict[int, array[int]] = {}  # a walk's pages, flat: 8 x 8 bytes a page
        self._kept: dict[int, dict[int, bytes]] = {}  # of a walk, by where they lie: pages to publish without reading
        self._kept_bytes = 0

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Remember a page of the walk with this index in the plan."""
        items = page.items
        entry = PageEntry(
            walk=walk,
            window=window,
            total=page.total,
            disagrees=page.disagrees,
            at=self._at,
            lines=len(items.lines),
            rejects=len(items.rejects),
            records=items.records,
            rejected=items.rejected,
            crc=crc32(items.rejects, crc32(items.lines)),
            unknown=tuple(sorted(items.unknown)),
            outside=items.outside,
        )
        self._index_page(entry)
        self._keep(entry, items.lines, items.rejects)
        self._append(items.lines, items.rejects, entry)

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Remember that a window was given up."""
        self._append(b"", b"", LossEntry(walk, window, reason))

    def _keep(self, entry: PageEntry, lines: bytes, rejects: bytes) -> None:
        """Keep a page in memory while there is room: what came first is published first, and makes room again."""
        size = entry.lines + entry.rejects
        with self._gate:
            # A census, below 0, is never published; an empty page lies where the next one does.
            if entry.walk >= 0 and size and self._kept_bytes + size <= _MOST_KEPT_BYTES:
                self._kept.setdefault(entry.walk, {})[entry.at] = lines + rejects  # without rejects it is no copy
                self._kept_bytes += size

    def _append(self, lines: bytes, rejects: bytes, entry: Entry) -> None:
        line = to_line(entry)
        with self._gate:
            self._at += len(lines) + len(rejects)
            self.waiting_bytes += len(lines) + len(rejects) + len(line)
            self._waiting.append((lines, rejects, line))

    def _index_page(self, entry: PageEntry) -> None:
        window = entry.window
        place = (window.pass_number, window.offset, entry.at, entry.lines, entry.rejects, entry.records)
        self._index.setdefault(entry.walk, array("q")).extend((*place, entry.rejected, entry.outside))

    def write(self) -> None:
        """Write the pages that wait; what a power cut leaves of them, nobody knows before `flush`.

        After a failure every write and flush fails: what came later must not be believed without what was lost.
        """
        with self._lock, self._failing():
            with self._gate:
                waiting, self._waiting, self.waiting_bytes = self._waiting, [], 0
            pages = b"".join(part for lines, rejects, _ in waiting for part in (lines, rejects))
            _write(self._pages_fd, pages)
            self._written += len(pages)
            self._unnamed += [line for _, _, line in waiting]

    def flush(self) -> None:
        """Write what waits and make it durable, then name it in the journal, and make that durable too.

        More may be written meanwhile: a disk takes as long for one page as for many.
        """
        self.write()
        with self._naming, self._failing():
            with self._lock:
                named, self._unnamed = b"".join(self._unnamed), []
            if not named:
                return
            if self._sync:
                os.fdatasync(self._pages_fd)
            _write(self._journal_fd, named)
            if self._sync:
                os.fdatasync(self._journal_fd)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        if self._failed is not None:
            raise self._failed
        try:
            yield
        except OSError as error:
            self._failed = DiskError(f"cannot write {self.folder}: {error.strerror}; {_GO_ON}")
            raise self._failed from None

    def pages(self, walk: int) -> list[Stored]:
        """Give the stored pages of a walk in the order they came."""
        flat = self._index.get(walk, array("q"))
        step = len(Stored._fields)
        return [Stored(*flat[start : start + step]) for start in range(0, len(flat), step)]

    def forget(self, walk: int) -> None:
        """Drop the index of a walk whose pages are needed no more."""
        self._index.pop(walk, None)
        with self._gate:
            self._kept_bytes -= sum(map(len, self._kept.pop(walk, {}).values()))

    def bytes_of(self, walk: int, page: Stored) -> bytes:
        """Give the lines and rejects of a page of this walk, from memory where it is still there."""
        size = page.lines + page.rejects
        if not size:
            return b""
        kept = self._kept.get(walk, {}).get(page.at)
        return self.bytes_at(page.at, size) if kept is None else kept

    def bytes_at(self, at: int, size: int) -> bytes:
        """Read `size` bytes of the spool; what waits is written first when they are among it."""
        if at + size > self._written:
            self.write()
        try:
            data = os.pread(self._pages_fd, size, at)
        except OSError as error:
            raise DiskError(f"cannot read {self.folder}: {error.strerror}; {_GO_ON}") from None
        if len(data) != size:
            raise DiskError(f"{self.folder} was cut short while the run was using it; {_GO_ON}")
        return data

    def replay(self) -> Generator[tuple[Entry, Page | None]]:
        """Give what the run did so far, oldest first: each entry, and for a page what it was.

        Ends at the first entry that the files don't bear out, and cuts both files there.
        """
        believed, end = 0, 0
        try:
            with Path(self.folder, _JOURNAL).open("rb") as journal:
                for entry, length in read_lines(journal):
                    page = None
                    if isinstance(entry, PageEntry):
                        page = self._page_of(entry) if entry.at == end else None
                        if page is None:
                            break
                        end = entry.end
                        self._index_page(entry)
                    believed += length
                    yield entry, page
            self._cut(believed, end)
        except OSError as error:
            raise DiskError(f"cannot read {self.folder}: {error.strerror}; {_GO_ON}") from None

    def disbelieve(self) -> None:
        """Empty both files: what the journal tells can't have happened, so none of it is believed."""
        self._index.clear()
        self._kept.clear()
        self._kept_bytes = 0
        try:
            self._cut(0, 0)
        except OSError as error:
            raise DiskError(f"cannot write {self.folder}: {error.strerror}; {_GO_ON}") from None

    def _page_of(self, entry: PageEntry) -> Page | None:
        if min(entry.lines, entry.rejects) < 0 or entry.end > self._at:
            return None
        data = os.pread(self._pages_fd, entry.lines + entry.rejects, entry.at)
        if len(data) != entry.lines + entry.rejects or crc32(data) != entry.crc:
            return None
        lines, rejects = data[: entry.lines], data[entry.lines :]
        try:
            keys = [key_of_line(line) for line in lines.splitlines()]  # no raw control character is in JSON
            keys += [key_of_reject(line) for line in rejects.splitlines()]
        except _NO_LINES:
            return None
        if len(keys) != entry.records + entry.rejected or min(entry.records, entry.rejected) < 0:
            return None
        unknown = frozenset(entry.unknown)
        items = Reading(b"", b"", entry.records, entry.rejected, keys, frozenset(), unknown, entry.outside)
        return Page(items, entry.total, entry.disagrees)

    def _cut(self, journal_end: int, pages_end: int) -> None:
        sizes = os.fstat(self._journal_fd).st_size, os.fstat(self._pages_fd).st_size
        self.disbelieved_bytes = sum(sizes) - journal_end - pages_end
        os.ftruncate(self._journal_fd, journal_end)
        os.ftruncate(self._pages_fd, pages_end)
        if self._sync and self.disbelieved_bytes:
            os.fdatasync(self._journal_fd)  # or a power cut might bring old lines back behind new ones
        self._at = self._written = pages_end

    def close(self) -> None:
        """Close the files; what waits and was not flushed is forgotten."""
        os.close(self._pages_fd)
        os.close(self._journal_fd)


_MOST_KEPT_BYTES: Final = 8 * 2**20  # a walk of 10 000 records is 5 MB
_PAGES: Final = "pages.ndjson"
_JOURNAL: Final = "journal"
_GO_ON: Final = "make room or mend it, then run the same command: it goes on"
# What lines are read with raises these of lines that this program never wrote.
_NO_LINES: Final = (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


def open_spool(folder: Path, *, sync: bool = True) -> Spool:
    """Open the spool in `folder`, which exists; `sync` False for a run that nobody will resume."""
    descriptors = []
    try:
        for name in (_PAGES, _JOURNAL):
            descriptors.append(os.open(folder / name, _FLAGS, 0o666))  # noqa: PERF401 - those opened must be closed
        if sync:
            sync_folder(folder)  # after a power cut synced bytes need a name too
        return Spool(folder, *descriptors, sync=sync)
    except OSError as error:
        for descriptor in descriptors:
            os.close(descriptor)
        raise DiskError(f"cannot open the spool in {folder}: {error.strerror}; {_GO_ON}") from None


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
