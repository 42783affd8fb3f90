"""The counts of a target, and the time that is left by them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.crawl.observing.target_stats import NO_ANSWER, TargetStats, eta_s

some = st.floats(0.001, 10**6)


@given(st.floats(0, 10**9), st.integers(1, 10**9), some, some)
def test_the_time_left_is_never_shorter_than_the_rate_allows(
    left: float, done: int, elapsed_s: float, rate_per_s: float
) -> None:
    estimate_s = eta_s(left, done=done, elapsed_s=elapsed_s, rate_per_s=rate_per_s)
    assert estimate_s is not None
    assert estimate_s >= left / rate_per_s
    unlimited_s = eta_s(left, done=done, elapsed_s=elapsed_s, rate_per_s=None)
    assert unlimited_s is not None
    assert estimate_s >= unlimited_s
    assert unlimited_s == pytest.approx(left * elapsed_s / done)


@pytest.mark.parametrize(("done", "elapsed_s"), [(0, 5.0), (0, 0.0), (5, 0.0), (5, -1.0)])
def test_before_the_first_window_no_time_is_estimated(done: int, elapsed_s: float) -> None:
    assert eta_s(10, done=done, elapsed_s=elapsed_s, rate_per_s=None) is None


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10**6), st.integers(0, 10**6))
def test_walks_not_started_count_as_much_as_the_mean_of_the_started_ones(
    begun: int, more: int, done: int, left: int
) -> None:
    stats = TargetStats("t", begun + more, None, walks_started=begun, windows=done + left, windows_done=done)
    mean = (done + left) / begun if begun else 1.0
    assert stats.windows_left() == left + more * mean


def test_requests_are_counted_by_their_status() -> None:
    stats = TargetStats("t", 1, None)
    for status in (200, 200, 429, 0):
        stats.on_response(status)
    assert stats.by_status == {"200": 2, "429": 1, NO_ANSWER: 1}
    assert TargetStats("u", 1, None).by_status == {}
