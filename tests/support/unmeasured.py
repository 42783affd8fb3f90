"""Measures coverage where that shows something: the tracer takes as long as the tests themselves.

The properties are not measured: they are long, and which lines they reach is chance. So the bound on the pure modules
says that every line of them is reached by an example that somebody chose. Tests with the marker `unmeasured` are not
measured either: they are long, and other tests reach their lines. Nor are the processes that any of these start.
"""

import os
from typing import Final, Protocol

import coverage
import pytest

FOR_CHILDREN: Final = "COVERAGE_PROCESS_CONFIG"  # coverage's own variable: a process that has it is measured


class Tracer(Protocol):
    """What is used of coverage's own class."""

    def start(self) -> None:
        """Begin to measure."""
        ...

    def stop(self) -> None:
        """Stop measuring."""
        ...


class UnmeasuredTests:
    """A plugin that stops `tracer` for the tests that are not measured, and starts it again after each."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._stopped = False
        self._for_children: str | None = None

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Stop before a property, and before a test with the marker."""
        is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        if is_property or item.get_closest_marker("unmeasured") is not None:
            self._stopped = True
            self._tracer.stop()
            self._for_children = os.environ.pop(FOR_CHILDREN, None)

    def pytest_runtest_teardown(self) -> None:
        """Measure again."""
        if self._stopped:
            self._stopped = False
            if self._for_children is not None:
                os.environ[FOR_CHILDREN] = self._for_children
            self._tracer.start()


def current_tracer() -> Tracer | None:
    """Return what measures this process, None when nothing does."""
    return coverage.Coverage.current()
