"""Crawls and estimates for a Python program, in an event loop of their own or in the caller's."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio

from crawler.api.snapshots import Snapshot
from crawler.config.config import Config
from crawler.config.inputs import variables
from crawler.crawl import estimate, run
from crawler.crawl.estimate import Estimate
from crawler.crawl.observing.observer import Observer
from crawler.crawl.result import RunResult
from crawler.errors import CrawlerError
from crawler.snapshot.completeness import Shortfall
from crawler.snapshot.manifest import WalkEntry
from crawler.snapshot.reader import SnapshotReader

T = TypeVar("T")

# As logging asks of a library: without it, a program that configures nothing would see bare names of events.
logging.getLogger("crawler").addHandler(logging.NullHandler())


class CrawlResult:
    """How a crawl ended.

    A crawl that ended may have published everything, or a snapshot that is not complete, or nothing. `complete` says
    which, `raise_for_status` raises for all but the first.
    """

    def __init__(self, ended: RunResult) -> None:
        self._ended = ended

    def __repr__(self) -> str:
        return f"<CrawlResult {self._ended.status or 'unfinished'}: {self.snapshot or 'no snapshot'}>"

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is published, and proven complete."""
        return self._ended.failure() is None

    @property
    def snapshot(self) -> Snapshot | None:
        """The snapshot that was published; None when none was, and for the output "-", which is standard output."""
        path, manifest = self._ended.path, self._ended.manifest
        return None if path is None or manifest is None else Snapshot(SnapshotReader(Path(path), manifest))

    @property
    def completeness(self) -> tuple[Shortfall, ...]:
        """Why what was published is not complete, () when it is or nothing was: see `complete` and `errors`."""
        return self._ended.shortfalls

    @property
    def walks(self) -> tuple[WalkEntry, ...]:
        """How each published walk ended, with its verdict and its evidence, in plan order."""
        return self._ended.walks

    @property
    def errors(self) -> Mapping[str, CrawlerError]:
        """Why targets stopped before they were read, by their names."""
        return self._ended.errors

    @property
    def resumable(self) -> bool:
        """Whether the same configuration goes on from here, and reads only what is missing."""
        return self._ended.state is not None

    def raise_for_status(self) -> None:
        """Raise the CrawlerError that stands for how the crawl ended; return when it is complete.

        IncompleteError when the published snapshot is not proven complete; the most severe error of a target that
        failed, unless `require` is "any"; UnavailableError when `max_duration_s` was over.
        """
        if (failure := self._ended.failure()) is not None:
            raise failure


def crawl(config: Config, *, observer: Observer | None = None, environ: Mapping[str, str] | None = None) -> CrawlResult:
    """Crawl what `config` names, publish it in `config.output`, and return how the crawl ended.

    It runs in an event loop of its own, in this thread. Ctrl-C raises KeyboardInterrupt and keeps what was read: the
    same configuration goes on from there. `observer` is told of each event. `environ` has the variables that secrets
    refer to, those of the process by default.

    Raise a CrawlerError when the crawl could not begin (credentials, an output in use) or the disk failed; RuntimeError
    where an event loop runs already, as in a notebook: `crawl_async` is for that.
    """
    return _in_a_loop(partial(crawl_async, config, observer=observer, environ=environ), "crawl")


async def crawl_async(
    config: Config, *, observer: Observer | None = None, environ: Mapping[str, str] | None = None
) -> CrawlResult:
    """Crawl as `crawl` does, in the running event loop of asyncio.

    Several crawls may run in one loop, with an output each. One that is cancelled ends in order before it raises: what
    was read is kept, and the same configuration goes on from there.
    """
    return CrawlResult(await run.crawl(config, variables(environ), observer=observer))


def plan(config: Config, *, environ: Mapping[str, str] | None = None) -> Estimate:
    """Return what a crawl of `config` would cost; it asks each list for its total, and writes nothing.

    Raise the CrawlerError of the first target that fails, UnavailableError when `max_duration_s` is over first;
    RuntimeError where an event loop runs already: `plan_async` is for that.
    """
    return _in_a_loop(partial(plan_async, config, environ=environ), "plan")


async def plan_async(config: Config, *, environ: Mapping[str, str] | None = None) -> Estimate:
    """Return what a crawl would cost as `plan` does, in the running event loop of asyncio."""
    return await estimate.estimate(config, variables(environ))


def _in_a_loop(work: Callable[[], Awaitable[T]], name: str) -> T:
    if _is_in_a_loop():
        raise RuntimeError(f"an event loop runs in this thread already: use `await crawler.{name}_async(...)`")
    return anyio.run(work)


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
