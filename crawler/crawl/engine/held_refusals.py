"""Windows that were refused for good while their target has never answered: they wait for what the others get.

    refused twice, and nothing was ever answered --> held --- something is answered ----------> lost, as any other
                                                      |
                                                      '--- enough walks of each center are held,
                                                           or nothing else is in flight -------> the target stops

A held window is still in flight, and the journal does not know it. So when the target stops, the next run of the same
command asks for it again; and a target that refuses everything is no inventory, not even an empty one.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from crawler.crawl.engine.refused_target import error_of
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import CrawlerError, RequestError
from crawler.model.walk_id import Center

_ENOUGH: Final = 8  # walks: ten thousand namespaces must not be asked in vain, and a few may be forbidden by themselves


class _Held(NamedTuple):
    task: FetchTask
    error: RequestError
    reason: str


class HeldRefusals:
    """The held windows of one target; `lose` is called with each window, and the reason, once the target answers."""

    def __init__(self, target: TargetScheduler, lose: Callable[[FetchTask, str], None]) -> None:
        self._target = target
        self._lose = lose
        self._held: list[_Held] = []

    def hold(self, task: FetchTask, error: RequestError, reason: str) -> None:
        """Hold a window that was refused for good for `reason`. Raises `stop_error` when enough walks are held."""
        if not self._held:
            _bring_forward(self._target.not_started, other_than=task.scheduled.id.center)
        self._held.append(_Held(task, error, reason))
        centers = {held.task.scheduled.id.center for held in self._held}
        if len(self._held) >= _ENOUGH and centers >= {walk.id.center for walk in self._target.walks}:
            raise self._stop_error(self._held[-1])

    def on_answer(self) -> None:
        """Lose all held windows: the target answers others."""
        held, self._held = self._held, []
        for one in held:
            self._lose(one.task, one.reason)

    @property
    def stop_error(self) -> CrawlerError | None:
        """Why the target must stop if nothing else is in flight; None when no window is held."""
        return self._stop_error(self._held[-1]) if self._held else None

    def _stop_error(self, held: _Held) -> CrawlerError:
        return error_of(self._target.stats.target, held.error, held.reason)


def _bring_forward(not_started: deque[ScheduledWalk], *, other_than: Center) -> None:
    """Let a walk of another center start next: the account may be permitted to list that one."""
    other = next((walk for walk in not_started if walk.id.center != other_than), None)
    if other is not None:
        not_started.remove(other)
        not_started.appendleft(other)
