"""Whoever only waits makes room for another."""

from pathlib import Path
from statistics import mean

import anyio
import anyio.lowlevel
import pytest

from crawler.crawl.engine.worker_slots import WorkerSlots
from crawler.crawl.run import run_crawl
from crawler.crawl.system_clock import SystemClock
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.walk.concurrency_limit import ConcurrencyLimit
from tests.support.emulator_fixture import TOKEN, QuickClock, configure, serve


def room_of(size: int) -> WorkerSlots:
    return WorkerSlots(ConcurrencyLimit(size), QuickClock())


@pytest.mark.anyio
async def test_there_are_never_more_inside_than_there_is_room_for() -> None:
    room, inside, most = room_of(3), 0, 0

    async def work(times: int) -> None:
        nonlocal inside, most
        for _ in range(times):
            inside += 1
            most = max(most, inside)
            await anyio.lowlevel.checkpoint()
            inside -= 1
            async with room.outside():
                await anyio.lowlevel.checkpoint()
        room.leave()

    async with anyio.create_task_group() as workers:
        for times in (1, 2, 5, 9, 30, 30, 30):
            while not room.has_place():
                await room.change()
            room.enter()
            workers.start_soon(work, times)
    assert (inside, most) == (0, 3)


@pytest.mark.anyio
async def test_one_that_comes_back_is_let_in_by_the_next_one_to_be_done() -> None:
    room, order, backoff_is_over = room_of(1), list[str](), anyio.Event()

    async def fail_once() -> None:
        async with room.outside():
            order.append("out")
            await backoff_is_over.wait()
        order.append("back")
        room.leave()

    async with anyio.create_task_group() as workers:
        room.enter()
        workers.start_soon(fail_once)
        await room.change()
        room.enter()
        assert room.lets_stay()
        backoff_is_over.set()
        await anyio.wait_all_tasks_blocked()
        assert not room.lets_stay()
        assert order == ["out"]
        room.leave()
        assert not room.has_place()
    assert order == ["out", "back"]
    assert room.has_place()


@pytest.mark.anyio
async def test_no_more_than_twice_the_room_wait_for_their_backoff() -> None:
    room = room_of(2)

    async def fail() -> None:
        async with room.outside():
            await anyio.sleep_forever()

    async with anyio.create_task_group() as workers:
        for _ in range(4):
            assert room.has_place()
            room.enter()
            workers.start_soon(fail)
            await anyio.wait_all_tasks_blocked()
        assert not room.has_place()
        workers.cancel_scope.cancel()


@pytest.mark.anyio
async def test_a_room_that_shrank_keeps_nobody_for_another_window() -> None:
    room = room_of(4)
    sent = []
    for _ in range(4):
        room.enter()
        sent.append(room.sent())
    room.failed(sent[0], too_much=True)
    assert not room.lets_stay()
    room.leave()
    assert not room.lets_stay()
    room.leave()
    assert room.lets_stay()
    assert not room.has_place()


class LongBackoff(QuickClock):
    """A backoff lasts until the service was asked so many times."""

    def __init__(self, served: RunningEmulator, requests: int) -> None:
        super().__init__()
        self._served, self._requests = served, requests

    async def sleep(self, duration_s: float) -> None:
        with anyio.fail_after(10):
            while duration_s and self._served.counters()["requests"] < self._requests:  # noqa: ASYNC110 - another thread counts
                await anyio.sleep(0.001)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_all_other_windows_are_asked_while_one_waits_for_its_backoff(tmp_path: Path, concurrency: int) -> None:
    fault = parse_fault("empty-page:offset=100,times=1")
    with serve(synthetic(namespaces=4, repositories=1000, seed=7, even=True), faults=(fault,)) as served:
        config = configure(served.endpoint, tmp_path, limit=50, concurrency=concurrency, centers="self")
        result = run_crawl(config, TOKEN, clock=LongBackoff(served, requests=10))
        assert served.counters()["requests"] == 11
    assert result.exit_code == 0


ONE_WALK = synthetic(namespaces=1, repositories=1000, seed=7, even=True)


@pytest.mark.parametrize("concurrency", [3, 20, 64])
def test_requests_in_flight_grow_to_what_pays_and_never_beyond_the_bound(tmp_path: Path, concurrency: int) -> None:
    with serve(ONE_WALK, latency_ms=20) as served:
        config = configure(served.endpoint, tmp_path, limit=5, concurrency=concurrency, centers="self")
        result = run_crawl(config, TOKEN, clock=SystemClock())
        peak = served.counters()["peak_in_flight"]
    assert result.exit_code == 0
    assert min(concurrency, 17) <= peak <= concurrency


@pytest.mark.slow
def test_the_queue_of_a_service_that_works_on_two_at_a_time_becomes_short(tmp_path: Path) -> None:
    """Nothing but the latency says so: it answers everything, and as fast with a queue as without."""
    inventory = synthetic(namespaces=1, repositories=6000, seed=7, even=True)
    with serve(inventory, latency_ms=5, at_once=2, record_requests=True) as served:
        config = configure(served.endpoint, tmp_path, limit=1, concurrency=64, centers="self")
        result = run_crawl(config, TOKEN, clock=SystemClock())
        in_flight = [request.in_flight for request in served.requests]
    assert result.exit_code == 0
    assert mean(in_flight[:300]) > 20  # what it tries first
    assert mean(in_flight[-300:]) < 10


def test_a_throttling_answer_takes_a_third_of_what_may_be_in_flight(tmp_path: Path) -> None:
    first = ConcurrencyLimit(64).size
    with serve(ONE_WALK, latency_ms=20, faults=(parse_fault("throttle:first=1"),)) as served:
        config = configure(served.endpoint, tmp_path, limit=5, concurrency=64, centers="self")
        result = run_crawl(config, TOKEN, clock=QuickClock())
        peak = served.counters()["peak_in_flight"]
    assert result.exit_code == 0
    assert peak == int(0.7 * first)
