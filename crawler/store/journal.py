"""The lines of a journal: what a run did, in order, so that another process can go on (pure).

A line is the CRC-32 of the rest in eight hex digits, a space, one JSON object, a newline. Any prefix of a
journal is the history of a run, so whatever follows the first line that is not whole is not believed.
"""

from collections.abc import Iterable, Iterator
from typing import Final
from zlib import crc32

import msgspec
from xxhash import xxh3_64_intdigest

from crawler.model.record import key_of_line
from crawler.model.window import Window
from crawler.swr.decode.batch import Batch
from crawler.swr.decode.reject import key_of_reject
from crawler.swr.page import Page


class PageEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="page", omit_defaults=True, gc=False):
    """A page taken in. Its lines are the bytes `[at, at + lines)` of the spool, its rejects those behind them.

    With `part` they lie in that file of the snapshot in the making instead. `walk` is the index in the plan; `checksum`
    is that of all those bytes.
    """

    walk: int
    window: Window
    total: int | None
    disagrees: bool
    at: int
    lines: int
    rejects: int
    records: int
    rejected: int
    checksum: int
    unknown: tuple[str, ...] = ()
    outside: int = 0
    part: str = ""

    @property
    def size(self) -> int:
        """The number of bytes."""
        return self.lines + self.rejects


class LossEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="loss", gc=False):
    """A window given up, and why."""

    walk: int
    window: Window
    reason: str


Entry = PageEntry | LossEntry


def checksum_of(data: bytes) -> int:
    """Give the checksum of a page's bytes, XXH3-64: of a page of 100 it takes 1 us, and zlib's CRC-32 15."""
    return xxh3_64_intdigest(data)


_decode = msgspec.json.Decoder(PageEntry | LossEntry).decode
_encode = msgspec.json.Encoder().encode


def to_line(entry: Entry) -> bytes:
    """Write one entry as a line."""
    text = _encode(entry)
    return b"%08x %b\n" % (crc32(text), text)


_MALFORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_PREFIX_LENGTH: Final = len("01234567 ")


def read_lines(lines: Iterable[bytes]) -> Iterator[tuple[Entry, int]]:
    """Read a journal up to the first line that is torn or damaged: each entry and its line's length in bytes."""
    for line in lines:
        text = line[_PREFIX_LENGTH:-1]
        if not line.endswith(b"\n") or line[:_PREFIX_LENGTH] != b"%08x " % crc32(text):
            return
        try:
            yield _decode(text), len(line)
        except _MALFORMED:  # a newer version's, or damage that the checksum covers
            return


# What lines are read with raises these of lines that this program never wrote.
_NO_LINES: Final = (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


def page_of(entry: PageEntry, data: bytes) -> Page | None:
    """Give the page that an entry names, as its walk was told of it; None when these bytes are not its lines."""
    lines, rejects = data[: entry.lines], data[entry.lines :]
    try:
        keys = [key_of_line(line) for line in lines.splitlines()]  # no raw control character is in JSON
        keys += [key_of_reject(line) for line in rejects.splitlines()]
    except _NO_LINES:
        return None
    if len(keys) != entry.records + entry.rejected or min(entry.records, entry.rejected) < 0:
        return None
    unknown = frozenset(entry.unknown)
    items = Batch(b"", b"", entry.records, entry.rejected, keys, frozenset(), unknown, entry.outside)
    return Page(items, entry.total, entry.disagrees)
