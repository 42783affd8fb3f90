"""The types of value that settings accept, and the one normal form of each value.

A kind returns the normal form of a value or raises InvalidValueError with the reason. No message repeats a value
that may be a secret.
"""

import math
import re
from abc import abstractmethod
from collections.abc import Callable
from datetime import date, datetime
from pathlib import PurePath

from msgspec import Struct

_MAX_PREVIEW_LENGTH = 60  # characters of a wrong value in a message: enough to recognize it
_MAX_PREVIEW_INTEGER = 10**20  # Python refuses to print integers of thousands of digits


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


class Kind(Struct, frozen=True, kw_only=True):
    """A type of value. `none` is the word that stands for None; it is None when no word does.

    Kinds are structs and not dataclasses because structs are much faster to define, and each start defines them.
    """

    none: str | None = None

    @property
    @abstractmethod
    def type_name(self) -> str:
        """Return the type in words, without the range."""

    @property
    @abstractmethod
    def values(self) -> str:
        """Return the accepted values of the type in words, apart from the word for None."""

    @property
    def form(self) -> str:
        """Return type and accepted values in words, apart from the word for None."""
        return self.values

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
        return self._normalize(value)

    def to_text(self, value: object) -> str:
        """Return `value` as the environment variable spells it, or `not set` for a value without a spelling."""
        return str(value) if value is not None else self.none or "not set"

    @abstractmethod
    def _normalize(self, value: object) -> object:
        """Return the normal form of a value that does not stand for None. Raise InvalidValueError when it has none."""

    def _or_none(self) -> str:
        return f', or "{self.none}"' if self.none else ""

    def _invalid(self, value: object) -> InvalidValueError:
        return InvalidValueError(f"{preview(value)} is not {self.accepts}")


class Integer(Kind, frozen=True, kw_only=True):
    """An integer from `low` to `high`, both included. A boolean is not an integer."""

    low: int
    high: int

    @property
    def type_name(self) -> str:
        """Return the type in words."""
        return "integer"

    @property
    def values(self) -> str:
        """Return the accepted values in words."""
        return f"{self.low} to {self.high}"

    @property
    def form(self) -> str:
        """Return type and accepted values in words."""
        return f"a whole number from {self.values}"

    def parse(self, text: str) -> object:
        """Return the integer in `text`, else `text`: ASCII digits, without spaces or underscores."""
        return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else text

    def _normalize(self, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high:
            return value
        raise self._invalid(value)


class Number(Kind, frozen=True, kw_only=True):
    """A number from `low` to `high`, both included, as a float. A boolean is not a number.

    No default lies near the bounds: what is beyond them is a mistake, and no sum or date made of it would be one.
    """

    low: float = 0.001
    high: int

    @property
    def type_name(self) -> str:
        """Return the type in words."""
        return "number"

    @property
    def values(self) -> str:
        """Return the accepted values in words."""
        return f"{self.low:g} to {self.high}"

    @property
    def form(self) -> str:
        """Return type and accepted values in words."""
        return f"a number from {self.values}"

    def parse(self, text: str) -> object:
        """Return the float in `text`, else `text`: as TOML spells it, without spaces or `inf`."""
        return float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text) else text

    def to_text(self, value: object) -> str:
        """Return the shortest text that parses to `value`."""
        return Kind.to_text(self, value).removesuffix(".0")

    def _normalize(self, value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if self.low <= number <= self.high:
                return number
        raise self._invalid(value)


class Boolean(Kind, frozen=True, kw_only=True):
    """A boolean; the environment may also spell it 1, 0, yes or no, in upper or lower case."""

    @property
    def type_name(self) -> str:
        """Return the type in words."""
        return "boolean"

    @property
    def values(self) -> str:
        """Return the accepted values in words."""
        return "true or false"

    def parse(self, text: str) -> object:
        """Return the boolean that `text` spells, else `text`."""
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        return words.get(text.lower(), text)

    def to_text(self, value: object) -> str:
        """Return the boolean as TOML spells it."""
        return Kind.to_text(self, value).lower()

    def _normalize(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise self._invalid(value)


class Choice(Kind, frozen=True, kw_only=True):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def type_name(self) -> str:
        """Return the type in words."""
        return "choice"

    @property
    def values(self) -> str:
        """Return the accepted values in words."""
        return " or ".join((", ".join(self.words[:-1]), self.words[-1]))

    def _normalize(self, value: object) -> str:
        if isinstance(value, str) and value in self.words:
            return value
        raise self._invalid(value)


class Day(Kind, frozen=True, kw_only=True):
    """A calendar day: a TOML local date, or the same as text."""

    @property
    def type_name(self) -> str:
        """Return the type in words."""
        return "date"

    @property
    def values(self) -> str:
        """Return the accepted values in words."""
        return "a day such as 2027-03-31"

    def _normalize(self, value: object) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        raise self._invalid(value)


class Text(Kind, frozen=True, kw_only=True):
    """Text, or a path, that `rule` accepts: the rule returns the normal form, or None for text without one.

    `description` says in words what the rule accepts. `sensitive` when a wrong value may hold a secret; messages do
    not repeat such a value. `type_of_text` is the type in words.
    """

    description: str
    rule: Callable[[str], object]
    sensitive: bool = False
    type_of_text: str = "text"

    @property
    def type_name(self) -> str:
        """Return the type in words."""
        return self.type_of_text

    @property
    def values(self) -> str:
        """Return the accepted values in words."""
        return self.description

    def _normalize(self, value: object) -> object:
        text = str(value) if isinstance(value, PurePath) else value
        normal = self.rule(text) if isinstance(text, str) else None
        if normal is None:
            raise InvalidValueError(f"the value is not {self.accepts}") if self.sensitive else self._invalid(value)
        return normal
