"""Crawls one target: starts its workers, each of which fetches one window after another."""

from collections.abc import Awaitable, Callable

import anyio

from crawler.crawl.clients.pool import OpenClient
from crawler.crawl.concurrency.worker_slots import WorkerSlots
from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.engine.store import Store
from crawler.crawl.engine.window_fetcher import WindowFetcher
from crawler.crawl.planning.splitting import CenterSplitter
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import CrawlerError, DiskError
from crawler.model.clock import Clock
from crawler.walk.concurrency_limit import ConcurrencyLimit


class TargetRun:
    """The crawl of one target into a store.

    `on_walk_end` is called with each walk that has ended or become certain. A worker awaits `wait_for_room` before its
    next window.
    """

    def __init__(
        self,
        target: TargetScheduler,
        opened: OpenClient,
        store: Store,
        clock: Clock,
        *,
        wait_for_room: Callable[[], Awaitable[None]],
        on_walk_end: Callable[[ScheduledWalk], None],
    ) -> None:
        client, lease = opened
        lease.on_growth = self._on_growth
        self._target = target
        self._client = client
        self._slots = WorkerSlots(ConcurrencyLimit(lease.connections, clock.now_s(), clock.busy_s()), clock)
        self._fetcher = WindowFetcher(target, client, store, clock, self._slots, on_walk_end)
        try_page = PageRequester(client, target.name, target.observer).try_page
        self._splitter = CenterSplitter(target, client, try_page, store, clock)
        self._wait_for_room = wait_for_room
        self._on_walk_end = on_walk_end

    async def crawl(self) -> None:
        """Crawl until every walk has ended or the target stopped, whose error it keeps. Raises DiskError."""
        slots, held = self._slots, self._fetcher.held
        async with anyio.create_task_group() as workers:
            while await self._has_more():
                while slots.available() and (task := self._next_task()):
                    slots.acquire()
                    workers.start_soon(self._work, task, workers.cancel_scope)
                if slots.are_idle and held:
                    if error := await held.on_idle():
                        self._target.stop(error)
                    continue
                await slots.wait_for_change()

    async def _work(self, first: FetchTask, workers: anyio.CancelScope) -> None:
        """Fetch one window after the other while there are any and the worker may keep its slot."""
        target, slots = self._target, self._slots
        task: FetchTask | None = first
        while task is not None:
            try:
                await self._fetcher.fetch(task)
            except CrawlerError as error:
                if target.error is None:
                    target.stop(error)
                workers.cancel()
            self._report_ended()
            await self._wait_for_room()
            task = self._next_task() if slots.may_continue() and not target.done else None
            if task is not None:
                slots.wake()  # the page may have been the walk's first: now there are more windows
        slots.release()

    def _next_task(self) -> FetchTask | None:
        """Take the next window; None when a response must come first, or enough were refused."""
        return None if self._fetcher.held.are_enough else self._target.next_task()

    async def _has_more(self) -> bool:
        """Return whether there is more to fetch. When all walks have ended, settle doubts and split what drifted."""
        if self._target.done and self._target.error is None:
            await self._settle()
            self._report_ended()
        return not self._target.done

    async def _settle(self) -> None:
        """Settle doubts, which may open a walk again; else split what drifted. Raises DiskError."""
        try:
            await self._fetcher.settle_doubts()
            if self._target.done:
                await self._splitter.split()
        except DiskError:
            raise
        except CrawlerError as error:
            self._target.stop(error)

    def _on_growth(self, connections: int) -> None:
        """Send more requests at a time, when that turns out to be faster."""
        self._client.allow_connections(connections)
        self._slots.raise_max_limit(connections)

    def _report_ended(self) -> None:
        for scheduled in self._target.ended.take():
            self._on_walk_end(scheduled)
