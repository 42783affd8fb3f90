"""A response that is sent twice, whenever the copy comes, is noticed; what it may have displaced is doubtful.

The server here answers nothing by itself: each test says which bytes come when.
"""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
import pytest

from crawler.errors import RequestError, TransientError
from crawler.swr.exchange import Exchange
from crawler.swr.http.client import Client
from crawler.swr.request import ListRequest
from crawler.swr.response import Response
from tests.support.wire_faults import RepeatResponse
from tests.swr.http.raw_server import client_behind, client_of, http_response, names, window

pytestmark = pytest.mark.anyio
REQUEST = ListRequest("self", "team-a", 0, 10, None)


class Server:
    """The connections of a server, in the order in which they were opened, and the requests that have come on each."""

    def __init__(self) -> None:
        self.requests: list[asyncio.Semaphore] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        requested = asyncio.Semaphore(0)
        self.requests.append(requested)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                requested.release()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def send(self, *bodies: bytes, on: int = -1, response_id: str = "", more: bytes = b"") -> None:
        headers = [b"X-Request-Id: " + response_id.encode()] if response_id else []
        self.writers[on].write(b"".join(http_response(body, *headers) for body in bodies) + more)

    def close(self) -> None:
        self.writers[-1].close()

    async def get(self, client: Client, body: bytes, *, response_id: str = "", more: bytes = b"") -> Response:
        """Return what the client gets for one request when the server answers with `body`."""
        connections = len(self.writers)
        async with asyncio.timeout(5):
            getting = asyncio.create_task(client.get(REQUEST))
            while len(self.writers) == connections and not getting.done():
                if connections and not self.requests[-1].locked():
                    break
                await asyncio.sleep(0)
            await self.requests[-1].acquire()
            self.send(body, response_id=response_id, more=more)
            return await getting


@asynccontextmanager
async def serving(connections: int = 1, timeout_s: float = 5.0) -> AsyncIterator[tuple[Server, Client]]:
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    async with listener, client_of(endpoint, connections=connections, timeout_s=timeout_s) as client:
        yield server, client


async def second_exchange(server: Server, client: Client) -> Exchange:
    """Send two requests on one connection; return the exchange of the second one, which is not certain."""
    first = await server.get(client, b"[1]")
    second = await server.get(client, b"[2]")
    assert first.exchange is None
    assert second.exchange is not None
    assert second.exchange.certain is None
    assert len(server.writers) == 1
    return second.exchange


async def judged(exchange: Exchange) -> bool:
    """Return whether the exchange is certain, once it is judged."""
    told = asyncio.get_running_loop().create_future()
    exchange.when_judged(told.set_result)
    async with asyncio.timeout(5):
        return bool(await told)


# ---- when the copy comes


async def test_without_a_copy_every_response_is_certain_in_the_end() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        await client.wait_for_silence()
        assert exchange.certain
        assert (await server.get(client, b"[3]")).body == b"[3]"
    assert len(server.writers) == 1


async def test_a_copy_while_the_connection_is_idle_makes_what_came_before_it_doubtful_at_once() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        server.send(b"[2]")
        assert not await judged(exchange)
        assert (await server.get(client, b"[3]")).body == b"[3]"
    assert len(server.writers) == 2


async def test_a_copy_between_a_request_and_its_response_is_found_out_by_the_response() -> None:
    async with serving() as (server, client):
        await server.get(client, b"[1]")
        displaced = await server.get(client, b"[1]")
        assert displaced.exchange is not None
        server.send(b"[2]")
        assert not await judged(displaced.exchange)


async def test_every_response_after_a_copy_is_doubtful_until_one_comes_too_many() -> None:
    async with serving() as (server, client):
        await server.get(client, b"[1]")
        responses = [await server.get(client, body) for body in (b"[1]", b"[2]", b"[3]")]
        server.send(b"[4]")
        assert [response.exchange and await judged(response.exchange) for response in responses] == [False] * 3


async def test_a_copy_at_the_very_end_is_waited_for() -> None:
    async with serving() as (server, client):
        await server.get(client, b"[1]")
        displaced = await server.get(client, b"[1]")
        async with asyncio.timeout(5), anyio.create_task_group() as tasks:
            tasks.start_soon(client.wait_for_silence)
            await asyncio.sleep(0)
            server.send(b"[2]")
        assert displaced.exchange is not None
        assert displaced.exchange.certain is False


async def test_two_responses_in_one_packet_are_both_refused_unless_the_first_is_the_connection_s_first() -> None:
    async with serving() as (server, client):
        first = await server.get(client, b"[1]", more=http_response(b"[1]"))
        assert (first.body, first.exchange) == (b"[1]", None)
        assert (await server.get(client, b"[1]")).exchange is None
        exchange = (await server.get(client, b"[2]")).exchange
        assert exchange is not None
        with pytest.raises(TransientError, match="more responses than requests"):
            await server.get(client, b"[2]", more=http_response(b"[3]"))
        assert not await judged(exchange)


async def test_once_out_of_step_no_connection_is_used_twice() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        server.send(b"[2]")
        assert not await judged(exchange)
        for _ in range(3):
            assert (await server.get(client, b"[3]")).exchange is None
    assert len(server.writers) == 4


