"""The resume rule: how new walks get to where the journal of an interrupted run ends.

The rule:
- The journal lists the settled windows of the run, oldest first: each was read, with its page, or lost.
- A walk decides from settled windows alone, never from windows in flight (walk/passes.py). So a new walk that is
  given the same windows in the same order is in the same state, and its next window is the first unsettled one.
- Windows that were in flight when the run ended are new again: they are requested once more.
- A loss of a window that was settled before takes it back: its page belonged to another request.
- A journal that contradicts the plan is not replayed at all: the spool is truncated and every window is requested.

Which run is resumed is decided before that, in store/workspace.py; how much of a damaged journal is replayed, in
store/replay.py.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing

from crawler.crawl.engine.target_scheduler import ScheduledWalk, TargetScheduler
from crawler.crawl.planning.schedule import Schedule
from crawler.store.journal import Entry, LossEntry
from crawler.store.spool import Spool
from crawler.swr.page import Page
from crawler.walk.outcome import WalkError

log = logging.getLogger(__name__)


def resume(spool: Spool, new_schedule: Callable[[], Schedule], snapshot: str) -> Schedule:
    """Return a schedule that is where the spool's journal ends; an empty journal leaves it at the start.

    `new_schedule` makes a schedule at the start: a second one is needed when the journal contradicts the plan.
    `snapshot` is the run's id, for the log. Raises DiskError.
    """
    schedule = new_schedule()
    settled = 0
    try:
        with closing(spool.replay()) as history:
            settled = replay(history, schedule.targets, schedule.by_index())
    except WalkError as error:
        log.warning("run.journal_truncated", extra={"snapshot": snapshot, "reason": str(error)})
        spool.truncate()
        schedule = new_schedule()
    if settled or spool.truncated_bytes:
        extra = {"snapshot": snapshot, "windows": settled, "truncated_bytes": spool.truncated_bytes}
        log.warning("run.resume", extra=extra)
    return schedule


def replay(
    history: Iterable[tuple[Entry, Page | None]],
    targets: Mapping[str, TargetScheduler],
    walks: Mapping[int, ScheduledWalk],
) -> int:
    """Replay a journal into walks and statistics; return the number of windows that need no request.

    `targets` is by name, `walks` by index. Raises WalkError when an entry is not possible in the state of its walk;
    a journal of the same plan never has one.
    """
    settled = 0
    for entry, page in history:
        scheduled = walks.get(entry.walk)
        if scheduled is None:
            raise WalkError(f"the journal names walk {entry.walk} of {len(walks)}")
        target = targets[scheduled.id.target]
        walk = scheduled.walk or target.start(scheduled)
        try:
            walk.replay(entry.window)
        except WalkError:
            if not isinstance(entry, LossEntry):
                raise
            target.on_doubt(scheduled, walk, entry.window)
            continue
        if isinstance(entry, LossEntry):
            walk.on_lost(entry.window, entry.reason)
        elif page is not None:
            walk.on_page(entry.window, page, last_try=True)
        scheduled.requests += 1
        target.on_settled(scheduled, walk, page)
        settled += 1
    return settled
