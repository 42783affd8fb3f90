"""The output folder while a run works in it: which run is resumed, and which folder the run works in.

    output/.work/.lock          held while a run lives (output_lock.py)
    output/.work/.holder.json   the run that holds it; no snapshot id begins with a dot
    output/.work/<id>/          run.json (run_state.py), pages.ndjson and journal (spool.py), the unpublished snapshot

Which run is resumed: the newest unfinished run of the same plan and callers (crawler/model/caller.py) that is fresh,
that is, younger than `max_age_s`.

| resume | fresh run of this plan | result                                                               |
|--------|------------------------|----------------------------------------------------------------------|
| None   | yes                    | it is resumed                                                        |
| None   | no                     | a new run begins                                                     |
| True   | yes                    | it is resumed                                                        |
| True   | no                     | UsageError, which says why                                           |
| False  | yes or no              | unfinished runs of this plan are removed, a new run begins           |

A snapshot id narrows "this plan" to the run of that id. When a run would be resumed but for its callers, the log says
why a new one begins. Before a new run begins, unfinished runs of any plan that are not fresh are removed. A run whose
snapshot is published already is only cleaned up; when the request has its id and its callers, its snapshot is the
result.
"""

import logging
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from crawler.errors import ConfigError, DiskError, UsageError
from crawler.files.atomic import make_folders, sync_folder
from crawler.files.disk_errors import disk_errors
from crawler.model.caller import Callers, differences, records_of
from crawler.model.walk_id import WalkId
from crawler.store.output_lock import locked
from crawler.store.publish import make_visible
from crawler.store.run_state import STATE_FILE, RunState, read_state, write_state

log = logging.getLogger(__name__)

WORK: Final = ".work"


class Workspace(NamedTuple):
    """The folder of one run in the output, held by this process.

    `published` is the run's snapshot when that is published already: the run was killed just before its end.
    """

    output: Path
    folder: Path
    state: RunState
    published: Path | None = None

    def save_walks(self, walks: tuple[WalkId, ...]) -> None:
        """Save the walks that were discovered, for a resume. Raises DiskError."""
        write_state(self.folder, msgspec.structs.replace(self.state, walks=walks))

    def forget_callers(self, targets: Collection[str]) -> None:
        """Save that nothing was read of `targets`, so that any caller may resume; do nothing if the disk refuses."""
        with suppress(DiskError):
            state = read_state(self.folder)  # it may have the walks that were discovered since
            if state is not None and targets:
                callers = state.callers | dict.fromkeys(targets)
                write_state(self.folder, msgspec.structs.replace(state, callers=callers))

    def remove(self) -> None:
        """Remove the run's working files after its snapshot is published; the next run removes what is left."""
        with suppress(DiskError):
            _remove_run(self.folder)


class ResumeRequest(NamedTuple):
    """Which run the user wants: the one with the id `snapshot`, or with None any, and whether to resume it.

    `resume` is as in the table above; `plan` is the digest of the plan; `max_age_s` is the age of the oldest run that
    may be resumed, in seconds; `callers` are those who ask now.
    """

    plan: str
    snapshot: str | None
    resume: bool | None
    max_age_s: float
    callers: Callers = MappingProxyType({})


@contextmanager
def open_workspace(output: Path, request: ResumeRequest, now: datetime) -> Iterator[Workspace]:
    """Lock `output` and yield the workspace of the run to do; `now` is in UTC.

    Raises ConfigError when `output` is no folder or the id is taken, DiskError when it cannot be written,
    UnavailableError when another run holds it, UsageError when there is nothing to resume and `resume` is True.
    """
    work = _prepare(output)
    with locked(work, now) as holder:
        with disk_errors(output):
            published = [state for state in _clean_up(output, work) if _is_requested(state, request)]
        if published:
            (state,) = published
            yield Workspace(output, work / state.snapshot, state, _snapshot(output, state.snapshot))
            return
        with disk_errors(output):
            state = _resumed_or_new(output, work, request, now)
            state = msgspec.structs.replace(state, callers=records_of(request.callers, state.callers))
        folder = work / state.snapshot
        with disk_errors(folder):
            if not state.resumed:
                folder.mkdir()  # fails when it exists: it may hold the spool of another run
            write_state(folder, state)
            sync_folder(work)
        holder.write(state.snapshot)
        yield Workspace(output, folder, state)


