"""A watch ends what is late and nothing else, like `asyncio.timeout`, with one timer for all."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps

import pytest

from crawler.swr.http.request_timeout import RequestTimeout


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock is moved by hand."""

    now_s = 1000.0

    def time(self) -> float:
        return self.now_s

    async def turn(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def pass_time(self, for_s: float) -> None:
        await self.turn()  # what was begun before has begun by then
        self.now_s += for_s
        await self.turn()


def by_hand(test: Callable[[Loop], Awaitable[None]]) -> Callable[[], None]:
    async def started() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        await test(loop)

    @wraps(test)
    def run() -> None:
        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(started())

    del run.__wrapped__  # pytest would look for a fixture of its name
    return run


async def wait_in(watch: RequestTimeout, event: asyncio.Event) -> str:
    try:
        with watch:
            await event.wait()
    except TimeoutError:
        return "late"
    return "in time"


@by_hand
async def test_each_has_its_own_time_whoever_came_before(loop: Loop) -> None:
    watch, never = RequestTimeout(10.0), asyncio.Event()
    first = asyncio.create_task(wait_in(watch, never))
    await loop.pass_time(4.0)
    second = asyncio.create_task(wait_in(watch, never))
    await loop.pass_time(5.9)
    assert not first.done()
    await loop.pass_time(0.2)
    assert await first == "late"
    await loop.pass_time(3.8)
    assert not second.done()
    await loop.pass_time(0.2)
    assert await second == "late"


@by_hand
async def test_who_leaves_in_time_is_not_ended_later_and_may_come_again(loop: Loop) -> None:
    watch, now, never = RequestTimeout(10.0), asyncio.Event(), asyncio.Event()

    async def twice() -> tuple[str, str]:
        return await wait_in(watch, now), await wait_in(watch, never)

    task = asyncio.create_task(twice())
    await loop.pass_time(6.0)
    now.set()
    await loop.pass_time(9.0)
    assert not task.done()
    await loop.pass_time(2.0)
    assert await task == ("in time", "late")


@by_hand
async def test_who_was_ended_is_no_longer_being_cancelled(loop: Loop) -> None:
    watch, never = RequestTimeout(1.0), asyncio.Event()

    async def then() -> int:
        assert await wait_in(watch, never) == "late"
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    task = asyncio.create_task(then())
    await loop.pass_time(2.0)
    assert await task == 0


def test_who_is_cancelled_by_somebody_stays_cancelled_also_when_late() -> None:
    @by_hand
    async def before(loop: Loop) -> None:
        task = asyncio.create_task(wait_in(RequestTimeout(1.0), asyncio.Event()))
        await loop.turn()
        task.cancel()
        loop.now_s += 2.0
        with pytest.raises(asyncio.CancelledError):
            await task

    @by_hand
    async def after(loop: Loop) -> None:
        task = asyncio.create_task(wait_in(RequestTimeout(1.0), asyncio.Event()))
        await loop.turn()
        loop.now_s += 2.0
        loop.call_soon(task.cancel)  # in the turn in which it is late
        with pytest.raises(asyncio.CancelledError):
            await task

    before()
    after()


@by_hand
async def test_what_fails_by_itself_fails_with_its_own_error(loop: Loop) -> None:
    watch = RequestTimeout(1.0)
    with pytest.raises(ValueError, match="its own"), watch:
        raise ValueError("its own")
    await loop.pass_time(5.0)
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


def test_outside_a_task_there_is_nobody_to_end() -> None:
    async def nothing() -> None: ...

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        failed = loop.create_future()

        def enter() -> None:
            try:
                with RequestTimeout(1.0):
                    failed.set_result(None)
            except RuntimeError as error:
                failed.set_result(str(error))

        loop.call_soon(enter)
        runner.run(nothing())
        assert failed.result() == "a watch needs a task to cancel"
