"""How many requests the gateway lets through: a token bucket, told the time."""

_SLACK_S = 1e-9  # what adding up intervals in floats may lose


class TokenBucket:
    """Let `rate_per_s` requests per second through on average, and up to `burst` at once.

    It starts full. In any t seconds at most burst + rate_per_s * t requests pass. Kept as the one moment at
    which the bucket will be full again (the generic cell rate algorithm), so nothing drifts.
    """

    __slots__ = ("_full_at_s", "_interval_s", "_tolerance_s")

    def __init__(self, rate_per_s: float, burst: int) -> None:
        self._interval_s = 1.0 / rate_per_s
        self._tolerance_s = (burst - 1) * self._interval_s + _SLACK_S
        self._full_at_s = float("-inf")

    def take(self, now_s: float) -> bool:
        """Tell whether a request at `now_s` (monotonic) passes; one that doesn't costs nothing."""
        full_at_s = max(self._full_at_s, now_s)
        if full_at_s - now_s > self._tolerance_s:
            return False
        self._full_at_s = full_at_s + self._interval_s
        return True
