"""The working log of a run: record lines in arrival order, and the journal that says whose they are.

What the journal claims is on the disk: the bytes of a page are written and synced before the journal line
that names them, and that line is synced before more is written. So a run can be killed at any instant, the machine's
power included, and the next one believes the journal as far as the bytes bear it out and asks for the rest again.

A page whose walk is published before the spool had to be written lies in a part of the snapshot alone, and the journal
says so: a run that is not interrupted writes most bytes once.
"""

import os
from array import array
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

import msgspec

from crawler.errors import DiskError
from crawler.files.atomic import blocks, sync_folder, write_all
from crawler.model.window import Window
from crawler.store.earlier import EarlierParts
from crawler.store.journal import Entry, LossEntry, PageEntry, checksum_of, page_of, read_lines, to_line
from crawler.swr.page import Page


class IndexEntry(NamedTuple):
    """What is known of a page without its bytes: `row` is its name within its walk, the rest as in a PageEntry."""

    row: int
    pass_number: int
    offset: int
    at: int
    part: int
    lines: int
    rejects: int
    records: int
    rejected: int
    outside: int


_ROW: Final = len(IndexEntry._fields) - 1
_AT: Final = IndexEntry._fields.index("at") - 1


class Extent(NamedTuple):
    """Where bytes lie: in a part of the snapshot in the making, or in the spool when `part` is empty."""

    part: str
    at: int


class BufferedPage:
    """A page in memory: until it lies on the disk, and after that while there is room, to publish it unread."""

    __slots__ = ("entry", "kept", "lines", "rejects", "row", "rows", "spot")

    def __init__(self, entry: PageEntry, lines: bytes, rejects: bytes, rows: "array[int]", row: int) -> None:
        self.entry = entry
        self.lines = lines
        self.rejects = rejects
        self.rows = rows
        self.row = row
        self.spot: Extent | None = None if entry.size else Extent("", 0)
        self.kept = False

    def line(self) -> bytes:
        """Give the line of the journal that names it."""
        if self.spot is None or not self.entry.size:
            return to_line(self.entry)
        return to_line(msgspec.structs.replace(self.entry, at=self.spot.at, part=self.spot.part))


