"""Times as RFC 3339 UTC with exactly six fractional digits: they sort as text (pure).

The API trims zeros (FACTS 6), so its own strings do not.
"""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

LENGTH: Final = len("2021-06-02T09:23:01.751202Z")

# The hour is bounded here: some versions of Python read 24:00:00 as the next day, RFC 3339 does not know it.
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ]((?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_convert = msgspec.convert


class NoTimeError(ValueError):
    """Why a text is no time; the message is the reason."""


def canonical(text: str) -> str:
    """Give `text` as RFC 3339 UTC with exactly six fractional digits; finer ones are cut off, not rounded.

    A time without an offset is UTC (Table 4, "It is the UTC standard time"). Raises NoTimeError.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise NoTimeError(f"is no RFC 3339 time: {text[:40]!r}")
    day, clock, fraction, offset = match.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{micros}{(offset or 'Z').upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoTimeError(f"is no time that exists: {text[:40]!r}") from None
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z".rjust(LENGTH, "0")


_TO_SECONDS: Final = len("2021-06-02T09:23:01")
_TO_MICROSECONDS: Final = LENGTH - 1
_TO_NANOSECONDS: Final = LENGTH + 3


def usual(text: str, cut: list[str]) -> str:
    """Give what `text` is if it is a time as the API writes it: in UTC, with 0 to 9 digits, trailing zeros trimmed.

    Whether it was one shows in `check`, which wants what is `cut` off too: `canonical` costs twenty times as much.
    Raises NoTimeError for what can't be one.
    """
    length = len(text)
    if LENGTH < length <= _TO_NANOSECONDS:
        cut.append(text[_TO_MICROSECONDS:])
        return text[:_TO_MICROSECONDS] + "Z"
    if _TO_SECONDS + 2 < length < LENGTH:
        return text.removesuffix("Z").ljust(_TO_MICROSECONDS, "0") + "Z"
    if length == _TO_SECONDS + 1:
        return f"{text[:_TO_SECONDS]}.000000{text[_TO_SECONDS]}"
    return canonical(text)


_CUT = re.compile(r"(?:[0-9]{1,3}Z )*", re.ASCII)


def check(times: list[str], cut: list[str]) -> None:
    """Raise unless every time, each of LENGTH characters, is canonical and exists: NoTimeError or a MsgspecError.

    One look at all of a page's times: a regular expression for each would cost more than decoding the page.
    """
    if not times:
        return
    text = "".join(times)
    if text[10::LENGTH].strip("T") or text[26::LENGTH].strip("Z"):
        reason = "a time is not in the usual form"
        raise NoTimeError(reason)
    if cut and not _CUT.fullmatch(" ".join(cut) + " "):
        reason = "a time ends in something else than digits and Z"
        raise NoTimeError(reason)
    _convert(times, list[datetime])
