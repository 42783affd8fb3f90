"""What a run says that ends because the service asks to wait for too long (pure)."""

from datetime import datetime, timedelta

from crawler.errors import RequestError, ThrottledError
from crawler.text.human import duration
from crawler.walk.retry_policy import RetryLimits


def explain_long_wait(error: RequestError, limits: RetryLimits, now: datetime) -> str | None:
    """Return when to come back, when `error` asks to wait for longer than `limits.max_wait_s`; else None.

    `now` is the time of day, in UTC.
    """
    wait_s = error.retry_after_s if isinstance(error, ThrottledError) else None
    if wait_s is None or wait_s <= limits.max_wait_s:
        return None
    at = now + timedelta(seconds=wait_s)
    longest = duration(limits.max_wait_s)
    return (
        f"the service asks to wait for {wait_s:.0f} s, more than max_wait_s ({longest}): rerun the command at"
        f" {at:%Y-%m-%d %H:%M} UTC or later"
    )
