"""A run's folder is removed file by file, and only what a run writes; everything else stays and is said."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from crawler.errors import DiskError
from crawler.snapshot.layout import MARKER, WORK
from crawler.store.output.run_folder import is_taken, remove_run, run_folders, take_runs
from crawler.store.output.run_state import read_state
from crawler.store.output.work_folder import open_work_folder
from tests.store.output.builders import files_in, opened, resume_request, runs, unfinished

ID: Final = "run-1"

# What a run writes into its folder, under final and temporary names.
WRITTEN: Final = (
    "pages.ndjson",
    ".run.json.tmp",
    ".journal.tmp",
    ".pages.ndjson.tmp",
    "snapshot/_SUCCESS",
    "snapshot/._rejects.ndjson.tmp",
    "snapshot/target=eu/center=self/.part-00000.ndjson.tmp",
)


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_all_that_a_run_writes_is_removed(tmp_path: Path) -> None:
    unfinished(tmp_path, ID)
    folder = tmp_path / WORK / ID
    put(folder, *WRITTEN)
    (folder / "latest").symlink_to("snapshot=run-1")
    remove_run(folder)
    assert runs(tmp_path) == set()


@pytest.mark.parametrize("theirs", ["notes.txt", "notes/a", "snapshot/notes.txt"])
def test_what_somebody_else_put_there_stays_and_is_said_and_the_run_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, theirs: str
) -> None:
    unfinished(tmp_path, ID)
    folder = tmp_path / WORK / ID
    put(folder, *WRITTEN, theirs)
    with caplog.at_level(logging.WARNING):
        remove_run(folder)
        remove_run(folder)  # as the next run does
    left = {path: data for path, data in files_in(folder).items() if data is not None}
    assert left == {MARKER: f"{ID}\n".encode(), theirs: b"x"}
    said = [record.__dict__["path"] for record in caplog.records]
    assert said == [str(folder / (f"{theirs.split('/', maxsplit=1)[0]}/" if theirs == "notes/a" else theirs))] * 2
    assert opened(tmp_path, resume_request()).snapshot != ID


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    unfinished(tmp_path / "other", ID)
    work = open_work_folder(tmp_path)
    (work / ID).symlink_to(tmp_path / "other" / WORK / ID)
    before = files_in(tmp_path / "other")
    remove_run(work / ID)
    opened(tmp_path, resume_request())
    opened(tmp_path, resume_request(resume=False))
    assert files_in(tmp_path / "other") == before
    assert (work / ID).is_symlink()


def another_run(path: Path) -> None:
    unfinished(path.parent.parent, "run-2")
    (path.parent / "run-2").rename(path)


THEIRS: Final[dict[str, Callable[[Path], object]]] = {
    "a folder without a marker": lambda path: put(path, "notes.txt"),
    "a folder with files named like ours": lambda path: put(path, "journal", "pages.ndjson", "snapshot/_SUCCESS"),
    "a folder marked by another run": another_run,
    "a file": lambda path: path.write_bytes(b"mine"),
    "a hidden folder": lambda path: put(path.with_name(".theirs"), "notes.txt"),
    "a link to a folder": lambda path: path.symlink_to("/"),
    "a link that leads nowhere": lambda path: path.symlink_to("/nowhere"),
}


@pytest.mark.parametrize("theirs", THEIRS)
@pytest.mark.parametrize("resume", [None, False])
def test_what_we_did_not_make_is_left_alone_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, theirs: str, *, resume: bool | None
) -> None:
    work = open_work_folder(tmp_path)
    THEIRS[theirs](work / "theirs")
    before = files_in(work)
    with caplog.at_level(logging.WARNING):
        state = opened(tmp_path, resume_request(resume=resume))
    remove_run(work / state.snapshot)
    after = files_in(work)
    assert {path: after[path] for path in before} == before
    assert set(after) - set(before) == {".lock"}
    name = ".theirs" if theirs == "a hidden folder" else "theirs"
    assert [(record.msg, record.__dict__["path"]) for record in caplog.records] == [
        ("output.foreign", str(work / name))
    ]


def test_a_folder_that_cannot_be_read_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished(tmp_path, ID)
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != ID and real(path, mode))
    assert run_folders(tmp_path / WORK) == []


def test_a_folder_of_a_killed_run_may_hold_nothing_yet(tmp_path: Path) -> None:
    work = open_work_folder(tmp_path)
    (work / ID).mkdir()
    (work / "torn").mkdir()
    (work / "torn" / MARKER).write_bytes(b"to")
    opened(tmp_path, resume_request())
    assert {ID, "torn"}.isdisjoint(runs(tmp_path))


# ---- a run that may still be alive


def test_runs_are_moved_away_and_the_spool_of_the_holder_is_copied(tmp_path: Path) -> None:
    state = unfinished(tmp_path, ID)
    unfinished(tmp_path, "other", plan="other")
    folder = tmp_path / WORK / ID
    put(folder, "pages.ndjson", "snapshot/center=self/part-00000.ndjson")
    journals = [(path / "journal").open("ab", buffering=0) for path in (folder, tmp_path / WORK / "other")]
    take_runs(tmp_path / WORK, "0123456789abcdef", ID)
    taken = tmp_path / WORK / f"{ID}~01234567"
    for journal in journals:
        with journal:
            journal.write(b", and later")  # by the process that only seemed dead
    assert runs(tmp_path) == {taken.name, "other~01234567"}
    assert (taken / "journal").read_bytes() == b"spooled"
    assert (tmp_path / WORK / "other~01234567" / "journal").read_bytes() == b"spooled, and later"
    assert read_state(taken) == state
    assert {path.name for path in taken.iterdir()} == {MARKER, "run.json", "journal", "pages.ndjson", "snapshot"}
    again = opened(tmp_path, resume_request())
    assert (again.snapshot, again.resumed) == (ID, 1)
    take_runs(tmp_path / WORK, "fedcba9876543210", "")
    assert runs(tmp_path) == {f"{ID}~fedcba98", "other~fedcba98"}
    assert is_taken(tmp_path / WORK, ID)
    assert not is_taken(tmp_path / WORK, "run")
    opened(tmp_path, resume_request(resume=False))
    assert f"{ID}~fedcba98" not in runs(tmp_path)


def test_a_run_that_cannot_be_moved_away_is_a_disk_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished(tmp_path, ID)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(DiskError, match=f"{ID}: Operation not permitted"):
        take_runs(tmp_path / WORK, "0123456789abcdef", ID)
