"""Runs the crawl: starts its tasks, all but the workers of each target (target_run.py).

Workers fetch windows; other tasks write to the disk, publish the walks that have ended and wait for a reason to stop.
All of them live in one task group. An early end of the crawl cancels the group; the journal is kept for a resume.

    everything
    |-- stop when asked (signal)
    `-- disk: flush, publish
        `-- targets
            `-- one crawl a target
                `-- workers: fetch window after window
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio
import anyio.to_thread

from crawler.crawl.engine.publisher import Publisher
from crawler.crawl.engine.store import Store
from crawler.crawl.engine.target_run import TargetRun, TargetRuntime
from crawler.crawl.observing.events import StopRequested
from crawler.crawl.observing.observer import Observer
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.errors import CrawlerError
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason, StopSource, interruption
from crawler.store.disk_writer import DiskWriter

T = TypeVar("T")


class Engine:
    """One crawl of several targets into one store."""

    def __init__(
        self,
        runtimes: Sequence[TargetRuntime],
        walks: Sequence[ScheduledWalk],
        store: Store,
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._runtimes = runtimes
        self._store = store
        self._clock = clock
        self._observer = observer
        self._stop_reason = StopReason("done")
        self._disk_writer = DiskWriter(store)
        self._publisher = Publisher(walks, store)

    async def crawl(self, *, max_duration_s: float | None, stop: StopSource | None = None) -> StopReason:
        """Crawl until every walk has ended or every target stopped; return why the crawl ended.

        Walks are published in plan order as they end. When `stop` asks for it, the crawl stops. The error
        of a target is kept by the target. Raises the CrawlerError of the store, such as a full disk.
        """
        try:
            with anyio.move_on_after(max_duration_s) as deadline:
                await self._run_all(stop)
        except BaseExceptionGroup as group:
            raise _first_error(group) from None
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._store.flush)
        if deadline.cancelled_caught and self._stop_reason.kind == "done":
            return StopReason("deadline")
        return self._stop_reason

    async def _run_all(self, stop: StopSource | None) -> None:
        async with anyio.create_task_group() as everything:
            if stop is not None:
                everything.start_soon(self._stop_when_asked, stop, everything.cancel_scope)
            async with anyio.create_task_group() as disk:
                disk.start_soon(self._disk_writer.run)
                disk.start_soon(self._publish)
                async with anyio.create_task_group() as targets:
                    for runtime in self._runtimes:
                        targets.start_soon(self._run_of(runtime).crawl)
                self._disk_writer.finish()
                self._publisher.finish()
            everything.cancel_scope.cancel()

    def _run_of(self, runtime: TargetRuntime) -> TargetRun:
        wait_for_room, on_walk_end = self._disk_writer.wait_for_room, self._on_walk_end
        return TargetRun(runtime, self._store, self._clock, wait_for_room=wait_for_room, on_walk_end=on_walk_end)

    def _on_walk_end(self, scheduled: ScheduledWalk) -> None:
        """Publish a walk that has ended, when all its pages are certain; one that was split with those in its place."""
        planned = scheduled.split.parent if scheduled.split else scheduled
        result = planned.result
        if result is not None and planned.ended and planned.is_certain:
            self._publisher.on_walk_end(planned.index, result.distinct)

    async def _publish(self) -> None:
        async with anyio.create_task_group() as publishing:
            publishing.start_soon(self._stop_publishing)
            await anyio.to_thread.run_sync(self._publisher.run)
            publishing.cancel_scope.cancel()

    async def _stop_publishing(self) -> None:
        """Stop the publisher's thread when this task is cancelled: a thread cannot be cancelled."""
        try:
            await anyio.sleep_forever()
        finally:
            self._publisher.stop()

    async def _stop_when_asked(self, stop: StopSource, everything: anyio.CancelScope) -> None:
        self._stop_reason = await stop.wait()
        self._observer.on_stop_request(StopRequested(self._stop_reason.signal_number))
        everything.cancel()


async def unless_stopped(work: Callable[[], Awaitable[T]], stop: StopSource | None) -> T:
    """Return what `work` returns. Raises InterruptedRunError when `stop` asks before; `work` is cancelled then."""
    if stop is None:
        return await work()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_raise_when_asked, stop)
            result = await work()
            group.cancel_scope.cancel()
    except BaseExceptionGroup as error:
        raise _first_error(error) from None
    return result


async def _raise_when_asked(stop: StopSource) -> None:
    raise interruption(await stop.wait())


def _first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first CrawlerError of a group, or the group when it holds none: then it is a bug."""
    leaf: BaseException | None = group.subgroup(CrawlerError)
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf or group
