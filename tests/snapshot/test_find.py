"""Laws of finding a snapshot by its name: folder, id, `latest`, `previous`; or by its plan."""

from pathlib import Path
from typing import Any

import pytest

from crawler.config.describe import redacted
from crawler.errors import IncompleteError, UsageError
from crawler.snapshot.history.find import find_snapshot, newest_of_plans, open_named, open_to_compare
from crawler.snapshot.history.shrinkage import Place, center_plans
from crawler.snapshot.reader import SnapshotReader
from tests.store.builders import publish_records, records_named, rewrite
from tests.support.emulator_fixture import configure


def at(second: int) -> str:
    return f"2026-11-23T12:00:{second:02}.000000Z"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return an output of three complete snapshots and an incomplete one; `latest` points to the last of the three."""
    output = tmp_path / "output"
    output.mkdir()
    for second, (name, status) in enumerate(
        [("c", "complete"), ("b", "complete"), ("half", "incomplete"), ("a", "complete")]
    ):
        publish_records(output, name, records_named("x"), started_at=at(second), status=status)
    return output


def test_latest_is_where_the_link_points_and_previous_the_complete_one_started_before(output: Path) -> None:
    assert find_snapshot("latest", output).name == "snapshot=a"
    assert find_snapshot("previous", output).name == "snapshot=b"


def test_of_two_snapshots_of_one_instant_the_smaller_id_is_the_previous(output: Path) -> None:
    publish_records(output, "Z", records_named("x"), started_at=at(3))
    (output / "latest").unlink()
    (output / "latest").symlink_to("snapshot=a")
    assert find_snapshot("previous", output).name == "snapshot=Z"


def test_a_damaged_snapshot_is_not_the_previous_one(output: Path) -> None:
    (output / "snapshot=b" / "_manifest.json").write_text("{")
    assert find_snapshot("previous", output).name == "snapshot=c"
    (output / "snapshot=c" / "_SUCCESS").unlink()
    with pytest.raises(UsageError, match="no complete snapshot before a; there are half, c, b, a"):
        find_snapshot("previous", output)
    (output / "snapshot=a" / "_manifest.json").unlink()
    with pytest.raises(IncompleteError, match="no readable _manifest"):
        find_snapshot("previous", output)


def test_a_snapshot_is_found_by_its_id_and_by_its_folder(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_snapshot("half", output) == find_snapshot("snapshot=half", output) == output / "snapshot=half"
    assert find_snapshot(str(output / "snapshot=c"), output) == output / "snapshot=c"
    monkeypatch.chdir(output)
    assert find_snapshot("snapshot=c", Path("elsewhere")) == Path("snapshot=c")


def test_the_message_for_an_unknown_name_lists_the_snapshots_that_exist(output: Path, tmp_path: Path) -> None:
    for number in range(4):
        (output / f"snapshot=d{number}").mkdir()
    with pytest.raises(UsageError, match=r"nope is no folder .* there are half, d3, d2, d1, d0 and 3 more"):
        find_snapshot("nope", output)
    with pytest.raises(UsageError, match="there is no snapshot in"):
        find_snapshot("latest", tmp_path / "nowhere")
    publish_records(tmp_path, "only", records_named("x"), status="incomplete")
    with pytest.raises(UsageError, match="no complete snapshot called latest; there is only"):
        find_snapshot("latest", tmp_path)


def test_a_link_that_leads_nowhere_is_no_latest(output: Path) -> None:
    (output / "latest").unlink()
    (output / "latest").symlink_to("snapshot=gone")
    assert find_snapshot("latest", output).name == "snapshot=a"
    (output / "latest.json").unlink()
    with pytest.raises(UsageError, match="called latest"):
        find_snapshot("latest", output)


def test_a_snapshot_to_compare_with_may_be_missing_when_it_is_the_previous_one(output: Path, tmp_path: Path) -> None:
    assert open_to_compare(None, output) == (None, "")
    found, missing = open_to_compare("previous", output)
    assert (found is not None and found.folder.name, missing) == ("snapshot=b", "")
    publish_records(tmp_path / "first", "only", records_named("x"))
    found, missing = open_to_compare("previous", tmp_path / "first")
    assert found is None
    assert "no complete snapshot before only" in missing


@pytest.mark.parametrize("name", ["latest", "nope"])
def test_any_other_snapshot_to_compare_with_must_exist(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        open_to_compare(name, tmp_path)


def test_a_snapshot_is_opened_by_its_name(output: Path) -> None:
    assert open_named("latest", output).manifest.snapshot == "a"


# --- by plan

CONFIG = redacted(configure("a.example", "output"))
PLANS = center_plans(CONFIG)
SELF: Place = ("default", "self")


def of_plan(output: Path, name: str, second: int, **fields: Any) -> SnapshotReader:  # noqa: ANN401
    return publish_records(output, name, records_named("x"), started_at=at(second), **{"config": CONFIG, **fields})


def newest(output: Path, *, second: int = 59) -> list[tuple[str, frozenset[Place]]]:
    return [(found.snapshot, places) for found, places in newest_of_plans(output, PLANS, at(second))]


def test_the_newest_complete_snapshot_of_the_same_plan_is_found_wherever_latest_points(tmp_path: Path) -> None:
    for second, name in enumerate("cba"):
        of_plan(tmp_path, name, second)
    of_plan(tmp_path, "incomplete", 3, status="incomplete")
    of_plan(tmp_path, "other", 4, config=redacted(configure("b.example", "output")))
    assert newest(tmp_path) == [("a", frozenset(PLANS))]
    assert newest(tmp_path, second=1) == [("b", frozenset(PLANS))]
    (tmp_path / "latest").unlink()
    assert newest(tmp_path) == [("a", frozenset(PLANS))]
    assert newest(tmp_path / "nowhere") == []


def test_a_snapshot_without_its_success_marker_is_not_complete_whatever_its_manifest_says(tmp_path: Path) -> None:
    of_plan(tmp_path, "a", 0)
    of_plan(tmp_path, "b", 1)
    (tmp_path / "snapshot=b" / "_SUCCESS").unlink()
    assert newest(tmp_path) == [("a", frozenset(PLANS))]


def test_each_center_has_the_newest_snapshot_of_its_own_plan(tmp_path: Path) -> None:
    of_plan(tmp_path, "both", 0)
    of_plan(tmp_path, "self", 1, config=redacted(configure("a.example", "output", centers="self")))
    of_plan(tmp_path, "some", 2, config=redacted(configure("a.example", "output", namespaces="a")))
    assert newest(tmp_path) == [("self", frozenset({SELF})), ("both", frozenset({("default", "thirdparty")}))]


def test_a_manifest_that_cannot_be_read_is_logged_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    of_plan(tmp_path, "sound", 0)
    rewrite(of_plan(tmp_path, "newer-schema", 1), schema=99)
    (of_plan(tmp_path, "torn", 2).folder / "_manifest.json").write_text("{")
    assert newest(tmp_path) == [("sound", frozenset(PLANS))]
    logged = [(record.message, record.__dict__["snapshot"], record.__dict__["reason"]) for record in caplog.records]
    assert [(message, name) for message, name, _ in logged] == [
        ("snapshot.unreadable", "torn"),
        ("snapshot.unreadable", "newer-schema"),
    ]
    assert "damaged" in logged[0][2]
    assert "has schema 99" in logged[1][2]
