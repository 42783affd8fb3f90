"""The clock of the emulated service, which may differ from the machine's."""

from collections.abc import Callable
from email.utils import formatdate


class ServiceClock:
    """A clock `skew_s` seconds ahead of `clock`, which returns seconds since the epoch.

    `is_shifted` says whether the time differs from the machine's, so that the header Date must be set.
    """

    __slots__ = ("_clock", "_skew_s", "is_shifted")

    def __init__(self, clock: Callable[[], float], skew_s: float, *, is_shifted: bool) -> None:
        self._clock = clock
        self._skew_s = skew_s
        self.is_shifted = is_shifted

    def now_s(self) -> float:
        """Return the time in seconds since the epoch."""
        return self._clock() + self._skew_s

    def http_date(self) -> str:
        """Return the time in the format of the header Date (RFC 9110)."""
        return formatdate(self.now_s(), usegmt=True)
