"""The laws of the walk (walk/walk.py) against every kind of server; each `check_...` is one of them.

Tests marked `slow` check the same law with more examples.
"""

from typing import Literal

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from crawler.model.window import Window
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.pass_sequence import WalkRules
from crawler.walk.passes import outcome
from crawler.walk.passes.out_of_line import MAX_RESTS
from crawler.walk.passes.outcome import AskAgain, WalkError
from crawler.walk.passes.questions import straddling
from crawler.walk.plan import windows
from crawler.walk.server_profile import ServerProfile, SharedProfile, SmallerPages
from crawler.walk.walk import Walk
from tests.support.examples import examples
from tests.walk.model_server import (
    ANY,
    BY_NAME,
    LIMITS,
    TRIES,
    Crawl,
    Fault,
    InventoryChange,
    Server,
    ServerBehavior,
    Settled,
    WalkConfig,
    evidence_of,
    missing,
    page_of,
    replay,
)
from tests.walk.strategies import (
    Pick,
    any_behavior,
    changing,
    concurrencies,
    limits,
    response_orders,
    unchanging,
    walk_configs,
    well_behaved,
    with_passing_faults,
)

quick = settings(max_examples=examples(quick=40), deadline=None)
thorough = settings(max_examples=10_000, deadline=None)


def first(_: int) -> int:
    return 0


def crawl(behavior: ServerBehavior, config: WalkConfig, concurrency: int = 1, pick: Pick = first) -> Crawl:
    return Crawl(Server(behavior), config.new_walk(), concurrency, pick).run()


# ---- honesty


def page_ends_at_capped_total(done: Crawl, cap: int) -> bool:
    """Return whether the server cut a page just where it caps its total: that looks like the short page of an end."""
    last = max(settled.window.pass_number for settled in done.history)
    settled = (one for one in done.history if one.window.pass_number == last)
    reaching = [(window, page) for window, page in settled if window.offset + window.limit > cap]
    ends = [window.offset + page.length for window, page in reaching if page is not None]
    return len(reaching) == 1 and ends == [cap] and cap < len(done.server.rows)


def check_proof(behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick) -> None:
    done = crawl(behavior, config, concurrency, pick)
    event(str(done.walk.verdict))
    if done.walk.verdict != "complete":
        return
    assert done.walk.distinct == len(done.keys)
    if behavior.unchanging and not page_ends_at_capped_total(done, behavior.total_cap):
        assert done.keys == set(done.server.rows)
    totals = {page.total for page in done.last_pass if page.length}
    assert totals <= {len(done.keys)}
    assert done.walk.gaps == ()
    assert done.walk.passes == max(done.kept)  # the last pass proves it, not an earlier one


