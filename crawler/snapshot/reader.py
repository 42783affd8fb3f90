"""A published snapshot, read: found by its name, its manifest, its parts and what is on each line.

Whoever reads to the end what `blocks`, `records` and `rejects` give has read what the manifest says, or gets an
IncompleteError: keep what came of it back until then, or let the error show in what was given out.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from crawler.errors import IncompleteError, UsageError
from crawler.model.record import Record
from crawler.snapshot.layout import LATEST, MANIFEST, PART, PREVIOUS, SUCCESS
from crawler.snapshot.manifest import FileEntry, Manifest, from_json
from crawler.text.human import shortened

_BLOCK_BYTES: Final = 2**20
_MALFORMED: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_MOST_NAMED: Final = 5
_LONGEST_NAME: Final = 80

decode_record: Final = msgspec.json.Decoder(Record).decode
_decode_records: Final = msgspec.json.Decoder(Record).decode_lines


class Partition(NamedTuple):
    """Whose records a part holds; `target` None where the path does not tell (there is only one, then)."""

    target: str | None
    center: str


class DigestCheck:
    """What was read of one file so far, to be held against its entry in the manifest."""

    def __init__(self, file: FileEntry) -> None:
        self._file = file
        self._digest = sha256()
        self.bytes = 0
        self.lines = 0

    def add(self, data: bytes, lines: int) -> None:
        """Take in the next bytes, with so many lines in them."""
        self._digest.update(data)
        self.bytes += len(data)
        self.lines += lines

    def differences(self) -> Iterator[str]:
        """Say what differs, now that all is read."""
        for what, is_, should in (
            ("bytes", self.bytes, self._file.bytes),
            ("lines", self.lines, self._file.records),
            ("SHA-256", self._digest.hexdigest(), self._file.sha256),
        ):
            if is_ != should:
                yield f"{what}: {is_}, the manifest says {should}"


class Snapshot:
    """A snapshot's folder and manifest. Made by `open_snapshot`."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    def path_of(self, file: FileEntry) -> Path:
        """Give where a file is. Raises IncompleteError when that is no regular file inside the snapshot's folder."""
        path = self.folder / file.path
        try:
            inside = path.resolve(strict=True).is_relative_to(self.folder.resolve())
        except OSError as error:
            raise IncompleteError(f"{path}: {error.strerror}; the manifest names it") from None
        if not inside or not path.is_file():
            raise IncompleteError(f"{path} is no file of this snapshot: it leads elsewhere, or is no regular file")
        return path

    def place_of(self, file: FileEntry) -> Partition:
        """Tell from a part's path whose records it holds."""
        match = PART.fullmatch(file.path)
        if match is None:
            raise IncompleteError(f"{self.folder / file.path} is no name of a part")
        targets = {walk.target for walk in self.manifest.walks}
        only = next(iter(targets)) if len(targets) == 1 else None
        return Partition(match[1] or only, match[2])

    def lines(self, file: FileEntry) -> Iterator[bytes]:
        """Give the lines of one file as they are, proven or not. Raises IncompleteError, OSError."""
        with self.path_of(file).open("rb", buffering=_BLOCK_BYTES) as part:
            yield from part

    def blocks(self, file: FileEntry) -> Iterator[bytes]:
        """Give whole lines of one file, about 1 MiB at a time.

        Raises IncompleteError for what can't be read, and at the end when it was not what the manifest says.
        """
        path, proof = self.path_of(file), DigestCheck(file)
        rest: list[bytes] = []  # of a line longer than a block
        try:
            with path.open("rb", buffering=0) as part:
                while proof.bytes <= file.bytes and (block := part.read(_BLOCK_BYTES)):
                    proof.add(block, block.count(b"\n"))
                    end = block.rfind(b"\n") + 1
                    if end:
                        yield b"".join((*rest, block[:end]))
                        rest = []
                    rest.append(block[end:])
        except OSError as error:
            raise IncompleteError(f"{path}: {error.strerror or error}") from None
        differences = [*(["the last line has no end"] if any(rest) else []), *proof.differences()]
        if differences:
            raise IncompleteError(f"{path} is not as the manifest says: {'; '.join(differences)}")

    def records(self) -> Iterator[Record]:
        """Give all records, part by part. Raises IncompleteError as `blocks` does, and for what is no record there."""
        for file in self.manifest.files:
            yield from self.records_of(file)

    def records_of(self, file: FileEntry) -> Iterator[Record]:
        """Give the records of one part. Raises IncompleteError as `records` does."""
        place = self.place_of(file)
        target, center = place
        read = 0
        for block in self.blocks(file):
            records = self._decoded(file, block, read)
            read += len(records)
            for record in records:
                if record.center != center or (target is not None and record.target != target):
                    of = f"target {record.target!r} and center {record.center!r}"
                    raise IncompleteError(f"{self.folder / file.path}: holds a record of {of}")
                yield record
        if read != file.records:
            raise IncompleteError(f"{self.folder / file.path}: {file.records - read} lines are empty")

    def _decoded(self, file: FileEntry, block: bytes, before: int) -> list[Record]:
        try:
            return _decode_records(block)
        except _MALFORMED as error:
            where = f"{self.folder / file.path}, line {before + _first_malformed(block)}"
            raise IncompleteError(f"{where}: is no record: {error}") from None

    def rejects(self) -> Iterator[bytes]:
        """Give the lines of rejected items, without their ends. Raises IncompleteError as `blocks` does."""
        for block in self.blocks(self.manifest.rejects):
            yield from block.split(b"\n")[:-1]

    def check(self) -> None:
        """Read every byte and hold it against the manifest's digests. Raises IncompleteError as `blocks` does."""
        for file in (*self.manifest.files, self.manifest.rejects):
            for _ in self.blocks(file):
                pass


