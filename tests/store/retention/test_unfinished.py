"""Laws of the list of unfinished runs: it reads what runs leave, and changes nothing."""

from pathlib import Path

import msgspec
import pytest

from crawler.snapshot.layout import HOLDER, WORK
from crawler.store.output.run_state import write_state
from crawler.store.output.workspace import open_workspace
from crawler.store.retention.unfinished import unfinished_runs
from tests.store.output.builders import NEW_ID, NOW, files_in, resume_request, unfinished


def test_an_output_without_a_work_folder_has_no_unfinished_run(tmp_path: Path) -> None:
    assert unfinished_runs(tmp_path) == []


def test_unfinished_runs_come_newest_first_with_the_size_of_their_files_and_nothing_is_changed(tmp_path: Path) -> None:
    unfinished(tmp_path, "older", age_s=600)
    unfinished(tmp_path, "newer", age_s=60)
    before = files_in(tmp_path)
    newer, older = unfinished_runs(tmp_path)
    assert (newer.snapshot, older.snapshot) == ("newer", "older")
    assert (newer.started_at, newer.holder, newer.reason) == ("2026-11-23T11:59:00.000000Z", "", "")
    assert newer.bytes == sum(path.stat().st_size for path in (tmp_path / WORK / "newer").iterdir())
    assert files_in(tmp_path) == before


def test_a_run_that_works_now_names_its_process_and_so_does_one_that_was_killed(tmp_path: Path) -> None:
    with open_workspace(tmp_path, resume_request(), NOW):
        record = (tmp_path / WORK / HOLDER).read_bytes()
        (run,) = unfinished_runs(tmp_path)
        assert run.snapshot == NEW_ID
        assert f"snapshot {NEW_ID}, since 2026-11-23T12:00:00Z" in run.holder
    assert unfinished_runs(tmp_path)[0].holder == ""
    (tmp_path / WORK / HOLDER).write_bytes(record)
    assert "since 2026-11-23T12:00:00Z" in unfinished_runs(tmp_path)[0].holder


def test_a_run_that_has_ended_and_keeps_its_state_is_no_unfinished_one(tmp_path: Path) -> None:
    state = unfinished(tmp_path, "named", named=True)
    write_state(tmp_path / WORK / "named", msgspec.structs.replace(state, published=True))
    assert unfinished_runs(tmp_path) == []


def test_a_run_that_goes_on_names_the_snapshot_that_it_goes_on_from(tmp_path: Path) -> None:
    state = unfinished(tmp_path, "r1")
    write_state(tmp_path / WORK / "r1", state.after_publication())
    assert unfinished_runs(tmp_path)[0].reason == "goes on from snapshot r1"


def test_a_run_without_a_readable_state_is_listed_without_a_time(tmp_path: Path) -> None:
    unfinished(tmp_path, "damaged")
    (tmp_path / WORK / "damaged" / "run.json").write_bytes(b"{")
    (run,) = unfinished_runs(tmp_path)
    assert (run.snapshot, run.started_at) == ("damaged", None)
    assert "cannot be read" in run.reason


def test_a_run_that_is_removed_while_it_is_looked_at_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished(tmp_path, "gone", age_s=60)
    (tmp_path / WORK / "gone" / "run.json").unlink()
    real = Path.iterdir

    def gone(self: Path) -> object:
        if self.name == "gone":
            raise FileNotFoundError(2, "No such file or directory", str(self))
        return real(self)

    monkeypatch.setattr(Path, "iterdir", gone)
    assert unfinished_runs(tmp_path) == []
