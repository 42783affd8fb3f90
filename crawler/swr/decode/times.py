"""Times in canonical form: RFC 3339 UTC with exactly six fractional digits, so that they sort as text (pure).

The service drops trailing zeros, so its own strings do not sort as text (swr-api.md#time-format).

Three texts say that there is no time: an empty one, and the day 0001-01-01, alone or with a time in any offset. That is
the zero value of a time in Go, in which the service is written (swr-api.md#time-format); nothing was shared then.

`canonical` reads one time in any form, `time_or_none` one that may mean none. The fast path instead calls `fit_time`
for each time that is not as long as a canonical one, and `check_times` once for all times of a page.
"""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

LENGTH: Final = len("2021-06-02T09:23:01.751202Z")

# The hour is bounded here: some versions of Python read 24:00:00 as the next day, RFC 3339 does not allow it.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_convert = msgspec.convert


class InvalidTimeError(ValueError):
    """The text is not a time; the message is the reason, to follow the name of the field."""


def canonical(text: str) -> str:
    """Return `text` in canonical form; digits beyond microseconds are cut off, not rounded.

    A time without an offset is UTC (swr-api.md#time-format). Raises InvalidTimeError.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise InvalidTimeError(f"is not an RFC 3339 time: {text[:40]!r}")
    day, clock, fraction, offset = match.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{micros}{(offset or 'Z').upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidTimeError(f"is not a time that exists: {text[:40]!r}") from None
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z".rjust(LENGTH, "0")


_NONE: Final = frozenset({"", "0001-01-01"})
_NO_TIME: Final = "0001-01-01T00:00:00.000000Z"
_NO_DAY: Final = "0001-01-01T"


def is_no_time(time: str | None) -> bool:
    """Return whether a canonical time means that there is none."""
    return time is not None and time.startswith(_NO_DAY)


def time_or_none(text: str) -> str | None:
    """Return `text` in canonical form, None when it says that there is no time. Raises InvalidTimeError."""
    if text in _NONE:
        return None
    time = canonical(text)
    return None if is_no_time(time) else time


_TO_SECONDS: Final = len("2021-06-02T09:23:01")
_TO_MICROSECONDS: Final = LENGTH - 1
_TO_NANOSECONDS: Final = LENGTH + 3


def fit_time(text: str, suffixes: list[str]) -> str:
    """Return what `text` is in canonical form if it is a time in UTC with 0 to 9 fractional digits.

    This only pads or cuts, which is far cheaper than `canonical`. `check_times` then decides whether the result is a
    time; it needs what was cut off, so that is appended to `suffixes`. Raises InvalidTimeError for a text of another
    length that `canonical` cannot read.
    """
    length = len(text)
    if LENGTH < length <= _TO_NANOSECONDS:
        suffixes.append(text[_TO_MICROSECONDS:])
        return text[:_TO_MICROSECONDS] + "Z"
    if _TO_SECONDS + 2 < length < LENGTH:
        return text.removesuffix("Z").ljust(_TO_MICROSECONDS, "0") + "Z"
    if length == _TO_SECONDS + 1:
        return f"{text[:_TO_SECONDS]}.000000{text[_TO_SECONDS]}"
    return _NO_TIME if text in _NONE else canonical(text)


_SUFFIXES = re.compile(r"(?:[0-9]{1,3}Z )*", re.ASCII)


def check_times(times: list[str], suffixes: list[str]) -> bool:
    """Return whether one of the times means that there is none, as `is_no_time`.

    Raises InvalidTimeError or a MsgspecError unless every time is canonical and exists; neither names the time.

    Each time has LENGTH characters. `suffixes` are those that `fit_time` cut off.

    All times of a page are checked together: a regular expression for each would cost more than decoding the page.
    """
    if not times:
        return False
    text = "".join(times)
    if text[10::LENGTH].strip("T") or text[26::LENGTH].strip("Z"):
        reason = "a time is not in canonical form"
        raise InvalidTimeError(reason)
    if suffixes and not _SUFFIXES.fullmatch(" ".join(suffixes) + " "):
        reason = "a time ends in something other than digits and Z"
        raise InvalidTimeError(reason)
    _convert(times, list[datetime])
    return _NO_DAY in text
