"""A snapshot with compressed parts says the same as one without, and no damage of a part passes unnoticed."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
import pytest

from crawler.errors import IncompleteError
from crawler.files.compression.codec import Codec
from crawler.files.compression.zstd import zstd_library
from crawler.snapshot.file_entry import FileContent
from crawler.snapshot.layout import MANIFEST
from crawler.snapshot.manifest import from_json
from crawler.snapshot.reader import SnapshotReader
from crawler.snapshot.verify import verify
from tests.audit.examples import record
from tests.store.builders import publish_records, records_named, rewrite
from tests.support.cli_runner import Said, Say, ends_with_a_line, saying

ZSTD: Final = Codec("zstd", 3)
GZIP: Final = Codec("gzip", 6)
RECORDS: Final = [
    *records_named(*(f"{number:04d}" for number in range(300))),
    *records_named("one", center="thirdparty", extra={"zz": 1}),
]
# What reads a snapshot from a command line: OTHER is one with the same records that is not compressed.
COMMANDS: Final = (
    ("verify", "IT"),
    ("diff", "IT", "OTHER"),
    ("diff", "OTHER", "IT", "--json"),
    ("audit", "IT"),
    ("audit", "OTHER", "--previous", "IT", "--json"),
    ("report", "IT", "-o", "-"),
    ("report", "OTHER", "--previous", "IT", "-o", "-"),
    ("query", "IT", "select count(*) as n, min(name) as first from repositories", "--json"),
)


@pytest.fixture(params=[ZSTD, GZIP], ids=lambda codec: codec.compression)
def codec(request: pytest.FixtureRequest) -> Codec:
    found: Codec = request.param
    return found


@pytest.fixture
def compressed(tmp_path: Path, codec: Codec) -> SnapshotReader:
    return publish_records(tmp_path, "it", RECORDS, max_part_bytes=30_000, codec=codec)


@pytest.fixture
def plain(tmp_path: Path) -> SnapshotReader:
    return publish_records(tmp_path, "other", RECORDS, max_part_bytes=30_000)


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    run = saying(capfd, monkeypatch)
    names = {"IT": str(tmp_path / "snapshot=it"), "OTHER": str(tmp_path / "snapshot=other")}

    def without_warning(*arguments: str) -> Said:
        said = run(*(names.get(argument, argument) for argument in arguments))
        lines = said.err.splitlines(keepends=True)
        return said._replace(err="".join(line for line in lines if "the earlier snapshot" not in line))

    return without_warning


def first_part(snapshot: SnapshotReader) -> Path:
    return snapshot.folder / snapshot.manifest.files[0].path


def test_parts_hold_the_same_lines_and_are_cut_at_the_same_ones(
    compressed: SnapshotReader, plain: SnapshotReader, codec: Codec
) -> None:
    suffix = {"zstd": ".zst", "gzip": ".gz"}[codec.compression]
    pairs = list(zip(compressed.manifest.files, plain.manifest.files, strict=True))
    assert len(pairs) > 3
    for one, other in pairs:
        assert one.path == f"{other.path}{suffix}"
        assert (one.records, one.lines) == (other.records, other.lines)
        assert other.content is None
        on_disk = (compressed.folder / one.path).read_bytes()
        assert (one.bytes, one.sha256) == (len(on_disk), sha256(on_disk).hexdigest())
        assert one.bytes < other.bytes
        assert b"".join(compressed.blocks(one)) == b"".join(plain.blocks(other))
    assert list(compressed.records()) == list(plain.records()) == RECORDS


def test_it_is_intact(compressed: SnapshotReader, plain: SnapshotReader) -> None:
    assert verify(compressed).differences == ()
    assert verify(compressed)[1:3] == verify(plain)[1:3]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_says_the_same_as_of_one_that_is_not_compressed(
    compressed: SnapshotReader, plain: SnapshotReader, say: Say, command: tuple[str, ...]
) -> None:
    swapped = {"IT": "OTHER", "OTHER": "IT"}
    found, expected = say(*command), say(*(swapped.get(word, word) for word in command))
    assert found.code == expected.code == 0
    if command[0] == "query":
        assert found.out == expected.out == '{"n":301,"first":"0000"}\n'
    if command[0] == "diff":
        assert "0 added" in found.out + found.err or '"added":0' in found.out
    assert compressed.manifest.status == plain.manifest.status


def cut_short(part: Path) -> None:
    part.write_bytes(part.read_bytes()[:-1])


def one_bit_changed(part: Path) -> None:
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)


def more_behind(part: Path) -> None:
    part.write_bytes(part.read_bytes() * 2)


def empty(part: Path) -> None:
    part.write_bytes(b"")


def not_compressed(part: Path) -> None:
    part.write_bytes(b'{"name":"a"}\n')


def tell(snapshot: SnapshotReader) -> None:
    """Let the manifest say of the first part what the disk says: then only what it holds is wrong."""
    data = first_part(snapshot).read_bytes()
    first, *others = snapshot.manifest.files
    lying = msgspec.structs.replace(first, bytes=len(data), sha256=sha256(data).hexdigest())
    rewrite(snapshot, files=(lying, *others))


@pytest.mark.parametrize("told", [False, True], ids=["as it was", "of the damaged size"])
@pytest.mark.parametrize("damage", [cut_short, one_bit_changed, more_behind, empty, not_compressed])
def test_no_damage_of_a_part_passes_for_an_intact_one(
    compressed: SnapshotReader, damage: Callable[[Path], None], *, told: bool
) -> None:
    damage(first_part(compressed))
    if told:
        tell(compressed)
    reader = SnapshotReader(compressed.folder, from_json((compressed.folder / MANIFEST).read_bytes()))
    assert verify(reader).differences
    with pytest.raises(IncompleteError, match=r"part-00000\.ndjson"):
        reader.check()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_part_that_is_cut_short_ends_every_command_with_3(
    tmp_path: Path, plain: SnapshotReader, say: Say, command: tuple[str, ...]
) -> None:
    snapshot = publish_records(tmp_path, "it", RECORDS, codec=ZSTD)
    cut_short(first_part(snapshot))
    tell(snapshot)
    assert plain.manifest.status == "complete"
    assert ends_with_a_line(say(*command))


def test_a_part_compressed_again_is_another_file(tmp_path: Path) -> None:
    snapshot = publish_records(tmp_path, "it", RECORDS, codec=ZSTD)
    part, zstd = first_part(snapshot), zstd_library()
    frame = zstd.compress(zstd.decompress(part.read_bytes()), level=19)
    part.write_bytes(frame)
    first, *others = snapshot.manifest.files
    rewrite(snapshot, files=(msgspec.structs.replace(first, bytes=len(frame)), *others))
    reader = SnapshotReader(snapshot.folder, from_json((snapshot.folder / MANIFEST).read_bytes()))
    assert any("SHA-256" in difference for difference in verify(reader).differences)
    with pytest.raises(IncompleteError, match="SHA-256"):
        reader.check()


@pytest.mark.parametrize("held", [10, 10**6, 2**62])
def test_a_part_that_holds_more_than_it_says_is_not_read_to_its_end(tmp_path: Path, codec: Codec, held: int) -> None:
    long = [record(name="zeros", description="0" * 30_000_000)]
    snapshot = publish_records(tmp_path, "it", long, codec=codec)
    (file,) = snapshot.manifest.files
    assert file.bytes < 40_000
    lying = msgspec.structs.replace(file, content=FileContent(bytes=held, sha256=file.sha256))
    rewrite(snapshot, files=(lying,))
    reader = SnapshotReader(snapshot.folder, from_json((snapshot.folder / MANIFEST).read_bytes()))
    with pytest.raises(IncompleteError, match="bytes: "):
        reader.check()
    assert any("bytes: " in difference for difference in verify(reader).differences)


def test_a_manifest_says_what_a_compressed_file_holds_and_of_no_other(
    compressed: SnapshotReader, plain: SnapshotReader
) -> None:
    for snapshot, content in ((compressed, None), (plain, FileContent(bytes=1, sha256=""))):
        first, *others = snapshot.manifest.files
        changed = rewrite(snapshot, files=(msgspec.structs.replace(first, content=content), *others))
        with pytest.raises(ValueError, match="does not say what a compressed file holds"):
            from_json(msgspec.json.encode(changed))
