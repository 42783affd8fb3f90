"""Pages are written behind the crawl; workers wait for the disk only when too much waits in memory."""

from collections.abc import Callable
from threading import Event

import anyio
import anyio.from_thread
import pytest

from crawler.errors import DiskError
from crawler.store.disk_writer import DiskWriter

pytestmark = pytest.mark.anyio

MUCH, A_LITTLE = 2**30, 1


class Memory:
    """What waits in memory; a flush calls `flushing` first."""

    def __init__(self, waiting_bytes: int, flushing: Callable[[], None] = lambda: None) -> None:
        self.waiting_bytes = waiting_bytes
        self.flushing = flushing
        self.flushes = 0

    def flush(self) -> None:
        self.flushing()
        self.waiting_bytes = 0
        self.flushes += 1


def assert_set(event: Event) -> None:
    assert event.wait(10)


async def test_workers_wait_while_too_much_is_in_memory_and_go_on_when_it_is_written() -> None:
    may_write = Event()
    memory = Memory(MUCH, lambda: assert_set(may_write))
    writer = DiskWriter(memory)
    went_on: list[int] = []

    async def work() -> None:
        await writer.wait_for_room()
        went_on.append(memory.waiting_bytes)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(writer.run)
            tasks.start_soon(work)
            await anyio.wait_all_tasks_blocked()
            assert went_on == []
            may_write.set()
            await writer.wait_for_room()
            writer.finish()
    assert went_on == [0]


async def test_workers_do_not_wait_for_a_little() -> None:
    writer = DiskWriter(Memory(A_LITTLE))
    with anyio.fail_after(5):
        await writer.wait_for_room()


async def test_what_came_during_a_flush_is_written_by_the_next_one_however_little_it_is() -> None:
    seen: list[int] = []
    flushed_twice = anyio.Event()

    def note() -> None:
        seen.append(memory.waiting_bytes)
        if len(seen) == 2:
            anyio.from_thread.run_sync(flushed_twice.set)

    memory = Memory(A_LITTLE, note)
    writer = DiskWriter(memory)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(writer.run)
            await flushed_twice.wait()
            writer.finish()
    assert seen[0] == A_LITTLE


async def test_a_writer_that_is_finished_during_a_flush_ends_with_it() -> None:
    may_write, writing = Event(), anyio.Event()

    def flushing() -> None:
        anyio.from_thread.run_sync(writing.set)
        assert_set(may_write)

    memory = Memory(MUCH, flushing)
    writer = DiskWriter(memory)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(writer.run)
            await writing.wait()
            writer.finish()
            may_write.set()
    assert memory.flushes == 1


async def test_a_disk_that_fails_ends_the_writer_with_its_error() -> None:
    def fail() -> None:
        raise DiskError("no space")

    writer = DiskWriter(Memory(MUCH, fail))
    with anyio.fail_after(5), pytest.raises(DiskError, match="no space"):
        await writer.run()
