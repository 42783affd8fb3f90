"""Whoever reads a snapshot to its end has read what the manifest says, or is told; and finds it by its name."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from crawler.errors import IncompleteError, UsageError
from crawler.snapshot.manifest import FileEntry
from crawler.snapshot.reader import Partition, Snapshot, open_snapshot, resolve
from crawler.snapshot.verify import verify
from tests.audit.examples import record
from tests.store.builders import publish_records, records_named, rewrite


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return publish_records(tmp_path, "one", records_named("a", "b", "c"))


def part_of(snapshot: Snapshot) -> Path:
    return snapshot.folder / snapshot.manifest.files[0].path


def read_all(snapshot: Snapshot) -> int:
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


def test_a_line_longer_than_what_is_read_at_once_comes_whole(tmp_path: Path) -> None:
    held = [*records_named("a", "b"), *records_named("long", description="x" * 3_000_000), *records_named("c")]
    assert list(publish_records(tmp_path, "one", held).records()) == held


def test_a_block_is_whole_lines(snapshot: Snapshot) -> None:
    assert b"".join(snapshot.blocks(snapshot.manifest.files[0])) == part_of(snapshot).read_bytes()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda part: part.write_bytes(part.read_bytes().replace(b'"size":1000', b'"size":1001', 1)), "SHA-256"),
        (lambda part: part.write_bytes(part.read_bytes()[:-1]), "the last line has no end"),
        (lambda part: part.write_bytes(part.read_bytes() + b"{}\n"), "lines: 4, the manifest says 3"),
        (lambda part: part.write_bytes(part.read_bytes() + b" " * 3_000_000), "bytes: "),
        (lambda part: part.write_bytes(b""), "bytes: 0, "),
        (Path.unlink, "No such file"),
        (lambda part: (part.unlink(), part.mkdir()), "no regular file"),
        (make_pipe, "no regular file"),
        (lambda part: (part.unlink(), part.symlink_to("/etc/hostname")), "leads elsewhere"),
    ],
)
def test_what_is_not_as_the_manifest_says_is_told(
    snapshot: Snapshot, damage: Callable[[Path], object], words: str
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
def test_a_line_that_is_no_record_of_its_place_is_told_even_if_its_digest_is_right(
    snapshot: Snapshot, line: bytes, words: str
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
def test_a_manifest_that_names_files_of_no_snapshot_is_refused(snapshot: Snapshot, path: str) -> None:
    entry = FileEntry(path=path, records=0, bytes=0, sha256="")
    for fields in ({"files": (entry,)}, {"rejects": entry}):
        rewrite(snapshot, **fields)
        with pytest.raises(IncompleteError, match=r"names (a|the) file"):
            open_snapshot(snapshot.folder)


def test_a_manifest_that_names_a_file_twice_is_refused(snapshot: Snapshot) -> None:
    rewrite(snapshot, files=snapshot.manifest.files * 2)
    with pytest.raises(IncompleteError, match="names a file twice"):
        open_snapshot(snapshot.folder)


@pytest.mark.parametrize(
    ("text", "words"),
    [(b"{", "is no manifest"), (b'{"schema": 2}', "has schema 2"), (b'{"schema": 1}', "is damaged"), (None, "has no")],
)
def test_a_folder_without_a_manifest_that_can_be_read_is_no_snapshot(
    snapshot: Snapshot, text: bytes | None, words: str
) -> None:
    path = snapshot.folder / "_manifest.json"
    path.unlink() if text is None else path.write_bytes(text)
    with pytest.raises(IncompleteError, match=words):
        open_snapshot(snapshot.folder)


def test_whose_a_part_is_stands_in_its_path_or_in_the_only_target(tmp_path: Path) -> None:
    alone = publish_records(tmp_path, "alone", records_named("a"))
    assert alone.place_of(alone.manifest.files[0]) == Partition("eu", "self")
    several = publish_records(tmp_path, "several", [*records_named("a"), *records_named("a", target="west")])
    assert [several.place_of(file).target for file in several.manifest.files] == ["eu", "west"]


def test_rejects_come_line_by_line(snapshot: Snapshot) -> None:
    assert list(snapshot.rejects()) == []
    text = b'{"reason":"a"}\n{"reason":"b"}\n'
    (snapshot.folder / "_rejects.ndjson").write_bytes(text)
    digest = sha256(text).hexdigest()
    rewrite(snapshot, rejects=FileEntry(path="_rejects.ndjson", records=2, bytes=len(text), sha256=digest))
    assert list(open_snapshot(snapshot.folder).rejects()) == text.splitlines()


# --- by name


def at(second: int) -> str:
    return f"2026-11-23T12:00:{second:02}.000000Z"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Give an output of three complete snapshots and an incomplete one, `latest` naming the last of the three."""
    output = tmp_path / "output"
    output.mkdir()
    for second, (name, status) in enumerate(
        [("c", "complete"), ("b", "complete"), ("half", "incomplete"), ("a", "complete")]
    ):
        publish_records(output, name, records_named("x"), started_at=at(second), status=status)
    return output


def test_latest_is_what_the_link_names_and_previous_the_complete_one_started_before(output: Path) -> None:
    assert resolve("latest", output).name == "snapshot=a"
    assert resolve("previous", output).name == "snapshot=b"


def test_of_two_snapshots_of_one_instant_the_smaller_id_is_the_previous(output: Path) -> None:
    publish_records(output, "Z", records_named("x"), started_at=at(3))
    (output / "latest").unlink()
    (output / "latest").symlink_to("snapshot=a")
    assert resolve("previous", output).name == "snapshot=Z"


def test_a_damaged_snapshot_is_not_the_previous_one(output: Path) -> None:
    (output / "snapshot=b" / "_manifest.json").write_text("{")
    assert resolve("previous", output).name == "snapshot=c"
    (output / "snapshot=c" / "_SUCCESS").unlink()
    with pytest.raises(UsageError, match="no complete snapshot before a; there are half, c, b, a"):
        resolve("previous", output)
    (output / "snapshot=a" / "_manifest.json").unlink()
    with pytest.raises(IncompleteError, match="no readable _manifest"):
        resolve("previous", output)


def test_a_snapshot_is_found_by_its_id_and_by_its_folder(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve("half", output) == resolve("snapshot=half", output) == output / "snapshot=half"
    assert resolve(str(output / "snapshot=c"), output) == output / "snapshot=c"
    monkeypatch.chdir(output)
    assert resolve("snapshot=c", Path("elsewhere")) == Path("snapshot=c")


def test_what_is_not_there_is_told_with_what_is(output: Path, tmp_path: Path) -> None:
    for number in range(4):
        (output / f"snapshot=d{number}").mkdir()
    with pytest.raises(UsageError, match=r"nope is no folder .* there are half, d3, d2, d1, d0 and 3 more"):
        resolve("nope", output)
    with pytest.raises(UsageError, match="there is no snapshot in"):
        resolve("latest", tmp_path / "nowhere")
    publish_records(tmp_path, "only", records_named("x"), status="incomplete")
    with pytest.raises(UsageError, match="no complete snapshot called latest; there is only"):
        resolve("latest", tmp_path)


def test_a_link_that_leads_nowhere_is_no_latest(output: Path) -> None:
    (output / "latest").unlink()
    (output / "latest").symlink_to("snapshot=gone")
    with pytest.raises(UsageError, match="called latest"):
        resolve("latest", output)
