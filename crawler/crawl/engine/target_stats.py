"""What is counted while a target is crawled, and what follows from the counts (pure)."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

NO_ANSWER = "none"  # the status of a request that got none


@dataclass(slots=True)
class TargetStats:
    """One target's counts so far, written by the engine and read by whoever shows progress.

    `asked` counts requests, of any outcome; `windows` those windows that are known to be needed: of walks
    whose total is known all of them, of the others the first. `declared` sums the known totals.
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
    asked: int = 0
    retries: int = 0
    throttled_s: float = 0.0
    by_status: Counter[str] = field(default_factory=Counter)
    error: str = ""

    def on_response(self, status: int) -> None:
        """Count one request by its HTTP status, 0 for none."""
        self.by_status[str(status) if status else NO_ANSWER] += 1

    def windows_left(self) -> float:
        """Estimate the windows still to ask: walks not started are taken to need what the others did on average."""
        known = self.windows - self.windows_done
        begun = self.walks_started
        mean = self.windows / begun if begun else 1.0
        return known + (self.walks - begun) * mean


def eta_s(windows_left: float, *, done: int, elapsed_s: float, rate_per_s: float | None) -> float | None:
    """Estimate the seconds left, None before there is anything to go by.

    From the pace so far, but never faster than the rate allows.
    """
    if not done or elapsed_s <= 0:
        return None
    pace = done / elapsed_s
    return windows_left / (pace if rate_per_s is None else min(pace, rate_per_s))


ProgressHook = Callable[[Sequence[TargetStats]], AbstractContextManager[None]]  # shows the stats while they change
