"""Laws of pruning: what goes, goes whole; what somebody may still need stays, and the reason is said."""

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.config.retention import Retention
from crawler.errors import ConfigError, DiskError, UnavailableError, UsageError
from crawler.snapshot.history.retention import Pruned
from crawler.snapshot.layout import HOLDER, TRASH, WORK
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from crawler.store.output.run_state import write_state
from crawler.store.output.work_folder import open_work_folder
from crawler.store.output.workspace import open_workspace
from crawler.store.retention.prune import plan_prune, prune
from tests.store.builders import rewrite
from tests.store.output.builders import files_in, resume_request, unfinished
from tests.store.retention.builders import NOW, publish_night, snapshots_in
from tests.support.crash_fs import Recording, put, tree_of, watched

LAST_TWO = Retention(keep_last=2)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Return an output of five nights; that of three days ago is incomplete."""
    output = tmp_path / "output"
    for days_ago in range(5, 0, -1):
        publish_night(output, f"n{days_ago}", days_ago, is_complete=days_ago != 3)
    return output


def reasons(output: Path, rules: Retention = LAST_TWO) -> dict[str, tuple[str, ...]]:
    return {one.snapshot: one.reasons for one in plan_prune(output, rules, NOW)}


def pruned(output: Path, rules: Retention = LAST_TWO) -> Pruned:
    return prune(output, rules, NOW)[1]


# --- what goes


def test_what_no_rule_keeps_is_removed_whole_and_the_rest_is_as_it_was(output: Path) -> None:
    before = {name: files_in(output / f"snapshot={name}") for name in snapshots_in(output)}
    ended = pruned(output)
    assert ended == Pruned(removed=("n5", "n4", "n3"), bytes=ended.bytes, kept=2)
    assert ended.bytes == sum(len(data) for name in ("n3", "n4", "n5") for data in before[name].values() if data)
    assert {name: files_in(output / f"snapshot={name}") for name in snapshots_in(output)} == {
        name: before[name] for name in ("n1", "n2")
    }
    assert not (output / WORK / TRASH).exists()


def test_pruning_again_removes_nothing_more_and_changes_nothing(output: Path) -> None:
    pruned(output)
    before = files_in(output)
    assert pruned(output) == Pruned(kept=2)
    assert files_in(output) == before


def test_a_plan_changes_nothing(output: Path) -> None:
    before = files_in(output)
    assert [one.action for one in plan_prune(output, LAST_TWO, NOW)] == ["keep", "keep", "remove", "remove", "remove"]
    assert files_in(output) == before


def test_with_nothing_to_remove_not_even_a_work_folder_is_made(output: Path) -> None:
    assert pruned(output, Retention(keep_last=9)) == Pruned(kept=5)
    assert not (output / WORK).exists() or not list((output / WORK).iterdir())


# --- what stays


def test_what_latest_names_stays_also_where_a_person_has_pointed_it_to_an_older_one_and_so_does_previous(
    output: Path,
) -> None:
    (output / "latest").unlink()
    (output / "latest").symlink_to("snapshot=n4")
    assert reasons(output, Retention(keep_last=1)) == {
        "n1": ("newest complete", "last"),
        "n2": (),
        "n3": ("newer than the oldest complete one that is kept",),
        "n4": ("latest",),
        "n5": ("previous",),
    }


def test_what_an_unfinished_run_goes_on_from_stays_and_so_does_what_a_named_run_published(output: Path) -> None:
    state = unfinished(output, "n5")
    write_state(output / WORK / "n5", state.after_publication())
    assert reasons(output)["n5"] == ("needed by run n5",)
    unfinished(output, "n4", named=True)
    assert reasons(output)["n4"] == ("needed by run n4",)


def test_a_damaged_snapshot_stays_and_counts_for_no_rule(output: Path) -> None:
    (output / "snapshot=n5" / "_manifest.json").write_text("{")
    (output / "snapshot=n2" / "_SUCCESS").unlink()
    found = reasons(output)
    assert found["n5"][0].startswith("damaged: _manifest.json is no manifest")
    assert found["n2"] == ("damaged: the manifest says complete, and _SUCCESS is missing",)
    assert found["n4"] == ("previous", "last")
    pruned(output)
    assert snapshots_in(output) == ["n1", "n2", "n3", "n4", "n5"]


@pytest.mark.parametrize("theirs", ["notes.txt", "notes/", "center=self/part-00007.ndjson", "center=self/x", "link"])
def test_a_snapshot_that_holds_anything_else_stays_whole_and_the_reason_names_it(output: Path, theirs: str) -> None:
    folder = output / "snapshot=n5"
    if theirs == "link":
        (folder / "center=thirdparty").symlink_to(output)
    elif theirs.endswith("/"):
        (folder / theirs).mkdir()
    else:
        (folder / theirs).write_bytes(b"")
    before = files_in(folder)
    (why,) = reasons(output)["n5"]
    assert why.startswith("not removed: ")
    assert ("center=thirdparty" if theirs == "link" else theirs) in why
    assert pruned(output).removed == ("n4",)
    assert files_in(folder) == before


def test_a_link_in_place_of_a_snapshot_and_a_copy_under_another_name_stay(output: Path, tmp_path: Path) -> None:
    (output / "snapshot=n5").rename(tmp_path / "elsewhere")
    (output / "snapshot=n5").symlink_to(tmp_path / "elsewhere")
    (output / "snapshot=n4").rename(output / "snapshot=copy")
    assert reasons(output)["n5"] == ("not removed: it is a symbolic link",)
    assert reasons(output)["copy"] == ("not removed: its manifest is that of snapshot n4",)
    before = files_in(tmp_path / "elsewhere")
    pruned(output)
    assert files_in(tmp_path / "elsewhere") == before


def test_one_wrong_clock_does_not_remove_the_others(output: Path) -> None:
    snapshot = publish_night(output, "future", -400)
    (output / "latest").unlink()
    (output / "latest").symlink_to("snapshot=n1")
    found = reasons(output, Retention(keep_within="3d"))
    assert found["future"] == ("claims to have begun in the future",)
    assert [name for name, why in found.items() if not why] == ["n5"]
    rewrite(snapshot, started_at=(NOW + timedelta(hours=20)).isoformat())
    assert "newest complete" in reasons(output)["future"]


def test_other_files_and_folders_in_the_output_are_not_looked_at(output: Path) -> None:
    (output / "snapshot-old").mkdir()
    (output / "snapshot=").mkdir()
    (output / "notes.txt").write_bytes(b"x")
    pruned(output)
    assert {"snapshot-old", "snapshot=", "notes.txt"} <= {path.name for path in output.iterdir()}


# --- beside a run


def test_while_a_run_holds_the_output_nothing_is_removed_and_the_error_names_it(output: Path) -> None:
    with open_workspace(output, resume_request(), NOW), pytest.raises(UnavailableError, match="is in use by process"):
        pruned(output)
    assert snapshots_in(output) == ["n1", "n2", "n3", "n4", "n5"]
    assert pruned(output).removed == ("n5", "n4", "n3")


def test_after_pruning_the_output_is_free_and_an_unfinished_run_is_resumed(output: Path) -> None:
    state = unfinished(output, "run-1")
    pruned(output)
    assert not (output / WORK / HOLDER).exists()
    with open_workspace(output, resume_request(), state.started_at) as workspace:
        assert (workspace.state.snapshot, workspace.state.resumed) == ("run-1", 1)


def test_an_output_that_is_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        pruned(tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())


def test_a_work_folder_of_somebody_else_is_refused(output: Path) -> None:
    (output / WORK).mkdir(exist_ok=True)
    (output / WORK / "theirs").touch()
    with pytest.raises(ConfigError, match="did not make"):
        pruned(output)
    assert snapshots_in(output) == ["n1", "n2", "n3", "n4", "n5"]


# --- failures


class Refusal:
    """Refuses one kind of operation below `.trash` or on a path from its `number`-th on."""

    def __init__(self, call: str, part: str, number: int) -> None:
        self.call, self.part, self.left = call, part, number

    def __call__(self, call: str, path: str) -> OSError | None:
        if call != self.call or self.part not in path:
            return None
        self.left -= 1
        return OSError(errno.EROFS, os.strerror(errno.EROFS), path) if self.left < 0 else None


def test_a_failure_says_what_was_removed_and_what_is_left_is_whole(output: Path) -> None:
    with watched(output.parent, Refusal("rename", "snapshot=", 1)), pytest.raises(DiskError) as caught:
        pruned(output)
    assert str(caught.value).startswith("1 of 3 snapshots were removed (n5), then: ")
    assert "; " in str(caught.value)
    assert snapshots_in(output) == ["n1", "n2", "n3", "n4"]
    assert all(not verify(open_snapshot(path)).differences for path in output.glob("snapshot=*"))


def test_what_is_out_of_sight_counts_as_removed_also_when_that_cannot_be_made_durable(output: Path) -> None:
    open_work_folder(output)
    with watched(output.parent, Refusal("fsync", TRASH, 0)), pytest.raises(DiskError, match=r"1 of 3 .*\(n5\)"):
        pruned(output)
    assert snapshots_in(output) == ["n1", "n2", "n3", "n4"]
    assert pruned(output).removed == ("n4", "n3")


def test_what_cannot_be_deleted_is_out_of_sight_and_the_next_removal_deletes_it(output: Path) -> None:
    trash = f"{output / WORK / TRASH}: Read-only file system; "
    with (
        watched(output.parent, Refusal("unlink", "part-", 0)),
        pytest.raises(DiskError, match=r"1 of 3 .*\(n5\)") as told,
    ):
        pruned(output)
    assert trash in str(told.value)
    assert snapshots_in(output) == ["n1", "n2", "n3", "n4"]
    assert (output / WORK / TRASH / "snapshot=n5").is_dir()
    assert pruned(output, Retention(keep_last=9)) == Pruned(kept=4)
    assert not (output / WORK / TRASH).exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_output_that_cannot_be_written_is_a_disk_error_and_loses_nothing(output: Path) -> None:
    output.chmod(0o500)
    try:
        with pytest.raises(DiskError):
            pruned(output)
    finally:
        output.chmod(0o700)
    assert snapshots_in(output) == ["n1", "n2", "n3", "n4", "n5"]


def test_what_somebody_put_into_the_trash_stays_and_is_told(output: Path, caplog: pytest.LogCaptureFixture) -> None:
    trash = open_work_folder(output) / TRASH
    (trash / "snapshot=old").mkdir(parents=True)
    (trash / "snapshot=old" / "notes.txt").touch()
    (trash / "theirs").touch()
    assert pruned(output).left == ("snapshot=old/notes.txt", "theirs")
    assert {record.__dict__["path"] for record in caplog.records} == {
        str(trash / "snapshot=old/notes.txt"), str(trash / "theirs")
    }  # fmt: skip


def test_a_trash_that_is_no_folder_or_holds_the_same_snapshot_already_is_refused(output: Path) -> None:
    trash = open_work_folder(output) / TRASH
    trash.symlink_to(output)
    with pytest.raises(DiskError, match="is no folder that swr-crawler made"):
        pruned(output)
    trash.unlink()
    (trash / "snapshot=n5" / "theirs").mkdir(parents=True)
    with pytest.raises(DiskError, match="holds what swr-crawler did not write"):
        pruned(output)
    assert snapshots_in(output) == ["n1", "n2", "n3", "n4", "n5"]


# --- crashes


@pytest.fixture
def recording(output: Path) -> Recording:
    with watched(output.parent) as recording:
        pruned(output)
    return recording


@pytest.mark.unmeasured
@pytest.mark.usefixtures("lock_taken_over_at_once")
def test_after_a_kill_or_a_power_cut_at_any_operation_each_snapshot_is_whole_or_gone_and_the_next_removal_ends_it(
    recording: Recording, tmp_path: Path
) -> None:
    assert recording.crash(len(recording.operations)).killed() == tree_of(recording.root)
    number = 0
    for number, (what, _, tree) in enumerate(recording.crashes(0, ("killed", "power cut", "power cut, torn")), 1):
        put(tree, tmp_path / f"crash-{number}")
        output = tmp_path / f"crash-{number}" / "output"
        assert set(snapshots_in(output)) >= {"n1", "n2"}, what
        for folder in output.glob("snapshot=*"):
            assert verify(open_snapshot(folder)).differences == (), what
        pruned(output)
        assert snapshots_in(output) == ["n1", "n2"], what
        assert not (output / WORK / TRASH).exists(), what
    assert number > 20
