"""The clock as an argument (pure): code that waits takes one, so that tests need not wait."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """A monotonic time, the time of day, and a way to wait."""

    def now_s(self) -> float:
        """Return the monotonic time in seconds since some fixed moment."""
        ...

    def busy_s(self) -> float:
        """Return the processor time in seconds that the calling thread has used."""
        ...

    def utc(self) -> datetime:
        """Return the time of day, in UTC."""
        ...

    async def sleep(self, duration_s: float) -> None:
        """Return after `duration_s` seconds; other tasks run at least once meanwhile."""
        ...
