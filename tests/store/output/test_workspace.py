"""One run at a time holds an output; a table decides whether it resumes an unfinished run."""

import errno
import os
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path
from typing import Final
from zlib import crc32

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import ConfigError, CrawlerError, DiskError, UsageError
from crawler.model.walk_id import WalkId
from crawler.snapshot.layout import LATEST, MANIFEST, MARKER, SUCCESS, WORK
from crawler.store.output.marker import mark
from crawler.store.output.resume_request import ResumeRequest
from crawler.store.output.run_state import RunState, read_state, write_state
from crawler.store.output.work_folder import open_work_folder
from crawler.store.output.workspace import open_workspace
from tests.store.output.builders import (
    HOUR_S,
    NEW_ID,
    NOW,
    files_in,
    opened,
    published,
    resume_request,
    runs,
    unfinished,
)
from tests.support.examples import examples

# ---- a new run


def test_a_new_run_has_its_folder_and_its_state_on_the_disk(tmp_path: Path) -> None:
    output = tmp_path / "a" / "b"
    with open_workspace(output, resume_request(), NOW) as workspace:
        state = RunState(snapshot=NEW_ID, plan="p", started_at=NOW)
        assert (workspace.folder, workspace.state) == (output / WORK / NEW_ID, state)
        assert workspace.published is None
        assert read_state(workspace.folder) == state
    assert runs(output) == {NEW_ID}
    with open_workspace(output, resume_request(), NOW) as workspace:
        workspace.remove()
    assert runs(output) == set()


def test_a_snapshot_id_is_the_time_in_utc(tmp_path: Path) -> None:
    assert opened(tmp_path, resume_request(), NOW.astimezone(timezone(timedelta(hours=8)))).snapshot == NEW_ID


def test_ids_are_unique_within_a_second(tmp_path: Path) -> None:
    published(tmp_path, NEW_ID)
    unfinished(tmp_path, f"{NEW_ID}-2", plan="other")
    published(tmp_path, f"{NEW_ID}-4")
    assert opened(tmp_path, resume_request()).snapshot == f"{NEW_ID}-3"
    assert opened(tmp_path, resume_request(plan="third")).snapshot == f"{NEW_ID}-5"


# ---- resume or begin

ID: Final = "run-1"
RESUMED, NEW_RUN, USAGE, CONFIG = "resumed", "new run", UsageError, ConfigError

DECISIONS: Final = [
    # plan of the unfinished run-1, its age in seconds, resume, the id requested -> result, whether run-1 still exists
    ("same", 60, None, None, RESUMED, True),
    ("same", 60, True, None, RESUMED, True),
    ("same", 60, False, None, NEW_RUN, False),
    ("same", 60, None, ID, RESUMED, True),
    ("same", 60, True, ID, RESUMED, True),
    ("same", 60, False, ID, NEW_RUN, True),
    ("same", 60, None, "run-2", NEW_RUN, True),
    ("same", 60, True, "run-2", USAGE, True),
    ("same", 60, False, "run-2", NEW_RUN, True),
    ("same", HOUR_S, None, None, RESUMED, True),
    ("same", HOUR_S + 1, None, None, NEW_RUN, False),
    ("same", HOUR_S + 1, True, None, USAGE, True),
    ("same", HOUR_S + 1, False, None, NEW_RUN, False),
    ("same", HOUR_S + 1, None, ID, NEW_RUN, True),
    ("same", HOUR_S + 1, True, ID, USAGE, True),
    ("other", 60, None, None, NEW_RUN, True),
    ("other", 60, True, None, USAGE, True),
    ("other", 60, False, None, NEW_RUN, True),
    ("other", 60, None, ID, CONFIG, True),
    ("other", 60, True, ID, USAGE, True),
    ("other", 60, False, ID, CONFIG, True),
    ("other", HOUR_S + 1, None, None, NEW_RUN, False),
    ("other", HOUR_S + 1, True, None, USAGE, True),
    ("other", HOUR_S + 1, False, None, NEW_RUN, False),
    ("other", HOUR_S + 1, None, ID, NEW_RUN, True),
    ("other", HOUR_S + 1, False, ID, NEW_RUN, True),
]


