"""The rate limiter of one target: requests per second, and the pause after a throttling response.

    rate    At most `rate_per_s` requests a second, measured over bursts of _BURST_S.
    pause   After a 429 no request of the target is sent until the pause is over. Pauses overlap; they do not add up.
    resume  After a pause a request takes several tokens, _MAX_TOKENS at first and one fewer after each _RECOVERY_S, so
            the rate grows back in steps.

Source: docs/reference/swr-api.md#rate-limits, #throttle-wait, #retry-after.
"""

import math
from typing import TYPE_CHECKING, Final, Protocol

from crawler.model.clock import Clock

if TYPE_CHECKING:
    from aiolimiter import AsyncLimiter

# A longer burst overshoots the rate; a shorter one loses requests to late timers.
_BURST_S: Final = 0.02
_MAX_TOKENS: Final = 4
_RECOVERY_S: Final = 2.0


class RateLimiter(Protocol):
    """What lets the requests of one target go out: of this process alone, or a share of a limit of many."""

    @property
    def clock(self) -> Clock:
        """What it waits by."""
        ...

    @property
    def throttled_s(self) -> float:
        """The total length of all pauses in seconds; seconds in which pauses overlap count once."""
        ...

    @property
    def paused_for_s(self) -> float:
        """The seconds until the pause ends, 0 without a pause."""
        ...

    def pause_for(self, for_s: float) -> None:
        """Pause the target for `for_s` seconds from now; a pause that lasts longer already stays."""
        ...

    async def acquire(self) -> None:
        """Return when the next request may be sent."""
        ...


class LocalRateLimiter:
    """The limiter of a target that this process alone asks: one rate, and the pause.

    `rate_per_s` None means no rate limit: then only a pause delays requests.

    `clock` is what it waits by.

    `throttled_s` is the total length of all pauses in seconds; seconds in which pauses overlap count once.
    """

    def __init__(self, rate_per_s: float | None, clock: Clock) -> None:
        self._limiter = None if rate_per_s is None else _limiter(rate_per_s)
        self.clock = clock
        self._paused_until_s = -math.inf
        self.throttled_s = 0.0

    @property
    def paused_for_s(self) -> float:
        """The seconds until the pause ends, 0 without a pause."""
        return max(0.0, self._paused_until_s - self.clock.now_s())

    def pause_for(self, for_s: float) -> None:
        """Pause the target for `for_s` seconds from now; a pause that lasts longer already stays."""
        now = self.clock.now_s()
        until = max(self._paused_until_s, now + for_s)
        self.throttled_s += until - max(self._paused_until_s, now)
        self._paused_until_s = until

    async def acquire(self) -> None:
        """Return when the next request may be sent."""
        while True:
            while (wait_s := self.paused_for_s) > 0:
                await self.clock.sleep(wait_s)
            if self._limiter is None:
                return
            for _ in range(self._tokens()):
                await self._limiter.acquire()
            if not self.paused_for_s:  # a pause may have begun during the wait for the token
                return

    def _tokens(self) -> int:
        """Return the number of tokens that one request takes now."""
        recovering_s = self.clock.now_s() - self._paused_until_s
        return max(1, _MAX_TOKENS - int(min(recovering_s, 60.0) / _RECOVERY_S))


def _limiter(rate_per_s: float) -> "AsyncLimiter":
    from aiolimiter import AsyncLimiter  # noqa: PLC0415 - its import reads package metadata, which is slow

    burst = max(1.0, rate_per_s * _BURST_S)
    return AsyncLimiter(burst, burst / rate_per_s)
