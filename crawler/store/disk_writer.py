"""Writes pages to the disk behind the crawl, and makes the workers wait when the disk is slower than they are."""

from typing import Final, Protocol

import anyio
import anyio.to_thread

_FLUSH_S: Final = 0.1  # a kill or a power cut costs the pages of twice that time at most: they are requested again
_FLUSH_BYTES: Final = 8 * 2**20  # with more waiting, they are written at once
_MAX_WAITING_BYTES: Final = 20 * 2**20  # with more waiting, the workers wait for the disk: more is memory alone


class Buffered(Protocol):
    """What the writer writes (crawler/store/spool.py)."""

    @property
    def waiting_bytes(self) -> int:
        """The bytes that wait in memory."""
        ...

    def flush(self) -> None:
        """Write everything and make it durable. It blocks, so it runs in a thread; one call at a time."""
        ...


class DiskWriter:
    """Flushes several times a second while `run` runs, until `finish` is called; all methods are the event loop's."""

    def __init__(self, buffered: Buffered) -> None:
        self._buffered = buffered
        self._is_due = anyio.Event()  # there is enough to write, or no more will come
        self._was_flushed = anyio.Event()
        self._is_finishing = False

    async def wait_for_room(self) -> None:
        """Return when no more than the bound waits in memory."""
        while (waiting := self._buffered.waiting_bytes) > _FLUSH_BYTES:
            self._is_due.set()
            if waiting <= _MAX_WAITING_BYTES:
                return
            await self._was_flushed.wait()

    def finish(self) -> None:
        """Let `run` return: nothing more will be appended, and what waits is left to the last flush."""
        self._is_finishing = True
        self._is_due.set()

    async def run(self) -> None:
        """Flush whenever enough waits, and every `_FLUSH_S` seconds. Raises what `flush` raises."""
        while True:
            with anyio.move_on_after(_FLUSH_S):
                await self._is_due.wait()
            if self._is_finishing:
                return
            self._is_due = anyio.Event()
            await anyio.to_thread.run_sync(self._buffered.flush)
            self._was_flushed.set()
            self._was_flushed = anyio.Event()
