"""The client sends each request once and returns the response to it, or raises what to do next."""

import asyncio

import pytest
from aiohttp import web

from crawler.crawl.system_clock import SystemClock
from crawler.errors import RefusedError, SizeRefusedError, TransientError
from crawler.swr.auth.credentials import AccessKeyCredentials
from crawler.swr.auth.signing import AccessKey
from crawler.swr.http.client import connect
from crawler.swr.http.rate_limiter import LocalRateLimiter
from crawler.swr.request import ListRequest, NamespacesRequest
from tests.support.handler_client import client_of

pytestmark = pytest.mark.anyio
REQUEST = ListRequest("self", None, 0, 100, None)


async def test_it_sends_the_documented_path_query_and_headers() -> None:
    requests: list[web.BaseRequest] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        requests.append(request)
        return web.Response(body=b"[]", headers={"Content-Range": "0-0/0"})

    async with client_of(handle) as client:
        response = await client.get(ListRequest("self", "team-a", 200, 100, None))
    assert (response.status, response.body, response.headers["content-range"]) == (200, b"[]", "0-0/0")
    (request,) = requests
    assert request.raw_path == "/v2/manage/shared-repositories?center=self&limit=100&namespace=team-a&offset=200"
    assert request.headers["X-Auth-Token"] == "t"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("swr-crawler/")


@pytest.mark.parametrize("request_", [REQUEST, NamespacesRequest()])
async def test_every_request_says_that_no_stored_response_will_do_and_no_signature_covers_that(
    request_: ListRequest | NamespacesRequest,
) -> None:
    requests: list[web.BaseRequest] = []

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        requests.append(request)
        return web.Response(body=b"[]")

    async with client_of(handle) as client:
        client.credentials = AccessKeyCredentials(AccessKey("AK", "SK", project_id="p"), SystemClock().utc)
        await client.get(request_)
    assert requests[0].headers["Cache-Control"] == "no-cache"
    assert "cache-control" not in requests[0].headers["Authorization"]


async def test_a_redirect_is_not_followed() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert request.path != "/elsewhere", "the token must not be sent to another address"
        return web.Response(status=302, headers={"Location": "/elsewhere", "X-Request-Id": "abc"})

    async with client_of(handle) as client:
        with pytest.raises(RefusedError, match=r"HTTP 302.*redirects are not followed.*abc"):
            await client.get(REQUEST)


async def test_a_body_beyond_the_bound_is_not_read_to_its_end() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"[" * 500)
        except ConnectionError:
            return response

    async with client_of(handle) as client:
        with pytest.raises(SizeRefusedError, match="larger than 1000 bytes"):
            await client.get(REQUEST)


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
async def test_the_bound_applies_to_a_body_that_arrives_with_its_head_too(size: int, fits: bool) -> None:  # noqa: FBT001 - pytest's
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        return web.Response(body=b"[" * size)

    async with client_of(handle) as client:
        if fits:
            assert len((await client.get(REQUEST)).body) == size
        else:
            with pytest.raises(SizeRefusedError, match="larger than 1000 bytes"):
                await client.get(REQUEST)


async def test_a_request_without_a_response_within_the_timeout_may_be_retried() -> None:
    never = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        del request
        await never.wait()
        return web.Response()

    async with client_of(handle, timeout_s=0.05) as client:
        with pytest.raises(TransientError, match="no response within the timeout"):
            await client.get(REQUEST)
        never.set()


async def test_a_request_on_a_connection_that_fails_is_not_retried_by_aiohttp() -> None:
    received = 0

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal received
        received += 1
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with client_of(handle) as client:
        with pytest.raises(TransientError):
            await client.get(REQUEST)
    assert received == 1


async def test_a_request_whose_response_is_not_http_may_be_retried() -> None:
    async def speak_smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 smtp.example ESMTP\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak_smtp, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    rate_limiter = LocalRateLimiter(None, SystemClock())
    async with server, connect(endpoint, rate_limiter, connections=1, timeout_s=5, max_body_bytes=1000) as client:
        with pytest.raises(TransientError):
            await client.get(REQUEST)


async def test_a_request_whose_response_is_truncated_may_be_retried() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "900"})
        await response.prepare(request)
        await response.write(b"[" * 10)
        assert request.transport is not None
        request.transport.close()
        return response

    async with client_of(handle) as client:
        with pytest.raises(TransientError, match=r"truncated|closed"):
            await client.get(REQUEST)


async def test_the_body_is_one_piece_however_many_pieces_it_arrived_in() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in (b"[", b"1", b"]"):
            await response.write(piece)
            await asyncio.sleep(0.01)
        return response

    async with client_of(handle) as client:
        assert (await client.get(REQUEST)).body == b"[1]"
