"""Issued credentials expire by time or by use; keys lock after consecutive failures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.emulator.auth.grants import IssuedGrant, IssuedGrants, iam_time, pseudo_random_text
from crawler.emulator.auth.locks import KeyLocks


def test_a_grant_is_valid_before_its_expiry_and_not_at_it() -> None:
    grant = IssuedGrant(None, expires_s=10.0)
    assert [grant.use(now_s) for now_s in (0.0, 9.99, 10.0, 11.0)] == [True, True, False, False]


def test_a_grant_is_invalid_after_its_last_use() -> None:
    grant = IssuedGrant(None, expires_s=10.0, uses_left=2)
    assert [grant.use(0.0) for _ in range(4)] == [True, True, False, False]


def test_an_expired_grant_costs_no_use() -> None:
    grant = IssuedGrant(None, expires_s=10.0, uses_left=1)
    assert (grant.use(10.0), grant.use(9.0)) == (False, True)


def test_voiding_ends_all_grants_issued_so_far_and_no_later_one() -> None:
    grants: IssuedGrants[str] = IssuedGrants()
    before = grants.issue("a", "one", expires_s=10.0)
    grants.void()
    after = grants.issue("b", "two", expires_s=10.0)
    assert (before.use(0.0), after.use(0.0)) == (False, True)
    assert (grants.find("a"), grants.find("b"), grants.find("c"), grants.find(None)) == (before, after, None, None)


@given(length=st.integers(0, 300), serial=st.integers(0, 1000))
def test_pseudo_random_text_has_its_length_and_differs_by_salt_and_serial(length: int, serial: int) -> None:
    text = pseudo_random_text("token", "salt", serial, length)
    assert len(text) == length
    assert text == pseudo_random_text("token", "salt", serial, length)
    assert text.replace("=", "").isalnum() or not text
    if length >= 32:
        others = {
            pseudo_random_text("token", "salt", serial + 1, length),
            pseudo_random_text("token", "other", serial, length),
        }
        assert text not in others


def test_times_have_the_format_of_iam() -> None:
    assert iam_time(1447033377.527363) == "2015-11-09T01:42:57.527363Z"
    assert iam_time(0) == "1970-01-01T00:00:00.000000Z"


def test_consecutive_failures_lock_a_key_for_a_time() -> None:
    locks = KeyLocks(5, 300.0)
    for _ in range(4):
        locks.on_failure("a", 0.0)
    assert not locks.is_locked("a", 0.0)
    locks.on_failure("a", 10.0)
    assert [locks.is_locked("a", now_s) for now_s in (10.0, 309.9, 310.0)] == [True, True, False]
    assert not locks.is_locked("b", 10.0)


@pytest.mark.parametrize("failures", [[4, 4, 4], [1, 3, 2, 4]])
def test_one_success_between_failures_resets_the_count(failures: list[int]) -> None:
    locks = KeyLocks(5, 300.0)
    for count in failures:
        for _ in range(count):
            locks.on_failure("a", 0.0)
        locks.on_success("a")
    assert not locks.is_locked("a", 0.0)


def test_after_a_lock_the_next_one_needs_as_many_failures() -> None:
    locks = KeyLocks(2, 300.0)
    for now_s in (0.0, 0.0, 300.0):
        locks.on_failure("a", now_s)
    assert not locks.is_locked("a", 300.0)
    locks.on_failure("a", 301.0)
    assert locks.is_locked("a", 301.0)
