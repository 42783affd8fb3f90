"""Stops work in order, whoever asks for it: a signal, or the cancellation of the task that awaits the work.

A cancellation is raised at whatever the task awaits, also while a thread writes to the disk; asyncio's own passes
through anyio's shields. So a run is not cancelled: it is asked to stop, as by a signal, and the task is cancelled when
the run has ended. What a signal leaves on disk is what a cancellation leaves.
"""

from collections.abc import Awaitable, Callable
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
            self._ask(reason)

    def _ask(self, reason: StopReason) -> None:
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


async def _never() -> StopReason:
    await anyio.sleep_forever()
    return StopReason("done")


def raise_if_asked(stop: StopSource | None) -> None:
    """Raise InterruptedRunError when `stop` has asked."""
    if stop is not None and (reason := stop.reason()) is not None:
        raise interruption(reason)
