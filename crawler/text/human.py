"""Formats numbers, sizes and durations for people, and escapes text for a terminal (pure)."""

import json
from typing import Final

_THOUSAND: Final = 1000
_UNITS: Final = ("kB", "MB", "GB", "TB", "PB")
_TEN: Final = 10
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


def count(number: int) -> str:
    """Return a whole number with spaces between thousands: `400 000`."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 retry`, `1 200 windows`; `plural` is the noun with an s by default."""
    return f"{count(number)} {noun if number == 1 else plural or noun + 's'}"


def size(number: int) -> str:
    """Return a number of bytes in decimal units: `999 bytes`, `210.4 MB`."""
    if number < _THOUSAND:
        return counted(number, "byte")
    value, unit = number / _THOUSAND, 0
    while round(value, 1) >= _THOUSAND and unit < len(_UNITS) - 1:
        value, unit = value / _THOUSAND, unit + 1
    return f"{value:.1f} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Return seconds, 0 or more, in at most two units: `0.4 s`, `6 s`, `1 min 42 s`, `2 h 05 min`, `3 d 4 h`."""
    if round(seconds, 1) < _TEN:
        return f"{seconds:.1f} s".replace(".0 ", " ")
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S:02} s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S:02} min"
    return f"{count(whole // _DAY_S)} d {whole % _DAY_S // _HOUR_S} h"


def rate(per_s: float) -> str:
    """Return a rate in two digits or more: `0.25`, `9.8`, `99`, `1 200`."""
    if round(per_s, 1) >= _TEN:
        return count(round(per_s))
    return f"{per_s:.{1 if per_s >= 1 else 2}f}".rstrip("0").rstrip(".")


def escaped(text: str) -> str:
    r"""Return one line without control sequences: every character that is not printable becomes `\u001b` and the like.

    Unicode's own definition of printable excludes line ends, C1 controls, direction marks and lone surrogates, too.
    The escapes are those of JSON, so a line of JSON keeps its content.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def excerpt(text: str, longest: int) -> str:
    """Return at most `longest` characters of `escaped(text)`, the last one `…` if it was cut; the text may be huge."""
    return shortened(escaped(text[: longest + 1]), longest)


def shortened(text: str, longest: int) -> str:
    """Return at most `longest` characters of a text, the last one `…` when it was cut."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
