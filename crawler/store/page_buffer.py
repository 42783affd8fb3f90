"""The pages in memory: those that are not in the spool yet, and some that are, so that publishing need not read them.

    BUFFERED --take--> WRITING --on_written--> CACHED --forget--> EVICTED
                                     `-----------------------------^

A published page is dropped from here: its bytes are in a part file. Until it is in the spool, they are kept for that.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from threading import Lock
from typing import Final

import msgspec

from crawler.store.journal import Note, PageEntry, to_line

_MAX_CACHED_BYTES: Final = 4 * 2**20


class PageState(Enum):
    """Where the bytes of a page are."""

    BUFFERED = auto()  # in memory only
    WRITING = auto()  # in memory, and being written to the spool
    CACHED = auto()  # in memory and in the spool
    EVICTED = auto()  # in the spool only


TRANSITIONS: Final[Mapping[PageState, frozenset[PageState]]] = {
    PageState.BUFFERED: frozenset({PageState.WRITING}),
    PageState.WRITING: frozenset({PageState.CACHED, PageState.EVICTED}),
    PageState.CACHED: frozenset({PageState.EVICTED}),
    PageState.EVICTED: frozenset(),
}


class BufferedPage:
    """A page in memory; `number` is the one that its walk's index has for it."""

    __slots__ = ("entry", "lines", "number", "rejects", "state")

    def __init__(self, entry: PageEntry, lines: bytes, rejects: bytes, number: int) -> None:
        self.entry = entry
        self.lines = lines
        self.rejects = rejects
        self.number = number
        self.state = PageState.BUFFERED

    def become(self, state: PageState) -> None:
        """Go on to `state`; drop the bytes when the page is evicted. Raises ValueError for another order of states."""
        if state not in TRANSITIONS[self.state]:
            raise ValueError(f"a page that is {self.state.name} cannot become {state.name}")
        self.state = state
        if state is PageState.EVICTED:
            self.lines = self.rejects = b""

    def place(self, at: int) -> None:
        """Note that the bytes of the page begin at this offset of the spool."""
        self.entry = msgspec.structs.replace(self.entry, at=at)


BufferedEntry = BufferedPage | Note


class PageBuffer:
    """What was appended and not taken yet, and the bytes of pages that are not published yet.

    Its methods may be called by several threads: one appends, one writes, one publishes. Its lock is the only one of
    the write path, and held for changes in memory only. `waiting_bytes` are those of pages that are not written yet.
    """

    def __init__(self) -> None:
        self.waiting_bytes = 0
        self._lock = Lock()
        self._entries: list[BufferedEntry] = []  # in the order in which they were appended
        self._by_walk: dict[int, dict[int, BufferedPage]] = {}  # those with bytes here, by walk and number
        self._cached_bytes = 0

    def add_page(self, page: BufferedPage) -> None:
        """Append a page."""
        walk, size = page.entry.walk, page.entry.size
        with self._lock:
            self._entries.append(page)
            self.waiting_bytes += size
            if size and walk >= 0:  # the walk for a center's total is never published
                self._by_walk.setdefault(walk, {})[page.number] = page

    def add_note(self, note: Note) -> None:
        """Append what has no bytes; `journal.Note` lists what that is."""
        with self._lock:
            self._entries.append(note)

    def bytes_of(self, walk: int, number: int) -> tuple[bytes, bytes] | None:
        """Return the lines and rejects of a page, None when they are in the spool alone."""
        with self._lock:
            page = self._by_walk.get(walk, {}).get(number)
            return None if page is None else (page.lines, page.rejects)

    def take(self) -> list[BufferedEntry]:
        """Take everything that was appended, in its order; `on_written` must follow."""
        with self._lock:
            taken, self._entries = self._entries, []
            for entry in taken:
                if isinstance(entry, BufferedPage):
                    entry.become(PageState.WRITING)
        return taken

    def on_written(self, entries: Sequence[BufferedEntry]) -> None:
        """Note that these entries were written; keep the bytes of pages that are not published while there is room."""
        with self._lock:
            for page in entries:
                if isinstance(page, BufferedPage):
                    self.waiting_bytes -= page.entry.size
                    self._cache_or_evict(page)

    def _cache_or_evict(self, page: BufferedPage) -> None:
        size, pages = page.entry.size, self._by_walk.get(page.entry.walk, {})
        if page.number in pages and self._cached_bytes + size <= _MAX_CACHED_BYTES:
            page.become(PageState.CACHED)
            self._cached_bytes += size
        else:
            pages.pop(page.number, None)
            page.become(PageState.EVICTED)

    def forget(self, walk: int) -> None:
        """Drop the bytes of a walk that is published; those that are not written yet are kept until then."""
        if walk not in self._by_walk:  # without a lock for an empty walk: a registry may have many
            return
        with self._lock:
            for page in self._by_walk.pop(walk).values():
                if page.state is PageState.CACHED:
                    self._cached_bytes -= page.entry.size
                    page.become(PageState.EVICTED)


def journal_lines(entries: Sequence[BufferedEntry]) -> bytes:
    """Return the lines of the journal for these entries; their pages must be written."""
    return b"".join([to_line(entry.entry if isinstance(entry, BufferedPage) else entry) for entry in entries])