@pytest.mark.parametrize(("plan", "age_s", "resume", "snapshot", "expected", "kept"), DECISIONS)
def test_a_fresh_unfinished_run_of_the_same_plan_is_resumed_or_a_new_one_begins(  # noqa: PLR0913 - one row of the table
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
    request = resume_request(plan="same", snapshot=snapshot, resume=resume)
    if isinstance(expected, str):
        state = opened(tmp_path, request)
        if expected == RESUMED:
            assert state == msgspec.structs.replace(before, resumed=3, named=snapshot is not None)
            assert (tmp_path / WORK / ID / "journal").exists()
            assert opened(tmp_path, request).resumed == 4
        else:
            named = snapshot is not None
            assert state == RunState(snapshot=snapshot or NEW_ID, plan="same", started_at=NOW, named=named)
            assert not (tmp_path / WORK / state.snapshot / "journal").exists()
    else:
        with pytest.raises(expected):
            opened(tmp_path, request)
    assert (ID in runs(tmp_path)) == kept


@pytest.mark.parametrize(
    ("plan", "age_s", "reason"),
    [
        (None, 0, "there is no unfinished run"),
        ("p", 7200, "the unfinished run run-1 is older than 3600 seconds"),
        ("other", 60, "the unfinished run run-1 has another plan"),
    ],
)
def test_resume_without_a_matching_run_says_why(tmp_path: Path, plan: str | None, age_s: float, reason: str) -> None:
    if plan is not None:
        unfinished(tmp_path, ID, plan=plan, age_s=age_s)
    with pytest.raises(UsageError, match=f"^--resume: {reason}.*; without --resume a new run begins$"):
        opened(tmp_path, resume_request(resume=True))


def test_the_newest_of_several_runs_is_resumed(tmp_path: Path) -> None:
    for age_s in (120, 60, 180):
        unfinished(tmp_path, f"aged-{age_s}", age_s=age_s)
    unfinished(tmp_path, "newer", plan="other", age_s=1)
    assert opened(tmp_path, resume_request()).snapshot == "aged-60"
    assert opened(tmp_path, resume_request(snapshot="aged-180")).snapshot == "aged-180"
    assert len(runs(tmp_path)) == 4


def test_no_resume_removes_every_unfinished_run_of_the_plan_and_no_other(tmp_path: Path) -> None:
    for snapshot, plan in (("one", "p"), ("two", "p"), ("three", "other")):
        unfinished(tmp_path, snapshot, plan=plan)
    opened(tmp_path, resume_request(resume=False))
    assert runs(tmp_path) == {"three", NEW_ID}


def test_the_id_of_a_published_snapshot_is_taken(tmp_path: Path) -> None:
    published(tmp_path, ID)
    for resume in (None, False):
        with pytest.raises(ConfigError, match="run-1 is published already; choose another id") as caught:
            opened(tmp_path, resume_request(snapshot=ID, resume=resume))
        assert caught.value.setting == "snapshot"


# ---- files of killed runs


def test_a_run_killed_between_publishing_and_cleaning_up_is_cleaned_up_and_latest_updated(tmp_path: Path) -> None:
    unfinished(tmp_path, ID)
    published(tmp_path, ID)
    assert opened(tmp_path, resume_request()).snapshot == NEW_ID
    assert (tmp_path / LATEST).readlink() == Path(f"snapshot={ID}")
    assert runs(tmp_path) == {NEW_ID}


def test_latest_does_not_point_to_an_incomplete_snapshot(tmp_path: Path) -> None:
    unfinished(tmp_path, ID)
    published(tmp_path, ID, complete=False)
    with pytest.raises(UsageError, match="there is no unfinished run"):
        opened(tmp_path, resume_request(resume=True))
    assert not (tmp_path / LATEST).is_symlink()
    assert runs(tmp_path) == set()


@pytest.mark.parametrize("left", [(), (".run.json.tmp",), ("journal", "pages.ndjson"), ("snapshot/_SUCCESS",)])
def test_a_run_folder_without_a_state_is_removed(tmp_path: Path, left: tuple[str, ...]) -> None:
    folder = open_work_folder(tmp_path) / ID
    folder.mkdir()
    mark(folder, ID)
    for name in left:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    assert opened(tmp_path, resume_request(snapshot=ID)) == RunState(snapshot=ID, plan="p", started_at=NOW, named=True)
    assert {path.name for path in folder.iterdir()} == {MARKER, "run.json"}


def with_checksum(text: bytes) -> bytes:
    return b'{"crc":%d,"run":%b}' % (crc32(text), text)


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 9999,
        b'{"snapshot":"run-1"}',
        with_checksum(b'{"snapshot":"run-1"}'),
        with_checksum(b'{"snapshot":"run-1","plan":"p","started_at":1}'),
        with_checksum(b'{"snapshot":"run-1","plan":"p","started_at":"2026-11-23T12:00:00"}'),
        with_checksum(b'{"snapshot":"run-1","plan":"\xff","started_at":"2026-11-23T12:00:00Z"}'),
    ],
)
@pytest.mark.parametrize("snapshot", [None, ID])
def test_a_run_folder_with_a_damaged_state_is_removed(tmp_path: Path, state: bytes, snapshot: str | None) -> None:
    unfinished(tmp_path, ID)
    (tmp_path / WORK / ID / "run.json").write_bytes(state)
    assert opened(tmp_path, resume_request(snapshot=snapshot)).resumed == 0
    assert runs(tmp_path) == {snapshot or NEW_ID}
    assert not list(tmp_path.rglob("journal"))


