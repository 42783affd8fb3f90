"""A page that may belong to another request holds back its walk, and is requested again when it is doubtful."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.engine.uncertain_pages import UncertainPages
from crawler.crawl.observing.events import DoubtfulPage, WalkReopened
from crawler.crawl.observing.observers import Observers
from crawler.crawl.observing.run_statistics import RunStatistics
from crawler.crawl.observing.target_stats import TargetStats
from crawler.crawl.resume import replay
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledCensus, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.crawl.scheduling.walk_maker import CrawlLimits
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.store.journal import DoubtEntry, page_entry
from crawler.swr.decode.batch import Source
from crawler.swr.exchange import Exchange
from crawler.swr.page import EMPTY_PAGE, Page, read_page
from crawler.swr.request import ListRequest
from crawler.swr.response import Response
from crawler.walk.census.center_census import AskTotal, CenterCensus
from crawler.walk.census.total_steps import ListTotal
from crawler.walk.server_profile import ServerProfile
from tests.support.emulator_fixture import QuickClock
from tests.support.event_recorder import Recorder
from tests.support.handler_client import client_of

pytestmark = pytest.mark.anyio
WALK = WalkId("t", "self", "team")
REQUEST = ListRequest("self", "team", 0, 10, None)


def body(*names: str) -> bytes:
    return json.dumps([{"name": name, "namespace": "team", "total_range": len(names)} for name in names]).encode()


OURS, THEIRS = body("a", "b"), body("a", "c")
SECOND = b'[{"name": "b", "namespace": "team", "total_range": 2}]'


class Held:
    """A target of one walk that has ended with a page that is not certain; what the service answers to it now."""

    def __init__(self, *, with_census: bool = False) -> None:
        walk = ScheduledWalk(0, WALK)
        limits = CrawlLimits(max_tries=3, max_passes=2, double_read=False)
        probes = [ScheduledWalk(-1 - number, WALK._replace(namespace=None), is_probe=True) for number in range(5)]
        self.census = ScheduledCensus("t", "self", probes)
        census = {WALK.center: self.census} if with_census else {}
        self.stats = TargetStats("t", 1, None)
        self.events = Recorder()
        observer = Observers([RunStatistics([self.stats]), self.events])
        self.target = TargetScheduler("t", [walk], ServerProfile(10, (None,)), limits, observer, census=census)
        self.answers: list[web.Response] = []
        self.published: list[ScheduledWalk] = []
        self.clock = QuickClock()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        del request
        return self.answers.pop(0)

    @asynccontextmanager
    async def pages(self) -> AsyncIterator[UncertainPages]:
        async with client_of(self.answer, clock=self.clock) as client:
            self.client = client
            requester = PageRequester(client, "t", self.target.observer)
            yield UncertainPages(
                self.target,
                requester,
                self.published.append,
                lambda task: self.target.on_doubt(task.scheduled, task.window),
            )

    def read(self, pages: UncertainPages, content: bytes, exchange: Exchange) -> FetchTask:
        """Settle the next window with a page of this content."""
        page: Page = read_page(Response(200, {}, content), Source(*WALK, 0))
        task = self.target.next_task()
        assert task is not None
        task.walk.on_page(task.window, page, last_try=True)
        if not exchange.certain:
            pages.hold(task, REQUEST, page, exchange)
        self.target.on_settled(task, page)
        return task


def page_response(content: bytes) -> web.Response:
    return web.Response(body=content)


async def ended(held: Held, pages: UncertainPages, exchange: Exchange) -> FetchTask:
    """Read the only page of the walk, which is uncertain until `exchange` is judged, and the second row alone."""
    task = held.read(pages, OURS, exchange)
    while not held.target.done:
        held.read(pages, SECOND, certain())
    assert task.scheduled.ended
    return task


def certain() -> Exchange:
    exchange = Exchange()
    exchange.judge(certain=True)
    return exchange


async def test_a_walk_is_published_when_it_has_ended_and_its_pages_are_certain() -> None:
    held, exchange = Held(), Exchange()
    async with held.pages() as pages:
        task = await ended(held, pages, exchange)
        assert not held.published
        exchange.judge(certain=True)
        assert held.published == [task.scheduled]
        assert not pages.are_doubtful


async def test_a_walk_that_goes_on_is_not_published_when_a_page_is_certain() -> None:
    held, exchange = Held(), Exchange()
    async with held.pages() as pages:
        held.read(pages, OURS, exchange)
        exchange.judge(certain=True)
        assert not held.published


async def test_a_doubtful_page_that_comes_again_is_certain() -> None:
    held, exchange = Held(), Exchange()
    async with held.pages() as pages:
        task = await ended(held, pages, exchange)
        exchange.judge(certain=False)
        assert pages.are_doubtful
        held.answers = [page_response(OURS)]
        await pages.request_again()
        assert held.published == [task.scheduled]
        assert (verdict_of(task), task.scheduled.requests, held.stats.requests) == ("complete", 1, 1)


async def test_a_doubtful_page_that_comes_again_on_a_connection_in_use_is_held_in_its_turn() -> None:
    held, exchange = Held(), Exchange()
    async with held.pages() as pages:
        task = await ended(held, pages, exchange)
        exchange.judge(certain=False)
        held.answers = [web.Response(status=503), page_response(OURS)]
        await pages.request_again()
        assert held.clock.slept_s > 0
        assert not held.published
        await held.client.wait_for_silence()
        assert held.published == [task.scheduled]


@pytest.mark.parametrize(
    ("status", "content", "times"),
    [(200, THEIRS, 1), (200, body("a"), 1), (403, b"", 2), (503, b"", 3)],
    ids=["other rows", "fewer rows", "refused", "no answer"],
)
async def test_a_walk_whose_page_does_not_come_again_is_read_once_more(status: int, content: bytes, times: int) -> None:
    held, exchange = Held(), Exchange()
    async with held.pages() as pages:
        task = await ended(held, pages, exchange)
        exchange.judge(certain=False)
        held.answers = [web.Response(status=status, body=content) for _ in range(times)]
        await pages.request_again()
        assert not held.published
        assert (verdict_of(task), held.target.done, held.stats.walks_ended) == (None, False, 0)
        assert task.scheduled.uncertain == 0
        told = [name for name in held.events.names if name not in {"on_request", "on_retry"}]
        assert told[-3:] == ["on_doubtful_page", "on_unconfirmed_page", "on_walk_reopen"]
        assert held.events.of("on_doubtful_page") == held.events.of("on_unconfirmed_page") == [DoubtfulPage(WALK, 0)]
        assert held.events.of("on_walk_reopen") == [WalkReopened(WALK, had_ended=True)]
        assert held.stats.retries == times, "each request is one that is sent again"
        assert len(held.events.of("on_request")) == times
        again = await ended(held, pages, certain())
        assert again.window.pass_number == 2


async def test_a_total_whose_page_does_not_come_again_is_not_known() -> None:
    held, exchange = Held(with_census=True), Exchange()
    async with held.pages() as pages:
        held.read(pages, OURS, exchange)  # of the census
        exchange.judge(certain=False)
        held.answers = [page_response(body("a"))]
        await pages.request_again()
        while not held.target.done:
            held.read(pages, SECOND, certain())
        assert (held.census.before, held.census.after) == (None, None)


def test_a_walk_that_rests_or_has_ended_is_read_again_and_the_census_waits_for_it() -> None:
    census = CenterCensus(2)
    census.on_total(ListTotal(5, "seen"))
    census.on_rest(0, 3)
    census.on_end(1, 2)
    census.on_reopen(0, rested=True)
    assert census.next_step() is None
    census.on_end(0, 3)
    assert census.next_step() == AskTotal()
    census.on_doubt()
    assert (census.before, census.after) == (None, None)
    assert census.next_step() is None  # the total must come first
    census.on_total(ListTotal(5, "seen"))
    assert census.next_step() is None
    assert census.is_done
    assert census.next_step() is None


async def test_a_throttled_request_for_a_doubtful_page_pauses_the_target() -> None:
    held, exchange = Held(), Exchange()
    async with held.pages() as pages:
        await ended(held, pages, exchange)
        exchange.judge(certain=False)
        held.answers = [web.Response(status=429, headers={"Retry-After": "7"}), page_response(OURS)]
        await pages.request_again()
        assert held.client.rate_limiter.throttled_s == held.stats.throttled_s == 7
        assert held.clock.slept_s == 7  # the next request waited for the end of the pause


def test_a_journal_that_takes_a_window_back_is_replayed_as_the_run_went() -> None:
    contents = THEIRS, SECOND.replace(b"b", b"c"), OURS, SECOND
    pages = [read_page(Response(200, {}, content), Source(*WALK, 0)) for content in contents]
    pages[1], pages[3] = EMPTY_PAGE, EMPTY_PAGE  # what a question that saw the end is settled with
    windows = [Window(number, offset, limit, None) for number in (1, 2) for offset, limit in ((0, 10), (1, 1))]
    read = [(page_entry(0, window, page), page) for window, page in zip(windows, pages, strict=True)]
    taken_back = DoubtEntry(0, windows[0]), None
    run, resumed = Held().target, Held().target
    assert replay([*read[:2], taken_back], {"t": resumed}, dict(enumerate(resumed.walks))) == 2
    assert not resumed.done
    task = resumed.next_task()
    assert task is not None
    assert task.window == windows[2]
    assert replay([*read[:2], taken_back, *read[2:]], {"t": run}, dict(enumerate(run.walks))) == 4
    assert run.done
    assert run.walks[0].ended


def verdict_of(task: FetchTask) -> str | None:
    return task.scheduled.result and task.scheduled.result.judgement.verdict
