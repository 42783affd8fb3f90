"""One run at a time holds an output; each row of the table in store/output/holder_record.py decides about another."""

import errno
import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import pytest

from crawler.errors import DiskError, UnavailableError
from crawler.snapshot.layout import HOLDER, LOCK, WORK
from crawler.store.output import output_lock
from crawler.store.output.holder_file import boot_id, read_record
from crawler.store.output.holder_record import HolderRecord, from_bytes, to_bytes
from crawler.store.output.output_lock import TIMING, Hold, locked
from crawler.store.output.resume_request import ResumeRequest
from crawler.store.output.work_folder import open_work_folder
from crawler.store.output.workspace import open_workspace
from tests.store.output.builders import NOW, opened, resume_request, runs, unfinished

HOLD: Final = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from crawler.store.output.resume_request import ResumeRequest
from crawler.store.output.workspace import open_workspace

with open_workspace(Path(sys.argv[1]), ResumeRequest("p", "held", None, 60.0), datetime(2026, 11, 23, 11, tzinfo=UTC)):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(output: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(output)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return open_work_folder(tmp_path)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test fail when a run waits."""
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("the run waits"))


ELSEWHERE: Final = HolderRecord(
    host="elsewhere", pid=7, since="2026-11-23T11:00:00Z", nonce="n" * 32, snapshot="theirs", boot="b", lock=(1, 2)
)
THEM: Final = "process 7 on elsewhere (snapshot theirs, since 2026-11-23T11:00:00Z)"


def held_elsewhere(work: Path, **fields: object) -> Path:
    """Leave the record of a run on another host."""
    path = work / HOLDER
    path.write_bytes(to_bytes(msgspec.structs.replace(ELSEWHERE, **fields)))
    return path


def hold(work: Path, wait: Callable[[float], None]) -> Hold:
    with locked(work, NOW, wait) as held:
        return held


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, dict[str, object]]]:
    fields = ("holder", "reason", "wait_s", "path")
    return [
        (record.msg, {name: record.__dict__[name] for name in fields if name in record.__dict__})
        for record in caplog.records
    ]


class Waiting:
    """Counts the seconds that were waited; calls a function once so many were."""

    def __init__(self, after_s: float = 1e9, then: Callable[[], object] = lambda: None) -> None:
        self.waited_s = 0.0
        self._after_s = after_s
        self._then = then

    def __call__(self, seconds: float) -> None:
        self.waited_s += seconds
        if self.waited_s >= self._after_s:
            self._after_s = 1e9
            self._then()


# ---- row 1: another process has the lock


@pytest.mark.usefixtures("at_once")
def test_a_second_run_is_refused_at_once_with_the_name_of_the_holder(tmp_path: Path) -> None:
    with another_run(tmp_path) as process:
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(UnavailableError) as caught:
            opened(tmp_path, resume_request(snapshot="held", resume=False))
        holder = f"process {process.pid} on {socket.gethostname()} (snapshot held, since 2026-11-23T11:00:00Z)"
        assert str(caught.value) == f"{tmp_path} is in use by {holder}; wait for it or choose another output"
        assert sorted(tmp_path.rglob("*")) == before
        (tmp_path / WORK / HOLDER).write_bytes(b"{")
        with pytest.raises(UnavailableError, match="is in use by another run; "):
            opened(tmp_path, resume_request())


# ---- row 2: nobody has the output


@pytest.mark.usefixtures("at_once")
def test_an_output_without_a_record_is_free_at_once(work: Path, caplog: pytest.LogCaptureFixture) -> None:
    with locked(work, NOW) as held:
        record = from_bytes((work / HOLDER).read_bytes())
        assert record is not None
        lock = (work / LOCK).stat()
        assert (record.pid, record.since, record.lock) == (
            os.getpid(),
            "2026-11-23T12:00:00Z",
            (lock.st_dev, lock.st_ino),
        )
        assert not held.was_silent
        held.file.verify()
    assert not (work / HOLDER).exists()
    assert caplog.records == []


@pytest.mark.usefixtures("at_once")
def test_the_output_is_free_after_a_run_even_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with open_workspace(tmp_path, resume_request(), NOW):
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert opened(tmp_path, resume_request()).resumed == 1


# ---- row 3: the holder's own lock was granted in the same boot


@pytest.mark.usefixtures("at_once")
def test_the_output_of_a_killed_run_is_taken_over_at_once_and_the_run_is_resumed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with another_run(tmp_path) as process:
        process.kill()
        process.wait()
    assert (tmp_path / WORK / HOLDER).exists()
    later = datetime(2026, 11, 23, 11, 0, 30, tzinfo=UTC)
    with open_workspace(tmp_path, resume_request(), later) as workspace:
        assert (workspace.state.snapshot, workspace.state.resumed) == ("held", 1)
        record = from_bytes((tmp_path / WORK / HOLDER).read_bytes())
        assert record is not None
        assert (record.pid, record.snapshot) == (os.getpid(), "held")
    assert runs(tmp_path) == {"held"}
    holder = f"process {process.pid} on {socket.gethostname()} (snapshot held, since 2026-11-23T11:00:00Z)"
    assert said(caplog) == [("output.takeover", {"holder": holder, "reason": "its process has ended"})]


# ---- row 4: the record changes


@pytest.mark.parametrize("after_s", [1.0, 5.0, 90.0])
def test_a_holder_that_counts_is_alive_and_the_second_run_is_refused(work: Path, after_s: float) -> None:
    path = held_elsewhere(work)
    waiting = Waiting(after_s, lambda: held_elsewhere(work, beats=1))
    with pytest.raises(UnavailableError, match=r"is in use by process 7 on elsewhere .*; wait for it"):
        hold(work, waiting)
    assert waiting.waited_s == after_s
    assert from_bytes(path.read_bytes()) == msgspec.structs.replace(ELSEWHERE, beats=1)


def test_any_change_of_the_record_is_a_sign_of_life(work: Path) -> None:
    path = held_elsewhere(work)
    with pytest.raises(UnavailableError, match="is in use by another run"):
        hold(work, Waiting(3.0, lambda: path.write_bytes(b"half a rec")))
    assert path.read_bytes() == b"half a rec"


def test_a_holder_that_ends_while_it_is_watched_leaves_the_output_free(
    work: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = held_elsewhere(work)
    held = hold(work, Waiting(3.0, path.unlink))
    assert not held.was_silent
    assert said(caplog) == [("output.wait", {"holder": THEM, "wait_s": 90.0})]


def test_a_run_that_begins_while_another_one_watches_is_seen(work: Path) -> None:
    path = held_elsewhere(work)

    def ended_and_begun() -> None:
        path.unlink()
        held_elsewhere(work, nonce="m" * 32, host="third")

    with pytest.raises(UnavailableError, match="process 7 on third"):
        hold(work, Waiting(3.0, ended_and_begun))


# ---- row 5: the record does not change


def test_a_silent_holder_is_taken_over_after_the_watch_and_its_run_is_moved_away(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unfinished(tmp_path, "theirs")
    held_elsewhere(work)
    waiting = Waiting()
    monkeypatch.setattr(time, "sleep", waiting)
    state = opened(tmp_path, resume_request())
    assert (state.snapshot, state.resumed) == ("theirs", 1)
    (name,) = runs(tmp_path)
    assert name.startswith("theirs~")
    assert waiting.waited_s == TIMING.watch_s + TIMING.settle_s
    assert said(caplog) == [
        ("output.wait", {"holder": THEM, "wait_s": 90.0}),
        ("output.takeover", {"holder": THEM, "reason": "no heartbeat for 90 seconds"}),
    ]


def test_a_damaged_record_is_watched_and_then_replaced(work: Path) -> None:
    (work / HOLDER).write_bytes(b"\0" * 100)
    waiting = Waiting()
    held = hold(work, waiting)
    assert (held.was_silent, held.silent_run) == (True, "")
    assert waiting.waited_s >= TIMING.watch_s


def test_of_two_runs_that_watched_the_same_holder_the_later_one_takes_over(work: Path) -> None:
    held_elsewhere(work)
    waiting = Waiting(TIMING.watch_s + TIMING.settle_s, lambda: held_elsewhere(work, nonce="m" * 32, host="third"))
    with pytest.raises(UnavailableError, match="is in use by process 7 on third"):
        hold(work, waiting)


def held_here(work: Path, **fields: object) -> None:
    """Leave the record of a killed run of this host."""
    (work / LOCK).touch()
    lock = (work / LOCK).stat()
    held_elsewhere(work, boot=boot_id(), lock=(lock.st_dev, lock.st_ino), **fields)


@pytest.mark.usefixtures("at_once")
def test_a_run_that_was_killed_while_it_moved_runs_away_leaves_that_to_the_next_one(tmp_path: Path, work: Path) -> None:
    unfinished(tmp_path, "theirs")
    held_here(work, is_moving=True, snapshot="")
    assert opened(tmp_path, resume_request()).snapshot == "theirs"
    (name,) = runs(tmp_path)
    assert name.startswith("theirs~")
    held_here(work)
    opened(tmp_path, resume_request())
    assert runs(tmp_path) == {name}  # moved once


@pytest.mark.usefixtures("at_once")
def test_a_run_that_could_not_move_runs_away_leaves_that_to_the_next_one(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished(tmp_path, "theirs")
    held_here(work, is_moving=True)
    with monkeypatch.context() as patches:
        patches.setattr(os, "rename", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "Input/output error")))
        with pytest.raises(DiskError, match="theirs: Input/output error"):
            opened(tmp_path, resume_request())
    record = from_bytes((work / HOLDER).read_bytes())
    assert record is not None
    assert record.is_moving
    opened(tmp_path, resume_request())
    assert not (work / HOLDER).exists()
    assert [name.partition("~")[1] for name in runs(tmp_path)] == ["~"]


def test_a_watch_is_longer_than_many_beats_and_than_a_minute_of_caching() -> None:
    assert TIMING.watch_s >= 10 * TIMING.beat_s
    assert TIMING.watch_s > 60.0


# ---- file systems without locks


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_locks_the_record_alone_keeps_a_second_run_out(
    work: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with locked(work, NOW) as held, pytest.raises(UnavailableError, match=f"process {os.getpid()} on"):
        hold(work, Waiting(5.0, held.file.beat))
    assert said(caplog)[0] == ("output.no_lock", {"path": str(work), "reason": os.strerror(number)})


def test_another_error_of_the_lock_is_a_disk_error(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(DiskError, match=r"\.lock: Input/output error"):
        hold(work, Waiting())


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path, work: Path) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    (work / LOCK).symlink_to(tmp_path / "mine")
    with pytest.raises(DiskError, match=r"\.lock: "):
        hold(work, Waiting())
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_where_a_record_is_not_visible_yet_the_run_looks_again(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = held_elsewhere(work)
    missing = [None]
    monkeypatch.setattr(output_lock, "read_record", lambda one: missing.pop() if missing else read_record(one))
    with pytest.raises(UnavailableError, match="process 7 on elsewhere"):
        hold(work, Waiting(2.0, lambda: held_elsewhere(work, beats=1)))
    assert path.exists()


def test_temporary_files_of_killed_runs_are_removed_by_the_holder(work: Path) -> None:
    (work / ".holder-0123.tmp").write_bytes(b"half")
    hold(work, Waiting())
    assert not (work / ".holder-0123.tmp").exists()


# ---- a run that lost the output


def test_a_run_that_lost_the_output_says_so_instead_of_what_the_disk_says(tmp_path: Path) -> None:
    def lose() -> None:
        with open_workspace(tmp_path, ResumeRequest("p", None, None, 60.0), NOW) as workspace:
            workspace.check()
            held_elsewhere(tmp_path / WORK)
            raise DiskError("No such file or directory")

    with pytest.raises(UnavailableError, match=f"{tmp_path} was taken over by process 7 on elsewhere"):
        lose()
    assert (tmp_path / WORK / HOLDER).exists()


def test_an_error_of_the_disk_stays_one_while_the_output_is_held(tmp_path: Path) -> None:
    def fail() -> None:
        with open_workspace(tmp_path, resume_request(), NOW):
            raise DiskError("the disk is full")

    with pytest.raises(DiskError, match="the disk is full"):
        fail()


def test_a_run_that_lost_the_output_saves_no_walks(tmp_path: Path) -> None:
    with open_workspace(tmp_path, resume_request(), NOW) as workspace:
        before = (workspace.folder / "run.json").read_bytes()
        held_elsewhere(tmp_path / WORK)
        with pytest.raises(UnavailableError):
            workspace.save_walks(())
        assert (workspace.folder / "run.json").read_bytes() == before
