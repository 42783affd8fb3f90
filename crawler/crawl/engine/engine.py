"""Runs the crawl: the only module that starts tasks.

Workers fetch windows; other tasks write to the disk, publish the walks that have ended and wait for a reason to stop.
All of them live in one task group. An early end of the crawl cancels the group; the journal is kept for a resume.

    everything
    |-- stop when asked (signal)
    `-- disk: write, flush, publish
        `-- targets
            `-- one crawl a target
                `-- workers: fetch window after window
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

import anyio
import anyio.to_thread

from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.engine.publisher import Publisher
from crawler.crawl.engine.window_fetcher import WindowFetcher
from crawler.crawl.engine.worker_slots import WorkerSlots
from crawler.crawl.engine.write_behind import Store, WriteBehind
from crawler.crawl.planning.splitting import CenterSplitter
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import CrawlerError, DiskError, InterruptedRunError
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason, StopSource
from crawler.swr.http.client import Client
from crawler.walk.concurrency_limit import ConcurrencyLimit

log = logging.getLogger(__name__)

T = TypeVar("T")


class TargetRuntime(NamedTuple):
    """One target with what is needed to crawl it; `concurrency` is the largest number of requests in flight."""

    target: TargetScheduler
    client: Client
    concurrency: int


class Engine:
    """One crawl of several targets into one store."""

    def __init__(
        self, runtimes: Sequence[TargetRuntime], walks: Sequence[ScheduledWalk], store: Store, clock: Clock
    ) -> None:
        self._runtimes = runtimes
        self._store = store
        self._clock = clock
        self._stop_reason = StopReason("done")
        self._write_behind = WriteBehind(store)
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
                disk.start_soon(self._write_behind.write)
                disk.start_soon(self._write_behind.flush)
                disk.start_soon(self._publish)
                async with anyio.create_task_group() as targets:
                    for runtime in self._runtimes:
                        targets.start_soon(self._crawl_target, runtime)
                self._write_behind.finish()
                self._publisher.finish()
            everything.cancel_scope.cancel()

    async def _crawl_target(self, runtime: TargetRuntime) -> None:
        target, clock = runtime.target, self._clock
        slots = WorkerSlots(ConcurrencyLimit(runtime.concurrency, clock.now_s(), clock.busy_s()), clock)
        fetcher = WindowFetcher(target, runtime.client, self._store, clock, slots, self._on_walk_end)
        try_page = PageRequester(runtime.client, target.stats).try_page
        splitter = CenterSplitter(target, runtime.client, try_page, self._store, clock)
        async with anyio.create_task_group() as workers:
            while await self._has_more(target, fetcher, splitter):
                while slots.available() and (task := _next_task(target, fetcher)):
                    slots.acquire()
                    workers.start_soon(self._work, target, fetcher, slots, task, workers.cancel_scope)
                if slots.are_idle and fetcher.held:
                    if error := await fetcher.held.on_idle():
                        target.stop(error)
                    continue
                await slots.wait_for_change()

    async def _work(
        self,
        target: TargetScheduler,
        fetcher: WindowFetcher,
        slots: WorkerSlots,
        first: FetchTask,
        workers: anyio.CancelScope,
    ) -> None:
        """Fetch one window after the other while there are any and the worker may keep its slot."""
        task: FetchTask | None = first
        while task is not None:
            try:
                await fetcher.fetch(task)
            except CrawlerError as error:
                if target.error is None:
                    target.stop(error)
                workers.cancel()
            for scheduled in target.ended.take():
                self._on_walk_end(scheduled)
            await self._write_behind.wait_for_disk()
            task = _next_task(target, fetcher) if slots.may_continue() and not target.done else None
            if task is not None:
                slots.wake()  # the page may have been the walk's first: now there are more windows
        slots.release()

    async def _has_more(self, target: TargetScheduler, fetcher: WindowFetcher, splitter: CenterSplitter) -> bool:
        """Return whether there is more to fetch. When all walks have ended, settle doubts and split what drifted."""
        if target.done and target.error is None:
            await _settle(target, fetcher, splitter)
            for scheduled in target.ended.take():
                self._on_walk_end(scheduled)
        return not target.done

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
        log.warning("run.stop", extra={"signal": self._stop_reason.signal_number})
        everything.cancel()


def _next_task(target: TargetScheduler, fetcher: WindowFetcher) -> FetchTask | None:
    """Take the next window; None when a response must come first, or enough were refused."""
    return None if fetcher.held.are_enough else target.next_task()


async def _settle(target: TargetScheduler, fetcher: WindowFetcher, splitter: CenterSplitter) -> None:
    """Settle doubts, which may open a walk again; else split what drifted. Raises DiskError."""
    try:
        await fetcher.settle_doubts()
        if target.done:
            await splitter.split()
    except DiskError:
        raise
    except CrawlerError as error:
        target.stop(error)


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


def interruption(reason: StopReason) -> InterruptedRunError:
    """Return the error of a run that was asked to stop before it had anything to show."""
    message = "interrupted; nothing was published; rerun the same command"
    return InterruptedRunError(message, signal_number=reason.signal_number)


def _first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first CrawlerError of a group, or the group when it holds none: then it is a bug."""
    leaf: BaseException | None = group.subgroup(CrawlerError)
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf or group