# ---- what a copy is known by


async def test_a_copy_is_refused_at_once_by_its_id() -> None:
    async with serving() as (server, client):
        await server.get(client, b"[1]", response_id="a")
        with pytest.raises(TransientError, match="copy of another one"):
            await server.get(client, b"[1]", response_id="a")
        assert (await server.get(client, b"[2]", response_id="b")).body == b"[2]"


async def test_an_idle_copy_with_a_known_id_displaced_nothing() -> None:
    async with serving() as (server, client):
        await server.get(client, b"[1]", response_id="a")
        server.send(b"[1]", response_id="a")
        for number in (b"2", b"3", b"4"):
            await server.get(client, number, response_id=number.decode())
    assert len(server.writers) == 2


async def test_a_service_that_sends_one_id_with_every_response_costs_one_response() -> None:
    async with serving() as (server, client):
        await server.get(client, b"[1]", response_id="same")
        with pytest.raises(TransientError, match="copy of another one"):
            await server.get(client, b"[2]", response_id="same")
        for _ in range(3):
            assert (await server.get(client, b"[3]", response_id="same")).body == b"[3]"
    assert len(server.writers) == 2


@pytest.mark.parametrize("late", [False, True])
async def test_with_ids_a_proxy_that_repeats_every_response_makes_no_response_doubtful(late: bool) -> None:  # noqa: FBT001 - pytest's
    async with client_behind(RepeatResponse(every=1, late=late)) as (client, _):
        exchanges = []
        for offset in (0, 10, 0, 20, 0, 30, 0, 0):
            try:
                response = await client.get(ListRequest("self", None, offset, 10, None))
            except RequestError:
                continue
            assert names(response) == window(offset)
            exchanges.append(response.exchange)
        await client.wait_for_silence()
        assert all(exchange is None or exchange.certain for exchange in exchanges)


# ---- other bytes, and other ends


async def test_bytes_that_are_no_response_make_what_came_before_them_doubtful() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        server.writers[0].write(b"HTTP/1.1 20")  # not even a head
        await asyncio.sleep(0)
        assert (await server.get(client, b"[3]")).body == b"[3]"
        assert exchange.certain is False


async def test_line_ends_after_a_body_mean_nothing() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        server.writers[0].write(b"\r\n")
        assert (await server.get(client, b"[3]")).body == b"[3]"
        await client.wait_for_silence()
        assert exchange.certain
    assert len(server.writers) == 1


@pytest.mark.parametrize("turns", range(12))
async def test_a_request_that_is_cancelled_at_any_turn_leaves_no_connection_open(turns: int) -> None:
    async with serving() as (server, client):
        await server.get(client, b"[1]")
        server.writers[0].write(b"\r\n")  # before the connection is used again, the client reads what came
        getting = asyncio.create_task(client.get(REQUEST))
        for _ in range(turns):
            await asyncio.sleep(0)
        getting.cancel()
        with suppress(asyncio.CancelledError):
            await getting
        del getting
        gc.collect()  # aiohttp reports a connection that nobody has closed


async def test_a_farewell_to_a_connection_that_was_silent_for_long_means_nothing() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        await client.wait_for_silence()
        server.writers[0].write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        server.close()
        for _ in range(3):
            await server.get(client, b"[3]")
        assert exchange.certain
    assert len(server.writers) == 2, "connections are still used again"


async def test_the_end_of_an_idle_connection_means_that_nothing_more_comes() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        server.close()
        assert await judged(exchange)


async def test_a_last_response_that_says_so_ends_a_connection_in_order() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        getting = asyncio.create_task(client.get(REQUEST))
        await server.requests[0].acquire()
        server.writers[0].write(http_response(b"[3]", b"Connection: close"))
        assert (await getting).body == b"[3]"
        assert await judged(exchange)


async def test_a_connection_that_ends_instead_of_a_response_makes_what_came_before_doubtful() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        getting = asyncio.create_task(client.get(REQUEST))
        await server.requests[0].acquire()
        server.close()
        with pytest.raises(TransientError):
            await getting
        assert not await judged(exchange)
        again = [await server.get(client, b"[3]") for _ in range(2)]
        assert [response.body for response in again] == [b"[3]", b"[3]"]
    assert len(server.writers) == 2, "no response came too many: connections are used again"


async def test_a_body_that_breaks_off_makes_what_came_before_doubtful() -> None:
    async with serving() as (server, client):
        exchange = await second_exchange(server, client)
        getting = asyncio.create_task(client.get(REQUEST))
        await server.requests[0].acquire()
        server.writers[0].write(http_response(b"[3]")[:-1])
        server.close()
        with pytest.raises(TransientError, match="truncated"):
            await getting
        assert not await judged(exchange)


# ---- many responses that are not certain


async def test_a_connection_with_many_uncertain_responses_rests_while_another_takes_its_place() -> None:
    async with serving() as (server, client):
        responses = [await server.get(client, b"[]") for _ in range(140)]
        exchanges = [response.exchange for response in responses if response.exchange is not None]
        assert len(server.writers) == 2
        await client.wait_for_silence()
        assert {exchange.certain for exchange in exchanges} == {True}
