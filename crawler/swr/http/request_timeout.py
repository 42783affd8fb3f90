"""The timeout of requests: one timer for all requests of a client.

It behaves like `asyncio.timeout`, which sets a timer for each request. All requests of a client have the same timeout,
so they are due in the order in which they began, and one timer for the first of them is enough. That is cheaper than
both `asyncio.timeout` and aiohttp's own timeout.
"""

import asyncio
from types import TracebackType

_Deadline = tuple[float, int]  # the loop's time at which the task is due, and how often it was cancelled before


class RequestTimeout:
    """A context manager that any number of tasks may be in, each for at most `timeout_s` seconds.

    A task that stays longer is cancelled, and its `with` block raises TimeoutError. A task that someone else cancels
    stays cancelled. Raises RuntimeError outside of a task.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._running: dict[asyncio.Task[object], _Deadline] = {}  # in the order of their deadlines
        self._expired: dict[asyncio.Task[object], _Deadline] = {}  # cancelled, and not yet out of the block
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # to find it takes a system call before Python 3.12

    def __enter__(self) -> None:
        loop = self._loop = self._loop or asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a request timeout needs a task to cancel")
        due_s = loop.time() + self._timeout_s
        self._running[task] = due_s, task.cancelling()
        if self._timer is None:
            self._timer = loop.call_at(due_s, self._cancel_overdue, loop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        task = asyncio.current_task(self._loop)
        if task is None or self._running.pop(task, None) is not None:
            return
        _, cancelled_before = self._expired.pop(task)
        if task.uncancel() <= cancelled_before and isinstance(error, asyncio.CancelledError):
            raise TimeoutError from error

    def _cancel_overdue(self, loop: asyncio.AbstractEventLoop) -> None:
        now_s = loop.time()
        self._timer = None
        for task, deadline in [*self._running.items()]:
            if deadline[0] > now_s:
                self._timer = loop.call_at(deadline[0], self._cancel_overdue, loop)
                return
            self._expired[task] = self._running.pop(task)
            task.cancel()
