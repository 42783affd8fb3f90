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

from collections.abc import Iterable, Sequence

import anyio
import anyio.to_thread

from crawler.crawl.clients.pool import Clients, OpenClient
from crawler.crawl.concurrency.tasks import first_error
from crawler.crawl.engine.publisher import Publisher
from crawler.crawl.engine.store import Store
from crawler.crawl.engine.target_run import TargetRun
from crawler.crawl.observing.events import StopRequested
from crawler.crawl.observing.observer import Observer
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason, StopSource
from crawler.store.disk_writer import DiskWriter


class Engine:
    """One crawl of several targets into one store; targets start in their order, as connections are free for them."""

    def __init__(
        self,
        targets: Iterable[TargetScheduler],
        clients: Clients,
        walks: Sequence[ScheduledWalk],
        store: Store,
        clock: Clock,
        observer: Observer,
    ) -> None:
        self._targets = targets
        self._clients = clients
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
            raise first_error(group) from None
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
                    for target in self._targets:
                        if target.error is None:
                            targets.start_soon(self._crawl_target, target, await self._clients.open(target.name))
                self._disk_writer.finish()
                self._publisher.finish()
            everything.cancel_scope.cancel()

    async def _crawl_target(self, target: TargetScheduler, opened: OpenClient) -> None:
        """Crawl a target, then let others have its connections; those of a crawl that is cancelled are closed later."""
        wait_for_room, on_walk_end = self._disk_writer.wait_for_room, self._on_walk_end
        run = TargetRun(target, opened, self._store, self._clock, wait_for_room=wait_for_room, on_walk_end=on_walk_end)
        await run.crawl()
        await self._clients.close(target.name)

    def _on_walk_end(self, scheduled: ScheduledWalk) -> None:
        """Publish a walk that has ended, when all its pages are certain; one that was split with those in its place."""
        planned = scheduled.split.parent if scheduled.split else scheduled
        result = planned.result
        if result is not None and planned.ended and planned.is_certain:
            self._publisher.on_walk_end(planned.index, result.distinct)

    async def _publish(self) -> None:
        async with anyio.create_task_group() as publishing:
            publishing.start_soon(self._stop_publishing)
            # It lasts as long as the crawl, so it is none of the threads that all crawls of a loop share.
            await anyio.to_thread.run_sync(self._publisher.run, limiter=anyio.CapacityLimiter(1))
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
