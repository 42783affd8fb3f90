"""Writes pages to the disk behind the crawl, and makes the workers wait when the disk can't keep up."""

from functools import partial
from typing import Final, Protocol

import anyio
import anyio.to_thread

from crawler.crawl.engine.publisher import WalkSink
from crawler.crawl.engine.window_fetcher import PageLog
from crawler.crawl.engine.worker_slots import Signal

_SYNC_S: Final = 0.1  # a kill or a power cut costs at most the pages of twice that, to be asked again
_WRITE_BYTES: Final = 16 * 2**20  # three walks of 10 000 records: what is published by then need not be written
_MOST_WAITING_BYTES: Final = 20 * 2**20  # beyond this the workers wait for the disk: more of it is memory alone


class Store(PageLog, WalkSink, Protocol):
    """What the engine needs of a run's storage. `write`, `flush` and `publish` block: they run in threads."""

    @property
    def waiting_bytes(self) -> int:
        """The bytes of appended pages that are not on the disk yet."""
        ...

    def write(self) -> None:
        """Write what was appended."""
        ...

    def flush(self, *, young: bool = True) -> None:
        """Write what was appended and make it durable; more may be written meanwhile.

        With `young` False only what was there at the last call: the rest may be published before it is written.
        """
        ...


class WriteBehind:
    """Two tasks, `write` and `flush`, that the engine runs until `finish` is called."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._full = Signal()  # there is enough to write, or no more to come
        self._drained = Signal()  # it was written
        self._finished = Signal()
        self._over = False  # nothing more will come

    async def keep_up(self) -> None:
        """Return when no more than the bound waits in memory; the writer, once notified, notifies back."""
        if self._store.waiting_bytes > _WRITE_BYTES:
            self._full.notify()
        while self._store.waiting_bytes > _MOST_WAITING_BYTES:
            await self._drained.wait()
            self._full.notify()

    def finish(self) -> None:
        """Let both tasks end: nothing more will be appended."""
        self._over = True
        self._full.notify()
        self._finished.notify()

    async def write(self) -> None:
        """Write whenever enough waits."""
        while not self._over:
            if self._store.waiting_bytes > _WRITE_BYTES:
                await anyio.to_thread.run_sync(self._store.write)
            self._drained.notify()
            # A notification while pages were written was not heard: there is more to write by now, or no more to come.
            if self._store.waiting_bytes <= _WRITE_BYTES and not self._over:
                await self._full.wait()

    async def flush(self) -> None:
        """Make what was written durable, some times a second."""
        while not self._over:
            with anyio.move_on_after(_SYNC_S):
                await self._finished.wait()
                return  # what is left is being published, and need not be written before
            await anyio.to_thread.run_sync(partial(self._store.flush, young=False))
