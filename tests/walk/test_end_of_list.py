"""A total is a claim, an end is seen: how a walk finds out that its list ends (walk/passes/questions.py)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.model.window import Window
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.pass_sequence import WalkRules
from crawler.walk.passes.outcome import AskAgain, NoList, Refusal, Settled, WalkError
from crawler.walk.passes.questions import straddling, tail
from crawler.walk.passes.reading import Done
from crawler.walk.rested_walk import rested, result_of
from crawler.walk.server_profile import ServerProfile, SharedProfile
from crawler.walk.walk import Walk
from tests.support.examples import examples
from tests.walk.model_server import (
    ANY,
    BY_NAME,
    Crawl,
    Fault,
    InventoryChange,
    Server,
    ServerBehavior,
    WalkConfig,
    page_of,
    replay,
)
from tests.walk.strategies import concurrencies, limits

quick = settings(max_examples=examples(quick=40), deadline=None)


def crawl(behavior: ServerBehavior, config: WalkConfig, concurrency: int = 1) -> Crawl:
    return Crawl(Server(behavior), config.new_walk(), concurrency).run()


def asked(done: Crawl) -> list[tuple[int, int]]:
    """Return offset and limit of each settled window."""
    return [(settled.window.offset, settled.window.limit) for settled in done.history]


def answered(*pages: Page | None, limit: int = 10, max_passes: int = 1) -> tuple[Walk, list[Window]]:
    """Answer the windows of a new walk in turn, None with a loss; return the walk and its windows."""
    walk = WalkConfig(limit, max_passes).new_walk()
    windows, window = list[Window](), None
    for page in pages:
        window = window or walk.next_window()
        assert window is not None
        if page is None:
            walk.on_lost(window, "no answer")
        elif isinstance(walk.on_page(window, page, last_try=False), AskAgain):
            continue
        windows.append(window)
        window = None
    return walk, windows


def rows(count: int, total: int | None = None, first: int = 0) -> Page:
    return page_of(range(first, first + count), total)


# ---- which question is asked


@pytest.mark.parametrize(
    ("length", "limit", "questions"),
    [
        (0, 10, []),
        (1, 10, [(1, 1)]),
        (2, 10, [(1, 1)]),
        (3, 10, [(2, 2)]),
        (7, 10, [(6, 6)]),
        (10, 10, [(9, 9)]),
        (20, 10, [(18, 9)]),
        (25, 10, []),
        (1000, 1000, [(999, 999)]),
        (3000, 1000, [(2997, 999)]),
        (70, 50, []),
        (1, 1, [(1, 1)]),
        (2, 2, [(2, 2)]),
        (12, 4, [(12, 4)]),
    ],
)
def test_a_walk_of_full_pages_asks_once_more_and_a_short_last_page_after_others_is_enough(
    length: int, limit: int, questions: list[tuple[int, int]]
) -> None:
    done = crawl(ServerBehavior(length), WalkConfig(limit))
    in_line = [(offset, limit) for offset in range(0, max(1, length), limit)]
    assert (done.walk.verdict, asked(done)) == ("complete", in_line + questions)


def test_pages_longer_than_requested_are_full_pages() -> None:
    done = crawl(ServerBehavior(70, floor=70), WalkConfig(50))
    assert (done.walk.verdict, asked(done)) == ("complete", [(0, 50), (69, 69)])


@quick
@given(st.integers(1, 5000), st.integers(1, 1000))
def test_a_straddling_window_begins_below_the_total_and_is_not_full(total: int, limit: int) -> None:
    window = straddling(total, limit)
    if window is None:
        assert all(total % size == 0 for size in range(2, min(limit, total)))
        return
    offset, size = window
    assert offset % size == 0
    assert offset < total < offset + size
    assert size < limit


# ---- what the answer proves


@quick
@given(st.integers(1, 60), limits, st.booleans(), st.booleans(), concurrencies)
def test_totals_that_are_page_lengths_are_proven_by_their_end_or_not_at_all(
    count: int,
    limit: int,
    repeats_last: bool,  # noqa: FBT001 - Hypothesis' arguments
    total_on_empty: bool,  # noqa: FBT001
    concurrency: int,
) -> None:
    behavior = ServerBehavior(count, totals="length", repeats_last=repeats_last, total_on_empty=total_on_empty)
    done = crawl(behavior, WalkConfig(limit), concurrency)
    assert done.keys == set(range(count))
    unclear = count > limit or (repeats_last and count == 2)
    assert done.walk.verdict == ("unproven" if unclear else "complete")


@quick
@given(st.integers(1, 60), st.integers(0, 40), limits, concurrencies)
def test_a_total_that_is_capped_is_never_complete_when_the_last_page_is_full(
    cap: int, more: int, limit: int, concurrency: int
) -> None:
    behavior = ServerBehavior(cap * limit + more, total_cap=cap * limit)
    done = crawl(behavior, WalkConfig(limit), concurrency)
    assert done.walk.verdict == ("unproven" if more else "complete")
    assert done.keys == set(range(cap * limit + more))


@quick
@given(st.integers(1, 60), limits, concurrencies)
def test_a_server_that_repeats_its_last_page_beyond_the_end_is_complete(
    count: int, limit: int, concurrency: int
) -> None:
    assert crawl(ServerBehavior(count, repeats_last=True), WalkConfig(limit), concurrency).walk.verdict == "complete"


@quick
@given(st.integers(2, 60), limits)
def test_a_server_that_ignores_the_offset_is_complete_only_when_its_total_counts_a_short_page(
    count: int, limit: int
) -> None:
    size = max(2, limit)
    one_page = crawl(ServerBehavior(count, ignores_offset=True), WalkConfig(size))
    assert (one_page.walk.verdict == "complete") == (count < size)
    wrong_total = crawl(ServerBehavior(count, ignores_offset=True, totals="length"), WalkConfig(size))
    assert wrong_total.walk.verdict == "unproven"


def test_one_record_is_complete_when_nothing_comes_behind_it_or_it_alone_as_one_of_two() -> None:
    for limit in (1, 2, 10):
        walk, windows = answered(rows(1, 1), EMPTY_PAGE, EMPTY_PAGE, limit=limit)
        assert (walk.verdict, [window[1:3] for window in windows]) == ("complete", [(0, limit), (1, 1)])
    for limit, pair in ((1, 2), (2, 3), (10, 2)):  # the offset is ignored
        walk, windows = answered(rows(1, 1), rows(1, 1), rows(1, 1), limit=limit)
        assert (walk.verdict, [window[1:3] for window in windows]) == ("complete", [(0, limit), (1, 1), (0, pair)])


def test_one_record_of_a_service_that_sends_one_at_a_time_and_counts_the_page_is_not_all() -> None:
    walk, windows = answered(rows(1, 1), rows(1, 1, first=1), rows(1, 1, first=2), EMPTY_PAGE, EMPTY_PAGE)
    assert (walk.verdict, walk.distinct, [window[1] for window in windows]) == ("unproven", 3, [0, 1, 2, 3])


def test_rows_that_come_again_in_every_place_leave_the_end_unseen() -> None:
    walk, windows = answered(rows(7, 7), rows(6, 7), rows(7, 7), None)
    assert [window[1:3] for window in windows] == [(0, 10), (6, 6), (7, 7), (1, 1)]
    assert walk.judgement == ("unproven", "the end of the list was not seen")


def test_an_empty_answer_beyond_the_end_is_taken_when_it_comes_twice_some_time_apart() -> None:
    walk, _ = answered(rows(2, 2), limit=2, max_passes=2)
    window = walk.next_window()
    assert window == Window(1, 2, 2, BY_NAME)
    again = walk.on_page(window, EMPTY_PAGE, last_try=True)
    assert isinstance(again, AskAgain)
    assert again.wait == "apart"
    assert walk.on_page(window, rows(2, 4, first=2), last_try=True) == Settled(rows(2, 4, first=2))
    assert (walk.verdict, walk.passes, list(walk.totals)) == (None, 2, [2, 4])


def test_a_refusal_of_known_rows_is_a_doubt_and_one_below_the_total_is_no_end() -> None:
    for count in (2, 3, 10):
        walk, _ = answered(rows(count, count))
        window = walk.next_window()
        assert window is not None
        assert walk.on_refused(window, Refusal("HTTP 404")) == Settled(EMPTY_PAGE._replace(doubtful=True))
        assert walk.judgement == ("unproven", "the last records did not come again")
    walk, _ = answered(rows(10, 30))
    window = walk.next_window()
    assert window is not None
    assert walk.on_refused(window, Refusal("HTTP 404")) is None


def refused_beyond(total: int, limit: int, *, ends_short: int = 0) -> tuple[Walk, Window]:
    """Return a walk whose window at the total was refused, and its next window; pages may hold `ends_short` rows."""
    behavior = ServerBehavior(total, refuses_past_end=True, clamp=ends_short or ANY, clamp_from=1)
    run = Crawl(Server(behavior), WalkConfig(limit, 1).new_walk())
    while not (run.history and run.history[-1].page == _REFUSED._replace(total=total)):
        run.fill()
        run.answer(0)
    window = run.walk.next_window()
    assert window is not None
    return run.walk, window


_REFUSED = EMPTY_PAGE._replace(doubtful=True)


def test_after_a_refusal_beyond_the_total_the_last_rows_must_come_with_room_for_more() -> None:
    walk, window = refused_beyond(40, 10, ends_short=8)
    assert (window.offset, window.limit) == (39, 3)
    assert walk.on_page(window, rows(1, 40, first=39), last_try=False) == Settled(EMPTY_PAGE)
    assert walk.verdict == "complete"


@pytest.mark.parametrize("total", [41, 500])
def test_rows_that_come_after_such_a_refusal_are_no_end(total: int) -> None:
    walk, window = refused_beyond(40, 10, ends_short=8)
    page = rows(3, 40, first=39)
    assert walk.on_page(window, page._replace(total=total) if total == 500 else page, last_try=False) == Settled(
        page._replace(total=total) if total == 500 else page
    )
    assert walk.verdict is None


def test_after_such_a_refusal_no_answer_for_the_last_rows_leaves_the_end_unseen() -> None:
    walk, window = refused_beyond(40, 10, ends_short=8)
    walk.on_lost(window, "no answer")
    assert walk.judgement == ("unproven", "the end of the list was not seen: no answer")
    walk, window = refused_beyond(40, 10, ends_short=8)
    assert walk.on_refused(window, Refusal("HTTP 404")) == Settled(_REFUSED)
    assert walk.judgement == ("unproven", "the last records did not come again")


def test_the_last_rows_have_to_be_the_known_ones() -> None:
    walk, window = refused_beyond(40, 10, ends_short=8)
    assert walk.on_page(window, rows(0, 40), last_try=False) == AskAgain("0 of the last 1 items")
    assert walk.on_page(window, rows(0, 40), last_try=True) == Settled(_REFUSED)
    assert walk.verdict == "unproven"
    walk, window = refused_beyond(40, 10, ends_short=8)
    other = rows(1, 40, first=77)
    assert walk.on_page(window, other, last_try=False) == Settled(other)
    assert walk.verdict != "complete"
    walk, window = refused_beyond(40, 10, ends_short=8)
    assert walk.on_page(window, rows(3, 40), last_try=False) == Settled(_REFUSED)
    assert walk.verdict == "unproven"


@pytest.mark.parametrize(("limit", "ends_short"), [(1, 0), (10, 1)])
def test_where_pages_have_no_room_for_more_the_window_beyond_is_refused_once_more(limit: int, ends_short: int) -> None:
    walk, window = refused_beyond(20, limit, ends_short=ends_short)
    assert window.offset == 19
    settled = walk.on_page(window, rows(1, 20, first=19), last_try=False)
    assert settled == Settled(EMPTY_PAGE._replace(total=20))
    again = walk.next_window()
    assert again is not None
    assert again.offset == 20
    assert walk.on_refused(again, Refusal("HTTP 404")) == Settled(EMPTY_PAGE)
    assert walk.verdict == "complete"


@pytest.mark.parametrize(("limit", "ends_short"), [(10, 8), (10, 1), (1, 0)])
def test_a_journal_with_a_refusal_beyond_the_total_is_replayed_to_the_same_end(limit: int, ends_short: int) -> None:
    behavior = ServerBehavior(40, refuses_past_end=True, clamp=ends_short or ANY, clamp_from=1)
    done = crawl(behavior, WalkConfig(limit, 1))
    for count in range(len(done.history) + 1):
        resumed = Crawl(Server(behavior), replay(WalkConfig(limit, 1).new_walk(), done.history[:count]))
        assert resumed.run().walk.verdict == "complete"
    assert replay(WalkConfig(limit, 1).new_walk(), done.history).judgement == done.walk.judgement


@quick
@given(st.integers(1, 5000), st.integers(1, 1000), st.data())
def test_the_window_of_the_last_rows_has_room_for_more_than_these(total: int, limit: int, data: st.DataObject) -> None:
    room = data.draw(st.integers(1, limit))
    offset, size = tail(total, limit, room)
    known = total - offset
    assert known >= 1
    assert room == 1 or (offset + size > total and known < room)
    assert offset % size == 0 or all(not 0 < total % other < room for other in range(2, limit + 1))


def test_a_refusal_ends_a_list_without_totals() -> None:
    walk, _ = answered(rows(10), rows(10), limit=10)
    window = walk.next_window()
    assert window is not None
    assert walk.on_refused(window, Refusal("HTTP 404")) == Settled(EMPTY_PAGE)
    assert (walk.verdict, walk.judgement and walk.judgement.reason) == (
        "unproven",
        "no total was declared, or 0 beside items",
    )


def test_a_window_beyond_the_total_without_any_answer_leaves_the_end_unseen_and_nothing_missing() -> None:
    walk, _ = answered(rows(2, 2), None, limit=2, max_passes=3)
    assert walk.judgement == ("unproven", "the end of the list was not seen: no answer")
    assert walk.gaps == ()


def test_a_refusal_at_or_beyond_the_smallest_declared_total_is_no_loss() -> None:
    walk, _ = answered(rows(10, 35), page_of([], 15), rows(5, 15, first=10), max_passes=1)
    for offset in (20, 30):
        window = walk.next_window()
        assert window is not None
        assert window.offset == offset
        assert walk.on_refused(window, Refusal("HTTP 404")) == Settled(EMPTY_PAGE)
    assert walk.judgement == ("drifted", "the list changed during each pass")
    assert walk.gaps == ()


# ---- a refusal that says that there are no records

NOTHING = Refusal("HTTP 404 'no repository found'", says_nothing=True)
SAID = "the service answered HTTP 404 'no repository found' instead of a list"


def test_a_first_page_refused_with_nothing_found_twice_ends_the_walk_unproven_and_says_so() -> None:
    walk = WalkConfig(10, max_passes=3).new_walk()
    window = walk.next_window()
    assert window is not None
    assert walk.on_refused(window, NOTHING) == AskAgain(SAID, "apart")
    assert walk.on_refused(window, NOTHING) == NoList(SAID)
    assert (walk.judgement, walk.gaps, walk.passes) == (("unproven", SAID), (), 1)
    resumed = WalkConfig(10, max_passes=3).new_walk()
    resumed.replay(window)
    resumed.on_lost(window, SAID, no_list=True)
    assert (resumed.judgement, resumed.gaps) == (walk.judgement, ())


def test_a_list_that_comes_after_one_refusal_is_read() -> None:
    walk = WalkConfig(10).new_walk()
    window = walk.next_window()
    assert window is not None
    assert isinstance(walk.on_refused(window, NOTHING), AskAgain)
    assert walk.on_page(window, rows(3, 3), last_try=False) == Settled(rows(3, 3))


@pytest.mark.parametrize("earlier", [page_of([], 40), page_of(range(3), 40), page_of(range(3), None)])
def test_an_earlier_answer_outweighs_a_refusal_that_says_nothing_found(earlier: Page) -> None:
    walk = WalkConfig().new_walk()
    window = walk.next_window()
    assert window is not None
    assert isinstance(walk.on_page(window, earlier, last_try=False), AskAgain)
    assert walk.on_refused(window, NOTHING) is None


def test_any_other_refusal_of_a_first_page_is_no_evidence() -> None:
    walk = WalkConfig().new_walk()
    window = walk.next_window()
    assert window is not None
    assert walk.on_refused(window, Refusal("HTTP 404")) is None


@pytest.mark.parametrize("agrees", [True, False])
def test_a_census_may_vouch_for_a_list_that_is_refused_with_nothing_found(agrees: bool) -> None:  # noqa: FBT001
    walk = Walk(SharedProfile(ServerProfile(10, (None,))), WalkRules(2, is_vouched=True))
    window = walk.next_window()
    assert window is not None
    assert isinstance(walk.on_refused(window, NOTHING), AskAgain)
    assert walk.on_refused(window, NOTHING) == Settled(EMPTY_PAGE)
    assert walk.is_resting
    walk.on_census(agrees=agrees)
    assert walk.verdict == ("complete" if agrees else None)
    if not agrees:
        again = walk.next_window()
        assert again is not None
        assert isinstance(walk.on_refused(again, NOTHING), AskAgain)
        assert walk.on_refused(again, NOTHING) == NoList(SAID)
        assert walk.judgement == ("unproven", SAID)


def test_without_an_answer_to_one_question_another_one_is_asked() -> None:
    walk, windows = answered(rows(7, 7), None, EMPTY_PAGE, EMPTY_PAGE)
    assert (walk.verdict, [window[1:3] for window in windows]) == ("complete", [(0, 10), (6, 6), (7, 7)])
    walk, windows = answered(rows(2, 2), None, EMPTY_PAGE, EMPTY_PAGE)
    assert (walk.verdict, [window[1:3] for window in windows]) == ("complete", [(0, 10), (1, 1), (2, 2)])
    walk, windows = answered(rows(2, 2), rows(2, 2), rows(2, 2))
    assert (walk.verdict, [window[1:3] for window in windows]) == ("unproven", [(0, 10), (1, 1), (2, 2)])
    assert walk.judgement == ("unproven", "the end of the list was not seen")


@pytest.mark.parametrize("count", [2, 3, 7])
def test_last_rows_that_stay_away_are_a_doubt(count: int) -> None:
    walk, _ = answered(rows(count, count))
    window = walk.next_window()
    assert window is not None
    assert isinstance(walk.on_page(window, EMPTY_PAGE, last_try=False), AskAgain)
    assert walk.on_page(window, EMPTY_PAGE, last_try=True) == Settled(EMPTY_PAGE._replace(doubtful=True))
    assert walk.judgement == ("unproven", "the last records did not come again")


@pytest.mark.parametrize(
    ("first", "answer"),
    [
        (rows(7, 7), page_of([99], 7)),  # Straddle: another last row
        (rows(7, 7), page_of([6], 8)),  # another total
        (rows(7, 7), page_of([], 5)),
        (rows(2, 2), page_of([99], 2)),  # Witness: another second row
        (rows(2, 2), page_of([1], 3)),
        (rows(1, 1), page_of([], 3)),
    ],
)
def test_another_row_or_another_total_at_the_end_costs_another_pass(first: Page, answer: Page) -> None:
    walk, _ = answered(first, answer, max_passes=2)
    while walk.passes == 1 and (window := walk.next_window()) is not None:
        walk.on_page(window, EMPTY_PAGE, last_try=True)
    assert (walk.verdict, walk.passes) == (None, 2)


def test_rows_added_behind_the_end_are_read_in_the_same_pass() -> None:
    walk, windows = answered(rows(10, 10), page_of([9, 10], 25), rows(10, 25, first=10), rows(5, 25, first=20))
    assert [window[1:3] for window in windows] == [(0, 10), (9, 9), (10, 10), (20, 10)]
    assert (walk.verdict, walk.distinct) == ("drifted", 25)


def test_rows_beyond_the_total_are_read_to_the_first_page_without_new_ones() -> None:
    done = crawl(ServerBehavior(35, total_cap=20), WalkConfig(10))
    assert (done.walk.verdict, done.walk.distinct) == ("unproven", 35)
    assert done.walk.judgement == ("unproven", "there are more records than the declared total")
    assert asked(done)[-2:] == [(30, 10), (40, 10)]


def test_known_rows_that_are_more_than_declared_are_more_rows() -> None:
    first, second = rows(10, 20), rows(10, 20, first=10)
    walk, _ = answered(first, second, page_of([3, 4, 5, 6, 7, 8, 9, 10, 11], 20), EMPTY_PAGE, EMPTY_PAGE)
    assert walk.judgement == ("unproven", "there are more records than the declared total")
    ends = rows(4, 12), rows(4, 12, first=4), rows(4, 12, first=8)
    walk, _ = answered(*ends, rows(4, 12, first=4), EMPTY_PAGE, EMPTY_PAGE, limit=4)
    assert walk.judgement == ("unproven", "there are more records than the declared total")
    walk, _ = answered(*ends, rows(4, 12, first=8), limit=4)
    assert walk.verdict == "complete"


def test_a_done_pass_takes_no_event() -> None:
    reading = WalkConfig().new_walk().reading
    with pytest.raises(WalkError):
        Done().on_page(reading, Window(1, 0, 10, None), EMPTY_PAGE, "more")
    with pytest.raises(WalkError):
        Done().on_lost(reading, Window(1, 0, 10, None), "no answer")
    with pytest.raises(WalkError):
        Done().on_refused(reading, Window(1, 0, 10, None), Refusal("HTTP 404"))


# ---- two looks at nothing


def test_an_empty_first_page_at_the_last_try_gets_a_second_look() -> None:
    walk = WalkConfig().new_walk()
    window = walk.next_window()
    assert window is not None
    again = walk.on_page(window, EMPTY_PAGE, last_try=True)
    assert again == AskAgain("the first page is empty", "apart")
    assert walk.on_page(window, EMPTY_PAGE, last_try=True) == Settled(EMPTY_PAGE)
    assert walk.verdict == "complete"


@pytest.mark.parametrize("earlier", [page_of([], 40), page_of(range(3), 40), page_of(range(3), None)])
def test_an_earlier_answer_outweighs_nothing(earlier: Page) -> None:
    walk = WalkConfig(max_passes=1).new_walk()
    window = walk.next_window()
    assert window is not None
    for page in (earlier, EMPTY_PAGE, EMPTY_PAGE):
        assert isinstance(walk.on_page(window, page, last_try=False), AskAgain)
    outcome = walk.on_page(window, EMPTY_PAGE, last_try=True)
    assert isinstance(outcome, Settled)
    assert outcome.page.doubtful
    assert walk.verdict == "partial"


def test_a_smaller_total_than_an_earlier_answer_declared_is_doubtful() -> None:
    walk, _ = answered(page_of(range(5), 40), rows(5, 5))
    assert walk.reading.evidence.doubt == "the answers to one request contradict each other"


def test_an_empty_page_without_a_total_ends_an_open_list_when_it_comes_twice() -> None:
    walk, windows = answered(
        rows(10), rows(10), rows(10, first=10), EMPTY_PAGE, rows(3, first=20), EMPTY_PAGE, EMPTY_PAGE
    )
    assert (walk.verdict, walk.distinct, len(windows)) == ("unproven", 23, 4)


# ---- totals in one answer that differ


def test_a_short_last_page_is_not_enough_when_an_answer_declared_two_totals() -> None:
    walk, windows = answered(rows(10, 15), page_of(range(10, 15), 15, disagrees=True), rows(6, 15, first=9))
    assert [window[1:3] for window in windows] == [(0, 10), (10, 10), (9, 9)]
    assert walk.verdict == "complete"


# ---- replay


@quick
@given(
    st.integers(1, 30), limits, st.sampled_from(["true", "length"]), st.booleans(), st.booleans(), st.integers(1, 40)
)
def test_a_resume_in_the_middle_of_a_question_ends_in_the_same_way(
    count: int,
    limit: int,
    totals: str,
    repeats_last: bool,  # noqa: FBT001 - Hypothesis' arguments
    ignores_offset: bool,  # noqa: FBT001
    cap: int,
) -> None:
    behavior = ServerBehavior(
        count,
        totals=totals,  # type: ignore[arg-type]
        repeats_last=repeats_last,
        ignores_offset=ignores_offset,
        total_cap=cap,
    )
    config = WalkConfig(limit)
    done = crawl(behavior, config)
    for end in range(len(done.history) + 1):
        walk = replay(config.new_walk(), done.history[:end])
        resumed = Crawl(Server(behavior), walk).run()
        assert (resumed.walk.verdict, resumed.walk.distinct) == (done.walk.verdict, done.walk.distinct)


# ---- a census that vouches


def resting(page: Page) -> Walk:
    walk = Walk(SharedProfile(ServerProfile(10, (None,))), WalkRules(2, is_vouched=True))
    window = walk.next_window()
    assert window is not None
    walk.on_page(window, page, last_try=False)
    return walk


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_a_short_only_page_rests_until_a_census_vouches_for_it(count: int) -> None:
    walk = resting(rows(count, count))
    assert (walk.is_resting, walk.verdict, walk.next_window()) == (True, None, None)
    walk.on_census(agrees=True)
    assert (walk.verdict, walk.distinct, walk.windows) == ("complete", count, 1)
    with pytest.raises(WalkError):
        walk.on_census(agrees=True)


@pytest.mark.parametrize(("count", "window"), [(0, (2, 0, 10)), (1, (1, 1, 1)), (2, (1, 1, 1)), (9, (1, 8, 8))])
def test_a_walk_that_the_census_does_not_vouch_for_looks_for_its_own_end(
    count: int, window: tuple[int, int, int]
) -> None:
    walk = resting(rows(count, count))
    walk.on_census(agrees=False)
    asked_now = walk.next_window()
    assert asked_now is not None
    assert asked_now[:3] == window
    assert not walk.is_resting
    if not count:  # this is the second look
        walk.on_page(asked_now, EMPTY_PAGE, last_try=False)
        assert walk.verdict == "complete"


def test_a_walk_that_the_census_does_not_vouch_for_never_rests_again() -> None:
    walk = resting(rows(3, 3))
    walk.on_census(agrees=False)
    window = walk.next_window()
    assert window is not None
    walk.on_page(window, page_of([2], 4), last_try=False)
    first = walk.next_window()
    assert first == Window(2, 0, 10, None)
    walk.on_page(first, rows(4, 4), last_try=False)
    assert not walk.is_resting
    assert walk.next_window() == Window(2, 3, 3, None)


def test_a_walk_that_another_pass_must_prove_although_the_census_agrees_never_rests_again() -> None:
    walk = Walk(SharedProfile(ServerProfile(100, (None,))), WalkRules(4, is_vouched=True))
    # The first pass declares one record more than all later ones.
    for page in (page_of(range(9), 10), page_of([], 9), rows(9, 9)):
        window = walk.next_window()
        assert window is not None
        while isinstance(walk.on_page(window, page, last_try=False), AskAgain):
            pass
    assert (walk.passes, walk.is_resting) == (2, True)
    walk.on_census(agrees=True)
    assert (walk.passes, walk.verdict) == (3, None)
    while (window := walk.next_window()) is not None:
        walk.on_page(window, rows(9 - window.offset, 9, first=window.offset), last_try=True)
    assert (walk.verdict, walk.passes) == ("complete", 3)


def test_full_pages_and_several_pages_do_not_rest() -> None:
    assert not resting(rows(10, 10)).is_resting
    assert not resting(rows(10, 15)).is_resting


# ---- a pass that was interrupted


def test_an_interrupted_pass_of_several_pages_begins_again_and_does_not_count() -> None:
    walk, _ = answered(rows(10, 25), rows(10, 25, first=10), max_passes=1)
    assert walk.on_interrupted()
    assert walk.passes == 2
    done = Crawl(Server(ServerBehavior(25)), walk).run()
    assert (done.walk.verdict, done.walk.passes, done.walk.distinct) == ("complete", 2, 25)
    assert not walk.on_interrupted()


def test_a_walk_without_a_settled_page_or_one_that_rests_does_not_begin_again() -> None:
    assert not WalkConfig().new_walk().on_interrupted()
    assert not resting(rows(3, 3)).on_interrupted()


def test_an_interruption_between_changes_is_no_proof_of_what_never_was() -> None:
    server = Server(ServerBehavior(30, changes=(InventoryChange(3, "swap", 0),)))
    walk = WalkConfig(10).new_walk()
    crawler = Crawl(server, walk)
    for _ in range(2):
        crawler.fill()
        crawler.answer(0)
    assert walk.on_interrupted()
    crawler.in_flight.clear()
    crawler.run()
    assert (walk.verdict, crawler.keys) == ("complete", set(server.rows))


# ---- examples of what a resume finds


@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize(
    ("settled", "judgement"),
    [
        (EMPTY_PAGE, ("complete", "")),
        (EMPTY_PAGE._replace(doubtful=True), ("unproven", "the last records did not come again")),
        (EMPTY_PAGE._replace(total=99), None),
    ],
)
def test_a_settled_question_is_replayed_as_what_it_stands_for(
    count: int, settled: Page, judgement: tuple[str, str] | None
) -> None:
    walk, _ = answered(rows(count, count), max_passes=1 if judgement else 2)
    window = walk.next_window()
    assert window is not None
    walk.on_page(window, settled, last_try=True, replayed=True)
    assert walk.judgement == judgement


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_question_that_said_nothing_is_replayed_as_that(count: int) -> None:
    walk, _ = answered(rows(count, count))
    window = walk.next_window()
    assert window is not None
    walk.on_page(window, EMPTY_PAGE._replace(total=count), last_try=True, replayed=True)
    assert walk.next_window() == Window(1, count, count, BY_NAME)


def test_nothing_does_not_outweigh_what_an_earlier_pass_held() -> None:
    walk, _ = answered(rows(10, 10), page_of([9], 12), max_passes=2)
    while walk.passes == 1:
        window = walk.next_window()
        assert window is not None
        walk.on_page(window, rows(2, 12, first=10), last_try=False)
    window = walk.next_window()
    assert window is not None
    assert isinstance(walk.on_page(window, EMPTY_PAGE, last_try=False), AskAgain)
    outcome = walk.on_page(window, EMPTY_PAGE, last_try=True)
    assert isinstance(outcome, Settled)
    assert (outcome.page.total, outcome.page.doubtful) == (12, True)
    assert walk.verdict == "partial"


def test_a_walk_that_has_ended_takes_no_window() -> None:
    walk, _ = answered(rows(10, 25), rows(10, 25, first=10), rows(5, 25, first=20))
    assert walk.verdict == "complete"
    with pytest.raises(WalkError, match="has ended"):
        walk.replay(Window(1, 0, 10, BY_NAME))


def test_only_a_first_page_is_kept_alone_and_only_an_end_has_a_result() -> None:
    walk, _ = answered(rows(10, 25), rows(10, 25, first=10))
    assert rested(walk, rows(10, 25)) is None
    with pytest.raises(ValueError, match="has not ended"):
        result_of(walk)


def test_a_second_row_whose_total_is_the_length_of_its_page_says_nothing() -> None:
    walk, windows = answered(rows(2, 2), page_of([1], 1), EMPTY_PAGE, EMPTY_PAGE)
    assert (walk.verdict, [window[1:3] for window in windows]) == ("complete", [(0, 10), (1, 1), (2, 2)])


def test_rejects_that_look_alike_are_not_taken_for_an_offset_that_is_ignored() -> None:
    # Of eleven items with the same bytes ten are declared, and the first one is never sent.
    behavior = ServerBehavior(11, total_cap=10, poison_every=1, faults=(Fault(0, "short", None),))
    assert crawl(behavior, WalkConfig(11, 1)).walk.verdict == "unproven"
