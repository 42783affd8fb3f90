"""Where published lines go: the part files of an unpublished snapshot, or standard output.

Lines are collected to about a megabyte before they are hashed, compressed and written (files/atomic.py, `coalesced`).
Part files are durable after `close`: until then the spool has every page.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol

from crawler.errors import DiskError, ReaderGoneError
from crawler.files.atomic import coalesced, make_folders, temporary_path, write_all
from crawler.files.closing import close_quietly
from crawler.files.compression.codec import Codec
from crawler.files.disk_errors import disk_errors, reason_and_advice
from crawler.files.removal import remove_contents
from crawler.files.sync import sync_file
from crawler.model.walk_id import WalkId
from crawler.snapshot.file_entry import FileContent, FileEntry
from crawler.snapshot.layout import REJECTS, is_written_here, part_path, partition_path
from crawler.text.human import escaped


class PartWriter(Protocol):
    """Where published lines go. Every method raises DiskError."""

    def open_walk(self, walk: WalkId) -> None:
        """Start with the lines of a walk; walks come in plan order."""
        ...

    def write(self, lines: bytes, records: int) -> None:
        """Write `records` lines."""
        ...

    def reject(self, lines: bytes, rejects: int) -> None:
        """Write `rejects` lines of rejected items."""
        ...

    def flush(self) -> None:
        """Pass everything to the system."""
        ...


_BUFFER_BYTES: Final = 2**20
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC  # the folder was emptied: it cannot be there


class StdoutWriter:
    """Writes records to standard output. Rejects are only counted."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._buffer: list[bytes] = []
        self._buffered_bytes = 0

    def open_walk(self, walk: WalkId) -> None:
        """Do nothing: a stream has no parts."""

    def write(self, lines: bytes, records: int) -> None:  # noqa: ARG002 - a stream counts nothing
        """Write lines."""
        self._buffer.append(lines)
        self._buffered_bytes += len(lines)
        if self._buffered_bytes >= _BUFFER_BYTES:
            self.flush()

    def reject(self, lines: bytes, rejects: int) -> None:
        """Do nothing: the summary and the exit code report rejects."""

    def flush(self) -> None:
        """Pass everything to the system. Raises DiskError, as ReaderGoneError when the reader has closed the pipe."""
        buffer, self._buffer, self._buffered_bytes = self._buffer, [], 0
        try:
            for lines in coalesced(buffer):
                self._stream.write(_for_terminal(lines) if self._is_terminal else lines)
            self._stream.flush()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ReaderGoneError(
                f"cannot write to standard output: {error.strerror}; let its reader read on"
            ) from None
        except OSError as error:
            reason = reason_and_advice(error, "free disk space where it goes, then rerun the command")
            raise DiskError(f"cannot write to standard output: {reason}") from None


def _for_terminal(lines: bytes) -> bytes:
    """Escape the control characters that JSON leaves alone (U+009B, U+202E); the records stay the same."""
    return b"".join(b"%b\n" % escaped(line).encode() for line in lines.decode().split("\n")[:-1])


class _PartFile:
    """One file under its temporary name, hashed and compressed while it is written. Every method raises OSError.

    `bytes` are those of its lines.
    """

    def __init__(self, folder: Path, path: str, codec: Codec) -> None:
        self.path = path
        self.bytes = 0
        self.records = 0
        self._encoder = codec.encoder()
        self._written_bytes = 0
        self._written_hash = sha256()
        self._final = folder / path
        self._temporary = temporary_path(self._final)
        self._hash = sha256()
        self._buffer: list[bytes] = []
        self._buffered_bytes = 0
        # Moved away, `folder` must not be made again without the other parts. Folders are synced once, at the end.
        make_folders(self._final.parent, inside=folder, sync=False)
        self._descriptor = os.open(self._temporary, _NEW_FILE, 0o666)

    def write(self, lines: bytes, records: int) -> None:
        self._buffer.append(lines)
        self._buffered_bytes += len(lines)
        self.bytes += len(lines)
        self.records += records
        if self._buffered_bytes >= _BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        buffer, self._buffer, self._buffered_bytes = self._buffer, [], 0
        for block in coalesced(buffer):
            self._hash.update(block)
            if self._encoder is None:
                write_all(self._descriptor, block)
            else:
                self._write_encoded(self._encoder.encode(block))

    def _write_encoded(self, data: bytes) -> None:
        self._written_hash.update(data)
        self._written_bytes += len(data)
        write_all(self._descriptor, data)

    def finish(self) -> FileEntry:
        """Make the file durable and give it its final name; return its entry for the manifest."""
        self.flush()
        if self._encoder is not None:
            self._write_encoded(self._encoder.end())
        sync_file(self._descriptor)
        self._temporary.rename(self._final)
        return self._entry(FileContent(bytes=self.bytes, sha256=self._hash.hexdigest()))

    def _entry(self, lines: FileContent) -> FileEntry:
        if self._encoder is None:
            return FileEntry(path=self.path, records=self.records, bytes=lines.bytes, sha256=lines.sha256)
        written, digest = self._written_bytes, self._written_hash.hexdigest()
        return FileEntry(path=self.path, records=self.records, bytes=written, sha256=digest, content=lines)

    def close(self) -> None:
        close_quietly(self._descriptor)


