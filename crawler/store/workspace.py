"""The output folder while a run works in it: who holds it, what is unfinished there, what to go on with.

output/.work/.lock          held for as long as a run lives; the system frees it when the run is killed
output/.work/.holder.json   who holds it, for the message to the second one; no id begins with a dot
output/.work/<id>/          run.json (which plan, since when), pages.ndjson and journal (the spool)
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, NamedTuple
from zlib import crc32

import msgspec
from filelock import FileLock, Timeout

from crawler.errors import ConfigError, DiskError, UnavailableError, UsageError
from crawler.files.atomic import make_folders, sync_folder, write_synced
from crawler.files.disk_errors import disk_errors
from crawler.model.walk_id import WalkId
from crawler.store.publish import make_visible

WORK: Final = ".work"
_STATE: Final = "run.json"
_HOLDER: Final = ".holder.json"
_LOCK: Final = ".lock"


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """What must be known of a run to go on with it. `plan` is the plan's digest, `resumed` how often it was.

    `walks` are those of the targets whose namespaces were discovered, in the order the journal numbers them: asked
    again, a target might name others.
    """

    snapshot: str
    plan: str
    started_at: Annotated[datetime, msgspec.Meta(tz=True)]
    resumed: int = 0
    walks: tuple[WalkId, ...] = ()


class Workspace(NamedTuple):
    """One run's own folder in the output, held by this process.

    `published` is the run's snapshot where that stands already: its first process died just before its end.
    """

    output: Path
    folder: Path
    state: RunState
    published: Path | None = None

    def remember(self, walks: tuple[WalkId, ...]) -> None:
        """Keep the walks that were discovered. Raises DiskError."""
        write_state(self.folder, msgspec.structs.replace(self.state, walks=walks))

    def remove(self) -> None:
        """Drop the run's working files: its snapshot is published. What can't be dropped is left to the next run."""
        with suppress(DiskError):
            _drop(self.folder)


class ResumeRequest(NamedTuple):
    """Which run the user wants: a given or any `snapshot` id, and whether to go on with an unfinished one.

    `resume` None goes on with the newest unfinished run of the same plan that is younger than `within_s`
    seconds, or else begins; True insists on going on; False begins afresh and drops what is unfinished.
    """

    plan: str
    snapshot: str | None
    resume: bool | None
    within_s: float


@contextmanager
def open_workspace(output: Path, wish: ResumeRequest, now: datetime) -> Iterator[Workspace]:
    """Hold `output` and give the run to work on.

    Raises ConfigError when it is no folder or the id is taken, DiskError when it can't be written,
    UnavailableError when another run holds it, UsageError when there is nothing to resume but the user insists.
    """
    work = _prepare(output)
    with _held(work, now) as tell:
        with disk_errors(output):
            published = [state for state in _tidy(output, work) if _is_wished(state, wish)]
        if published:
            (state,) = published
            yield Workspace(output, work / state.snapshot, state, _snapshot(output, state.snapshot))
            return
        with disk_errors(output):
            state = _choose(output, work, wish, now)
        folder = work / state.snapshot
        with disk_errors(folder):
            if not state.resumed:
                folder.mkdir()  # never one with another run's spool in it
            write_state(folder, state)
            sync_folder(work)
        tell(state.snapshot)
        yield Workspace(output, folder, state)


class _Sealed(msgspec.Struct, frozen=True):
    """A state and the CRC-32 of its JSON: a walk's name with a bit flipped would be crawled as if it were asked for."""

    crc: int
    run: msgspec.Raw


def write_state(folder: Path, state: RunState) -> None:
    """Keep the state of the run in `folder`. Raises DiskError."""
    text = msgspec.json.encode(state)
    with disk_errors(folder):
        write_synced(folder / _STATE, msgspec.json.encode(_Sealed(crc32(text), msgspec.Raw(text))))
        sync_folder(folder)  # the journal numbers the walks that are named here: it must not be older than they