def test_any_changed_byte_of_a_state_is_noticed(tmp_path: Path) -> None:
    state = RunState(snapshot=ID, plan="p", started_at=NOW, walks=(WalkId("eu", "self", "team"),))
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    data = (tmp_path / "run.json").read_bytes()
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        (tmp_path / "run.json").write_bytes(damaged)
        assert read_state(tmp_path) is None, bytes(damaged)


def test_a_state_that_cannot_be_read_is_a_disk_error_and_is_not_removed(tmp_path: Path) -> None:
    (open_work_folder(tmp_path) / ID / "run.json").mkdir(parents=True)
    with pytest.raises(DiskError, match=r"run\.json: is no regular file"):
        opened(tmp_path, resume_request())
    assert (tmp_path / WORK / ID / "run.json").exists()


def test_a_new_run_never_uses_an_existing_folder(tmp_path: Path) -> None:
    folder = open_work_folder(tmp_path) / ID
    folder.mkdir()
    (folder / "journal").write_bytes(b"of another run")
    with pytest.raises(ConfigError, match=f"{ID} holds what swr-crawler did not write; move it away or choose"):
        opened(tmp_path, resume_request(snapshot=ID))
    assert (folder / "journal").read_bytes() == b"of another run"


def test_a_run_that_claims_to_begin_in_the_future_is_neither_resumed_nor_removed(tmp_path: Path) -> None:
    unfinished(tmp_path, ID, age_s=-120.0)
    assert opened(tmp_path, resume_request()).snapshot == NEW_ID
    with pytest.raises(
        ConfigError,
        match="run-1 is the id of an unfinished run with another plan, other credentials, or a begin in the future",
    ):
        opened(tmp_path, resume_request(snapshot=ID))
    with pytest.raises(UsageError, match=r"run-1 claims to have begun in the future \(2026-11-23T12:02:00\.000000Z\)"):
        opened(tmp_path, resume_request(snapshot=ID, resume=True))
    assert runs(tmp_path) == {ID, NEW_ID}
    opened(tmp_path, resume_request(resume=False))
    assert ID not in runs(tmp_path)


def test_the_clocks_of_two_hosts_may_differ_by_a_minute(tmp_path: Path) -> None:
    unfinished(tmp_path, ID, age_s=-60.0)
    assert opened(tmp_path, resume_request()).snapshot == ID


