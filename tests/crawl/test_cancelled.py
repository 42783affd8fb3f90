"""A crawl is a coroutine: whoever cancels it finds what Ctrl-C leaves, and several of them run in one event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.config.config import Config
from crawler.crawl import run, run_end
from crawler.crawl.clients.credential_factories import CredentialFactory
from crawler.crawl.clients.pool import Clients, open_clients
from crawler.crawl.estimate import estimate
from crawler.crawl.result import RunResult
from crawler.emulator.faults.fault import Fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import UnavailableError
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from crawler.store import publish
from tests.support.emulator_fixture import TOKEN, QuickClock, configure, parts, port_of, serve, snapshot_of
from tests.support.event_recorder import Recorder
from tests.support.process_kill import CallAtRequest
from tests.support.running import run_crawl
from tests.support.sweeps import sampled

SMALL: Final = synthetic(namespaces=2, repositories=24, seed=7, uniform=True)
REQUESTS: Final = 10  # of an undisturbed crawl, at least
SETTINGS: Final[Mapping[str, Any]] = {"limit": 4, "concurrency": 2}


def crawl(config: Config) -> "asyncio.Task[RunResult]":
    """Start a crawl as a task of the running loop."""
    return asyncio.get_running_loop().create_task(run.crawl(config, TOKEN, clock=QuickClock()))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    with serve(SMALL) as served:
        config = configure(served.endpoint, tmp_path_factory.mktemp("whole"), **SETTINGS)
        return parts(snapshot_of(run_crawl(config, TOKEN)))


def in_this_loop(function: Callable[[], object]) -> Callable[[], None]:
    """Return what makes the running loop call a function soon, from any thread."""
    loop = asyncio.get_running_loop()

    def call() -> None:
        loop.call_soon_threadsafe(function)

    return call


async def cancelled_at(config: Config, at: Callable[[Callable[[], None]], None]) -> bool:
    """Crawl until `at` calls the function that it is given, from any thread; return whether the crawl was cancelled."""
    task = crawl(config)
    at(in_this_loop(task.cancel))
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


class AtRequest:
    """Calls what it is given when a request arrives."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._functions: list[Callable[[], None]] = []

    def __call__(self, function: Callable[[], None]) -> None:
        self._functions.append(function)

    @property
    def fault(self) -> Fault:
        return CallAtRequest(self._at, self._call)

    def _call(self) -> None:
        for function in self._functions:
            function()


@pytest.mark.parametrize("at", sampled(range(1, REQUESTS + 1), 4))
def test_a_crawl_that_is_cancelled_goes_on_and_ends_with_the_same_bytes(
    at: int, whole: dict[str, bytes], tmp_path: Path
) -> None:
    output, request = tmp_path / "output", AtRequest(at)
    with serve(SMALL, faults=(request.fault,)) as served:
        port = port_of(served)
        config = configure(served.endpoint, output, **SETTINGS)
        assert asyncio.run(cancelled_at(config, request))
    assert not list(output.glob("snapshot=*"))
    with serve(SMALL, port=port):
        result = run_crawl(config, TOKEN)
    assert (exit_code_of(result), result.resumed) == (0, 1)
    assert parts(snapshot_of(result)) == whole
    assert verify(open_snapshot(snapshot_of(result))).differences == ()


def test_a_crawl_that_is_cancelled_while_it_publishes_has_published_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, cancel = publish.finish, list[Callable[[], None]]()

    def finish(*arguments: Any) -> Path:  # noqa: ANN401
        check = arguments[3]
        cancel[0]()
        while True:  # the loop is free meanwhile, and tells the thread
            check()

    with serve(SMALL) as served:
        config = configure(served.endpoint, tmp_path, **SETTINGS)
        monkeypatch.setattr(run_end, "finish", finish)
        assert asyncio.run(cancelled_at(config, cancel.append))
        assert not list(tmp_path.glob("snapshot=*"))
        requests = served.counters()["requests"]
        monkeypatch.setattr(run_end, "finish", real)
        result = run_crawl(config, TOKEN)
        assert (exit_code_of(result), result.resumed) == (0, 1)
        assert served.counters()["requests"] == requests


def test_a_crawl_that_is_cancelled_again_and_again_still_ends_in_order(tmp_path: Path) -> None:
    request = AtRequest(5)

    async def cancelled_often(config: Config) -> None:
        loop, task = asyncio.get_running_loop(), crawl(config)

        def cancel() -> None:
            if not task.done():
                task.cancel()
                loop.call_soon(cancel)

        request(in_this_loop(cancel))
        with pytest.raises(asyncio.CancelledError):
            await task

    with serve(SMALL, faults=(request.fault,)) as served:
        config = configure(served.endpoint, tmp_path, **SETTINGS)
        asyncio.run(cancelled_often(config))
        result = run_crawl(config, TOKEN)
    assert (exit_code_of(result), result.resumed) == (0, 1)


