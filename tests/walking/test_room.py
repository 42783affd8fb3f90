"""Whoever only waits makes room for another."""

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from crawler.emulator.faults import parse_fault
from crawler.emulator.inventory import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.run import run_crawl
from crawler.walking.room import Room
from tests.serving import TOKEN, QuickClock, configure, serve


@pytest.mark.anyio
async def test_there_are_never_more_inside_than_there_is_room_for() -> None:
    room, inside, most = Room(3), 0, 0

    async def work(times: int) -> None:
        nonlocal inside, most
        await room.enter()
        for _ in range(times):
            inside += 1
            most = max(most, inside)
            await anyio.lowlevel.checkpoint()
            inside -= 1
            async with room.outside():
                await anyio.lowlevel.checkpoint()
            await room.give_way()
        room.leave()

    async with anyio.create_task_group() as workers:
        for times in (1, 2, 5, 9, 30, 30, 30):
            workers.start_soon(work, times)
    assert (inside, most) == (0, 3)


@pytest.mark.anyio
async def test_one_that_comes_back_is_let_in_by_the_next_one_to_be_done() -> None:
    room, order, backoff_is_over = Room(1), list[str](), anyio.Event()

    async def fail_once() -> None:
        await room.enter()
        async with room.outside():
            order.append("out")
            await backoff_is_over.wait()
        order.append("back")
        room.leave()

    async def work() -> None:
        await room.enter()
        order.append("in")
        backoff_is_over.set()
        await anyio.lowlevel.checkpoint()
        await room.give_way()
        order.append("on")
        room.leave()

    async with anyio.create_task_group() as workers:
        workers.start_soon(fail_once)
        workers.start_soon(work)
    assert order == ["out", "in", "back", "on"]


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
        result = run_crawl(config, TOKEN, signals=False, clock=LongBackoff(served, requests=10))
        assert served.counters()["requests"] == 11
    assert result.exit_code == 0
