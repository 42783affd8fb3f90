"""Removes the snapshots of an output that no rule keeps (crawler/snapshot/history/retention.py).

Kept whatever the rules say, each with its reason:
- what the words `latest` and `previous` name,
- what a run that has not ended goes on from or published, and a named run's snapshot while its state is kept,
- what is damaged: nothing says when it began, or that this program wrote it,
- what holds anything that this program did not write,
- what claims to have begun in the future; it counts for no rule either, or one wrong clock would remove all others.

The rules are applied, and the snapshots removed, while this process holds the output: a run that is about to publish
would be compared with a snapshot that is just being removed.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from crawler.config.retention import Retention
from crawler.errors import CrawlerError, DiskError, InterruptedRunError, UnavailableError
from crawler.files.disk_errors import disk_errors
from crawler.files.presence import is_dir
from crawler.snapshot.history.listing import ListedSnapshot, list_snapshots
from crawler.snapshot.history.retention import DatedSnapshot, Pruned, keep
from crawler.snapshot.layout import WORK
from crawler.snapshot.manifest_values import moment_of
from crawler.store.output.run_folder import run_folders
from crawler.store.output.workspace import hold_output
from crawler.store.retention.trash import empty_trash, foreign_in, has_trash, move_to_trash, open_trash, sync_move
from crawler.text.human import counted

log = logging.getLogger(__name__)

_CLOCK_TOLERANCE: Final = timedelta(days=1)  # between hosts; more would be another day of the calendar
_MOST_NAMED: Final = 10


class PruneEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one snapshot, and why it is kept. `bytes` is its size, None when that cannot be read."""

    snapshot: str
    action: Literal["keep", "remove"]
    status: str
    started_at: str | None
    records: int | None
    bytes: int | None
    path: str
    reasons: tuple[str, ...] = ()


def plan_prune(output: Path, rules: Retention, now: datetime) -> list[PruneEntry]:
    """Return what becomes of each snapshot, the newest first; `now` is in UTC. Nothing is changed.

    Raises UsageError when `output` is no folder, DiskError when it cannot be read.
    """
    listed = list_snapshots(output)
    with disk_errors(output):
        needed = _needed_by_runs(output / WORK)
        pinned = {one.snapshot: _pins(one, needed, now) for one in listed}
    dated = [
        DatedSnapshot(one.snapshot, moment_of(one.started_at), one.status == "complete")
        for one in listed
        if one.started_at is not None and one.status != "damaged" and not _is_of_the_future(one, now)
    ]
    kept = keep(dated, rules, pinned)
    reasons = {one.snapshot: kept.get(one.snapshot, ()) or pinned[one.snapshot] for one in listed}
    return [_entry(one, reasons[one.snapshot]) for one in listed]


def prune(output: Path, rules: Retention, now: datetime) -> tuple[list[PruneEntry], Pruned]:
    """Remove what no rule keeps; return what became of each snapshot. The output is locked if there is work to do.

    Raises UsageError when `output` is no folder, UnavailableError when a run holds it, ConfigError when its work folder
    is not ours, DiskError, which says what was removed.
    """
    planned = plan_prune(output, rules, now)
    with disk_errors(output):
        is_idle = not _to_remove(planned) and not (is_dir(output / WORK) and has_trash(output / WORK))
    if is_idle:
        return planned, Pruned(kept=len(planned))
    with hold_output(output, now) as held:
        return prune_held(held.work, rules, now, held.destination.verify)


def prune_held(
    work: Path,
    rules: Retention,
    now: datetime,
    check: Callable[[], None],
    on_removed: Callable[[PruneEntry], None] = lambda _: None,
) -> tuple[list[PruneEntry], Pruned]:
    """Remove what no rule keeps in an output that this process holds; `work` is its work folder.

    `check` is called before each snapshot is removed, and may raise a CrawlerError; `on_removed` is told of each that
    readers do not see any more. Raises DiskError, which says what was removed.
    """
    planned = plan_prune(work.parent, rules, now)
    to_remove = _to_remove(planned)
    removed: list[PruneEntry] = []
    try:
        with disk_errors(work):
            trash = open_trash(work)
            left = empty_trash(trash)
            for one in to_remove:
                check()
                move_to_trash(Path(one.path), open_trash(work))
                removed.append(one)
                on_removed(one)
                sync_move(Path(one.path), trash)
                left = empty_trash(trash)
    except (DiskError, UnavailableError) as error:
        raise type(error)(_stopped(removed, to_remove, error)) from None
    for path in left:
        log.warning("output.foreign", extra={"path": str(trash / path), "reason": "swr-crawler did not make it"})
    return planned, _summed(removed, kept=len(planned) - len(removed), left=tuple(left))