def read_state(folder: Path) -> RunState | None:
    """Give the state of the run in `folder`, None when there is none or it is damaged. Raises DiskError."""
    try:
        with disk_errors(folder):
            has_success_marker = msgspec.json.decode(_bytes_of(folder / _STATE), type=_Sealed)
            if crc32(has_success_marker.run) != has_success_marker.crc:
                return None
            return msgspec.json.decode(has_success_marker.run, type=RunState)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _drop(folder: Path) -> None:
    """Drop a run's working files, its state first: without it they are nobody's. Raises DiskError."""
    with disk_errors(folder):
        (folder / _STATE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _prepare(output: Path) -> Path:
    work = output / WORK
    with disk_errors(output):
        if output.exists() and not output.is_dir():
            raise ConfigError(f"output: {output} is a file; name a folder", setting="output")
        try:
            make_folders(work)
        except (NotADirectoryError, FileNotFoundError) as error:
            reason = f"{error.strerror}; name a folder that can be made"
            raise ConfigError(f"output: {output}: {reason}", setting="output") from None
        sync_folder(output)  # or a power cut might take the whole work with it
        if not os.access(work, os.W_OK | os.X_OK):
            raise DiskError(f"{output} is not writable; make it so or name another output, then run the same command")
    return work


class _Holder(msgspec.Struct):
    pid: int
    host: str
    since: str
    snapshot: str


@contextmanager
def _held(work: Path, now: datetime) -> "Iterator[_Tell]":
    lock = FileLock(work / _LOCK, timeout=0)
    with disk_errors(work):
        try:
            lock.acquire()
        except Timeout:
            raise UnavailableError(
                f"{work.parent} is in use by {_who(work)}; wait for it or choose another output"
            ) from None
    holder = work / _HOLDER
    try:
        with disk_errors(holder):
            holder.unlink(missing_ok=True)  # of a run that was killed: it holds nothing any more
        yield _Tell(holder, now)
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


class _Tell(NamedTuple):
    """Says in the holder's file who holds the output."""

    path: Path
    now: datetime

    def __call__(self, snapshot: str) -> None:
        holder = _Holder(os.getpid(), socket.gethostname(), f"{self.now:%Y-%m-%dT%H:%M:%SZ}", snapshot)
        with disk_errors(self.path):
            self.path.write_bytes(msgspec.json.encode(holder))


def _who(work: Path) -> str:
    try:
        holder = msgspec.json.decode((work / _HOLDER).read_bytes(), type=_Holder)
    except (OSError, msgspec.MsgspecError):
        return "another run"
    return f"process {holder.pid} on {holder.host} (snapshot {holder.snapshot}, since {holder.since})"


def _choose(output: Path, work: Path, wish: ResumeRequest, now: datetime) -> RunState:
    unfinished = _unfinished(work)
    oldest = now - timedelta(seconds=wish.within_s)
    same = [state for state in unfinished if state.plan == wish.plan and wish.snapshot in {None, state.snapshot}]
    fresh = [state for state in same if state.started_at >= oldest]
    if wish.resume is False:
        for state in same:
            _drop(work / state.snapshot)
    elif fresh:
        return msgspec.structs.replace(fresh[0], resumed=fresh[0].resumed + 1)
    elif wish.resume:
        raise UsageError(f"--resume: {_why_not(unfinished, same, wish)}; without --resume a new run begins")
    for state in unfinished:
        if state.started_at < oldest:  # nothing will go on with it; a nightly job would fill the disk with them
            _drop(work / state.snapshot)
    if wish.snapshot is not None:
        return _named(output, work, wish.snapshot, wish.plan, now)
    return RunState(snapshot=_new_id(output, work, now), plan=wish.plan, started_at=now)


def _is_wished(state: RunState, wish: ResumeRequest) -> bool:
    return wish.resume is not False and (state.plan, state.snapshot) == (wish.plan, wish.snapshot)


def _tidy(output: Path, work: Path) -> list[RunState]:
    """End what a run killed in its first or last moment left undone; give the runs whose snapshots stand.

    A folder without a state was being made or removed, or is damaged: nothing can go on with it. A run whose
    snapshot stands was about to be removed.
    """
    for folder, state in _states(work):
        if state is None:
            _drop(folder)
    published = [state for state in _unfinished(work) if _snapshot(output, state.snapshot).exists()]
    for state in reversed(published):  # the newest last: it is what `latest` will name
        make_visible(_snapshot(output, state.snapshot))
        _drop(work / state.snapshot)
    return published


def _snapshot(output: Path, name: str) -> Path:
    return output / f"snapshot={name}"


def _states(work: Path) -> list[tuple[Path, RunState | None]]:
    with disk_errors(work):
        return [(folder, read_state(folder)) for folder in work.iterdir() if folder.is_dir()]


def _unfinished(work: Path) -> list[RunState]:
    """Give the runs that have a state, newest first; one in a folder of another name is none."""
    states = [state for folder, state in _states(work) if state is not None and state.snapshot == folder.name]
    return sorted(states, key=lambda state: (state.started_at, state.snapshot), reverse=True)


def _why_not(unfinished: list[RunState], same: list[RunState], wish: ResumeRequest) -> str:
    if same:
        return f"the unfinished run {same[0].snapshot} is older than {wish.within_s:g} seconds (resume_max_age_s)"
    if unfinished:
        return (
            f"the unfinished run {unfinished[0].snapshot} has another plan "
            "(targets, centers, namespaces, order, max_passes or double_read)"
        )
    return "there is no unfinished run"


def _named(output: Path, work: Path, snapshot: str, plan: str, now: datetime) -> RunState:
    if _snapshot(output, snapshot).exists():
        raise ConfigError(f"snapshot: {snapshot} is published already; choose another id", setting="snapshot")
    if read_state(work / snapshot) is not None:
        raise ConfigError(
            f"snapshot: {snapshot} is the id of an unfinished run with another plan; choose another id",
            setting="snapshot",
        )
    return RunState(snapshot=snapshot, plan=plan, started_at=now)


def _new_id(output: Path, work: Path, now: datetime) -> str:
    base = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    number, name = 1, base
    while _snapshot(output, name).exists() or (work / name).exists():
        number += 1
        name = f"{base}-{number}"
    return name
