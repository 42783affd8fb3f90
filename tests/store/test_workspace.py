"""One run at a time holds an output; which run that is, and what it goes on with, is decided once."""

import errno
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import ConfigError, CrawlerError, DiskError, UnavailableError, UsageError
from crawler.model.walk_id import WalkId
from crawler.snapshot.layout import LATEST, SUCCESS
from crawler.store.run_state import RunState, read_state, write_state
from crawler.store.workspace import WORK, ResumeRequest, Workspace, open_workspace

NOW: Final = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
HOUR_S: Final = 3600.0
NEW_ID: Final = "20261123T120000Z"


def wish(*, plan: str = "p", snapshot: str | None = None, resume: bool | None = None) -> ResumeRequest:
    return ResumeRequest(plan, snapshot, resume, HOUR_S)


def unfinished(output: Path, snapshot: str, *, plan: str = "p", age_s: float = 60.0, resumed: int = 0) -> RunState:
    """Leave what a killed run leaves."""
    state = RunState(snapshot=snapshot, plan=plan, started_at=NOW - timedelta(seconds=age_s), resumed=resumed)
    folder = output / WORK / snapshot
    folder.mkdir(parents=True)
    write_state(folder, state)
    (folder / "journal").write_bytes(b"spooled")
    return state


def published(output: Path, snapshot: str, *, complete: bool = True) -> Path:
    folder = output / f"snapshot={snapshot}"
    folder.mkdir(parents=True)
    if complete:
        (folder / SUCCESS).touch()
    return folder


def opened(output: Path, wanted: ResumeRequest, now: datetime = NOW) -> RunState:
    with open_workspace(output, wanted, now) as workspace:
        return workspace.state


def runs(output: Path) -> set[str]:
    return {path.name for path in (output / WORK).iterdir() if path.is_dir()}


# ---- what a run finds


def test_a_new_run_has_its_folder_and_its_state_on_the_disk(tmp_path: Path) -> None:
    output = tmp_path / "a" / "b"
    with open_workspace(output, wish(), NOW) as workspace:
        state = RunState(snapshot=NEW_ID, plan="p", started_at=NOW)
        assert workspace == Workspace(output, output / WORK / NEW_ID, state)
        assert read_state(workspace.folder) == state
    assert runs(output) == {NEW_ID}
    with open_workspace(output, wish(), NOW) as workspace:
        workspace.remove()
    assert runs(output) == set()


def test_an_id_is_the_moment_in_utc(tmp_path: Path) -> None:
    assert opened(tmp_path, wish(), NOW.astimezone(timezone(timedelta(hours=8)))).snapshot == NEW_ID


def test_ids_are_unique_within_a_second(tmp_path: Path) -> None:
    published(tmp_path, NEW_ID)
    unfinished(tmp_path, f"{NEW_ID}-2", plan="other")
    published(tmp_path, f"{NEW_ID}-4")
    assert opened(tmp_path, wish()).snapshot == f"{NEW_ID}-3"
    assert opened(tmp_path, wish(plan="third")).snapshot == f"{NEW_ID}-5"


# ---- resume or begin

ID: Final = "run-1"
GOES_ON, BEGINS, USAGE, CONFIG = "goes on", "begins", UsageError, ConfigError

