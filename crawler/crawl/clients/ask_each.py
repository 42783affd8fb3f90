"""Asks several targets at the same time."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import anyio

from crawler.crawl.clients.pool import Clients
from crawler.swr.http.client import Client

T = TypeVar("T")


async def ask_each(
    clients: Clients, targets: Iterable[str], ask: Callable[[str, Client], Awaitable[T]]
) -> dict[str, T]:
    """Return what `ask` returns for each target, by its name and in the order of `targets`.

    As many are asked at a time as may have connections. An exception of `ask` ends all of them, in a group.
    """
    answers: dict[str, T] = {}

    async def ask_one(target: str, client: Client) -> None:
        answers[target] = await ask(target, client)
        await clients.rest(target)

    names = tuple(targets)
    async with anyio.create_task_group() as asking:
        for target in names:
            asking.start_soon(ask_one, target, (await clients.open(target)).client)
    return {target: answers[target] for target in names}