def _first_malformed(block: bytes) -> int:
    """Give the number, from 1, of the first line that is no record."""
    for number, line in enumerate(block.split(b"\n"), 1):
        try:
            decode_record(line)
        except _MALFORMED:
            return number
    return 0


def open_snapshot(folder: Path) -> Snapshot:
    """Open a snapshot by its folder.

    Raises UsageError when `folder` is none, IncompleteError when its manifest is missing, damaged or newer, or names
    files that no snapshot has.
    """
    if not _is_folder(folder):
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


# --- which one


class _Head(msgspec.Struct, frozen=True):
    """What of a manifest decides which snapshot is the one before."""

    snapshot: str
    started_at: str
    status: str


def resolve(name: str, output: Path) -> Path:
    """Give the folder of a snapshot by what people call it.

    `latest` is what `output/latest` names, `previous` the newest complete snapshot that was started before it
    (by the manifests' `started_at`; of the same instant, the one with the smaller id). Anything else is a folder, or
    else the id of a snapshot in `output`; a folder called `latest` is `./latest`. Raises UsageError with what there
    is instead.
    """
    if name == LATEST:
        return _latest(output)
    if name == PREVIOUS:
        return _previous(output)
    folder = Path(name)
    if _is_folder(folder) or "/" in name:
        return folder  # whether it is a snapshot, `open_snapshot` will tell
    by_id = output / f"snapshot={name.removeprefix('snapshot=')}"
    if not _is_folder(by_id):
        raise UsageError(f"{name} is no folder and no snapshot in {output}; {_there_is(output)}")
    return by_id


def _is_folder(path: Path) -> bool:
    """Say whether it is a folder. Raises UsageError for what can't be looked at: a name too long, as SQL is."""
    try:
        return path.is_dir()
    except OSError as error:
        raise UsageError(f"{shortened(str(path), _LONGEST_NAME)}: {error.strerror}; name a snapshot") from None


def _latest(output: Path) -> Path:
    link = output / LATEST
    if not link.is_dir():
        raise UsageError(f"{output} has no complete snapshot called {LATEST}; {_there_is(output)}")
    return link.resolve()


def _previous(output: Path) -> Path:
    latest = _latest(output)
    head = _head(latest)
    if head is None:
        raise IncompleteError(f"{latest} has no readable {MANIFEST}: it is no snapshot, or a damaged one")
    newest = (head.started_at, head.snapshot)
    before = [
        ((other.started_at, other.snapshot), folder)
        for folder in _folders(output)
        if (folder / SUCCESS).exists() and (other := _head(folder)) is not None and other.status == "complete"
    ]
    before = [found for found in before if found[0] < newest]
    if not before:
        raise UsageError(f"{output} has no complete snapshot before {head.snapshot}; {_there_is(output)}")
    return max(before)[1].resolve()


def _head(folder: Path) -> _Head | None:
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=_Head)
    except (OSError, *_MALFORMED):
        return None


def _folders(output: Path) -> list[Path]:
    return sorted(folder for folder in output.glob("snapshot=*") if folder.is_dir())


def _there_is(output: Path) -> str:
    names = [folder.name.removeprefix("snapshot=") for folder in _folders(output)]
    if not names:
        return f"there is no snapshot in {output}"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"there are {', '.join(reversed(names[-_MOST_NAMED:]))}{more}" if len(names) > 1 else f"there is {names[0]}"
