"""The rate limit of the gateway: a token bucket. Its method takes the time."""

_SLACK_S = 1e-9  # the rounding error of adding intervals as floats


class TokenBucket:
    """Accepts `rate_per_s` requests a second on average, and up to `burst` at once.

    It starts full. In any t seconds it accepts at most burst + rate_per_s * t requests. Its state is the time at which
    the bucket is full again (the generic cell rate algorithm), so that no error accumulates.
    """

    __slots__ = ("_full_at_s", "_interval_s", "_tolerance_s")

    def __init__(self, rate_per_s: float, burst: int) -> None:
        self._interval_s = 1.0 / rate_per_s
        self._tolerance_s = (burst - 1) * self._interval_s + _SLACK_S
        self._full_at_s = float("-inf")

    def take(self, now_s: float) -> bool:
        """Return whether a request at `now_s` (monotonic) is accepted. A request that is not takes no token."""
        full_at_s = max(self._full_at_s, now_s)
        if full_at_s - now_s > self._tolerance_s:
            return False
        self._full_at_s = full_at_s + self._interval_s
        return True