DECISIONS: Final = [
    # what is unfinished, its age in seconds, resume, the id asked for -> what happens, and whether run-1 is still there
    ("same", 60, None, None, GOES_ON, True),
    ("same", 60, True, None, GOES_ON, True),
    ("same", 60, False, None, BEGINS, False),
    ("same", 60, None, ID, GOES_ON, True),
    ("same", 60, True, ID, GOES_ON, True),
    ("same", 60, False, ID, BEGINS, True),
    ("same", 60, None, "run-2", BEGINS, True),
    ("same", 60, True, "run-2", USAGE, True),
    ("same", 60, False, "run-2", BEGINS, True),
    ("same", HOUR_S, None, None, GOES_ON, True),
    ("same", HOUR_S + 1, None, None, BEGINS, False),
    ("same", HOUR_S + 1, True, None, USAGE, True),
    ("same", HOUR_S + 1, False, None, BEGINS, False),
    ("same", HOUR_S + 1, None, ID, BEGINS, True),
    ("same", HOUR_S + 1, True, ID, USAGE, True),
    ("other", 60, None, None, BEGINS, True),
    ("other", 60, True, None, USAGE, True),
    ("other", 60, False, None, BEGINS, True),
    ("other", 60, None, ID, CONFIG, True),
    ("other", 60, True, ID, USAGE, True),
    ("other", 60, False, ID, CONFIG, True),
    ("other", HOUR_S + 1, None, None, BEGINS, False),
    ("other", HOUR_S + 1, True, None, USAGE, True),
    ("other", HOUR_S + 1, False, None, BEGINS, False),
    ("other", HOUR_S + 1, None, ID, BEGINS, True),
    ("other", HOUR_S + 1, False, ID, BEGINS, True),
]


@pytest.mark.parametrize(("plan", "age_s", "resume", "snapshot", "expected", "kept"), DECISIONS)
def test_a_run_goes_on_with_a_fresh_unfinished_one_of_the_same_plan_or_else_begins(  # noqa: PLR0913 - one row of the table
    tmp_path: Path,
    plan: str,
    age_s: float,
    *,
    resume: bool | None,
    snapshot: str | None,
    expected: str | type[CrawlerError],
    kept: bool,
) -> None:
    before = unfinished(tmp_path, ID, plan=plan, age_s=age_s, resumed=2)
    wanted = wish(plan="same", snapshot=snapshot, resume=resume)
    if isinstance(expected, str):
        state = opened(tmp_path, wanted)
        if expected == GOES_ON:
            assert state == msgspec.structs.replace(before, resumed=3)
            assert (tmp_path / WORK / ID / "journal").exists()
            assert opened(tmp_path, wanted).resumed == 4
        else:
            assert state == RunState(snapshot=snapshot or NEW_ID, plan="same", started_at=NOW)
            assert not (tmp_path / WORK / state.snapshot / "journal").exists()
    else:
        with pytest.raises(expected):
            opened(tmp_path, wanted)
    assert (ID in runs(tmp_path)) == kept


@pytest.mark.parametrize(
    ("plan", "age_s", "reason"),
    [
        (None, 0, "there is no unfinished run"),
        ("p", 7200, "the unfinished run run-1 is older than 3600 seconds"),
        ("other", 60, "the unfinished run run-1 has another plan"),
    ],
)
def test_who_insists_on_resuming_is_told_why_not(tmp_path: Path, plan: str | None, age_s: float, reason: str) -> None:
    if plan is not None:
        unfinished(tmp_path, ID, plan=plan, age_s=age_s)
    with pytest.raises(UsageError, match=f"^--resume: {reason}.*; without --resume a new run begins$"):
        opened(tmp_path, wish(resume=True))


def test_the_newest_of_several_is_gone_on_with(tmp_path: Path) -> None:
    for age_s in (120, 60, 180):
        unfinished(tmp_path, f"aged-{age_s}", age_s=age_s)
    unfinished(tmp_path, "newer", plan="other", age_s=1)
    assert opened(tmp_path, wish()).snapshot == "aged-60"
    assert opened(tmp_path, wish(snapshot="aged-180")).snapshot == "aged-180"
    assert len(runs(tmp_path)) == 4


def test_to_begin_afresh_drops_every_unfinished_run_of_the_plan_and_no_other(tmp_path: Path) -> None:
    for snapshot, plan in (("one", "p"), ("two", "p"), ("three", "other")):
        unfinished(tmp_path, snapshot, plan=plan)
    opened(tmp_path, wish(resume=False))
    assert runs(tmp_path) == {"three", NEW_ID}


