"""Compares a snapshot with its manifest: every byte, every record, every key."""

from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from crawler.errors import IncompleteError
from crawler.files.presence import exists
from crawler.files.tree import files_below
from crawler.model.identity import IdentitySet
from crawler.model.record import record_key
from crawler.snapshot.completeness import contradictions
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.layout import MANIFEST, PART, REJECTS, SUCCESS
from crawler.snapshot.listed_file import DigestCheck
from crawler.snapshot.reader import SnapshotReader, decode_record
from crawler.text.human import counted, escaped

_MOST_PER_FILE: Final = 5  # differences: one damaged file can have a million damaged lines


class Report(NamedTuple):
    """What was read, and every difference from the manifest: none when the snapshot is intact.

    Each difference is one line, escaped for a terminal: names in it come from the service.
    """

    files: int
    records: int
    bytes: int
    differences: tuple[str, ...]


def verify(snapshot: SnapshotReader) -> Report:
    """Read everything again and return what differs.

    Checks each file's size, SHA-256 and number of lines; that each line is a record of its partition; that no key
    (domain_name, namespace, name) occurs twice in a center, where a missing domain_name matches any; that the walks'
    counts sum up to the files'; that there is no other file; that `status` and `_SUCCESS` agree with the walks and the
    other evidence.
    """
    reading = _Reading(snapshot)
    differences = [
        *(difference for file in snapshot.manifest.files for difference in reading.part(file)),
        *reading.matched(),
        *reading.rejects(snapshot.manifest.rejects),
        *reading.totals(),
        *_extra_files(snapshot),
        *_status(snapshot),
    ]
    return Report(reading.files, reading.records, reading.bytes, tuple(map(escaped, differences)))


class _Reading:
    """One reading of a snapshot, and the counts so far. A place is target ("" when there is only one) and center."""

    def __init__(self, snapshot: SnapshotReader) -> None:
        self._snapshot = snapshot
        self._keys = IdentitySet()
        self._place = ("", "")
        self._by_place: Counter[tuple[str, str]] = Counter()
        self._unread: set[tuple[str, str]] = set()  # places with a file that was not read: their counts say nothing
        self.files = 0
        self.records = 0
        self.bytes = 0

    def part(self, file: FileEntry) -> Iterator[str]:
        """Read one part file and yield what differs. The parts of a place must be read one after the other."""
        place = self._place_of(file)
        if place != self._place:
            yield from self.matched()
            self._place, self._keys = place, IdentitySet()
        reported = 0
        self.files += 1
        for number, line, damage in self._lines(file):
            difference = damage or self._record(line, place)
            if difference and reported < _MOST_PER_FILE:
                reported += 1
                yield f"{file.path}{f', line {number}' if number else ''}: {difference}"

    def matched(self) -> Iterator[str]:
        """Yield how many records of the present place, without an owner, match one that has an owner."""
        if records := len(self._keys) - self._keys.identities():
            where = "/".join(part for part in self._place if part)
            yield f"{where}: {counted(records, 'record')} without domain_name of repositories that are there with it"

    def rejects(self, file: FileEntry) -> Iterator[str]:
        """Read the file of rejects and yield what differs in its bytes and its number of lines."""
        for _, _, difference in self._lines(file):
            if difference:
                yield f"{file.path}: {difference}"

    def _lines(self, file: FileEntry) -> Iterator[tuple[int, bytes, str]]:
        """Yield number, bytes and damage ("" for none) of each line; last, as number 0, what differs in the file.

        A file that is larger than the manifest says is not read: nobody knows how large it can be.
        """
        check = DigestCheck(file)
        try:
            if (size := self._snapshot.size(file)) > file.bytes:
                self._unread.add(self._place_of(file))
                yield 0, b"", f"bytes: {size}, the manifest says {file.bytes}; not read"
                return
            for number, line in enumerate(self._snapshot.lines(file, size), 1):
                check.add(line, 1)
                yield number, line, "" if line.endswith(b"\n") else "has no end: the file is cut short"
        except (OSError, IncompleteError) as error:
            self._unread.add(self._place_of(file))
            yield 0, b"", getattr(error, "strerror", None) or str(error)
            return
        self.bytes += check.bytes
        for difference in check.differences():
            yield 0, b"", difference

    def _record(self, line: bytes, place: tuple[str, str]) -> str:
        if not line:
            return ""
        try:
            record = decode_record(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return f"is no record: {error}"
        self.records += 1
        self._by_place[place] += 1
        if (record.target, record.center) != (place[0] or record.target, place[1]):
            return f"is of target {record.target!r} and center {record.center!r}"
        key = record_key(record.domain_name, record.namespace, record.name)
        if not self._keys.update([key.key], () if key.has_owner else [key.key]):
            owner = f" of {record.domain_name}" if key.has_owner else ""
            return f"{record.namespace}/{record.name}{owner} was there before"
        return ""

    def _place_of(self, file: FileEntry) -> tuple[str, str]:
        match = PART.fullmatch(file.path)
        return ("", "") if match is None else (match[1] or "", match[2])

    def totals(self) -> Iterator[str]:
        """Yield where the walks' counts differ from what was read."""
        several = any(target for target, _ in self._by_place)
        walked: Counter[tuple[str, str]] = Counter()
        for walk in self._snapshot.manifest.walks:
            walked[walk.target if several else "", walk.center] += walk.records
        for place in (walked.keys() | self._by_place.keys()) - self._unread:
            if walked[place] != self._by_place[place]:
                where = "/".join(part for part in place if part)
                yield f"{where}: {self._by_place[place]} records, the manifest's walks say {walked[place]}"
        rejects = sum(walk.rejects for walk in self._snapshot.manifest.walks)
        if rejects != self._snapshot.manifest.rejects.records:
            yield f"{REJECTS}: {self._snapshot.manifest.rejects.records} rejects, the manifest's walks say {rejects}"


def _extra_files(snapshot: SnapshotReader) -> Iterator[str]:
    known = {file.path for file in snapshot.manifest.files} | {snapshot.manifest.rejects.path, MANIFEST, SUCCESS}
    try:
        for path in files_below(snapshot.folder):
            name = path.relative_to(snapshot.folder).as_posix()
            if name not in known:
                yield f"{name}: is not in the manifest"
    except OSError as error:
        yield f"{error.filename or snapshot.folder}: {error.strerror or error}; what else is there is not known"


def _status(snapshot: SnapshotReader) -> Iterator[str]:
    walked = sum(walk.records for walk in snapshot.manifest.walks)  # compared with the files place by place: totals()
    has_success_marker = exists(snapshot.folder / SUCCESS)
    for file, difference in contradictions(snapshot.manifest, records=walked, has_success_marker=has_success_marker):
        yield f"{file}: {difference}"
