"""Which run works in an output: an unfinished one that is resumed, or a new one.

Which run is resumed: the newest unfinished run of the same plan and callers (crawler/model/caller.py) that is fresh,
that is, younger than `max_age_s`. A run that claims to have begun in the future is not fresh, and not old either: its
clock or ours was wrong.

| resume | fresh run of this plan | result                                                               |
|--------|------------------------|----------------------------------------------------------------------|
| None   | yes                    | it is resumed                                                        |
| None   | no                     | a new run begins                                                     |
| True   | yes                    | it is resumed                                                        |
| True   | no                     | UsageError, which says why                                           |
| False  | yes or no              | unfinished runs of this plan are removed, a new run begins           |

A snapshot id narrows "this plan" to the run of that id. When a run would be resumed but for its callers, the log says
why a new one begins. Before a new run begins, unfinished runs of any plan that are too old are removed. A run whose
snapshot is published already is only cleaned up. published_runs.py says what is kept of it, and when it is the result.

work_folder.py has the layout of `.work`, run_folder.py what of it may be removed, output_lock.py who holds it.
"""

import logging
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from crawler.errors import ConfigError, DiskError, UsageError
from crawler.files.disk_errors import disk_errors
from crawler.files.probe import probe
from crawler.model.caller import differences, records_of
from crawler.model.walk_id import WalkId
from crawler.snapshot.layout import MARKER, PROBE
from crawler.store.output.output_lock import Hold, locked
from crawler.store.output.published_runs import (
    EndedRun,
    StartedRun,
    finish_published,
    runs_in,
    why_not_resumed,
    why_not_the_result,
)
from crawler.store.output.resume_request import ResumeRequest
from crawler.store.output.run_folder import create_run, keep_state, remove_run, take_runs
from crawler.store.output.run_state import RunState, read_state, write_state
from crawler.store.output.snapshot_id import free_id, id_of
from crawler.store.output.work_folder import open_work_folder
from crawler.store.publish import Destination

log = logging.getLogger(__name__)

# Clocks of two hosts that share an output may differ by so much, and one clock may be set back by so much.
_CLOCK_TOLERANCE: Final = timedelta(minutes=1)
# While another run is watched, a request to stop is looked for so often.
_CHECK_S: Final = 0.25


class Workspace(NamedTuple):
    """The folder of one run in the output, held by this process.

    `check` raises UnavailableError when another run has taken the output over; it costs nothing most of the time.
    `published` is the run's snapshot when that is published already: the run has ended, or was killed just before.
    """

    destination: Destination
    folder: Path
    state: RunState
    check: Callable[[], None] = lambda: None
    published: Path | None = None

    @property
    def output(self) -> Path:
        """The folder where the snapshot is published."""
        return self.destination.output

    def save_walks(self, walks: tuple[WalkId, ...]) -> None:
        """Save the walks that were discovered, for a resume. Raises DiskError, and UnavailableError as `check`."""
        self.destination.verify()
        write_state(self.folder, msgspec.structs.replace(self.state, walks=walks))

    def forget_callers(self, targets: Collection[str]) -> None:
        """Save that nothing was read of `targets`, so that any caller may resume; do nothing if the disk refuses."""
        with suppress(DiskError):
            state = read_state(self.folder)  # it may have the walks that were discovered since
            if state is not None and targets:
                self.destination.verify()
                callers = state.callers | dict.fromkeys(targets)
                write_state(self.folder, msgspec.structs.replace(state, callers=callers))

    def go_on_after(self) -> None:
        """Save that the run goes on after the snapshot that it is about to publish; see `RunState`.

        Raises DiskError, and UnavailableError as `check`.
        """
        self.destination.verify()
        state = read_state(self.folder) or self.state  # it may have the walks that were discovered since
        write_state(self.folder, state.after_publication())

    def remove(self) -> None:
        """Remove the run's working files after its snapshot is published; the next run removes what is left.

        The state of a run that the user named stays, see published_runs.py.
        """
        with suppress(DiskError, OSError):
            if self.state.named:
                keep_state(self.folder, self.state)
            else:
                remove_run(self.folder)


class HeldOutput(NamedTuple):
    """An output that this process holds; `work` is its work folder."""

    work: Path
    hold: Hold
    destination: Destination


@contextmanager
def hold_output(output: Path, now: datetime, check: Callable[[], None] = lambda: None) -> Iterator[HeldOutput]:
    """Lock `output` and yield it; `now` is in UTC, `check` as in `open_workspace`.

    The runs of a holder that only seemed dead are moved away from it. Raises ConfigError when `output` is no folder,
    DiskError when it cannot be written, UnavailableError when another run holds it.
    """
    work = open_work_folder(output)
    with locked(work, now, partial(_sleep, check)) as hold, _explain_loss(hold):
        if hold.was_silent:
            with disk_errors(output):
                take_runs(work, hold.file.nonce, hold.silent_run)
                hold.file.end_moving()
        yield HeldOutput(work, hold, Destination(output, hold.file.verify))