def test_an_id_that_is_published_is_taken(tmp_path: Path) -> None:
    published(tmp_path, ID)
    for resume in (None, False):
        with pytest.raises(ConfigError, match="run-1 is published already; choose another id") as caught:
            opened(tmp_path, wish(snapshot=ID, resume=resume))
        assert caught.value.setting == "snapshot"


# ---- what killed runs leave


def test_a_run_killed_between_publishing_and_cleaning_up_is_tidied_and_latest_pointed(tmp_path: Path) -> None:
    unfinished(tmp_path, ID)
    published(tmp_path, ID)
    assert opened(tmp_path, wish()).snapshot == NEW_ID
    assert (tmp_path / LATEST).readlink() == Path(f"snapshot={ID}")
    assert runs(tmp_path) == {NEW_ID}


def test_latest_is_not_pointed_to_what_was_published_incomplete(tmp_path: Path) -> None:
    unfinished(tmp_path, ID)
    published(tmp_path, ID, complete=False)
    with pytest.raises(UsageError, match="there is no unfinished run"):
        opened(tmp_path, wish(resume=True))
    assert not (tmp_path / LATEST).is_symlink()
    assert runs(tmp_path) == set()


@pytest.mark.parametrize("left", [(), (".run.json.tmp",), ("journal", "pages.ndjson"), ("snapshot/_SUCCESS",)])
def test_a_run_killed_before_it_had_a_state_or_while_it_was_removed_stands_in_nobodys_way(
    tmp_path: Path, left: tuple[str, ...]
) -> None:
    folder = tmp_path / WORK / ID
    for name in ("", *left):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x") if name else path.mkdir()
    assert opened(tmp_path, wish(snapshot=ID)) == RunState(snapshot=ID, plan="p", started_at=NOW)
    assert [path.name for path in folder.iterdir()] == ["run.json"]


def has_success_marker(text: bytes) -> bytes:
    return b'{"crc":%d,"run":%b}' % (crc32(text), text)


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 9999,
        b'{"snapshot":"run-1"}',
        has_success_marker(b'{"snapshot":"run-1"}'),
        has_success_marker(b'{"snapshot":"run-1","plan":"p","started_at":1}'),
        has_success_marker(b'{"snapshot":"run-1","plan":"p","started_at":"2026-11-23T12:00:00"}'),
        has_success_marker(b'{"snapshot":"run-1","plan":"\xff","started_at":"2026-11-23T12:00:00Z"}'),
    ],
)
@pytest.mark.parametrize("snapshot", [None, ID])
def test_a_state_that_cannot_be_read_is_no_run_and_stands_in_nobodys_way(
    tmp_path: Path, state: bytes, snapshot: str | None
) -> None:
    unfinished(tmp_path, ID)
    (tmp_path / WORK / ID / "run.json").write_bytes(state)
    assert opened(tmp_path, wish(snapshot=snapshot)).resumed == 0
    assert runs(tmp_path) == {snapshot or NEW_ID}
    assert not list(tmp_path.rglob("journal"))


def test_no_byte_of_a_state_can_change_unnoticed(tmp_path: Path) -> None:
    state = RunState(snapshot=ID, plan="p", started_at=NOW, walks=(WalkId("eu", "self", "team"),))
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    data = (tmp_path / "run.json").read_bytes()
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        (tmp_path / "run.json").write_bytes(damaged)
        assert read_state(tmp_path) is None, bytes(damaged)


def test_a_state_that_the_disk_does_not_give_is_a_disk_error_and_not_dropped(tmp_path: Path) -> None:
    (tmp_path / WORK / ID / "run.json").mkdir(parents=True)
    with pytest.raises(DiskError, match=r"run\.json: Is a directory"):
        opened(tmp_path, wish())
    assert (tmp_path / WORK / ID / "run.json").exists()


def test_a_new_run_never_takes_a_folder_in_which_anything_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / WORK / ID).mkdir(parents=True)
    (tmp_path / WORK / ID / "journal").write_bytes(b"of another run")
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # as where it is not allowed
    with pytest.raises(DiskError, match=f"{ID}: File exists"):
        opened(tmp_path, wish(snapshot=ID))


