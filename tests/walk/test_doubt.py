"""A walk that is told that a page is not its own takes back what rests on it."""

import pytest

from crawler.model.verdict import Verdict
from crawler.model.window import Window
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.outcome import WalkError
from crawler.walk.server_profile import ServerProfile
from crawler.walk.walk import Walk
from tests.walk.model_server import page_of

LIMIT = 10


def walk_of(*, max_passes: int = 3, double_read: bool = False, first_page_only: bool = False) -> Walk:
    return Walk(
        ServerProfile(LIMIT, (None,)), max_passes=max_passes, double_read=double_read, first_page_only=first_page_only
    )


def read(walk: Walk, *pages: Page) -> Verdict | None:
    """Answer the next windows with these pages; return the verdict."""
    for page in pages:
        window = walk.next_window()
        assert window is not None
        assert walk.on_page(window, page, last_try=False) == "keep"
    return walk.verdict


THEIRS = [page_of(range(100, 110), 13), page_of(range(110, 113), 13)]
OURS = [page_of(range(10), 12), page_of((10, 11), 12)]


def read_one(walk: Walk, page: Page) -> Window:
    """Answer the next window with this page; return the window."""
    window = walk.next_window()
    assert window is not None
    walk.on_page(window, page, last_try=False)
    return window


def test_a_walk_that_has_ended_is_read_once_more_and_forgets_what_the_page_declared() -> None:
    walk = walk_of()
    window = read_one(walk, THEIRS[0])
    assert read(walk, THEIRS[1]) == "complete"
    walk.on_doubt(window)
    assert walk.verdict is None
    assert read(walk, *OURS) == "complete"
    assert (walk.passes, walk.distinct, dict(walk.totals), walk.windows) == (2, 12, {12: None}, 4)


def test_a_window_of_a_later_pass_was_never_read() -> None:
    walk = walk_of()
    window = read_one(walk, OURS[0])
    with pytest.raises(WalkError):
        walk.on_doubt(window._replace(pass_number=2))


def test_a_pass_with_such_a_page_proves_nothing() -> None:
    walk = walk_of()
    window = read_one(walk, THEIRS[0])
    walk.on_doubt(window)
    assert read(walk, THEIRS[1]) is None
    assert read(walk, *OURS) == "complete"
    assert dict(walk.totals) == {12: None}


def test_without_a_pass_left_the_window_is_a_gap() -> None:
    early, late = walk_of(max_passes=1), walk_of(max_passes=1)
    for walk in (early, late):
        window = read_one(walk, OURS[0])
        if walk is early:
            walk.on_doubt(window)
        read(walk, OURS[1])
        if walk is late:
            walk.on_doubt(window)
        assert walk.verdict == "partial"
        assert [(gap.offset, gap.end, gap.got) for gap in walk.gaps] == [(0, None, 0)]
        assert walk.declared is None


def test_a_pass_without_totals_is_read_again_too() -> None:
    walk = walk_of()
    first = read_one(walk, page_of(range(10), None))
    walk.on_page(first, page_of(range(10), None), last_try=False)  # a first page without a total must come twice
    walk.on_doubt(first)
    last = walk.next_window()
    assert last is not None
    assert walk.on_page(last, EMPTY_PAGE, last_try=False) == "skip"
    assert (walk.verdict, walk.passes) == (None, 2)


def test_a_double_read_needs_two_passes_without_such_a_page() -> None:
    walk = walk_of(max_passes=5, double_read=True)
    windows = [read_one(walk, page) for page in OURS]
    assert (walk.verdict, walk.passes) == (None, 2)
    walk.on_doubt(windows[0])  # of the first pass, while the second is read
    assert read(walk, *OURS) is None
    assert read(walk, *OURS) == "complete"
    walk.on_doubt(windows[1])  # nothing rests on the first pass any more
    assert (walk.verdict, walk.passes) == ("complete", 3)
    walk.on_doubt(windows[0]._replace(pass_number=2))  # the third pass stands, the second does not
    assert walk.verdict is None
    assert read(walk, *OURS) == "complete"
    assert walk.passes == 4


def test_a_double_read_whose_first_pass_is_taken_back_has_drifted_when_no_pass_is_left() -> None:
    walk = walk_of(max_passes=2, double_read=True)
    window = read_one(walk, OURS[0])
    read(walk, OURS[1], *OURS)
    walk.on_doubt(window)
    assert (walk.verdict, walk.gaps) == ("drifted", ())


def test_without_a_double_read_an_earlier_pass_may_be_doubtful() -> None:
    walk = walk_of()
    window = read_one(walk, OURS[0])
    read(walk, page_of(range(10, 13), 13), *OURS)
    walk.on_doubt(window)
    assert (walk.verdict, walk.passes) == ("complete", 2)


def test_a_total_that_was_another_walk_s_is_asked_for_again() -> None:
    walk = walk_of(first_page_only=True)
    window = read_one(walk, THEIRS[0])
    assert walk.declared == 13
    walk.on_doubt(window)
    assert read(walk, OURS[0]) == "unproven"
    assert walk.declared == 12
