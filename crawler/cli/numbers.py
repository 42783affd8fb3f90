"""The types of the numbers on the command line: each has both bounds, so that no sum, date or loop made of it fails.

Click's own ranges may lack a bound, and a range of floats takes `nan`, which is beyond no bound.
tests/cli/test_numbers.py holds every option to these types.
"""

from math import isfinite
from typing import Any, Final

import click

MAX_COUNT: Final = 10**9  # what is counted, in items, requests or rows
MAX_S: Final = 10**9  # seconds: three decades, a time that every date can be added to
SEED: Final = click.IntRange(1 - 2**63, 2**63 - 1)  # chooses among random ones


def integer(low: int, high: int = MAX_COUNT) -> click.IntRange:
    """Return the type of a whole number from `low` to `high`, both included."""
    return click.IntRange(low, high)


class NumberRange(click.FloatRange):
    """A finite number from `low` to `high`, both included; with `above`, `low` is not."""

    def __init__(self, low: float, high: float = MAX_S, *, above: bool = False) -> None:
        super().__init__(low, high, min_open=above)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's own
        """Return the number. Raise BadParameter for text that is none, and for one beyond the bounds."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):  # a nan: all others are compared with the bounds
            self.fail(f"{value!r} is no number from {self.min} to {self.max}.", param, ctx)
        return number
