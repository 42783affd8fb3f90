"""How much of a journal is replayed: up to the first entry that its bytes do not prove (pure).

The rule, entry by entry, oldest first. Replay ends at the first line
- that is torn or whose checksum fails (journal.py),
- whose page is not where the line says: pages in the spool follow each other without a gap,
- whose bytes do not have the checksum of the line,
- whose bytes are not as many records and rejects as the line says.
What follows such a line is truncated and requested again, even if it is intact: any prefix of a journal is the history
of a run, but a history with a hole is not.

Entries of walks that are read anew, since the run published a snapshot without their proof (PublishedEntry), are
superseded: they do not count, and nobody needs their bytes.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final, NamedTuple

from crawler.store.journal import Entry, PageEntry, PublishedEntry, ShapeEntry, checksum_of, page_of, read_lines
from crawler.swr.page import Page

_PUBLISHED: Final = b'"kind":"published"'


class Replayed(NamedTuple):
    """One line of a journal: its entry, the page of a page entry, its length in bytes, and whether it counts."""

    entry: Entry
    page: Page | None
    length: int
    is_superseded: bool = False


def _superseding_lines(journal: Iterable[bytes]) -> dict[int, int]:
    """Return by walk the number of the last line, from 0, before which no entry of that walk counts.

    It looks at lines that may be damaged: the walk of a line too many is requested again, and no harm is done.
    """
    found: dict[int, int] = {}
    for number, line in enumerate(journal):
        if _PUBLISHED in line:  # decoding every line would take as long as the replay
            again = [entry.again for entry, _ in read_lines([line]) if isinstance(entry, PublishedEntry)]
            found |= {index: number for indexes in again for index in indexes}
    return found


def read_history(journal: BinaryIO, read: Callable[[int, int], bytes], pages_size: int) -> Iterator[Replayed]:
    """Yield what a run did, oldest first.

    `journal` is at its beginning, and read twice. `read` returns so many bytes of the spool from an offset on, fewer at
    its end. `pages_size` is the size of the spool in bytes.
    """
    superseding = _superseding_lines(journal)
    journal.seek(0)
    pages_end = 0
    for number, (entry, length) in enumerate(read_lines(journal)):
        page = None
        is_superseded = (
            not isinstance(entry, PublishedEntry | ShapeEntry)  # a shape is its whole target's
            and number < superseding.get(entry.walk, 0)
        )
        if isinstance(entry, PageEntry):
            if not _can_be_there(entry, pages_end, pages_size):
                return
            pages_end += entry.size
            if not is_superseded:
                page = _page_of(entry, read)
                if page is None:
                    return
        yield Replayed(entry, page, length, is_superseded)


def _can_be_there(entry: PageEntry, pages_end: int, pages_size: int) -> bool:
    """Return whether the bytes of a page can be where the entry says."""
    if min(entry.lines, entry.rejects, entry.at) < 0:
        return False
    return not entry.size or (entry.at == pages_end and pages_end + entry.size <= pages_size)


def _page_of(entry: PageEntry, read: Callable[[int, int], bytes]) -> Page | None:
    """Return the page of an entry, None when its bytes are not those that it names."""
    data = read(entry.at, entry.size) if entry.size else b""
    if len(data) != entry.size or checksum_of(data) != entry.checksum:
        return None
    return page_of(entry, data)
