"""The tasks of the engine end with the crawl, whatever they are doing."""

from collections.abc import Sequence
from threading import Event

import anyio
import pytest

from crawler.crawl.clients.pool import OpenClient
from crawler.crawl.engine.engine import Engine
from crawler.crawl.observing.observer import Observer
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.crawl.system_clock import SystemClock
from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.server_profile import Reshaped

pytestmark = pytest.mark.anyio


class SlowStore:
    """A store with much to write, which is still writing when the crawl has ended."""

    def __init__(self) -> None:
        self.waiting_bytes = 2**30
        self.may_end = Event()

    def flush(self) -> None:
        assert self.may_end.wait(10)
        self.waiting_bytes = 0

    def publish(self, ended: Sequence[ScheduledWalk]) -> None: ...

    def append_page(self, walk: int, window: Window, page: Page) -> None: ...

    def append_loss(self, walk: int, window: Window, reason: str) -> None: ...

    def append_refusal(self, walk: int, window: Window, reason: str) -> None: ...

    def append_doubt(self, walk: int, window: Window) -> None: ...

    def append_split(self, walk: int, namespaces: tuple[str, ...]) -> None: ...

    def namespaces_by_page(self, walk: int) -> None: ...

    def append_shape(self, walk: int, shape: Reshaped) -> None: ...


class NoClients:
    """The clients of no target."""

    async def open(self, target: str) -> OpenClient:
        raise KeyError(target)

    async def close(self, target: str) -> None: ...

    async def rest(self, target: str) -> None: ...


async def test_a_crawl_that_ends_while_pages_are_written_ends_when_they_are() -> None:
    store = SlowStore()

    async def end_the_writing() -> None:
        await anyio.wait_all_tasks_blocked()  # the crawl has no window to fetch: it waits for the disk only
        store.may_end.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(end_the_writing)
            stop_reason = await Engine((), NoClients(), (), store, SystemClock(), Observer()).crawl(max_duration_s=None)
    assert stop_reason.kind == "done"
    assert not store.waiting_bytes
