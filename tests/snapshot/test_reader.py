"""Laws of reading a snapshot: what was read to its end is what the manifest says, or an error is raised."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from crawler.errors import IncompleteError
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.reader import Partition, SnapshotReader, open_snapshot
from crawler.snapshot.verify import verify
from tests.audit.examples import record
from tests.store.builders import publish_records, records_named, rewrite


@pytest.fixture
def snapshot(tmp_path: Path) -> SnapshotReader:
    return publish_records(tmp_path, "one", records_named("a", "b", "c"))


def part_of(snapshot: SnapshotReader) -> Path:
    return snapshot.folder / snapshot.manifest.files[0].path


def read_all(snapshot: SnapshotReader) -> int:
    snapshot.check()
    return len(list(snapshot.records()))


def make_pipe(part: Path) -> None:
    part.unlink()
    os.mkfifo(part)


def test_records_come_as_they_were_written(tmp_path: Path) -> None:
    held = [
        *records_named("a", "b"),
        *records_named("a", center="thirdparty", extra={"zz": 1}),
        *records_named("a", target="west"),
    ]
    assert list(publish_records(tmp_path, "one", held, max_part_bytes=500).records()) == held


def test_a_line_longer_than_one_block_is_complete(tmp_path: Path) -> None:
    held = [*records_named("a", "b"), *records_named("long", description="x" * 3_000_000), *records_named("c")]
    assert list(publish_records(tmp_path, "one", held).records()) == held


def test_a_block_is_whole_lines(snapshot: SnapshotReader) -> None:
    assert b"".join(snapshot.blocks(snapshot.manifest.files[0])) == part_of(snapshot).read_bytes()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda part: part.write_bytes(part.read_bytes().replace(b'"size":1000', b'"size":1001', 1)), "SHA-256"),
        (lambda part: part.write_bytes(part.read_bytes()[:-1] + b" "), "the last line has no end"),
        (
            lambda part: part.write_bytes(part.read_bytes().replace(b',"name"', b'\n"name"', 1)),
            "lines: 4, the manifest says 3",
        ),
        (lambda part: part.write_bytes(part.read_bytes()[:-1]), "bytes: "),
        (lambda part: part.write_bytes(part.read_bytes() + b" " * 3_000_000), "bytes: "),
        (lambda part: part.write_bytes(b""), "bytes: 0, "),
        (Path.unlink, "No such file"),
        (lambda part: (part.unlink(), part.mkdir()), "no regular file"),
        (make_pipe, "no regular file"),
        (lambda part: (part.unlink(), part.symlink_to("/etc/hostname")), "leads out of its folder"),
    ],
)
def test_a_file_that_differs_from_the_manifest_raises(
    snapshot: SnapshotReader, damage: Callable[[Path], object], words: str
) -> None:
    damage(part_of(snapshot))
    with pytest.raises(IncompleteError, match=words):
        snapshot.check()
    with pytest.raises(IncompleteError):
        list(snapshot.records())
    assert verify(snapshot).differences


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{}", "line 2: is no record"),
        (b"no json", "line 2: is no record"),
        (b"\xff", "line 2: is no record"),
        (b"", "1 lines are empty"),
        (msgspec.json.encode(record(center="thirdparty")), "a record of target 'eu' and center 'thirdparty'"),
        (msgspec.json.encode(record(target="west")), "a record of target 'west' and center 'self'"),
    ],
)
def test_a_line_that_is_no_record_of_its_partition_raises_even_if_its_digest_is_right(
    snapshot: SnapshotReader, line: bytes, words: str
) -> None:
    part = part_of(snapshot)
    first, _, third = part.read_bytes().splitlines()
    part.write_bytes(b"\n".join((first, line, third, b"")))
    data = part.read_bytes()
    entry = msgspec.structs.replace(snapshot.manifest.files[0], bytes=len(data), sha256=sha256(data).hexdigest())
    rewrite(snapshot, files=(entry,))
    again = open_snapshot(snapshot.folder)
    again.check()
    with pytest.raises(IncompleteError, match=words):
        list(again.records())


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "center=self/../../x", "center=mine/part-00000.ndjson", "a\x00b", ""]
)
def test_a_manifest_that_names_files_of_no_snapshot_is_refused(snapshot: SnapshotReader, path: str) -> None:
    entry = FileEntry(path=path, records=0, bytes=0, sha256="")
    for fields in ({"files": (entry,)}, {"rejects": entry}):
        rewrite(snapshot, **fields)
        with pytest.raises(IncompleteError, match=r"names (a|the) file"):
            open_snapshot(snapshot.folder)


def test_a_manifest_that_names_a_file_twice_is_refused(snapshot: SnapshotReader) -> None:
    rewrite(snapshot, files=snapshot.manifest.files * 2)
    with pytest.raises(IncompleteError, match="names a file twice"):
        open_snapshot(snapshot.folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{", "is no manifest"),
        (b'{"schema": 3}', "has schema 3"),
        (b'{"schema": 2}', "is damaged"),
        (b'{"schema": 1}', "is damaged"),
        (None, "has no"),
    ],
)
def test_a_folder_without_a_manifest_that_can_be_read_is_no_snapshot(
    snapshot: SnapshotReader, text: bytes | None, words: str
) -> None:
    path = snapshot.folder / "_manifest.json"
    path.unlink() if text is None else path.write_bytes(text)
    with pytest.raises(IncompleteError, match=words):
        open_snapshot(snapshot.folder)


def test_the_target_of_a_part_is_in_its_path_or_is_the_only_one(tmp_path: Path) -> None:
    alone = publish_records(tmp_path, "alone", records_named("a"))
    assert alone.partition_of(alone.manifest.files[0]) == Partition("eu", "self")
    several = publish_records(tmp_path, "several", [*records_named("a"), *records_named("a", target="west")])
    assert [several.partition_of(file).target for file in several.manifest.files] == ["eu", "west"]


def test_rejects_come_line_by_line(snapshot: SnapshotReader) -> None:
    assert list(snapshot.rejects()) == []
    text = b'{"reason":"a"}\n{"reason":"b"}\n'
    (snapshot.folder / "_rejects.ndjson").write_bytes(text)
    digest = sha256(text).hexdigest()
    rewrite(snapshot, rejects=FileEntry(path="_rejects.ndjson", records=2, bytes=len(text), sha256=digest))
    assert list(open_snapshot(snapshot.folder).rejects()) == text.splitlines()
