"""Reads a published snapshot: its manifest, its part files, and the record on each line.

Nothing that a manifest says is believed before the disk says the same: `open_snapshot` compares the sizes of all files,
and everything else reads through `listed_file.py`, which compares the size of one again.

`blocks`, `records` and `rejects` compare what they read with the manifest and raise IncompleteError at the end of a
file that differs. So a caller must not publish a result before it has read them to their end, or its output must show
the error.
"""

from collections.abc import Iterator
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from crawler.errors import IncompleteError, UsageError
from crawler.files.presence import is_dir
from crawler.files.regular import open_regular, size_of
from crawler.model.record import Record
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.layout import LATEST, MANIFEST, PART
from crawler.snapshot.listed_file import DigestCheck, lines_of, open_checked, open_listed
from crawler.snapshot.manifest import Manifest, from_json
from crawler.text.human import shortened
from crawler.text.human import size as in_units
from crawler.text.malformed import MALFORMED

# Above these no text is read: 100 000 walks make a manifest of about 60 MB, and a service's answer has 64 MiB at most
# (`max_body_bytes` by default), so an item cannot make a longer line.
MAX_MANIFEST_BYTES: Final = 2**27
MAX_LINE_BYTES: Final = 2**28

_TOO_LONG: Final = f"a line has more than {in_units(MAX_LINE_BYTES)}: it is no record"
_MANIFEST_LIMIT: Final = in_units(MAX_MANIFEST_BYTES)
_BLOCK_BYTES: Final = 2**20
_LONGEST_NAME: Final = 80

decode_record: Final = msgspec.json.Decoder(Record).decode
_decode_records: Final = msgspec.json.Decoder(Record).decode_lines


class Partition(NamedTuple):
    """Whose records a part file holds; `target` is None when neither its path nor the manifest tells."""

    target: str | None
    center: str


class SnapshotReader:
    """A snapshot's folder and manifest. Made by `open_snapshot`."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    def check_sizes(self) -> None:
        """Compare the size of every file with the manifest: it takes no time, and nobody reads what is not there.

        Raises IncompleteError for the first file that is no regular file inside the folder, or of another size.
        """
        for file in (*self.manifest.files, self.manifest.rejects):
            self.open(file).close()

    def open(self, file: FileEntry) -> RawIOBase:
        """Return the lines of a file, open for reading and without a buffer. Raises IncompleteError as `check_sizes`.

        Reading them raises it, too, where a compressed file is damaged.
        """
        return open_checked(self.folder, file)

    def size(self, file: FileEntry) -> int:
        """Return the size of a file on the disk in bytes. Raises IncompleteError when it is no file of this folder."""
        with open_listed(self.folder, file) as opened:
            return size_of(opened)

    def partition_of(self, file: FileEntry) -> Partition:
        """Return whose records a part file holds, from its path. Raises IncompleteError for the path of no part."""
        match = PART.fullmatch(file.path)
        if match is None:
            raise IncompleteError(f"{self.folder / file.path} is no name of a part file")
        targets = {walk.target for walk in self.manifest.walks}
        only = next(iter(targets)) if len(targets) == 1 else None
        return Partition(match[1] or only, match[2])

    def lines(self, file: FileEntry, size: int | None = None) -> Iterator[bytes]:
        """Yield the lines of one file with their ends, without comparing them with the manifest.

        Nothing behind the first `size` bytes is read, by default as many as there are when the file is opened; of a
        compressed one no more lines than the manifest says.
        Raises IncompleteError as `open` and for a line of more than MAX_LINE_BYTES, OSError.
        """
        with (
            open_listed(self.folder, file) as opened,
            lines_of(opened, self.folder, file) as raw,
            BufferedReader(raw, _BLOCK_BYTES) as part,
        ):
            left = file.lines.bytes + 1 if file.content else size_of(opened) if size is None else size
            while left > 0 and (line := part.readline(min(left, MAX_LINE_BYTES + 1))):
                left -= len(line)
                if len(line) > MAX_LINE_BYTES:
                    raise IncompleteError(f"{self.folder / file.path}: {_TOO_LONG}")
                yield line

    def blocks(self, file: FileEntry) -> Iterator[bytes]:
        """Yield the lines of one file in blocks of about 1 MiB, each of whole lines.

        Raises IncompleteError for a file that cannot be read or is not of the manifest's size, before the first block;
        and at the end for one that differs from the manifest.
        """
        path, check, size = self.folder / file.path, DigestCheck(file), file.lines.bytes
        rest: list[bytes] = []  # of a line longer than a block
        waiting = 0
        try:
            with self.open(file) as part:
                while check.bytes <= size and (block := part.read(_BLOCK_BYTES)):
                    check.add(block, block.count(b"\n"))
                    end = block.rfind(b"\n") + 1
                    if end:
                        yield b"".join((*rest, block[:end]))
                        rest, waiting = [], 0
                    rest.append(block[end:])
                    waiting += len(block) - end
                    if waiting > MAX_LINE_BYTES:
                        raise IncompleteError(f"{path}: {_TOO_LONG}")
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


def open_snapshot(folder: Path) -> SnapshotReader:
    """Return the snapshot in a folder whose files are all there; `crawler/snapshot/history/find.py` finds it by a name.

    Raises UsageError when `folder` is no folder; IncompleteError when its manifest is missing, damaged or of a newer
    version, names a file that no snapshot has, or says another size of a file than the disk.
    """
    snapshot = open_unchecked(folder)
    snapshot.check_sizes()
    return snapshot


def open_unchecked(folder: Path) -> SnapshotReader:
    """Return the snapshot in a folder, whether or not its files are as its manifest says: `verify` finds that out.

    Raises UsageError and IncompleteError as `open_snapshot` does for a folder and a manifest.
    """
    text = read_manifest(folder)
    try:
        return SnapshotReader(folder, from_json(text))
    except ValueError as error:
        raise IncompleteError(f"{folder / MANIFEST} {error}") from None


def read_manifest(folder: Path) -> bytes:
    """Return the text of the manifest in a folder.

    Raises UsageError when `folder` is no folder; IncompleteError when no manifest is there, or none that can be read or
    is of at most MAX_MANIFEST_BYTES.
    """
    if not is_folder(folder):
        raise UsageError(f"{folder} is no folder; name a snapshot, e.g. output/{LATEST}")
    path = folder / MANIFEST
    try:
        return manifest_text(folder)
    except FileNotFoundError:
        raise IncompleteError(f"{folder} has no {MANIFEST}: it is no snapshot, or a damaged one") from None
    except OSError as error:
        raise IncompleteError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise IncompleteError(f"{path} {error}") from None


def manifest_text(folder: Path) -> bytes:
    """Return the text of the manifest in a folder.

    Raises ValueError for one of more than MAX_MANIFEST_BYTES, with a message to follow the path; OSError as
    `open_regular` does.
    """
    with open_regular(folder / MANIFEST, within=folder) as file:
        size = size_of(file)
        if size > MAX_MANIFEST_BYTES:
            raise ValueError(f"is no manifest: it has {in_units(size)}, and none has over {_MANIFEST_LIMIT}")
        return file.read(size)


def is_folder(path: Path) -> bool:
    """Return whether `path` is a folder. Raises UsageError when the system refuses it, e.g. for its length."""
    try:
        return is_dir(path)
    except OSError as error:
        raise UsageError(f"{shortened(str(path), _LONGEST_NAME)}: {error.strerror}; name a snapshot") from None
