"""The time, as an argument (pure): what waits takes a clock, so that tests don't wait."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """A monotonic time in seconds, the time of day, and a way to let time pass."""

    def now_s(self) -> float:
        """Give the seconds since some fixed moment."""
        ...

    def busy_s(self) -> float:
        """Give the seconds of processor time that the calling thread has taken."""
        ...

    def utc(self) -> datetime:
        """Give the time of day, in UTC."""
        ...

    async def sleep(self, duration_s: float) -> None:
        """Return after that many seconds; let other tasks run in any case."""
        ...
