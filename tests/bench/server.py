"""The server that all subjects crawl: rows of the emulator in pages made in advance, in a process of its own.

The emulator keeps and sorts every row, which takes too much memory and time for ten million rows. Here the pages of one
namespace are made once and sent under the name of the requested namespace. So a registry of any size takes the memory
of one namespace, and every page takes the server the same time.

It is started with a Workload as JSON. It prints its endpoint as one line of JSON on stdout, and then its counters since
the start as another line for each line on stdin. It ends when stdin is closed, and so with the process that started it.
"""

import asyncio
import random
import resource
import sys
from collections import Counter
from functools import lru_cache
from typing import Any, Final

import orjson
from aiohttp import web

from crawler.emulator.http.response import ServedResponse, error
from crawler.emulator.http.throttle import TokenBucket
from crawler.emulator.inventory.synthetic import synthetic
from tests.bench.job import PATH
from tests.bench.workloads import Workload

TOKEN: Final = "bench-token"
_BURST: Final = 10  # requests that the rate-limited server accepts at once
_CACHED_PAGES: Final = 4096
_PATTERN: Final = b"team-00000"


def namespace_name(at: int) -> str:
    """Return the name of namespace number `at`; all names have the same length, so replacing one is a copy."""
    return f"team-{at:05}"


class Registry:
    """The pages of a workload's registry."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        # A namespace whose name is not also the name of a field.
        center = synthetic(namespaces=2, repositories=4 * workload.records, seed=1, uniform=True).centers["self"]
        group = center.groups[0] if center.groups[0].namespace != "namespace" else center.groups[1]
        own = group.namespace.encode()
        self._rows = [row.replace(b"/" + own + b"/", b"/%b/" % _PATTERN) for row in group.rows]
        self._rows = [row.replace(b':"%b"' % own, b':"%b"' % _PATTERN) for row in self._rows]
        self._page = lru_cache(maxsize=_CACHED_PAGES)(self._make_page)

    def page(self, center: str, namespace: str | None, offset: int, limit: int) -> ServedResponse:
        """Return one page; namespace None means the whole center, whose items all have the first namespace."""
        total = self._workload.records
        if namespace is None:
            return self._page(center, offset, limit, total * self._workload.non_empty)  # the same rows again and again
        number = int(namespace.removeprefix("team-"))
        if number % self._workload.one_in:
            return self._page(center, offset, limit, 0)
        made = self._page(center, offset, limit, total)
        return ServedResponse(200, made.body.replace(_PATTERN, namespace.encode()), headers=made.headers)

    def _make_page(self, center: str, offset: int, limit: int, total: int) -> ServedResponse:
        last = min(offset + limit, total)
        rows = [self._rows[at % self._workload.records] for at in range(offset, last)]
        if center != "self":  # no repository is in both centers
            rows = [row.replace(b'"domain_name":"', b'"domain_name":"other-') for row in rows]
        close = b',"total_range":%d}' % total
        body = b"[%b%b]" % ((close + b",").join(rows), close) if rows else b"[]"
        return ServedResponse(200, body, headers=(("Content-Range", f"{offset}-{len(rows)}/{total}"),))


class CountingServer:
    """Responds to requests and counts them."""

    def __init__(self, workload: Workload) -> None:
        self._registry = Registry(workload)
        self._workload = workload
        self._bucket = TokenBucket(workload.rate_per_s, _BURST) if workload.rate_per_s else None
        self._random = random.Random(1)  # noqa: S311 - latency, and it must be repeatable
        self._by_status: Counter[int] = Counter()
        self._body_bytes = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to one request, after the latency of the workload."""
        response = self._respond(request.raw_path)
        self._by_status[response.status] += 1
        self._body_bytes += len(response.body)
        if response.status == 200 and self._workload.latency_ms:
            jitter_ms = self._workload.jitter_ms
            await asyncio.sleep((self._workload.latency_ms + self._random.uniform(-jitter_ms, jitter_ms)) / 1000)
        headers = {"Content-Type": response.content_type, **dict(response.headers)}
        return web.Response(status=response.status, body=response.body, headers=headers)

    def _respond(self, raw: str) -> ServedResponse:
        path, _, query = raw.partition("?")
        if path != PATH:
            return error(404, "")
        if self._bucket is not None and not self._bucket.take(asyncio.get_running_loop().time()):
            return error(429, "")
        parameters = dict(pair.partition("=")[::2] for pair in query.split("&"))
        offset, limit = int(parameters["offset"]), int(parameters["limit"])
        return self._registry.page(parameters["center"], parameters.get("namespace"), offset, limit)

    def counters(self) -> dict[str, Any]:
        """Return the counters since the start; `cpu_s` is the processor time of this process."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "by_status": {str(status): count for status, count in sorted(self._by_status.items())},
            "body_bytes": self._body_bytes,
            "cpu_s": used.ru_utime + used.ru_stime,
        }


def _print_json(content: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(content).decode() + "\n")
    sys.stdout.flush()


async def _serve(workload: Workload) -> None:
    server = CountingServer(workload)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def on_stdin() -> None:
        if sys.stdin.readline():
            _print_json(server.counters())
        else:
            ended.set()

    loop.add_reader(sys.stdin.fileno(), on_stdin)
    listener = await loop.create_server(web.Server(server.handle, access_log=None), "127.0.0.1", 0, backlog=1024)
    _print_json({"endpoint": f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"})
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(Workload(**{**orjson.loads(sys.argv[1]), "goals": ()})))
