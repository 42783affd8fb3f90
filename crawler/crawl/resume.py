"""Goes on where a run stopped: tells the walks again what its journal says they were told."""

from collections.abc import Iterable, Mapping

from crawler.crawl.engine.target_scheduler import ScheduledWalk, TargetScheduler
from crawler.store.journal import Entry, LossEntry
from crawler.swr.page import Page
from crawler.walk.passes import WalkError


def replay(
    history: Iterable[tuple[Entry, Page | None]],
    targets: Mapping[str, TargetScheduler],
    runs: Mapping[int, ScheduledWalk],
) -> int:
    """Bring walks and tallies to where the journal ends; give the number of windows that need not be asked again.

    `targets` is by name, `runs` by index. Raises WalkError when the journal tells of something that can't
    have happened, which a journal of the same plan never does.
    """
    settled = 0
    for entry, page in history:
        run = runs.get(entry.walk)
        if run is None:
            raise WalkError(f"the journal names walk {entry.walk} of {len(runs)}")
        target = targets[run.id.target]
        walk = run.walk or target.begin(run)
        walk.replay(entry.window)
        if isinstance(entry, LossEntry):
            walk.on_lost(entry.window, entry.reason)
        elif page is not None:
            walk.on_page(entry.window, page, last_try=True)
        run.requests += 1
        target.on_settled(run, walk, page)
        settled += 1
    return settled
