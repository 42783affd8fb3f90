"""Reads a published snapshot: its manifest, its part files, and the record on each line.

`blocks`, `records` and `rejects` compare what they read with the manifest and raise IncompleteError at the end of a
file that differs. So a caller must not publish a result before it has read them to their end, or its output must show
the error.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from crawler.errors import IncompleteError, UsageError
from crawler.model.record import Record
from crawler.snapshot.digest_check import DigestCheck
from crawler.snapshot.layout import MANIFEST, PART
from crawler.snapshot.manifest import FileEntry, Manifest, from_json
from crawler.text.human import shortened
from crawler.text.malformed import MALFORMED

_BLOCK_BYTES: Final = 2**20
_LONGEST_NAME: Final = 80

decode_record: Final = msgspec.json.Decoder(Record).decode
_decode_records: Final = msgspec.json.Decoder(Record).decode_lines


class Partition(NamedTuple):
    """Whose records a part file holds; `target` is None when neither its path nor the manifest tells."""

    target: str | None
    center: str


class Snapshot:
    """A snapshot's folder and manifest. Made by `open_snapshot`."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    def path_of(self, file: FileEntry) -> Path:
        """Return the path of a file. Raises IncompleteError when it is no regular file inside the snapshot's folder."""
        path = self.folder / file.path
        try:
            inside = path.resolve(strict=True).is_relative_to(self.folder.resolve())
        except OSError as error:
            raise IncompleteError(f"{path}: {error.strerror}; the manifest names it") from None
        if not inside or not path.is_file():
            raise IncompleteError(f"{path} is no file of this snapshot: it leads elsewhere, or is no regular file")
        return path

    def partition_of(self, file: FileEntry) -> Partition:
        """Return whose records a part file holds, from its path. Raises IncompleteError for the path of no part."""
        match = PART.fullmatch(file.path)
        if match is None:
            raise IncompleteError(f"{self.folder / file.path} is no name of a part file")
        targets = {walk.target for walk in self.manifest.walks}
        only = next(iter(targets)) if len(targets) == 1 else None
        return Partition(match[1] or only, match[2])

    def lines(self, file: FileEntry) -> Iterator[bytes]:
        """Yield the lines of one file with their ends, without any check. Raises IncompleteError, OSError."""
        with self.path_of(file).open("rb", buffering=_BLOCK_BYTES) as part:
            yield from part

    def blocks(self, file: FileEntry) -> Iterator[bytes]:
        """Yield the lines of one file in blocks of about 1 MiB, each of whole lines.

        Raises IncompleteError for a file that cannot be read, and at the end for one that differs from the manifest.
        """
        path, check = self.path_of(file), DigestCheck(file)
        rest: list[bytes] = []  # of a line longer than a block
        try:
            with path.open("rb", buffering=0) as part:
                while check.bytes <= file.bytes and (block := part.read(_BLOCK_BYTES)):
                    check.add(block, block.count(b"\n"))
                    end = block.rfind(b"\n") + 1
                    if end:
                        yield b"".join((*rest, block[:end]))
                        rest = []
                    rest.append(block[end:])
        except OSError as error:
            raise IncompleteError(f"{path}: {error.strerror or error}") from None
        differences = [*(["the last line has no end"] if any(rest) else []), *check.differences()]
        if differences:
            raise IncompleteError(f"{path} differs from the manifest: {'; '.join(differences)}")

    def records(self) -> Iterator[Record]:
        """Yield all records, part by part. Raises IncompleteError as `blocks` does, or for a line that is no record."""
        for file in self.manifest.files:
            yield from self.records_of(file)

    def records_of(self, file: FileEntry) -> Iterator[Record]:
        """Yield the records of one part file. Raises IncompleteError as `records` does."""
        target, center = self.partition_of(file)
        read = 0
        for block in self.blocks(file):
            records = self._decode(file, block, read)
            read += len(records)
            for record in records:
                if record.center != center or (target is not None and record.target != target):
                    of = f"target {record.target!r} and center {record.center!r}"
                    raise IncompleteError(f"{self.folder / file.path}: holds a record of {of}")
                yield record
        if read != file.records:
            raise IncompleteError(f"{self.folder / file.path}: {file.records - read} lines are empty")

    def _decode(self, file: FileEntry, block: bytes, lines_before: int) -> list[Record]:
        try:
            return _decode_records(block)
        except MALFORMED as error:
            where = f"{self.folder / file.path}, line {lines_before + _first_malformed(block)}"
            raise IncompleteError(f"{where}: is no record: {error}") from None

    def rejects(self) -> Iterator[bytes]:
        """Yield the lines of rejected items, without their ends. Raises IncompleteError as `blocks` does."""
        for block in self.blocks(self.manifest.rejects):
            yield from block.split(b"\n")[:-1]

    def check(self) -> None:
        """Read every byte and compare it with the manifest's digests. Raises IncompleteError as `blocks` does."""
        for file in (*self.manifest.files, self.manifest.rejects):
            for _ in self.blocks(file):
                pass


def _first_malformed(block: bytes) -> int:
    """Return the number, from 1, of the first line that is no record."""
    for number, line in enumerate(block.split(b"\n"), 1):
        try:
            decode_record(line)
        except MALFORMED:
            return number
    return 0


def open_snapshot(folder: Path) -> Snapshot:
    """Return the snapshot in a folder; `crawler/snapshot/find.py` finds the folder by a name.

    Raises UsageError when `folder` is no folder; IncompleteError when its manifest is missing, damaged or of a newer
    version, or names a file that no snapshot has.
    """
    if not is_folder(folder):
        raise UsageError(f"{folder} is no folder; name a snapshot, e.g. output/latest")
    try:
        text = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise IncompleteError(f"{folder} has no {MANIFEST}: it is no snapshot, or a damaged one") from None
    except OSError as error:
        raise IncompleteError(f"{folder / MANIFEST}: {error.strerror}") from None
    try:
        return Snapshot(folder, from_json(text))
    except ValueError as error:
        raise IncompleteError(f"{folder / MANIFEST} {error}") from None


def is_folder(path: Path) -> bool:
    """Return whether `path` is a folder. Raises UsageError when the system refuses it, e.g. for its length."""
    try:
        return path.is_dir()
    except OSError as error:
        raise UsageError(f"{shortened(str(path), _LONGEST_NAME)}: {error.strerror}; name a snapshot") from None
