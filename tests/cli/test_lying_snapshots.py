"""Nothing that a snapshot says is believed before the disk says the same: each command that reads one ends with a line.

A command that believed a size of 2^62 bytes would run for ever: then the time limit of the tests ends it.
"""

import copy
import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from crawler.config.describe import redacted
from crawler.errors import IncompleteError
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.history.find import newest_of_plans
from crawler.snapshot.history.shrinkage import center_plans
from crawler.snapshot.manifest import (
    CarriedOver,
    CenterSplit,
    Coverage,
    Lost,
    Overlap,
    Requests,
    Shrinkage,
    TargetEntry,
    from_json,
    to_json,
)
from crawler.snapshot.reader import SnapshotReader, open_snapshot
from crawler.snapshot.verify import verify
from tests.audit.examples import COMPLETE, WALK
from tests.store.builders import publish_records, records_named, rewrite
from tests.support.cli_runner import Say, ends_with_a_line, saying
from tests.support.emulator_fixture import configure

COMMANDS: Final = (
    ("verify", "LYING"),
    ("diff", "LYING", "TRUE"),
    ("diff", "TRUE", "LYING", "--json"),
    ("audit", "LYING"),
    ("audit", "TRUE", "--previous", "LYING", "--json"),
    ("report", "LYING", "-o", "-"),
    ("report", "TRUE", "--previous", "LYING", "-o", "-"),
    ("query", "LYING", "from repositories"),
    ("query", "LYING", "from walks", "--json"),
    ("verify", "LYING", "--json"),
)


@pytest.fixture
def lying(tmp_path: Path) -> SnapshotReader:
    publish_records(tmp_path, "true", records_named("a", "b", "x"))
    return publish_records(tmp_path, "lying", records_named("a", "b", "c"))


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    run = saying(capfd, monkeypatch)
    names = {"LYING": str(tmp_path / "snapshot=lying"), "TRUE": str(tmp_path / "snapshot=true")}
    return lambda *arguments: run(*(names.get(argument, argument) for argument in arguments))


def part_of(snapshot: SnapshotReader) -> Path:
    return snapshot.folder / snapshot.manifest.files[0].path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "lie",
    [
        {"bytes": 2**62},
        {"bytes": 2**200},
        {"bytes": -(2**62)},
        {"bytes": 0},
        {"records": 2**62},
        {"records": -1},
        {"records": 2**62, "bytes": 2**62},
        {"sha256": "\x1b[2J" * 1000},
    ],
    ids=str,
)
def test_a_manifest_that_lies_about_a_file_is_3(
    say: Say, lying: SnapshotReader, command: tuple[str, ...], lie: dict[str, Any]
) -> None:
    rewrite(lying, files=(msgspec.structs.replace(lying.manifest.files[0], **lie),))
    said = say(*command)
    assert ends_with_a_line(said) or ("sha256" in lie and said.code == 3)
    assert "\x1b" not in said.out + said.err
    assert len(said.err) < 1000


