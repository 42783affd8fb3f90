"""The client takes what is an answer to its request, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from crawler.crawl.system_clock import SystemClock
from crawler.errors import RefusedError, SizeRefusedError, TransientError
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.http.client import Client, connect
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.swr.request import ListRequest

pytestmark = pytest.mark.anyio
QUERY = ListRequest("self", None, 0, 100, None)
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def asking(handler: Handler, *, timeout_s: float = 5.0, max_body_bytes: int = 1000) -> AsyncIterator[Client]:
    server = await asyncio.get_running_loop().create_server(web.Server(handler, access_log=None), "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    pace = RateLimiter(None, SystemClock())
    async with (
        server,
        connect(endpoint, pace, connections=2, timeout_s=timeout_s, max_body_bytes=max_body_bytes) as client,
    ):
        client.credentials = TokenCredentials("t")
        yield client


async def test_it_sends_what_the_page_asks_for_and_nothing_else() -> None:
    seen: list[web.BaseRequest] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        seen.append(request)
        return web.Response(body=b"[]", headers={"Content-Range": "0-0/0"})

    async with asking(handle) as client:
        answer = await client.get(ListRequest("self", "team-a", 200, 100, None))
    assert (answer.status, answer.body, answer.headers["content-range"]) == (200, b"[]", "0-0/0")
    (request,) = seen
    assert request.raw_path == "/v2/manage/shared-repositories?center=self&limit=100&namespace=team-a&offset=200"
    assert request.headers["X-Auth-Token"] == "t"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("swr-crawler/")


async def test_a_redirect_is_not_followed() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert request.path != "/elsewhere", "the token must not go where the service points"
        return web.Response(status=302, headers={"Location": "/elsewhere", "X-Request-Id": "abc"})

    async with asking(handle) as client:
        with pytest.raises(RefusedError, match=r"HTTP 302.*redirects are not followed.*abc"):
            await client.get(QUERY)


async def test_a_body_beyond_the_cap_is_not_read_to_its_end() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"[" * 500)
        except ConnectionError:
            return response

    async with asking(handle) as client:
        with pytest.raises(SizeRefusedError, match="larger than 1000 bytes"):
            await client.get(QUERY)


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
async def test_a_body_that_comes_with_its_head_is_held_to_the_cap_too(size: int, fits: bool) -> None:  # noqa: FBT001 - pytest's
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(body=b"[" * size)

    async with asking(handle) as client:
        if fits:
            assert len((await client.get(QUERY)).body) == size
        else:
            with pytest.raises(SizeRefusedError, match="larger than 1000 bytes"):
                await client.get(QUERY)


async def test_no_answer_within_the_timeout_may_be_asked_again() -> None:
    never = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        await never.wait()
        return web.Response()

    async with asking(handle, timeout_s=0.05) as client:
        with pytest.raises(TransientError, match="no answer within the timeout"):
            await client.get(QUERY)
        never.set()


async def test_a_connection_that_breaks_is_not_asked_again_behind_our_back() -> None:
    asked = 0

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with asking(handle) as client:
        with pytest.raises(TransientError):
            await client.get(QUERY)
    assert asked == 1


async def test_an_answer_that_is_no_http_may_be_asked_again() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 smtp.example ESMTP\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    pace = RateLimiter(None, SystemClock())
    async with server, connect(endpoint, pace, connections=1, timeout_s=5, max_body_bytes=1000) as client:
        with pytest.raises(TransientError):
            await client.get(QUERY)


async def test_a_body_that_breaks_off_may_be_asked_again() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "900"})
        await response.prepare(request)
        await response.write(b"[" * 10)
        assert request.transport is not None
        request.transport.close()
        return response

    async with asking(handle) as client:
        with pytest.raises(TransientError, match=r"broke off|closed"):
            await client.get(QUERY)


async def test_the_body_is_given_as_one_piece_however_it_came() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in (b"[", b"1", b"]"):
            await response.write(piece)
            await asyncio.sleep(0.01)
        return response

    async with asking(handle) as client:
        assert (await client.get(QUERY)).body == b"[1]"