@pytest.mark.parametrize("resume", [None, True, False])
def test_a_run_asked_for_by_its_id_that_had_published_is_told_so_but_not_to_who_begins_afresh(
    tmp_path: Path, *, resume: bool | None
) -> None:
    unfinished(tmp_path, ID)
    final = published(tmp_path, ID)
    wanted = wish(snapshot=ID, resume=resume)
    if resume is False:
        with pytest.raises(ConfigError, match="run-1 is published already"):
            opened(tmp_path, wanted)
    else:
        with open_workspace(tmp_path, wanted, NOW) as workspace:
            assert workspace.published == final
    assert (tmp_path / LATEST).readlink() == Path(final.name)
    assert runs(tmp_path) == set()


def test_of_several_that_had_published_latest_names_the_newest(tmp_path: Path) -> None:
    for snapshot, age_s in (("a", 60.0), ("b", 30.0), ("c", 90.0)):
        unfinished(tmp_path, snapshot, age_s=age_s)
        published(tmp_path, snapshot)
    opened(tmp_path, wish())
    assert (tmp_path / LATEST).readlink() == Path("snapshot=b")


def test_what_cannot_be_removed_after_publishing_does_not_fail_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path, **_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    with open_workspace(tmp_path, wish(), NOW) as workspace, monkeypatch.context() as patches:
        patches.setattr(os, "unlink", broken)
        workspace.remove()
        assert (workspace.folder / "run.json").exists()


def test_a_state_in_the_wrong_folder_is_no_run(tmp_path: Path) -> None:
    unfinished(tmp_path, ID)
    (tmp_path / WORK / ID).rename(tmp_path / WORK / "copy")
    assert opened(tmp_path, wish()).snapshot == NEW_ID
    assert runs(tmp_path) == {"copy", NEW_ID}


# ---- where nothing can be written


def test_a_file_in_the_place_of_the_output_is_a_setting_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for output in (tmp_path / "file", tmp_path / "file" / "below", Path("/dev/null")):
        with pytest.raises(ConfigError, match=r"output: .*name a folder") as caught:
            opened(output, wish())
        assert caught.value.setting == "output"


@pytest.mark.parametrize("place", ["/proc/x", "/proc/self/x"])
def test_a_place_where_no_folder_can_be_is_a_setting_to_mend(place: str) -> None:
    with pytest.raises(ConfigError, match=f"output: {place}.*; name a folder") as caught:
        opened(Path(place), wish())
    assert caught.value.setting == "output"


def test_a_folder_that_this_user_cannot_write_is_a_disk_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root, as whom tests may run, can write everywhere
    with pytest.raises(DiskError, match="is not writable; change its permissions or name another output"):
        opened(tmp_path, wish())


def test_a_folder_above_that_cannot_be_read_needs_no_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def unreadable(path: Path, flags: int, mode: int = 0o777) -> int:
        if Path(path) == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", unreadable)
    assert opened(tmp_path / "output", wish()).snapshot == NEW_ID


def test_a_lock_that_cannot_be_made_is_a_disk_error(tmp_path: Path) -> None:
    (tmp_path / WORK / ".lock").mkdir(parents=True)
    with pytest.raises(DiskError, match=r"\.lock: .*; free disk space or fix the problem"):
        opened(tmp_path, wish())


def test_a_run_folder_that_cannot_be_made_is_a_disk_error_and_frees_the_output(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="; free disk space or fix the problem, then rerun the command"):
        opened(tmp_path, wish(snapshot="no/such/folder"))
    assert opened(tmp_path, wish()).snapshot == NEW_ID


@pytest.mark.parametrize("snapshot", ["lock", "holder.json", "run.json", "latest"])
def test_no_id_is_in_the_way_of_the_works_own_files(tmp_path: Path, snapshot: str) -> None:
    for resumed in (0, 1):
        assert opened(tmp_path, wish(snapshot=snapshot)).resumed == resumed