@pytest.mark.parametrize("what", ["another run's", "a file", "no manifest", "no success", "an extra file", "a link"])
def test_a_run_is_not_removed_when_something_else_has_its_published_name(tmp_path: Path, what: str) -> None:
    unfinished(tmp_path, ID)
    final = tmp_path / f"snapshot={ID}"
    if what == "a file":
        final.touch()
    elif what == "a link":
        final.symlink_to("nowhere")
    else:
        published(tmp_path, ID, age_s=61.0 if what == "another run's" else 60.0)
        changed = {"no manifest": MANIFEST, "no success": SUCCESS}.get(what)
        if changed is not None:
            (final / changed).unlink()
        elif what == "an extra file":
            (final / "center=self").mkdir()
            (final / "center=self" / "part-00000.ndjson").touch()
    before = files_in(tmp_path / f"snapshot={ID}")
    with pytest.raises(ConfigError, match=f"snapshot={ID} exists, and the unfinished run of that id did not"):
        opened(tmp_path, resume_request())
    assert files_in(tmp_path / f"snapshot={ID}") == before
    assert (tmp_path / WORK / ID / "journal").exists()
    assert not (tmp_path / LATEST).is_symlink()


@pytest.mark.parametrize("what", ["a pipe", "a folder", "a device", "a terabyte"])
def test_a_manifest_that_no_run_wrote_is_neither_waited_for_nor_read(tmp_path: Path, what: str) -> None:
    unfinished(tmp_path, ID)
    manifest = published(tmp_path, ID) / MANIFEST
    manifest.unlink()
    if what == "a pipe":
        os.mkfifo(manifest)
    elif what == "a folder":
        manifest.mkdir()
    elif what == "a device":
        manifest.symlink_to("/dev/zero")
    else:
        manifest.touch()
        os.truncate(manifest, 2**40)
    with pytest.raises(ConfigError, match=f"snapshot={ID} exists, and the unfinished run of that id did not"):
        opened(tmp_path, resume_request())
    assert (tmp_path / WORK / ID / "journal").exists()


def test_a_manifest_that_the_disk_does_not_give_is_an_error_and_its_run_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfinished(tmp_path, ID)
    published(tmp_path, ID)
    with monkeypatch.context() as patches:
        patches.setattr(os, "open", failing(os.open, MANIFEST))
        with pytest.raises(DiskError, match="Input/output error"):
            opened(tmp_path, resume_request())
    assert (tmp_path / WORK / ID / "journal").exists()


def failing(call: Callable[..., int], name: str) -> Callable[..., int]:
    """Return `call`, but with an error of the disk for every path with this name."""

    def called(path: os.PathLike[str], *arguments: int, **options: int) -> int:
        if os.fspath(path).endswith(name):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return call(path, *arguments, **options)

    return called


@pytest.mark.parametrize("resume", [None, True, False])
def test_a_run_of_a_published_id_returns_the_snapshot_unless_a_new_run_was_requested(
    tmp_path: Path, *, resume: bool | None
) -> None:
    unfinished(tmp_path, ID)
    final = published(tmp_path, ID)
    request = resume_request(snapshot=ID, resume=resume)
    if resume is False:
        with pytest.raises(ConfigError, match="run-1 is published already"):
            opened(tmp_path, request)
    else:
        with open_workspace(tmp_path, request, NOW) as workspace:
            assert workspace.published == final
    assert (tmp_path / LATEST).readlink() == Path(final.name)
    assert runs(tmp_path) == set()


def test_of_several_published_runs_latest_points_to_the_newest(tmp_path: Path) -> None:
    for snapshot, age_s in (("a", 60.0), ("b", 30.0), ("c", 90.0)):
        unfinished(tmp_path, snapshot, age_s=age_s)
        published(tmp_path, snapshot, age_s=age_s)
    opened(tmp_path, resume_request())
    assert (tmp_path / LATEST).readlink() == Path("snapshot=b")


def test_what_cannot_be_removed_after_publishing_does_not_fail_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path, **_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", str(path))

    with open_workspace(tmp_path, resume_request(), NOW) as workspace, monkeypatch.context() as patches:
        patches.setattr(os, "unlink", broken)
        workspace.remove()
        assert (workspace.folder / "run.json").exists()


