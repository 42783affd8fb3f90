"""Where the pages of each walk lie, without their bytes (pure): ten numbers a page, in one flat array a walk."""

from array import array
from typing import Final, NamedTuple

from crawler.store.journal import DoubtEntry, Entry, Note, PageEntry


class Extent(NamedTuple):
    """Where bytes lie: at the offset `at` of a part file of the unpublished snapshot, or of the spool for part ""."""

    part: str
    at: int


class IndexEntry(NamedTuple):
    """What is known of a page without its bytes.

    `row` is where the index has it, `part` the number of its part file there; the rest is as in PageEntry.
    """

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
    invalid: int


_ROW: Final = len(IndexEntry._fields) - 1
_AT: Final = IndexEntry._fields.index("at") - 1
_LINES: Final = IndexEntry._fields.index("lines") - 1


class IndexRow(NamedTuple):
    """The row of one page. It can be updated also after its walk was forgotten."""

    numbers: "array[int]"
    start: int

    def set_at(self, at: int) -> None:
        """Note the offset of the page in the spool."""
        self.numbers[self.start + _AT] = at


class PageIndex:
    """The pages of all walks that are not published yet, in the order in which they came."""

    def __init__(self) -> None:
        self._walks: dict[int, array[int]] = {}
        self._parts = [""]  # by their number

    def add(self, entry: PageEntry) -> IndexRow:
        """Add a page and return its row."""
        numbers = self._walks.setdefault(entry.walk, array("q"))
        start = len(numbers)
        pass_number, offset, _, _ = entry.window
        part = self._number_of(entry.part) if entry.part else 0
        sizes = (entry.lines, entry.rejects, entry.records, entry.rejected, entry.outside, entry.invalid)
        numbers.extend((pass_number, offset, entry.at, part, *sizes))
        return IndexRow(numbers, start)

    def pages(self, walk: int) -> list[IndexEntry]:
        """Return the pages of a walk in the order in which they came."""
        numbers = self._walks.get(walk, array("q"))
        return [IndexEntry(row, *numbers[row : row + _ROW]) for row in range(0, len(numbers), _ROW)]

    def replay(self, entry: Entry) -> None:
        """Take an entry of the journal of an interrupted run."""
        if isinstance(entry, PageEntry):
            self.add(entry)
        else:
            self.apply(entry)

    def apply(self, note: Note) -> None:
        """Forget what the page of a window held that is taken back."""
        if not isinstance(note, DoubtEntry):
            return
        numbers, window = self._walks.get(note.walk, array("q")), note.window
        for row in range(0, len(numbers), _ROW):
            if (numbers[row], numbers[row + 1]) == (window.pass_number, window.offset):
                numbers[row + _LINES : row + _ROW] = array("q", [0] * (_ROW - _LINES))

    def extent_of(self, walk: int, page: IndexEntry) -> Extent:
        """Return where a written page lies now: it may have been written since `pages` returned it."""
        return Extent(self._parts[page.part], self._walks[walk][page.row + _AT])

    @property
    def has_parts(self) -> bool:
        """Whether a page was ever added that lies in a part file."""
        return len(self._parts) > 1

    def forget(self, walk: int) -> None:
        """Drop the pages of a walk."""
        self._walks.pop(walk, None)

    def clear(self) -> None:
        """Drop the pages of all walks."""
        self._walks.clear()

    def _number_of(self, part: str) -> int:
        if part not in self._parts:
            self._parts.append(part)
        return self._parts.index(part)
