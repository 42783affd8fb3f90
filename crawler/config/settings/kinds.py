"""The types of value that settings accept, in words and as the one normal form of each value.

A kind returns the normal form of a value or raises InvalidValueError with the reason. No message repeats a value
that may be a secret. Nothing here needs msgspec: the flags of the command line follow from the kinds, and `--help`
must not wait for its import.
"""

import re
from abc import abstractmethod
from collections.abc import Callable
from datetime import date, datetime
from pathlib import PurePath
from typing import Final

_MAX_PREVIEW_LENGTH: Final = 60  # characters of a wrong value in a message: enough to recognize it
_MAX_PREVIEW_INTEGER: Final = 10**20  # Python refuses to print integers of thousands of digits
_BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class InvalidValueError(ValueError):
    """A value that its setting does not accept; `str()` is the reason in one line, without the setting's name."""


def preview(value: object) -> str:
    """Return a wrong value as a message shows it: one short line of printable ASCII, whatever the value holds."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = ascii(value)
        return text if len(text) <= _MAX_PREVIEW_LENGTH else f"{text[:_MAX_PREVIEW_LENGTH]}…"
    if isinstance(value, int | float) and not (isinstance(value, int) and abs(value) >= _MAX_PREVIEW_INTEGER):
        return str(value)
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    return "a table" if isinstance(value, dict) else "the value"


class Kind:
    """A type of value: `type_name` without the range, the accepted `values`, and both as `form`, in words.

    `none` is the word that stands for None, None where no word does; the words leave it out. `metavar` stands for the
    value in `--help`. A wrong value that is `sensitive` may hold a secret, and no message repeats it.
    """

    sensitive = False

    def __init__(
        self, type_name: str, values: str, *, form: str = "", none: str | None = None, metavar: str = ""
    ) -> None:
        self.type_name, self.values, self.form = type_name, values, form or values
        self.none, self.metavar = none, metavar

    @property
    def accepts(self) -> str:
        """Return type and accepted values in words that can follow "is not"."""
        return self.form + self._or_none()

    @property
    def range(self) -> str:
        """Return the accepted values of the type in words."""
        return self.values + self._or_none()

    def parse(self, text: str) -> object:
        """Return the value that `text`, from a flag or the environment, would have in a file; else `text` itself."""
        return text

    def normalize(self, value: object) -> object:
        """Return the normal form of `value`. Raise InvalidValueError when it has none.

        None itself, which no file can hold, is what `none` stands for.
        """
        if self.none is not None and (value is None or value == self.none):
            return None
        normal = self._normal(value)
        if normal is None:
            raise InvalidValueError(f"{'the value' if self.sensitive else preview(value)} is not {self.accepts}")
        return normal

    def to_text(self, value: object) -> str:
        """Return `value` as the environment variable spells it, or `not set` for a value without a spelling."""
        return str(value) if value is not None else self.none or "not set"

    @abstractmethod
    def _normal(self, value: object) -> object:
        """Return the normal form of a value that does not stand for None, and None for a value that has none."""

    def _or_none(self) -> str:
        return f', or "{self.none}"' if self.none else ""


class Integer(Kind):
    """An integer from `low` to `high`, both included. A boolean is not an integer."""

    def __init__(self, low: int, high: int, *, none: str | None = None) -> None:
        values = f"{low} to {high}"
        super().__init__("integer", values, form=f"a whole number from {values}", none=none, metavar="N")
        self.low, self.high = low, high

    def parse(self, text: str) -> object:
        """Return the integer in `text`, else `text`: ASCII digits, without spaces or underscores."""
        return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else text

    def _normal(self, value: object) -> object:
        return (
            value if isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high else None
        )


class Number(Kind):
    """A number from `low` to `high`, both included, as a float. A boolean is not a number.

    No default lies near the bounds: what is beyond them is a mistake, and no sum or date made of it would be one.
    """

    def __init__(self, high: int, *, low: float = 0.001, none: str | None = None, metavar: str = "S") -> None:
        values = f"{low:g} to {high}"
        super().__init__("number", values, form=f"a number from {values}", none=none, metavar=metavar)
        self.low, self.high = low, high

    def parse(self, text: str) -> object:
        """Return the float in `text`, else `text`: as TOML spells it, without spaces or `inf`."""
        return float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) else text

    def to_text(self, value: object) -> str:
        """Return the shortest text that parses to `value`."""
        return super().to_text(value).removesuffix(".0")

    def _normal(self, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high:
            return float(value)
        return None


class Boolean(Kind):
    """A boolean; the environment may also spell it 1, 0, yes or no, in upper or lower case."""

    def __init__(self, *, none: str | None = None) -> None:
        super().__init__("boolean", "true or false", none=none)

    def parse(self, text: str) -> object:
        """Return the boolean that `text` spells, else `text`."""
        return _BOOLEANS.get(text.lower(), text)

    def to_text(self, value: object) -> str:
        """Return the boolean as TOML spells it."""
        return super().to_text(value).lower()

    def _normal(self, value: object) -> object:
        return value if isinstance(value, bool) else None


class Choice(Kind):
    """One of a few words."""

    def __init__(self, words: tuple[str, ...], *, none: str | None = None) -> None:
        values = " or ".join((", ".join(words[:-1]), words[-1]))
        metavar = "|".join((*words, none) if none else words)
        super().__init__("choice", values, none=none, metavar=metavar)
        self.words = words

    def _normal(self, value: object) -> object:
        return value if isinstance(value, str) and value in self.words else None


class Day(Kind):
    """A calendar day: a TOML local date, or the same as text."""

    def __init__(self) -> None:
        super().__init__("date", "a day such as 2027-03-31")

    def _normal(self, value: object) -> object:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                return None
        return value if isinstance(value, date) and not isinstance(value, datetime) else None


class Text(Kind):
    """Text, or a path, that `rule` accepts: it returns the normal form, or None for text without one.

    `description` says in words what the rule accepts.
    """

    def __init__(
        self,
        description: str,
        rule: Callable[[str], object],
        *,
        none: str | None = None,
        metavar: str = "",
        sensitive: bool = False,
        type_name: str = "text",
    ) -> None:
        super().__init__(type_name, description, none=none, metavar=metavar)
        self.rule, self.sensitive = rule, sensitive

    def _normal(self, value: object) -> object:
        text = str(value) if isinstance(value, PurePath) else value
        return self.rule(text) if isinstance(text, str) else None
