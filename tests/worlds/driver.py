"""Crawls a world with the real crawler: everything runs but the connections, the clock and chance.

The one seam is the transport of a client. What the crawler sends to it, the service of the world answers.
"""

import random
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import anyio
import orjson
from yarl import URL

from crawler.cli.console.exit_status import exit_code_of, exit_code_of_error
from crawler.config.config import Config
from crawler.config.load import load
from crawler.crawl.clients.connection_budget import Lease
from crawler.crawl.clients.credential_factories import CredentialFactory
from crawler.crawl.clients.pool import OpenClient
from crawler.crawl.result import RunResult
from crawler.errors import CrawlerError, ErrorDetails, TransientError
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.http.client import Client
from crawler.swr.http.rate_limiter import LocalRateLimiter
from crawler.swr.request import ListRequest, Request
from crawler.swr.response import Response
from tests.support.running import run_crawl
from tests.worlds.clock import VirtualClock
from tests.worlds.inventory import Key
from tests.worlds.service import Lost, Service
from tests.worlds.world import NAMESPACES, Stop, World

_ENVIRON: Final = {"SWR_CRAWLER_TOKEN": "token"}
_LATENCY_S: Final = 0.02, 0.05
_MOMENT_S: Final = 60.0  # a list that was interrupted for longer is another one
_MAX_REQUESTS: Final = 3000


class _Killed(BaseException):
    """The process died."""


class Crawled(NamedTuple):
    """How a crawl of a world ended: `published` are the keys on the disk, a key twice if it is there twice.

    `exit_code` is that of the last start, -1 when the crawl did not end within the most requests.
    """

    exit_code: int
    published: tuple[Key, ...]
    service: Service
    passes: int


class WorldTransport:
    """Sends requests to a service instead of a network; kills the crawl at `kill_at`."""

    def __init__(
        self, service: Service, clock: Clock, chance: random.Random, kill_at: int, killed: anyio.Event
    ) -> None:
        self._service = service
        self._clock = clock
        self._chance = chance
        self._kill_at = kill_at
        self._connections: list[int] = []
        self._killed = killed

    async def wait_for_silence(self) -> None:
        """Return at once: no answer comes twice here."""

    async def send(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        request: Request | None = None,
        generation: int = 0,
    ) -> Response:
        """Return what the service answers, after some time."""
        assert (method, body) == ("GET", b"")
        assert request is not None
        if self._service.requests + 1 >= self._kill_at:
            self._service.requests += 1
            self._killed.set()
            if not isinstance(request, ListRequest):
                raise _Killed  # nothing listens to signals before the crawl itself begins
            await anyio.sleep_forever()
        connection = next(number for number in range(1000) if number not in self._connections)
        self._connections.append(connection)
        try:
            low_s, high_s = _LATENCY_S
            await self._clock.sleep(low_s)
            fresh = True  # the session of every client sends Cache-Control: no-cache (tests/swr/http/test_client.py)
            raw = self._service.answer(
                url.path, dict(url.query), fresh=fresh, connection=connection, now_s=self._clock.now_s()
            )
            await self._clock.sleep(self._chance.random() * (high_s - low_s))
            headers = (
                raw.headers
                if raw.headers.get("Content-Length") == ""
                else {"Content-Length": str(len(raw.body)), **raw.headers}
            )
            return Response(raw.status, headers, raw.body, generation)
        except Lost as lost:
            await self._clock.sleep(lost.after_s)
            raise TransientError(ErrorDetails(text="the connection was closed before a response")) from None
        finally:
            self._connections.remove(connection)


def crawl_world(world: World, folder: Path) -> Crawled:
    """Crawl a world into `folder`, and start again after each of its stops."""
    service, clock = Service(world), VirtualClock()
    chance = random.Random(world.seed)  # noqa: S311 - must be repeatable
    config = _config(world, folder)
    starts = [*sorted(world.stops, key=lambda stop: stop.at), Stop(_MAX_REQUESTS)]
    result, killed = None, True
    try:
        with _chance(world.seed):
            for start in starts:
                if not killed:
                    break
                result, killed = _run(config, service, clock, chance, max(start.at, service.requests + 1))
                clock.advance(start.away_s)
                service.sitting += start.away_s > _MOMENT_S
        return _crawled(result, service, killed=killed)
    finally:
        shutil.rmtree(folder / "out", ignore_errors=True)


