"""Joins the records of two snapshots by key, in bounded memory.

Part files that both snapshots hold in the same partition (target and center), byte for byte, are read and checked but
not compared: a key occurs once in a partition (`verify` checks this), so the keys of such a part are in no other part
of either snapshot, and the rest can be joined without it.

Which records are of one repository is in pairing.py. They have the same namespace and name, so these are the keys that
ranges are made of.

The rest is split into ranges of keys, each small enough for memory, by boundaries drawn from a sample of both
snapshots. The lines of each range are collected in one temporary file without a name, which the system deletes when
this process ends in any way. Then the ranges are joined one after the other, in the order of the keys: nothing is left
to merge, and two snapshots that fit into memory use no disk.
"""

import errno
import os
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from tempfile import TemporaryFile
from typing import IO, Final, cast

import msgspec

from crawler.diff.pairing import JoinKey, order_of, paired
from crawler.errors import IncompleteError
from crawler.files.temporary import temporary_errors
from crawler.model.record import Record
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.reader import Partition, SnapshotReader, decode_record
from crawler.text.malformed import MALFORMED

RANGE_BYTES: Final = 12 * 2**20  # of both snapshots together; while they are joined, they take several times as much
HELD_BYTES: Final = 32 * 2**20  # of lines in memory before they are written to the temporary file
_SAMPLE_BYTES: Final = 4096  # read for one sample
_PURPOSE: Final = "the lines of both snapshots"  # what the temporary file is for
_SAMPLES: Final = 24  # for each range: with fewer, some ranges are several times larger than others


Pair = tuple[Record | None, Record | None]
_Parts = tuple[list[FileEntry], list[FileEntry]]  # of OLD and of NEW
_Span = tuple[int, int]  # the offset of some lines in the temporary file, and their size in bytes
_Names = tuple[str, str]  # namespace and name


_decode_key = msgspec.json.Decoder(JoinKey).decode
_decode_keys = msgspec.json.Decoder(JoinKey).decode_lines


class OuterJoin:
    """Iterates over the records of two snapshots; those that are the same line in both are counted in `same` instead.

    A record is paired with the one of the same repository in the other snapshot, or with None. The pairs come in the
    order of (target, center, namespace, name, domain_name), nulls first, after both snapshots are read to their end
    and checked. Made by `outer_join`.
    """

    def __init__(self, old: SnapshotReader, new: SnapshotReader, lines: "_Lines", range_bytes: int) -> None:
        self._sides = old, new
        self._lines = lines
        self._range_bytes = range_bytes
        self.same = 0

    def __iter__(self) -> Iterator[Pair]:
        """Read both snapshots, then yield the pairs; works once.

        Raises IncompleteError when a snapshot differs from its manifest, DiskError when the temporary file cannot be
        written.
        """
        ranges: list[tuple[Partition, int]] = []
        for partition, parts in _by_partition(self._sides):
            rest = self._without_equal(parts)
            boundaries = _boundaries(self._sides, rest, self._range_bytes)
            first = self._lines.add(len(boundaries) + 1)
            for side, files in enumerate(rest):
                for file in files:
                    self._split(side, file, boundaries, first)
            ranges += [(partition, first + number) for number in range(len(boundaries) + 1)]
        for partition, number in ranges:
            yield from self._joined(partition, number)

    def _without_equal(self, parts: _Parts) -> _Parts:
        """Return the parts without those that both snapshots hold; read these once to check them."""
        equal = {file.lines.sha256 for file in parts[0]} & {file.lines.sha256 for file in parts[1]}
        for side, files in enumerate(parts):
            for file in files:
                if file.lines.sha256 in equal:
                    for _ in self._sides[side].blocks(file):
                        pass
        self.same += sum(file.records for file in parts[0] if file.lines.sha256 in equal)
        old, new = ([file for file in files if file.lines.sha256 not in equal] for files in parts)
        return old, new

    def _split(self, side: int, file: FileEntry, boundaries: list[_Names], first: int) -> None:
        """Add each line of a part file to its range."""
        snapshot = self._sides[side]
        for block in snapshot.blocks(file):
            lines = block.split(b"\n")
            lines.pop()  # the empty rest behind the last line's end
            try:
                keys = _decode_keys(block)
            except MALFORMED as error:
                raise IncompleteError(f"{snapshot.folder / file.path}: a line is no record: {error}") from None
            if len(keys) != len(lines):
                raise IncompleteError(f"{snapshot.folder / file.path}: some lines are empty")
            held = self._lines.held(side)
            for key, line in zip(keys, lines, strict=True):
                held[first + bisect_right(boundaries, key.names)].append(line)
            self._lines.on_added(len(block))

    def _joined(self, partition: Partition, number: int) -> Iterator[Pair]:
        old, new = (self._keyed(side, number) for side in (0, 1))
        changed = [(key, key) for key, line in old.items() if new.get(key, line) != line]
        only_old, only_new = [key for key in old if key not in new], [key for key in new if key not in old]
        self.same += len(old) - len(changed) - len(only_old)
        for before, after in sorted([*changed, *paired(only_old, only_new)], key=order_of):
            yield (
                self._decode(0, partition, None if before is None else old[before]),
                self._decode(1, partition, None if after is None else new[after]),
            )

    def _keyed(self, side: int, number: int) -> dict[JoinKey, bytes]:
        text = self._lines.take(side, number)
        lines = text.split(b"\n")
        lines.pop()
        keyed = dict(zip(_decode_keys(text), lines, strict=True))
        if len(keyed) != len(lines):
            raise IncompleteError(f"{self._sides[side].folder}: a record is there twice; see swr-crawler verify")
        return keyed

    def _decode(self, side: int, partition: Partition, line: bytes | None) -> Record | None:
        if line is None:
            return None
        folder = self._sides[side].folder
        try:
            record = decode_record(line)
        except MALFORMED as error:
            raise IncompleteError(f"{folder}: a line is no record: {error}; see swr-crawler verify") from None
        if (record.target, record.center) != partition:
            where = "/".join(part for part in partition if part)
            raise IncompleteError(f"{folder}: a record of {record.target}/{record.center} is among those of {where}")
        return record


