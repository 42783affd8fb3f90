"""Sweeps: tests that repeat a run for each of many points, cases or operations.

`make test` visits a share of them, the same at each run; `make proofs` visits all. A loop takes the parameter `every`
from `swept`; a test with a parameter for each point takes its points from `sampled`.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, TypeVar

import pytest
from _pytest.mark.structures import ParameterSet

from crawler.snapshot.layout import LATEST, MANIFEST, SUCCESS
from tests.support.crash_fs import Operation

T = TypeVar("T")

SLOW: Final = pytest.mark.slow
_CHANGES_OF_NAMES: Final = frozenset({"rename", "replace", "symlink"})


def swept(every: int) -> pytest.MarkDecorator:
    """Return the parameter `every` of a sweep: each so-manieth point, and as a slow test each one."""
    points = [pytest.param(every, id="sampled"), pytest.param(1, id="all", marks=pytest.mark.slow)]
    return pytest.mark.parametrize("every", points)


def sampled(points: Iterable[object], every: int) -> list[ParameterSet]:
    """Return points as parameters, of which all but each `every`-th are slow. A point of several values is a tuple."""
    return [
        pytest.param(*(point if isinstance(point, tuple) else (point,)), marks=() if number % every == 0 else SLOW)
        for number, point in enumerate(points)
    ]


def visited(points: Sequence[T], every: int, decides: Callable[[T], bool] = lambda _: False) -> list[int]:
    """Return the positions of each `every`-th point and of those that decide."""
    return [at for at, point in enumerate(points) if at % every == 0 or decides(point)]


def decides(operation: Operation) -> bool:
    """Return whether an operation decides what a reader or the next run sees: of the journal, or a new name."""
    if operation.path.endswith("/journal"):
        return operation.call in {"write", "fdatasync"}
    names: Collection[str] = (MANIFEST, SUCCESS, LATEST, "snapshot")
    named = operation.path.rpartition("/")[2].removeprefix(".").removesuffix(".tmp")
    return operation.call in _CHANGES_OF_NAMES and (named in names or named.startswith("snapshot="))
