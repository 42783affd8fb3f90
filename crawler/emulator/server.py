"""The emulator on a socket of 127.0.0.1: clock, chance, counters and aiohttp; what is said is in respond.py.

An answer that doesn't leave at once and whole leaves by delivery.py.

The low-level `aiohttp.web.Server` is used, not an application: with six fixed routes, a router and middlewares
would cost time on every request and have nothing to do. Measured with wrk, server and client on one core
each, 32 connections: 36 000 requests/s for a page of 2, 31 000 of 100, 10 000 of 1000; pages of 100 that were
never asked for before, 14 000.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from crawler.emulator.auth.access import Access
from crawler.emulator.auth.gateway import refuse_at_gateway
from crawler.emulator.auth.identity import Identity
from crawler.emulator.auth.locks import Locks
from crawler.emulator.delivery import deliver
from crawler.emulator.http.cache import PageCache
from crawler.emulator.http.query import Paging
from crawler.emulator.http.request import ROUTES, SWR_ROUTES, ReceivedRequest
from crawler.emulator.http.response import AT_ONCE, ServedResponse, error
from crawler.emulator.http.throttle import TokenBucket
from crawler.emulator.service.respond import respond
from crawler.emulator.service.state import EmulatorState, Service
from crawler.emulator.settings import EmulatorSettings
from crawler.errors import ConfigError, DiskError

__all__ = ["EmulatorSettings", "RunningEmulator", "SeenRequest", "emulator", "serve_until_signalled"]

HOST = "127.0.0.1"
# The gateway's own limits (FACTS 3.1); aiohttp's default of 8190 bytes refuses real tokens.
_MAX_FIELD_BYTES = 32 * 1024
_SHUTDOWN_S = 1.0


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """One request as it was answered; `at_s` is `time.monotonic()` on arrival, as one of `in_flight`."""

    at_s: float
    path_qs: str
    status: int
    in_flight: int


class RunningEmulator:
    """An emulator that listens. `endpoint` is its URL without a trailing slash, `identity` whom it lets in.

    SWR, IAM and the metadata service are all at this one endpoint. `token` is the token that is always good.
    """

    def __init__(self, settings: EmulatorSettings) -> None:
        self.identity: Identity = settings
        self.token = settings.token
        self.endpoint = ""
        self.requests: list[SeenRequest] = []
        self._settings = settings
        self._service = Service(
            inventory=settings.inventory,
            identity=settings,
            paging=Paging(
                default_limit=settings.default_limit,
                max_limit=settings.max_limit,
                over_limit=settings.over_limit,
                pair_rule=settings.pair_rule,
            ),
            faults=settings.faults,
            namespace_counts=settings.namespace_counts,
        )
        self._id_prefix = os.urandom(8).hex()
        locks = Locks(settings.lock_after, settings.lock_s)
        self._ledger = EmulatorState(access=Access(salt=self._id_prefix, locks=locks))
        # Faults decide per request, so there is nothing to keep.
        self._cache = PageCache(0 if settings.faults else settings.cache_bytes)
        self._bucket = TokenBucket(settings.rps_cap, settings.rps_burst) if settings.rps_cap else None
        self._chance = random.Random(settings.seed)  # noqa: S311 - latency, and it must be repeatable
        self._clock = settings.clock or time.time
        self._clock_is_off = settings.clock is not None or settings.clock_skew_s != 0
        self._ending = asyncio.Event()
        self._arrived = 0
        self._by_status: Counter[int] = Counter()
        self._by_path: Counter[str] = Counter()
        self._in_flight = self._peak_in_flight = 0
        most = settings.max_concurrency
        self._turn: AbstractAsyncContextManager[None] = nullcontext() if most is None else asyncio.Semaphore(most)

    def counters(self) -> dict[str, Any]:
        """Give what happened so far: requests in total, by status and by path, the peak in flight, faults.

        Paths that are no route count as "other"; a connection dropped or held on purpose counts as status 0. In
        flight is what waits for its latency or delay: without either, requests are answered one after the
        other and the peak is 1. `faults` has one number per fault given, in their order:
        how often it struck.
        """
        return {
            "requests": self._arrived,
            "by_status": {str(status): count for status, count in sorted(self._by_status.items())},
            "by_path": dict(sorted(self._by_path.items())),
            "peak_in_flight": self._peak_in_flight,
            "faults": [self._ledger.triggered[place] for place in range(len(self._settings.faults))],
        }

    def void_tokens(self) -> None:
        """Let no token issued so far be good for anything more; the one of the settings stays good."""
        self._ledger.access.tokens.void()

    def end(self) -> None:
        """Let go of the connections that are held, and end the answers that have no end."""
        self._ending.set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of aiohttp's."""
        arrived_s = time.monotonic()
        self._in_flight += 1
        in_flight = self._in_flight
        self._peak_in_flight = max(self._peak_in_flight, in_flight)
        try:
            asked = request.raw_path
            path, _, raw_query = asked.partition("?")
            request_id = f"{self._id_prefix}{self._arrived:016x}"
            self._arrived += 1
            answer = await self._answer(
                ReceivedRequest(
                    method=request.method,
                    path=path,
                    raw_query=raw_query,
                    token=request.headers.get("X-Auth-Token"),
                    request_id=request_id,
                    now_s=self._clock() + self._settings.clock_skew_s,
                    headers=request.headers,
                    body=await _body(request) if request.can_read_body else b"",
                ),
                asked,
                arrived_s,
            )
            if answer.delay_ms:
                await asyncio.sleep(answer.delay_ms / 1000)
        finally:
            self._in_flight -= 1
        self._by_status[answer.status] += 1
        self._by_path[path if path in ROUTES else "other"] += 1
        if self._settings.record_requests:
            self.requests.append(SeenRequest(arrived_s, asked, answer.status, in_flight))
        headers = dict(answer.headers)
        headers["X-Request-Id"] = request_id
        headers["Content-Type"] = answer.content_type
        headers["Server"] = "api-gateway"  # recorded, FACTS 4.2
        if self._clock_is_off:  # else aiohttp's own, which is cheaper
            headers["Date"] = formatdate(self._clock() + self._settings.clock_skew_s, usegmt=True)
        if answer.delivery is not AT_ONCE:
            return await deliver(request, answer, headers, self._ending)
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    async def _answer(self, request: ReceivedRequest, asked: str, arrived_s: float) -> ServedResponse:
        refusal = refuse_at_gateway(request, self._service.identity, self._ledger.access)
        swr = request.path in SWR_ROUTES  # the cap and the cache are its own
        if refusal is None and swr and self._bucket is not None and not self._bucket.take(arrived_s):
            wait_s = self._settings.retry_after_s
            headers = () if wait_s is None else (("Retry-After", str(wait_s)),)
            refusal = error(429, request.request_id, headers)
        if refusal is not None:
            return refusal
        if self._settings.latency_ms or self._settings.jitter_ms:
            async with self._turn:
                await asyncio.sleep(self._latency_s())
        answer = self._cache.get(asked)
        if answer is None:
            answer = respond(request, self._service, self._ledger)
            if swr and answer.status == 200:  # noqa: PLR2004 - HTTP's
                self._cache.put(asked, answer)
        return answer

    def _latency_s(self) -> float:
        jitter_ms = self._chance.uniform(-self._settings.jitter_ms, self._settings.jitter_ms)
        return max(0.0, self._settings.latency_ms + jitter_ms) / 1000


