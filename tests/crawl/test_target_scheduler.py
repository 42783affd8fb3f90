"""The walks of one target: which window is next, and what is counted."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.crawl.observing.events import FieldsFound
from crawler.crawl.observing.observer import Observer
from crawler.crawl.observing.target_stats import TargetStats
from crawler.crawl.resume import replay
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledCensus, ScheduledWalk, Split, TargetCensus
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.crawl.scheduling.walk_maker import CrawlLimits, WalkMaker
from crawler.errors import UnavailableError
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.store.journal import Entry, LossEntry, PublishedEntry, RestartEntry, ShapeEntry, SplitEntry, page_entry
from crawler.swr.page import Page
from crawler.walk.census.center_census import MAX_TOTALS
from crawler.walk.census.total_probe import TotalProbe
from crawler.walk.census.total_steps import ListTotal
from crawler.walk.pass_sequence import WalkRules
from crawler.walk.passes.outcome import Settled, WalkError
from crawler.walk.rested_walk import WalkResult, rested
from crawler.walk.server_profile import ServerProfile, SharedProfile
from crawler.walk.walk import Walk
from tests.support.counting import counting, stats_of
from tests.support.examples import examples
from tests.walk.model_server import LIMITS as RETRY_LIMITS
from tests.walk.model_server import TRIES, Server, ServerBehavior, page_of
from tests.walk.strategies import Pick, any_behavior, concurrencies, response_orders

LIMITS = CrawlLimits(max_tries=TRIES, max_passes=3, double_read=False)
LIMIT = 10
MAX_WINDOWS = 10_000


def scheduler_of(walks: int, limits: CrawlLimits = LIMITS, observer: Observer | None = None) -> TargetScheduler:
    scheduled = [ScheduledWalk(index, WalkId("t", "self", f"n{index}")) for index in range(walks)]
    return TargetScheduler("t", scheduled, ServerProfile(LIMIT, (None,)), limits, observer or counting(walks))


def take(target: TargetScheduler) -> FetchTask:
    task = target.next_task()
    assert task is not None
    return task


def settle(target: TargetScheduler, task: FetchTask, page: Page) -> None:
    outcome = task.walk.on_page(task.window, page, last_try=True)
    assert isinstance(outcome, Settled)
    target.on_settled(task, outcome.page)


class Journal:
    """The journal that a resume would replay."""

    def __init__(self) -> None:
        self.entries: list[tuple[Entry, Page | None]] = []

    def append(self, walk: int, window: Window, page: Page | None) -> None:
        if page is None:
            self.entries.append((LossEntry(walk, window, "fails"), None))
            return
        self.entries.append((page_entry(walk, window, page), page))


def crawl(target: TargetScheduler, behaviors: Iterable[ServerBehavior], concurrency: int, pick: Pick) -> Journal:
    """Crawl like the engine, and check the counts after each step."""
    servers = [Server(behavior) for behavior in behaviors]
    in_flight: list[tuple[FetchTask, list[int]]] = []
    journal = Journal()
    while not target.done:
        assert stats_of(target).windows_done < MAX_WINDOWS, "the crawl does not end"
        while len(in_flight) < concurrency and (task := target.next_task()) is not None:
            in_flight.append((task, []))
        request = in_flight[pick(len(in_flight))]
        task, tries = request
        tries.append(1)
        answer = servers[task.scheduled.index].answer(task.window)
        kept: Page | None = None
        if isinstance(answer, Page):
            outcome = task.walk.on_page(task.window, answer, last_try=len(tries) >= RETRY_LIMITS.short_tries)
            if not isinstance(outcome, Settled):
                continue
            kept = outcome.page
        elif answer == "size refused" and task.walk.on_shape_refused(task.window, "size"):
            in_flight.remove(request)
            continue
        elif answer == "fails" and len(tries) < TRIES:
            continue
        else:
            task.walk.on_lost(task.window, answer)
        in_flight.remove(request)
        journal.append(task.scheduled.index, task.window, kept)
        target.on_settled(task, kept)
        check_counts(stats_of(target), len(journal.entries))
    assert not in_flight
    return journal


def check_counts(stats: TargetStats, settled: int) -> None:
    assert stats.windows_done == settled
    assert stats.windows_done <= stats.windows
    assert stats.windows_left() >= 0
    assert stats.walks_ended <= stats.walks_started <= stats.walks


def counted(stats: TargetStats) -> tuple[int, ...]:
    sums = (stats.declared, stats.records, stats.rejected, stats.pages)
    return (stats.walks_started, stats.walks_ended, stats.windows, stats.windows_done, *sums)


def verdicts(target: TargetScheduler) -> list[str | None]:
    return [one.result.judgement.verdict for one in target.walks if one.result]


def last_total(journal: "Journal", walk: int) -> int:
    """Return the largest total that the last pass of a walk saw."""
    pages = [
        (entry.window.pass_number, page.total or 0)
        for entry, page in journal.entries
        if not isinstance(entry, RestartEntry | PublishedEntry | ShapeEntry | SplitEntry)
        if entry.walk == walk and page
    ]
    last = max((number for number, _ in pages), default=0)
    return max((total for number, total in pages if number == last), default=0)


without_refused_orders = any_behavior.map(
    lambda behavior: ServerBehavior(**{**vars(behavior), "refused_orders": frozenset()})
)


@settings(max_examples=examples(quick=30), deadline=None)
@given(st.lists(without_refused_orders, min_size=1, max_size=4), concurrencies, response_orders)
def test_whatever_the_servers_do_the_counts_add_up_and_a_resume_counts_the_same(
    behaviors: list[ServerBehavior], concurrency: int, pick: Pick
) -> None:
    target = scheduler_of(len(behaviors))
    journal = crawl(target, behaviors, concurrency, pick)
    stats = stats_of(target)
    assert target.done
    assert all(one.ended for one in target.walks)
    assert stats.windows == stats.windows_done == len(journal.entries)
    assert stats.windows_left() == 0
    assert stats.walks_started == stats.walks_ended == stats.walks
    assert stats.records == sum(page.length for _, page in journal.entries if page)
    assert stats.declared == sum(last_total(journal, index) for index in range(len(behaviors)))
    resumed = scheduler_of(len(behaviors))
    assert replay(journal.entries, {"t": resumed}, dict(enumerate(resumed.walks))) == len(journal.entries)
    assert resumed.done
    assert counted(stats_of(resumed)) == counted(stats)
    assert verdicts(resumed) == verdicts(target)


def test_walks_start_in_plan_order_and_only_when_older_ones_have_no_new_window() -> None:
    target = scheduler_of(3)
    first, second = take(target), take(target)
    assert [task.scheduled.index for task in (first, second)] == [0, 1]
    settle(target, first, page_of(range(10), 30))
    assert [(take(target).scheduled.index, task.scheduled.index) for task in (first,)] == [(0, 0)]
    settle(target, second, page_of(range(10), 20))
    assert [(task.scheduled.index, task.window.offset) for task in (take(target), take(target), take(target))] == [
        (0, 20),
        (1, 10),
        (2, 0),
    ]
    assert target.next_task() is None


def test_after_a_resume_too_windows_of_an_older_walk_go_first() -> None:
    target = scheduler_of(3)
    history: list[tuple[Entry, Page | None]] = []
    journal = Journal()
    for walk in (2, 0):
        journal.append(walk, Window(1, 0, LIMIT, None), page_of(range(10), 30))
    history.extend(journal.entries)
    assert replay(history, {"t": target}, dict(enumerate(target.walks))) == 2
    asked = [(task.scheduled.index, task.window.offset) for task in iter(target.next_task, None)]
    assert asked == [(0, 10), (0, 20), (2, 10), (2, 20), (1, 0)]
    assert [one.requests for one in target.walks] == [1, 0, 1]


def test_a_journal_of_another_plan_is_refused() -> None:
    journal = Journal()
    journal.append(1, Window(1, 0, LIMIT, None), page_of(range(10), 30))
    with pytest.raises(WalkError):
        replay(journal.entries, {"t": scheduler_of(1)}, dict(enumerate(scheduler_of(1).walks)))


def test_walks_not_started_are_estimated_by_the_started_ones() -> None:
    target = scheduler_of(4)
    assert stats_of(target).windows_left() == 4
    task = take(target)
    assert stats_of(target).windows_left() == 4
    settle(target, task, page_of(range(10), 95))
    assert (stats_of(target).windows, stats_of(target).windows_left()) == (10, 9 + 3 * 10)


def test_the_window_at_the_end_of_the_list_is_counted() -> None:
    target = scheduler_of(1)
    settle(target, take(target), page_of(range(10), 10))
    assert (stats_of(target).windows_left(), stats_of(target).declared) == (1, 10)
    settle(target, take(target), page_of([9], 10))
    assert (stats_of(target).windows, stats_of(target).windows_left(), target.done) == (2, 0, True)


def test_a_walk_without_a_total_has_one_more_window_until_it_ends() -> None:
    target = scheduler_of(1)
    for number in range(3):
        settle(target, take(target), page_of(range(number * 10, number * 10 + 10), None))
        assert stats_of(target).windows_left() == 1
    task = take(target)
    task.walk.on_page(task.window, page_of([], None), last_try=False)
    settle(target, task, page_of([], None))
    assert (stats_of(target).windows_left(), target.done) == (0, True)


def test_the_total_of_a_later_pass_replaces_the_one_before() -> None:
    target = scheduler_of(1)
    settle(target, take(target), page_of(range(4), 5))
    settle(target, take(target), page_of(range(4), 5))
    assert stats_of(target).declared == 5
    settle(target, take(target), page_of(range(3), 3))
    settle(target, take(target), page_of([2], 3))
    assert (stats_of(target).declared, stats_of(target).windows, target.done) == (3, 5, False)
    settle(target, take(target), page_of(range(3), 3))
    settle(target, take(target), page_of([2], 3))
    assert (stats_of(target).declared, stats_of(target).windows, target.done) == (3, 6, True)


def test_an_error_ends_a_target_though_walks_are_open() -> None:
    target = scheduler_of(2)
    take(target)
    assert not target.done
    target.error = UnavailableError("away")
    assert target.done


def test_a_target_without_walks_is_done() -> None:
    target = scheduler_of(0)
    assert target.done
    assert target.next_task() is None


def test_records_and_rejects_are_counted_separately() -> None:
    target = scheduler_of(1)
    task = take(target)
    page = page_of([1, 2, 3], 13)
    items = page.items._replace(records=1, rejected=2)
    settle(target, task, page._replace(items=items))
    assert (stats_of(target).records, stats_of(target).rejected, stats_of(target).pages) == (1, 2, 1)


class FieldNames(Observer):
    """Notes the unknown fields, and the invalid ones."""

    def __init__(self) -> None:
        self.unknown: list[tuple[str, ...]] = []
        self.invalid: list[tuple[str, ...]] = []

    def on_unknown_fields(self, found: FieldsFound) -> None:
        self.unknown.append(found.fields)

    def on_invalid_fields(self, found: FieldsFound) -> None:
        self.invalid.append(found.fields)


def test_an_unknown_and_an_invalid_field_are_reported_once() -> None:
    names = FieldNames()
    target = scheduler_of(1, observer=names)
    for offset, fields in [(0, {"b", "a"}), (10, {"a"}), (20, {"a", "c"})]:
        page = page_of(range(offset, offset + 10), 30)
        items = page.items._replace(unknown=frozenset(fields), invalid_fields=frozenset(fields - {"b"}))
        settle(target, take(target), page._replace(items=items))
    assert names.unknown == [("a", "b"), ("c",)]
    assert names.invalid == [("a",), ("c",)]
    assert target.work.fields.unknown == {"a", "b", "c"}


# ---- the census of a center


class Center:
    """A center crawled by namespace: answers its walks with rows of their own, its probes with `totals` in turn."""

    def __init__(self, sizes: Sequence[int], totals: Sequence[int], *, limit: int = LIMIT) -> None:
        self.sizes = sizes
        self.totals = list(totals)
        self.asked: list[tuple[int, int, int]] = []  # index, offset, limit
        walks = [ScheduledWalk(index, WalkId("t", "self", f"n{index}")) for index in range(len(sizes))]
        probes = [ScheduledWalk(-1 - number, WalkId("t", "self", None), is_probe=True) for number in range(MAX_TOTALS)]
        self.census = ScheduledCensus("t", "self", probes)
        profile, observer = ServerProfile(limit, (None,)), counting(len(sizes))
        self.target = TargetScheduler("t", walks, profile, LIMITS, observer, census={"self": self.census})
        self.journal = Journal()
        self.ended: list[int] = []

    def answer(self, task: FetchTask) -> Page:
        index, (_, offset, limit, _) = task.scheduled.index, task.window
        if index < 0:
            total = self.totals[-1 - index]
            return page_of(range(min(limit, max(0, total - offset))), total)
        rows = range(100 * index, 100 * index + self.sizes[index])
        return page_of(rows[offset : offset + limit], len(rows))

    def crawl(self, windows: int = 1000) -> "Center":
        for _ in range(windows):
            task = self.target.next_task()
            if task is None:
                return self
            self.asked.append((task.scheduled.index, task.window.offset, task.window.limit))
            while True:
                outcome = task.walk.on_page(task.window, self.answer(task), last_try=False)
                if isinstance(outcome, Settled):
                    break
            self.journal.append(task.scheduled.index, task.window, outcome.page)
            self.target.on_settled(task, outcome.page)
            self.ended += [scheduled.index for scheduled in self.target.ended.take()]
        return self

    def of_walks(self) -> list[tuple[int, int, int]]:
        return [one for one in self.asked if one[0] >= 0]


def test_small_namespaces_need_one_request_each_when_the_center_declares_their_sum_before_and_after() -> None:
    center = Center([3, 0, 9, 1], [13, 13]).crawl()
    assert center.of_walks() == [(index, 0, LIMIT) for index in range(4)]
    assert verdicts(center.target) == ["complete"] * 4
    assert (center.census.before, center.census.after, center.census.is_done, center.target.done) == (
        13,
        13,
        True,
        True,
    )
    assert center.ended == [0, 1, 2, 3]


@pytest.mark.parametrize("totals", [[14, 14, 13], [13, 14, 13], [12, 13, 13]])
def test_when_the_totals_of_the_center_differ_from_the_sum_each_walk_of_one_short_page_looks_for_its_end(
    totals: list[int],
) -> None:
    center = Center([3, 0, 9, 1], totals).crawl()
    assert center.of_walks()[4:] == [(0, 2, 2), (1, 0, LIMIT), (2, 8, 8), (3, 1, 1)]
    assert verdicts(center.target) == ["complete"] * 4
    assert (center.census.before, center.census.after, center.target.done) == (totals[0], 13, True)


def test_a_center_that_declares_less_than_its_walks_found_is_asked_once_more() -> None:
    center = Center([3, 9], [12, 7, 12]).crawl()
    assert len(center.of_walks()) == 2
    assert center.census.after == 12
    center = Center([3, 9], [12, 7, 7, 6, 5]).crawl()
    assert len(center.of_walks()) == 4
    assert (center.census.after, center.census.is_done) == (5, True)


def test_a_center_whose_walks_have_several_pages_is_asked_after_them_too() -> None:
    center = Center([25], [25, 30]).crawl()
    assert (center.census.before, center.census.after, center.target.done) == (25, 30, True)
    assert verdicts(center.target) == ["complete"]


def test_a_center_without_walks_is_asked_before_and_after() -> None:
    center = Center([], [0, 4]).crawl()
    assert (center.census.before, center.census.after, center.target.done) == (0, 4, True)


def test_a_total_that_does_not_count_vouches_for_nothing() -> None:
    center = Center([3, 1], [4, 4])
    center.answer = lambda task: (  # type: ignore[method-assign]
        page_of(range(2), 2)
        if task.scheduled.index < 0 and task.window.limit > 1
        else page_of([0], 1)
        if task.scheduled.index < 0
        else Center.answer(center, task)
    )
    center.crawl()
    assert (center.census.before, center.census.after) == (None, None)
    assert len(center.of_walks()) == 4


def test_a_loose_filter_makes_the_census_vouch_for_nothing() -> None:
    center = Center([3, 1], [4, 4, 4])

    def loose(task: FetchTask) -> Page:
        page = Center.answer(center, task)
        return page._replace(items=page.items._replace(outside=1)) if task.scheduled.index == 0 else page

    center.answer = loose  # type: ignore[method-assign]
    center.crawl()
    assert len(center.of_walks()) == 4


@pytest.mark.parametrize("windows", range(12))
@pytest.mark.parametrize("totals", [[13, 13], [14, 13, 13]])
def test_a_resume_in_the_middle_of_a_census_asks_the_same_windows(totals: list[int], windows: int) -> None:
    whole = Center([3, 0, 9, 1], totals).crawl()
    begun = Center([3, 0, 9, 1], totals).crawl(windows)
    resumed = Center([3, 0, 9, 1], totals)
    by_index = {one.index: one for one in (*resumed.target.walks, *resumed.census.probes)}
    replay(begun.journal.entries, {"t": resumed.target}, by_index)
    resumed.crawl()
    assert begun.asked + resumed.asked == whole.asked
    assert verdicts(resumed.target) == ["complete"] * 4


def test_a_journal_that_asks_for_a_total_too_early_is_refused() -> None:
    center = Center([3], [3, 3])
    center.journal.append(-2, Window(1, 0, 2, None), page_of(range(2), 3))
    by_index = {one.index: one for one in (*center.target.walks, *center.census.probes)}
    with pytest.raises(WalkError, match="cannot be started now"):
        replay(center.journal.entries, {"t": center.target}, by_index)


def test_a_walk_that_begins_again_is_replayed_and_one_that_cannot_is_refused() -> None:
    target = scheduler_of(1)
    journal = Journal()
    journal.append(0, Window(1, 0, LIMIT, None), page_of(range(10), 30))
    entries = [*journal.entries, (RestartEntry(0), None)]
    assert replay(entries, {"t": target}, dict(enumerate(target.walks))) == 1
    assert take(target).window == Window(2, 0, LIMIT, None)
    with pytest.raises(WalkError, match="begin again"):
        replay([(RestartEntry(0), None)], {"t": target}, dict(enumerate(scheduler_of(1).walks)))


def test_a_page_taken_back_of_a_walk_that_rests_or_has_ended_is_read_again() -> None:
    center = Center([3, 25], [28, 28]).crawl()
    assert verdicts(center.target) == ["complete", "complete"]
    for scheduled in center.target.walks:
        center.target.on_doubt(scheduled, Window(1, 0, LIMIT, None))
    assert stats_of(center.target).walks_ended == 0
    center.crawl()
    assert verdicts(center.target) == ["complete", "complete"]
    assert {asked[1] for asked in center.of_walks()[-6:]} >= {0, 10, 20}


def test_a_walk_taken_back_while_it_rests_is_waited_for() -> None:
    center = Center([3, 4, 25], [32, 32, 32])
    while len(center.of_walks()) < 2:
        center.crawl(1)
    center.target.on_doubt(center.target.walks[0], Window(1, 0, LIMIT, None))
    center.crawl()
    assert verdicts(center.target) == ["complete"] * 3
    assert [asked[1:] for asked in center.of_walks() if asked[0] == 0] == [(0, LIMIT), (0, LIMIT), (2, 2)]


def test_a_doubtful_answer_of_the_center_makes_its_totals_unknown() -> None:
    center = Center([3], [3, 3, 3]).crawl(2)
    center.target.on_doubt(center.census.probes[0], Window(1, 0, 2, None))
    center.crawl()
    assert (center.census.before, center.census.after) == (None, None)
    assert verdicts(center.target) == ["complete"]


@pytest.mark.parametrize("max_passes", [2, 3])
def test_a_walk_that_rests_in_a_later_pass_is_kept_whole(max_passes: int) -> None:
    profile = SharedProfile(ServerProfile(LIMIT, (None,)))
    walk = Walk(profile, WalkRules(max_passes, is_vouched=True))
    for page in (page_of(range(10), 10), page_of([], 3), page_of(range(3), 3)):
        window = walk.next_window()
        assert window is not None
        walk.on_page(window, page, last_try=False)
    assert walk.is_resting
    assert rested(walk, page_of(range(3), 3)) is None
    maker = WalkMaker(profile, LIMITS, TargetCensus({}, []))
    found = maker.on_census(ScheduledWalk(0, WalkId("t", "self", "n")), walk, agrees=True)
    if max_passes == 2:  # what an earlier pass held must be contradicted twice
        assert isinstance(found, WalkResult)
        assert found.judgement.verdict == "drifted"
    else:
        assert found is walk
        assert walk.passes == 3


def test_walks_of_another_center_have_no_census() -> None:
    center = Center([3], [3, 3])
    other = ScheduledWalk(1, WalkId("t", "thirdparty", None))
    walks, profile = [*center.target.walks, other], ServerProfile(LIMIT, (None,))
    target = TargetScheduler("t", walks, profile, LIMITS, counting(2), census={"self": center.census})
    walk = target.start(other)
    window = walk.next_window()
    assert window is not None
    page = page_of(range(7), 7)
    page = page._replace(items=page.items._replace(outside=1))
    outcome = walk.on_page(window, page, last_try=False)
    assert isinstance(outcome, Settled)
    target.on_settled(FetchTask(other, walk, window), outcome.page)
    assert not other.ended
    target.on_doubt(ScheduledWalk(-9, WalkId("t", "thirdparty", None), is_probe=True), window)


def test_a_walk_that_does_not_await_its_split_cannot_be_split() -> None:
    target = scheduler_of(1)
    with pytest.raises(WalkError, match="cannot be split"):
        target.begin_split(Split(target.walks[0]), ["a", "b"])


def test_a_probe_of_an_estimate_has_no_census() -> None:
    probe = ScheduledWalk(0, WalkId("t", "self", None), is_probe=True)
    target = TargetScheduler("t", [probe], ServerProfile(LIMIT, (None,)), LIMITS, counting(1))
    settle(target, take(target), page_of(range(2), 5))
    settle(target, take(target), page_of([4], 5))
    assert target.done
    assert isinstance(probe.walk, TotalProbe)
    assert probe.walk.result == ListTotal(5, "seen")
