"""The walks of one target: which window goes next, and what is counted."""

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
from crawler.swr.response import EMPTY_PAGE, Page
from crawler.walk.outcome import Retry, WalkError
from crawler.walk.server_profile import ServerProfile
from tests.walk.model_server import SHORT_TRIES, TRIES, Nature, Server, page_of
from tests.walk.strategies import Choose, any_nature, orders_of_answers, rooms

LIMITS = CrawlLimits(max_tries=TRIES, max_passes=3, double_read=False)
LIMIT = 10
MOST_WINDOWS = 10_000


def target_of(walks: int, limits: CrawlLimits = LIMITS) -> TargetScheduler:
    walks_of_plan = [ScheduledWalk(index, WalkId("t", "self", f"n{index}")) for index in range(walks)]
    return TargetScheduler(walks_of_plan, ServerProfile(LIMIT, (None,)), limits, TargetStats("t", walks, None))


def take(target: TargetScheduler) -> FetchTask:
    task = target.next_task()
    assert task is not None
    return task


def settle(target: TargetScheduler, task: FetchTask, page: Page) -> None:
    assert not isinstance(task.walk.on_page(task.window, page, last_try=True), Retry)
    target.on_settled(task.scheduled, task.walk, page)


class Journal:
    """What the spool would give a resume."""

    def __init__(self) -> None:
        self.entries: list[tuple[Entry, Page | None]] = []

    def append(self, walk: int, window: Window, page: Page | None) -> None:
        if page is None:
            self.entries.append((LossEntry(walk, window, "fails"), None))
            return
        records = page.items.records
        entry = PageEntry(walk, window, page.total, page.disagrees, 0, 0, 0, records, page.items.rejected, 0)
        self.entries.append((entry, page))


def crawl(target: TargetScheduler, natures: Iterable[Nature], room: int, choose: Choose) -> Journal:
    """Crawl as the engine does, looking at the counts after each step."""
    servers = [Server(nature) for nature in natures]
    flights: list[tuple[FetchTask, list[int]]] = []
    journal = Journal()
    while not target.done:
        assert target.stats.windows_done < MOST_WINDOWS, "it does not end"
        while len(flights) < room and (task := target.next_task()) is not None:
            flights.append((task, []))
        flight = flights[choose(len(flights))]
        task, tries = flight
        tries.append(1)
        answer = servers[task.scheduled.index].answer(task.window)
        kept: Page | None = None
        if isinstance(answer, Page):
            answered = task.walk.on_page(task.window, answer, last_try=len(tries) >= SHORT_TRIES)
            if isinstance(answered, Retry):
                continue
            kept = EMPTY_PAGE if answered == "skip" else answer
        elif answer == "size refused" and task.walk.on_size_refused(task.window):
            flights.remove(flight)
            continue
        elif answer == "fails" and len(tries) < TRIES:
            continue
        else:
            task.walk.on_lost(task.window, answer)
        flights.remove(flight)
        journal.append(task.scheduled.index, task.window, kept)
        target.on_settled(task.scheduled, task.walk, kept)
        look_at(target.stats, len(journal.entries))
    assert not flights
    return journal


def look_at(stats: TargetStats, settled: int) -> None:
    assert stats.windows_done == settled
    assert stats.windows_done <= stats.windows
    assert stats.windows_left() >= 0
    assert stats.walks_ended <= stats.walks_started <= stats.walks


def counted(stats: TargetStats) -> tuple[int, ...]:
    sums = (stats.declared, stats.records, stats.rejected, stats.pages)
    return (stats.walks_started, stats.walks_ended, stats.windows, stats.windows_done, *sums)


still = any_nature.map(lambda nature: Nature(**{**vars(nature), "refused_orders": frozenset()}))


@settings(max_examples=200, deadline=None)
@given(st.lists(still, min_size=1, max_size=4), rooms, orders_of_answers)
def test_whatever_the_servers_do_the_counts_add_up_and_a_resume_counts_the_same(
    natures: list[Nature], room: int, choose: Choose
) -> None:
    target = target_of(len(natures))
    journal = crawl(target, natures, room, choose)
    stats = target.stats
    assert target.done
    assert all(run.ended for run in target.walks)
    assert stats.windows == stats.windows_done == len(journal.entries)
    assert stats.windows_left() == 0
    assert stats.walks_started == stats.walks_ended == stats.walks
    assert stats.records == sum(page.length for _, page in journal.entries if page)
    assert stats.declared == sum(run.walk.total for run in target.walks if run.walk)
    resumed = target_of(len(natures))
    assert replay(journal.entries, {"t": resumed}, dict(enumerate(resumed.walks))) == len(journal.entries)
    assert resumed.done
    assert counted(resumed.stats) == counted(stats)
    assert [run.walk and run.walk.verdict for run in resumed.walks] == [
        run.walk and run.walk.verdict for run in target.walks
    ]