def _crawled(result: RunResult | int | None, service: Service, *, killed: bool) -> Crawled:
    if not isinstance(result, RunResult):
        return Crawled(result or -1, (), service, 0)
    published = () if result.path is None else _published(Path(result.path))
    passes = max((walk.passes for walk in result.walks), default=0)
    return Crawled(-1 if killed else exit_code_of(result), published, service, passes)


class _Kill:
    """Stops a run when a transport was killed."""

    def __init__(self, killed: anyio.Event) -> None:
        self._killed = killed

    def watch(self) -> None:
        pass

    def reason(self) -> StopReason | None:
        return StopReason("signal", 15) if self._killed.is_set() else None

    async def wait(self) -> StopReason:
        await self._killed.wait()
        return StopReason("signal", 15)


class _WorldClients(NamedTuple):
    """Clients that are connected all the time."""

    clients: dict[str, OpenClient]

    async def open(self, target: str) -> OpenClient:
        return self.clients[target]

    async def close(self, target: str) -> None:
        pass

    async def rest(self, target: str) -> None:
        pass


def _run(
    config: Config, service: Service, clock: VirtualClock, chance: random.Random, kill_at: int
) -> tuple[RunResult | int, bool]:
    """Run the crawler once; return its result or exit code, and whether it was killed."""
    killed = anyio.Event()

    @asynccontextmanager
    async def clients(
        config: Config, _factories: Mapping[str, CredentialFactory], clock: Clock
    ) -> AsyncIterator[_WorldClients]:
        opened = _WorldClients({})
        for target in config.targets:
            client = Client(target.endpoint, LocalRateLimiter(None, clock))
            client.transport = WorldTransport(service, clock, chance, kill_at, killed)  # type: ignore[assignment]
            client.credentials = TokenCredentials("token")
            opened.clients[target.name] = OpenClient(client, Lease(target.concurrency, target.concurrency))
        yield opened

    try:
        result: RunResult | int = run_crawl(config, _ENVIRON, stop=_Kill(killed), clock=clock, clients=clients)
    except CrawlerError as error:
        result = exit_code_of_error(error)
    except _Killed:
        result = 143
    except BaseExceptionGroup as group:  # the namespaces are listed in a task group
        if group.split(_Killed)[1] is not None:
            raise
        result = 143
    return result, killed.is_set()


def _config(world: World, folder: Path) -> Config:
    walks: dict[str, Any] = {"discover": True} if world.walks == "discovered" else {}
    if world.walks == "named":
        walks["namespaces"] = NAMESPACES[: world.namespaces]
    flags = {
        "endpoint": "https://swr.example",
        "output": str(folder / "out"),
        "rate_per_s": "unlimited",
        "concurrency": world.concurrency,
        "limit": world.limit,
        "centers": world.centers,
        "double_read": world.double_read,
        "max_passes": max(world.max_passes, 1 + world.double_read),
        **walks,
    }
    environ = {**_ENVIRON, "SWR_CRAWLER_ORDER": ",".join(world.order)}
    return load(flags=flags, environ=environ, file_text=None, file_name=None).config


def _published(snapshot: Path) -> tuple[Key, ...]:
    parts = snapshot.glob("**/part-*.ndjson")
    records = [orjson.loads(line) for part in parts for line in part.read_bytes().splitlines()]
    return tuple((record["center"], record["namespace"], record["name"]) for record in records)


@contextmanager
def _chance(seed: int) -> Iterator[None]:
    """Seed the chance of the crawler, which is the jitter of its waits: a world must be repeatable."""

    class Seeded(random.Random):
        def __init__(self, given: int | None = None) -> None:
            super().__init__(seed if given is None else given)

    users = [
        module
        for name, module in sys.modules.items()
        if name.startswith("crawler.") and vars(module).get("Random") is random.Random
    ]
    for module in users:
        module.Random = Seeded  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in users:
            module.Random = random.Random  # type: ignore[attr-defined]


@contextmanager
def workplace() -> Iterator[Path]:
    """Yield a folder in memory where there is one: a search is a thousand crawls, and each writes a snapshot."""
    memory = Path("/dev/shm")  # noqa: S108 - tempfile makes a folder of its own in it
    with tempfile.TemporaryDirectory(prefix="worlds-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)
