"""Examples of windows that are not next in line: rests of short pages, and those that failed."""

import pytest

from crawler.model.window import Window
from crawler.walk.passes.frontier import Frontier
from crawler.walk.passes.outcome import WalkError


def frontier_of(end: int) -> Frontier:
    frontier = Frontier(1, 10, None)
    frontier.begin(0, end, 10)
    return frontier


def test_a_window_that_failed_is_handed_out_again_when_no_other_one_is_in_flight() -> None:
    frontier = frontier_of(20)
    first, second = frontier.take(), frontier.take()
    assert (first, second) == (Window(1, 0, 10, None), Window(1, 10, 10, None))
    assert first is not None
    assert second is not None
    assert frontier.put_off(first)
    assert frontier.out_of_line.put_off == (first,)
    assert frontier.take() is None  # the second one is in flight
    frontier.settle(second)
    assert frontier.take() == first
    assert not frontier.put_off(first)
    frontier.settle(first)
    assert frontier.is_exhausted


def test_a_resume_claims_the_rest_of_a_short_page_once() -> None:
    frontier = frontier_of(10)
    short = frontier.take()
    assert short is not None
    assert frontier.out_of_line.add_rest(short, [1, 2, 3])
    frontier.settle(short)
    rest = Window(1, 3, 7, None)
    frontier.claim(rest)
    with pytest.raises(WalkError):
        frontier.claim(rest)
    frontier.settle(rest)
    assert frontier.is_exhausted
