"""Runs the crawl: the only starter of tasks.

Workers ask, tasks write to the disk, publish what has ended and wait for signals. All of them
live in one task group; whoever ends the crawl early cancels it, and what was journaled stays.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import Random
from typing import Final, NamedTuple, Protocol

import anyio
import anyio.to_thread

from crawler.crawl.engine.publisher import Publisher, WalkSink
from crawler.crawl.engine.target_scheduler import FetchTask, ScheduledWalk, TargetScheduler
from crawler.crawl.engine.window_fetcher import PageLog, WindowFetcher
from crawler.crawl.engine.worker_slots import Signal, WorkerSlots
from crawler.errors import CrawlerError
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason
from crawler.swr.http.client import Client
from crawler.walk.concurrency_limit import ConcurrencyLimit

log = logging.getLogger(__name__)

_SYNC_S: Final = 0.1  # a kill or a power cut costs at most the pages of twice that, to be asked again
_WRITE_BYTES: Final = 16 * 2**20  # three walks of 10 000 records: what is published by then need not be written
_MOST_WAITING_BYTES: Final = 20 * 2**20  # beyond this the workers wait for the disk: more of it is memory alone


class Store(PageLog, WalkSink, Protocol):
    """What the engine needs of a run's spool and shelf. `write`, `flush` and `publish` block: they run in threads."""

    @property
    def waiting_bytes(self) -> int:
        """The bytes remembered that lie nowhere yet."""
        ...

    def write(self) -> None:
        """Write what is remembered."""
        ...

    def flush(self, *, young: bool = True) -> None:
        """Write what is remembered and make it durable; more may be written meanwhile.

        Without the `young` only what was there at the last call: the rest may be published before it is written.
        """
        ...


StopSource = Callable[[], Awaitable[StopReason]]  # returns when somebody wants the crawl to stop: why


class TargetRuntime(NamedTuple):
    """One target with what is needed to crawl it; `concurrency` is the most requests in flight."""

    target: TargetScheduler
    client: Client
    concurrency: int


class Engine:
    """One crawl of several targets into one store."""

    def __init__(
        self, crews: Sequence[TargetRuntime], runs: Sequence[ScheduledWalk], store: Store, clock: Clock
    ) -> None:
        self._crews = crews
        self._store = store
        self._clock = clock
        self._ending = StopReason("done")
        self._full = Signal()  # there is enough to write, or no more to come
        self._drained = Signal()  # it was written
        self._over = False  # nothing more will come
        self._end = Signal()
        self._publisher = Publisher(runs, store)

    async def crawl(self, *, max_duration_s: float | None, stop: StopSource | None = None) -> StopReason:
        """Crawl until every walk ended or every target stopped, publishing walks in plan order as they end.

        When `stop` returns, the crawl stops for that reason. A target's own error stays with the target. Raises the
        store's CrawlerError, such as a full disk.
        """
        try:
            with anyio.move_on_after(max_duration_s) as deadline:
                await self._run_all(stop)
        except BaseExceptionGroup as group:
            raise _first_of(group) from None
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._store.flush)
        if deadline.cancelled_caught and self._ending.kind == "done":
            return StopReason("deadline")
        return self._ending

    async def _run_all(self, stop: StopSource | None) -> None:
        async with anyio.create_task_group() as whole:
            if stop is not None:
                whole.start_soon(self._stop_when_asked, stop, whole.cancel_scope)
            async with anyio.create_task_group() as disk:
                disk.start_soon(self._write)
                disk.start_soon(self._flush)
                disk.start_soon(self._publish)
                async with anyio.create_task_group() as targets:
                    for crew in self._crews:
                        targets.start_soon(self._crawl_target, crew)
                self._finish()
            whole.cancel_scope.cancel()

    async def _crawl_target(self, crew: TargetRuntime) -> None:
        target = crew.target
        room = WorkerSlots(ConcurrencyLimit(crew.concurrency, self._clock.now_s(), self._clock.busy_s()), self._clock)
        asker = WindowFetcher(target, crew.client, self._store, self._clock, room, Random())  # noqa: S311 - jitter, no secret
        async with anyio.create_task_group() as workers:
            while not target.done:
                while room.has_place() and (task := target.next()):
                    room.enter()
                    workers.start_soon(self._work, target, asker, room, task, workers.cancel_scope)
                await room.change()

    async def _work(
        self,
        target: TargetScheduler,
        asker: WindowFetcher,
        room: WorkerSlots,
        first: FetchTask,
        workers: anyio.CancelScope,
    ) -> None:
        """Ask for one window after the other for as long as there are some, and room."""
        task: FetchTask | None = first
        while task is not None:
            try:
                await asker.settle(task)
            except CrawlerError as error:
                if target.error is None:
                    target.stop(error)
                workers.cancel()
            if task.walk.verdict is not None:
                self._publisher.note_end(task.run.index, task.walk.distinct)
            await self._keep_up()
            task = target.next() if room.lets_stay() and not target.done else None
            if task is not None:
                room.call()  # its page may have been the first: there are more windows to ask for
        room.leave()

    def _finish(self) -> None:
        self._over = True
        self._full.ring()
        self._end.ring()
        self._publisher.finish()

    async def _keep_up(self) -> None:
        """Wait while there is more in memory than the bound; the writer, once called, ends with calling back."""
        if self._store.waiting_bytes > _WRITE_BYTES:
            self._full.ring()
        while self._store.waiting_bytes > _MOST_WAITING_BYTES:
            await self._drained.heard()
            self._full.ring()

    async def _write(self) -> None:
        while not self._over:
            if self._store.waiting_bytes > _WRITE_BYTES:
                await anyio.to_thread.run_sync(self._store.write)
            self._drained.ring()
            # Who called while pages were written was not heard: there is more to write by now, or no more to come.
            if self._store.waiting_bytes <= _WRITE_BYTES and not self._over:
                await self._full.heard()

    async def _flush(self) -> None:
        while not self._over:
            with anyio.move_on_after(_SYNC_S):
                await self._end.heard()
                return  # what is left is being published, and need not be written before
            await anyio.to_thread.run_sync(partial(self._store.flush, young=False))

    async def _publish(self) -> None:
        async with anyio.create_task_group() as publishing:
            publishing.start_soon(self._stop_publishing)
            await anyio.to_thread.run_sync(self._publisher.work)
            publishing.cancel_scope.cancel()

    async def _stop_publishing(self) -> None:
        """Stop the thread when this task is cancelled: it can't be."""
        try:
            await anyio.sleep_forever()
        finally:
            self._publisher.stop()

    async def _stop_when_asked(self, stop: StopSource, whole: anyio.CancelScope) -> None:
        self._ending = await stop()
        log.warning("run.stop", extra={"signal": self._ending.signal_number})
        whole.cancel()


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Find the error for a person in a group, or give the group: then it is a fault of ours."""
    ours = group.subgroup(CrawlerError)
    leaf: BaseException | None = ours
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf or group
