"""Windows that were refused for good while their target has never answered: they wait for what the others get.

    refused twice, and nothing was ever answered --> held --- something is answered ---> lost, as any other
                                                      |
                                                      '--- enough walks of each center are held, or nothing else is
                                                           left: a gateway that reloads is given some seconds
                                                             |
                                                             '--> asked once more, and held again --> the target stops

A held window is still in flight, and the journal does not know it. So when the target stops, the next run of the same
command asks for it again; and a target that refuses everything is no inventory, not even an empty one.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from crawler.crawl.ending.refused_target import error_of
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import CrawlerError, RequestError
from crawler.model.walk_id import Center
from crawler.walk.retry_policy import RetryAfter

_ENOUGH: Final = 8  # walks: ten thousand namespaces must not be asked in vain, and a few may be forbidden by themselves
_RELOAD_S: Final = 4.0  # a gateway that reloads its configuration is back after this


class _Held(NamedTuple):
    task: FetchTask
    error: RequestError
    reason: str


class HeldRefusals:
    """The held windows of one target; `lose` is called with each window, and the reason, once the target answers."""

    def __init__(
        self,
        target: TargetScheduler,
        lose: Callable[[FetchTask, str], None],
        wait_out: Callable[[RetryAfter], Awaitable[None]],
    ) -> None:
        self._target = target
        self._lose = lose
        self._wait_out = wait_out
        self._centers = frozenset(walk.id.center for walk in target.walks)
        self._held: list[_Held] = []
        self._looked_again = False

    def __bool__(self) -> bool:
        return bool(self._held)

    def hold(self, task: FetchTask, error: RequestError, reason: str) -> None:
        """Hold a window that was refused for good for `reason`."""
        if not self._held:
            _bring_forward(self._target.not_started, other_than=task.scheduled.id.center)
        self._held.append(_Held(task, error, reason))

    @property
    def are_enough(self) -> bool:
        """Whether no other window need be asked for."""
        return len(self._held) >= _ENOUGH and {one.task.scheduled.id.center for one in self._held} >= self._centers

    def on_answer(self) -> None:
        """Lose all held windows: the target answers others."""
        for one in self._take():
            self._lose(one.task, one.reason)

    async def on_idle(self) -> CrawlerError | None:
        """Return why the target must stop when windows are held and nothing else is in flight; None when it need not.

        The first time it need not: the held windows are asked for once more, after some seconds.
        """
        if self._looked_again:
            return error_of(self._target.name, self._held[-1].error, self._held[-1].reason)
        self._looked_again = True
        await self._wait_out(RetryAfter(_RELOAD_S))
        self._target.open.ask_again(one.task for one in self._take())
        return None

    def _take(self) -> list[_Held]:
        taken, self._held = self._held, []
        return taken


def _bring_forward(not_started: deque[ScheduledWalk], *, other_than: Center) -> None:
    """Let a walk of another center start next: the account may be permitted to list that one."""
    other = next((walk for walk in not_started if walk.id.center != other_than), None)
    if other is not None:
        not_started.remove(other)
        not_started.appendleft(other)
