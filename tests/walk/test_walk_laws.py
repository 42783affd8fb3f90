"""The laws of the walk against every kind of server. Each law is a function of what was drawn; `slow` draws more."""

from typing import Literal

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from crawler.model.window import Window
from crawler.swr.response import EMPTY_PAGE, Page
from crawler.walk.outcome import Retry, WalkError
from crawler.walk.plan import windows
from crawler.walk.server_profile import ServerProfile
from crawler.walk.walk import Walk
from tests.walk.model_server import (
    ANY,
    BY_NAME,
    TRIES,
    Bounds,
    Crawl,
    Fault,
    Move,
    Nature,
    Server,
    Settled,
    evidence_of,
    missing,
    page_of,
    replay,
)
from tests.walk.strategies import (
    Choose,
    any_nature,
    bounds,
    limits,
    moving,
    orders_of_answers,
    passing,
    rooms,
    standing,
    well_behaved,
)

quick = settings(max_examples=300, deadline=None)
thorough = settings(max_examples=10_000, deadline=None)


def first(_: int) -> int:
    return 0


def crawl(nature: Nature, how: Bounds, room: int = 1, choose: Choose = first) -> Crawl:
    return Crawl(Server(nature), how.begin(), room, choose).run()


# ---- honesty


def proof_is_true(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    done = crawl(nature, how, room, choose)
    event(str(done.walk.verdict))
    if done.walk.verdict != "complete":
        return
    assert done.walk.distinct == len(done.keys)
    if nature.still:
        assert done.keys == set(done.server.rows)
    totals = {page.total for page in done.last_pass if page.length}
    assert totals <= {len(done.keys)}
    assert not any(page.disagrees for page in done.last_pass)
    assert done.walk.gaps == ()
    assert done.walk.passes == max(done.kept)  # and not what an earlier pass would have proven


@quick
@given(standing(), bounds, rooms, orders_of_answers)
def test_what_is_proven_is_what_a_still_server_holds(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    proof_is_true(nature, how, room, choose)


@quick
@given(moving(), bounds, rooms, orders_of_answers)
def test_what_is_proven_of_a_moving_server_is_one_total_and_as_many_keys(
    nature: Nature, how: Bounds, room: int, choose: Choose
) -> None:
    proof_is_true(nature, how, room, choose)


@pytest.mark.slow
@thorough
@given(any_nature, bounds, rooms, orders_of_answers)
def test_what_is_proven_is_true_at_length(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    proof_is_true(nature, how, room, choose)


# ---- a server that does as it says


def well_behaved_is_whole_at_once(nature: Nature, limit: int, room: int, choose: Choose) -> None:
    done = crawl(nature, Bounds(limit, max_passes=1), room, choose)
    assert done.walk.verdict == "complete"
    assert done.walk.passes == 1
    assert done.walk.distinct == nature.rows
    assert done.walk.totals.keys() <= {nature.rows}
    accepted = max(nature.largest_size, nature.floor)
    steps = [size for size in (limit, 20, 10, 5, 2, 1) if size <= limit]
    asked = next(size for size in steps if size <= accepted)
    refused = len(nature.refused_orders) + steps.index(asked)
    assert done.requests <= windows(nature.rows, max(min(asked, nature.clamp), nature.floor)) + 2 + refused


@quick
@given(well_behaved(), limits, rooms, orders_of_answers)
@example(Nature(0, total_on_empty=False), 10, 1, first)
@example(Nature(60, clamp=1), 22, 12, first)
def test_a_well_behaved_server_is_whole_in_one_pass_with_few_requests_in_any_order(
    nature: Nature, limit: int, room: int, choose: Choose
) -> None:
    well_behaved_is_whole_at_once(nature, limit, room, choose)


@pytest.mark.slow
@thorough
@given(well_behaved(), limits, rooms, orders_of_answers)
def test_a_well_behaved_server_is_whole_at_length(nature: Nature, limit: int, room: int, choose: Choose) -> None:
    well_behaved_is_whole_at_once(nature, limit, room, choose)


# ---- it ends


def it_ends(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    done = crawl(nature, how, room, choose)
    refusals = 6 + len(how.orders)
    size = min([settled.window.limit for settled in done.history] + [page.length or ANY for page in done.last_pass])
    # Without a total each page has to bring a key at least.
    planned = max(windows(max(done.server.declared), size), done.server.keys_ever) + 2
    assert done.requests <= how.max_passes * TRIES * planned + refusals
    if nature.still:  # then what the pages hold bounds it, however much is declared
        assert done.requests <= how.max_passes * TRIES * (16 + 2 * (nature.rows + 1)) + refusals


@quick
@given(any_nature, bounds, rooms, orders_of_answers)
@example(Nature(30, totals="huge"), Bounds(10), 12, first)
@example(Nature(30, totals="huge", ignores_offset=True), Bounds(10), 12, first)
@example(Nature(30, totals="huge", repeats_last=True, floor=20), Bounds(10), 1, first)
@example(Nature(0, totals="huge"), Bounds(10), 12, first)
def test_every_crawl_ends(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    it_ends(nature, how, room, choose)


@pytest.mark.slow
@thorough
@given(any_nature, bounds, rooms, orders_of_answers)
def test_every_crawl_ends_at_length(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    it_ends(nature, how, room, choose)


# ---- order


def order_is_nothing(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    one_by_one, mixed = crawl(nature, how), crawl(nature, how, room, choose)
    event(str(mixed.walk.verdict))
    assert evidence_of(mixed.walk) == evidence_of(one_by_one.walk)


@quick
@given(standing() | passing(), bounds, rooms, orders_of_answers)
def test_the_order_of_the_answers_does_not_change_the_verdict(
    nature: Nature, how: Bounds, room: int, choose: Choose
) -> None:
    order_is_nothing(nature, how, room, choose)


@pytest.mark.slow
@thorough
@given(standing() | passing(), bounds, rooms, orders_of_answers)
def test_the_order_of_the_answers_is_nothing_at_length(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    order_is_nothing(nature, how, room, choose)


# ---- faults


def what_passes_is_repaired(nature: Nature, limit: int, room: int, choose: Choose) -> None:
    done = crawl(nature, Bounds(limit, max_passes=4), room, choose)
    assert done.walk.verdict == "complete"
    assert done.keys == set(range(nature.rows))


@quick
@given(passing(), limits, rooms, orders_of_answers)
def test_faults_that_pass_are_repaired(nature: Nature, limit: int, room: int, choose: Choose) -> None:
    what_passes_is_repaired(nature, limit, room, choose)


@pytest.mark.slow
@thorough
@given(passing(), limits, rooms, orders_of_answers)
def test_faults_that_pass_are_repaired_at_length(nature: Nature, limit: int, room: int, choose: Choose) -> None:
    what_passes_is_repaired(nature, limit, room, choose)


@quick
@given(well_behaved(), st.data(), bounds, rooms, orders_of_answers)
def test_a_window_that_never_answers_is_lost_and_named(
    nature: Nature, data: st.DataObject, how: Bounds, room: int, choose: Choose
) -> None:
    position = data.draw(st.integers(0, max(0, nature.rows - 1)))
    faults = (Fault(position, "fails", None),)
    broken = Nature(**{**vars(nature), "rows": max(1, nature.rows), "floor": 0, "faults": faults})
    done = crawl(broken, how, room, choose)
    assert done.walk.verdict == "partial"
    assert done.walk.passes == 1
    (gap,) = done.walk.gaps
    assert gap.offset <= position
    assert gap.end is None or position < gap.end
    assert (gap.end is None) == (gap.offset == 0)


@quick
@given(standing(), bounds, rooms, orders_of_answers)
def test_the_evidence_adds_up(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    done = crawl(nature, how, room, choose)
    walk = done.walk
    items = sum(page.length for page in done.last_pass)
    assert walk.distinct == len(done.keys)
    assert walk.duplicates == items - walk.distinct
    declared = {page.total for pages in done.kept.values() for page in pages if page.total is not None}
    assert set(walk.totals) == declared
    left_out = missing(walk.gaps)
    honest = nature.totals == "true" and not nature.ignores_offset and not nature.repeats_last and not nature.floor
    if honest and left_out is not None and walk.verdict != "unproven" and walk.total:
        assert items + left_out == walk.total


@pytest.mark.parametrize(("second", "distinct"), [(page_of(range(3), 3), 3), (EMPTY_PAGE, 0)])
def test_an_empty_first_page_is_no_empty_walk_until_it_came_twice(second: Page, distinct: int) -> None:
    walk = Bounds().begin(totals_trusted=True)
    window = walk.next_window()
    assert window is not None
    assert isinstance(walk.on_page(window, EMPTY_PAGE, last_try=False), Retry)
    assert walk.on_page(window, second, last_try=False) == "keep"
    assert (walk.verdict, walk.distinct) == ("complete", distinct)


@pytest.mark.parametrize(
    ("nature", "declared"),
    [
        (Nature(0, total_on_empty=False), 0),
        (Nature(35), 35),
        (Nature(35, moves=(Move(2, "insert", 0, 5), Move(4, "delete", 0, 30))), 40),
        (Nature(35, totals="none"), None),
        (Nature(35, faults=(Fault(0, "fails", None),)), None),
    ],
)
def test_the_largest_total_counts_and_none_is_nothing_only_of_an_empty_walk(
    nature: Nature, declared: int | None
) -> None:
    assert Bounds().begin().declared is None
    assert crawl(nature, Bounds()).walk.declared == declared


# ---- a total that may be only the page's length


@quick
@given(st.integers(1, 60), limits, st.booleans(), st.booleans(), rooms)
def test_a_total_equal_to_the_first_pages_length_is_tried_with_one_window_beyond_it(
    rows: int,
    limit: int,
    repeats_last: bool,  # noqa: FBT001 - Hypothesis' arguments
    total_on_empty: bool,  # noqa: FBT001
    room: int,
) -> None:
    nature = Nature(rows, totals="length", repeats_last=repeats_last, total_on_empty=total_on_empty)
    done = crawl(nature, Bounds(limit), room)
    offsets = [settled.window.offset for settled in done.history]
    if rows > limit or (repeats_last and rows > 1):
        assert done.walk.verdict == "unproven"
        assert done.keys == set(range(rows))
    else:
        assert (done.walk.verdict, offsets) == ("complete", [0, rows])


@quick
@given(st.integers(2, 60), limits, rooms)
def test_a_page_that_comes_again_beyond_a_true_total_is_told_from_the_first_of_many_by_its_second_item(
    rows: int, limit: int, room: int
) -> None:
    done = crawl(Nature(rows, repeats_last=True), Bounds(limit), room)
    asked = [(settled.window.offset, settled.window.limit) for settled in done.history]
    assert done.walk.verdict == "complete"
    assert rows > limit or asked == [(0, limit), (rows, rows), (1, 1)]
    lied_to = crawl(Nature(rows, ignores_offset=True, totals="length"), Bounds(max(2, limit)), room)
    assert lied_to.walk.verdict == "unproven"


def test_rows_that_come_while_the_second_item_is_asked_take_another_pass() -> None:
    done = crawl(Nature(7, repeats_last=True, moves=(Move(3, "insert", 0),)), Bounds(10))
    assert (done.walk.verdict, done.walk.passes, done.walk.distinct) == ("complete", 2, 8)


@pytest.mark.parametrize(
    ("length", "limit", "totals_trusted", "asked"),
    [
        (10, 10, True, [0, 10]),
        (10, 1000, True, [0, 10]),
        (11, 1000, True, [0]),
        (11, 1000, False, [0, 11]),
        (1000, 1000, True, [0, 1000]),
        (70, 50, True, [0, 70]),
        (1, 1, True, [0, 1]),
        (1, 10, False, [0, 1]),
        (0, 10, False, [0]),
    ],
)
def test_which_totals_are_doubted(length: int, limit: int, totals_trusted: bool, asked: list[int]) -> None:  # noqa: FBT001 - a parameter
    floor = length if length > limit else 0
    walk = Bounds(limit).begin(totals_trusted=totals_trusted)
    done = Crawl(Server(Nature(length, floor=floor)), walk).run()
    assert [settled.window.offset for settled in done.history] == asked
    assert {settled.window.limit for settled in done.history[1:]} <= {length}


def test_one_total_that_no_page_explains_is_learned_for_all_walks_of_the_target() -> None:
    dialect = ServerProfile(10, (None,))
    asked = []
    for rows in (7, 11, 7):
        done = Crawl(Server(Nature(rows)), Walk(dialect, max_passes=1)).run()
        asked.append(done.requests)
    assert asked == [2, 2, 1]


def test_a_walk_whose_rows_come_as_fast_as_they_are_read_ends_with_what_was_seen() -> None:
    nature = Nature(20, moves=(Move(2, "insert", 0, 10, every=1),))
    done = crawl(nature, Bounds(10, max_passes=1))
    assert done.requests == 16
    (gap,) = done.walk.gaps
    assert (gap.offset, gap.reason) == (160, "not requested: rows were added as fast as they were read")
    assert done.walk.verdict == "partial"


@pytest.mark.parametrize("rows", [15, 25])
def test_a_total_that_is_only_the_limit_is_found_out_as_well(rows: int) -> None:
    done = crawl(Nature(rows, totals="limit"), Bounds(10))
    assert (done.walk.verdict, done.walk.distinct) == ("unproven", rows)


def test_the_window_beyond_a_total_that_grew_is_read_like_any_other() -> None:
    grows = Nature(10, moves=(Move(2, "insert", 10, 7),), faults=(Fault(12, "short", None),))
    done = crawl(grows, Bounds(10, max_passes=1))
    assert done.walk.verdict == "partial"
    assert [(gap.offset, gap.end, gap.got) for gap in done.walk.gaps] == [(10, 17, 6)]


def test_a_total_that_fell_behind_a_full_first_page_is_no_proof() -> None:
    done = crawl(Nature(10, moves=(Move(2, "delete", 0, 1),)), Bounds(10))
    assert (done.walk.verdict, done.walk.passes, list(done.walk.totals)) == ("complete", 2, [10, 9])


def test_a_total_that_moved_under_a_repeated_page_is_no_proof() -> None:
    nature = Nature(10, ignores_offset=True, moves=(Move(2, "insert", 10, 1),))
    done = crawl(nature, Bounds(10))
    assert done.walk.verdict == "drifted"
    assert set(done.walk.totals) == {10, 11}


def test_a_lost_window_beyond_a_doubtful_total_leaves_out_nobody_knows_how_much() -> None:
    walk = Bounds(10).begin()
    for page in (page_of(range(10), 10), None):
        window = walk.next_window()
        assert window is not None
        if page is None:
            walk.on_lost(window, "no answer")
        else:
            walk.on_page(window, page, last_try=True)
    assert walk.verdict == "partial"
    assert missing(walk.gaps) is None


# ---- page sizes


def test_a_clamp_is_believed_when_the_length_comes_twice_and_kept_for_others_when_it_stands() -> None:
    dialect = ServerProfile(20, (None,))
    clamped = Nature(50, clamp=7)
    one = Crawl(Server(clamped), Walk(dialect, max_passes=1)).run()
    other = Crawl(Server(clamped), Walk(dialect, max_passes=1)).run()
    assert (one.requests, other.requests) == (9, 8)
    assert dialect.limit == one.walk.limit == 7


def test_a_walk_that_misses_one_of_its_items_does_not_make_the_others_small() -> None:
    dialect = ServerProfile(20, (None,))
    done = Crawl(Server(Nature(2, totals="more")), Walk(dialect, max_passes=2)).run()
    assert done.walk.verdict == "partial"
    assert dialect.limit == 20


def test_a_clamp_that_begins_within_a_walk_is_found_by_the_next_pass() -> None:
    walk = Bounds(20).begin()
    done = Crawl(Server(Nature(400, clamp=5, clamp_from=20)), walk, room=4).run()
    assert done.walk.verdict == "partial"  # its first page is longer in each pass
    assert done.walk.distinct == 20 + 19 * 5  # the last pass reads what there is
    assert done.requests < 3 * (2 * 16 + 3 * 20 + 20)


def test_pages_longer_than_asked_are_a_page_size_too() -> None:
    done = crawl(Nature(100, floor=30), Bounds(10), 3)
    assert [settled.window[1:3] for settled in done.history] == [(0, 10), (30, 30), (60, 30), (90, 30)]
    assert done.walk.verdict == "complete"
    assert done.walk.duplicates == 0


def test_pages_that_lack_some_rows_for_ever_are_read_to_the_end_by_the_last_pass() -> None:
    hidden = tuple(Fault(position, "short", None) for position in range(5, 400, 10))
    done = crawl(Nature(400, faults=hidden), Bounds(10), 4)
    assert (done.walk.verdict, done.walk.distinct) == ("partial", 360)
    assert missing(done.walk.gaps) == 400 - 360 - done.walk.duplicates
    pages = [len(done.kept[number]) for number in (1, 2, 3)]
    assert pages[2] > 40
    assert max(pages[:2]) < 25


@pytest.mark.parametrize("room", [1, 8, 50])
def test_no_window_is_asked_far_ahead_of_what_the_pages_bear_out(room: int) -> None:
    done = crawl(Nature(33, totals="huge"), Bounds(10, max_passes=1), room)
    asked = sorted(settled.window.offset for settled in done.history)
    ahead = 16 + 7  # two for each page's worth of keys, and what was begun is finished
    assert asked == list(range(0, ahead * 10, 10))
    short = [(30, 40, 3), *((offset, offset + 10, 0) for offset in asked[4:])]
    assert [gap[:3] for gap in done.walk.gaps] == [*short, (ahead * 10, 10**15, 0)]


def test_an_empty_page_without_a_total_is_measured_by_the_totals_of_the_others() -> None:
    walk = replay(Bounds(10, max_passes=1).begin(), [Settled(Window(1, 0, 10, BY_NAME), page_of(range(10), 17))])
    window = walk.next_window()
    assert window is not None
    assert isinstance(walk.on_page(window, EMPTY_PAGE, last_try=False), Retry)
    assert walk.on_page(window, EMPTY_PAGE, last_try=True) == "keep"
    assert walk.verdict == "partial"
    assert [gap[:3] for gap in walk.gaps] == [(10, 17, 0)]


def test_windows_lost_in_an_outage_are_read_by_the_next_pass_when_little_was_read_before() -> None:
    broken = tuple(Fault(position, "fails", TRIES) for position in range(15, 400, 10))
    done = crawl(Nature(400, faults=broken[:17]), Bounds(10), 20)
    assert (done.walk.verdict, done.walk.passes) == ("complete", 2)
    later = crawl(Nature(400, faults=broken[20:30]), Bounds(10), 20)
    assert (later.walk.verdict, later.walk.passes, missing(later.walk.gaps)) == ("partial", 1, 100)


def test_a_size_is_stepped_down_until_it_is_accepted_and_only_before_the_first_page() -> None:
    dialect = ServerProfile(1000, (None,))
    done = Crawl(Server(Nature(250, largest_size=100)), Walk(dialect, max_passes=1)).run()
    assert (done.walk.verdict, done.walk.limit, dialect.limit, done.requests) == ("complete", 100, 100, 6)


def test_a_size_or_order_without_another_one_left_is_refused_for_good() -> None:
    assert crawl(Nature(5, largest_size=0), Bounds(2)).walk.verdict == "partial"
    one_order = Bounds(2, orders=(None,))
    assert crawl(Nature(5, refused_orders=frozenset({None})), one_order).walk.verdict == "partial"


def test_a_size_or_order_refused_after_the_first_page_loses_the_window() -> None:
    walk = Bounds(10).begin()
    window = walk.next_window()
    assert window is not None
    walk.on_page(window, page_of(range(10), 30), last_try=False)
    later = walk.next_window()
    assert later is not None
    assert not walk.on_size_refused(later)
    assert not walk.on_order_refused(later)
    assert walk.in_flight == 1


def test_a_size_refused_to_one_walk_after_another_lowered_it_does_not_raise_it() -> None:
    dialect = ServerProfile(500, (None,))
    walks = [Walk(dialect, max_passes=1) for _ in range(2)]
    asked = [walk.next_window() for walk in walks]
    assert all(window is not None and window.limit == 500 for window in asked)
    dialect.limit = 50
    for walk, window in zip(walks, asked, strict=True):
        assert window is not None
        assert walk.on_size_refused(window)
    assert dialect.limit == 50
    assert [window and window.limit for window in (walk.next_window() for walk in walks)] == [50, 50]


@pytest.mark.parametrize("kind", ["short", "empty", "fails"])
@pytest.mark.parametrize("position", [0, 15, 29])
def test_a_page_that_is_short_for_a_moment_costs_one_request_more(
    kind: Literal["short", "empty", "fails"], position: int
) -> None:
    done = crawl(Nature(30, faults=(Fault(position, kind, 1),)), Bounds(10, max_passes=1))
    assert (done.walk.verdict, done.requests) == ("complete", 4)


def test_a_first_page_whose_length_changes_is_taken_at_last_and_its_length_learned_once_proven() -> None:
    dialect = ServerProfile(10, (None,))
    walk = Walk(dialect, max_passes=1)
    window = walk.next_window()
    assert window is not None
    waits = []
    for length in (5, 6, 0, 6, 7):
        answered = walk.on_page(window, page_of(range(length), 12), last_try=False)
        assert isinstance(answered, Retry)
        waits.append(not answered.at_once)
    assert waits == [False, True, True, True, True]
    assert walk.on_page(window, page_of(range(8), 12), last_try=True) == "keep"
    assert dialect.limit == 10  # before the pass stands, a short page may be any fault
    later = walk.next_window()
    assert later is not None
    walk.on_page(later, page_of(range(8, 12), 12), last_try=True)
    assert (walk.verdict, walk.limit, dialect.limit) == ("complete", 8, 8)


# ---- passes


def test_rows_that_come_while_a_walk_goes_on_are_read_in_the_same_pass() -> None:
    done = crawl(Nature(30, moves=(Move(2, "insert", 30, 25),)), Bounds(10, max_passes=1), 2)
    assert done.walk.verdict == "drifted"
    assert (list(done.walk.totals), done.walk.distinct) == ([30, 55], 55)


@quick
@given(well_behaved(), limits, st.integers(2, 4), rooms)
def test_a_still_server_is_confirmed_by_a_second_pass_unless_one_page_holds_it_all(
    nature: Nature, limit: int, max_passes: int, room: int
) -> None:
    done = crawl(nature, Bounds(limit, max_passes, double_read=True), room)
    keys = [frozenset(page.items.keys) for page in done.kept[1]]
    every = frozenset[int]().union(*keys)
    one_page_holds_it_all = any(page == every for page in keys)
    the_only_one_came_again = len(every) == 1 and keys.count(every) > 1
    assert done.walk.verdict == "complete"
    assert done.walk.passes == (1 if one_page_holds_it_all and not the_only_one_came_again else 2)


@pytest.mark.parametrize("double_read", [False, True])
def test_rows_that_move_between_two_pages_of_one_are_seen_by_a_double_read_whatever_the_total(
    double_read: bool,  # noqa: FBT001 - parametrized
) -> None:
    nature = Nature(30, totals="length", moves=(Move(2, "insert", 0),))
    done = crawl(nature, Bounds(1, max_passes=2, double_read=double_read))
    assert done.walk.verdict == ("unproven" if double_read else "complete")


def test_a_row_gone_and_another_come_is_seen_by_a_double_read_only() -> None:
    nature = Nature(30, moves=(Move(2, "swap", 0),))  # the first page has been read
    assert crawl(nature, Bounds(10)).walk.verdict == "complete"
    confirmed = crawl(nature, Bounds(10, max_passes=3, double_read=True))
    assert (confirmed.walk.verdict, confirmed.walk.passes) == ("complete", 3)
    assert confirmed.keys == set(confirmed.server.rows)
    assert crawl(nature, Bounds(10, max_passes=2, double_read=True)).walk.verdict == "drifted"


def test_two_proofs_with_a_drifting_pass_between_confirm_nothing() -> None:
    nature = Nature(30, moves=(Move(5, "insert", 0), Move(7, "delete", 0)))
    done = crawl(nature, Bounds(10, max_passes=3, double_read=True))
    assert (done.walk.verdict, done.walk.passes) == ("drifted", 3)
    confirmed = crawl(nature, Bounds(10, max_passes=4, double_read=True))
    assert (confirmed.walk.verdict, confirmed.walk.passes) == ("complete", 4)


def test_a_server_that_never_stands_still_ends_drifted_after_its_passes() -> None:
    done = crawl(Nature(50, moves=(Move(1, "insert", 0, 1, every=2),)), Bounds(10, max_passes=3))
    assert (done.walk.verdict, done.walk.passes) == ("drifted", 3)
    assert len(done.walk.totals) > 5


@pytest.mark.parametrize(("faults", "verdict"), [((), "unproven"), ((Fault(25, "fails", None),), "partial")])
def test_a_server_without_totals_is_read_to_its_end_in_one_pass(faults: tuple[Fault, ...], verdict: str) -> None:
    done = crawl(Nature(35, totals="none", faults=faults), Bounds(10), 5)
    assert (done.walk.verdict, done.walk.passes) == (verdict, 1)
    assert done.walk.distinct == (20 if faults else 35)
    assert [gap.end for gap in done.walk.gaps] == ([None] if faults else [])


def test_pages_that_hold_little_end_no_walk_without_totals() -> None:
    sparse = tuple(Fault(position, "short", None) for position in range(10, 400) if position % 10)
    done = crawl(Nature(400, totals="none", faults=sparse), Bounds(10))
    assert (done.walk.verdict, done.walk.distinct) == ("unproven", 10 + 39)


def test_a_page_without_a_total_among_others_proves_nothing() -> None:
    done = crawl(Nature(35, faults=(Fault(25, "bare", None),)), Bounds(10, max_passes=2), 5)
    assert (done.walk.verdict, done.walk.passes, done.walk.distinct) == ("unproven", 2, 35)


def test_a_survey_ends_with_the_first_page_of_each_walk() -> None:
    walk = Walk(ServerProfile(1, (None,)), max_passes=1, first_page_only=True)
    done = Crawl(Server(Nature(35)), walk, 5).run()
    assert (walk.verdict, list(walk.totals), done.requests) == ("unproven", [35], 1)


# ---- resume


def resumes_to_the_same(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    """Replayed in whole the evidence is the same, and at every prefix a still server leads to it again."""
    done = crawl(nature, how, room, choose)
    assert evidence_of(replay(how.begin(), done.history)) == evidence_of(done.walk)
    if not nature.still:
        return
    for end in range(len(done.history)):
        resumed = Crawl(Server(nature), replay(how.begin(), done.history[:end]), room, choose).run()
        assert evidence_of(resumed.walk) == evidence_of(done.walk)


def test_a_clamp_that_a_resume_sees_once_is_learned_as_one_that_was_seen_twice() -> None:
    nature = Nature(2, ignores_offset=True, faults=(Fault(0, "short", None),))
    resumes_to_the_same(nature, Bounds(2, max_passes=2, double_read=True), 1, lambda _: 0)


lasting = standing().filter(lambda nature: all(fault.times is None for fault in nature.faults))


@settings(max_examples=200, deadline=None)
@given(lasting | moving(), bounds, rooms, orders_of_answers)
def test_a_resume_at_any_moment_ends_as_the_run_would_have(
    nature: Nature, how: Bounds, room: int, choose: Choose
) -> None:
    resumes_to_the_same(nature, how, room, choose)


@pytest.mark.slow
@thorough
@given(lasting | moving(), bounds, rooms, orders_of_answers)
def test_a_resume_at_any_moment_is_nothing_at_length(nature: Nature, how: Bounds, room: int, choose: Choose) -> None:
    resumes_to_the_same(nature, how, room, choose)


@quick
@given(well_behaved(), limits, limits, rooms, orders_of_answers, st.data())
def test_a_resume_with_another_limit_is_whole_as_well(
    nature: Nature, limit: int, later: int, room: int, choose: Choose, data: st.DataObject
) -> None:
    history: list[Settled] = crawl(nature, Bounds(limit), room, choose).history
    end = data.draw(st.integers(0, len(history) - 1))
    walk = replay(Bounds(later).begin(), history[:end])
    resumed = Crawl(Server(nature), walk, room, choose).run()
    assert (resumed.walk.verdict, resumed.walk.passes) == ("complete", 1)


def test_windows_in_flight_when_a_pass_may_ask_no_more_are_asked_by_a_resume_too() -> None:
    resumes_to_the_same(Nature(30, totals="huge"), Bounds(10, max_passes=2), 12, lambda count: count - 1)


def test_what_a_journal_can_not_say_is_refused() -> None:
    walk = replay(Bounds(10).begin(), [Settled(Window(1, 0, 10, BY_NAME), page_of(range(10), 60))])
    walk.replay(Window(1, 30, 10, BY_NAME))
    for offset, limit, order in [
        (30, 10, BY_NAME),
        (0, 10, BY_NAME),
        (15, 10, BY_NAME),
        (20, 20, BY_NAME),
        (20, 10, None),
    ]:
        with pytest.raises(WalkError):
            walk.replay(Window(1, offset, limit, order))
    walk.on_page(Window(1, 30, 10, BY_NAME), page_of(range(30, 40), 60), last_try=True)
    for pass_number, offset in [(1, 30), (1, 60), (2, 0), (2, 20)]:
        with pytest.raises(WalkError):
            walk.replay(Window(pass_number, offset, 10, BY_NAME))
    assert walk.windows == 6
    assert [window.offset for window in iter(walk.next_window, None)] == [10, 20, 40, 50]
    assert walk.windows == 6


def test_a_first_window_without_a_size_is_refused_and_decides_nothing() -> None:
    walk = Bounds(10).begin()
    for window in (Window(1, 0, 0, None), Window(2, 0, 7, None), Window(1, 7, 7, None)):
        with pytest.raises(WalkError):
            walk.replay(window)
    assert walk.next_window() == Window(1, 0, 10, BY_NAME)
    with pytest.raises(WalkError):
        walk.replay(Window(1, 0, 10, BY_NAME))