def written_numbers(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    """Yield the place of every number in a manifest, outside the configuration, which is foreign."""
    if isinstance(content, dict):
        for name, inner in content.items():
            if path or name != "config":
                yield from written_numbers(inner, (*path, name))
    elif isinstance(content, list):
        for number, inner in enumerate(content):
            yield from written_numbers(inner, (*path, number))
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield path


def with_number(content: Any, path: tuple[str | int, ...], text: str) -> bytes:  # noqa: ANN401 - JSON
    """Return a manifest with a number at this place, as it is spelled."""
    changed = copy.deepcopy(content)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "NUMBER"
    return msgspec.json.encode(changed).replace(b'"NUMBER"', text.encode())


def full_manifest() -> Any:  # noqa: ANN401 - JSON
    """Return a manifest in which every field has a value."""
    split = CenterSplit(reason="r", passes=1, requests=1, declared_totals=(1,), seen=1, gone=0)
    walk = msgspec.structs.replace(WALK, lost=(Lost(offset=0, end=1, got=0, reason="r"),), seen=1)
    moments = {"started_at": COMPLETE.started_at, "finished_at": COMPLETE.finished_at}
    full = msgspec.structs.replace(
        COMPLETE,
        walks=(walk,),
        coverage=(Coverage(target="eu", center="self", declared=1, covered=1, declared_before=1, split=split),),
        shrinkage=(Shrinkage(target="eu", center="self", namespace=None, before=2, now=1, snapshot="s"),),
        overlaps=(Overlap(target="eu", compared=2, in_both=1),),
        targets=(TargetEntry(name="eu", state="ended", planned=1, published=1),),
        carried_over=(CarriedOver(snapshot="s", **moments),),
        requests=Requests(by_status={"200": 1}, retries=0, throttled_s=0.0),
    )
    return json.loads(msgspec.json.encode(full))


NUMBERS: Final = tuple(written_numbers(full_manifest()))
# More digits than Python prints, too.
NO_COUNTS: Final = ("-1", str(2**63), str(2**64), "1" + "0" * 400, "9" * 4301)


def test_every_number_of_a_manifest_has_a_range() -> None:
    fields = {path[-1] for path in NUMBERS}
    assert len(NUMBERS) > 35
    assert {"duplicates", "outside", "200", "seen", "covered", "throttled_s", "resumed"} <= fields
    content = full_manifest()
    assert json.loads(to_json(from_json(msgspec.json.encode(content)))) == content
    for path in NUMBERS:
        for text in NO_COUNTS:
            with pytest.raises(ValueError, match=r"is damaged|is no manifest|has schema") as caught:
                from_json(with_number(content, path, text))
            assert len(str(caught.value)) < 300, path


@pytest.mark.parametrize(
    "moment", ["", "yesterday", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "x" * 999]
)
@pytest.mark.parametrize("field", ["started_at", "finished_at"])
def test_text_that_is_no_moment_is_damage(moment: str, field: str) -> None:
    content = full_manifest()
    for run in (content, content["carried_over"][0]):
        before, run[field] = run[field], moment
        with pytest.raises(ValueError, match=f"is damaged: {field} is no moment") as caught:
            from_json(msgspec.json.encode(content))
        assert len(str(caught.value)) < 300
        run[field] = before


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "lie",
    [
        {"duplicates": 2**64},
        {"duplicates": 10**400},
        {"limit": 10**400},
        {"distinct": 10**400},
        {"declared_totals": (10**400,)},
        {"outside": 2**62},
        {"records": -1},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_manifest_that_lies_about_a_walk_is_3(
    say: Say, lying: SnapshotReader, command: tuple[str, ...], lie: dict[str, Any]
) -> None:
    content = json.loads(msgspec.json.encode(lying.manifest))
    content["walks"][0] |= lie
    (lying.folder / "_manifest.json").write_text(json.dumps(content))
    said = say(*command)
    assert (said.code, said.err.count("\n"), said.out) == (3, 1, "")
    assert "_manifest.json is damaged: " in said.err
    assert len(said.err) < 1000


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_sum_of_the_largest_numbers_breaks_nothing(say: Say, lying: SnapshotReader, command: tuple[str, ...]) -> None:
    walk = msgspec.structs.replace(
        lying.manifest.walks[0], verdict="partial", declared_totals=(2**63 - 1,), records=10**12, requests=10**12
    )
    walk = msgspec.structs.replace(walk, lost=(Lost(offset=2**63 - 1, end=2**63 - 1, got=2**63 - 1, reason="r"),))
    rewrite(lying, walks=(walk,) * 3, status="incomplete")
    assert say(*command).code in {0, 3}


def to_endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def to_outside(path: Path) -> None:
    outside = path.parents[2] / "outside"
    path.rename(outside)
    path.symlink_to(outside)


def to_gigabytes(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(2**40)  # a hole: it takes no space


DISGUISES: Final = (to_endless, to_pipe, to_folder, to_loop, to_gigabytes)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("disguise", [*DISGUISES, to_outside])
def test_a_part_that_is_something_else_is_3(
    say: Say, lying: SnapshotReader, command: tuple[str, ...], disguise: Callable[[Path], None]
) -> None:
    disguise(part_of(lying))
    assert ends_with_a_line(say(*command))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_manifest_that_is_something_else_is_3(
    say: Say, lying: SnapshotReader, command: tuple[str, ...], disguise: Callable[[Path], None]
) -> None:
    disguise(lying.folder / "_manifest.json")
    said = say(*command)
    assert (said.code, said.err.count("\n")) == (3, 1)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"[" * 10**6,
        b'{"schema":2,"config":' + b'{"a":' * 10**6,
        b'{"schema":' + b"9" * 5000 + b"}",
        b'{"schema":NaN}',
        b'{"schema":1,"walks":[[[]]],"files":{}}',
        b'"schema"',
    ],
    ids=lambda text: repr(text[:30]),
)
def test_a_manifest_of_other_text_is_3(say: Say, lying: SnapshotReader, command: tuple[str, ...], text: bytes) -> None:
    (lying.folder / "_manifest.json").write_bytes(text)
    said = say(*command)
    assert (said.code, said.err.count("\n")) == (3, 1)
    assert len(said.err) < 1000


def test_a_part_that_grows_while_it_is_read_differs(lying: SnapshotReader) -> None:
    (file,) = lying.manifest.files
    blocks = lying.blocks(file)
    with part_of(lying).open("ab") as part:
        next(blocks)
        for _ in range(100):
            part.write(b"{}\n" * 2**20)
            part.flush()
        with pytest.raises(IncompleteError, match="bytes: 1049785, the manifest says 1209"):
            list(blocks)


def test_lines_end_where_the_file_ended_when_it_was_opened(lying: SnapshotReader) -> None:
    lines = lying.lines(lying.manifest.files[0])
    first = next(lines)
    with part_of(lying).open("ab") as part:
        part.write(b"{}\n" * 1000)
    assert len([first, *lines]) == 3


def test_verify_reads_no_more_than_it_found_when_it_looked_at_the_size(
    lying: SnapshotReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = lying.size

    def size_and_append(file: FileEntry) -> int:
        found = size(file)
        with part_of(lying).open("ab") as part:
            part.write(b"{}\n" * 1000)
        return found

    monkeypatch.setattr(lying, "size", size_and_append)
    before, lines = part_of(lying).stat().st_size, len(list(lying.lines(lying.manifest.files[0])))
    report = verify(lying)
    assert (report.differences, report.records, report.bytes) == ((), lines, before)


def test_lines_of_half_a_file_end_in_half_a_line(lying: SnapshotReader) -> None:
    (file,) = lying.manifest.files
    whole = part_of(lying).read_bytes()
    assert b"".join(lying.lines(file, 500)) == whole[:500]


@pytest.mark.parametrize("of", ["file", "folder"])
def test_verify_names_a_link_that_the_manifest_does_not(lying: SnapshotReader, of: str) -> None:
    target = part_of(lying) if of == "file" else part_of(lying).parent
    (lying.folder / "more").symlink_to(target)
    assert verify(lying).differences == ("more: is not in the manifest",)


def test_verify_says_which_folder_it_cannot_look_into(lying: SnapshotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = lying.folder / "closed"
    closed.mkdir()
    (closed / "extra").touch()
    scandir = os.scandir

    def refuse(path: Any) -> Any:  # noqa: ANN401 - as the system's call
        if os.fspath(path) == str(closed):
            raise PermissionError(errno.EACCES, "Permission denied", str(closed))  # root is never refused
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert verify(lying).differences == (f"{closed}: Permission denied; what else is there is not known",)


@pytest.mark.parametrize("call", ["fstat", "fdopen"])
def test_a_file_that_cannot_be_examined_leaves_no_descriptor_open(
    lying: SnapshotReader, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - without objects that stay open
    with monkeypatch.context() as patches:
        patches.setattr(os, call, fail)
        with pytest.raises(IncompleteError, match="Input/output error"):
            lying.open(lying.manifest.files[0])
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"bytes": 2**62}, "bytes: "),
        ({"records": 2**62}, "is damaged: Expected `int` <= 1000000000000"),
        ({"records": 10**12}, "1 000 000 000 000 lines"),
        ({"records": 2}, "the walks hold 3 records, the files 2"),
    ],
)
def test_a_crawl_passes_over_an_earlier_snapshot_that_lies(
    lying: SnapshotReader, caplog: pytest.LogCaptureFixture, lie: dict[str, Any], words: str
) -> None:
    output = lying.folder.parent
    config = redacted(configure("a.example", "output"))
    for name, moment in (("true", "2026-01-01"), ("lying", "2026-01-02")):
        rewrite(open_snapshot(output / f"snapshot={name}"), config=config, started_at=moment)
    plans = center_plans(config)
    assert next(manifest.snapshot for manifest, _ in newest_of_plans(output, plans, "2026-01-03")) == "lying"
    file = msgspec.structs.replace(lying.manifest.files[0], **lie)
    rewrite(lying, config=config, started_at="2026-01-02", files=(file,))
    assert [manifest.snapshot for manifest, _ in newest_of_plans(output, plans, "2026-01-03")] == ["true"]
    (record,) = caplog.records
    assert record.message == "snapshot.unreadable"
    assert words in record.__dict__["reason"]
