"""The lines of a journal: what a run did, in order, so that another process can resume it (pure).

A line is the CRC-32 of the rest in eight hex digits, a space, one JSON object, and a newline. Any prefix of a journal
is the history of a run, so reading stops at the first line that is torn or damaged.
"""

from collections.abc import Iterable, Iterator
from typing import Final
from zlib import crc32

import msgspec
from xxhash import xxh3_64_intdigest

from crawler.model.record import key_of_line
from crawler.model.window import Order, Window
from crawler.snapshot.manifest import CarriedOver
from crawler.swr.decode.batch import Batch
from crawler.swr.decode.reject import key_of_reject
from crawler.swr.page import Page
from crawler.text.malformed import MALFORMED


class PageEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="page", omit_defaults=True, gc=False):
    """A window that was read.

    The record lines of its page are the bytes `[at, at + lines)` of the spool, its rejects the `rejects` bytes behind
    them. `checksum` covers all these bytes. `records` and `rejected` count the items, `outside` those of other
    namespaces, `invalid` the records with a field that could not be read. `walk` is the index in the plan.
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
    doubtful: bool = False
    invalid: int = 0

    @property
    def size(self) -> int:
        """The number of bytes of the page."""
        return self.lines + self.rejects


class LossEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="loss", gc=False):
    """A window that was lost, and why."""

    walk: int
    window: Window
    reason: str


class RefusalEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="refusal", gc=False):
    """A window that was refused since the service has no such list, and what it said."""

    walk: int
    window: Window
    reason: str


class RestartEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="restart", gc=False):
    """The present pass of a walk began again: a resume came late."""

    walk: int


class DoubtEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="doubt", gc=False):
    """A window that was settled is taken back: its page may belong to another request."""

    walk: int
    window: Window


class PublishedEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="published", gc=False):
    """The walks that had ended by then are in a published snapshot, which is not complete; the run goes on from it.

    What entries before this one say of the walks `again` does not count any more: they are read anew.
    """

    snapshot: CarriedOver
    again: tuple[int, ...] = ()


class ShapeEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="shape", gc=False):
    """What the service of this walk's target was found to accept: see Reshaped (walk/server_profile.py)."""

    walk: int
    limit: int | None
    order: Order | None
    filtered: bool
    is_obeyed: bool
    is_reversible: bool


class SplitEntry(msgspec.Struct, frozen=True, tag_field="kind", tag="split", gc=False):
    """A walk of a whole center that has ended is read again, by these namespaces."""

    walk: int
    namespaces: tuple[str, ...]


# An entry without bytes.
Note = LossEntry | RefusalEntry | RestartEntry | DoubtEntry | PublishedEntry | ShapeEntry | SplitEntry
Entry = PageEntry | Note


def checksum_of(data: bytes) -> int:
    """Return the checksum of a page's bytes: XXH3-64, since zlib's CRC-32 would slow down every page."""
    return xxh3_64_intdigest(data)


def page_entry(walk: int, window: Window, page: Page) -> PageEntry:
    """Return the entry of a page that is not written yet."""
    items = page.items
    return PageEntry(
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
        doubtful=page.doubtful,
        invalid=items.invalid,
    )


_decode = msgspec.json.Decoder(Entry).decode
_encode = msgspec.json.Encoder().encode


def to_line(entry: Entry) -> bytes:
    """Return the line of an entry."""
    text = _encode(entry)
    return b"%08x %b\n" % (crc32(text), text)


_PREFIX_LENGTH: Final = len("01234567 ")


def read_lines(lines: Iterable[bytes]) -> Iterator[tuple[Entry, int]]:
    """Yield each entry and the length of its line in bytes, up to the first line that is torn or damaged."""
    for line in lines:
        text = line[_PREFIX_LENGTH:-1]
        if not line.endswith(b"\n") or line[:_PREFIX_LENGTH] != b"%08x " % crc32(text):
            return
        try:
            yield _decode(text), len(line)
        except MALFORMED:  # written by a newer version, or damaged before it was written
            return


# Reading the keys of bytes that are no lines of this program raises one of these.
_NOT_LINES: Final = (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


def page_of(entry: PageEntry, data: bytes) -> Page | None:
    """Return the page of an entry, as its walk saw it; None when `data` are not its lines."""
    lines, rejects = data[: entry.lines], data[entry.lines :]
    try:
        read = [key_of_line(line) for line in lines.splitlines()]  # JSON holds no raw control character
        keys = [record.key for record in read]
        reject_keys = tuple([key_of_reject(line) for line in rejects.splitlines()])
    except _NOT_LINES:
        return None
    if (len(keys), len(reject_keys)) != (entry.records, entry.rejected):
        return None
    unknown = frozenset(entry.unknown)
    ownerless = tuple([record.key for record in read if not record.has_owner])
    items = Batch(
        lines=b"",
        rejects=b"",
        records=entry.records,
        rejected=entry.rejected,
        keys=[*keys, *reject_keys],
        totals=frozenset(),
        unknown=unknown,
        outside=entry.outside,
        ownerless=ownerless,
        reject_keys=reject_keys,
    )
    return Page(items, entry.total, entry.disagrees, entry.doubtful)
