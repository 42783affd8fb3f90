"""What follows a failure, and how long to wait, at the extremes of every argument."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import (
    ErrorDetails,
    OrderRefusedError,
    RefusedError,
    RequestError,
    SizeRefusedError,
    ThrottledError,
    TransientError,
    UnauthorizedError,
)
from crawler.walk.passes.outcome import AskAgain
from crawler.walk.retry_policy import (
    Decision,
    Lose,
    Renegotiate,
    RetryAfter,
    RetryLimits,
    StopTarget,
    Tries,
    backoff_s,
    decide,
    throttle_pause_s,
    wait_s,
)

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
def test_a_pause_is_what_the_service_asked_for(asked_s: float, attempt: int, chance: float) -> None:
    assert throttle_pause_s(asked_s, attempt, chance) == asked_s


@given(attempts, chances)
def test_one_refusal_of_the_credentials_is_asked_again_some_time_apart_and_the_second_stops_the_target(
    number: int, chance: float
) -> None:
    refused, limits = UnauthorizedError(WHY, None), RetryLimits(8)
    once = Tries(number).failed(RefusedError(WHY)).failed(refused)
    again = decide(refused, once, limits, chance)
    assert isinstance(again, RetryAfter)
    assert 0.5 <= again.after_s <= 1.0
    assert decide(refused, once.sent().failed(refused), limits, chance) == StopTarget()


@given(st.sampled_from([None, 0.0]), attempts, chances)
def test_a_pause_of_unknown_or_no_length_is_two_seconds_and_a_longer_backoff(
    asked_s: float | None, attempt: int, chance: float
) -> None:
    assert throttle_pause_s(asked_s, attempt, chance) == 2.0 + backoff_s(attempt + 2, chance)
    assert 2.0 <= throttle_pause_s(None, attempt, chance) <= 32.0


WHY = ErrorDetails()


@pytest.mark.parametrize(
    ("error", "before_the_last", "at_the_last"),
    [
        (TransientError(WHY), RetryAfter(0.1), Lose()),
        (ThrottledError(WHY, None), RetryAfter(2.9, pauses_target=True), StopTarget()),
        (ThrottledError(WHY, 7.0), RetryAfter(7.0, pauses_target=True), StopTarget()),
        (ThrottledError(WHY, 901.0), StopTarget(), StopTarget()),
        (SizeRefusedError(WHY), Renegotiate(), Renegotiate()),
        (OrderRefusedError(WHY), Renegotiate(), Renegotiate()),
    ],
)
def test_each_failure_has_its_decision(error: RequestError, before_the_last: Decision, at_the_last: Decision) -> None:
    assert decide(error, Tries(1), RetryLimits(4, 900.0), 0.5) == before_the_last
    for attempt, max_tries in [(4, 4), (5, 4), (1, 1), (10**9, 10**9)]:
        assert decide(error, Tries(attempt), RetryLimits(max_tries, 900.0), 0.5) == at_the_last


@given(attempts, st.integers(1, 10**6), chances)
def test_one_refusal_is_asked_again_some_time_apart_and_two_are_the_answer(
    number: int, max_tries: int, chance: float
) -> None:
    tries, refused, limits = Tries(number), RefusedError(WHY), RetryLimits(max_tries)
    once = tries.failed(TransientError(WHY)).failed(refused)
    again = decide(refused, once, limits, chance)
    assert isinstance(again, RetryAfter)
    assert 0.5 <= again.after_s <= 1.0
    assert not again.pauses_target
    twice = once.sent().failed(refused)
    assert twice == Tries(number + 1, refusals=2, failures=3)
    assert decide(refused, twice, limits, chance) == Renegotiate()


@given(attempts, st.integers(1, 10**6), chances)
def test_a_failure_is_retried_after_a_positive_time_or_not_at_all(attempt: int, max_tries: int, chance: float) -> None:
    decision = decide(TransientError(WHY), Tries(attempt), RetryLimits(max_tries), chance)
    assert isinstance(decision, RetryAfter) == (attempt < max_tries)
    if isinstance(decision, RetryAfter):
        assert 0 < decision.after_s <= 30.0
        assert not decision.pauses_target


def test_failures_between_them_are_none_of_the_pages_that_may_be_too_short() -> None:
    limits, tries = RetryLimits(8), Tries().sent()
    for _ in range(4):
        tries = tries.failed(TransientError(ErrorDetails())).sent()
    assert not tries.are_last_for_page(limits)  # the fifth request, and the first page
    assert tries.sent().sent().are_last_for_page(limits)
    assert tries.failed(TransientError(ErrorDetails())).sent().sent().sent().are_last_for_page(limits)  # the eighth


@pytest.mark.parametrize(("max_tries", "short_tries"), [(1, 1), (2, 2), (3, 3), (4, 3), (10**9, 3)])
def test_a_page_that_is_only_short_is_requested_three_times_at_most(max_tries: int, short_tries: int) -> None:
    assert RetryLimits(max_tries).short_tries == short_tries


@pytest.mark.parametrize(("chance", "least_s"), [(0.0, 0.5), (LARGEST_CHANCE, 0.99)])
def test_a_second_look_comes_at_least_half_a_second_later(chance: float, least_s: float) -> None:
    assert least_s <= wait_s(AskAgain("", "apart"), 1, chance) <= 1.0
    assert wait_s(AskAgain("", "none"), 9, chance) == 0
    assert wait_s(AskAgain("", "backoff"), 3, chance) == backoff_s(3, chance)
