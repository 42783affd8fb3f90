"""The walks of a target that have their verdict, and those of which it is to be decided whether they are split."""

import logging

from crawler.crawl.observing.target_stats import TargetStats
from crawler.crawl.scheduling.scheduled import ScheduledWalk, Split
from crawler.walk.rested_walk import WalkResult

log = logging.getLogger(__name__)


class EndedWalks:
    """Walks that have ended since they were last taken; `stats` counts them."""

    def __init__(self, stats: TargetStats) -> None:
        self._stats = stats
        self._ended: list[ScheduledWalk] = []

    def add(self, scheduled: ScheduledWalk, result: WalkResult) -> None:
        """Add a walk with its result. One of a whole center that has no stable order awaits its split instead."""
        scheduled.walk, scheduled.result = None, result
        _log_end(scheduled, result)
        if result.has_no_stable_order and scheduled.id.namespace is None:
            scheduled.split = Split(scheduled)
        else:
            self._add(scheduled)

    def keep_whole(self, scheduled: ScheduledWalk) -> None:
        """Add a walk that awaited its split, and gets none."""
        scheduled.split = None
        self._add(scheduled)

    def add_parent(self, probe: ScheduledWalk) -> None:
        """Add the walk in whose place a probe was asked, which has an answer: that may have been all it waited for."""
        if probe.split is not None:
            self._ended.append(probe.split.parent)

    def take(self) -> list[ScheduledWalk]:
        """Return the walks that have ended since the last call. A walk that was split may be among them too early."""
        ended, self._ended = self._ended, []
        return ended

    def _add(self, scheduled: ScheduledWalk) -> None:
        self._stats.walks_ended += 1
        self._ended.append(scheduled)


def _log_end(scheduled: ScheduledWalk, result: WalkResult) -> None:
    verdict, reason = result.judgement
    level = logging.DEBUG if verdict == "complete" else logging.WARNING
    if log.isEnabledFor(level):  # a plan may have tens of thousands of walks
        extra = {"walk": str(scheduled.id), "verdict": verdict, "passes": result.passes, "reason": reason}
        log.log(level, "walk.end", extra=extra)
