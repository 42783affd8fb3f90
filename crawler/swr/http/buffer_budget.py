"""The memory that all response bodies in transfer may use together."""

from typing import Final

import anyio

_SHARED_BYTES: Final = 2**24  # a quarter of a MiB, a page in transfer, for each of the 64 connections of the default


class BufferBudget:
    """A budget of `shared_bytes` for all bodies in transfer; when it is used up, one body at a time may exceed it.

    So endless bodies, on any number of connections, take at most `shared_bytes` and the largest allowed body. Because
    one body can always continue, every body that waits continues in the end.
    """

    def __init__(self, shared_bytes: int = _SHARED_BYTES) -> None:
        self._available = shared_bytes
        self._exempt: object = None  # the body that may exceed the budget
        self._released: anyio.Event | None = None
        self._large_bodies: anyio.CapacityLimiter | None = None

    @property
    def large_bodies(self) -> anyio.CapacityLimiter:
        """The limiter of large bodies that are decompressed at the same time: one, for all clients."""
        if self._large_bodies is None:
            self._large_bodies = anyio.CapacityLimiter(1)
        return self._large_bodies

    def reserve(self, body: object, size: int) -> int | None:
        """Reserve `size` more bytes for `body`; return how many of them to release later, None if `body` must wait.

        The body that may exceed the budget reserves 0 bytes once the budget is used up.
        """
        if size <= self._available:
            self._available -= size
            return size
        if self._exempt is None:
            self._exempt = body
        return 0 if self._exempt is body else None

    async def wait(self) -> None:
        """Return when another body is released."""
        if self._released is None:
            self._released = anyio.Event()
        await self._released.wait()

    def release(self, body: object, size: int) -> None:
        """Release the `size` bytes that `body` reserved, and its exemption if it has it; wake all bodies that wait."""
        self._available += size
        if self._exempt is body:
            self._exempt = None
        if self._released is not None:
            self._released.set()
            self._released = None
