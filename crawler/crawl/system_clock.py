"""The clock of the machine. Code that waits takes a Clock as an argument, so that tests need not wait."""

import time
from datetime import UTC, datetime

import anyio


class SystemClock:
    """The machine's own monotonic clock."""

    def now_s(self) -> float:
        """Return the monotonic time in seconds."""
        return time.monotonic()

    def busy_s(self) -> float:
        """Return the processor time of this thread in seconds."""
        return time.thread_time()

    def utc(self) -> datetime:
        """Return the time of day in UTC."""
        return datetime.now(UTC)

    async def sleep(self, duration_s: float) -> None:
        """Return after `duration_s` seconds."""
        await anyio.sleep(duration_s)
