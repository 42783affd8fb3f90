"""Coverage is measured on the first examples of a property, and again after it."""

import pytest

from tests.support.measured_examples import MeasuredExamples


class Recorder:
    def __init__(self) -> None:
        self.said: list[str] = []

    def start(self) -> None:
        self.said.append("start")

    def stop(self) -> None:
        self.said.append("stop")


def test_the_first_examples_are_measured_and_those_behind_them_are_run_without() -> None:
    tracer = Recorder()
    measured = MeasuredExamples(tracer, examples=2)
    example = measured.limit(tracer.said.append)
    for number in "abcd":
        example(number)
    measured.resume()
    measured.resume()
    assert tracer.said == ["a", "b", "stop", "c", "d", "start"]


def test_an_example_that_fails_fails_the_test_measured_or_not() -> None:
    def failing() -> None:
        raise ValueError("as it is")

    example = MeasuredExamples(Recorder(), examples=1).limit(failing)
    for _ in range(2):
        with pytest.raises(ValueError, match="as it is"):
            example()