# ---- who holds it

HOLD: Final = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from crawler.store.workspace import ResumeRequest, open_workspace

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


def test_a_second_run_is_refused_at_once_and_told_who_holds_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with another_run(tmp_path) as process:
        monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(UnavailableError) as caught:
            opened(tmp_path, wish(snapshot="held", resume=False))
        holder = f"process {process.pid} on {socket.gethostname()} (snapshot held, since 2026-11-23T11:00:00Z)"
        assert str(caught.value) == f"{tmp_path} is in use by {holder}; wait for it or choose another output"
        assert sorted(tmp_path.rglob("*")) == before
        (tmp_path / WORK / ".holder.json").write_bytes(b"{")
        with pytest.raises(UnavailableError, match="is in use by another run; "):
            opened(tmp_path, wish())


def test_the_output_of_a_run_that_was_killed_is_free_and_its_run_gone_on_with(tmp_path: Path) -> None:
    with another_run(tmp_path) as process:
        process.kill()
        process.wait()
        assert (tmp_path / WORK / ".holder.json").exists()
        later = datetime(2026, 11, 23, 11, 0, 30, tzinfo=UTC)
        with open_workspace(tmp_path, wish(), later) as workspace:
            assert (workspace.state.snapshot, workspace.state.resumed) == ("held", 1)
            assert f'"pid":{os.getpid()},'.encode() in (tmp_path / WORK / ".holder.json").read_bytes()
        assert not (tmp_path / WORK / ".holder.json").exists()


def test_nobody_is_named_who_holds_it_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / WORK).mkdir()
    holder = tmp_path / WORK / ".holder.json"
    holder.write_bytes(b'{"pid":1,"host":"gone","since":"then","snapshot":"old"}')
    named: dict[str, bool] = {}
    mkdir = os.mkdir

    def see(path: Path, mode: int = 0o777) -> None:
        named[Path(path).name] = holder.exists()
        mkdir(path, mode)

    monkeypatch.setattr(os, "mkdir", see)
    opened(tmp_path, wish())
    assert named[NEW_ID] is False


def test_an_error_inside_frees_the_output(tmp_path: Path) -> None:
    def fail() -> None:
        with open_workspace(tmp_path, wish(), NOW):
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert opened(tmp_path, wish()).resumed == 1


ages = st.integers(0, 2 * int(HOUR_S))


@given(
    st.lists(st.tuples(st.sampled_from(["p", "q"]), ages, st.sampled_from(["", "complete", "half"])), max_size=4),
    st.sampled_from([None, True, False]),
)
@settings(deadline=None, max_examples=40)
def test_whatever_was_left_a_run_holds_a_folder_of_its_own_plan_that_is_not_published(
    tmp_path_factory: pytest.TempPathFactory, left: list[tuple[str, int, str]], resume: object
) -> None:
    output = tmp_path_factory.mktemp("w")
    for number, (plan, age_s, done) in enumerate(left):
        unfinished(output, f"r{number}", plan=plan, age_s=age_s)
        if done:
            published(output, f"r{number}", complete=done == "complete")
    wanted = ResumeRequest("p", None, None if resume is None else bool(resume), HOUR_S)
    fresh = [age_s for plan, age_s, done in left if plan == "p" and age_s <= HOUR_S and not done]
    if resume is True and not fresh:
        with pytest.raises(UsageError):
            opened(output, wanted)
        return
    state = opened(output, wanted)
    assert state.plan == "p"
    assert not (output / f"snapshot={state.snapshot}").exists()
    if fresh and resume is not False:
        assert NOW - state.started_at == timedelta(seconds=min(fresh))
    else:
        assert (state.started_at, state.resumed) == (NOW, 0)
    assert state.snapshot in runs(output)
    assert not any(f"r{number}" in runs(output) for number, (_, _, done) in enumerate(left) if done)
