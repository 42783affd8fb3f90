"""Runs of an output whose snapshot is published: what the next run finishes for them, and what is kept of them.

A command that names its snapshot means one run, however often it is given: the state of such a run is kept after it has
ended. When the request has its id, its plan and its callers, `resume` is not False, and it ended less than `max_age_s`
ago, its snapshot is the result. Otherwise the id is taken: a nightly job that gives the same id every night is told so,
and is not taken for the run of last night.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from crawler.model.caller import differences
from crawler.snapshot.layout import MANIFEST
from crawler.snapshot.manifest import Manifest, from_json
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
        make_visible(destination.path_of(run.state.snapshot), run.path, destination)
    if run.state.named and not run.is_old:
        keep_state(run.path, run.state)
    else:
        remove_run(run.path)


def _published_by(destination: Destination, state: RunState) -> Manifest | None:
    """Return the manifest of the snapshot if this very run published it; another one may have the same id."""
    final = destination.path_of(state.snapshot)
    try:
        text = (final / MANIFEST).read_bytes()
        manifest = from_json(text)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return None
    begun = (manifest.snapshot, manifest.started_at) == (state.snapshot, timestamp(state.started_at))
    return manifest if begun and not Written.of(manifest, text).difference(final) else None


def runs_in(work: Path) -> list[StartedRun]:
    """Return the runs that have a state, newest first."""
    runs = [StartedRun(run.path, run.state) for run in run_folders(work) if run.state is not None]
    return sorted(runs, key=lambda run: (run.state.started_at, run.state.snapshot), reverse=True)
