"""Finds the runs of an output that have not ended. It takes no lock: a run may be writing at the same time."""

from pathlib import Path

import msgspec

from crawler.files.disk_errors import disk_errors
from crawler.files.presence import is_dir
from crawler.snapshot.history.listing import size_below
from crawler.snapshot.layout import HOLDER, WORK
from crawler.store.output.holder_file import read_record
from crawler.store.output.holder_record import from_bytes
from crawler.store.output.run_folder import RunFolder, run_folders
from crawler.text.timestamp import timestamp


class UnfinishedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that has not ended: it works, or it was stopped and the same command resumes it.

    `snapshot` is the id that its snapshot will have. `bytes` is the size of its working files, None when that cannot be
    read. `holder` is the process that says it is working on this run, "" for none: one that was killed says so, too.
    """

    snapshot: str
    started_at: str | None
    bytes: int | None
    path: str
    holder: str = ""
    reason: str = ""


def unfinished_runs(output: Path) -> list[UnfinishedRun]:
    """Return the runs that have not ended, the newest first. Raises DiskError."""
    work = output / WORK
    with disk_errors(work):
        if not is_dir(work):
            return []
        found = [run for run in run_folders(work) if run.state is None or not run.state.published]
        record = from_bytes(read_record(work / HOLDER) or b"")
    runs = [_described(run, "" if record is None else record.snapshot, str(record or "")) for run in found]
    return sorted(runs, key=lambda run: (run.started_at or "", run.snapshot), reverse=True)


def _described(run: RunFolder, held: str, holder: str) -> UnfinishedRun:
    state = run.state
    if state is None:
        reason = "its state cannot be read: the next crawl removes it"
        return UnfinishedRun(
            snapshot=run.path.name, started_at=None, bytes=size_below(run.path), path=str(run.path), reason=reason
        )
    return UnfinishedRun(
        snapshot=state.snapshot,
        started_at=timestamp(state.started_at),
        bytes=size_below(run.path),
        path=str(run.path),
        holder=holder if held == state.snapshot else "",
        reason=f"goes on from snapshot {state.gone_on_from[-1]}" if state.gone_on_from else "",
    )
