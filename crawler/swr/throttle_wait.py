"""Whether a response asks to wait, and how long, in each of the spellings that services and gateways use (pure).

    header                                             value, for example
    -------------------------------------------------  ------------------------------------------------------------
    Retry-After, X-Retry-After                         `6`, `6.5`, `6s`, `2 min`, `500ms`, `6, 6` (the longest counts),
                                                       an HTTP date, an ISO time, seconds since the epoch
    RateLimit-Reset, X-RateLimit-Reset, X-Rate-Limit-  the same: seconds from now, or since the epoch when there are
      Reset                                            more than a billion, milliseconds when a thousand times that
    RateLimit (IETF draft)                             `limit=10, remaining=0, reset=50`, `"default";r=0;t=50`
    X-Apig-RateLimit-api and the like                  `remain:0,limit:10,time:1 minute`: at most that minute, if
                                                       nothing remains

The first readable one counts. A point in time is compared with the response's own Date, not with this machine's clock,
which may differ (RFC 9110, 10.2.3); the client adds the Date to a response without one (RFC 9110, 6.6.1).

A response that throttles by its status or code is one in any case. Whether another failure does, its headers say:

    the headers have                          403        a failure that may pass (503, …)
    ----------------------------------------  ---------  --------------------------------
    a Retry-After, readable or not            throttles  throttles
    any other of the table, and `remaining`   throttles  throttles
      0 in any of the headers for it
    the same, and no `remaining` at all       refuses    throttles
    the same, and something remains           refuses    fails

Many gateways send when a quota is reset with every response. So that alone makes no refusal a throttle, and nothing
does while the quota lasts.

Source: docs/reference/swr-api.md#retry-after, #rate-limit-headers.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_RETRY_AFTER: Final = ("Retry-After", "X-Retry-After")
_HEADERS: Final = (*_RETRY_AFTER, "RateLimit-Reset", "X-RateLimit-Reset", "X-Rate-Limit-Reset")
_NUMBER: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?(ms|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?)?")
_UNITS_S: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_EPOCH_S: Final = 1e9  # in 2001: nobody asks to wait for 31 years
_EPOCH_MS: Final = 1e12
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+")
_RESET: Final = re.compile(r"(?:^|[,; ])(?:reset|t) ?= ?([0-9]{1,9})(?![0-9])")
# Between both is the limit. Without a bound, each `remain:0` of a long header is looked for the `time` of all others.
_NOTHING_REMAINS: Final = re.compile(r"remain: ?0\b.{0,40}?\btime: ?([0-9]{1,9} ?[a-z]{1,9})")
_REMAINING: Final = re.compile(r"(?:^|[,; ])(?:remaining|remain|r) ?[=:] ?([0-9]{1,15})")
_COUNTS: Final = re.compile(r"(?:^|,) ?([0-9]{1,15})")  # of X-RateLimit-Remaining
_LONGEST_S: Final = 31 * 86_400.0  # a quota of a month; what is longer is a mistake of the server


def asks_to_wait(headers: Mapping[str, str], *, refuses: bool) -> bool:
    """Return whether a failure with these headers throttles: `refuses` for a 403, else it is one that may pass."""
    if any(name in headers for name in _RETRY_AFTER):
        return True
    remaining = _remaining(headers)
    if 0 not in remaining and (remaining or refuses):
        return False
    return bool(throttle_wait_s(headers))


def _remaining(headers: Mapping[str, str]) -> frozenset[int]:
    """Return what remains of each quota that the headers tell of, in requests."""
    limits = [(name.lower(), value.lower()) for name, value in headers.items() if _is_of_limits(name)]
    counts = [number for name, value in limits if "remaining" in name for number in _COUNTS.findall(value)]
    return frozenset(map(int, [*counts, *(number for _, value in limits for number in _REMAINING.findall(value))]))


def _is_of_limits(name: str) -> bool:
    return "ratelimit" in name.lower().replace("rate-limit", "ratelimit")


def throttle_wait_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, 0 or more, by the headers of a response; None if they do not say it readably."""
    waits = (_wait_s(headers.get(name, ""), headers) for name in _HEADERS)
    found = next((wait for wait in waits if wait is not None), None)
    if found is None:
        found = _policies_wait_s(headers)
    return None if found is None or found > _LONGEST_S else max(0.0, found)


def http_date(text: str) -> datetime | None:
    """Return the time in an HTTP header, with time zone, None for any other text."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _wait_s(text: str, headers: Mapping[str, str]) -> float | None:
    parts = [part.strip().lower() for part in text.split(",")]
    numbers = [_NUMBER.fullmatch(part) for part in parts]
    if all(numbers):
        waits = [_number_s(match, headers) for match in numbers if match is not None]
        known = [wait for wait in waits if wait is not None]
        return max(known, default=None)
    until = http_date(text) or _iso_time(text.strip())
    return None if until is None else _until(until.timestamp(), headers)


def _number_s(match: re.Match[str], headers: Mapping[str, str]) -> float | None:
    number, unit = float(match[1]), match[2]
    if unit is not None:
        return number / 1000 if unit == "ms" else number * _UNITS_S[unit[0]]
    if number < _EPOCH_S:
        return number
    return _until(number / 1000 if number >= _EPOCH_MS else number, headers)


def _until(epoch_s: float, headers: Mapping[str, str]) -> float | None:
    now = http_date(headers.get("Date", ""))
    return None if now is None else max(0.0, epoch_s - now.timestamp())


def _iso_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _policies_wait_s(headers: Mapping[str, str]) -> float | None:
    """Return the longest wait that a header of rate limits says, None for none."""
    texts = [value.lower() for name, value in headers.items() if _is_of_limits(name)]
    resets = [float(match[1]) for text in texts for match in _RESET.finditer(text)]
    windows = [_wait_s(match[1], headers) for text in texts for match in _NOTHING_REMAINS.finditer(text)]
    return max(resets + [window for window in windows if window is not None], default=None)