def _prepare(output: Path) -> Path:
    work = output / WORK
    with disk_errors(output):
        if output.exists() and not output.is_dir():
            raise ConfigError(f"output: {output} is a file; name a folder", setting="output")
        try:
            make_folders(work)
        except (NotADirectoryError, FileNotFoundError) as error:
            reason = f"{error.strerror}; name a folder that can be created"
            raise ConfigError(f"output: {output}: {reason}", setting="output") from None
        sync_folder(output)  # or a power cut might take the whole work folder
        if not os.access(work, os.W_OK | os.X_OK):
            advice = "change its permissions or name another output, then rerun the command"
            raise DiskError(f"{output} is not writable; {advice}")
    return work


def _resumed_or_new(output: Path, work: Path, request: ResumeRequest, now: datetime) -> RunState:
    unfinished = _unfinished(work)
    oldest = now - timedelta(seconds=request.max_age_s)
    same = [state for state in unfinished if state.plan == request.plan and request.snapshot in {None, state.snapshot}]
    fresh = [state for state in same if state.started_at >= oldest]
    own = [state for state in fresh if not differences(state.callers, request.callers)]
    if request.resume is False:
        for state in same:
            _remove_run(work / state.snapshot)
    elif own:
        return msgspec.structs.replace(own[0], resumed=own[0].resumed + 1)
    elif request.resume:
        reason = _why_not_resumed(unfinished, same, fresh, request)
        raise UsageError(f"--resume: {reason}; without --resume a new run begins")
    elif fresh:
        extra = {"snapshot": fresh[0].snapshot, "reason": differences(fresh[0].callers, request.callers)}
        log.warning("run.not_resumed", extra=extra)
    for state in unfinished:
        if state.started_at < oldest:  # no run will resume it; nightly jobs would fill the disk
            _remove_run(work / state.snapshot)
    if request.snapshot is not None:
        return _new_run_of_id(output, work, request.snapshot, request.plan, now)
    return RunState(snapshot=_new_id(output, work, now), plan=request.plan, started_at=now)


def _is_requested(state: RunState, request: ResumeRequest) -> bool:
    if request.resume is False or differences(state.callers, request.callers):
        return False
    return (state.plan, state.snapshot) == (request.plan, request.snapshot)


def _clean_up(output: Path, work: Path) -> list[RunState]:
    """Finish what a run left undone that was killed in its first or last moment; return the published runs.

    A folder without a readable state was being made or removed, or is damaged: it cannot be resumed. A run whose
    snapshot is published was about to be removed.
    """
    for folder, state in _states(work):
        if state is None:
            _remove_run(folder)
    published = [state for state in _unfinished(work) if _snapshot(output, state.snapshot).exists()]
    for state in reversed(published):  # the newest last: `latest` will point to it
        make_visible(_snapshot(output, state.snapshot))
        _remove_run(work / state.snapshot)
    return published


def _remove_run(folder: Path) -> None:
    """Remove the working files of a run, its state first: without it the rest is no run. Raises DiskError."""
    with disk_errors(folder):
        (folder / STATE_FILE).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _snapshot(output: Path, snapshot: str) -> Path:
    return output / f"snapshot={snapshot}"


def _states(work: Path) -> list[tuple[Path, RunState | None]]:
    with disk_errors(work):
        return [(folder, read_state(folder)) for folder in work.iterdir() if folder.is_dir()]


def _unfinished(work: Path) -> list[RunState]:
    """Return the runs that have a state, newest first; a state in a folder of another name is no run."""
    states = [state for folder, state in _states(work) if state is not None and state.snapshot == folder.name]
    return sorted(states, key=lambda state: (state.started_at, state.snapshot), reverse=True)


def _why_not_resumed(
    unfinished: list[RunState], same: list[RunState], fresh: list[RunState], request: ResumeRequest
) -> str:
    if fresh:
        reason = differences(fresh[0].callers, request.callers)
        return f"the unfinished run {fresh[0].snapshot} is of other credentials ({reason})"
    if same:
        return f"the unfinished run {same[0].snapshot} is older than {request.max_age_s:g} seconds (resume_max_age_s)"
    if unfinished:
        return (
            f"the unfinished run {unfinished[0].snapshot} has another plan "
            "(targets, centers, namespaces, order, max_passes or double_read)"
        )
    return "there is no unfinished run"


def _new_run_of_id(output: Path, work: Path, snapshot: str, plan: str, now: datetime) -> RunState:
    if _snapshot(output, snapshot).exists():
        raise ConfigError(f"snapshot: {snapshot} is published already; choose another id", setting="snapshot")
    if read_state(work / snapshot) is not None:
        raise ConfigError(
            f"snapshot: {snapshot} is the id of an unfinished run with another plan or other credentials; choose"
            " another id",
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
