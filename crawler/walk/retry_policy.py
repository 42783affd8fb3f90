"""How long to wait before asking again (pure: chance is an argument)."""

from typing import Final

_FIRST_S: Final = 0.2  # most failures pass at once, and the last window's wait is the whole run's
_GROWTH: Final = 3.0
_LONGEST_S: Final = 30.0
_LONGEST_ASKED_S: Final = 3600.0  # a Retry-After beyond this is a fault, not a wish


def backoff_s(attempt: int, chance: float) -> float:
    """Give the seconds to wait after the `attempt`-th try (from 1): in (0, min(30, 0.2 * 3^(attempt-1))].

    `chance` is uniform in [0, 1): full jitter, so that requests that failed together don't come back together.
    """
    return min(_LONGEST_S, _FIRST_S * _GROWTH ** min(attempt - 1, 16)) * (1.0 - chance)


def throttle_pause_s(retry_after_s: float | None, attempt: int, chance: float) -> float:
    """Give the seconds to let a throttled target rest: what it asked for, else a backoff without a short end.

    The gateway's advice is 2 to 5 seconds where it says nothing itself (FACTS 4.3).
    """
    if retry_after_s:  # none at all, or a moment that is over, would be asked at once and refused again
        return min(retry_after_s, _LONGEST_ASKED_S)
    return 2.0 + backoff_s(attempt + 2, chance)
