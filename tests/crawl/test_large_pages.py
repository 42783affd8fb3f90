"""A large page is read by another thread: requests, signals and everything else go on meanwhile."""

import gzip
import threading
from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest
from aiohttp import web

from crawler.crawl.engine import page_requester
from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.observing.observer import Observer
from crawler.swr.content_encoding import decoded
from crawler.swr.decode.batch import Source
from crawler.swr.decode.bounds import SMALL_BYTES
from crawler.swr.page import Page, read_page
from crawler.swr.request import ListRequest
from crawler.swr.response import Response
from tests.support.handler_client import client_of

pytestmark = pytest.mark.anyio

REQUEST = ListRequest("self", None, 0, 1000, None, filtered=False)
SOURCE = Source("eu", "self", None, 0)
ITEM = b'{"name":"n%d","namespace":"s","description":"' + b"x" * 1000 + b'"}'


def page(items: int) -> bytes:
    return b"[" + b",".join(ITEM % at for at in range(items)) + b"]"


LARGE, USUAL = page(1500), page(900)


def sending(content: bytes, **headers: str) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(body=content, headers=headers)

    return handle


class Reading:
    """Stands for `read_page`; waits until `may_end` is set, and notes the thread that it is called in."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.threads: list[int] = []

    def __call__(self, response: Response, source: Source) -> Page:
        self.threads.append(threading.get_ident())
        self.began.set()
        assert self.may_end.wait(30), "nothing else ran"
        return read_page(response, source)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    reading = Reading()
    monkeypatch.setattr(page_requester, "read_page", reading)
    return reading


async def until(event: threading.Event) -> None:
    while not event.is_set():
        await anyio.lowlevel.checkpoint()


async def test_other_tasks_go_on_while_a_large_page_is_read(reading: Reading) -> None:
    async def go_on() -> None:
        await until(reading.began)
        reading.may_end.set()

    async with client_of(sending(LARGE), max_body_bytes=10**7) as client, anyio.create_task_group() as group:
        group.start_soon(go_on)
        found, _ = await PageRequester(client, "eu", Observer()).get_page(REQUEST, SOURCE)
    assert found.items.records == 1500
    assert reading.threads != [threading.get_ident()]


async def test_a_crawl_that_is_stopped_waits_for_no_page(reading: Reading) -> None:
    async def stop(scope: anyio.CancelScope) -> None:
        await until(reading.began)
        scope.cancel()

    async with client_of(sending(LARGE), max_body_bytes=10**7) as client:
        requester = PageRequester(client, "eu", Observer())
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(stop, group.cancel_scope)
                await requester.get_page(REQUEST, SOURCE)
        finally:
            was_waited_for = reading.may_end.is_set()
            reading.may_end.set()
    assert group.cancel_scope.cancelled_caught
    assert not was_waited_for


async def test_a_thread_that_nobody_waits_for_any_more_ends_at_the_next_reject(monkeypatch: pytest.MonkeyPatch) -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()
    masked: list[str] = []

    def reading(response: Response, source: Source) -> Page:
        def mask(text: str) -> str:
            began.set()
            assert may_end.wait(30)
            result = response.mask(text)
            masked.append(result)
            return result

        try:
            return read_page(response._replace(mask=mask), source)
        finally:
            ended.set()

    async def stop(scope: anyio.CancelScope) -> None:
        await until(began)
        scope.cancel()

    monkeypatch.setattr(page_requester, "read_page", reading)
    async with client_of(sending(LARGE.replace(b'"name"', b'"neme"')), max_body_bytes=10**7) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(stop, group.cancel_scope)
            await PageRequester(client, "eu", Observer()).get_page(REQUEST, SOURCE)
        assert group.cancel_scope.cancelled_caught
        may_end.set()
        await until(ended)
    assert masked == []


async def test_a_page_of_usual_size_is_read_at_once(reading: Reading) -> None:
    assert len(USUAL) <= SMALL_BYTES < len(LARGE)
    reading.may_end.set()
    async with client_of(sending(USUAL), max_body_bytes=10**7) as client:
        await PageRequester(client, "eu", Observer()).get_page(REQUEST, SOURCE)
    assert reading.threads == [threading.get_ident()]


@pytest.mark.parametrize(("content", "threads"), [(LARGE, 2), (USUAL, 1)], ids=["large", "usual"])
async def test_a_body_that_decompresses_to_a_large_one_leaves_the_loop(
    content: bytes, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[int] = set()

    def noting(*args: object) -> bytes:
        seen.add(threading.get_ident())
        return decoded(*args)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr("crawler.swr.http.body.decoded", noting)
    answer = sending(gzip.compress(content), **{"Content-Encoding": "gzip"})
    async with client_of(answer, max_body_bytes=10**7) as client:
        response = await client.get(REQUEST)
    assert response.body == content
    assert len(seen) == threads
