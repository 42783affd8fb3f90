"""The time, as an argument: what waits takes a clock, so that tests don't wait."""

import time
from datetime import UTC, datetime

import anyio


class SystemClock:
    """The machine's own monotonic clock."""

    def now_s(self) -> float:
        """Give the seconds since some fixed moment."""
        return time.monotonic()

    def busy_s(self) -> float:
        """Give the processor time of this thread."""
        return time.thread_time()

    def utc(self) -> datetime:
        """Give the machine's time of day."""
        return datetime.now(UTC)

    async def sleep(self, duration_s: float) -> None:
        """Sleep."""
        await anyio.sleep(duration_s)