@quick
@given(unchanging(), walk_configs, concurrencies, response_orders)
def test_a_complete_walk_of_an_unchanging_server_has_every_row(
    behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_proof(behavior, config, concurrency, pick)


@quick
@given(changing(), walk_configs, concurrencies, response_orders)
def test_a_complete_walk_of_a_changing_server_saw_one_total_and_that_many_keys(
    behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_proof(behavior, config, concurrency, pick)


@pytest.mark.slow
@thorough
@given(any_behavior, walk_configs, concurrencies, response_orders)
def test_a_complete_walk_is_complete_at_length(
    behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_proof(behavior, config, concurrency, pick)


# ---- a well behaved server


def check_one_pass_is_enough(behavior: ServerBehavior, limit: int, concurrency: int, pick: Pick) -> None:
    done = crawl(behavior, WalkConfig(limit, max_passes=1), concurrency, pick)
    assert done.walk.verdict == "complete"
    assert done.walk.passes == 1
    assert done.walk.distinct == behavior.rows
    assert done.walk.totals.keys() <= {behavior.rows}
    accepted = max(behavior.largest_size, behavior.floor)
    steps = [size for size in (limit, 20, 10, 5, 2, 1) if size <= limit]
    asked = next(size for size in steps if size <= accepted)
    refused = len(behavior.refused_orders) + steps.index(asked)
    size = max(min(asked, behavior.clamp), behavior.floor)
    looks_beyond = 0 if straddling(behavior.rows, size) is not None else 5 if behavior.refuses_past_end else 2
    assert done.requests <= windows(behavior.rows, size) + 2 + looks_beyond + refused


@quick
@given(well_behaved(), limits, concurrencies, response_orders)
@example(ServerBehavior(0, total_on_empty=False), 10, 1, first)
@example(ServerBehavior(60, clamp=1), 22, 12, first)
def test_a_well_behaved_server_is_complete_in_one_pass_with_few_requests_in_any_order(
    behavior: ServerBehavior, limit: int, concurrency: int, pick: Pick
) -> None:
    check_one_pass_is_enough(behavior, limit, concurrency, pick)


@pytest.mark.slow
@thorough
@given(well_behaved(), limits, concurrencies, response_orders)
def test_a_well_behaved_server_is_complete_at_length(
    behavior: ServerBehavior, limit: int, concurrency: int, pick: Pick
) -> None:
    check_one_pass_is_enough(behavior, limit, concurrency, pick)


# ---- it ends


def check_that_it_ends(behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick) -> None:
    done = crawl(behavior, config, concurrency, pick)
    refusals = 6 + len(config.orders)
    size = min([settled.window.limit for settled in done.history] + [page.length or ANY for page in done.last_pass])
    # Without a total each page must hold a new key at least.
    planned = max(windows(max(done.server.declared), size), done.server.keys_so_far) + 2
    assert done.requests <= config.max_passes * TRIES * planned + refusals
    if behavior.unchanging:  # then the content of the pages bounds it, whatever total is declared
        assert done.requests <= config.max_passes * TRIES * (16 + 2 * (behavior.rows + 1)) + refusals


@quick
@given(any_behavior, walk_configs, concurrencies, response_orders)
@example(ServerBehavior(30, totals="huge"), WalkConfig(10), 12, first)
@example(ServerBehavior(30, totals="huge", ignores_offset=True), WalkConfig(10), 12, first)
@example(ServerBehavior(30, totals="huge", repeats_last=True, floor=20), WalkConfig(10), 1, first)
@example(ServerBehavior(0, totals="huge"), WalkConfig(10), 12, first)
def test_every_crawl_ends(behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick) -> None:
    check_that_it_ends(behavior, config, concurrency, pick)


@pytest.mark.slow
@thorough
@given(any_behavior, walk_configs, concurrencies, response_orders)
def test_every_crawl_ends_at_length(behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick) -> None:
    check_that_it_ends(behavior, config, concurrency, pick)


# ---- order


def check_order_does_not_matter(behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick) -> None:
    one_by_one, mixed = crawl(behavior, config), crawl(behavior, config, concurrency, pick)
    event(str(mixed.walk.verdict))
    assert evidence_of(mixed.walk) == evidence_of(one_by_one.walk)


@quick
@given(unchanging() | with_passing_faults(), walk_configs, concurrencies, response_orders)
def test_the_order_of_the_responses_does_not_change_the_verdict(
    behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_order_does_not_matter(behavior, config, concurrency, pick)


@pytest.mark.slow
@thorough
@given(unchanging() | with_passing_faults(), walk_configs, concurrencies, response_orders)
def test_the_order_of_the_responses_does_not_change_the_verdict_at_length(
    behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_order_does_not_matter(behavior, config, concurrency, pick)


# ---- faults


def check_passing_faults(behavior: ServerBehavior, limit: int, concurrency: int, pick: Pick) -> None:
    done = crawl(behavior, WalkConfig(limit, max_passes=4), concurrency, pick)
    assert done.walk.verdict == "complete"
    assert done.keys == set(range(behavior.rows))


@quick
@given(with_passing_faults(), limits, concurrencies, response_orders)
def test_faults_that_pass_leave_the_walk_complete(
    behavior: ServerBehavior, limit: int, concurrency: int, pick: Pick
) -> None:
    check_passing_faults(behavior, limit, concurrency, pick)


@pytest.mark.slow
@thorough
@given(with_passing_faults(), limits, concurrencies, response_orders)
def test_faults_that_pass_leave_the_walk_complete_at_length(
    behavior: ServerBehavior, limit: int, concurrency: int, pick: Pick
) -> None:
    check_passing_faults(behavior, limit, concurrency, pick)


@quick
@given(well_behaved(), st.data(), walk_configs, concurrencies, response_orders)
def test_a_window_without_any_response_is_lost_and_reported_as_a_gap(
    behavior: ServerBehavior, data: st.DataObject, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    position = data.draw(st.integers(0, max(0, behavior.rows - 1)))
    faults = (Fault(position, "fails", None),)
    broken = ServerBehavior(**{**vars(behavior), "rows": max(1, behavior.rows), "floor": 0, "faults": faults})
    done = crawl(broken, config, concurrency, pick)
    assert done.walk.verdict == "partial"
    assert done.walk.passes == 1
    (gap,) = done.walk.gaps
    assert gap.offset <= position
    assert gap.end is None or position < gap.end
    assert (gap.end is None) == (gap.offset == 0)


@quick
@given(unchanging(), walk_configs, concurrencies, response_orders)
def test_the_evidence_adds_up(behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick) -> None:
    done = crawl(behavior, config, concurrency, pick)
    walk = done.walk
    items = sum(page.length for page in done.last_pass)
    assert walk.distinct == len(done.keys)
    assert walk.duplicates == items - walk.distinct
    declared = {page.total for pages in done.kept.values() for page in pages if page.total is not None}
    assert set(walk.totals) == declared
    left_out = missing(walk.gaps)
    honest = (
        behavior.totals == "true"
        and behavior.rows <= behavior.total_cap
        and not (behavior.ignores_offset or behavior.repeats_last or behavior.floor)
    )
    if honest and left_out is not None and walk.verdict != "unproven" and walk.reading.evidence.total:
        assert items + left_out == walk.reading.evidence.total


@pytest.mark.parametrize(("second", "distinct"), [(page_of(range(3), 3), 3), (EMPTY_PAGE, 0)])
def test_an_empty_first_page_means_an_empty_walk_only_when_it_comes_twice(second: Page, distinct: int) -> None:
    walk = WalkConfig().new_walk()
    window = walk.next_window()
    assert window is not None
    assert isinstance(walk.on_page(window, EMPTY_PAGE, last_try=False), AskAgain)
    assert walk.on_page(window, second, last_try=False) == outcome.Settled(second)
    assert (walk.reading.evidence.doubt, walk.reading.evidence.total) == ("", distinct)


# ---- rows that come and go


def test_a_walk_whose_rows_are_added_as_fast_as_they_are_read_ends_partial() -> None:
    behavior = ServerBehavior(20, changes=(InventoryChange(2, "insert", 0, 10, every=1),))
    done = crawl(behavior, WalkConfig(10, max_passes=1))
    assert done.requests == 16
    (gap,) = done.walk.gaps
    assert (gap.offset, gap.reason) == (160, "not requested: rows were added as fast as they were read")
    assert done.walk.verdict == "partial"


@pytest.mark.parametrize("rows", [15, 25])
def test_a_total_that_is_only_the_limit_is_recognized(rows: int) -> None:
    done = crawl(ServerBehavior(rows, totals="limit"), WalkConfig(10))
    assert (done.walk.verdict, done.walk.distinct) == ("unproven", rows)


def test_the_window_beyond_a_total_that_grew_is_read_like_any_other() -> None:
    grows = ServerBehavior(10, changes=(InventoryChange(2, "insert", 10, 7),), faults=(Fault(12, "short", None),))
    done = crawl(grows, WalkConfig(10, max_passes=1))
    assert done.walk.verdict == "partial"
    assert [(gap.offset, gap.end, gap.got) for gap in done.walk.gaps] == [(16, 17, 0)]


def test_a_total_that_falls_after_a_full_first_page_is_no_proof() -> None:
    done = crawl(ServerBehavior(10, changes=(InventoryChange(2, "delete", 0, 1),)), WalkConfig(10))
    assert (done.walk.verdict, list(done.walk.totals)) == ("complete", [10, 9])
    assert done.walk.passes == 3  # what an earlier pass held must be contradicted twice


def test_a_total_that_changes_under_a_repeated_page_is_no_proof() -> None:
    behavior = ServerBehavior(10, ignores_offset=True, changes=(InventoryChange(2, "insert", 10, 1),))
    done = crawl(behavior, WalkConfig(10))
    assert done.walk.verdict == "drifted"
    assert set(done.walk.totals) == {10, 11}


# ---- page sizes


def test_a_page_cap_counts_when_a_length_comes_twice_and_is_shared_when_the_pass_is_consistent() -> None:
    profile = SharedProfile(ServerProfile(20, (None,)))
    clamped = ServerBehavior(50, clamp=7)
    one = Crawl(Server(clamped), Walk(profile, WalkRules(1))).run()
    other = Crawl(Server(clamped), Walk(profile, WalkRules(1))).run()
    assert (one.requests, other.requests) == (9, 8)
    assert profile.present.limit == one.walk.reading.page_limit == 7


def test_a_walk_with_a_missing_item_does_not_shrink_the_pages_of_other_walks() -> None:
    profile = SharedProfile(ServerProfile(20, (None,)))
    done = Crawl(Server(ServerBehavior(2, totals="more")), Walk(profile, WalkRules(2))).run()
    assert done.walk.verdict == "partial"
    assert profile.present.limit == 20


def test_a_page_cap_that_starts_within_a_walk_costs_few_requests() -> None:
    walk = WalkConfig(20).new_walk()
    done = Crawl(Server(ServerBehavior(400, clamp=5, clamp_from=20)), walk, concurrency=4).run()
    assert (done.walk.verdict, done.walk.passes, done.walk.distinct) == ("complete", 1, 400)
    assert done.requests < 3 * (2 * 16 + 3 * 20 + 20)


def test_the_length_of_pages_longer_than_requested_becomes_the_page_size() -> None:
    done = crawl(ServerBehavior(100, floor=30), WalkConfig(10), 3)
    assert [settled.window[1:3] for settled in done.history] == [(0, 10), (30, 30), (60, 30), (90, 30)]
    assert done.walk.verdict == "complete"
    assert done.walk.duplicates == 0


def test_pages_that_always_lack_rows_are_read_to_the_end_by_the_last_pass_only() -> None:
    hidden = tuple(Fault(position, "short", None) for position in range(5, 400, 10))
    done = crawl(ServerBehavior(400, faults=hidden), WalkConfig(10), 4)
    assert (done.walk.verdict, done.walk.distinct) == ("partial", 360)
    assert missing(done.walk.gaps) == 400 - 360 - done.walk.duplicates
    pages = [len(done.kept[number]) for number in (1, 2, 3)]
    assert pages[2] > 2 * 40 - 5
    assert max(pages[:2]) < pages[2] / 2 + 5


@pytest.mark.parametrize("concurrency", [1, 8, 50])
def test_no_window_is_requested_far_ahead_of_what_the_pages_prove(concurrency: int) -> None:
    done = crawl(ServerBehavior(33, totals="huge"), WalkConfig(10, max_passes=1), concurrency)
    asked = sorted(settled.window.offset for settled in done.history)
    ahead = 16 + 7  # two windows for each window's worth of keys; no window is requested in part
    in_line = list(range(0, ahead * 10, 10))
    assert asked == sorted([*in_line, 33])  # the rest of the last page with rows
    short = [(33, 40, 0), *((offset, offset + 10, 0) for offset in in_line[4:])]
    assert [gap[:3] for gap in done.walk.gaps] == [*short, (ahead * 10, 10**15, 0)]


def test_an_empty_page_without_a_total_is_compared_with_the_totals_of_other_pages() -> None:
    walk = replay(WalkConfig(10, max_passes=1).new_walk(), [Settled(Window(1, 0, 10, BY_NAME), page_of(range(10), 17))])
    window = walk.next_window()
    assert window is not None
    assert isinstance(walk.on_page(window, EMPTY_PAGE, last_try=False), AskAgain)
    assert walk.on_page(window, EMPTY_PAGE, last_try=True) == outcome.Settled(EMPTY_PAGE)
    assert walk.verdict == "partial"
    assert [gap[:3] for gap in walk.gaps] == [(10, 17, 0)]


@pytest.mark.parametrize("first_broken", [0, 20])
def test_windows_that_failed_in_an_outage_are_read_at_the_end_of_the_same_pass(first_broken: int) -> None:
    broken = [Fault(position, "fails", TRIES) for position in range(15, 400, 10)]
    done = crawl(ServerBehavior(400, faults=tuple(broken[first_broken : first_broken + 10])), WalkConfig(10), 20)
    assert (done.walk.verdict, done.walk.passes, done.walk.distinct) == ("complete", 1, 400)


def test_a_window_that_fails_at_the_end_of_its_pass_too_is_lost_after_few_more_tries() -> None:
    done = crawl(ServerBehavior(50, faults=(Fault(25, "fails", None),)), WalkConfig(10), 2)
    assert (done.walk.verdict, done.walk.passes) == ("partial", 1)
    assert [gap[:3] for gap in done.walk.gaps] == [(20, 30, 0)]
    assert done.requests == 4 + TRIES + LIMITS.short_tries
    assert done.history[-1] == Settled(Window(1, 20, 10, BY_NAME), None)


# ---- pages that end by bytes


def check_pages_that_end_by_bytes(
    behavior: ServerBehavior, weight: int, limit: int, concurrency: int, pick: Pick
) -> None:
    heavy = ServerBehavior(**{**vars(behavior), "floor": 0, "page_weight": weight})
    done = crawl(heavy, WalkConfig(limit, max_passes=1), concurrency, pick)
    assert (done.walk.verdict, done.walk.passes) == ("complete", 1)
    assert done.keys == set(range(behavior.rows))
    assert done.requests <= 2 * (behavior.rows + windows(behavior.rows, limit)) + 8 + 6


@quick
@given(well_behaved(), st.integers(1, 30), limits, concurrencies, response_orders)
def test_a_list_whose_pages_end_by_bytes_is_complete_in_one_pass(
    behavior: ServerBehavior, weight: int, limit: int, concurrency: int, pick: Pick
) -> None:
    check_pages_that_end_by_bytes(behavior, weight, limit, concurrency, pick)


def test_the_rest_of_a_page_that_ended_early_is_asked_from_where_it_ended() -> None:
    done = crawl(ServerBehavior(20, clamp=4, clamp_from=10), WalkConfig(10))
    asked = [settled.window[1:3] for settled in done.history]
    assert asked == [(0, 10), (10, 10), (14, 6), (18, 2), (20, 10)]
    assert (done.walk.verdict, done.requests) == ("complete", 7)  # one look more at the short page, and at the end


def test_a_short_page_that_left_rows_out_in_the_middle_leaves_a_gap_and_not_a_copy_of_its_last_row() -> None:
    done = crawl(ServerBehavior(30, faults=(Fault(15, "short", None),)), WalkConfig(10, max_passes=1))
    assert (done.walk.verdict, done.walk.distinct, done.walk.duplicates) == ("partial", 29, 0)
    assert missing(done.walk.gaps) == 1


def test_a_window_has_a_bounded_number_of_rests() -> None:
    rows, limit = 2 * MAX_RESTS + 100, MAX_RESTS + 50
    behavior = ServerBehavior(rows, clamp=1, clamp_from=1)
    done = crawl(behavior, WalkConfig(limit, max_passes=1))
    assert done.walk.verdict == "partial"
    assert done.requests < 3 * rows


def test_a_refused_page_size_is_lowered_until_it_is_accepted() -> None:
    profile = SharedProfile(ServerProfile(1000, (None,)))
    done = Crawl(Server(ServerBehavior(250, largest_size=100)), Walk(profile, WalkRules(1))).run()
    assert (done.walk.verdict, done.walk.reading.page_limit, profile.present.limit, done.requests) == (
        "complete",
        100,
        100,
        6,
    )


def test_when_no_page_size_or_order_is_left_the_window_is_lost() -> None:
    assert crawl(ServerBehavior(5, largest_size=0), WalkConfig(2)).walk.verdict == "partial"
    one_order = WalkConfig(2, orders=(None,))
    assert crawl(ServerBehavior(5, refused_orders=frozenset({None})), one_order).walk.verdict == "partial"


def test_a_size_or_order_refused_after_the_first_page_loses_the_window() -> None:
    walk = WalkConfig(10).new_walk()
    window = walk.next_window()
    assert window is not None
    walk.on_page(window, page_of(range(10), 30), last_try=False)
    later = walk.next_window()
    assert later is not None
    assert not walk.on_shape_refused(later, "size")
    assert not walk.on_shape_refused(later, "order")
    assert walk.reading.frontier.in_flight == 1


def test_a_size_refused_to_one_walk_does_not_raise_the_size_that_another_walk_lowered() -> None:
    profile = SharedProfile(ServerProfile(500, (None,)))
    walks = [Walk(profile, WalkRules(1)) for _ in range(2)]
    asked = [walk.next_window() for walk in walks]
    assert all(window is not None and window.limit == 500 for window in asked)
    profile.learn(SmallerPages(50))
    for walk, window in zip(walks, asked, strict=True):
        assert window is not None
        assert walk.on_shape_refused(window, "size")
    assert profile.present.limit == 50
    assert [window and window.limit for window in (walk.next_window() for walk in walks)] == [50, 50]


@pytest.mark.parametrize("kind", ["short", "empty", "fails"])
@pytest.mark.parametrize("position", [0, 15, 29])
def test_a_page_that_is_short_once_costs_one_more_request(
    kind: Literal["short", "empty", "fails"], position: int
) -> None:
    done = crawl(ServerBehavior(30, faults=(Fault(position, kind, 1),)), WalkConfig(10, max_passes=1))
    assert (done.walk.verdict, done.requests) == ("complete", 5)


def test_a_first_page_whose_length_changes_counts_at_the_last_try_and_its_length_is_shared_when_consistent() -> None:
    profile = SharedProfile(ServerProfile(10, (None,)))
    walk = Walk(profile, WalkRules(1))
    window = walk.next_window()
    assert window is not None
    waits = []
    for length in (5, 6, 0, 6, 7):
        again = walk.on_page(window, page_of(range(length), 12), last_try=False)
        assert isinstance(again, AskAgain)
        waits.append(again.wait)
    assert waits == ["none", "backoff", "backoff", "backoff", "backoff"]
    assert walk.on_page(window, page_of(range(8), 12), last_try=True) == outcome.Settled(page_of(range(8), 12))
    assert profile.present.limit == 10  # before the pass is consistent, a short page may be a mistake
    later = walk.next_window()
    assert later is not None
    walk.on_page(later, page_of(range(8, 12), 12), last_try=True)
    assert (walk.verdict, walk.reading.page_limit, profile.present.limit) == ("complete", 8, 8)


# ---- passes


def test_rows_added_during_a_pass_are_read_in_the_same_pass() -> None:
    done = crawl(ServerBehavior(30, changes=(InventoryChange(2, "insert", 30, 25),)), WalkConfig(10, max_passes=1), 2)
    assert done.walk.verdict == "drifted"
    assert (list(done.walk.totals), done.walk.distinct) == ([30, 55], 55)


@quick
@given(well_behaved(), limits, st.integers(2, 4), concurrencies)
def test_a_double_read_takes_two_passes_unless_one_page_holds_the_whole_list(
    behavior: ServerBehavior, limit: int, max_passes: int, concurrency: int
) -> None:
    done = crawl(behavior, WalkConfig(limit, max_passes, double_read=True), concurrency)
    keys = [frozenset(page.items.keys) for page in done.kept[1]]
    every = frozenset[int]().union(*keys)
    one_page_holds_it_all = any(page == every for page in keys)
    the_only_one_came_again = len(every) == 1 and keys.count(every) > 1
    assert done.walk.verdict == "complete"
    assert done.walk.passes == (1 if one_page_holds_it_all and not the_only_one_came_again else 2)


def test_rows_that_move_between_pages_of_one_item_prove_nothing() -> None:
    behavior = ServerBehavior(30, totals="length", changes=(InventoryChange(2, "insert", 0),))
    assert crawl(behavior, WalkConfig(1, max_passes=2)).walk.verdict == "unproven"


def test_one_row_replaced_by_another_is_noticed_by_a_double_read_only() -> None:
    behavior = ServerBehavior(30, changes=(InventoryChange(2, "swap", 0),))  # the first page has been read
    assert crawl(behavior, WalkConfig(10)).walk.verdict == "complete"
    confirmed = crawl(behavior, WalkConfig(10, max_passes=3, double_read=True))
    assert (confirmed.walk.verdict, confirmed.walk.passes) == ("complete", 3)
    assert confirmed.keys == set(confirmed.server.rows)
    assert crawl(behavior, WalkConfig(10, max_passes=2, double_read=True)).walk.verdict == "drifted"


def test_two_consistent_passes_with_another_one_between_them_are_no_double_read() -> None:
    behavior = ServerBehavior(30, changes=(InventoryChange(5, "insert", 0), InventoryChange(7, "delete", 0)))
    done = crawl(behavior, WalkConfig(10, max_passes=3, double_read=True))
    assert (done.walk.verdict, done.walk.passes) == ("drifted", 3)
    confirmed = crawl(behavior, WalkConfig(10, max_passes=4, double_read=True))
    assert (confirmed.walk.verdict, confirmed.walk.passes) == ("complete", 4)


def test_a_server_that_always_changes_ends_drifted_after_max_passes() -> None:
    done = crawl(
        ServerBehavior(50, changes=(InventoryChange(1, "insert", 0, 1, every=2),)), WalkConfig(10, max_passes=3)
    )
    assert (done.walk.verdict, done.walk.passes) == ("drifted", 3)
    assert len(done.walk.totals) > 5


@pytest.mark.parametrize(("faults", "verdict"), [((), "unproven"), ((Fault(25, "fails", None),), "partial")])
def test_a_server_without_totals_is_read_to_its_end_in_one_pass(faults: tuple[Fault, ...], verdict: str) -> None:
    done = crawl(ServerBehavior(35, totals="none", faults=faults), WalkConfig(10), 5)
    assert (done.walk.verdict, done.walk.passes) == (verdict, 1)
    assert done.walk.distinct == (20 if faults else 35)
    assert [gap.end for gap in done.walk.gaps] == ([None] if faults else [])


def test_short_pages_do_not_end_a_walk_without_totals() -> None:
    sparse = tuple(Fault(position, "short", None) for position in range(10, 400) if position % 10)
    done = crawl(ServerBehavior(400, totals="none", faults=sparse), WalkConfig(10))
    assert (done.walk.verdict, done.walk.distinct) == ("unproven", 10 + 39)


def test_a_page_without_a_total_among_others_proves_nothing() -> None:
    done = crawl(ServerBehavior(35, faults=(Fault(25, "no total", None),)), WalkConfig(10, max_passes=2), 5)
    assert (done.walk.verdict, done.walk.passes, done.walk.distinct) == ("unproven", 2, 35)


# ---- resume


def check_resume(behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick) -> None:
    """A complete replay has the same evidence; a resume at any prefix ends with it if the server does not change."""
    done = crawl(behavior, config, concurrency, pick)
    assert evidence_of(replay(config.new_walk(), done.history)) == evidence_of(done.walk)
    if not behavior.unchanging:
        return
    for end in range(len(done.history)):
        resumed = Crawl(Server(behavior), replay(config.new_walk(), done.history[:end]), concurrency, pick).run()
        assert evidence_of(resumed.walk) == evidence_of(done.walk)


def test_a_resume_learns_a_page_cap_from_one_response_where_the_run_saw_two() -> None:
    behavior = ServerBehavior(2, ignores_offset=True, faults=(Fault(0, "short", None),))
    check_resume(behavior, WalkConfig(2, max_passes=2, double_read=True), 1, lambda _: 0)


lasting = unchanging().filter(lambda behavior: all(fault.times is None for fault in behavior.faults))


@settings(max_examples=examples(quick=30), deadline=None)
@given(lasting | changing(), walk_configs, concurrencies, response_orders)
def test_a_resume_at_any_moment_ends_like_the_uninterrupted_run(
    behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_resume(behavior, config, concurrency, pick)


@pytest.mark.slow
@thorough
@given(lasting | changing(), walk_configs, concurrencies, response_orders)
def test_a_resume_at_any_moment_ends_like_the_uninterrupted_run_at_length(
    behavior: ServerBehavior, config: WalkConfig, concurrency: int, pick: Pick
) -> None:
    check_resume(behavior, config, concurrency, pick)


@quick
@given(well_behaved(), limits, limits, concurrencies, response_orders, st.data())
def test_a_resume_with_another_page_size_is_complete_as_well(
    behavior: ServerBehavior, limit: int, later: int, concurrency: int, pick: Pick, data: st.DataObject
) -> None:
    history: list[Settled] = crawl(behavior, WalkConfig(limit), concurrency, pick).history
    end = data.draw(st.integers(0, len(history) - 1))
    walk = replay(WalkConfig(later).new_walk(), history[:end])
    resumed = Crawl(Server(behavior), walk, concurrency, pick).run()
    assert (resumed.walk.verdict, resumed.walk.passes) == ("complete", 1)


def test_windows_in_flight_at_the_end_of_the_read_ahead_are_requested_by_a_resume_too() -> None:
    check_resume(ServerBehavior(30, totals="huge"), WalkConfig(10, max_passes=2), 12, lambda count: count - 1)


def test_a_journal_entry_that_is_not_possible_raises_walk_error() -> None:
    walk = replay(WalkConfig(10).new_walk(), [Settled(Window(1, 0, 10, BY_NAME), page_of(range(10), 60))])
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


def test_an_impossible_first_window_raises_walk_error_and_changes_nothing() -> None:
    walk = WalkConfig(10).new_walk()
    for window in (Window(1, 0, 0, None), Window(2, 0, 7, None), Window(1, 7, 7, None)):
        with pytest.raises(WalkError):
            walk.replay(window)
    assert walk.next_window() == Window(1, 0, 10, BY_NAME)
    with pytest.raises(WalkError):
        walk.replay(Window(1, 0, 10, BY_NAME))


def test_a_page_or_a_loss_of_a_window_that_is_not_in_flight_is_an_error_and_changes_nothing() -> None:
    walk = WalkConfig(10).new_walk()
    window = walk.next_window()
    assert window is not None
    other = window._replace(offset=10)
    with pytest.raises(WalkError, match="is not in flight"):
        walk.on_page(other, page_of(range(10), 10), last_try=True)
    with pytest.raises(WalkError, match="is not in flight"):
        walk.on_lost(other, "no answer")
    assert walk.reading.frontier.in_flight == 1
    assert walk.on_page(window, page_of(range(3), 3), last_try=False) == outcome.Settled(page_of(range(3), 3))
