"""The walks of a target that have windows to fetch, in plan order (pure)."""

from bisect import insort
from collections import deque
from collections.abc import Iterable

from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.walk.census.total_probe import TotalProbe
from crawler.walk.walk import Walk


class OpenWalks:
    """The open walks, and those that will be opened one by one when no open walk has a new window.

    Windows that are asked for again come first. One that is put last waits until there is nothing else to start; its
    walk is not open meanwhile.
    """

    def __init__(self) -> None:
        self._open: list[tuple[ScheduledWalk, Walk | TotalProbe]] = []  # in plan order
        self._later: dict[int, tuple[ScheduledWalk, Walk]] = {}
        self._again: deque[FetchTask] = deque()
        self._last: deque[FetchTask] = deque()

    def __bool__(self) -> bool:
        return bool(self._open or self._later or self._last)

    def add(self, scheduled: ScheduledWalk, walk: Walk | TotalProbe) -> None:
        """Open a walk."""
        if self._open and scheduled.index < self._open[-1][0].index:  # a resume starts walks in the journal's order
            insort(self._open, (scheduled, walk), key=lambda one: one[0].index)
        else:
            self._open.append((scheduled, walk))

    def add_later(self, scheduled: ScheduledWalk, walk: Walk) -> None:
        """Open a walk when no open one has a new window: there may be thousands of them."""
        self._later[scheduled.index] = scheduled, walk

    def ask_again(self, tasks: Iterable[FetchTask]) -> None:
        """Ask for windows again that are in flight, before all others."""
        self._again.extend(tasks)

    def put_last(self, task: FetchTask) -> None:
        """Put a window last that is the only one of its walk; it stays in flight."""
        self._open.remove((task.scheduled, task.walk))
        self._last.append(task)

    def last_task(self) -> FetchTask | None:
        """Take the next window that was put last, None when there is none."""
        if not self._last:
            return None
        task = self._last.popleft()
        self.add(task.scheduled, task.walk)
        return task

    def close(self, scheduled: ScheduledWalk, walk: Walk | TotalProbe) -> None:
        """Close a walk: it has ended, or rests."""
        if self._later.pop(scheduled.index, None) is None:  # a resume settles windows of walks in any order
            self._open.remove((scheduled, walk))

    def next_task(self) -> FetchTask | None:
        """Take the next window of the oldest walk that has one; None when a response must come first."""
        if self._again:
            return self._again.popleft()
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
