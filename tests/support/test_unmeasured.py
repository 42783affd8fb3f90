"""Properties and long tests are not measured, the tests after them are."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.unmeasured import FOR_CHILDREN, UnmeasuredTests


class Recorder:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")


@given(st.integers())
def some_property(_: int) -> None: ...


@pytest.mark.unmeasured
def some_long_test() -> None: ...


def some_test() -> None: ...


@pytest.mark.parametrize(
    ("test", "calls"), [(some_test, []), (some_property, ["stop", "start"]), (some_long_test, ["stop", "start"])]
)
def test_measuring_stops_for_a_property_and_for_a_long_test_and_goes_on_after_it(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, test: object, calls: list[str]
) -> None:
    monkeypatch.setenv(FOR_CHILDREN, "config")
    tracer = Recorder()
    plugin = UnmeasuredTests(tracer)
    item = pytest.Function.from_parent(request.node.parent, name="test", callobj=test)
    plugin.pytest_runtest_setup(item)
    assert (FOR_CHILDREN in os.environ) == (not calls)
    plugin.pytest_runtest_teardown()
    assert os.environ[FOR_CHILDREN] == "config"
    assert tracer.calls == calls
