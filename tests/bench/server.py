"""What everybody asks: the emulator's rows in pages made beforehand, in a process of its own.

The emulator itself keeps every row and sorts them when it is asked to; ten million take 8 GB and minutes. Here one
namespace's pages are made once and sent in the name of whichever namespace was asked for, so that a registry of
any size costs the memory of one namespace, and a page costs the server the same wherever it lies.

Started with a Workload as JSON, it says its endpoint in one line of JSON on stdout, and its counters in another
for each line on stdin: all since the start. It ends with its stdin, and so with whoever started it.
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
_BURST: Final = 10  # requests that the rate-limited workload lets through at once
_PAGES_KEPT: Final = 4096
_PATTERN: Final = b"team-00000"


def namespace_name(at: int) -> str:
    """Name the namespace number `at`; all names are of one length, so that replacing one is a copy."""
    return f"team-{at:05}"


class Registry:
    """The pages of a workload's registry."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        # Of two namespaces the second: the first one's name is also the name of a field.
        shelf = synthetic(namespaces=2, repositories=4 * workload.records, seed=1, uniform=True).centers["self"]
        group = shelf.groups[0] if shelf.groups[0].namespace != "namespace" else shelf.groups[1]
        own = group.namespace.encode()
        self._rows = [row.replace(b"/" + own + b"/", b"/%b/" % _PATTERN) for row in group.rows]
        self._rows = [row.replace(b':"%b"' % own, b':"%b"' % _PATTERN) for row in self._rows]
        self._page = lru_cache(maxsize=_PAGES_KEPT)(self._make_page)

    def page(self, namespace: str | None, offset: int, limit: int) -> ServedResponse:
        """Give one page; without a namespace that of the whole center, whose items are all the first namespace's."""
        total = self._workload.records
        if namespace is None:
            return self._page(offset, limit, total * self._workload.holding)
        number = int(namespace.removeprefix("team-"))
        if number % self._workload.one_in:
            return self._page(offset, limit, 0)
        made = self._page(offset, limit, total)
        return ServedResponse(200, made.body.replace(_PATTERN, namespace.encode()), headers=made.headers)

    def _make_page(self, offset: int, limit: int, total: int) -> ServedResponse:
        rows = self._rows[offset : min(offset + limit, total)]
        close = b',"total_range":%d}' % total
        body = b"[%b%b]" % ((close + b",").join(rows), close) if rows else b"[]"
        return ServedResponse(200, body, headers=(("Content-Range", f"{offset}-{len(rows)}/{total}"),))


class Counted:
    """Answers requests and counts them."""

    def __init__(self, workload: Workload) -> None:
        self._registry = Registry(workload)
        self._workload = workload
        self._bucket = TokenBucket(workload.rate_per_s, _BURST) if workload.rate_per_s else None
        self._chance = random.Random(1)  # noqa: S311 - latency, and it must be repeatable
        self._by_status: Counter[int] = Counter()
        self._body_bytes = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of aiohttp's."""
        answer = self._answer(request.raw_path)
        self._by_status[answer.status] += 1
        self._body_bytes += len(answer.body)
        if answer.status == 200 and self._workload.latency_ms:
            jitter_ms = self._workload.jitter_ms
            await asyncio.sleep((self._workload.latency_ms + self._chance.uniform(-jitter_ms, jitter_ms)) / 1000)
        headers = {"Content-Type": answer.content_type, **dict(answer.headers)}
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    def _answer(self, raw: str) -> ServedResponse:
        path, _, query = raw.partition("?")
        if path != PATH:
            return error(404, "")
        if self._bucket is not None and not self._bucket.take(asyncio.get_running_loop().time()):
            return error(429, "")
        asked = dict(pair.partition("=")[::2] for pair in query.split("&"))
        return self._registry.page(asked.get("namespace"), int(asked["offset"]), int(asked["limit"]))

    def counters(self) -> dict[str, Any]:
        """Give what was counted since the start; `cpu_s` is this process's own processor time."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "by_status": {str(status): count for status, count in sorted(self._by_status.items())},
            "body_bytes": self._body_bytes,
            "cpu_s": used.ru_utime + used.ru_stime,
        }


def _say(content: dict[str, Any]) -> None:
    sys.stdout.write(orjson.dumps(content).decode() + "\n")
    sys.stdout.flush()


async def _serve(workload: Workload) -> None:
    counted = Counted(workload)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def asked() -> None:
        if sys.stdin.readline():
            _say(counted.counters())
        else:
            ended.set()

    loop.add_reader(sys.stdin.fileno(), asked)
    listener = await loop.create_server(web.Server(counted.handle, access_log=None), "127.0.0.1", 0, backlog=1024)
    _say({"endpoint": f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"})
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(_serve(Workload(**{**orjson.loads(sys.argv[1]), "goals": ()})))