async def _body(request: web.BaseRequest) -> bytes:
    """Read the body; one beyond aiohttp's megabyte counts as empty, and is then no body that anything takes."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return b""


@asynccontextmanager
async def emulator(settings: EmulatorSettings) -> AsyncIterator[RunningEmulator]:
    """Serve in the running loop for as long as the context lasts.

    Raises ConfigError when the port can't be had.
    """
    running = RunningEmulator(settings)
    server = web.Server(
        running.handle, access_log=None, max_field_size=_MAX_FIELD_BYTES, max_line_size=_MAX_FIELD_BYTES
    )
    try:
        listener = await asyncio.get_running_loop().create_server(server, HOST, settings.port, backlog=1024)
    except OSError as failure:
        message = f"cannot listen on {HOST}:{settings.port}: {failure.strerror or failure}"
        raise ConfigError(message, setting="port") from failure
    running.endpoint = f"http://{HOST}:{listener.sockets[0].getsockname()[1]}"
    try:
        yield running
    finally:
        listener.close()
        running.end()
        await server.shutdown(_SHUTDOWN_S)
        await listener.wait_closed()


def serve_until_signalled(settings: EmulatorSettings, *, ready_file: Path | None) -> None:
    """Serve until SIGTERM or SIGINT, then print the counters as one line of JSON on stdout.

    Once it listens, `ready_file` appears in one piece: a JSON object with `endpoint`, `token`, `ak`, `sk`,
    `project_id`, `project_name`, `user`, `password`, `domain`, all strings. One left by an earlier run is removed
    first, so that nobody reads a dead endpoint. Raises ConfigError (port), DiskError (ready_file).
    """
    counters = asyncio.run(_serve(settings, ready_file))
    sys.stdout.write(orjson.dumps(counters).decode() + "\n")
    sys.stdout.flush()


async def _serve(settings: EmulatorSettings, ready_file: Path | None) -> dict[str, Any]:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if ready_file is not None:
        _announce(ready_file, None)
    async with emulator(settings) as running:
        if ready_file is not None:
            _announce(ready_file, _ready(running))
        await stop.wait()
    return running.counters()


def _ready(running: RunningEmulator) -> dict[str, str]:
    """Tell where it listens and who is let in; `security_token` is there only if `ak` needs one."""
    who = running.identity
    content = {
        "endpoint": running.endpoint,
        "token": who.token,
        "ak": who.ak,
        "sk": who.sk,
        "project_id": who.project_id,
        "project_name": who.project_name,
        "user": who.user,
        "password": who.password,
        "domain": who.domain,
    }
    return content if who.security_token is None else content | {"security_token": who.security_token}


def _announce(ready_file: Path, content: dict[str, str] | None) -> None:
    part = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
    try:
        if content is None:
            ready_file.unlink(missing_ok=True)
        else:
            part.write_bytes(orjson.dumps(content) + b"\n")
            part.replace(ready_file)
    except OSError as failure:
        raise DiskError(f"cannot write {ready_file}: {failure.strerror}") from failure
