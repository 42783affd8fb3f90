"""A response is never attributed to another request than its own."""

import asyncio
from contextlib import suppress

import anyio
import pytest

from crawler.errors import TransientError
from crawler.swr.request import ListRequest
from tests.support.wire_faults import EarlyResponse, RepeatResponse
from tests.swr.http.raw_server import REQUEST, client_behind, client_of, http_response, names, raw_server, window

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("late", [False, True])
async def test_a_repeated_response_is_never_attributed_to_another_request(late: bool) -> None:  # noqa: FBT001 - pytest's
    accepted = 0
    async with client_behind(RepeatResponse(every=1, late=late)) as (client, _):
        for offset in (0, 10, 20, 30, 20, 10, 0):
            with suppress(TransientError):
                response = await client.get(ListRequest("self", None, offset, 10, None))
                assert names(response) == window(offset)
                accepted += 1
    assert accepted == 6 + (not late)


async def test_an_unrequested_response_costs_the_connection_and_no_request() -> None:
    async with client_behind(RepeatResponse(every=1, after_ms=1)) as (client, wire):
        await client.get(REQUEST)
        await anyio.wait_all_tasks_blocked()
        assert names(await client.get(ListRequest("self", None, 10, 10, None))) == window(10)
    assert wire.connections == 2


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 10])
async def test_unrequested_bytes_are_no_response_whether_they_were_read_or_are_unread(turns: int) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(http_response(b"[1]"))
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server, client_of(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
        assert (await client.get(REQUEST)).body == b"[1]"
        writers[0].write(http_response(b"[2]"))
        for _ in range(turns):
            await asyncio.sleep(0)
        assert (await client.get(REQUEST)).body == b"[1]"
    assert len(writers) == 2


async def test_offsets_are_no_longer_checked_when_a_new_connection_shows_that_the_service_does_not_name_them() -> None:
    page = http_response(b"[]", b"Content-Range: 0-10/40")
    async with raw_server(page, close=False) as endpoint, client_of(endpoint) as client:
        assert (await client.get(REQUEST)).body == b"[]"
        with pytest.raises(TransientError, match="for offset 0, not 10"):
            await client.get(ListRequest("self", None, 10, 10, None))
        for offset in (10, 20, 30):
            assert (await client.get(ListRequest("self", None, offset, 10, None))).body == b"[]"


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_response_before_the_request_was_sent_completely_costs_the_connection() -> None:
    async with client_behind(EarlyResponse(first=1, after_bytes=1000)) as (client, wire):
        response = await client.send("POST", f"{wire.endpoint}/v3/auth/tokens", {}, bytes(20_000_000))
        assert response.body == b"[]"
        assert names(await client.get(REQUEST)) == window(0)
    assert wire.connections == 2


@pytest.mark.parametrize("more", [b"]", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3"])
async def test_bytes_after_a_response_are_not_taken_for_the_next(more: bytes) -> None:
    async with raw_server(http_response(b"[]") + more, close=False) as endpoint, client_of(endpoint) as client:
        for _ in range(3):
            with suppress(TransientError):
                assert (await client.get(REQUEST)).body == b"[]"
