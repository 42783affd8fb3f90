"""The time, as an argument: what waits takes a clock, so that tests don't wait."""

import time
from typing import Protocol

import anyio


class Clock(Protocol):
    """A monotonic time in seconds, and a way to let it pass."""

    def now_s(self) -> float:
        """Give the seconds since some fixed moment."""
        ...

    async def sleep(self, duration_s: float) -> None:
        """Return after that many seconds; let other tasks run in any case."""
        ...


class SystemClock:
    """The machine's own monotonic clock."""

    def now_s(self) -> float:
        """Give the seconds since some fixed moment."""
        return time.monotonic()

    async def sleep(self, duration_s: float) -> None:
        """Sleep."""
        await anyio.sleep(duration_s)
