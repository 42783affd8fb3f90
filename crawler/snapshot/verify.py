"""Holds a snapshot against its manifest: every byte, every record, every key."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from crawler.errors import IncompleteError
from crawler.model.key_set import KeySet
from crawler.snapshot.layout import MANIFEST, REJECTS, SUCCESS
from crawler.snapshot.manifest import FileEntry, status_of
from crawler.snapshot.reader import DigestCheck, Snapshot, decode_record
from crawler.text.human import escaped

_SAID_PER_FILE: Final = 5  # one broken file can have a million broken lines


class Report(NamedTuple):
    """What was read, and what differs from the manifest: empty when nothing does.

    Each difference is one line that a terminal shows and does not obey: names in it are somebody else's.
    """

    files: int
    records: int
    bytes: int
    differences: tuple[str, ...]


def verify(snapshot: Snapshot) -> Report:
    """Read everything again.

    Checks each file's size, SHA-256 and number of lines; each record's form and place; that no key (domain_name,
    namespace, name) comes twice in a center; that the walks' counts sum to the files'; that there is no other
    file; and that `_SUCCESS` is there exactly when the walks' verdicts say so.
    """
    checked = _Checked(snapshot)
    differences = [
        *(difference for file in snapshot.manifest.files for difference in checked.part(file)),
        *checked.rejects(snapshot.manifest.rejects),
        *checked.sums(),
        *_strangers(snapshot),
        *_success(snapshot),
    ]
    return Report(checked.files, checked.records, checked.bytes, tuple(map(escaped, differences)))


class _Checked:
    """The reading of one snapshot, and its sums so far."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._keys = KeySet()
        self._place = ("", "")
        self._by_place: Counter[tuple[str, str]] = Counter()
        self.files = 0
        self.records = 0
        self.bytes = 0

    def part(self, file: FileEntry) -> Iterator[str]:
        """Check one part; parts of a place come one after the other."""
        place = self._place_of(file)
        if place != self._place:
            self._place, self._keys = place, KeySet()
        said = 0
        self.files += 1
        for number, line, broken in self._lines(file):
            difference = broken or self._record(line, place)
            if difference and said < _SAID_PER_FILE:
                said += 1
                yield f"{file.path}{f', line {number}' if number else ''}: {difference}"

    def rejects(self, file: FileEntry) -> Iterator[str]:
        """Check the file of rejects: its bytes and its number of lines."""
        for _, _, difference in self._lines(file):
            if difference:
                yield f"{file.path}: {difference}"

    def _lines(self, file: FileEntry) -> Iterator[tuple[int, bytes, str]]:
        """Give number, line and no difference for each line; last, without a number, what differs as a whole."""
        proof = DigestCheck(file)
        try:
            for number, line in enumerate(self._snapshot.lines(file), 1):
                proof.add(line, 1)
                yield number, line, "" if line.endswith(b"\n") else "has no end: the file is cut short"
        except (OSError, IncompleteError) as error:
            yield 0, b"", getattr(error, "strerror", None) or str(error)
            return
        self.bytes += proof.bytes
        for difference in proof.differences():
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
        key = hash((record.target, record.domain_name, record.namespace, record.name))
        if not self._keys.add(key):
            return f"{record.namespace}/{record.name} of {record.domain_name} was there before"
        return ""

    def _place_of(self, file: FileEntry) -> tuple[str, str]:
        """Read target ("" where there is only one) and center from a part's path."""
        parts = dict(part.partition("=")[::2] for part in Path(file.path).parts[:-1])
        return parts.get("target", ""), parts.get("center", "")

    def sums(self) -> Iterator[str]:
        """Hold the walks' counts against what was read."""
        several = any(target for target, _ in self._by_place)
        declared: Counter[tuple[str, str]] = Counter()
        for walk in self._snapshot.manifest.walks:
            declared[walk.target if several else "", walk.center] += walk.records
        for place in declared.keys() | self._by_place.keys():
            if declared[place] != self._by_place[place]:
                where = "/".join(part for part in place if part)
                yield f"{where}: {self._by_place[place]} records, the manifest's walks say {declared[place]}"
        rejects = sum(walk.rejects for walk in self._snapshot.manifest.walks)
        if rejects != self._snapshot.manifest.rejects.records:
            yield f"{REJECTS}: {self._snapshot.manifest.rejects.records} rejects, the manifest's walks say {rejects}"


def _strangers(snapshot: Snapshot) -> Iterator[str]:
    known = {file.path for file in snapshot.manifest.files} | {snapshot.manifest.rejects.path, MANIFEST, SUCCESS}
    for folder, _, names in os.walk(snapshot.folder):
        for name in sorted(names):
            path = Path(folder, name).relative_to(snapshot.folder).as_posix()
            if path not in known:
                yield f"{path}: is not in the manifest"


def _success(snapshot: Snapshot) -> Iterator[str]:
    manifest = snapshot.manifest
    partial = bool(manifest.config.get("allow_partial_coverage"))
    status = status_of(manifest.walks, manifest.coverage, partial=partial)
    if snapshot.manifest.status != status:
        yield f"{MANIFEST}: status is {snapshot.manifest.status}, its walks say {status}"
    if (snapshot.folder / SUCCESS).exists() != (status == "complete"):
        yield f"{SUCCESS}: is {'there, but not all of it is proven' if status != 'complete' else 'missing'}"
