"""Which shapes of a request are tried, and what a profile makes of the one that is accepted."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model.window import Order, Window
from crawler.walk.judgement import Judgement, if_obeyed
from crawler.walk.server_profile import Reshaped, ServerProfile, SharedProfile, experiments, lesson_of
from tests.walk.model_server import BY_NAME, BY_TIME

PROFILE: Final = ServerProfile(1000, (BY_NAME, None), may_change=True)
FIRST: Final = Window(1, 0, 1000, BY_NAME)
BACK: Final = Order("name", "desc")

limits = st.integers(1, 1000)
columns = st.lists(st.sampled_from([BY_NAME, BY_TIME, None]), min_size=1, max_size=3, unique=True).map(tuple)


def concessions(shape: Reshaped, window: Window, *, filtered: bool) -> int:
    return (shape.limit is not None) + (shape.order != window.order) + (shape.filtered != filtered)


def test_a_smaller_page_then_no_order_then_the_other_dialect_are_tried_before_two_at_a_time() -> None:
    shapes = experiments(PROFILE, FIRST, may_change=True)
    assert shapes[:4] == (
        Reshaped(100, BY_NAME, filtered=False),
        Reshaped(None, None, filtered=False),
        Reshaped(None, BY_NAME, filtered=True),
        Reshaped(10, BY_NAME, filtered=False),
    )
    assert [concessions(shape, FIRST, filtered=False) for shape in shapes] == [1, 1, 1, 1, 2, 2, 2, 3, 3]


@given(limits, columns, st.data(), st.booleans(), st.booleans())
def test_each_shape_is_tried_once_and_none_is_the_refused_one(
    limit: int,
    orders: tuple[Order | None, ...],
    data: st.DataObject,
    filtered: bool,  # noqa: FBT001 - drawn
    may_change: bool,  # noqa: FBT001 - drawn
) -> None:
    window = Window(1, 0, limit, data.draw(st.sampled_from([*orders, BACK])))
    profile = ServerProfile(limit, orders, filtered=filtered, may_change=may_change)
    shapes = experiments(profile, window, may_change=may_change)
    assert len(set(shapes)) == len(shapes) <= 14
    assert Reshaped(None, window.order, filtered) not in [shape._replace(is_reversible=True) for shape in shapes]
    for shape in shapes:
        assert shape.limit is None or shape.limit < limit
        assert may_change or shape.filtered == filtered
        learned = profile.learn(shape)
        assert learned.learn(shape) == learned  # all walks of a target learn the same
        assert (learned.limit, learned.filtered) == (shape.limit or limit, shape.filtered)
        assert shape.order in learned.orders or shape.order == window.order
        assert shape.order == window.order or not learned.is_reversible or window.order in orders


def test_the_opposite_of_a_column_that_is_refused_is_not_asked_for_again() -> None:
    shape = experiments(PROFILE, FIRST._replace(order=BACK), may_change=False)[1]
    assert shape == Reshaped(None, BY_NAME, filtered=False, is_reversible=False)
    learned = PROFILE.learn(shape)
    assert (learned.orders, learned.is_reversible) == (PROFILE.orders, False)


def test_a_dialect_that_was_configured_is_never_changed() -> None:
    configured = ServerProfile(1000, (None,), filtered=False, may_change=False)
    assert configured.learn(Reshaped(100, None, filtered=True, is_obeyed=False)) == ServerProfile(100, (None,))


def test_what_was_accepted_is_a_lesson_itself() -> None:
    shape = Reshaped(100, None, filtered=True)
    assert lesson_of(PROFILE, FIRST, shape) is shape
    shared = SharedProfile(PROFILE)
    shared.learn(shape)
    assert shared.present == ServerProfile(100, (None,), filtered=True)


@pytest.mark.parametrize("judgement", [None, Judgement("complete"), Judgement("drifted", "it moved")])
def test_only_a_walk_that_would_be_complete_is_unproven_for_its_dialect(judgement: Judgement | None) -> None:
    assert if_obeyed(judgement, PROFILE) == judgement
    doubted = if_obeyed(judgement, PROFILE.learn(Reshaped(None, BY_NAME, filtered=True, is_obeyed=False)))
    if judgement == Judgement("complete"):
        assert doubted is not None
        assert (doubted.verdict, "filter" in doubted.reason) == ("unproven", True)
    else:
        assert doubted == judgement
