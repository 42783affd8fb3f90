"""The walks of one target: which window is next, and what is counted."""

import logging
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.crawl.engine.target_scheduler import CrawlLimits, FetchTask, ScheduledWalk, TargetScheduler
from crawler.crawl.engine.target_stats import TargetStats
from crawler.crawl.resume import replay
from crawler.errors import UnavailableError
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.store.journal import Entry, LossEntry, PageEntry
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.walk.outcome import Retry, WalkError
from crawler.walk.server_profile import ServerProfile
from tests.walk.model_server import SHORT_TRIES, TRIES, Server, ServerBehavior, page_of
from tests.walk.strategies import Pick, any_behavior, concurrencies, response_orders

LIMITS = CrawlLimits(max_tries=TRIES, max_passes=3, double_read=False)
LIMIT = 10
MAX_WINDOWS = 10_000


def scheduler_of(walks: int, limits: CrawlLimits = LIMITS) -> TargetScheduler:
    scheduled = [ScheduledWalk(index, WalkId("t", "self", f"n{index}")) for index in range(walks)]
    return TargetScheduler(scheduled, ServerProfile(LIMIT, (None,)), limits, TargetStats("t", walks, None))


def take(target: TargetScheduler) -> FetchTask:
    task = target.next_task()
    assert task is not None
    return task


def settle(target: TargetScheduler, task: FetchTask, page: Page) -> None:
    assert not isinstance(task.walk.on_page(task.window, page, last_try=True), Retry)
    target.on_settled(task.scheduled, task.walk, page)


class Journal:
    """The journal that a resume would replay."""

    def __init__(self) -> None:
        self.entries: list[tuple[Entry, Page | None]] = []

    def append(self, walk: int, window: Window, page: Page | None) -> None:
        if page is None:
            self.entries.append((LossEntry(walk, window, "fails"), None))
            return
        records = page.items.records
        entry = PageEntry(walk, window, page.total, page.disagrees, 0, 0, 0, records, page.items.rejected, 0)
        self.entries.append((entry, page))


def crawl(target: TargetScheduler, behaviors: Iterable[ServerBehavior], concurrency: int, pick: Pick) -> Journal:
    """Crawl like the engine, and check the counts after each step."""
    servers = [Server(behavior) for behavior in behaviors]
    in_flight: list[tuple[FetchTask, list[int]]] = []
    journal = Journal()
    while not target.done:
        assert target.stats.windows_done < MAX_WINDOWS, "the crawl does not end"
        while len(in_flight) < concurrency and (task := target.next_task()) is not None:
            in_flight.append((task, []))
        request = in_flight[pick(len(in_flight))]
        task, tries = request
        tries.append(1)
        answer = servers[task.scheduled.index].answer(task.window)
        kept: Page | None = None
        if isinstance(answer, Page):
            outcome = task.walk.on_page(task.window, answer, last_try=len(tries) >= SHORT_TRIES)
            if isinstance(outcome, Retry):
                continue
            kept = EMPTY_PAGE if outcome == "skip" else answer
        elif answer == "size refused" and task.walk.on_size_refused(task.window):
            in_flight.remove(request)
            continue
        elif answer == "fails" and len(tries) < TRIES:
            continue
        else:
            task.walk.on_lost(task.window, answer)
        in_flight.remove(request)
        journal.append(task.scheduled.index, task.window, kept)
        target.on_settled(task.scheduled, task.walk, kept)
        check_counts(target.stats, len(journal.entries))
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


without_refused_orders = any_behavior.map(
    lambda behavior: ServerBehavior(**{**vars(behavior), "refused_orders": frozenset()})
)


@settings(max_examples=200, deadline=None)
@given(st.lists(without_refused_orders, min_size=1, max_size=4), concurrencies, response_orders)
def test_whatever_the_servers_do_the_counts_add_up_and_a_resume_counts_the_same(
    behaviors: list[ServerBehavior], concurrency: int, pick: Pick
) -> None:
    target = scheduler_of(len(behaviors))
    journal = crawl(target, behaviors, concurrency, pick)
    stats = target.stats
    assert target.done
    assert all(one.ended for one in target.walks)
    assert stats.windows == stats.windows_done == len(journal.entries)
    assert stats.windows_left() == 0
    assert stats.walks_started == stats.walks_ended == stats.walks
    assert stats.records == sum(page.length for _, page in journal.entries if page)
    assert stats.declared == sum(one.walk.total for one in target.walks if one.walk)
    resumed = scheduler_of(len(behaviors))
    assert replay(journal.entries, {"t": resumed}, dict(enumerate(resumed.walks))) == len(journal.entries)
    assert resumed.done
    assert counted(resumed.stats) == counted(stats)
    assert [one.walk and one.walk.verdict for one in resumed.walks] == [
        one.walk and one.walk.verdict for one in target.walks
    ]


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
    assert target.stats.windows_left() == 4
    task = take(target)
    assert target.stats.windows_left() == 4
    settle(target, task, page_of(range(10), 95))
    assert (target.stats.windows, target.stats.windows_left()) == (10, 9 + 3 * 10)


def test_the_window_beyond_a_doubtful_total_is_counted() -> None:
    target = scheduler_of(1)
    settle(target, take(target), page_of(range(10), 10))
    assert (target.stats.windows_left(), target.stats.declared) == (1, 10)
    settle(target, take(target), EMPTY_PAGE)
    assert (target.stats.windows, target.stats.windows_left(), target.done) == (2, 0, True)


def test_a_walk_without_a_total_has_one_more_window_until_it_ends() -> None:
    target = scheduler_of(1)
    for number in range(3):
        settle(target, take(target), page_of(range(number * 10, number * 10 + 10), None))
        assert target.stats.windows_left() == 1
    settle(target, take(target), page_of([], None))
    assert (target.stats.windows_left(), target.done) == (0, True)


def test_the_total_of_a_later_pass_replaces_the_one_before() -> None:
    target = scheduler_of(1)
    settle(target, take(target), page_of(range(4), 5))
    settle(target, take(target), page_of(range(4), 5))
    assert target.stats.declared == 5
    settle(target, take(target), page_of(range(3), 3))
    assert (target.stats.declared, target.stats.windows, target.done) == (3, 3, True)


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
    assert (target.stats.records, target.stats.rejected, target.stats.pages) == (1, 2, 1)


def test_an_unknown_field_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    target = scheduler_of(1)
    with caplog.at_level(logging.WARNING):
        for offset, unknown in [(0, {"b", "a"}), (10, {"a"}), (20, {"a", "c"})]:
            page = page_of(range(offset, offset + 10), 30)
            task = take(target)
            settle(target, task, page._replace(items=page.items._replace(unknown=frozenset(unknown))))
    assert [vars(record)["fields"] for record in caplog.records] == [["a", "b"], ["c"]]
    assert target.unknown_fields == {"a", "b", "c"}
