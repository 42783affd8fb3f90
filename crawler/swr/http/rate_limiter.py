"""How fast one target may be asked, and when not at all.

Source: FACTS 4.3 (throttling).
"""

import math
from typing import TYPE_CHECKING, Final

from crawler.model.clock import Clock

if TYPE_CHECKING:
    from aiolimiter import AsyncLimiter

# Let through at once at most what is due in this time: more overshoots the rate, less loses to late timers.
_BURST_S: Final = 0.02
# After a throttling answer each request pays this many tokens, then one fewer after every _RECOVERY_S.
_SLOWEST: Final = 4
_RECOVERY_S: Final = 2.0


class RateLimiter:
    """One target's pace: a limiter for every request, and a gate that one throttling answer closes for all.

    `rate_per_s` None means unlimited; then only the gate holds requests back.
    """

    def __init__(self, rate_per_s: float | None, clock: Clock) -> None:
        self._limiter = None if rate_per_s is None else _limiter(rate_per_s)
        self._clock = clock
        self._opens_at = -math.inf
        self.throttled_s = 0.0

    @property
    def paused_for_s(self) -> float:
        """The seconds until the gate opens, 0 when it is open."""
        return max(0.0, self._opens_at - self._clock.now_s())

    def pause_for(self, for_s: float) -> None:
        """Let nobody through for `for_s` seconds from now, or longer if that was said before."""
        now = self._clock.now_s()
        until = max(self._opens_at, now + for_s)
        self.throttled_s += until - max(self._opens_at, now)
        self._opens_at = until

    async def acquire(self) -> None:
        """Return when the next request may go out."""
        while True:
            while (wait_s := self.paused_for_s) > 0:
                await self._clock.sleep(wait_s)
            if self._limiter is None:
                return
            for _ in range(self._tokens()):
                await self._limiter.acquire()
            if not self.paused_for_s:  # it may have closed while this one waited for its token
                return

    def _tokens(self) -> int:
        recovering_s = self._clock.now_s() - self._opens_at
        return max(1, _SLOWEST - int(min(recovering_s, 60.0) / _RECOVERY_S))


def _limiter(rate_per_s: float) -> "AsyncLimiter":
    from aiolimiter import AsyncLimiter  # noqa: PLC0415 - it reads the metadata of what is installed: 5 ms

    burst = max(1.0, rate_per_s * _BURST_S)
    return AsyncLimiter(burst, burst / rate_per_s)
