"""Measures coverage where that can show something new: the tracer takes as long as the tests themselves.

Every property runs all of its examples, but only the first few are measured: later ones hardly ever reach a line that
none of them has reached. Tests with the marker `unmeasured` are long and reach only lines that others reach.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, Protocol

import coverage
import pytest

MEASURED_EXAMPLES: Final = 25


class Tracer(Protocol):
    """What is used of coverage's own class."""

    def start(self) -> None:
        """Begin to measure."""
        ...

    def stop(self) -> None:
        """Stop measuring."""
        ...


class MeasuredExamples:
    """Stops `tracer` during a property after its first examples; `resume` starts it again."""

    def __init__(self, tracer: Tracer, examples: int = MEASURED_EXAMPLES) -> None:
        self._tracer = tracer
        self._examples = examples
        self._stopped = False

    def limit(self, test: Callable[..., Any]) -> Callable[..., Any]:
        """Return `test`, measured for the first examples."""
        left = self._examples

        @wraps(test)
        def example(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the test's own
            nonlocal left
            left -= 1
            if left < 0:
                self._stop()
            return test(*args, **kwargs)

        return example

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._tracer.stop()

    def resume(self) -> None:
        """Measure again, when a property has stopped that."""
        if self._stopped:
            self._stopped = False
            self._tracer.start()

    def pytest_collection_modifyitems(self, items: Iterable[pytest.Item]) -> None:
        """Limit every property, once for all of its parameters."""
        properties = {id(found): found for item in items if (found := _property_of(item)) is not None}
        for found in properties.values():
            found.inner_test = self.limit(found.inner_test)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Stop before a test that is not to be measured."""
        if item.get_closest_marker("unmeasured") is not None:
            self._stop()

    def pytest_runtest_teardown(self) -> None:
        """Measure again after each test."""
        self.resume()


def _property_of(item: pytest.Item) -> Any:  # noqa: ANN401 - Hypothesis' handle, which has no public type
    return getattr(getattr(item, "obj", None), "hypothesis", None)


def current_tracer() -> Tracer | None:
    """Return what measures this process, None when nothing does."""
    return coverage.Coverage.current()