class WrittenParts(NamedTuple):
    """The entries of the parts and of the rejects, and the folders of all centers, also of those without records."""

    files: tuple[FileEntry, ...]
    rejects: FileEntry
    partitions: tuple[str, ...]


_PLAIN: Final = Codec()


class PartFiles:
    """The part files of an unpublished snapshot in `folder`. A part ends before `max_part_bytes`.

    Parts are cut between records, by the size of their lines alone: neither the page size nor the order of arrival nor
    the compression changes them. Files of a publication that did not end are removed. Raises DiskError, also when other
    files are there.
    """

    def __init__(self, folder: Path, *, max_part_bytes: int, by_target: bool, codec: Codec = _PLAIN) -> None:
        self.folder = folder
        self._max_part_bytes = max_part_bytes
        self._by_target = by_target
        self._codec = codec
        self._files: list[FileEntry] = []
        self._partition = ""
        self._numbers: dict[str, int] = {}  # of the next part, by partition
        self._part: _PartFile | None = None
        with disk_errors(folder):
            if left := remove_contents(folder, is_written_here):
                advice = "move it away, then rerun the command"
                raise DiskError(f"{folder / left[0]} would be published, and swr-crawler did not write it: {advice}")
            make_folders(folder, inside=folder.parent, sync=False)
            self._rejects = _PartFile(folder, REJECTS, _PLAIN)

    def open_walk(self, walk: WalkId) -> None:
        """Start with a walk; the first part of its center is opened with the first record. Raises DiskError."""
        partition = partition_path(walk.center, walk.target if self._by_target else None)
        if partition != self._partition:
            with disk_errors(self.folder):
                self._close_part()
                self._partition = partition
                self._numbers.setdefault(partition, 0)

    def write(self, lines: bytes, records: int) -> None:
        """Write lines, into the next part when this one is full. Raises DiskError."""
        with disk_errors(self.folder):
            self._write(lines, records)

    def _write(self, lines: bytes, records: int) -> None:
        while lines:
            part = self._part or self._open_part()
            room = self._max_part_bytes - part.bytes
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
        """Write rejected items. Raises DiskError."""
        with disk_errors(self.folder):
            self._rejects.write(lines, rejects)

    def flush(self) -> None:
        """Pass everything to the system but what the encoder holds of a frame. Raises DiskError."""
        with disk_errors(self.folder):
            if self._part is not None:
                self._part.flush()

    def _open_part(self) -> _PartFile:
        number = self._numbers[self._partition]
        self._numbers[self._partition] = number + 1
        path = part_path(self._partition, number, self._codec.compression)
        self._part = _PartFile(self.folder, path, self._codec)
        return self._part

    def _close_part(self) -> None:
        if self._part is not None:
            self._files.append(self._part.finish())
            self._part.close()
            self._part = None

    def close(self) -> WrittenParts:
        """Finish all files; return their entries. Raises DiskError."""
        with disk_errors(self.folder):
            self._close_part()
            return WrittenParts(tuple(self._files), self._rejects.finish(), tuple(self._numbers))

    def abandon(self) -> None:
        """Close all files where they are; the next run removes them."""
        for file in (self._part, self._rejects):
            if file is not None:
                file.close()
