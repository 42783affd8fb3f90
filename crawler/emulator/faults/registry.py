"""Every fault there is, and how the command line spells them.

    clamp-limit:to=50
    server-errors:rate=0.05,seed=7
    missing-total:in_header=false
    refuse-order:columns=name+tag_count

A fault is its class name in kebab case, then parameters as name=value: numbers, true or false, lists joined
by `+`; where None is allowed it is `none` or, of `times`, `forever`. Text has no `,`.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from crawler.emulator.faults.body import CorruptGzip, DecompressionBomb, Deflate, Gzip, ObjectAnswer
from crawler.emulator.faults.delivery import Chunked, EndlessBody, ResetInBody, Stall, Trickle, WrongContentLength
from crawler.emulator.faults.dialect import RefuseDirectParameters, RefuseFilter
from crawler.emulator.faults.drift import (
    Churn,
    DeleteAfter,
    InsertAfter,
    MoveAfter,
    RenameAfter,
    ReverseAfter,
    SwapAfter,
)
from crawler.emulator.faults.fault import Call, Fault, fault_name
from crawler.emulator.faults.paging import (
    ClampLimit,
    EmptyPage,
    IgnoreNamespace,
    IgnoreOffset,
    MissingTotal,
    MixedTotals,
    NoContentWhenEmpty,
    NullWhenEmpty,
    RepeatLastPage,
    ShortPage,
    StringTotal,
    TotalIsPageLength,
    TotalOffBy,
    TruncatedJson,
)
from crawler.emulator.faults.random_faults import Mishaps
from crawler.emulator.faults.refusal import (
    ArrayErrors,
    Burst,
    DropConnection,
    FailWindow,
    HtmlAnswer,
    Redirect,
    RefuseLimitAbove,
    RefuseOrder,
    RefuseUnaligned,
    ServerErrors,
    SlowAnswer,
    SwrThrottle403,
    Throttle,
    Unauthorized,
)
from crawler.emulator.faults.token import FailTokens, LockUser, SlowTokens, ThrottleTokens
from crawler.errors import UsageError

__all__ = [
    "FAULTS",
    "ArrayErrors",
    "Burst",
    "Call",
    "Chunked",
    "Churn",
    "ClampLimit",
    "CorruptGzip",
    "DecompressionBomb",
    "Deflate",
    "DeleteAfter",
    "DropConnection",
    "EmptyPage",
    "EndlessBody",
    "FailTokens",
    "FailWindow",
    "Fault",
    "Gzip",
    "HtmlAnswer",
    "IgnoreNamespace",
    "IgnoreOffset",
    "InsertAfter",
    "LockUser",
    "Mishaps",
    "MissingTotal",
    "MixedTotals",
    "MoveAfter",
    "NoContentWhenEmpty",
    "NullWhenEmpty",
    "ObjectAnswer",
    "Redirect",
    "RefuseDirectParameters",
    "RefuseFilter",
    "RefuseLimitAbove",
    "RefuseOrder",
    "RefuseUnaligned",
    "RenameAfter",
    "RepeatLastPage",
    "ResetInBody",
    "ReverseAfter",
    "ServerErrors",
    "ShortPage",
    "SlowAnswer",
    "SlowTokens",
    "Stall",
    "StringTotal",
    "SwapAfter",
    "SwrThrottle403",
    "Throttle",
    "ThrottleTokens",
    "TotalIsPageLength",
    "TotalOffBy",
    "Trickle",
    "TruncatedJson",
    "Unauthorized",
    "WrongContentLength",
    "parse_fault",
]

_KINDS: tuple[type[Fault], ...] = (
    ClampLimit,
    IgnoreOffset,
    IgnoreNamespace,
    EmptyPage,
    ShortPage,
    RepeatLastPage,
    MissingTotal,
    TotalIsPageLength,
    TotalOffBy,
    MixedTotals,
    StringTotal,
    NullWhenEmpty,
    NoContentWhenEmpty,
    TruncatedJson,
    ObjectAnswer,
    Gzip,
    Deflate,
    CorruptGzip,
    DecompressionBomb,
    Chunked,
    EndlessBody,
    Trickle,
    Stall,
    WrongContentLength,
    ResetInBody,
    Burst,
    ServerErrors,
    FailWindow,
    Throttle,
    SwrThrottle403,
    Unauthorized,
    RefuseOrder,
    RefuseLimitAbove,
    HtmlAnswer,
    RefuseUnaligned,
    RefuseDirectParameters,
    RefuseFilter,
    ArrayErrors,
    Redirect,
    DropConnection,
    SlowAnswer,
    Mishaps,
    ThrottleTokens,
    FailTokens,
    LockUser,
    SlowTokens,
    DeleteAfter,
    InsertAfter,
    SwapAfter,
    RenameAfter,
    MoveAfter,
    ReverseAfter,
    Churn,
)
FAULTS: Mapping[str, type[Fault]] = {fault_name(kind): kind for kind in _KINDS}


def parse_fault(text: str) -> Fault:
    """Read `name` or `name:parameter=value,…`. Raises UsageError that says what is known instead."""
    name, _, given = text.partition(":")
    kind = FAULTS.get(name)
    if kind is None:
        raise UsageError(f"no fault is called {name!r}; known: {', '.join(FAULTS)}")
    declared = {parameter.name: parameter for parameter in fields(kind)}
    values: dict[str, Any] = {}
    for pair in filter(None, given.split(",")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{name}: {pair!r} is not parameter=value; {_usage(name, declared)}")
        if key not in declared:
            raise UsageError(f"{name}: no parameter is called {key!r}; {_usage(name, declared)}")
        if key in values:
            raise UsageError(f"{name}: {key} is given twice")
        values[key] = _value(name, declared[key], value)
    missing = [key for key, one in declared.items() if one.default is MISSING and key not in values]
    if missing:
        raise UsageError(f"{name}: {missing[0]} is missing; {_usage(name, declared)}")
    return kind(**values)


def _usage(name: str, declared: Mapping[str, Field[Any]]) -> str:
    if not declared:
        return f"{name} has no parameters"
    known = [key if one.default is MISSING else f"{key} (default {one.default})" for key, one in declared.items()]
    return f"parameters of {name}: {', '.join(known)}"


def _value(name: str, parameter: Field[Any], text: str) -> int | float | bool | str | tuple[str, ...] | None:
    try:
        return _READERS[parameter.type](text)
    except (ValueError, KeyError):
        kind = getattr(parameter.type, "__name__", str(parameter.type))
        raise UsageError(f"{name}: {parameter.name} must be {kind}, not {text!r}") from None


def _read_optional(text: str) -> int | None:
    return None if text in {"none", "forever"} else int(text)


def _read_bool(text: str) -> bool:
    return {"true": True, "false": False}[text]


def _read_list(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split("+")))


# By declared type: every type a fault's parameter has is here (tests/emulator/test_fault_text.py).
_READERS: Mapping[Any, Callable[[str], int | float | bool | str | tuple[str, ...] | None]] = {
    int: int,
    float: float,
    str: str,
    bool: _read_bool,
    int | None: _read_optional,
    tuple[str, ...]: _read_list,
}
