"""The HTTP clients of a crawl, one for each target, with its credentials; few of them have connections at a time.

A client lives as long as the crawl: it knows whether its credentials were accepted, and how fast it may ask. Its
connections live while its target is asked, as far as all targets together have too many (connection_budget.py).
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import NamedTuple, Protocol

import anyio

from crawler.config.config import Config
from crawler.config.credentials.target import Target
from crawler.crawl.clients.connection_budget import ConnectionBudget, Lease, max_connections
from crawler.crawl.clients.credential_factories import CredentialFactory
from crawler.model.clock import Clock
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.swr.http.client import Client, connected
from crawler.swr.http.rate_limiter import LocalRateLimiter, RateLimiter


class OpenClient(NamedTuple):
    """A client that may be asked, and how many connections it may use."""

    client: Client
    lease: Lease


class Clients(Protocol):
    """The clients of all targets, by the target's name."""

    async def open(self, target: str) -> OpenClient:
        """Return the client of a target, with connections; wait until enough of them are free."""
        ...

    async def close(self, target: str) -> None:
        """Close the connections of a target that is not asked again."""
        ...

    async def rest(self, target: str) -> None:
        """Close the connections of a target that is asked again later, if others need them meanwhile."""
        ...


RateLimiterFactory = Callable[[Target, Clock], RateLimiter]


def local_rate_limiter(target: Target, clock: Clock) -> RateLimiter:
    """Return the limiter of a target that no other process asks."""
    return LocalRateLimiter(target.rate_per_s, clock)


ClientOpener = Callable[[Config, Mapping[str, CredentialFactory], Clock], AbstractAsyncContextManager[Clients]]


@asynccontextmanager
async def open_clients(
    config: Config,
    factories: Mapping[str, CredentialFactory],
    clock: Clock,
    rate_limiter_of: RateLimiterFactory = local_rate_limiter,
) -> AsyncIterator[Clients]:
    """Yield the clients of all targets; close at the end what is still open.

    `rate_limiter_of` makes the limiter of each target, which may be one that other processes share.
    """
    budget = ConnectionBudget(max_connections(), config.targets)
    pool = ClientPool(config, factories, clock, budget, rate_limiter_of)
    try:
        yield pool
    finally:
        with anyio.CancelScope(shield=True):  # of a crawl that is cancelled, too; no server is waited for
            await pool.close_all()


class ClientPool:
    """Opens the connections of a client when its target is asked.

    All clients share one BufferBudget, so that memory does not grow with the number of targets.
    """

    def __init__(
        self,
        config: Config,
        factories: Mapping[str, CredentialFactory],
        clock: Clock,
        budget: ConnectionBudget,
        rate_limiter_of: RateLimiterFactory = local_rate_limiter,
    ) -> None:
        self._config = config
        self._targets = {target.name: target for target in config.targets}
        self._factories = factories
        self._clock = clock
        self._budget = budget
        self._rate_limiter_of = rate_limiter_of
        self._buffer_budget = BufferBudget()
        self._clients: dict[str, Client] = {}
        self._open: dict[str, tuple[OpenClient, AsyncExitStack]] = {}

    async def open(self, target: str) -> OpenClient:
        """Return the client of a target, with connections; wait until enough of them are free."""
        if target in self._open:
            return self._open[target][0]
        lease = await self._budget.acquire(target)
        client = self._clients.get(target) or self._make(target)
        stack = AsyncExitStack()
        connection = connected(
            client,
            connections=lease.connections,
            timeout_s=self._config.timeout_s,
            max_body_bytes=self._config.max_body_bytes,
            buffer_budget=self._buffer_budget,
        )
        await stack.enter_async_context(connection)
        lease.on_growth = client.allow_connections
        self._open[target] = OpenClient(client, lease), stack
        return self._open[target][0]

    def _make(self, name: str) -> Client:
        target, factory = self._targets[name], self._factories[name]
        limiter = self._rate_limiter_of(target, self._clock)
        client = self._clients[name] = Client(target.endpoint, limiter, factory.network)
        client.credentials = factory.make(client, self._clock)
        return client

    async def close(self, target: str) -> None:
        """Close the connections of a target that is not asked again."""
        await self._disconnect(target)
        self._clients.pop(target, None)

    async def rest(self, target: str) -> None:
        """Close the connections of a target that is asked again later, if others need them meanwhile."""
        if not self._budget.fits_all:
            await self._disconnect(target)

    async def _disconnect(self, target: str) -> None:
        opened, stack = self._open.pop(target)
        opened.lease.keep()
        try:
            await stack.aclose()
        finally:
            self._budget.release(target)

    async def close_all(self) -> None:
        """Close the connections of all targets."""
        for target in [*self._open]:
            await self.close(target)
