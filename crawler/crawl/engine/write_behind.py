"""Writes pages to the disk behind the crawl, and makes the workers wait when the disk is slower than they are."""

from functools import partial
from typing import Final, Protocol

import anyio
import anyio.to_thread

from crawler.crawl.engine.publisher import WalkSink
from crawler.crawl.engine.settling import PageLog
from crawler.crawl.engine.worker_slots import Signal
from crawler.crawl.planning.splitting import SplitStore

_FLUSH_S: Final = 0.1  # a kill or a power cut costs the pages of twice that time at most: they are requested again
_WRITE_BYTES: Final = 16 * 2**20  # pages that are published before this much waits are never written to the spool
_MAX_WAITING_BYTES: Final = 20 * 2**20  # with more waiting, the workers wait for the disk: more is memory alone


class Store(PageLog, WalkSink, SplitStore, Protocol):
    """What the engine needs of a run's storage. `write`, `flush` and `publish` block: they run in threads."""

    @property
    def waiting_bytes(self) -> int:
        """The bytes of appended pages that are not written yet."""
        ...

    def write(self) -> None:
        """Write what was appended."""
        ...

    def flush(self, *, include_recent: bool = True) -> None:
        """Write what was appended and make it durable; more may be written meanwhile.

        Without `include_recent` only what was there at the last call: the rest may be published before it is written.
        """
        ...


class WriteBehind:
    """Two tasks, `write` and `flush`, that the engine runs until `finish` is called."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._full = Signal()  # there is enough to write, or no more will come
        self._drained = Signal()  # it was written
        self._finished = Signal()
        self._finishing = False  # no more will come

    async def wait_for_disk(self) -> None:
        """Return when no more than the bound waits in memory."""
        if self._store.waiting_bytes > _WRITE_BYTES:
            self._full.notify()
        while self._store.waiting_bytes > _MAX_WAITING_BYTES:
            await self._drained.wait()
            self._full.notify()

    def finish(self) -> None:
        """Let both tasks end: nothing more will be appended."""
        self._finishing = True
        self._full.notify()
        self._finished.notify()

    async def write(self) -> None:
        """Write whenever enough waits."""
        while not self._finishing:
            if self._store.waiting_bytes > _WRITE_BYTES:
                await anyio.to_thread.run_sync(self._store.write)
            self._drained.notify()
            # A notification that came while pages were written woke no task: look again before waiting.
            if self._store.waiting_bytes <= _WRITE_BYTES and not self._finishing:
                await self._full.wait()

    async def flush(self) -> None:
        """Make what was written durable, several times a second."""
        while not self._finishing:
            with anyio.move_on_after(_FLUSH_S):
                await self._finished.wait()
                return  # the rest is about to be published, and need not be written before
            await anyio.to_thread.run_sync(partial(self._store.flush, include_recent=False))
