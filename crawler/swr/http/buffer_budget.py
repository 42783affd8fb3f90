"""How much the bodies that are being read may hold together."""

from typing import Final

import anyio

_SHARED_BYTES: Final = 2**24  # a quarter of a MiB for each of the 64 connections of the default: a page on its way


class BufferBudget:
    """What the bodies being read may hold together: `shared_bytes`, and one of them as much as it needs.

    So bodies without end, however many come at the same time, cost the cap of one more than `shared_bytes`; and as
    one can always go on, those that wait get their turn.
    """

    def __init__(self, shared_bytes: int = _SHARED_BYTES) -> None:
        self._left = shared_bytes
        self._alone: object = None
        self._changed: anyio.Event | None = None

    def reserve(self, body: object, size: int) -> int | None:
        """Let `body` hold `size` bytes more: give how many of them `release` gives back, None when there is no room."""
        if size <= self._left:
            self._left -= size
            return size
        if self._alone is None:
            self._alone = body
        return 0 if self._alone is body else None

    async def wait(self) -> None:
        """Return when another body has been read, or given up."""
        if self._changed is None:
            self._changed = anyio.Event()
        await self._changed.wait()

    def release(self, body: object, size: int) -> None:
        """Give back what `body` was given."""
        self._left += size
        if self._alone is body:
            self._alone = None
        if self._changed is not None:
            self._changed.set()
            self._changed = None
