"""The walks of a target that have windows to fetch, in plan order (pure)."""

from bisect import insort

from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.walk.total_probe import TotalProbe
from crawler.walk.walk import Walk


class OpenWalks:
    """The open walks, and those that will be opened one by one when no open walk has a new window."""

    def __init__(self) -> None:
        self._open: list[tuple[ScheduledWalk, Walk | TotalProbe]] = []  # in plan order
        self._later: dict[int, tuple[ScheduledWalk, Walk]] = {}

    def __bool__(self) -> bool:
        return bool(self._open or self._later)

    def add(self, scheduled: ScheduledWalk, walk: Walk | TotalProbe) -> None:
        """Open a walk."""
        if self._open and scheduled.index < self._open[-1][0].index:  # a resume starts walks in the journal's order
            insort(self._open, (scheduled, walk), key=lambda one: one[0].index)
        else:
            self._open.append((scheduled, walk))

    def add_later(self, scheduled: ScheduledWalk, walk: Walk) -> None:
        """Open a walk when no open one has a new window: there may be thousands of them."""
        self._later[scheduled.index] = scheduled, walk

    def close(self, scheduled: ScheduledWalk, walk: Walk | TotalProbe) -> None:
        """Close a walk: it has ended, or rests."""
        if self._later.pop(scheduled.index, None) is None:  # a resume settles windows of walks in any order
            self._open.remove((scheduled, walk))

    def next_task(self) -> FetchTask | None:
        """Take the next window of the oldest walk that has one; None when a response must come first."""
        for scheduled, walk in self._open:
            task = None if walk.waiting else task_of(scheduled, walk)
            if task is not None:
                return task
        if not self._later:
            return None
        scheduled, later = self._later.pop(next(iter(self._later)))
        self.add(scheduled, later)
        return task_of(scheduled, later)


def task_of(scheduled: ScheduledWalk, walk: Walk | TotalProbe) -> FetchTask | None:
    """Take the next window of a walk, None when it has none now."""
    window = walk.next_window()
    return None if window is None else FetchTask(scheduled, walk, window)
