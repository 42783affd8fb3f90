"""Laws of the list of an output: every snapshot is in it, and none is said to be better than its files show."""

import os
from pathlib import Path

import pytest

from crawler.errors import DiskError, UsageError
from crawler.snapshot.history.listing import ListedSnapshot, list_snapshots
from tests.audit.examples import walk
from tests.store.builders import publish_records, records_named, rewrite


def at(second: int) -> str:
    return f"2026-11-23T12:00:{second:02}.000000Z"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return an output of two complete snapshots, and between them one that misses two records."""
    publish_records(tmp_path, "z", records_named("x"), started_at=at(1))
    partial = walk(records=1, verdict="partial", declared_totals=(3,))
    publish_records(tmp_path, "half", records_named("x"), partial, started_at=at(2), status="incomplete")
    publish_records(tmp_path, "a", records_named("x", "y"), started_at=at(3))
    return tmp_path


def by_id(output: Path) -> dict[str, ListedSnapshot]:
    return {one.snapshot: one for one in list_snapshots(output)}


def test_the_newest_snapshot_comes_first_and_two_are_called_latest_and_previous(output: Path) -> None:
    assert [(one.snapshot, one.status, one.records, one.names) for one in list_snapshots(output)] == [
        ("a", "complete", 2, ("latest",)),
        ("half", "incomplete", 1, ()),
        ("z", "complete", 1, ("previous",)),
    ]


def test_the_size_is_that_of_all_files_in_the_folder(output: Path) -> None:
    files = [path for path in (output / "snapshot=a").rglob("*") if path.is_file()]
    assert by_id(output)["a"].bytes == sum(path.stat().st_size for path in files)
    (output / "snapshot=a" / "notes").write_bytes(b"12345")
    assert by_id(output)["a"].bytes == sum(path.stat().st_size for path in files) + 5


def test_an_incomplete_snapshot_says_what_it_lacks_and_how_many_reasons_there_are(output: Path) -> None:
    assert by_id(output)["half"].reason == "eu/self is partial: 0 windows not read; 1 record read, 2 missing"
    two = (walk(records=0, verdict="partial"), walk(center="thirdparty", records=0, verdict="drifted"))
    publish_records(output, "worse", (), *two, started_at=at(4), status="incomplete")
    assert by_id(output)["worse"].reason.endswith(", and 1 more reason")
    publish_records(output, "odd", records_named("x"), started_at=at(5), status="incomplete")
    assert by_id(output)["odd"].reason == "it falls short of its plan"


def test_a_snapshot_without_a_readable_manifest_is_damaged_and_comes_last(output: Path) -> None:
    (output / "snapshot=a" / "_manifest.json").write_text("{")
    (output / "snapshot=z" / "_manifest.json").unlink()
    (output / "snapshot=file").write_text("x")
    damaged = list_snapshots(output)[1:]
    assert [(one.snapshot, one.status, one.started_at, one.records) for one in damaged] == [
        ("z", "damaged", None, None),
        ("file", "damaged", None, None),
        ("a", "damaged", None, None),
    ]
    assert damaged[0].reason == "has no _manifest.json: it is no snapshot, or a damaged one"
    assert damaged[1].reason.startswith("is no folder")
    assert damaged[2].reason.startswith("_manifest.json is no manifest")


def test_a_snapshot_whose_files_are_not_those_of_its_manifest_is_damaged_but_keeps_its_time(output: Path) -> None:
    part = next((output / "snapshot=a").rglob("part-*"))
    part.write_bytes(part.read_bytes()[:-1])
    one = by_id(output)["a"]
    assert (one.status, one.started_at, one.records) == ("damaged", at(3), 2)
    assert "the manifest says" in one.reason


@pytest.mark.parametrize(("name", "word"), [("a", "is missing"), ("half", "is there")])
def test_a_status_that_the_success_marker_contradicts_is_damaged(output: Path, name: str, word: str) -> None:
    marker = output / f"snapshot={name}" / "_SUCCESS"
    marker.unlink() if marker.exists() else marker.touch()
    one = by_id(output)[name]
    assert one.status == "damaged"
    assert one.reason.endswith(f"_SUCCESS {word}")
    assert one.started_at is not None


def test_a_manifest_that_contradicts_itself_is_damaged(output: Path) -> None:
    snapshot = publish_records(output, "lies", records_named("x"), started_at=at(6))
    rewrite(snapshot, walks=(walk(records=7),))
    assert by_id(output)["lies"].status == "damaged"


def test_moments_of_other_time_zones_are_listed_in_utc_and_sorted_as_moments(output: Path) -> None:
    snapshot = publish_records(output, "east", records_named("x"), started_at=at(9))
    rewrite(snapshot, started_at="2026-11-23T14:00:02.500000+02:00")
    assert [one.snapshot for one in list_snapshots(output)] == ["a", "east", "half", "z"]


def test_what_is_called_otherwise_is_no_snapshot(output: Path) -> None:
    for name in ("snapshots", "snapshot=", ".work"):
        (output / name).mkdir(exist_ok=True)
    assert len(list_snapshots(output)) == 3


def test_an_empty_output_has_no_snapshot_and_one_that_is_missing_is_an_error(tmp_path: Path) -> None:
    assert list_snapshots(tmp_path) == []
    (tmp_path / "file").touch()
    for name in ("nowhere", "file"):
        with pytest.raises(UsageError, match="is no folder; name the output"):
            list_snapshots(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_an_output_that_may_not_be_read_is_an_error_and_not_an_empty_list(output: Path) -> None:
    output.chmod(0o300)
    try:
        with pytest.raises(DiskError, match="Permission denied"):
            list_snapshots(output)
    finally:
        output.chmod(0o700)
