"""A server that sends given bytes as a response, and clients of it and of an emulator behind a proxy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import orjson

from crawler.crawl.system_clock import SystemClock
from crawler.emulator.server import EmulatorSettings, emulator
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.swr.http.client import Client, connect
from crawler.swr.http.rate_limiter import LocalRateLimiter
from crawler.swr.request import ListRequest
from crawler.swr.response import Response
from tests.emulator.client import numbered
from tests.support.tcp_proxy import RunningProxy, proxy
from tests.support.wire_faults import WireFault

REQUEST = ListRequest("self", None, 0, 10, None)
MAX_BODY_BYTES = 10_000
JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"  # more headers and an empty line follow


@asynccontextmanager
async def client_of(
    endpoint: str, *, connections: int = 1, timeout_s: float = 5.0, budget: BufferBudget | None = None
) -> AsyncIterator[Client]:
    """Yield a client with the emulator's token and bodies of at most MAX_BODY_BYTES."""
    rate_limiter = LocalRateLimiter(None, SystemClock())
    bounds = {"connections": connections, "max_body_bytes": MAX_BODY_BYTES}
    async with connect(endpoint, rate_limiter, timeout_s=timeout_s, buffer_budget=budget, **bounds) as client:
        client.credentials = TokenCredentials("emulator-token")
        yield client


@asynccontextmanager
async def client_behind(*faults: WireFault, timeout_s: float = 5.0) -> AsyncIterator[tuple[Client, RunningProxy]]:
    """Yield a client of an emulator with forty items, and the proxy with these faults between them."""
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(emulator(EmulatorSettings(inventory=numbered(40))))
        loop = asyncio.get_running_loop()
        wire = await stack.enter_async_context(
            proxy(served.endpoint, faults, call_later=lambda _, do: loop.call_soon(do))
        )
        yield await stack.enter_async_context(client_of(wire.endpoint, timeout_s=timeout_s)), wire


@asynccontextmanager
async def raw_server(*pieces: bytes, close: bool = True) -> AsyncIterator[str]:
    """Yield the endpoint of a server that answers each request with these pieces, each in a packet of its own."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    for _ in range(3):  # the client reads this piece before the next one is sent
                        await asyncio.sleep(0)
                if close:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass  # the loop ends; streams of Python 3.11 would log it
        finally:
            writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def response_from(*pieces: bytes, close: bool = True, timeout_s: float = 5.0) -> Response:
    """Return the response that the client makes of these pieces."""
    async with raw_server(*pieces, close=close) as endpoint, client_of(endpoint, timeout_s=timeout_s) as client:
        return await client.get(REQUEST)


def http_response(body: bytes, *headers: bytes) -> bytes:
    """Return the bytes of a successful response."""
    lines = [*headers, b"Content-Length: %d" % len(body)]
    return JSON_HEAD + b"".join(b"%s\r\n" % line for line in lines) + b"\r\n" + body


def names(response: Response) -> list[str]:
    """Return the names of the items in a page."""
    return [item["name"] for item in orjson.loads(response.body)]


def window(offset: int) -> list[str]:
    """Return the names that the emulator behind the proxy has in the window at `offset`."""
    return [f"a{number:04}" for number in range(offset, offset + 10)]
