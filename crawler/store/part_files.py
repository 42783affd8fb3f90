"""Where published lines go: a folder of parts in the making, or a stream.

Small pieces are joined before they are hashed and written (files.py, `blocks`): what was written to a shelf is there
when it was pushed, and durable when that was synced.
"""

import os
import shutil
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final, Protocol

from crawler.errors import DiskError
from crawler.files.atomic import blocks, make_folders, sync_folder, temporary_of, write_all
from crawler.files.disk_errors import disk_errors
from crawler.model.walk_id import WalkId
from crawler.snapshot.layout import REJECTS
from crawler.snapshot.manifest import FileEntry
from crawler.store.spool import Extent
from crawler.text.human import escaped


class PartWriter(Protocol):
    """Where published lines go. Every method raises DiskError; `fsync` alone may be called by another thread."""

    def open_walk(self, walk: WalkId) -> None:
        """Begin with a walk's lines; walks come in plan order."""
        ...

    def write(self, lines: bytes, records: int) -> Extent | None:
        """Take `records` whole lines; give where they will lie, None where that is not in one piece or no file."""
        ...

    def reject(self, lines: bytes, rejects: int) -> None:
        """Take `rejects` whole lines of rejects."""
        ...

    def flush(self) -> None:
        """Write what was taken."""
        ...

    def fsync(self) -> None:
        """Make durable what was pushed."""
        ...


_PUSHED_BYTES: Final = 2**20


