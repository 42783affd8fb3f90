"""From the spool to a snapshot: pages in plan order and offset order, each record once.

Everything is made in a hidden folder beside the spool, synced, and moved to its name in one step: a reader
sees no snapshot or a whole one. Within it the manifest is written after the parts and `_SUCCESS` last.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol

from crawler.api.record import key_of_line, key_of_reject, namespace_of_line
from crawler.errors import DiskError
from crawler.snapshot.disk import disk
from crawler.snapshot.files import sync_folder, write_synced
from crawler.snapshot.manifest import REJECTS, FileEntry, Manifest, to_json
from crawler.snapshot.spool import Spool, Stored
from crawler.walking.plan import WalkId
from crawler.wording import escaped

MANIFEST = "_manifest.json"
SUCCESS = "_SUCCESS"
LATEST = "latest"


class Published(NamedTuple):
    """What of one walk was written; `outside` was left out, being of other namespaces than the walk's."""

    records: int
    rejects: int
    outside: int = 0


class Shelf(Protocol):
    """Where published lines go: a folder of parts, or one stream."""

    def open_walk(self, walk: WalkId) -> None:
        """Begin with a walk's lines; walks come in plan order."""
        ...

    def write(self, lines: bytes, records: int) -> None:
        """Take `records` whole lines."""
        ...

    def reject(self, lines: bytes, rejects: int) -> None:
        """Take `rejects` whole lines of rejects."""
        ...


def publish_walk(
    shelf: Shelf, spool: Spool, index: int, walk: WalkId, *, last_pass_only: bool, once: bool
) -> Published:
    """Write one walk's pages to the shelf, in offset order.

    `last_pass_only` for a walk that is proven: its last pass is the proof. Otherwise the pages of earlier
    passes follow, for what was seen there and not later. `once` when a key may come twice.
    """
    shelf.open_walk(walk)
    stored = spool.pages(index)
    last = max((page.pass_number for page in stored), default=0)
    chosen = [page for page in stored if page.pass_number == last] if last_pass_only else stored
    chosen.sort(key=lambda page: (-page.pass_number, page.offset))
    pieces = _read(spool, index, chosen)
    if once or not last_pass_only:
        pieces = _once(pieces)
    if any(page.outside for page in chosen):
        pieces = _within(walk.namespace, pieces)
    records = rejects = outside = 0
    for piece in _joined(pieces):
        if piece.records:
            shelf.write(piece.lines, piece.records)
        if piece.rejected:
            shelf.reject(piece.rejects, piece.rejected)
        records += piece.records
        rejects += piece.rejected
        outside += piece.outside
    spool.forget(index)
    return Published(records, rejects, outside)


class _Piece(NamedTuple):
    """Some record lines and their number, reject lines and theirs, and how many records were left out."""

    lines: bytes
    records: int
    rejects: bytes
    rejected: int
    outside: int = 0


def _read(spool: Spool, walk: int, pages: list[Stored]) -> Iterator[_Piece]:
    for page in pages:
        data = spool.bytes_of(walk, page)
        yield _Piece(data[: page.lines], page.records, data[page.lines :], page.rejected)


_JOINED_BYTES: Final = 2**20