def test_walks_begin_in_plan_order_and_only_when_the_older_ones_have_nothing_to_ask() -> None:
    target = target_of(3)
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


def test_an_older_walk_goes_first_after_a_resume_too_whatever_was_answered_first() -> None:
    target = target_of(3)
    history: list[tuple[Entry, Page | None]] = []
    journal = Journal()
    for walk in (2, 0):
        journal.append(walk, Window(1, 0, LIMIT, None), page_of(range(10), 30))
    history.extend(journal.entries)
    assert replay(history, {"t": target}, dict(enumerate(target.walks))) == 2
    asked = [(task.scheduled.index, task.window.offset) for task in iter(target.next_task, None)]
    assert asked == [(0, 10), (0, 20), (2, 10), (2, 20), (1, 0)]
    assert [run.requests for run in target.walks] == [1, 0, 1]


def test_a_journal_of_another_plan_is_refused() -> None:
    journal = Journal()
    journal.append(1, Window(1, 0, LIMIT, None), page_of(range(10), 30))
    with pytest.raises(WalkError):
        replay(journal.entries, {"t": target_of(1)}, dict(enumerate(target_of(1).walks)))


def test_walks_not_begun_are_estimated_by_those_that_are() -> None:
    target = target_of(4)
    assert target.stats.windows_left() == 4
    task = take(target)
    assert target.stats.windows_left() == 4
    settle(target, task, page_of(range(10), 95))
    assert (target.stats.windows, target.stats.windows_left()) == (10, 9 + 3 * 10)


def test_the_window_beyond_a_doubtful_total_is_counted() -> None:
    target = target_of(1)
    settle(target, take(target), page_of(range(10), 10))
    assert (target.stats.windows_left(), target.stats.declared) == (1, 10)
    settle(target, take(target), EMPTY_PAGE)
    assert (target.stats.windows, target.stats.windows_left(), target.done) == (2, 0, True)


def test_a_walk_without_a_total_has_one_more_window_until_it_ends() -> None:
    target = target_of(1)
    for number in range(3):
        settle(target, take(target), page_of(range(number * 10, number * 10 + 10), None))
        assert target.stats.windows_left() == 1
    settle(target, take(target), page_of([], None))
    assert (target.stats.windows_left(), target.done) == (0, True)


def test_a_total_that_another_pass_declares_replaces_the_one_before() -> None:
    target = target_of(1)
    settle(target, take(target), page_of(range(4), 5))
    settle(target, take(target), page_of(range(4), 5))
    assert target.stats.declared == 5
    settle(target, take(target), page_of(range(3), 3))
    assert (target.stats.declared, target.stats.windows, target.done) == (3, 3, True)


def test_an_error_ends_a_target_though_walks_are_open() -> None:
    target = target_of(2)
    take(target)
    assert not target.done
    target.error = UnavailableError("away")
    assert target.done


def test_a_target_without_walks_is_done() -> None:
    target = target_of(0)
    assert target.done
    assert target.next_task() is None


def test_rejects_and_lost_windows_are_counted_as_what_they_are() -> None:
    target = target_of(1)
    task = take(target)
    page = page_of([1, 2, 3], 13)
    items = page.items._replace(records=1, rejected=2)
    settle(target, task, page._replace(items=items))
    assert (target.stats.records, target.stats.rejected, target.stats.pages) == (1, 2, 1)


def test_a_field_that_this_version_does_not_know_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    target = target_of(1)
    with caplog.at_level(logging.WARNING):
        for offset, unknown in [(0, {"b", "a"}), (10, {"a"}), (20, {"a", "c"})]:
            page = page_of(range(offset, offset + 10), 30)
            task = take(target)
            settle(target, task, page._replace(items=page.items._replace(unknown=frozenset(unknown))))
    assert [vars(record)["fields"] for record in caplog.records] == [["a", "b"], ["c"]]
    assert target.unknown_fields == {"a", "b", "c"}
