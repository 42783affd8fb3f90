"""A page that may belong to another request holds back its walk, and is requested again when it is doubtful."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from crawler.crawl.engine.backoff import Backoff
from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.engine.target_scheduler import CrawlLimits, FetchTask, ScheduledWalk, TargetScheduler
from crawler.crawl.engine.target_stats import TargetStats
from crawler.crawl.engine.uncertain_pages import UncertainPages
from crawler.crawl.resume import replay
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.store.journal import LossEntry, PageEntry
from crawler.swr.decode.batch import Source
from crawler.swr.exchange import Exchange
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.swr.page import Page, read_page
from crawler.swr.request import ListRequest
from crawler.swr.response import Response
from crawler.walk.server_profile import ServerProfile
from tests.support.emulator_fixture import QuickClock
from tests.support.handler_client import client_of

pytestmark = pytest.mark.anyio
WALK = WalkId("t", "self", "team")
REQUEST = ListRequest("self", "team", 0, 10, None)


def body(*names: str) -> bytes:
    return json.dumps([{"name": name, "namespace": "team", "total_range": len(names)} for name in names]).encode()


OURS, THEIRS = body("a", "b"), body("a", "c")


class Held:
    """A target of one walk that has ended with a page that is not certain; what the service answers to it now."""

    def __init__(self, *, total_only: bool = False) -> None:
        walk = ScheduledWalk(-1 if total_only else 0, WALK, total_only=total_only)
        limits = CrawlLimits(max_tries=3, max_passes=2, double_read=False)
        self.target = TargetScheduler([walk], ServerProfile(10, (None,)), limits, TargetStats("t", 1, None))
        self.answers: list[web.Response] = []
        self.published: list[ScheduledWalk] = []
        self.clock = QuickClock()
        self.rate_limiter = RateLimiter(None, self.clock)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        del request
        return self.answers.pop(0)

    @asynccontextmanager
    async def pages(self) -> AsyncIterator[UncertainPages]:
        async with client_of(self.answer) as client:
            self.client = client
            requester = PageRequester(client, self.target.stats)
            backoff = Backoff(self.rate_limiter, self.target.stats)
            yield UncertainPages(
                self.target,
                requester,
                backoff,
                self.clock,
                self.published.append,
                lambda task: self.target.on_doubt(*task),
            )

    def read(self, pages: UncertainPages, content: bytes, exchange: Exchange) -> FetchTask:
        """Settle the next window with a page of this content."""
        page: Page = read_page(Response(200, {}, content), Source(*WALK, 0))
        task = self.target.next_task()
        assert task is not None
        task.walk.on_page(task.window, page, last_try=True)
        if not exchange.certain:
            pages.hold(task, REQUEST, page, exchange)
        self.target.on_settled(task.scheduled, task.walk, page)
        return task


def page_response(content: bytes) -> web.Response:
    return web.Response(body=content)


async def ended(held: Held, pages: UncertainPages, exchange: Exchange) -> FetchTask:
    """Read the only page of the walk, and the probe beyond it; both are uncertain until `exchange` is judged."""
    task = held.read(pages, OURS, exchange)
    while not held.target.done:
        held.read(pages, b"[]", certain())
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
        assert (task.walk.verdict, task.scheduled.requests, held.target.stats.requests) == ("complete", 1, 1)


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
    [(200, THEIRS, 1), (200, body("a"), 1), (403, b"", 1), (503, b"", 3)],
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
        assert (task.walk.verdict, held.target.done, held.target.stats.walks_ended) == (None, False, 0)
        assert (task.scheduled.uncertain, task.walk.passes) == (0, 2)
        await ended(held, pages, certain())


async def test_a_total_whose_page_does_not_come_again_is_asked_for_once_more() -> None:
    held, exchange = Held(total_only=True), Exchange()
    async with held.pages() as pages:
        task = held.read(pages, THEIRS, exchange)
        done = [held.target.done]
        exchange.judge(certain=False)
        held.answers = [page_response(body("a"))]
        await pages.request_again()
        done.append(held.target.done)
        held.read(pages, body("a"), certain())
        assert [*done, held.target.done] == [True, False, True]
        assert task.walk.declared == 1


async def test_a_throttled_request_for_a_doubtful_page_pauses_the_target() -> None:
    held, exchange = Held(), Exchange()
    async with held.pages() as pages:
        await ended(held, pages, exchange)
        exchange.judge(certain=False)
        held.answers = [web.Response(status=429, headers={"Retry-After": "7"}), page_response(OURS)]
        await pages.request_again()
        assert held.rate_limiter.paused_for_s == held.target.stats.throttled_s == 7


def test_a_journal_that_takes_a_window_back_is_replayed_as_the_run_went() -> None:
    pages = [read_page(Response(200, {}, content), Source(*WALK, 0)) for content in (THEIRS, b"[]", OURS, b"[]")]
    windows = [Window(number, offset, limit, None) for number in (1, 2) for offset, limit in ((0, 10), (2, 2))]
    read = [
        (PageEntry(0, window, page.total, page.disagrees, 0, 0, 0, page.items.records, 0, 0), page)
        for window, page in zip(windows, pages, strict=True)
    ]
    taken_back = LossEntry(0, windows[0], "the page may belong to another request"), None
    run, resumed = Held().target, Held().target
    assert replay([*read[:2], taken_back], {"t": resumed}, dict(enumerate(resumed.walks))) == 2
    assert not resumed.done
    assert resumed.next_task() == (resumed.walks[0], resumed.walks[0].walk, windows[2])
    assert replay([*read[:2], taken_back, *read[2:]], {"t": run}, dict(enumerate(run.walks))) == 4
    assert run.done
    assert run.walks[0].ended
