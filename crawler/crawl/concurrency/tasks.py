"""Ends work early when somebody asks, and finds the reason in what several tasks raised."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from crawler.errors import CrawlerError
from crawler.model.stop_reason import StopSource, interruption

T = TypeVar("T")


async def unless_stopped(work: Callable[[], Awaitable[T]], stop: StopSource | None) -> T:
    """Return what `work` returns. Raises InterruptedRunError when `stop` asks before; `work` is cancelled then."""
    if stop is None:
        return await work()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_raise_when_asked, stop)
            result = await work()
            group.cancel_scope.cancel()
    except BaseExceptionGroup as error:
        raise first_error(error) from None
    return result


async def _raise_when_asked(stop: StopSource) -> None:
    raise interruption(await stop.wait())


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first CrawlerError of a group, or the group when it holds none: then it is a bug."""
    leaf: BaseException | None = group.subgroup(CrawlerError)
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf or group
