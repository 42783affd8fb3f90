"""Laws of suppressions: what they match, when they expire, and their text."""

from datetime import date, timedelta
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.audit.finding import Location
from crawler.audit.suppressions import Suppressions, any_of
from crawler.config.audit_policy import Suppression
from tests.audit.examples import HOSTILE

DAY = date(2026, 11, 23)
APP = Location("eu", "self", "acme", "team", "app")
GLOBS = st.text(alphabet="ab*?[]!", max_size=5)


def suppression(**fields: object) -> Suppression:
    told = {"rule": "SWR201", "reason": "kept", "expires": DAY, **fields}
    return Suppression(**told)  # type: ignore[arg-type]  # fields of the example


@pytest.mark.parametrize(
    ("fields", "matches"),
    [
        ({}, True),
        ({"rule": "SWR202"}, False),
        ({"domain": "ac*"}, True),
        ({"domain": "AC*"}, False),
        ({"namespace": "team", "name": "a[a-z]p"}, True),
        ({"namespace": "team", "name": "b*"}, False),
        ({"namespace": "tea"}, False),
        ({"name": "app?"}, False),
    ],
)
def test_a_suppression_matches_what_all_its_patterns_match(fields: dict[str, object], *, matches: bool) -> None:
    one = suppression(**fields)
    assert Suppressions([one], DAY).matching("SWR201", APP) == ([one] if matches else [])


def test_a_suppression_is_active_to_the_end_of_its_last_day() -> None:
    one = suppression()
    today, tomorrow = Suppressions([one], DAY), Suppressions([one], DAY + timedelta(days=1))
    assert (today.active, today.expired) == ([one], [])
    assert (tomorrow.active, tomorrow.expired) == ([], [one])
    assert tomorrow.matching("SWR201", APP) == []


def test_two_suppressions_can_match_one_finding() -> None:
    first, second = suppression(name="a*"), suppression()
    assert Suppressions([first, second], DAY).matching("SWR201", APP) == [first, second]
    assert Suppressions([first, second], DAY).matching("SWR201", APP._replace(name="b")) == [second]


def test_a_missing_name_is_matched_as_empty_text() -> None:
    center = Location("eu", "self")
    assert Suppressions([suppression()], DAY).matching("SWR201", center)
    assert Suppressions([suppression(namespace="")], DAY).matching("SWR201", center)
    assert not Suppressions([suppression(namespace="?*")], DAY).matching("SWR201", center)


def test_a_suppression_is_written_with_the_patterns_that_narrow_it() -> None:
    assert str(suppression()) == "SWR201"
    assert str(suppression(name="a*", domain="acme")) == "SWR201 domain=acme name=a*"


@given(st.lists(GLOBS, min_size=1, max_size=3), HOSTILE | st.text(alphabet="ab[]!", max_size=5))
def test_any_of_matches_what_one_of_the_globs_matches(globs: list[str], text: str) -> None:
    assert bool(any_of(globs).fullmatch(text)) is any(fnmatchcase(text, glob) for glob in globs)