def prune_after_run(work: Path, rules: Retention, now: datetime, check: Callable[[], None]) -> Pruned:
    """Do the same after a run that holds the output has published; what fails is logged and in `failure`, not raised.

    What the run has published stands, whatever becomes of older snapshots.
    """
    removed: list[PruneEntry] = []
    try:
        return prune_held(work, rules, now, check, removed.append)[1]
    except InterruptedRunError:
        return _summed(removed, failure="a signal came; the next complete crawl, or prune, removes the rest")
    except (CrawlerError, OSError) as error:
        log.warning("retention.failed", extra={"path": str(work.parent), "reason": str(error)})
        return _summed(removed, failure=str(error))


def planned_removal(planned: Sequence[PruneEntry]) -> Pruned:
    """Return what a removal of what is planned would tell."""
    to_remove = _to_remove(planned)
    return _summed(to_remove, kept=len(planned) - len(to_remove))


def _summed(removed: Sequence[PruneEntry], **fields: Any) -> Pruned:  # noqa: ANN401 - those of Pruned
    return Pruned(tuple(one.snapshot for one in removed), sum(one.bytes or 0 for one in removed), **fields)


def _to_remove(planned: Sequence[PruneEntry]) -> list[PruneEntry]:
    """Return what is removed, the oldest first: a failure then leaves the newer ones."""
    return [one for one in reversed(planned) if one.action == "remove"]


def _stopped(removed: Sequence[PruneEntry], wanted: Sequence[PruneEntry], error: CrawlerError) -> str:
    named = ", ".join(one.snapshot for one in removed[-_MOST_NAMED:])
    more = f" and {len(removed) - _MOST_NAMED} more" if len(removed) > _MOST_NAMED else ""
    so_far = f" ({named}{more})" if removed else ""
    return f"{len(removed)} of {counted(len(wanted), 'snapshot')} were removed{so_far}, then: {error}"


def _needed_by_runs(work: Path) -> dict[str, str]:
    """Return the ids that runs name which have not ended, or whose state is kept, each with the run. Raises OSError."""
    if not is_dir(work):
        return {}
    states = [run.state for run in run_folders(work) if run.state is not None]
    return {
        snapshot: state.snapshot
        for state in states
        for snapshot in (state.snapshot, state.publication, *state.gone_on_from)
    }


def _pins(one: ListedSnapshot, needed: dict[str, str], now: datetime) -> tuple[str, ...]:
    """Return why a snapshot is kept whatever the rules say. Raises OSError."""
    pins = [*one.names]
    if one.snapshot in needed:
        pins.append(f"needed by run {needed[one.snapshot]}")
    if one.status == "damaged":
        pins.append(f"damaged: {one.reason}")
    elif foreign := _foreign(Path(one.path)):
        pins.append(f"not removed: {foreign}")
    if _is_of_the_future(one, now):
        pins.append("claims to have begun in the future")
    return tuple(pins)


def _foreign(folder: Path) -> str:
    try:
        return foreign_in(folder)
    except ValueError as error:  # it was changed since it was listed
        return str(error)


def _is_of_the_future(one: ListedSnapshot, now: datetime) -> bool:
    return one.started_at is not None and moment_of(one.started_at) > now + _CLOCK_TOLERANCE


def _entry(one: ListedSnapshot, reasons: tuple[str, ...]) -> PruneEntry:
    return PruneEntry(
        snapshot=one.snapshot,
        action="keep" if reasons else "remove",
        status=one.status,
        started_at=one.started_at,
        records=one.records,
        bytes=one.bytes,
        path=one.path,
        reasons=reasons,
    )
