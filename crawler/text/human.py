"""Numbers and foreign words as people read them (pure): counts, sizes, durations, text that can't harm a terminal."""

import json
from typing import Final

_THOUSAND: Final = 1000
_UNITS: Final = ("kB", "MB", "GB", "TB", "PB")
_TEN: Final = 10
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


def count(number: int) -> str:
    """Give a whole number with its thousands apart: `400 000`."""
    return f"{number:,}".replace(",", " ")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Give `1 retry`, `1 200 windows`; `plural` where it is not the noun with an s."""
    return f"{count(number)} {noun if number == 1 else plural or noun + 's'}"


def size(number: int) -> str:
    """Give a number of bytes in powers of 1000, as disks are sold: `999 bytes`, `210.4 MB`."""
    if number < _THOUSAND:
        return counted(number, "byte")
    value, unit = number / _THOUSAND, 0
    while round(value, 1) >= _THOUSAND and unit < len(_UNITS) - 1:
        value, unit = value / _THOUSAND, unit + 1
    return f"{value:.1f} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Give seconds, 0 or more, in at most two units: `0.4 s`, `6 s`, `1 min 42 s`, `2 h 05 min`, `3 d 4 h`."""
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
    """Give a rate in two digits or more: `0.25`, `9.8`, `99`, `1 200`."""
    if round(per_s, 1) >= _TEN:
        return count(round(per_s))
    return f"{per_s:.{1 if per_s >= 1 else 2}f}".rstrip("0").rstrip(".")


def escaped(text: str) -> str:
    r"""Give one line that a terminal shows and does not obey: what is not printable becomes `\u001b` and the like.

    Printable as Unicode has it, so that line ends, C1 controls, marks of direction and lone surrogates go too.
    The escapes are JSON's: a line of JSON means the same afterwards.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def shortened(text: str, longest: int) -> str:
    """Give at most `longest` characters of a text, the last one `…` where something was left out."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