class StdoutWriter:
    """Standard output instead of a folder: the records only; rejects are counted and go nowhere."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._taken: list[bytes] = []
        self._bytes = 0

    def open_walk(self, walk: WalkId) -> None:
        """Begin with a walk: a stream has nothing to tell them apart but their records."""

    def write(self, lines: bytes, records: int) -> None:  # noqa: ARG002 - a stream counts nothing
        """Take whole lines."""
        self._taken.append(lines)
        self._bytes += len(lines)
        if self._bytes >= _PUSHED_BYTES:
            self.flush()

    def reject(self, lines: bytes, rejects: int) -> None:
        """Take rejects: the summary and the exit code tell of them."""

    def flush(self) -> None:
        """Write what was taken. Raises DiskError when nobody reads it any more."""
        taken, self._taken, self._bytes = self._taken, [], 0
        try:
            for lines in blocks(taken):
                self._stream.write(_on_terminal(lines) if self._terminal else lines)
            self._stream.flush()
        except OSError as error:
            reason = f"{error.strerror}; make room where it goes, then run the same command"
            raise DiskError(f"cannot write to standard output: {reason}") from None

    def fsync(self) -> None:
        """Leave it to whoever reads: a stream is not kept."""


def _on_terminal(lines: bytes) -> bytes:
    """Escape what a terminal may obey: JSON leaves U+009B and U+202E as they are; the records stay the same."""
    return b"".join(b"%b\n" % escaped(line).encode() for line in lines.decode().split("\n")[:-1])


class _PartFile:
    """One file under its temporary name, hashed while it is written. Raises OSError."""

    def __init__(self, folder: Path, path: str) -> None:
        self.path = path
        self.bytes = 0
        self.records = 0
        self._final = folder / path
        self._temporary = temporary_of(self._final)
        self._hash = sha256()
        self._taken: list[bytes] = []
        self._taken_bytes = 0
        make_folders(self._final.parent)
        self._descriptor = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        sync_folder(self._final.parent)  # its pages may lie nowhere else: after a power cut they need a name

    def write(self, lines: bytes, records: int) -> None:
        self._taken.append(lines)
        self._taken_bytes += len(lines)
        self.bytes += len(lines)
        self.records += records
        if self._taken_bytes >= _PUSHED_BYTES:
            self.flush()

    def flush(self) -> None:
        taken, self._taken, self._taken_bytes = self._taken, [], 0
        for block in blocks(taken):
            self._hash.update(block)
            write_all(self._descriptor, block)

    def duplicate(self) -> int:
        """Give another descriptor of it, which stays open when this one is closed."""
        return os.dup(self._descriptor)

    def finish(self) -> FileEntry:
        self.flush()
        os.fsync(self._descriptor)
        self._temporary.rename(self._final)
        return FileEntry(path=self.path, records=self.records, bytes=self.bytes, sha256=self._hash.hexdigest())

    def close(self) -> None:
        os.close(self._descriptor)


class PartFiles:
    """A snapshot in the making, in a hidden folder. `max_part_bytes` is where the next part begins.

    Parts are cut between records, by size alone, so that they don't depend on page size or arrival.
    """

    def __init__(self, folder: Path, *, max_part_bytes: int, by_target: bool) -> None:
        self.folder = folder
        self._part_bytes = max_part_bytes
        self._by_target = by_target
        self._files: list[FileEntry] = []
        self._place = ""
        self._numbers: dict[str, int] = {}
        self._gate = Lock()  # held while another part becomes the one that is written
        self._part: _PartFile | None = None
        shutil.rmtree(folder, ignore_errors=True)  # of a publishing that did not end
        with disk_errors(folder):
            make_folders(folder)
            self._rejects = _PartFile(folder, REJECTS)

    def open_walk(self, walk: WalkId) -> None:
        """Begin with a walk: its center's parts, even when it has no records."""
        place = f"center={walk.center}"
        place = f"target={walk.target}/{place}" if self._by_target else place
        if place != self._place:
            with disk_errors(self.folder):
                self._close_part()
                self._place = place
                self._open_part()

    def write(self, lines: bytes, records: int) -> Extent | None:
        """Take whole lines, into the next part where this one is full. Raises DiskError."""
        with disk_errors(self.folder):
            part = self._part or self._open_part()
            if len(lines) <= self._part_bytes - part.bytes:
                spot = Extent(part.path, part.bytes)
                part.write(lines, records)
                return spot
            self._write_over(lines, records)
        return None

    def _write_over(self, lines: bytes, records: int) -> None:
        while lines:
            part = self._part or self._open_part()
            room = self._part_bytes - part.bytes
            if len(lines) <= room:
                part.write(lines, records)
                return
            end = lines.rfind(b"\n", 0, max(room, 0)) + 1
            if not end and not part.bytes:  # a record larger than a part has one of its own
                end = lines.index(b"\n") + 1
            count = lines.count(b"\n", 0, end)
            part.write(lines[:end], count)
            lines, records = lines[end:], records - count
            if lines:
                self._close_part()

    def reject(self, lines: bytes, rejects: int) -> None:
        """Keep rejected items. Raises DiskError."""
        with disk_errors(self.folder):
            self._rejects.write(lines, rejects)

    def flush(self) -> None:
        """Write what was taken. Raises DiskError."""
        with disk_errors(self.folder):
            if self._part is not None:
                self._part.flush()

    def fsync(self) -> None:
        """Make durable what was pushed: of the part that is written, since those before it are. Raises DiskError."""
        with disk_errors(self.folder):
            with self._gate:
                descriptor = None if self._part is None else self._part.duplicate()
            if descriptor is not None:
                try:
                    os.fdatasync(descriptor)
                finally:
                    os.close(descriptor)

    def _open_part(self) -> _PartFile:
        number = self._numbers.get(self._place, 0)
        self._numbers[self._place] = number + 1
        part = _PartFile(self.folder, f"{self._place}/part-{number:05d}.ndjson")
        with self._gate:
            self._part = part
        return part

    def _close_part(self) -> None:
        if self._part is not None:
            self._files.append(self._part.finish())
            with self._gate:  # not before it is durable: until then `fsync` must see it
                part, self._part = self._part, None
            part.close()

    def close(self) -> tuple[tuple[FileEntry, ...], FileEntry]:
        """Finish the files: give those of records, and that of rejects."""
        with disk_errors(self.folder):
            self._close_part()
            return tuple(self._files), self._rejects.finish()

    def abandon(self) -> None:
        """Close the files and leave them there: when the run has not ended, some pages lie nowhere else."""
        for file in (self._part, self._rejects):
            if file is not None:
                file.close()
