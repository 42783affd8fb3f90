"""The parameters of a fault: how a field declares one, which values it accepts, how the command line spells them.

Each parameter is a field of a fault's dataclass. Its metadata holds `minimum`, `maximum` and `choices`. A number
without a declared minimum is at least 0, one without a maximum at most MAX_NUMBER, which is told where it is exceeded.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field
from typing import Any, Final, NamedTuple

from crawler.emulator.fields.option import MAX_NUMBER
from crawler.emulator.http.response import ERROR_STATUSES
from crawler.errors import UsageError

Value = int | float | bool | str | tuple[str, ...] | None

_SHOWN: Final = 60  # characters of a wrong value


def number(minimum: float, maximum: float = MAX_NUMBER, default: int | None = None) -> Any:  # noqa: ANN401 - as `field`
    """Return a field for a number from `minimum` to `maximum`; it is required if it has no `default`."""
    limits = {"minimum": minimum, "maximum": maximum}
    return field(metadata=limits) if default is None else field(default=default, metadata=limits)


def one_of(*values: int | str) -> Any:  # noqa: ANN401 - as `field`
    """Return a field that accepts only `values`; the first one is the default."""
    return field(default=values[0], metadata={"choices": values})


def error_status(default: int) -> Any:  # noqa: ANN401 - as `field`
    """Return a field for a status that `crawler.emulator.http.response.error` has a body for."""
    return field(default=default, metadata={"choices": ERROR_STATUSES})


def check_value(fault: str, parameter: Field[Any], value: Value) -> None:
    """Raise UsageError if `parameter` of the fault named `fault` does not accept `value`."""
    limits = parameter.metadata
    minimum, maximum, choices = limits.get("minimum", 0), limits.get("maximum", MAX_NUMBER), limits.get("choices")
    if isinstance(value, int | float) and not minimum <= value <= maximum:
        only_low = maximum == MAX_NUMBER and value < minimum
        bounds = f"at least {minimum}" if only_low else f"from {minimum} to {maximum}"
        raise _refused(fault, parameter, f"{bounds}, not {str(value)[:_SHOWN]}")
    if choices and not set(value if isinstance(value, tuple) else [value]) <= set(choices):
        raise _refused(fault, parameter, f"one of {', '.join(map(str, choices))}, not {spell(parameter, value)}")
    if isinstance(value, str) and not (value.isascii() and value.isprintable()):
        raise _refused(fault, parameter, f"printable ASCII, not {value!r}")


def parse_value(fault: str, parameter: Field[Any], text: str) -> Value:
    """Return the value that `text` spells.

    Raises UsageError if it is not of the parameter's type. The limits are checked when the fault is created.
    """
    spelling = _SPELLINGS[parameter.type]
    try:
        return spelling.parse(text)
    except (ValueError, KeyError):
        noun = f"{spelling.noun} or {_none(parameter)}" if parameter.type == int | None else spelling.noun
        raise _refused(fault, parameter, f"{noun}, not {text[:_SHOWN]!r}") from None


def spell(parameter: Field[Any], value: Value) -> str:
    """Return the text that `parse_value` reads as `value`."""
    if isinstance(value, tuple):
        return "+".join(value)
    if value is None:
        return _none(parameter)
    return str(value).lower() if isinstance(value, bool) else str(value)


def describe(parameter: Field[Any]) -> str:
    """Return name, type, limits and default in one line, such as `to (integer, at least 1, required)`."""
    limits, default = parameter.metadata, parameter.default
    minimum, maximum, choices = limits.get("minimum", 0), limits.get("maximum", MAX_NUMBER), limits.get("choices")
    if choices:
        facts = ["/".join(map(str, choices)) + (" joined by +" if parameter.type == tuple[str, ...] else "")]
    else:
        facts = [_SPELLINGS[parameter.type].short]
    if parameter.type in {int, float, int | None} and not choices and minimum > -MAX_NUMBER:
        facts.append(f"at least {minimum}" if maximum == MAX_NUMBER else f"{minimum} to {maximum}")
    if parameter.type == int | None:
        facts.append(f"or {_none(parameter)}")
    facts.append("required" if default is MISSING else f"default {spell(parameter, default) or 'empty'}")
    return f"{parameter.name} ({', '.join(facts)})"


def _refused(fault: str, parameter: Field[Any], expected: str) -> UsageError:
    return UsageError(f"{fault}: {parameter.name} must be {expected}")


def _none(parameter: Field[Any]) -> str:
    return "forever" if parameter.name == "times" else "none"


# Parameters with the same meaning in every fault that has them.
COMMON_PARAMETERS: Final[Mapping[str, str]] = {
    "first": "The fault triggers on the first n requests; first or every is required.",
    "every": "The fault triggers on every nth request. For a fault that changes the inventory: after how many further "
    "requests it changes it again.",
    "times": "The fault triggers at most this often.",
    "status": "The HTTP status of the response.",
    "rate": "The share of the requests on which the fault triggers.",
    "seed": "The same seed makes the fault trigger on the same requests.",
    "requests": "How many requests see the unchanged inventory.",
}


class _Spelling(NamedTuple):
    """How the command line spells values of one type: its name with an article and without, and its parser."""

    noun: str
    short: str
    parse: Callable[[str], Value]


def _parse_optional(text: str) -> int | None:
    return None if text in {"none", "forever"} else int(text)


def _parse_boolean(text: str) -> bool:
    return {"true": True, "false": False}[text]


def _parse_list(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split("+")))


# By declared type. tests/emulator/test_faults.py checks that every type a parameter has is here.
_SPELLINGS: Mapping[Any, _Spelling] = {
    int: _Spelling("an integer", "integer", int),
    float: _Spelling("a number", "number", float),
    str: _Spelling("text", "text", str),
    bool: _Spelling("true or false", "true or false", _parse_boolean),
    int | None: _Spelling("an integer", "integer", _parse_optional),
    tuple[str, ...]: _Spelling("a list joined by +", "list joined by +", _parse_list),
}
