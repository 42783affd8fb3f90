"""The pages in memory: those that are not written yet, and some that were, so that they are published without reading.

    appended --> written to the spool ------> named in the journal
        |                                          ^
        `------> written to a part file -----------'

Pages enter the journal in the order in which they were appended, each after its bytes were written.
"""

from threading import Lock
from typing import Final

import msgspec

from crawler.store.journal import Note, PageEntry, to_line
from crawler.store.page_index import Extent, IndexRow

_MAX_CACHED_BYTES: Final = 4 * 2**20


class BufferedPage:
    """A page in memory. `extent` is None until its bytes are written; `cached` ones are kept after that."""

    __slots__ = ("cached", "entry", "extent", "lines", "rejects", "row")

    def __init__(self, entry: PageEntry, lines: bytes, rejects: bytes, row: IndexRow) -> None:
        self.entry = entry
        self.lines = lines
        self.rejects = rejects
        self.row = row
        self.extent: Extent | None = None if entry.size else Extent("", 0)
        self.cached = False

    def drop_bytes(self) -> None:
        """Drop the bytes: they can be read from the disk."""
        self.lines = self.rejects = b""


class PageBuffer:
    """What is appended and not in the journal yet, and the bytes of pages that are not published yet.

    All methods may be called by several threads. `waiting_bytes` are those of pages that are not written yet.
    """

    def __init__(self) -> None:
        self.waiting_bytes = 0
        self._lock = Lock()  # held for changes in memory only, never while the disk is busy
        self._unjournaled: list[BufferedPage | Note] = []  # in the order in which they were appended
        self._unwritten: list[BufferedPage] = []  # pages that had no extent when they were appended, in their order
        self._old = 0  # how many of those were there when pages were last taken
        self._going_to_parts: list[tuple[BufferedPage, Extent]] = []
        self._by_walk: dict[int, dict[int, BufferedPage]] = {}  # by walk and start of the row
        self._cached_bytes = 0

    def add_page(self, page: BufferedPage) -> None:
        """Add an appended page."""
        walk, size = page.entry.walk, page.entry.size
        with self._lock:
            self._unjournaled.append(page)
            if size:
                self.waiting_bytes += size
                self._unwritten.append(page)
                if walk >= 0:  # the walk for a center's total is never published
                    self._by_walk.setdefault(walk, {})[page.row.start] = page

    def add_note(self, entry: Note) -> None:
        """Add what has no bytes; `journal.Note` lists what that is."""
        with self._lock:
            self._unjournaled.append(entry)

    def bytes_of(self, walk: int, row_start: int) -> tuple[bytes, bytes] | None:
        """Return the lines and rejects of a page, None when they are on the disk alone."""
        with self._lock:
            page = self._by_walk.get(walk, {}).get(row_start)
            return None if page is None else (page.lines, page.rejects)

    # ---- to the spool

    def take_unwritten(self, *, include_recent: bool) -> tuple[list[BufferedPage], list[bytes]]:
        """Take the pages to write now, with their bytes; without `include_recent` those of the last call at least.

        `on_written` must follow.
        """
        with self._lock:
            count = len(self._unwritten) if include_recent else self._old
            taken, self._unwritten = self._unwritten[:count], self._unwritten[count:]
            self._old = len(self._unwritten)
            pages = [page for page in taken if page.extent is None]
            return pages, [piece for page in pages for piece in (page.lines, page.rejects)]

    def on_written(self, pages: list[BufferedPage], at: int) -> int:
        """Note that these pages were written to the spool, one after the other from the offset `at`; return the end."""
        with self._lock:
            for page in pages:
                self._place(page, Extent("", at))
                page.row.set_at(at)
                at += page.entry.size
                self._cache(page)
        return at

    def _place(self, page: BufferedPage, extent: Extent) -> None:
        if page.extent is None:
            self.waiting_bytes -= page.entry.size
        page.extent = extent

    def _cache(self, page: BufferedPage) -> None:
        """Keep the bytes of a written page while there is room."""
        size = page.entry.size
        pages = self._by_walk.get(page.entry.walk, {})
        if page.row.start in pages and self._cached_bytes + size <= _MAX_CACHED_BYTES:
            page.cached = True
            self._cached_bytes += size
        else:
            pages.pop(page.row.start, None)
            page.drop_bytes()

    def take_journal_entries(self) -> list[BufferedPage | Note]:
        """Take, in their order, the entries before the first page that is not written."""
        with self._lock:
            entries = enumerate(self._unjournaled)
            end = next(
                (at for at, one in entries if isinstance(one, BufferedPage) and one.extent is None),
                len(self._unjournaled),
            )
            taken, self._unjournaled = self._unjournaled[:end], self._unjournaled[end:]
        return taken

    # ---- to part files

    def writing_to_part(self, walk: int, row_start: int, extent: Extent) -> None:
        """Note that a page is being written to a part file, unless it was written before; see `part_written`."""
        page = self._by_walk.get(walk, {}).get(row_start)
        if page is not None and page.extent is None:
            self._going_to_parts.append((page, extent))

    def part_written(self) -> None:
        """Note that all pages that were being written to part files are written."""
        going, self._going_to_parts = self._going_to_parts, []
        with self._lock:
            for page, extent in going:
                if page.extent is None:
                    self._place(page, extent)
                    page.drop_bytes()

    def forget(self, walk: int) -> None:
        """Drop the cached bytes of a walk: it is published."""
        if walk not in self._by_walk:  # without a lock for an empty walk: a registry may have many
            return
        with self._lock:
            for page in self._by_walk.pop(walk).values():
                if page.cached:
                    self._cached_bytes -= page.entry.size
                    page.drop_bytes()


def journal_line(entry: BufferedPage | Note) -> bytes:
    """Return the line of the journal for an entry; a page must be written."""
    if not isinstance(entry, BufferedPage):
        return to_line(entry)
    if entry.extent is None or not entry.entry.size:
        return to_line(entry.entry)
    return to_line(msgspec.structs.replace(entry.entry, at=entry.extent.at, part=entry.extent.part))
