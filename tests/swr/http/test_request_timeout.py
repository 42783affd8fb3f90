"""RequestTimeout cancels the tasks that are late and no others, like `asyncio.timeout`, with one timer for all."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps

import pytest

from crawler.swr.http.request_timeout import RequestTimeout


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock the test advances."""

    now_s = 1000.0

    def time(self) -> float:
        return self.now_s

    async def run_ready(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def advance(self, for_s: float) -> None:
        await self.run_ready()  # tasks created before start before the clock advances
        self.now_s += for_s
        await self.run_ready()


def on_loop(test: Callable[[Loop], Awaitable[None]]) -> Callable[[], None]:
    async def started() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        await test(loop)

    @wraps(test)
    def run() -> None:
        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(started())

    del run.__wrapped__  # pytest would look for a fixture named `loop`
    return run


async def wait_in(request_timeout: RequestTimeout, event: asyncio.Event) -> str:
    try:
        with request_timeout:
            await event.wait()
    except TimeoutError:
        return "late"
    return "in time"


@on_loop
async def test_each_task_has_the_whole_timeout_whenever_it_begins(loop: Loop) -> None:
    timeout, never = RequestTimeout(10.0), asyncio.Event()
    first = asyncio.create_task(wait_in(timeout, never))
    await loop.advance(4.0)
    second = asyncio.create_task(wait_in(timeout, never))
    await loop.advance(5.9)
    assert not first.done()
    await loop.advance(0.2)
    assert await first == "late"
    await loop.advance(3.8)
    assert not second.done()
    await loop.advance(0.2)
    assert await second == "late"


@on_loop
async def test_a_task_that_leaves_in_time_is_not_cancelled_later_and_may_enter_again(loop: Loop) -> None:
    timeout, now, never = RequestTimeout(10.0), asyncio.Event(), asyncio.Event()

    async def twice() -> tuple[str, str]:
        return await wait_in(timeout, now), await wait_in(timeout, never)

    task = asyncio.create_task(twice())
    await loop.advance(6.0)
    now.set()
    await loop.advance(9.0)
    assert not task.done()
    await loop.advance(2.0)
    assert await task == ("in time", "late")


@on_loop
async def test_after_the_timeout_the_task_is_no_longer_being_cancelled(loop: Loop) -> None:
    timeout, never = RequestTimeout(1.0), asyncio.Event()

    async def then() -> int:
        assert await wait_in(timeout, never) == "late"
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    task = asyncio.create_task(then())
    await loop.advance(2.0)
    assert await task == 0


def test_a_task_that_another_task_cancels_stays_cancelled_even_if_it_is_late() -> None:
    @on_loop
    async def before(loop: Loop) -> None:
        task = asyncio.create_task(wait_in(RequestTimeout(1.0), asyncio.Event()))
        await loop.run_ready()
        task.cancel()
        loop.now_s += 2.0
        with pytest.raises(asyncio.CancelledError):
            await task

    @on_loop
    async def after(loop: Loop) -> None:
        task = asyncio.create_task(wait_in(RequestTimeout(1.0), asyncio.Event()))
        await loop.run_ready()
        loop.now_s += 2.0
        loop.call_soon(task.cancel)  # in the iteration of the loop in which it is late
        with pytest.raises(asyncio.CancelledError):
            await task

    before()
    after()


@on_loop
async def test_an_error_of_the_task_itself_is_not_replaced(loop: Loop) -> None:
    timeout = RequestTimeout(1.0)
    with pytest.raises(ValueError, match="its own"), timeout:
        raise ValueError("its own")
    await loop.advance(5.0)
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


def test_outside_of_a_task_it_raises_a_runtime_error() -> None:
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
        assert failed.result() == "a request timeout needs a task to cancel"
