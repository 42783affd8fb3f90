"""The emulator for the tests of other programs: `serve` in a thread of its own, `serve_async` in a running loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.inventory.synthetic import synthetic
from crawler.emulator.server import EmulatorSettings, RunningEmulator, emulator


@dataclass(frozen=True, slots=True)
class ServedEmulator:
    """An emulator that listens on 127.0.0.1.

    `url` is its endpoint without a trailing slash, `token` the token that it accepts.
    """

    url: str
    token: str
    _running: RunningEmulator

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables by which a crawl finds it: `Config.load(environ=served.environ)`."""
        return {"SWR_CRAWLER_ENDPOINT": self.url, "SWR_CRAWLER_TOKEN": self.token}

    def counters(self) -> dict[str, Any]:
        """Return the counts so far.

        `requests` in all, `by_status`, `by_path`, the peak in flight, and how often each of the `faults` triggered.
        """
        return self._running.counters()


@contextmanager
def serve(
    *,
    repositories: int = 1000,
    namespaces: int = 4,
    seed: int = 1,
    faults: tuple[str, ...] = (),
    inventory: Inventory | None = None,
    **settings: Any,  # noqa: ANN401 - each is checked
) -> Iterator[ServedEmulator]:
    """Serve a registry from a thread of its own until the context ends; yield a ServedEmulator.

    Half of the `repositories` are in each center, in so many `namespaces`, and `seed` decides their content; or the
    registry is `inventory`. `faults` are written as for `swr-crawler emulate --fault`, such as
    "server-errors:rate=0.1". `settings` are fields of EmulatorSettings, such as `token`, `latency_ms`, `rps_cap`.

    Raise ConfigError for a setting that is out of range and a port that is taken, UsageError for a fault that does not
    exist.
    """
    rows = inventory or synthetic(namespaces=namespaces, repositories=repositories, seed=seed)
    chosen = EmulatorSettings(inventory=rows, faults=tuple(map(parse_fault, faults)), **settings)
    started: Future[tuple[ServedEmulator, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        stopping = asyncio.Event()
        async with emulator(chosen) as running:
            started.set_result((_served(running), asyncio.get_running_loop(), stopping))
            await stopping.wait()

    def run_thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = Thread(target=run_thread, name="swr-crawler-emulator", daemon=True)
    thread.start()
    served, loop, stopping = started.result()
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join()


@asynccontextmanager
async def serve_async(
    *,
    repositories: int = 1000,
    namespaces: int = 4,
    seed: int = 1,
    faults: tuple[str, ...] = (),
    inventory: Inventory | None = None,
    **settings: Any,  # noqa: ANN401 - each is checked
) -> AsyncIterator[ServedEmulator]:
    """Serve a registry as `serve` does, in the running event loop."""
    rows = inventory or synthetic(namespaces=namespaces, repositories=repositories, seed=seed)
    chosen = EmulatorSettings(inventory=rows, faults=tuple(map(parse_fault, faults)), **settings)
    async with emulator(chosen) as running:
        yield _served(running)


def _served(running: RunningEmulator) -> ServedEmulator:
    return ServedEmulator(running.endpoint, running.token, running)
