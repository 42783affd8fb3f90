"""The windows of one target that failed and are asked for once more, later: most outages are over by then (pure).

A window waits for the end of its pass, which its walk sees to (walk/passes/out_of_line.py). The first window of a pass
has no others to wait for: it waits until nothing else of its target is left to start.
"""

from crawler.crawl.scheduling.scheduled import FetchTask
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.walk.walk import Walk


class PutOffWindows:
    """The windows of one target that were put off."""

    def __init__(self, target: TargetScheduler) -> None:
        self._target = target
        self._first: set[tuple[int, int]] = set()  # walks, by index, and passes whose first window was put off

    def put_off(self, task: FetchTask) -> bool:
        """Put off a window that failed; return False when it failed after that, too."""
        walk = task.walk
        if isinstance(walk, Walk) and walk.has_first_page:
            return walk.put_off(task.window)
        if _place(task) in self._first:
            return False
        self._first.add(_place(task))
        self._target.open.put_last(task)
        return True

    def has(self, task: FetchTask) -> bool:
        """Return whether a window was put off."""
        walk = task.walk
        if isinstance(walk, Walk) and walk.has_first_page:
            return walk.reading.frontier.out_of_line.was_put_off(task.window)
        return _place(task) in self._first


def _place(task: FetchTask) -> tuple[int, int]:
    return task.scheduled.index, task.window.pass_number
