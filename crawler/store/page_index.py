"""Where the pages of each walk lie in the spool, without their bytes (pure).

A crawl may have millions of pages, so a page takes a few numbers in a flat array of its walk. Only this module knows.
"""

from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

from crawler.store.journal import DoubtEntry, Entry, Note, PageEntry


class StoredPage(NamedTuple):
    """What is known of a page without its bytes: `number` is how many pages of its walk came before; see PageEntry."""

    number: int
    pass_number: int
    offset: int
    lines: int
    rejects: int
    records: int
    rejected: int
    outside: int
    invalid: int

    @property
    def size(self) -> int:
        """The number of bytes of the page."""
        return self.lines + self.rejects


_NUMBERS: Final = len(StoredPage._fields)  # of a page: its place in the spool, and all but its number
_CONTENT: Final = StoredPage._fields.index("lines")  # from there on, what a page holds


class PageIndex:
    """The pages of all walks that are not published yet, in the order in which they came."""

    def __init__(self) -> None:
        self._walks: dict[int, array[int]] = {}

    def add(self, entry: PageEntry) -> int:
        """Add a page; return its number in its walk."""
        numbers = self._walks.setdefault(entry.walk, array("q"))
        number = len(numbers) // _NUMBERS
        pass_number, offset, _, _ = entry.window
        content = (entry.lines, entry.rejects, entry.records, entry.rejected, entry.outside, entry.invalid)
        numbers.extend((entry.at, pass_number, offset, *content))
        return number

    def pages(self, walk: int) -> list[StoredPage]:
        """Return the pages of a walk in the order in which they came."""
        numbers = self._walks.get(walk, array("q"))
        return [StoredPage(at // _NUMBERS, *numbers[at + 1 : at + _NUMBERS]) for at in _starts(numbers)]

    def place(self, walk: int, number: int, at: int) -> None:
        """Note the offset in the spool of a page that was written; its walk may be forgotten already."""
        if walk in self._walks:
            self._walks[walk][number * _NUMBERS] = at

    def place_of(self, walk: int, number: int) -> int:
        """Return the offset in the spool of a page that was written."""
        return self._walks[walk][number * _NUMBERS]

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
        for at in _starts(numbers):
            if (numbers[at + 1], numbers[at + 2]) == (window.pass_number, window.offset):
                numbers[at + _CONTENT : at + _NUMBERS] = array("q", [0] * (_NUMBERS - _CONTENT))

    def forget(self, walk: int) -> None:
        """Drop the pages of a walk."""
        self._walks.pop(walk, None)

    def clear(self) -> None:
        """Drop the pages of all walks."""
        self._walks.clear()


def _starts(numbers: "array[int]") -> Iterator[int]:
    return iter(range(0, len(numbers), _NUMBERS))
