"""How responses are delivered, byte by byte on a raw connection; and that any two faults combine."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import product

import pytest
from aiohttp import web

from crawler.emulator.delivery import deliver
from crawler.emulator.faults.registry import (
    FAULTS,
    Chunked,
    EndlessBody,
    Fault,
    MissingBody,
    NoContentWhenEmpty,
    RepeatLate,
    ResetInBody,
    Stall,
    Trickle,
    WrongContentLength,
    parse_fault,
)
from crawler.emulator.http.request import SHARED_REPOSITORIES
from crawler.emulator.http.response import IMMEDIATE, Delivery, ServedResponse
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.server import EmulatorSettings, emulator
from tests.emulator.client import TOKEN, DirectClient, numbered, sample_text
from tests.support.sweeps import swept

pytestmark = pytest.mark.anyio

TEN = numbered(10)
PLAIN = DirectClient(TEN).get().body
HALF = PLAIN[: len(PLAIN) // 2]


class RawConnection:
    """A raw connection. aiohttp's client retries, decodes, and loses the bytes that precede a reset.

    `release` makes the server release held connections. `received` has the bytes so far, `ended` says how the
    connection ended.
    """

    def __init__(self, line: socket.socket, release: Callable[[], None]) -> None:
        self._line = line
        self.release = release
        self.received = b""
        self.ended = ""

    async def get(self, query: str = "", *, version: str = "1.1", connection: str = "keep-alive") -> None:
        headers = f"Host: x\r\nX-Auth-Token: {TOKEN}\r\nConnection: {connection}\r\n"
        request = f"GET {SHARED_REPOSITORIES}{query} HTTP/{version}\r\n{headers}\r\n"
        await asyncio.get_running_loop().sock_sendall(self._line, request.encode())

    async def read(self, until: bytes = b"", minimum: float = float("inf")) -> bytes:
        """Read until `until`, or `minimum` bytes, or the end of the connection; return all bytes after the head."""
        while len(self.received) < minimum and not (until and until in self.received) and not self.ended:
            try:
                data = await asyncio.get_running_loop().sock_recv(self._line, 2**16)
            except ConnectionResetError:
                self.ended = "reset"
            else:
                self.received += data
                self.ended = "" if data else "closed"
        return self.received.partition(b"\r\n\r\n")[2]

    @property
    def head(self) -> str:
        return self.received.partition(b"\r\n\r\n")[0].decode()


@asynccontextmanager
async def connect(port: int, release: Callable[[], None]) -> AsyncIterator[RawConnection]:
    with socket.socket() as line:
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", port))
        yield RawConnection(line, release)


@asynccontextmanager
async def serving(*faults: Fault, inventory: Inventory = TEN) -> AsyncIterator[RawConnection]:
    """Serve with these faults and yield a connection."""
    async with (
        emulator(EmulatorSettings(inventory=inventory, faults=faults)) as running,
        connect(int(running.endpoint.rpartition(":")[2]), running.release_connections) as connected,
    ):
        yield connected


@asynccontextmanager
async def requesting(*faults: Fault) -> AsyncIterator[RawConnection]:
    """Serve with these faults, connect, and request the list."""
    async with serving(*faults) as connected:
        await connected.get()
        yield connected


def chunks(body: bytes) -> list[bytes]:
    """Return the complete chunks of a body; the last one is empty if the body ended."""
    found = []
    while b"\r\n" in body:
        size, _, rest = body.partition(b"\r\n")
        chunk, body = rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        found.append(chunk)
    return found


async def test_a_page_can_be_sent_in_chunks() -> None:
    async with requesting(Chunked(chunk=1000)) as line:
        body = await line.read(until=b"\r\n0\r\n\r\n")
    assert "Transfer-Encoding: chunked" in line.head
    assert "Content-Length" not in line.head
    assert b"".join(chunks(body)) == PLAIN
    assert {len(chunk) for chunk in chunks(body)[:-2]} == {1000}


async def test_an_http_1_0_client_gets_no_chunks_and_a_closed_connection() -> None:
    async with serving(Chunked()) as old:
        await old.get(version="1.0")
        assert await old.read() == PLAIN
    assert old.ended == "closed"


async def test_an_endless_body_continues_until_the_client_closes() -> None:
    async with requesting(EndlessBody(first=1)) as line:
        body = await line.read(minimum=5_000_000)
    first, *more = chunks(body)
    assert first == PLAIN
    assert set(b"".join(more)) == {ord(" ")}


async def test_an_endless_body_ends_when_the_emulator_closes() -> None:
    async with requesting(EndlessBody(first=1)) as line:
        await line.read(minimum=1_000_000)
        line.release()
        await line.read()
    assert line.ended


async def test_a_trickled_page_is_complete() -> None:
    async with requesting(Trickle(every=1, chunk=500, delay_ms=1)) as line:
        first = await line.read(until=PLAIN[:500])
        body = await line.read(until=PLAIN[-50:])
    assert first == PLAIN[: len(first)]
    assert body == PLAIN
    assert f"Content-Length: {len(PLAIN)}" in line.head


async def test_a_page_can_be_sent_again_when_the_next_request_comes() -> None:
    async with requesting(RepeatLate(every=1)) as line:
        assert await line.read(until=PLAIN[-50:]) == PLAIN
        first = line.head
        line.received = b""
        await line.get("?limit=2&offset=0")
        await line.read(until=b'"total_range":10}]', minimum=len(PLAIN) + 1000)
        copy, _, later = line.received.partition(PLAIN)
        assert request_id(copy.decode()) == request_id(first)
        assert later.startswith(b"HTTP/1.1 200 OK\r\n")
        assert request_id(later.decode()) != request_id(first)


async def test_a_page_that_is_sent_again_may_have_no_id() -> None:
    async with requesting(RepeatLate(first=1, with_id=False)) as line:
        await line.read(until=PLAIN[-50:])
        assert "X-Request-Id" not in line.head


async def test_a_page_without_a_body_that_is_sent_again_is_two_heads() -> None:
    async with serving(NoContentWhenEmpty(), RepeatLate(every=1), inventory=numbered(0)) as line:
        for expected in (1, 3):
            await line.get()
            while line.received.count(b"HTTP/1.1 204 No Content\r\n") < expected:
                await line.read(minimum=len(line.received) + 1)
        assert line.received.endswith(b"\r\n\r\n")


def request_id(head: str) -> str:
    return head.partition("X-Request-Id: ")[2].partition("\r\n")[0]


@pytest.mark.parametrize(("how", "framing"), [("close", "Connection: close"), ("chunked", "Encoding: chunked")])
async def test_a_connection_can_end_after_the_head(how: str, framing: str) -> None:
    async with requesting(MissingBody(first=1, how=how)) as line:
        assert await line.read() == b""
        assert framing in line.head
        assert "Content-Length" not in line.head
        assert line.ended == "closed"


async def test_a_body_can_be_complete_without_a_byte() -> None:
    async with requesting(MissingBody(first=1, how="terminated")) as line:
        assert await line.read(until=b"\r\n\r\n0\r\n\r\n") == b"0\r\n\r\n"
        assert not line.ended


async def test_a_stalled_page_stops_in_the_middle() -> None:
    async with requesting(Stall(first=1)) as line:
        assert await line.read(until=HALF) == HALF
        line.release()
        assert await line.read() == HALF
    assert f"Content-Length: {len(PLAIN)}" in line.head


async def test_a_response_can_be_withheld_completely() -> None:
    async with requesting(Stall(first=1, at_once=True)) as line:
        line.release()
        await line.read()
    assert line.received == b""


async def test_a_held_connection_is_released_when_its_client_closes() -> None:
    ended = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = await deliver(
            request, ServedResponse(200, b"ab", delivery=Delivery(then="hold")), {}, asyncio.Event()
        )
        ended.set()
        return response

    async with listening(handle) as port:
        async with connect(port, ended.set) as line:
            await line.get()
            await line.read(until=b"ab")
        await asyncio.wait_for(ended.wait(), 10)


async def test_with_a_content_length_too_large_the_connection_closes_early() -> None:
    async with requesting(WrongContentLength(first=1, off=7)) as line:
        assert await line.read() == PLAIN
    assert line.ended == "closed"
    assert f"Content-Length: {len(PLAIN) + 7}" in line.head


@pytest.mark.parametrize("off", [-7, -1_000_000])
async def test_with_a_content_length_too_small_the_rest_precedes_the_next_response(off: int) -> None:
    async with requesting(WrongContentLength(first=1, off=off)) as line:
        await line.read(until=PLAIN)
        await line.get("?limit=1&offset=0")
        body = await line.read(until=b'"total_range":10}]HTTP/1.1 200 OK')
    assert f"Content-Length: {max(0, len(PLAIN) + off)}" in line.head
    assert body.startswith(PLAIN + b"HTTP/1.1 200 OK")


async def test_a_connection_is_reset_after_half_of_the_page() -> None:
    async with requesting(ResetInBody(first=1)) as line:
        assert await line.read() == HALF
    assert line.ended == "reset"


async def test_the_next_request_gets_the_normal_response() -> None:
    faults = [ResetInBody(first=1), Stall(first=1), EndlessBody(first=1), Trickle(first=1), WrongContentLength(first=1)]
    for fault in faults:
        client = DirectClient(TEN, [fault])
        assert client.get().delivery is not IMMEDIATE
        assert client.get() == DirectClient(TEN).get()


async def test_a_response_without_a_body_stays_without_one() -> None:
    async with serving(NoContentWhenEmpty(), EndlessBody(every=1), inventory=numbered(0)) as empty:
        await empty.get()
        await empty.get(connection="close")
        rest = await empty.read()
    assert empty.head.startswith("HTTP/1.1 204")
    assert rest.startswith(b"HTTP/1.1 204")
    assert rest.endswith(b"\r\n\r\n")


async def test_deliveries_of_several_faults_combine() -> None:
    async with requesting(Trickle(every=1, chunk=100, delay_ms=1), ResetInBody(every=1)) as line:
        assert await line.read() == HALF
    assert line.ended == "reset"
    async with requesting(Chunked(), WrongContentLength(every=1)) as line:
        body = await line.read()
    assert (chunks(body), line.ended) == ([PLAIN], "closed")


# --- any two faults -----------------------------------------------------------------------------------------


@asynccontextmanager
async def listening(handle: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[int]:
    server = web.Server(handle, access_log=None)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await server.shutdown(1)


def responses_of_pairs(every: int) -> set[ServedResponse]:
    """Return the distinct deliveries of four requests with two faults, each with a short body or none.

    The pairs are each `every`-th one of all.
    """
    samples = [
        *(parse_fault(sample_text(name)) for name in FAULTS),
        Stall(every=1),
        WrongContentLength(every=1, off=-1),
    ]
    seen = set()
    for pair in list(product(samples, repeat=2))[::every]:
        client = DirectClient(TEN, pair)
        for query in ("", "limit=4&offset=4", "limit=4&offset=8&order_column=name&order_type=asc", "limit=4&offset=12"):
            response = client.get(query)
            assert len(dict(response.headers)) == len(response.headers)
            assert (response.status == 0) == (response.delivery.share is None and not response.delivery.head_only)
            seen.add(
                ServedResponse(response.status, b"[abcdefg]" if response.body else b"", delivery=response.delivery)
            )
    return seen


@swept(7)
async def test_any_two_faults_return_a_response_that_is_delivered_as_it_says(every: int) -> None:
    seen = list(responses_of_pairs(every))
    assert len({response.delivery for response in seen}) > 15  # the number of faults decides which pairs are sampled
    ending = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await deliver(request, seen[int(request.query["index"])], {}, ending)

    async with listening(handle) as port:
        for index, response in enumerate(seen):
            ending.clear()
            async with connect(port, ending.set) as line:
                await line.get(f"?index={index}", connection="close")
                await check_delivery(response, line)


async def check_delivery(response: ServedResponse, line: RawConnection) -> None:
    delivery, has_no_body = response.delivery, response.status == 204
    body = b"" if has_no_body or delivery.share is None else response.body[: int(len(response.body) * delivery.share)]
    while not line.ended and (not line.head or payload(line) < body) and delivery.share is not None:
        await line.read(minimum=len(line.received) + 1)
    line.release()
    await line.read()
    if delivery.head_only:
        assert line.received.endswith(b"\r\n\r\n")
        assert line.ended
        return
    if delivery.share is None:
        assert line.received == b""
        return
    assert line.head.startswith(f"HTTP/1.1 {response.status} ")
    assert payload(line).rstrip(b" ") == body
    assert ("chunked" in line.head) == (delivery.chunked and not has_no_body)
    assert line.ended == "reset" or has_no_body or delivery.then != "reset"


def payload(line: RawConnection) -> bytes:
    body = line.received.partition(b"\r\n\r\n")[2]
    return b"".join(chunks(body)) if "chunked" in line.head else body
