"""How long to wait, at the extremes of every argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.walk.retry_policy import backoff_s, throttle_pause_s

LARGEST_CHANCE = 1.0 - 2.0**-53  # random() is below 1

attempts = st.integers(1, 10**6)
chances = st.floats(0.0, LARGEST_CHANCE)


@given(attempts, chances)
def test_a_backoff_is_positive_and_at_most_threefold_growth_or_half_a_minute(attempt: int, chance: float) -> None:
    assert 0 < backoff_s(attempt, chance) <= min(30.0, 0.2 * 3.0 ** min(attempt - 1, 100))


@pytest.mark.parametrize(
    ("attempt", "longest_s"), [(1, 0.2), (2, 0.6), (3, 1.8), (5, 16.2), (6, 30.0), (8, 30.0), (10**9, 30.0)]
)
def test_the_longest_backoff_grows_threefold_up_to_half_a_minute(attempt: int, longest_s: float) -> None:
    assert backoff_s(attempt, 0.0) == pytest.approx(longest_s)
    assert backoff_s(attempt, 0.5) == pytest.approx(longest_s / 2)


@given(attempts, chances, chances)
def test_jitter_spreads_a_backoff_over_its_whole_length(attempt: int, one: float, other: float) -> None:
    assert (backoff_s(attempt, one) <= backoff_s(attempt, other)) or one < other
    assert backoff_s(attempt, 1.0 - 2.0**-30) < 1e-6


@given(st.floats(0.0, 1e9, exclude_min=True), attempts, chances)
def test_a_pause_is_what_the_service_asked_for_up_to_an_hour(asked_s: float, attempt: int, chance: float) -> None:
    assert throttle_pause_s(asked_s, attempt, chance) == min(asked_s, 3600.0)


@given(st.sampled_from([None, 0.0]), attempts, chances)
def test_a_pause_of_unknown_or_no_length_is_two_seconds_and_a_longer_backoff(
    asked_s: float | None, attempt: int, chance: float
) -> None:
    assert throttle_pause_s(asked_s, attempt, chance) == 2.0 + backoff_s(attempt + 2, chance)
    assert 2.0 <= throttle_pause_s(None, attempt, chance) <= 32.0
