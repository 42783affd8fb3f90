"""Opens the HTTP clients of a crawl, one for each target, with its credentials."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from crawler.config.config import Config
from crawler.crawl.credential_factories import CredentialFactory
from crawler.model.clock import Clock
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.swr.http.client import Client, connect
from crawler.swr.http.rate_limiter import RateLimiter

ClientOpener = Callable[
    [Config, Mapping[str, CredentialFactory], Clock], AbstractAsyncContextManager[dict[str, Client]]
]


@asynccontextmanager
async def open_clients(
    config: Config, factories: Mapping[str, CredentialFactory], clock: Clock
) -> AsyncIterator[dict[str, Client]]:
    """Yield a client for each target, by its name; close them at the end.

    All clients share one BufferBudget, so that memory does not grow with the number of targets.
    """
    async with AsyncExitStack() as stack:
        buffer_budget = BufferBudget()
        clients: dict[str, Client] = {}
        for target in config.targets:
            connection = connect(
                target.endpoint,
                RateLimiter(target.rate_per_s, clock),
                connections=target.concurrency,
                timeout_s=config.timeout_s,
                max_body_bytes=config.max_body_bytes,
                buffer_budget=buffer_budget,
            )
            client = await stack.enter_async_context(connection)
            client.credentials = factories[target.name].make(client, clock)
            clients[target.name] = client
        yield clients