class _Lines:
    """Lines by snapshot and range: kept in memory while they are few, else in the temporary file."""

    def __init__(self, held_bytes: int) -> None:
        self._most = held_bytes
        self._waiting = 0
        self._held: tuple[list[list[bytes]], list[list[bytes]]] = ([], [])
        self._written: tuple[list[list[_Span]], list[list[_Span]]] = ([], [])
        self._file: IO[bytes] | None = None
        self._end = 0

    def add(self, ranges: int) -> int:
        """Add empty ranges; return the number of the first."""
        first = len(self._held[0])
        for side in (0, 1):
            self._held[side].extend([] for _ in range(ranges))
            self._written[side].extend([] for _ in range(ranges))
        return first

    def held(self, side: int) -> list[list[bytes]]:
        """Return a list for each range, to append a snapshot's lines to without their ends; valid until `on_added`."""
        return self._held[side]

    def on_added(self, size: int) -> None:
        """Count `size` bytes of appended lines; when too many, write all lines to the file. Raises DiskError."""
        self._waiting += size
        if self._waiting > self._most:
            with temporary_errors(_PURPOSE):
                self._write()
            self._waiting = 0

    def _write(self) -> None:
        if self._file is None:
            self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - open until `close`
        for held, written in zip(self._held, self._written, strict=True):
            for number, lines in enumerate(held):
                if lines:
                    written[number].append(self._append(b"\n".join((*lines, b""))))
                    held[number] = []

    def _append(self, text: bytes) -> _Span:
        file = cast("IO[bytes]", self._file)
        view = memoryview(text)
        while view:
            view = view[file.write(view) :]
        self._end += len(text)
        return self._end - len(text), len(text)

    def take(self, side: int, number: int) -> bytes:
        """Return a range's lines, with their ends, and remove them. Raises DiskError."""
        held, self._held[side][number] = self._held[side][number], []
        written, self._written[side][number] = self._written[side][number], []
        with temporary_errors(_PURPOSE):
            return b"".join((*map(self._read, written), *(line + b"\n" for line in held)))

    def _read(self, extent: _Span) -> bytes:
        at, size = extent
        text = os.pread(cast("IO[bytes]", self._file).fileno(), size, at)
        if len(text) != size:
            raise OSError(errno.EIO, "a temporary file was cut short")
        return text

    def close(self) -> None:
        """Close the temporary file; the system deletes it."""
        if self._file is not None:
            self._file.close()


@contextmanager
def outer_join(
    old: SnapshotReader, new: SnapshotReader, *, range_bytes: int = RANGE_BYTES, held_bytes: int = HELD_BYTES
) -> Iterator[OuterJoin]:
    """Yield the join of two snapshots; at the end of the context its temporary file is closed."""
    lines = _Lines(held_bytes)
    try:
        yield OuterJoin(old, new, lines, range_bytes)
    finally:
        lines.close()


def _by_partition(sides: tuple[SnapshotReader, SnapshotReader]) -> list[tuple[Partition, _Parts]]:
    """Return the part files of both snapshots by partition, sorted."""
    partitions: dict[Partition, _Parts] = {}
    for side, snapshot in enumerate(sides):
        for file in snapshot.manifest.files:
            partition = snapshot.partition_of(file)
            if partition.target is None:
                raise IncompleteError(f"{snapshot.folder}: its manifest does not say which target {file.path} is of")
            partitions.setdefault(partition, ([], []))[side].append(file)
    return sorted(partitions.items())


def _boundaries(sides: tuple[SnapshotReader, SnapshotReader], parts: _Parts, range_bytes: int) -> list[_Names]:
    """Return the keys at which ranges begin, without the first one; a range has about `range_bytes`."""
    total = sum(file.lines.bytes for files in parts for file in files)
    ranges = -(-total // range_bytes)
    if ranges <= 1:
        return []
    step = max(1, total // (ranges * _SAMPLES))
    found = sorted(
        key
        for snapshot, files in zip(sides, parts, strict=True)
        for file in files
        for key in _sample(snapshot, file, step)
    )
    chosen = (found[number * len(found) // ranges] for number in range(1, ranges) if found)
    return list(dict.fromkeys(chosen))


def _sample(snapshot: SnapshotReader, file: FileEntry, step: int) -> Iterator[_Names]:
    """Yield the keys of lines about `step` bytes apart, without lines that are no record: reading them will fail."""
    if file.content is not None:
        yield from _sample_compressed(snapshot, file, step)
        return
    try:
        with snapshot.open(file) as raw, BufferedReader(raw, _SAMPLE_BYTES) as part:
            for at in range(0, file.bytes, step):
                part.seek(at)
                part.readline(RANGE_BYTES)  # skips the rest of a line
                with suppress(*MALFORMED):
                    yield _decode_key(part.readline(RANGE_BYTES)).names
    except OSError as error:
        raise IncompleteError(f"{snapshot.folder / file.path}: {error.strerror}") from None


def _sample_compressed(snapshot: SnapshotReader, file: FileEntry, step: int) -> Iterator[_Names]:
    """Yield as `_sample` does; a compressed file is read from its begin on."""
    read = wanted = 0
    for line in snapshot.lines(file):
        if read >= wanted:
            wanted += step
            with suppress(*MALFORMED):
                yield _decode_key(line).names
        read += len(line)
