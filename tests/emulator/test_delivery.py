"""How answers leave, byte by byte, as a bare connection sees it; and that any two faults go together."""

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
    NoContentWhenEmpty,
    ResetInBody,
    Stall,
    Trickle,
    WrongContentLength,
    parse_fault,
)
from crawler.emulator.http.request import SHARED_REPOSITORIES
from crawler.emulator.http.response import IMMEDIATE, Delivery, ServedResponse
from crawler.emulator.inventory.ndjson import Inventory
from crawler.emulator.server import EmulatorSettings, emulator
from tests.emulator.client import TOKEN, Asker, numbered, sample

pytestmark = pytest.mark.anyio

TEN = numbered(10)
PLAIN = Asker(TEN).ask().body
HALF = PLAIN[: len(PLAIN) // 2]


class Line:
    """A bare connection. aiohttp's client is too clever: it asks again, decodes, and loses what came before a reset.

    `end` ends the server's patience; `came` is what was read, `ended` how the connection did.
    """

    def __init__(self, line: socket.socket, end: Callable[[], None]) -> None:
        self._line = line
        self.end = end
        self.came = b""
        self.ended = ""

    async def ask(self, query: str = "", *, version: str = "1.1", connection: str = "keep-alive") -> None:
        headers = f"Host: x\r\nX-Auth-Token: {TOKEN}\r\nConnection: {connection}\r\n"
        asked = f"GET {SHARED_REPOSITORIES}{query} HTTP/{version}\r\n{headers}\r\n"
        await asyncio.get_running_loop().sock_sendall(self._line, asked.encode())

    async def read(self, until: bytes = b"", least: float = float("inf")) -> bytes:
        """Read until `until` or so many bytes came or the connection ended; give all that came behind the head."""
        while len(self.came) < least and not (until and until in self.came) and not self.ended:
            try:
                came = await asyncio.get_running_loop().sock_recv(self._line, 2**16)
            except ConnectionResetError:
                self.ended = "reset"
            else:
                self.came += came
                self.ended = "" if came else "closed"
        return self.came.partition(b"\r\n\r\n")[2]

    @property
    def head(self) -> str:
        return self.came.partition(b"\r\n\r\n")[0].decode()


@asynccontextmanager
async def line_to(port: int, end: Callable[[], None]) -> AsyncIterator[Line]:
    with socket.socket() as line:
        line.setblocking(False)
        await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", port))
        yield Line(line, end)


@asynccontextmanager
async def line(*faults: Fault, inventory: Inventory = TEN) -> AsyncIterator[Line]:
    """Serve with these faults, and connect."""
    async with (
        emulator(EmulatorSettings(inventory=inventory, faults=faults)) as running,
        line_to(int(running.endpoint.rpartition(":")[2]), running.release_connections) as connected,
    ):
        yield connected


@asynccontextmanager
async def asking(*faults: Fault) -> AsyncIterator[Line]:
    """Serve with these faults, connect and ask for everything."""
    async with line(*faults) as connected:
        await connected.ask()
        yield connected


def chunks(body: bytes) -> list[bytes]:
    """Give the chunks of a body as far as they are whole; the last one is empty if the body ended."""
    found = []
    while b"\r\n" in body:
        size, _, rest = body.partition(b"\r\n")
        chunk, body = rest[: int(size, 16)], rest[int(size, 16) + 2 :]
        found.append(chunk)
    return found


async def test_a_page_can_leave_in_chunks() -> None:
    async with asking(Chunked(chunk=1000)) as line:
        body = await line.read(until=b"\r\n0\r\n\r\n")
    assert "Transfer-Encoding: chunked" in line.head
    assert "Content-Length" not in line.head
    assert b"".join(chunks(body)) == PLAIN
    assert {len(chunk) for chunk in chunks(body)[:-2]} == {1000}


async def test_an_old_client_gets_no_chunks_but_an_end() -> None:
    async with line(Chunked()) as old:
        await old.ask(version="1.0")
        assert await old.read() == PLAIN
    assert old.ended == "closed"


async def test_a_body_without_end_goes_on_until_the_client_goes() -> None:
    async with asking(EndlessBody(first=1)) as line:
        body = await line.read(least=5_000_000)
    first, *more = chunks(body)
    assert first == PLAIN
    assert set(b"".join(more)) == {ord(" ")}


async def test_a_body_without_end_ends_with_the_emulator() -> None:
    async with asking(EndlessBody(first=1)) as line:
        await line.read(least=1_000_000)
        line.end()
        await line.read()
    assert line.ended


async def test_a_page_comes_in_drops_and_is_whole() -> None:
    async with asking(Trickle(every=1, chunk=500, delay_ms=1)) as line:
        first = await line.read(until=PLAIN[:500])
        body = await line.read(until=PLAIN[-50:])
    assert first == PLAIN[: len(first)]
    assert body == PLAIN
    assert f"Content-Length: {len(PLAIN)}" in line.head


async def test_half_of_a_page_comes_and_then_nothing() -> None:
    async with asking(Stall(first=1)) as line:
        assert await line.read(until=HALF) == HALF
        line.end()
        assert await line.read() == HALF
    assert f"Content-Length: {len(PLAIN)}" in line.head


async def test_nothing_comes_at_all() -> None:
    async with asking(Stall(first=1, at_once=True)) as line:
        line.end()
        await line.read()
    assert line.came == b""


async def test_a_held_connection_is_let_go_when_its_client_goes() -> None:
    ended = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = await deliver(
            request, ServedResponse(200, b"ab", delivery=Delivery(then="hold")), {}, asyncio.Event()
        )
        ended.set()
        return response

    async with listening(handle) as port:
        async with line_to(port, ended.set) as line:
            await line.ask()
            await line.read(until=b"ab")
        await asyncio.wait_for(ended.wait(), 10)


async def test_more_is_promised_than_comes() -> None:
    async with asking(WrongContentLength(first=1, off=7)) as line:
        assert await line.read() == PLAIN
    assert line.ended == "closed"
    assert f"Content-Length: {len(PLAIN) + 7}" in line.head


@pytest.mark.parametrize("off", [-7, -1_000_000])
async def test_less_is_promised_than_comes_and_the_rest_stands_where_the_next_answer_should(off: int) -> None:
    async with asking(WrongContentLength(first=1, off=off)) as line:
        await line.read(until=PLAIN)
        await line.ask("?limit=1&offset=0")
        body = await line.read(until=b'"total_range":10}]HTTP/1.1 200 OK')
    assert f"Content-Length: {max(0, len(PLAIN) + off)}" in line.head
    assert body.startswith(PLAIN + b"HTTP/1.1 200 OK")


async def test_a_connection_is_reset_when_half_of_the_page_has_come() -> None:
    async with asking(ResetInBody(first=1)) as line:
        assert await line.read() == HALF
    assert line.ended == "reset"


async def test_the_next_request_is_answered_as_ever() -> None:
    faults = [ResetInBody(first=1), Stall(first=1), EndlessBody(first=1), Trickle(first=1), WrongContentLength(first=1)]
    for fault in faults:
        asker = Asker(TEN, [fault])
        assert asker.ask().delivery is not IMMEDIATE
        assert asker.ask() == Asker(TEN).ask()


async def test_nothing_is_cut_or_added_where_there_is_no_body() -> None:
    async with line(NoContentWhenEmpty(), EndlessBody(every=1), inventory=numbered(0)) as empty:
        await empty.ask()
        await empty.ask(connection="close")
        rest = await empty.read()
    assert empty.head.startswith("HTTP/1.1 204")
    assert rest.startswith(b"HTTP/1.1 204")
    assert rest.endswith(b"\r\n\r\n")


async def test_later_ways_to_leave_add_to_earlier_ones() -> None:
    async with asking(Trickle(every=1, chunk=100, delay_ms=1), ResetInBody(every=1)) as line:
        assert await line.read() == HALF
    assert line.ended == "reset"
    async with asking(Chunked(), WrongContentLength(every=1)) as line:
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


def answers_of_all_pairs() -> set[ServedResponse]:
    """Ask four times with any two faults; give the answers that leave differently, with a short body or none."""
    samples = [*(parse_fault(sample(name)) for name in FAULTS), Stall(every=1), WrongContentLength(every=1, off=-1)]
    seen = set()
    for pair in product(samples, repeat=2):
        asker = Asker(TEN, pair)
        for query in ("", "limit=4&offset=4", "limit=4&offset=8&order_column=name&order_type=asc", "limit=4&offset=12"):
            answer = asker.ask(query)
            assert len(dict(answer.headers)) == len(answer.headers)
            assert (answer.status == 0) == (answer.delivery.share is None)
            seen.add(ServedResponse(answer.status, b"[abcdefg]" if answer.body else b"", delivery=answer.delivery))
    return seen


async def test_any_two_faults_give_answers_and_every_answer_leaves_as_it_says() -> None:
    seen = list(answers_of_all_pairs())
    assert len({answer.delivery for answer in seen}) > 20
    ending = asyncio.Event()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await deliver(request, seen[int(request.query["which"])], {}, ending)

    async with listening(handle) as port:
        for which, answer in enumerate(seen):
            ending.clear()
            async with line_to(port, ending.set) as line:
                await line.ask(f"?which={which}", connection="close")
                await left_as_said(answer, line)


async def left_as_said(answer: ServedResponse, line: Line) -> None:
    delivery, nothing = answer.delivery, answer.status == 204
    body = b"" if nothing or delivery.share is None else answer.body[: int(len(answer.body) * delivery.share)]
    while not line.ended and (not line.head or payload(line) < body) and delivery.share is not None:
        await line.read(least=len(line.came) + 1)
    line.end()
    await line.read()
    if delivery.share is None:
        assert line.came == b""
        return
    assert line.head.startswith(f"HTTP/1.1 {answer.status} ")
    assert payload(line).rstrip(b" ") == body
    assert ("chunked" in line.head) == (delivery.chunked and not nothing)
    assert line.ended == "reset" or nothing or delivery.then != "reset"


def payload(line: Line) -> bytes:
    body = line.came.partition(b"\r\n\r\n")[2]
    return b"".join(chunks(body)) if "chunked" in line.head else body
