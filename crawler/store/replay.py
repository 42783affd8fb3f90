"""How much of a journal is replayed: up to the first entry that its bytes do not prove (pure).

The rule, entry by entry, oldest first. Replay ends at the first line
- that is torn or whose checksum fails (journal.py),
- whose page is not where the line says: pages in the spool follow each other without a gap,
- whose bytes do not have the checksum of the line,
- whose bytes are not as many records and rejects as the line says.
What follows such a line is truncated and requested again, even if it is intact: any prefix of a journal is the history
of a run, but a history with a hole is not.
"""

from collections.abc import Callable, Iterable, Iterator

from crawler.store.journal import Entry, PageEntry, checksum_of, page_of, read_lines
from crawler.store.page_index import Extent
from crawler.swr.page import Page


def read_history(
    journal: Iterable[bytes], read: Callable[[Extent, int], bytes], pages_size: int
) -> Iterator[tuple[Entry, Page | None, int]]:
    """Yield what a run did, oldest first: the entry, the page of a page entry, and the length of its line in bytes.

    `journal` are lines. `read`, the only access to a file, returns bytes, fewer at the end of the file; it raises
    FileNotFoundError when there is no file. `pages_size` is the size of the spool in bytes.
    """
    pages_end = 0
    for entry, length in read_lines(journal):
        page = None
        if isinstance(entry, PageEntry):
            data = _bytes_of(entry, read, pages_end, pages_size)
            if data is None or checksum_of(data) != entry.checksum:
                return
            page = page_of(entry, data)
            if page is None:
                return
            pages_end += 0 if entry.part else entry.size
        yield entry, page, length


def _bytes_of(entry: PageEntry, read: Callable[[Extent, int], bytes], pages_end: int, pages_size: int) -> bytes | None:
    """Return the bytes of a page, None when they cannot be where the entry says."""
    size = entry.size
    if min(entry.lines, entry.rejects, entry.at) < 0:
        return None
    if not size:
        return b""
    if not entry.part and (entry.at != pages_end or pages_end + size > pages_size):
        return None
    try:
        data = read(Extent(entry.part, entry.at), size)
    except FileNotFoundError:
        return None
    return data if len(data) == size else None
