"""How long a window waits after a failed request; after a 429 the whole target pauses."""

import logging
from random import Random

from crawler.crawl.engine.target_stats import TargetStats
from crawler.errors import ThrottledError, TransientError
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.walk.retry_policy import backoff_s, throttle_pause_s

log = logging.getLogger(__name__)


class Backoff:
    """The waits and pauses of one target."""

    def __init__(self, rate_limiter: RateLimiter, stats: TargetStats) -> None:
        self._rate_limiter = rate_limiter
        self._stats = stats
        self._chance = Random()  # noqa: S311 - jitter, no secret

    def after_try(self, attempt: int) -> float:
        """Return the seconds to wait after try number `attempt`."""
        return backoff_s(attempt, self._chance.random())

    def after_error(self, error: TransientError, attempt: int) -> float:
        """Return the seconds that this window waits; after a 429 pause the whole target instead and return 0.

        The 429 also cuts the concurrency limit (`WorkerSlots.on_failure`).
        """
        if not isinstance(error, ThrottledError):
            return self.after_try(attempt)
        pause_s = throttle_pause_s(error.retry_after_s, attempt, self._chance.random())
        self._rate_limiter.pause_for(pause_s)
        self._stats.throttled_s = self._rate_limiter.throttled_s
        log.warning("target.throttled", extra={"target": self._stats.target, "wait_s": round(pause_s, 2)})
        return 0.0
