"""The workers of the floors: a fixed number of tasks that fetch windows, first pages first, until none is left."""

import asyncio
import sys
from collections.abc import Callable
from typing import NamedTuple

import aiohttp
from yarl import URL

from tests.bench.job import Job, Window, from_argv, total_of

Consume = Callable[[Window, bytes], None]


class _Work(NamedTuple):
    job: Job
    session: aiohttp.ClientSession
    queue: asyncio.Queue[Window]
    consume: Consume
    sizes: list[int]


def run(prepare: Callable[[Job], Consume]) -> None:
    """Crawl the job on the command line and print the number of bytes received; `prepare` returns the consumer."""
    job = from_argv()
    size = asyncio.run(_crawl(job, prepare(job)))
    sys.stdout.write(f"{size}\n")


async def _crawl(job: Job, consume: Consume) -> int:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=job.concurrency),
        headers={"X-Auth-Token": job.token},
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=2**18,
    ) as session:
        work = _Work(job, session, asyncio.Queue(), consume, [])
        for window in job.first_windows():
            work.queue.put_nowait(window)
        await _until_done(work, [asyncio.create_task(_worker(work)) for _ in range(job.concurrency)])
    return sum(work.sizes)


async def _until_done(work: _Work, workers: list[asyncio.Task[None]]) -> None:
    done = asyncio.create_task(work.queue.join())
    await asyncio.wait([done, *workers], return_when=asyncio.FIRST_COMPLETED)
    for task in [done, *workers]:
        task.cancel()
    for failed in await asyncio.gather(*workers, return_exceptions=True):
        if isinstance(failed, Exception):
            raise failed


async def _worker(work: _Work) -> None:
    while True:
        window = await work.queue.get()
        async with work.session.get(URL(work.job.url(window), encoded=True)) as response:
            response.raise_for_status()
            body = await response.read()
        if window.offset == 0:
            for rest in work.job.rest(window, total_of(response.headers["Content-Range"])):
                work.queue.put_nowait(rest)
        work.consume(window, body)
        work.sizes.append(len(body))
        work.queue.task_done()
