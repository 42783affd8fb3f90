"""How a field of the emulator's settings is declared: its default, its bounds, and the help of its flag (pure)."""

from dataclasses import Field, field
from typing import Any, Final, NamedTuple

from crawler.errors import ConfigError

MAX_NUMBER: Final = 10**9  # any sum, date or list that is made of a number stays one
_KEY: Final = "option"


class Option(NamedTuple):
    """What a field declares. A number is from `low`, which `above` excludes, to `high`, None for no bound.

    A field without `help` has no flag. `flag` is the flag where it is not the name without `_s`.
    """

    help: str = ""
    low: float | None = None
    high: float | None = MAX_NUMBER
    above: bool = False
    flag: str = ""


def option(default: object, help: str = "", **declared: Any) -> Any:  # noqa: ANN401, A002 - as `field`, as `Option`
    """Return a dataclass field with a default and an `Option`."""
    return field(default=default, metadata={_KEY: Option(help, **declared)})


def option_of(one: Field[Any]) -> Option:
    """Return what a field declares."""
    declared: Option = one.metadata.get(_KEY, Option())
    return declared


def check_number(one: Field[Any], value: object) -> None:
    """Raise ConfigError for a number beyond the bounds of its field, and for NaN, which is within none."""
    low, high, above = option_of(one)[1:4]
    if low is None or not isinstance(value, int | float):
        return
    if not (value > low if above else value >= low):
        raise ConfigError(f"{one.name} must be {'above' if above else 'at least'} {low}, not {value}", setting=one.name)
    if high is not None and not value <= high:
        raise ConfigError(f"{one.name} must be at most {high}, not {value}", setting=one.name)
