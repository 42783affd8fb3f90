"""A worker in backoff gives its slot to another worker."""

from pathlib import Path
from statistics import mean

import anyio
import anyio.lowlevel
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.crawl.concurrency.worker_slots import WorkerSlots
from crawler.crawl.system_clock import SystemClock
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.walk.concurrency_limit import ConcurrencyLimit
from tests.support.emulator_fixture import TOKEN, QuickClock, configure, serve
from tests.support.running import run_crawl


def slots_of(size: int) -> WorkerSlots:
    return WorkerSlots(ConcurrencyLimit(size), QuickClock())


@pytest.mark.anyio
async def test_no_more_workers_send_than_there_are_slots() -> None:
    slots, sending, most = slots_of(3), 0, 0

    async def work(times: int) -> None:
        nonlocal sending, most
        for _ in range(times):
            sending += 1
            most = max(most, sending)
            await anyio.lowlevel.checkpoint()
            sending -= 1
            async with slots.released():
                await anyio.lowlevel.checkpoint()
        slots.release()

    async with anyio.create_task_group() as workers:
        for times in (1, 2, 5, 9, 30, 30, 30):
            while not slots.available():
                await slots.wait_for_change()
            slots.acquire()
            workers.start_soon(work, times)
    assert (sending, most) == (0, 3)


@pytest.mark.anyio
async def test_a_worker_that_returns_from_its_backoff_gets_the_next_slot_that_is_released() -> None:
    slots, order, backoff_is_over = slots_of(1), list[str](), anyio.Event()

    async def fail_once() -> None:
        async with slots.released():
            order.append("out")
            await backoff_is_over.wait()
        order.append("back")
        slots.release()

    async with anyio.create_task_group() as workers:
        slots.acquire()
        workers.start_soon(fail_once)
        await slots.wait_for_change()
        slots.acquire()
        assert slots.may_continue()
        backoff_is_over.set()
        await anyio.wait_all_tasks_blocked()
        assert not slots.may_continue()
        assert order == ["out"]
        slots.release()
        assert not slots.available()
    assert order == ["out", "back"]
    assert slots.available()


@pytest.mark.anyio
async def test_at_most_two_workers_a_slot_wait_for_their_backoff() -> None:
    slots = slots_of(2)

    async def fail() -> None:
        async with slots.released():
            await anyio.sleep_forever()

    async with anyio.create_task_group() as workers:
        for _ in range(4):
            assert slots.available()
            slots.acquire()
            workers.start_soon(fail)
            await anyio.wait_all_tasks_blocked()
        assert not slots.available()
        workers.cancel_scope.cancel()


@pytest.mark.anyio
async def test_when_the_limit_shrinks_no_worker_keeps_its_slot_for_another_window() -> None:
    slots = slots_of(4)
    sent = []
    for _ in range(4):
        slots.acquire()
        sent.append(slots.on_sent())
    slots.on_failure(sent[0], throttled=True)
    assert not slots.may_continue()
    slots.release()
    assert not slots.may_continue()
    slots.release()
    assert slots.may_continue()
    assert not slots.available()


class LongBackoff(QuickClock):
    """A clock whose backoffs last until the service has received `requests` requests."""

    def __init__(self, served: RunningEmulator, requests: int) -> None:
        super().__init__()
        self._served, self._requests = served, requests

    async def sleep(self, duration_s: float) -> None:
        with anyio.fail_after(10):
            while duration_s and self._served.counters()["requests"] < self._requests:  # noqa: ASYNC110 - another thread counts
                await anyio.sleep(0.001)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_all_other_windows_are_requested_while_one_waits_for_its_backoff(tmp_path: Path, concurrency: int) -> None:
    fault = parse_fault("empty-page:offset=100,times=1")
    with serve(synthetic(namespaces=4, repositories=1000, seed=7, uniform=True), faults=(fault,)) as served:
        config = configure(served.endpoint, tmp_path, limit=50, concurrency=concurrency, centers="self")
        result = run_crawl(config, TOKEN, clock=LongBackoff(served, requests=10))
        assert served.counters()["requests"] == 12  # ten pages, one of them twice, and the end of the list
    assert exit_code_of(result) == 0


ONE_WALK = synthetic(namespaces=1, repositories=1000, seed=7, uniform=True)


@pytest.mark.parametrize("concurrency", [3, 20, 64])
def test_requests_in_flight_grow_while_throughput_does_and_never_beyond_the_bound(
    tmp_path: Path, concurrency: int
) -> None:
    peaks: list[int] = []
    with serve(ONE_WALK, latency_ms=20) as served:
        config = configure(served.endpoint, tmp_path, limit=5, concurrency=concurrency, centers="self")
        # On a machine with other things to do the throughput may stand still for the length of a crawl.
        while len(peaks) < 3 and max(peaks, default=0) < min(concurrency, 17):
            assert exit_code_of(run_crawl(config, TOKEN, clock=SystemClock())) == 0
            peaks.append(served.counters()["peak_in_flight"])
    assert min(concurrency, 17) <= max(peaks) <= concurrency


@pytest.mark.slow
def test_the_queue_of_a_service_that_serves_two_requests_at_a_time_becomes_short(tmp_path: Path) -> None:
    """Only the latency shows it: the service answers everything, and as fast with a queue as without."""
    inventory = synthetic(namespaces=1, repositories=6000, seed=7, uniform=True)
    with serve(inventory, latency_ms=5, max_concurrency=2, record_requests=True) as served:
        config = configure(served.endpoint, tmp_path, limit=1, concurrency=64, centers="self")
        result = run_crawl(config, TOKEN, clock=SystemClock())
        in_flight = [request.in_flight for request in served.requests]
    assert exit_code_of(result) == 0
    assert mean(in_flight[:300]) > 20  # what it tries first
    assert mean(in_flight[-300:]) < 10


def test_a_throttling_response_takes_a_third_of_the_limit(tmp_path: Path) -> None:
    first = ConcurrencyLimit(64).limit
    with serve(ONE_WALK, latency_ms=20, faults=(parse_fault("throttle:first=1"),)) as served:
        config = configure(served.endpoint, tmp_path, limit=5, concurrency=64, centers="self")
        result = run_crawl(config, TOKEN, clock=QuickClock())
        peak = served.counters()["peak_in_flight"]
    assert exit_code_of(result) == 0
    assert peak == int(0.7 * first)
