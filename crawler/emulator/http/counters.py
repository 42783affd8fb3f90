"""Counters of requests: how many arrived, how each was answered, how many were in flight."""

from collections import Counter
from typing import Any

from crawler.emulator.http.request import ROUTES


class RequestCounters:
    """Counts requests in total, by status and by path, and the highest number in flight."""

    __slots__ = ("_by_path", "_by_status", "_in_flight", "_peak_in_flight", "arrived")

    def __init__(self) -> None:
        self.arrived = 0
        self._by_status: Counter[int] = Counter()
        self._by_path: Counter[str] = Counter()
        self._in_flight = self._peak_in_flight = 0

    def on_arrival(self) -> int:
        """Count a request; return how many are in flight, this one included."""
        self.arrived += 1
        self._in_flight += 1
        self._peak_in_flight = max(self._peak_in_flight, self._in_flight)
        return self._in_flight

    def on_departure(self) -> None:
        """Count a request as no longer in flight, whether it was answered or its client left."""
        self._in_flight -= 1

    def on_response(self, path: str, status: int) -> None:
        """Count a response by its status, and by its path if that is a route, otherwise as "other"."""
        self._by_status[status] += 1
        self._by_path[path if path in ROUTES else "other"] += 1

    def as_dict(self) -> dict[str, Any]:
        """Return all counters as a JSON object with sorted keys."""
        return {
            "requests": self.arrived,
            "by_status": {str(status): count for status, count in sorted(self._by_status.items())},
            "by_path": dict(sorted(self._by_path.items())),
            "peak_in_flight": self._peak_in_flight,
        }
