"""The walks of a target that have their verdict, and those that may be split (pure)."""

from crawler.crawl.observing.events import WalkEnded, WalkNotice
from crawler.crawl.observing.observer import Observer
from crawler.crawl.scheduling.scheduled import ScheduledWalk, Split
from crawler.walk.rested_walk import WalkResult


class EndedWalks:
    """Walks that have ended since they were last taken; `observer` is told of each that ends."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._ended: list[ScheduledWalk] = []

    def add(self, scheduled: ScheduledWalk, result: WalkResult) -> None:
        """Add a walk with its result. One of a whole center that has no stable order awaits its split instead."""
        scheduled.walk, scheduled.result = None, result
        awaits_split = result.has_no_stable_order and scheduled.id.namespace is None
        ended = WalkEnded(
            scheduled.id, result.judgement, result.passes, result.distinct, scheduled.requests, awaits_split
        )
        self._observer.on_walk_end(ended)
        if awaits_split:
            scheduled.split = Split(scheduled)
        else:
            self._ended.append(scheduled)

    def keep_whole(self, scheduled: ScheduledWalk, reason: str) -> None:
        """Add a walk that awaited its split, and gets none for this reason."""
        scheduled.split = None
        self._observer.on_walk_not_split(WalkNotice(scheduled.id, reason))
        self._ended.append(scheduled)

    def add_parent(self, probe: ScheduledWalk) -> None:
        """Add the walk in whose place a probe was asked, which has an answer: that may have been all it waited for."""
        if probe.split is not None:
            self._ended.append(probe.split.parent)

    def take(self) -> list[ScheduledWalk]:
        """Return the walks that have ended since the last call. A walk that was split may be among them too early."""
        ended, self._ended = self._ended, []
        return ended