@contextmanager
def open_workspace(
    output: Path, request: ResumeRequest, now: datetime, check: Callable[[], None] = lambda: None
) -> Iterator[Workspace]:
    """Lock `output` and yield the workspace of the run to do; `now` is in UTC.

    `check` is called again and again while another run is watched; it may raise the CrawlerError of a run that must
    stop.

    Raises ConfigError when `output` is no folder or the id is taken, DiskError when it cannot be written,
    UnavailableError when another run holds it, UsageError when there is nothing to resume and `resume` is True.
    """
    with hold_output(output, now, check) as (work, hold, destination):
        with disk_errors(output):
            _probe(work)  # now, and not after hours of crawling
            destination.latest.check()
            published = finish_published(destination, work, now - timedelta(seconds=request.max_age_s))
        for ended in published:
            if not why_not_the_result(ended, request):
                final = destination.path_of(ended.state.publication)
                yield Workspace(destination, ended.path, ended.state, published=final)
                return
        with disk_errors(output):
            run = _resumed_or_new(destination, work, request, now, published)
            if run.state.resumed:
                write_state(run.path, run.state)
            else:
                create_run(work, run.state)
        hold.file.name_snapshot(run.state.snapshot)
        yield Workspace(destination, run.path, run.state, hold.file.check)


def _probe(work: Path) -> None:
    """Log a warning for each operation that the file system of the output lacks. Raises DiskError, OSError."""
    for operation, reason in probe(work / PROBE, work / MARKER):
        log.warning("output.unsupported", extra={"path": str(work.parent), "operation": operation, "reason": reason})


def _sleep(check: Callable[[], None], duration_s: float) -> None:
    """Sleep, in pieces of `_CHECK_S` at most with a check after each."""
    left_s = duration_s
    while left_s > 0:
        time.sleep(min(left_s, _CHECK_S))
        left_s -= _CHECK_S
        check()


@contextmanager
def _explain_loss(hold: Hold) -> Iterator[None]:
    """Raise UnavailableError for a DiskError when another run has taken the output over: then that is the reason."""
    try:
        yield
    except DiskError:
        with suppress(DiskError):
            hold.file.verify()
        raise


def _resumed_or_new(
    destination: Destination, work: Path, request: ResumeRequest, now: datetime, published: list[EndedRun]
) -> StartedRun:
    unfinished = _unfinished(work)
    oldest, newest = now - timedelta(seconds=request.max_age_s), now + _CLOCK_TOLERANCE
    same = [run for run in unfinished if run.state.plan == request.plan and _has_id(run, request.snapshot)]
    fresh = [run for run in same if oldest <= run.state.started_at <= newest]
    own = [run for run in fresh if not differences(run.state.callers, request.callers)]
    if request.resume is False:
        for run in same:
            remove_run(run.path)
    elif own:
        return _resumed(destination, work, own[0], request, now)
    elif request.resume:
        reason = why_not_resumed(unfinished, same, fresh, request, now)
        raise UsageError(f"--resume: {reason}; without --resume a new run begins")
    elif fresh:
        state = fresh[0].state
        extra = {"snapshot": state.snapshot, "reason": differences(state.callers, request.callers)}
        log.warning("run.not_resumed", extra=extra)
    for run in unfinished:
        if run.state.started_at < oldest:  # no run will resume it; nightly jobs would fill the disk
            remove_run(run.path)
    state = RunState(
        snapshot=request.snapshot or free_id(destination, work, id_of(now)),
        plan=request.plan,
        started_at=now,
        callers=records_of(request.callers, {}),
        named=request.snapshot is not None,
    )
    if request.snapshot is not None:
        _check_id(destination, work, request, published)
    return StartedRun(work / state.snapshot, state)


def _resumed(
    destination: Destination, work: Path, run: StartedRun, request: ResumeRequest, now: datetime
) -> StartedRun:
    state, final = run.state, destination.path_of(run.state.publication)
    if os.path.lexists(final):
        if not state.goes_on:
            reason = f"{final} exists, and the unfinished run of that id did not publish it"
            raise ConfigError(f"snapshot: {reason}; move it away, or rerun with --no-resume", setting="snapshot")
        # A published snapshot never changes: what the run reads now becomes another one.
        state = msgspec.structs.replace(state, publish_as=free_id(destination, work, request.snapshot or id_of(now)))
    else:  # killed before it had that name, or somebody has removed it
        state = state.without_unpublished()
    callers = records_of(request.callers, state.callers)
    named = state.named or request.snapshot is not None
    return run._replace(state=msgspec.structs.replace(state, resumed=state.resumed + 1, callers=callers, named=named))


def _has_id(run: StartedRun, snapshot: str | None) -> bool:
    return snapshot in {None, run.state.snapshot}


def _unfinished(work: Path) -> list[StartedRun]:
    """Return the runs that may be resumed, newest first."""
    return [run for run in runs_in(work) if not run.state.published]


def _check_id(destination: Destination, work: Path, request: ResumeRequest, published: list[EndedRun]) -> None:
    """Raise ConfigError when a new run cannot have the id of the request."""
    snapshot = request.snapshot or ""
    if os.path.lexists(destination.path_of(snapshot)):
        reasons = [why_not_the_result(run, request) for run in published if run.state.snapshot == snapshot]
        why = f" {reasons[0]}" if reasons and request.resume is not False else ""
        raise ConfigError(f"snapshot: {snapshot} is published already{why}; choose another id", setting="snapshot")
    if any(run.state.snapshot == snapshot for run in _unfinished(work)):
        other = "another plan, other credentials, or a begin in the future"
        reason = f"is the id of an unfinished run with {other}"
        raise ConfigError(f"snapshot: {snapshot} {reason}; choose another id", setting="snapshot")
