"""The counts of a target while it is crawled, and the time that is left by them (pure)."""

from collections import Counter

import msgspec
from msgspec.structs import replace

NO_ANSWER = "none"  # the status of a request without a response


class TargetStats(msgspec.Struct):
    """The counts of one target so far (run_statistics.py).

    `by_status` counts requests by their HTTP status, as text, or NO_ANSWER. `windows` counts the windows known to be
    needed: all of a walk whose total is known, one of any other started walk. `declared` is the sum of the known
    totals, in items.
    """

    target: str
    walks: int
    rate_per_s: float | None
    walks_started: int = 0
    walks_ended: int = 0
    declared: int = 0
    records: int = 0
    rejected: int = 0
    pages: int = 0
    windows: int = 0
    windows_done: int = 0
    retries: int = 0
    throttled_s: float = 0.0
    by_status: Counter[str] = msgspec.field(default_factory=Counter)
    error: str = ""

    def on_response(self, status: int) -> None:
        """Count one request by its HTTP status, 0 when there was no response."""
        self.by_status[str(status) if status else NO_ANSWER] += 1

    def copy(self) -> "TargetStats":
        """Return the counts of now."""
        return replace(self, by_status=self.by_status.copy())

    @property
    def requests(self) -> int:
        """The number of requests of any outcome."""
        return self.by_status.total()

    def windows_left(self) -> float:
        """Return an estimate of the windows left: walks not started count as much as the mean of the started ones."""
        known = self.windows - self.windows_done
        started = self.walks_started
        mean = self.windows / started if started else 1.0
        return known + (self.walks - started) * mean


def eta_s(windows_left: float, *, done: int, elapsed_s: float, rate_per_s: float | None) -> float | None:
    """Return an estimate of the seconds left; None before the first window is done.

    It assumes the mean speed so far, but never more than `rate_per_s` allows.
    """
    if not done or elapsed_s <= 0:
        return None
    speed_per_s = done / elapsed_s
    return windows_left / (speed_per_s if rate_per_s is None else min(speed_per_s, rate_per_s))
