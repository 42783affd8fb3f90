"""A client whose requests a handler of the test answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from crawler.crawl.system_clock import SystemClock
from crawler.model.clock import Clock
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.http.client import Client, connect
from crawler.swr.http.rate_limiter import LocalRateLimiter

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def client_of(
    handler: Handler, *, timeout_s: float = 5.0, max_body_bytes: int = 1000, clock: Clock | None = None
) -> AsyncIterator[Client]:
    """Yield a client, with a token and two connections, of a server that answers by `handler`."""
    server = await asyncio.get_running_loop().create_server(web.Server(handler, access_log=None), "127.0.0.1", 0)
    endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    rate_limiter = LocalRateLimiter(None, clock or SystemClock())
    async with (
        server,
        connect(endpoint, rate_limiter, connections=2, timeout_s=timeout_s, max_body_bytes=max_body_bytes) as client,
    ):
        client.credentials = TokenCredentials("t")
        yield client