def test_a_scope_of_anyio_that_is_cancelled_around_a_crawl_stops_it_as_well(tmp_path: Path) -> None:
    async def timed_out(config: Config) -> None:
        with anyio.CancelScope() as scope:
            request(in_this_loop(scope.cancel))
            await run.crawl(config, TOKEN, clock=QuickClock())
        assert scope.cancelled_caught

    request = AtRequest(4)
    with serve(SMALL, faults=(request.fault,)) as served:
        config = configure(served.endpoint, tmp_path, **SETTINGS)
        asyncio.run(timed_out(config))
        result = run_crawl(config, TOKEN)
    assert (exit_code_of(result), result.resumed) == (0, 1)


def test_what_a_crawl_raises_is_not_wrapped(tmp_path: Path) -> None:
    def broken(*_: object) -> AbstractAsyncContextManager[Clients]:
        raise ValueError("no number")

    with pytest.raises(ValueError, match="no number"):
        run_crawl(configure("http://127.0.0.1:1", tmp_path), TOKEN, clients=broken)


def test_an_observer_is_told_that_a_crawl_was_cancelled(tmp_path: Path) -> None:
    request, recorder = AtRequest(4), Recorder()

    async def cancelled(config: Config) -> None:
        task = asyncio.create_task(run.crawl(config, TOKEN, clock=QuickClock(), observer=recorder))
        request(in_this_loop(task.cancel))
        with pytest.raises(asyncio.CancelledError):
            await task

    with serve(SMALL, faults=(request.fault,)) as served:
        asyncio.run(cancelled(configure(served.endpoint, tmp_path, **SETTINGS)))
    assert [one.signal_number for one in recorder.of("on_stop_request")] == [0]
    assert [one.stop_reason for one in recorder.of("on_run_end")] == [StopReason("cancelled")]


@pytest.mark.anyio
async def test_two_crawls_of_one_loop_know_nothing_of_each_other(tmp_path: Path) -> None:
    with serve(SMALL) as served:
        outputs = [tmp_path / "one", tmp_path / "two"]
        crawls = [crawl(configure(served.endpoint, output, **SETTINGS)) for output in outputs]
        results = [await one for one in crawls]
    assert [exit_code_of(result) for result in results] == [0, 0]
    assert parts(snapshot_of(results[0])) == parts(snapshot_of(results[1]))


@pytest.mark.anyio
async def test_a_crawl_leaves_the_threads_that_a_loop_shares_to_others(tmp_path: Path) -> None:
    """The publisher has a thread until the crawl ends: forty crawls would leave none to write with."""
    shared = anyio.to_thread.current_default_thread_limiter()
    threads, shared.total_tokens = shared.total_tokens, 1
    had_a_turn, in_time = threading.Event(), list[bool]()
    request = AtRequest(3)
    try:
        with serve(SMALL, faults=(request.fault,)) as served:
            task = crawl(configure(served.endpoint, tmp_path, **SETTINGS))
            others: list[asyncio.Task[None]] = []
            request(in_this_loop(lambda: others.append(asyncio.create_task(anyio.to_thread.run_sync(had_a_turn.set)))))
            request(lambda: in_time.append(had_a_turn.wait(10)))  # the service does not answer before
            assert exit_code_of(await task) == 0
            assert in_time == [True]
            await others[0]
    finally:
        shared.total_tokens = threads


@pytest.mark.anyio
async def test_an_output_that_a_crawl_of_this_process_uses_is_in_use(tmp_path: Path) -> None:
    refused: list[str] = []

    @asynccontextmanager
    async def clients(
        config: Config, factories: Mapping[str, CredentialFactory], clock: Clock
    ) -> AsyncIterator[Clients]:
        with pytest.raises(UnavailableError) as error:
            await run.crawl(config, TOKEN)
        refused.append(str(error.value))
        async with open_clients(config, factories, clock) as opened:
            yield opened

    with serve(SMALL) as served:
        result = await run.crawl(configure(served.endpoint, tmp_path, **SETTINGS), TOKEN, clients=clients)
    assert exit_code_of(result) == 0
    assert "is in use by process" in refused[0]


@pytest.mark.anyio
async def test_an_estimate_that_is_cancelled_ends() -> None:
    request = AtRequest(1)
    with serve(SMALL, faults=(request.fault,)) as served:
        task = asyncio.get_running_loop().create_task(estimate(configure(served.endpoint, "unused"), TOKEN))
        request(in_this_loop(task.cancel))
        with pytest.raises(asyncio.CancelledError):
            await task
