"""Stops work in order, whoever asks for it: a signal, or the cancellation of the task that awaits the work.

A cancellation is raised at whatever the task awaits, also while a thread writes to the disk; asyncio's own passes
through anyio's shields. So a run is not cancelled: it is asked to stop, as by a signal, and the task is cancelled when
the run has ended. What a signal leaves on disk is what a cancellation leaves.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio

from crawler.model.stop_reason import StopReason, StopSource, interruption

T = TypeVar("T")


class _Forwarded:
    """Asks a run to stop when `source` asks, or the task that awaits the run is cancelled; a StopSource."""

    def __init__(self, source: StopSource | None) -> None:
        self._source = source
        self._reason: StopReason | None = None
        self._asked = anyio.Event()

    def watch(self) -> None:
        if self._source is not None:
            self._source.watch()

    def reason(self) -> StopReason | None:
        return self._reason or (None if self._source is None else self._source.reason())

    async def wait(self) -> StopReason:
        await self._asked.wait()
        return self._reason or StopReason("cancelled")

    async def forward(self) -> None:
        """Ask when the source asks or this task is cancelled."""
        reason = StopReason("cancelled")
        try:
            reason = await (_never() if self._source is None else self._source.wait())
        finally:
            self.ask(reason)

    def ask(self, reason: StopReason) -> None:
        """Ask for this reason, from now on."""
        self._reason = reason
        self._asked.set()


async def stopped_in_order(work: Callable[[StopSource], Awaitable[T]], stop: StopSource | None) -> T:
    """Return what `work` returns; it is given what asks it to stop: `stop`, or the cancellation of this task.

    A task that is cancelled stays until `work` has ended. Raises what `work` raises.
    """
    asked = _Forwarded(stop)
    results: list[T] = []
    errors: list[BaseException] = []

    async def run() -> None:
        with anyio.CancelScope(shield=True):
            try:
                results.append(await work(asked))
            except BaseException as error:  # noqa: BLE001 - raised below, without the task group around it
                errors.append(error)
        waiting.cancel()

    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as waiting:
            group.start_soon(run)
            await asked.forward()
    if errors:
        raise errors[0]
    return results[0]


@asynccontextmanager
async def running(work: Callable[[StopSource], Coroutine[object, object, T]]) -> AsyncIterator["asyncio.Task[T]"]:
    """Yield a task that does `work` beside the body; after the body, ask it to stop, and wait until it has ended.

    The task is one of the event loop: in a task group, what the body raises would come out in a group.
    """
    asked = _Forwarded(None)
    task = asyncio.get_running_loop().create_task(work(asked))
    try:
        yield task
    finally:
        asked.ask(StopReason("cancelled"))
        await _ended(task)


async def _ended(task: "asyncio.Task[T]") -> None:
    """Return when a task has ended, and not before, even if this task is cancelled meanwhile."""
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait((task,))
            except asyncio.CancelledError as error:
                cancelled = error
    if not task.cancelled():
        task.exception()  # whoever wants to know has awaited the task
    if cancelled is not None:
        raise cancelled


async def _never() -> StopReason:
    await anyio.sleep_forever()
    return StopReason("done")


def raise_if_asked(stop: StopSource | None) -> None:
    """Raise InterruptedRunError when `stop` has asked."""
    if stop is not None and (reason := stop.reason()) is not None:
        raise interruption(reason)
