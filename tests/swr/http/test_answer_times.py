"""A connection is silent for long when it was silent for longer than answers take."""

import pytest

from crawler.swr.http.answer_times import AnswerTimes


def test_twice_the_longest_answer_makes_an_answer_certain_and_a_second_at_least() -> None:
    times = AnswerTimes()
    assert times.certain_after_s == 1.0
    for took_s in (0.1, 3.0, 0.2):
        times.on_answer(took_s)
    assert times.certain_after_s == 6.0


def test_at_the_end_a_slow_answer_long_ago_is_forgotten() -> None:
    times = AnswerTimes()
    assert times.wait_s == 0.05
    times.on_answer(3.0)
    assert times.wait_s == 6.0
    for _ in range(200):
        times.on_answer(0.1)
    assert times.wait_s == pytest.approx(0.2, rel=0.1)
