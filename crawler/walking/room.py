"""How many windows of one target are asked at a time: whoever only waits makes room for another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel


class Bell:
    """Wakes whoever waits at the moment; heard by nobody, it costs nothing."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._listeners = 0

    def ring(self) -> None:
        """Wake all who wait."""
        if self._listeners:
            self._event.set()
            self._event = anyio.Event()

    async def heard(self) -> None:
        """Return when it rings next."""
        self._listeners += 1
        try:
            await self._event.wait()
        finally:
            self._listeners -= 1


class Room:
    """At most `size` workers are in it at a time.

    A window that failed waits for its backoff outside, and another worker comes in: with one request in twenty
    failing, the others would else spend half of their time waiting.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._left = Bell()
        self._coming_back = 0

    async def enter(self) -> None:
        """Return when there is room."""
        while not self._free:
            await self._left.heard()
        self._free -= 1

    def leave(self) -> None:
        """Make room for another."""
        self._free += 1
        self._left.ring()

    async def give_way(self) -> None:
        """Let one in that wants to come back, if any does: its window is older than the next one."""
        if self._coming_back:
            self.leave()
            await anyio.lowlevel.checkpoint()  # or it would be taken again before anybody wakes
            await self.enter()

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[None]:
        """Be outside for as long as the context lasts, and come back."""
        self.leave()
        try:
            yield
        finally:
            self._coming_back += 1
            try:
                await self.enter()
            finally:
                self._coming_back -= 1
