"""Runs that other processes began in an output: what is finished for them, kept of them, and why none is resumed.

A command that names its snapshot means one run, however often it is given: the state of such a run is kept after it has
ended. When the request has its id, its plan and its callers, `resume` is not False, and it ended less than `max_age_s`
ago, its snapshot is the result. Otherwise the id is taken: a nightly job that gives the same id every night is told so,
and is not taken for the run of last night.

A run that goes on after its snapshot (RunState) has not ended: it is resumed like any other.
"""

import errno
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from crawler.model.caller import differences
from crawler.snapshot.manifest import Manifest, from_json
from crawler.snapshot.reader import manifest_text
from crawler.store.output.resume_request import ResumeRequest
from crawler.store.output.run_folder import keep_state, remove_run, run_folders
from crawler.store.output.run_state import RunState
from crawler.store.publish import Destination, make_visible
from crawler.store.written import Written
from crawler.text.timestamp import timestamp


class StartedRun(NamedTuple):
    """A run that has a state."""

    path: Path
    state: RunState


class EndedRun(NamedTuple):
    """A run whose snapshot is published; `is_old` when it is too long ago to be what a command means."""

    path: Path
    state: RunState
    is_old: bool


def why_not_the_result(run: EndedRun, request: ResumeRequest) -> str:
    """Return why the snapshot of a run is not the result of this command, "" when it is."""
    state = run.state
    if state.snapshot != request.snapshot:
        return "it has another id"
    if request.resume is False:
        return "a new run was asked for"
    if state.plan != request.plan:
        return "by a run of another plan"
    if run.is_old:
        return f"by a run that ended more than {request.max_age_s:g} seconds ago (resume_max_age_s)"
    reason = differences(state.callers, request.callers)
    return f"by a run of other credentials ({reason})" if reason else ""


def finish_published(destination: Destination, work: Path, oldest: datetime) -> list[EndedRun]:
    """Finish what a run left undone that was killed in its first or last moment; return the published runs.

    A folder without a readable state was being made or removed, or is damaged: it cannot be resumed. A run whose
    snapshot is published was about to be removed, or its state is kept until it ended before `oldest`.
    """
    for folder in run_folders(work, say_foreign=True):
        if folder.state is None:
            remove_run(folder.path)
    published = []
    for run in reversed(runs_in(work)):  # the newest last: `latest` will point to it
        if run.state.goes_on:
            continue
        manifest = _published_by(destination, run.state)
        if manifest is not None:
            ended = EndedRun(*run, is_old=manifest.finished_at < timestamp(oldest))
            published.append(ended)
            _settle(destination, ended)
        elif run.state.published:  # somebody has removed the snapshot, or changed it
            remove_run(run.path)
    return published


def _settle(destination: Destination, run: EndedRun) -> None:
    """Make the snapshot of a run visible, unless the run did so, and remove its working files."""
    if not run.state.published:
        make_visible(destination.path_of(run.state.publication), run.path, destination)
    if run.state.named and not run.is_old:
        keep_state(run.path, run.state)
    else:
        remove_run(run.path)


def _published_by(destination: Destination, state: RunState) -> Manifest | None:
    """Return the manifest of the snapshot if this very run published it; another one may have the same id.

    Raises OSError when the disk does not say: to take a snapshot for absent would remove the state of its run.
    """
    final = destination.path_of(state.publication)
    try:
        text = manifest_text(final)
        manifest = from_json(text)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        if error.errno == errno.EINVAL:  # no regular file: this run did not write it
            return None
        raise
    begun = (manifest.snapshot, manifest.started_at) == (state.publication, timestamp(state.started_at))
    return manifest if begun and not Written.of(manifest, text).difference(final) else None


def runs_in(work: Path) -> list[StartedRun]:
    """Return the runs that have a state, newest first."""
    runs = [StartedRun(run.path, run.state) for run in run_folders(work) if run.state is not None]
    return sorted(runs, key=lambda run: (run.state.started_at, run.state.snapshot), reverse=True)


def why_not_resumed(
    unfinished: Sequence[StartedRun],
    same: Sequence[StartedRun],
    fresh: Sequence[StartedRun],
    request: ResumeRequest,
    now: datetime,
) -> str:
    """Return why no run is resumed although the request asks for it.

    `unfinished` are all runs, newest first, `same` those of this plan, `fresh` those of them that are young enough.
    """
    if fresh:
        state = fresh[0].state
        reason = differences(state.callers, request.callers)
        return f"the unfinished run {state.snapshot} is of other credentials ({reason})"
    if same and same[0].state.started_at > now:
        moment = timestamp(same[0].state.started_at)
        return f"the unfinished run {same[0].state.snapshot} claims to have begun in the future ({moment})"
    if same:
        age = f"{request.max_age_s:g} seconds (resume_max_age_s)"
        return f"the unfinished run {same[0].state.snapshot} is older than {age}"
    if unfinished:
        return (
            f"the unfinished run {unfinished[0].state.snapshot} has another plan "
            "(targets, centers, namespaces, order, max_passes or double_read)"
        )
    return "there is no unfinished run"
