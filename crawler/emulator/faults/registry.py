"""Every fault that exists, and how the command line spells it.

    clamp-limit:to=50
    server-errors:rate=0.05,seed=7
    missing-total:in_header=false
    refuse-order:columns=name+tag_count

A fault is its class name in kebab case, followed by parameters as name=value. Values are numbers, true or false, text
without a comma, or lists joined by `+`. Where None is allowed it is spelled `none`, for `times` also `forever`.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, get_args

from crawler.emulator.faults.body import (
    CorruptGzip,
    DecompressionBomb,
    Deflate,
    EchoRequest,
    Gzip,
    ObjectResponse,
    OddCoding,
    OddField,
    OversizedItem,
    PoisonItems,
)
from crawler.emulator.faults.delivery import (
    Chunked,
    EndlessBody,
    FromCache,
    LargeHeaders,
    MissingBody,
    RepeatLate,
    ResetInBody,
    Stall,
    Trickle,
    WrongContentLength,
)
from crawler.emulator.faults.dialect import IgnoreFilter, RefuseCenter, RefuseDirectParameters, RefuseFilter
from crawler.emulator.faults.drift import (
    Churn,
    DeleteAfter,
    InsertAfter,
    LostPermission,
    MoveAfter,
    RenameAfter,
    ReverseAfter,
    SwapAfter,
    TransferAfter,
)
from crawler.emulator.faults.fault import Call, Fault, fault_name
from crawler.emulator.faults.paging import (
    CappedTotal,
    Ceiling,
    ClampLimit,
    EmptyPage,
    IgnoreCenter,
    IgnoreNamespace,
    IgnoreOffset,
    MissingTotal,
    MixedTotals,
    NoContentWhenEmpty,
    NullWhenEmpty,
    PageBytes,
    RepeatLastPage,
    ShortPage,
    SplitTotals,
    StringTotal,
    TotalIsPageLength,
    TotalOffBy,
    TotalOnFirstItem,
    TruncatedJson,
    WrongWalk,
)
from crawler.emulator.faults.random_faults import RandomFaults
from crawler.emulator.faults.refusal import (
    ArrayErrors,
    Burst,
    DropConnection,
    FailWindow,
    HtmlResponse,
    OddAnswer,
    Outage,
    Redirect,
    RefuseEmpty,
    RefuseLimitAbove,
    RefuseOrder,
    RefusePastEnd,
    RefuseUnaligned,
    ServerErrors,
    SlowResponse,
    SwrThrottle403,
    Throttle,
    Unauthorized,
)
from crawler.emulator.faults.replicas import (
    Cache,
    EmptyMoment,
    MissingOwner,
    OldReplica,
    ReorderedReplica,
    StaleReplica,
    UnstableTies,
)
from crawler.emulator.faults.token import (
    EchoLogin,
    FailTokens,
    LockUser,
    OddExpiry,
    SkewTokens,
    SlowTokens,
    ThrottleTokens,
)
from crawler.emulator.fields.parameter import Value, describe, parse_value
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
    "FaultArea",
    "FaultReference",
    "FromCache",
    "Gzip",
    "HtmlResponse",
    "IgnoreFilter",
    "IgnoreNamespace",
    "IgnoreOffset",
    "InsertAfter",
    "LargeHeaders",
    "LockUser",
    "MissingBody",
    "MissingTotal",
    "MixedTotals",
    "MoveAfter",
    "NoContentWhenEmpty",
    "NullWhenEmpty",
    "ObjectResponse",
    "OddAnswer",
    "OddCoding",
    "OddExpiry",
    "OddField",
    "Outage",
    "OversizedItem",
    "PageBytes",
    "PoisonItems",
    "RandomFaults",
    "Redirect",
    "RefuseCenter",
    "RefuseDirectParameters",
    "RefuseFilter",
    "RefuseLimitAbove",
    "RefuseOrder",
    "RefuseUnaligned",
    "RenameAfter",
    "RepeatLastPage",
    "RepeatLate",
    "ResetInBody",
    "ReverseAfter",
    "ServerErrors",
    "ShortPage",
    "SlowResponse",
    "SlowTokens",
    "Stall",
    "StringTotal",
    "SwapAfter",
    "SwrThrottle403",
    "Throttle",
    "ThrottleTokens",
    "TotalIsPageLength",
    "TotalOffBy",
    "TotalOnFirstItem",
    "Trickle",
    "TruncatedJson",
    "Unauthorized",
    "WrongContentLength",
    "parse_fault",
    "reference",
]

_KINDS: tuple[type[Fault], ...] = (
    ClampLimit,
    PageBytes,
    IgnoreOffset,
    IgnoreNamespace,
    IgnoreCenter,
    WrongWalk,
    EmptyPage,
    ShortPage,
    RepeatLastPage,
    MissingTotal,
    TotalIsPageLength,
    TotalOffBy,
    MixedTotals,
    TotalOnFirstItem,
    SplitTotals,
    CappedTotal,
    Ceiling,
    StringTotal,
    NullWhenEmpty,
    NoContentWhenEmpty,
    TruncatedJson,
    ObjectResponse,
    OddCoding,
    OddField,
    PoisonItems,
    OversizedItem,
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
    MissingBody,
    RepeatLate,
    FromCache,
    LargeHeaders,
    Burst,
    Outage,
    OddAnswer,
    ServerErrors,
    FailWindow,
    Throttle,
    SwrThrottle403,
    Unauthorized,
    RefuseOrder,
    RefuseLimitAbove,
    HtmlResponse,
    RefuseUnaligned,
    RefusePastEnd,
    RefuseCenter,
    RefuseEmpty,
    RefuseDirectParameters,
    RefuseFilter,
    IgnoreFilter,
    ArrayErrors,
    Redirect,
    EchoRequest,
    DropConnection,
    SlowResponse,
    RandomFaults,
    StaleReplica,
    OldReplica,
    ReorderedReplica,
    UnstableTies,
    MissingOwner,
    Cache,
    EmptyMoment,
    ThrottleTokens,
    FailTokens,
    LockUser,
    SlowTokens,
    EchoLogin,
    SkewTokens,
    OddExpiry,
    DeleteAfter,
    InsertAfter,
    SwapAfter,
    RenameAfter,
    TransferAfter,
    MoveAfter,
    ReverseAfter,
    Churn,
    LostPermission,
)
FAULTS: Mapping[str, type[Fault]] = {fault_name(kind): kind for kind in _KINDS}

FaultArea = Literal["body", "delivery", "dialect", "drift", "paging", "random", "refusal", "replicas", "token"]


class FaultReference(NamedTuple):
    """One row of the reference of faults.

    `parameters` is text such as "to (integer, at least 1, required)", joined by commas, or "none". `effect` is the
    docstring of the class: one or two sentences.
    """

    name: str
    area: FaultArea
    parameters: str
    effect: str


def reference() -> tuple[FaultReference, ...]:
    """Return one row for each fault, in the order of `FAULTS`."""
    return tuple(
        FaultReference(name, _area(kind), ", ".join(map(describe, fields(kind))) or "none", _effect(kind))
        for name, kind in FAULTS.items()
    )


# Old names, refused with the new one.
RENAMED_FAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "html-answer": "html-response",
        "mishaps": "random-faults",
        "object-answer": "object-response",
        "slow-answer": "slow-response",
    }
)


def parse_fault(text: str) -> Fault:
    """Return the fault that `name` or `name:parameter=value,…` spells.

    Raises UsageError that lists the names or parameters that exist.
    """
    name, _, assignments = text.partition(":")
    kind = FAULTS.get(name)
    if name in RENAMED_FAULTS:
        raise UsageError(f"the fault {name} is now called {RENAMED_FAULTS[name]}")
    if kind is None:
        raise UsageError(f"no fault is called {name!r}; known: {', '.join(FAULTS)}")
    declared = {parameter.name: parameter for parameter in fields(kind)}
    values: dict[str, Value] = {}
    for assignment in filter(None, assignments.split(",")):
        key, equals, value = assignment.partition("=")
        if not equals:
            raise UsageError(f"{name}: {assignment!r} is not parameter=value; {_usage(name)}")
        if key not in declared:
            raise UsageError(f"{name}: no parameter is called {key!r}; {_usage(name)}")
        if key in values:
            raise UsageError(f"{name}: {key} is given twice")
        values[key] = parse_value(name, declared[key], value)
    missing = [key for key, parameter in declared.items() if parameter.default is MISSING and key not in values]
    if missing:
        raise UsageError(f"{name}: {missing[0]} is missing; {_usage(name)}")
    arguments: Mapping[str, Any] = values
    return kind(**arguments)


def _usage(name: str) -> str:
    described = ", ".join(map(describe, fields(FAULTS[name])))
    return f"parameters of {name}: {described}" if described else f"{name} has no parameters"


def _area(kind: type[Fault]) -> FaultArea:
    module = kind.__module__.rpartition(".")[2].removesuffix("_faults")
    return next(area for area in get_args(FaultArea) if area == module)


def _effect(kind: type[Fault]) -> str:
    return " ".join((kind.__doc__ or "").split())
