"""What passes over a whole center saw that the walks by namespace in its place do not hold.

A walk whose rows have no stable order is read again by namespace (crawl/planning/splitting.py). Its own pages prove
nothing, but a record in them may be one that no namespace shows: it must not vanish without a word.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from crawler.model.key_set import KeySet
from crawler.model.record import RecordKey, invalid_fields_of, key_of_line, namespace_of_line
from crawler.model.walk_id import WalkId
from crawler.store.part_files import PartWriter
from crawler.store.publish import Published
from crawler.store.spool import Spool


class _Repositories:
    """A set of repositories by the keys of their records: a missing owner matches a known one."""

    def __init__(self) -> None:
        self._keys, self._owned, self._ownerless = KeySet(), KeySet(), KeySet()  # the last two without their owners

    def add(self, key: RecordKey) -> bool:
        """Add the repository of a record; return whether it is new."""
        if self.has(key):
            return False
        self._keys.add(key.key)
        (self._owned if key.has_owner else self._ownerless).add(key.without_owner)
        return True

    def has(self, key: RecordKey) -> bool:
        """Return whether the repository of a record is in the set."""
        others = self._ownerless if key.has_owner else self._owned
        return self._keys.issuperset([key.key]) or others.issuperset([key.without_owner])


class RememberingWriter:
    """A PartWriter that knows what it has written to `part_writer`: memory holds the keys of one center."""

    def __init__(self, part_writer: PartWriter) -> None:
        self._part_writer = part_writer
        self._written = _Repositories()
        self.open_walk, self.reject = part_writer.open_walk, part_writer.reject
        self.flush = part_writer.flush

    def write(self, lines: bytes, records: int) -> None:
        """Write `records` lines. Raises DiskError."""
        for line in lines.splitlines():
            self._written.add(key_of_line(line))
        self._part_writer.write(lines, records)

    def has_written(self, line: bytes) -> bool:
        """Return whether the repository of a record line was written."""
        return self._written.has(key_of_line(line))


class SeenBefore(NamedTuple):
    """What the passes of a walk saw: `seen` repositories, and how many of them were not written, by namespace."""

    seen: int
    unwritten: Mapping[str, int]


def namespaces_by_page(spool: Spool, index: int) -> Iterator[frozenset[str]] | None:
    """Return the namespaces of the records on each page of a walk, one page at a time.

    None when it read rejects, whose namespace is not known. The iterator raises DiskError.
    """
    pages = spool.pages(index)
    if any(page.rejects for page in pages):
        return None
    return (frozenset(map(namespace_of_line, spool.bytes_of(index, page)[0].splitlines())) for page in pages)


def count_leftovers(spool: Spool, index: int, writer: RememberingWriter) -> SeenBefore:
    """Return what the passes of a walk saw that was not written. Raises DiskError."""
    seen, unwritten, number = _Repositories(), Counter[str](), 0
    for line in _lines(spool, index):
        if seen.add(key_of_line(line)):
            number += 1
            if not writer.has_written(line):
                unwritten[namespace_of_line(line)] += 1
    return SeenBefore(number, unwritten)


def publish_leftovers(
    writer: RememberingWriter, spool: Spool, index: int, walk: WalkId, namespaces: Collection[str]
) -> dict[str, Published]:
    """Write what a walk saw in `namespaces` and was not written; return it by namespace. Raises DiskError."""
    writer.open_walk(walk)
    found: dict[str, Published] = {}
    for line in _lines(spool, index) if namespaces else ():
        namespace = namespace_of_line(line)
        if namespace in namespaces and not writer.has_written(line):
            writer.write(line, 1)
            before, names = found.get(namespace, Published(0, 0)), invalid_fields_of(line)
            found[namespace] = before._replace(
                records=before.records + 1,
                invalid=before.invalid + bool(names),
                invalid_fields=before.invalid_fields | names,
            )
    return found


def _lines(spool: Spool, index: int) -> Iterator[bytes]:
    """Yield the record lines of all pages of a walk, those of the last pass first, in the order of their offsets."""
    for page in sorted(spool.pages(index), key=lambda page: (-page.pass_number, page.offset)):
        if page.lines:
            yield from spool.bytes_of(index, page)[0].splitlines(keepends=True)