class Spool:
    """An append-only log. `append_*` only remembers, `flush` writes; both may run in different threads.

    Made by `open_spool`. Every method that touches the disk raises DiskError with the file's name.
    """

    def __init__(self, folder: Path, pages_fd: int, journal_fd: int, *, sync: bool = True) -> None:
        self.folder = folder
        self._earlier = EarlierParts(folder)
        self._pages_fd = pages_fd
        self._journal_fd = journal_fd
        self._sync = sync
        self._lock = Lock()  # held while pages are written: they go out in the order they came
        self._naming = Lock()  # held while the journal is: its lines too
        self._gate = Lock()  # held while what is in memory changes: never for as long as the disk takes
        self._failed: DiskError | None = None
        self._end = os.fstat(pages_fd).st_size
        self._synced = self._end
        self._fresh = not os.fstat(journal_fd).st_size
        if not self._fresh:
            self._earlier.put_aside()
        self._parts = [""]  # by the number that the index has for them
        self._unnamed: list[BufferedPage | LossEntry] = []  # not in the journal yet
        self._unwritten: list[BufferedPage] = []  # when they came; in the order they did
        self._old = 0  # how many of those were there at the last flush
        self._coming: list[tuple[BufferedPage, Extent]] = []  # being written to parts
        self._held: dict[int, dict[int, BufferedPage]] = {}  # by walk and row
        self._kept_bytes = 0
        self.waiting_bytes = 0  # of pages that lie nowhere yet
        self.truncated_bytes = 0  # what `replay` cut off
        self._index: dict[int, array[int]] = {}  # a walk's pages, flat: 9 x 8 bytes a page

    # ---- what is remembered

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Remember a page of the walk with this index in the plan."""
        items = page.items
        entry = PageEntry(
            walk=walk,
            window=window,
            total=page.total,
            disagrees=page.disagrees,
            at=0,
            lines=len(items.lines),
            rejects=len(items.rejects),
            records=items.records,
            rejected=items.rejected,
            checksum=checksum_of(items.lines + items.rejects if items.rejects else items.lines),
            unknown=tuple(sorted(items.unknown)) if items.unknown else (),
            outside=items.outside,
        )
        rows, row = self._index_page(entry, 0)
        held = BufferedPage(entry, items.lines, items.rejects, rows, row)
        with self._gate:
            self._unnamed.append(held)
            if entry.size:
                self.waiting_bytes += entry.size
                self._unwritten.append(held)
                if walk >= 0:  # a census is never published
                    self._held.setdefault(walk, {})[row] = held

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Remember that a window was given up."""
        with self._gate:
            self._unnamed.append(LossEntry(walk, window, reason))

    def _index_page(self, entry: PageEntry, part: int) -> "tuple[array[int], int]":
        rows = self._index.setdefault(entry.walk, array("q"))
        row = len(rows)
        number, offset, _, _ = entry.window
        lines, rejects = entry.lines, entry.rejects
        rows.extend((number, offset, entry.at, part, lines, rejects, entry.records, entry.rejected, entry.outside))
        return rows, row

    # ---- what is written

    def write(self) -> None:
        """Write the pages that lie nowhere yet; what a power cut leaves of them, nobody knows before `flush`.

        After a failure every write and flush fails: what came later must not be believed without what was lost.
        """
        with self._lock, self._failing():
            self._write(len(self._unwritten))

    def _write(self, count: int) -> None:
        """Write the oldest so many of those that lay nowhere when they came."""
        with self._gate:
            taken, self._unwritten = self._unwritten[:count], self._unwritten[count:]
            self._old = len(self._unwritten)
            pages = [held for held in taken if held.spot is None]
            pieces = [piece for held in pages for piece in (held.lines, held.rejects)]
        for block in blocks(pieces):
            write_all(self._pages_fd, block)
        with self._gate:
            for held in pages:
                self._locate(held, Extent("", self._end))
                held.rows[held.row + _AT] = self._end
                self._end += held.entry.size
                self._keep(held)

    def flush(self, sync_parts: Callable[[], None] = lambda: None, *, young: bool = True) -> None:
        """Write what lies nowhere yet and make all of it durable, then name it in the journal; make that durable too.

        With `young` False what came since the last flush may lie nowhere for another while: it may be published before
        the next. `sync_parts` makes durable what was published; it raises DiskError. More may be written meanwhile: a
        disk takes as long for one page as for many.
        """
        with self._naming, self._failing():
            with self._lock:
                self._write(len(self._unwritten) if young else self._old)
                named, end = self._name(), self._end
            if not named:
                return
            if self._sync:
                self._sync_pages(end)
                if any(isinstance(one, BufferedPage) and one.spot and one.spot.part for one in named):
                    sync_parts()
            write_all(self._journal_fd, b"".join(map(_line, named)))
            if self._sync:
                os.fdatasync(self._journal_fd)

    def _name(self) -> list[BufferedPage | LossEntry]:
        """Take from what is not in the journal all before the first page that lies nowhere: it has just come."""
        with self._gate:
            places = enumerate(self._unnamed)
            end = next(
                (at for at, one in places if isinstance(one, BufferedPage) and one.spot is None), len(self._unnamed)
            )
            named, self._unnamed = self._unnamed[:end], self._unnamed[end:]
        return named

    def _sync_pages(self, end: int) -> None:
        if end > self._synced:
            os.fdatasync(self._pages_fd)
            self._synced = end

    @contextmanager
    def _failing(self) -> Iterator[None]:
        if self._failed is not None:
            raise self._failed
        try:
            yield
        except OSError as error:
            self._failed = DiskError(f"cannot write {self.folder}: {error.strerror}; {_GO_ON}")
            raise self._failed from None
        except DiskError as error:
            self._failed = error
            raise

    def _locate(self, held: BufferedPage, spot: Extent) -> None:
        """Note where a page lies; with the gate held."""
        if held.spot is None:
            self.waiting_bytes -= held.entry.size
        held.spot = spot

    def _keep(self, held: BufferedPage) -> None:
        """Keep a page that lies in the spool while there is room for it; with the gate held."""
        walk, size = held.entry.walk, held.entry.size
        pages = self._held.get(walk, {})
        if held.row in pages and self._kept_bytes + size <= _MOST_KEPT_BYTES:
            held.kept = True
            self._kept_bytes += size
        else:
            pages.pop(held.row, None)
            held.lines = held.rejects = b""

    # ---- what is published

    def pages(self, walk: int) -> list[IndexEntry]:
        """Give the stored pages of a walk in the order they came."""
        flat = self._index.get(walk, array("q"))
        return [IndexEntry(row, *flat[row : row + _ROW]) for row in range(0, len(flat), _ROW)]

    def bytes_of(self, walk: int, page: IndexEntry) -> tuple[bytes, bytes]:
        """Give the lines and rejects of a page of this walk, from memory where it is still there."""
        with self._gate:
            held = self._held.get(walk, {}).get(page.row)
            if held is not None:
                return held.lines, held.rejects
            at = self._index[walk][page.row + _AT]  # it may have been written since
        data = self._read(Extent(self._parts[page.part], at), page.lines + page.rejects)
        return data[: page.lines], data[page.lines :]

    def writing_to_part(self, walk: int, page: IndexEntry, spot: Extent) -> None:
        """Note that a page is being written to a part, all of it to this spot: see `part_written`.

        A run that goes on writes it to the spool as well: the parts of a run are put aside only once.
        """
        held = self._held.get(walk, {}).get(page.row)
        if self._fresh and held is not None and held.spot is None:
            self._coming.append((held, spot))

    def part_written(self) -> None:
        """Say that what was on its way is written, so that `flush` need only sync and name it."""
        coming, self._coming = self._coming, []
        with self._gate:
            for held, spot in coming:
                if held.spot is None:
                    self._locate(held, spot)
                    held.lines = held.rejects = b""

    def forget(self, walk: int) -> None:
        """Drop the index of a walk whose pages are needed no more, and what is kept of them."""
        self._index.pop(walk, None)
        if walk not in self._held:  # an empty walk: most are, in some registries
            return
        with self._gate:
            for held in self._held.pop(walk).values():
                if held.kept:
                    self._kept_bytes -= held.entry.size
                    held.lines = held.rejects = b""

    def _read(self, spot: Extent, size: int) -> bytes:
        if not size:
            return b""
        try:
            data = self._bytes_at(spot, size)
        except OSError as error:
            raise DiskError(f"cannot read {self.folder}: {error.strerror}; {_GO_ON}") from None
        if len(data) != size:
            raise DiskError(f"{self.folder} was cut short while the run was using it; {_GO_ON}")
        return data

    def _bytes_at(self, spot: Extent, size: int) -> bytes:
        return self._earlier.read(*spot, size) if spot.part else os.pread(self._pages_fd, size, spot.at)

    # ---- what is believed of an interrupted run

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
                        page = self._page_of(entry, end)
                        if page is None:
                            break
                        end += 0 if entry.part else entry.size
                        self._index_page(entry, self._number_of(entry.part))
                    believed += length
                    yield entry, page
            self._cut(believed, end)
            if len(self._parts) == 1:
                self._earlier.drop()
        except OSError as error:
            raise DiskError(f"cannot read {self.folder}: {error.strerror}; {_GO_ON}") from None

    def truncate(self) -> None:
        """Empty both files: what the journal tells can't have happened, so none of it is believed."""
        self._index.clear()
        try:
            self._cut(0, 0)
        except OSError as error:
            raise DiskError(f"cannot write {self.folder}: {error.strerror}; {_GO_ON}") from None

    def _number_of(self, part: str) -> int:
        if part not in self._parts:
            self._parts.append(part)
        return self._parts.index(part)

    def _page_of(self, entry: PageEntry, end: int) -> Page | None:
        data = self._bytes_of(entry, end)
        if data is None or checksum_of(data) != entry.checksum:
            return None
        return page_of(entry, data)

    def _bytes_of(self, entry: PageEntry, end: int) -> bytes | None:
        """Give the bytes that an entry names; None when they can't be there. Those in the spool follow each other."""
        size = entry.size
        if min(entry.lines, entry.rejects, entry.at) < 0:
            return None
        if not size:
            return b""
        if not entry.part and (entry.at != end or end + size > self._end):
            return None
        try:
            data = self._bytes_at(Extent(entry.part, entry.at), size)
        except FileNotFoundError:
            return None
        return data if len(data) == size else None

    def _cut(self, journal_end: int, pages_end: int) -> None:
        sizes = os.fstat(self._journal_fd).st_size, os.fstat(self._pages_fd).st_size
        self.truncated_bytes = sum(sizes) - journal_end - pages_end
        os.ftruncate(self._journal_fd, journal_end)
        os.ftruncate(self._pages_fd, pages_end)
        if self._sync and self.truncated_bytes:
            os.fdatasync(self._journal_fd)  # or a power cut might bring old lines back behind new ones
        self._end = self._synced = pages_end

    def close(self) -> None:
        """Close the files; what waits and was not flushed is forgotten."""
        self._earlier.close()
        os.close(self._pages_fd)
        os.close(self._journal_fd)


def _line(one: BufferedPage | LossEntry) -> bytes:
    return one.line() if isinstance(one, BufferedPage) else to_line(one)


_MOST_KEPT_BYTES: Final = 4 * 2**20
_PAGES: Final = "pages.ndjson"
_JOURNAL: Final = "journal"
_GO_ON: Final = "make room or mend it, then run the same command: it goes on"
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


def open_spool(folder: Path, *, sync: bool = True) -> Spool:
    """Open the spool in `folder`, which exists; `sync` False for a run that nobody will resume.

    It must be opened before the snapshot in the making is: that of an interrupted run is put aside.
    """
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