def test_a_state_in_the_wrong_folder_is_no_run(tmp_path: Path) -> None:
    unfinished(tmp_path, ID)
    (tmp_path / WORK / ID).rename(tmp_path / WORK / "copy")
    assert opened(tmp_path, resume_request()).snapshot == NEW_ID
    assert runs(tmp_path) == {"copy", NEW_ID}


# ---- an output that cannot be written


def test_an_output_that_is_a_file_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for output in (tmp_path / "file", tmp_path / "file" / "below", Path("/dev/null")):
        with pytest.raises(ConfigError, match=r"output: .*name a folder") as caught:
            opened(output, resume_request())
        assert caught.value.setting == "output"


@pytest.mark.parametrize("place", ["/proc/x", "/proc/self/x"])
def test_an_output_where_no_folder_can_be_created_is_a_config_error(place: str) -> None:
    with pytest.raises(ConfigError, match=f"output: {place}.*; name a folder") as caught:
        opened(Path(place), resume_request())
    assert caught.value.setting == "output"


def test_an_output_that_is_not_writable_is_a_disk_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # tests may run as root, who can write everywhere
    with pytest.raises(DiskError, match="is not writable; change its permissions or name another output"):
        opened(tmp_path, resume_request())


def test_a_parent_that_cannot_be_read_is_not_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def unreadable(path: Path, flags: int, mode: int = 0o777) -> int:
        if Path(path) == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", unreadable)
    assert opened(tmp_path / "output", resume_request()).snapshot == NEW_ID


def test_a_lock_that_cannot_be_created_is_a_disk_error(tmp_path: Path) -> None:
    (open_work_folder(tmp_path) / ".lock").mkdir()
    with pytest.raises(DiskError, match=r"\.lock: .*; free disk space or fix the problem"):
        opened(tmp_path, resume_request())


def test_a_run_folder_that_cannot_be_created_is_a_disk_error_and_frees_the_output(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="; free disk space or fix the problem, then rerun the command"):
        opened(tmp_path, resume_request(snapshot="no/such/folder"))
    assert opened(tmp_path, resume_request()).snapshot == NEW_ID


@pytest.mark.parametrize("snapshot", ["lock", "holder.json", "run.json", "latest"])
def test_no_snapshot_id_collides_with_a_file_of_the_work_folder(tmp_path: Path, snapshot: str) -> None:
    for resumed in (0, 1):
        assert opened(tmp_path, resume_request(snapshot=snapshot)).resumed == resumed


ages = st.integers(0, 2 * int(HOUR_S))


@given(
    st.lists(st.tuples(st.sampled_from(["p", "q"]), ages, st.sampled_from(["", "complete", "half"])), max_size=4),
    st.sampled_from([None, True, False]),
)
@settings(deadline=None, max_examples=examples(quick=8))
def test_whatever_was_left_a_run_works_in_a_folder_of_its_own_plan_that_is_not_published(
    tmp_path_factory: pytest.TempPathFactory, left: list[tuple[str, int, str]], resume: object
) -> None:
    output = tmp_path_factory.mktemp("w")
    for number, (plan, age_s, done) in enumerate(left):
        unfinished(output, f"r{number}", plan=plan, age_s=age_s)
        if done:
            published(output, f"r{number}", complete=done == "complete", age_s=age_s)
    request = ResumeRequest("p", None, None if resume is None else bool(resume), HOUR_S)
    fresh = [age_s for plan, age_s, done in left if plan == "p" and age_s <= HOUR_S and not done]
    if resume is True and not fresh:
        with pytest.raises(UsageError):
            opened(output, request)
        return
    state = opened(output, request)
    assert state.plan == "p"
    assert not (output / f"snapshot={state.snapshot}").exists()
    if fresh and resume is not False:
        assert NOW - state.started_at == timedelta(seconds=min(fresh))
    else:
        assert (state.started_at, state.resumed) == (NOW, 0)
    assert state.snapshot in runs(output)
    assert not any(f"r{number}" in runs(output) for number, (_, _, done) in enumerate(left) if done)
