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
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from filelock import FileLock, Timeout

from crawler.errors import ConfigError, UnavailableError, UsageError
from crawler.snapshot.disk import disk
from crawler.snapshot.files import sync_folder, write_synced
from crawler.snapshot.publish import point_latest
from crawler.walking.plan import WalkId

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
    started_at: datetime
    resumed: int = 0
    walks: tuple[WalkId, ...] = ()


@dataclass(frozen=True, slots=True)
class Workspace:
    """One run's own folder in the output, held by this process."""

    output: Path
    folder: Path
    state: RunState

    def remember(self, walks: tuple[WalkId, ...]) -> None:
        """Keep the walks that were discovered. Raises DiskError."""
        with disk(self.folder):
            _write_state(self.folder, msgspec.structs.replace(self.state, walks=walks))

    def remove(self) -> None:
        """Drop the run's working files: its snapshot is published."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which run the user wants: a given or any `snapshot` id, and whether to go on with an unfinished one.

    `resume` None goes on with the newest unfinished run of the same plan that is younger than `within_s`
    seconds, or else begins; True insists on going on; False begins afresh and drops what is unfinished.
    """

    plan: str
    snapshot: str | None
    resume: bool | None
    within_s: float


@contextmanager
def open_workspace(output: Path, wish: Wish, now: datetime) -> Iterator[Workspace]:
    """Hold `output` and give the run to work on.

    Raises ConfigError when the folder can't be used or the id is taken, UnavailableError when another run
    holds it, UsageError when there is nothing to resume but the user insists.
    """
    work = _prepare(output)
    with _held(work, now) as tell:
        _tidy(output, work)
        state = _choose(output, work, wish, now)
        folder = work / state.snapshot
        with disk(folder):
            folder.mkdir(exist_ok=True)
            _write_state(folder, state)
            sync_folder(work)
        tell(state.snapshot)
        yield Workspace(output, folder, state)


def _write_state(folder: Path, state: RunState) -> None:
    write_synced(folder / _STATE, msgspec.json.encode(state))


def _prepare(output: Path) -> Path:
    work = output / WORK
    try:
        if output.exists() and not output.is_dir():
            raise ConfigError(f"output: {output} is a file; name a folder", setting="output")
        work.mkdir(parents=True, exist_ok=True)
        if not os.access(work, os.W_OK | os.X_OK):
            raise ConfigError(f"output: {output} is not writable; name a folder that is", setting="output")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"output: {output}: {reason}; name a folder that can be written", setting="output") from None
    return work


class _Holder(msgspec.Struct):
    pid: int
    host: str
    since: str
    snapshot: str


@contextmanager
def _held(work: Path, now: datetime) -> "Iterator[_Tell]":
    lock = FileLock(work / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UnavailableError(
            f"{work.parent} is in use by {_who(work)}; wait for it or choose another output"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"output: {work}: {error.strerror}; name a folder that can be written", setting="output"
        ) from None
    holder = work / _HOLDER
    try:
        with disk(holder):
            holder.unlink(missing_ok=True)  # of a run that was killed: it holds nothing any more
        yield _Tell(holder, now)
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


@dataclass(frozen=True, slots=True)
class _Tell:
    """Says in the holder's file who holds the output."""

    path: Path
    now: datetime

    def __call__(self, snapshot: str) -> None:
        holder = _Holder(os.getpid(), socket.gethostname(), f"{self.now:%Y-%m-%dT%H:%M:%SZ}", snapshot)
        with disk(self.path):
            self.path.write_bytes(msgspec.json.encode(holder))


def _who(work: Path) -> str:
    try:
        holder = msgspec.json.decode((work / _HOLDER).read_bytes(), type=_Holder)
    except (OSError, msgspec.MsgspecError):
        return "another run"
    return f"process {holder.pid} on {holder.host} (snapshot {holder.snapshot}, since {holder.since})"


def _choose(output: Path, work: Path, wish: Wish, now: datetime) -> RunState:
    unfinished = _unfinished(work)
    oldest = now - timedelta(seconds=wish.within_s)
    same = [state for state in unfinished if state.plan == wish.plan and wish.snapshot in {None, state.snapshot}]
    fresh = [state for state in same if state.started_at >= oldest]
    if wish.resume is False:
        for state in same:
            shutil.rmtree(work / state.snapshot, ignore_errors=True)
    elif fresh:
        return msgspec.structs.replace(fresh[0], resumed=fresh[0].resumed + 1)
    elif wish.resume:
        raise UsageError(f"--resume: {_why_not(unfinished, same, wish)}; without --resume a new run begins")
    for state in unfinished:
        if state.started_at < oldest:  # nothing will go on with it; a nightly job would fill the disk with them
            shutil.rmtree(work / state.snapshot, ignore_errors=True)
    if wish.snapshot is not None:
        return _named(output, work, wish.snapshot, wish.plan, now)
    return RunState(snapshot=_new_id(output, work, now), plan=wish.plan, started_at=now)


def _tidy(output: Path, work: Path) -> None:
    """End what a run killed in its first or last moment left undone.

    A folder without a state was being made or removed. A run whose snapshot stands was about to be removed.
    """
    with disk(work):
        for folder in list(work.iterdir()):
            if folder.is_dir() and not (folder / _STATE).exists():
                shutil.rmtree(folder, ignore_errors=True)
    for state in _unfinished(work):
        snapshot = output / f"snapshot={state.snapshot}"
        if snapshot.exists():
            with disk(output):
                point_latest(snapshot)
            shutil.rmtree(work / state.snapshot, ignore_errors=True)


def _unfinished(work: Path) -> list[RunState]:
    """Give the runs that have a state, newest first; a folder without a readable one is no run."""
    states = []
    for path in work.glob(f"*/{_STATE}"):
        try:
            state = msgspec.json.decode(path.read_bytes(), type=RunState)
        except (OSError, msgspec.MsgspecError):
            continue
        if state.snapshot == path.parent.name:
            states.append(state)
    return sorted(states, key=lambda state: (state.started_at, state.snapshot), reverse=True)


def _why_not(unfinished: list[RunState], same: list[RunState], wish: Wish) -> str:
    if same:
        return f"the unfinished run {same[0].snapshot} is older than {wish.within_s:g} seconds (resume_within_s)"
    if unfinished:
        return (
            f"the unfinished run {unfinished[0].snapshot} has another plan "
            "(targets, centers, namespaces, order, max_passes or confirm)"
        )
    return "there is no unfinished run"


def _named(output: Path, work: Path, snapshot: str, plan: str, now: datetime) -> RunState:
    if (output / f"snapshot={snapshot}").exists():
        raise ConfigError(f"snapshot: {snapshot} is published already; choose another id", setting="snapshot")
    if (work / snapshot).exists():
        raise ConfigError(
            f"snapshot: {snapshot} is the id of an unfinished run with another plan; choose another id",
            setting="snapshot",
        )
    return RunState(snapshot=snapshot, plan=plan, started_at=now)


def _new_id(output: Path, work: Path, now: datetime) -> str:
    base = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    number, name = 1, base
    while (output / f"snapshot={name}").exists() or (work / name).exists():
        number += 1
        name = f"{base}-{number}"
    return name
