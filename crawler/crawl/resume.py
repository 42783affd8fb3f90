"""The resume rule: how new walks get to where the journal of an interrupted run ends.

The rule:
- The journal lists the settled windows of the run, oldest first: each was read, with its page, or lost.
- A walk decides from settled windows alone, never from windows in flight (walk/passes/). So a new walk that is
  given the same windows in the same order is in the same state, and its next window is the first unsettled one.
- Windows that were in flight when the run ended are new again: they are requested once more.
- A resume is a later look: pages from before and after a long break are two states of the list, and together they
  could prove what never was. After more than a moment, passes of several pages that were interrupted begin again. A
  walk that has ended keeps its proof.
- A window that is taken back proves nothing: its page may have belonged to another request.
- A window that was lost is asked for again: a loss is of the moment. A walk that ended with one is read anew.
- Walks that had ended when the run published an incomplete snapshot are carried over from it. What was read of those
  that it could not prove does not count (ending/carry_over.py).
- A walk that was split by namespace stays split, by the same names: the journal has them.
- What the service was found to accept is found once a run: a resume asks in that way from its first request on.
- A journal that contradicts the plan is not replayed at all: the spool is truncated and every window is requested.

Which run is resumed is decided before that, in store/output/workspace.py; how much of a damaged journal is replayed, in
store/replay.py.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Final

from crawler.crawl.observing.events import JournalTruncated, RunResumed
from crawler.crawl.observing.observers import Observers
from crawler.crawl.planning.schedule import Schedule
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.model.window import Window
from crawler.store.journal import (
    DoubtEntry,
    Entry,
    LossEntry,
    PageEntry,
    PublishedEntry,
    RefusalEntry,
    RestartEntry,
    ShapeEntry,
    SplitEntry,
)
from crawler.store.spool import Spool
from crawler.swr.page import Page
from crawler.walk.passes.outcome import WalkError
from crawler.walk.server_profile import Reshaped
from crawler.walk.walk import Walk

_MOMENT: Final = timedelta(seconds=60)


def resume(
    spool: Spool, new_schedule: Callable[[], Schedule], snapshot: str, now: datetime, observers: Observers
) -> Schedule:
    """Return a schedule that is where the spool's journal ends; an empty journal leaves it at the start.

    `new_schedule` makes a schedule at the start, which tells `observers`: a second one is needed when the journal
    contradicts the plan. `snapshot` is the run's id; `now` is in UTC. Raises DiskError.
    """
    try:
        with observers.replaying():
            schedule, settled = _replayed(spool, new_schedule(), snapshot)
    except WalkError as error:
        observers.on_journal_truncated(JournalTruncated(snapshot, str(error)))
        spool.truncate()
        schedule, settled = new_schedule(), 0
    restarted = 0
    if settled:
        with observers.replaying():
            restarted = _begin_again(schedule, spool, all_of_them=_was_long_ago(spool.last_written, now))
            restarted += _read_anew(schedule, spool)
    if settled or spool.truncated_bytes:
        observers.on_resume(RunResumed(snapshot, settled, restarted, spool.truncated_bytes))
    return schedule


def _replayed(spool: Spool, schedule: Schedule, snapshot: str) -> tuple[Schedule, int]:
    """Return a schedule into which the journal was replayed, and the number of windows that need no request."""
    with closing(spool.replay()) as history:
        return schedule, replay(history, schedule.targets, schedule.by_index(), snapshot)


def _was_long_ago(last_written: float, now: datetime) -> bool:
    """Return whether the run was interrupted for more than a moment; a time in the future says nothing."""
    return abs(now - datetime.fromtimestamp(last_written, UTC)) > _MOMENT


def _begin_again(schedule: Schedule, spool: Spool, *, all_of_them: bool) -> int:
    """Begin the passes again that were interrupted, or only those with a loss; return their number."""
    interrupted = [
        one
        for one in schedule.by_index().values()
        if isinstance(one.walk, Walk)
        and (all_of_them or one.walk.reading.evidence.has_loss)
        and one.walk.on_interrupted()
    ]
    for scheduled in interrupted:
        spool.append_note(RestartEntry(scheduled.index))
    return len(interrupted)


def _read_anew(schedule: Schedule, spool: Spool) -> int:
    """Read the walks anew that ended with a loss, and are in no snapshot; return their number."""
    walks = [one for one in schedule.by_index().values() if not (one.published_in or one.split)]
    ended = [(one, one.result) for one in walks if one.result and one.result.judgement.verdict == "partial"]
    for scheduled, result in ended:
        lost = Window(result.passes, result.gaps[0].offset if result.gaps else 0, result.limit, result.order)
        spool.append_note(DoubtEntry(scheduled.index, lost))
        schedule.targets[scheduled.id.target].on_doubt(scheduled, lost)
    return len(ended)


def replay(
    history: Iterable[tuple[Entry, Page | None]],
    targets: Mapping[str, TargetScheduler],
    walks: Mapping[int, ScheduledWalk],
    snapshot: str = "",
) -> int:
    """Replay a journal into walks and statistics; return the number of windows that need no request.

    `targets` is by name, `walks` by index; `snapshot` is the id of the snapshot that the run will publish. Raises
    WalkError when an entry is not possible in the state of its walk; a journal of the same plan never has one.
    """
    settled = 0
    known = dict(walks)
    for entry, page in history:
        if isinstance(entry, PublishedEntry):
            if entry.snapshot.snapshot != snapshot:  # else the run was killed just before it was published
                _mark_published(entry, known.values())
            continue
        scheduled = known.get(entry.walk)
        if scheduled is None:
            raise WalkError(f"the journal names walk {entry.walk} of {len(known)}")
        if isinstance(entry, SplitEntry):
            known |= _split(scheduled, targets[scheduled.id.target], entry)
            continue
        if isinstance(entry, RestartEntry):
            _restart(scheduled)
            continue
        if isinstance(entry, ShapeEntry):
            shape = Reshaped(entry.limit, entry.order, entry.filtered, entry.is_obeyed, entry.is_reversible)
            targets[scheduled.id.target].profile.learn(shape)
            continue
        if isinstance(entry, DoubtEntry):
            targets[scheduled.id.target].on_doubt(scheduled, entry.window)
            continue
        _replay_window(entry, page, scheduled, targets[scheduled.id.target])
        settled += 1
    return settled


def _mark_published(entry: PublishedEntry, walks: Iterable[ScheduledWalk]) -> None:
    for scheduled in walks:
        earlier = scheduled.published_in
        # The same id twice: before the first of the two entries could become true the run was killed.
        if scheduled.ended and (earlier is None or earlier.snapshot == entry.snapshot.snapshot):
            scheduled.published_in = entry.snapshot


def _split(scheduled: ScheduledWalk, target: TargetScheduler, entry: SplitEntry) -> dict[int, ScheduledWalk]:
    """Split a walk; return the walks and probes in its place by their indexes."""
    split = scheduled.own_split
    if split is None:
        raise WalkError(f"{scheduled.id} cannot be split")
    target.begin_split(split, entry.namespaces)
    return {part.index: part for part in split.parts}


def _restart(scheduled: ScheduledWalk) -> None:
    if not isinstance(scheduled.walk, Walk) or not scheduled.walk.on_interrupted():
        raise WalkError(f"{scheduled.id} has no pass that could begin again")


def _replay_window(
    entry: PageEntry | LossEntry | RefusalEntry, page: Page | None, scheduled: ScheduledWalk, target: TargetScheduler
) -> None:
    walk = scheduled.walk or target.start(scheduled)
    walk.replay(entry.window)
    if isinstance(entry, LossEntry):
        walk.on_lost(entry.window, entry.reason)
    elif isinstance(entry, RefusalEntry):
        if not isinstance(walk, Walk):
            raise WalkError(f"{scheduled.id} takes no refusal for an answer")
        walk.on_lost(entry.window, entry.reason, no_list=True)
    elif page is not None:
        walk.on_page(entry.window, page, last_try=True, replayed=True)
    scheduled.requests += 1
    scheduled.filtered = target.profile.present.filtered
    target.on_settled(FetchTask(scheduled, walk, entry.window), page)