def _joined(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Join pieces to a megabyte: a thread that hashes and writes page by page disturbs the crawl at every page."""
    waiting: list[_Piece] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece.lines)
        if size >= _JOINED_BYTES:
            yield _join(waiting)
            waiting, size = [], 0
    if waiting:
        yield _join(waiting)


def _join(pieces: list[_Piece]) -> _Piece:
    return _Piece(
        b"".join(piece.lines for piece in pieces),
        sum(piece.records for piece in pieces),
        b"".join(piece.rejects for piece in pieces),
        sum(piece.rejected for piece in pieces),
        sum(piece.outside for piece in pieces),
    )


def _once(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Leave out what was there before."""
    seen: set[int] = set()

    def new(key: int) -> bool:
        before = len(seen)
        seen.add(key)
        return len(seen) > before

    for piece in pieces:
        lines = [line for line in piece.lines.splitlines(keepends=True) if new(key_of_line(line))]
        rejects = [line for line in piece.rejects.splitlines(keepends=True) if new(key_of_reject(line))]
        yield _Piece(b"".join(lines), len(lines), b"".join(rejects), len(rejects))


def _within(namespace: str | None, pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Leave out records of other namespaces: they count for the proof, but were not asked for.

    A service whose filter is fuzzy gives them to several walks; each belongs to its own namespace's.
    """
    for piece in pieces:
        lines = [line for line in piece.lines.splitlines(keepends=True) if namespace_of_line(line) == namespace]
        yield piece._replace(lines=b"".join(lines), records=len(lines), outside=piece.records - len(lines))


class StreamShelf:
    """Standard output instead of a folder: the records only; rejects are counted and go nowhere."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()

    def open_walk(self, walk: WalkId) -> None:
        """Begin with a walk: a stream has nothing to tell them apart but their records."""

    def write(self, lines: bytes, records: int) -> None:  # noqa: ARG002 - a stream counts nothing
        """Write whole lines. Raises DiskError when nobody reads them any more."""
        if self._terminal:  # JSON leaves U+009B and U+202E as they are; the escapes are JSON's, the records the same
            lines = b"".join(b"%b\n" % escaped(line).encode() for line in lines.decode().split("\n")[:-1])
        try:
            self._stream.write(lines)
            self._stream.flush()
        except OSError as error:
            reason = f"{error.strerror}; make room where it goes, then run the same command"
            raise DiskError(f"cannot write to standard output: {reason}") from None

    def reject(self, lines: bytes, rejects: int) -> None:
        """Take rejects: the summary and the exit code tell of them."""


_SYNCED_BYTES: Final = 2**24  # synced as it grows, while others ask: else all of it is waited for at the end


class _File:
    """One file under its temporary name, hashed while it is written."""

    def __init__(self, folder: Path, path: str) -> None:
        self.path = path
        self._final = folder / path
        self._temporary = self._final.with_name(f".{self._final.name}.tmp")
        self._final.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._temporary.open("wb", buffering=2**20)
        self._hash = sha256()
        self.bytes = 0
        self._synced = 0
        self.records = 0

    def write(self, lines: bytes, records: int) -> None:
        self._file.write(lines)
        self._hash.update(lines)
        self.bytes += len(lines)
        self.records += records
        if self.bytes - self._synced >= _SYNCED_BYTES:
            self._file.flush()
            os.fdatasync(self._file.fileno())
            self._synced = self.bytes

    def close(self) -> FileEntry:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.rename(self._final)
        return FileEntry(path=self.path, records=self.records, bytes=self.bytes, sha256=self._hash.hexdigest())

    def abandon(self) -> None:
        with suppress(OSError):  # closing writes what is buffered: on a full disk that fails once more
            self._file.close()


class FolderShelf:
    """A snapshot in the making, in a hidden folder. `part_bytes` is where the next part begins.

    Parts are cut between records, by size alone, so that they don't depend on page size or arrival.
    """

    def __init__(self, folder: Path, *, part_bytes: int, by_target: bool) -> None:
        self.folder = folder
        self._part_bytes = part_bytes
        self._by_target = by_target
        self._files: list[FileEntry] = []
        self._place = ""
        self._numbers: dict[str, int] = {}
        shutil.rmtree(folder, ignore_errors=True)  # of a publishing that did not end
        self._part: _File | None = None
        with disk(folder):
            folder.mkdir(parents=True)
            self._rejects = _File(folder, REJECTS)

    def open_walk(self, walk: WalkId) -> None:
        """Begin with a walk: its center's parts, even when it has no records."""
        place = f"center={walk.center}"
        place = f"target={walk.target}/{place}" if self._by_target else place
        if place != self._place:
            with disk(self.folder):
                self._close_part()
                self._place = place
                self._open_part()

    def write(self, lines: bytes, records: int) -> None:
        """Write whole lines, into the next part where this one is full. Raises DiskError."""
        with disk(self.folder):
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
        with disk(self.folder):
            self._rejects.write(lines, rejects)

    def _open_part(self) -> _File:
        number = self._numbers.get(self._place, 0)
        self._numbers[self._place] = number + 1
        self._part = _File(self.folder, f"{self._place}/part-{number:05d}.ndjson")
        return self._part

    def _close_part(self) -> None:
        if self._part is not None:
            self._files.append(self._part.close())
            self._part = None

    def close(self) -> tuple[tuple[FileEntry, ...], FileEntry]:
        """Finish the files: give those of records, and that of rejects."""
        with disk(self.folder):
            self._close_part()
            return tuple(self._files), self._rejects.close()

    def abandon(self) -> None:
        """Take back what was written: the run did not end."""
        for file in (self._part, self._rejects):
            if file is not None:
                file.abandon()
        shutil.rmtree(self.folder, ignore_errors=True)


def finish(folder: Path, manifest: Manifest, output: Path) -> Path:
    """Write the manifest and, for a complete snapshot, `_SUCCESS`; move it to its name; give its path.

    Raises DiskError; there is no snapshot then, unless the message says that it stands.
    """
    final = output / f"snapshot={manifest.snapshot}"
    with disk(output):
        write_synced(folder / MANIFEST, to_json(manifest))
        if manifest.status == "complete":
            write_synced(folder / SUCCESS, b"")
        for inner, _, _ in os.walk(folder, onerror=_refuse):
            sync_folder(Path(inner))
        folder.rename(final)
    settle(final)
    return final


def _refuse(error: OSError) -> None:
    raise error


def settle(snapshot: Path) -> None:
    """Make the name of a snapshot durable, and if it is complete make `latest` name it.

    So whoever reads `latest` reads a proven inventory. Raises DiskError, which says that the snapshot stands.
    """
    try:
        sync_folder(snapshot.parent)
        if (snapshot / SUCCESS).exists():
            _point_latest(snapshot)
    except OSError as error:
        where = f"{error.filename or snapshot.parent}: {error.strerror or error}"
        if not snapshot.is_dir():
            raise DiskError(f"{snapshot} has vanished: {where}; run the same command") from None
        raise DiskError(
            f"{snapshot} stands and is whole, but {where}; make room or mend it: the next run sees to `{LATEST}`"
        ) from None


def _point_latest(snapshot: Path) -> None:
    link = snapshot.parent / LATEST
    temporary = link.with_name(f".{LATEST}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(snapshot.name)
    temporary.replace(link)
    sync_folder(snapshot.parent)
