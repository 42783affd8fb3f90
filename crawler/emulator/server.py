"""The emulator on a socket of 127.0.0.1: aiohttp, the clock and the counters around a `Service`.

It uses aiohttp's low-level `web.Server` and not an application: six fixed routes need no router and no middleware,
which would cost time on every request.

Source: docs/reference/swr-api.md#header-size-limits (request limits), #gateway-headers (the header Server).
"""

import asyncio
import errno
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from crawler.emulator.auth.access import AccessState
from crawler.emulator.auth.identity import Identity
from crawler.emulator.auth.locks import KeyLocks
from crawler.emulator.delivery import LateCopies, deliver
from crawler.emulator.http.clock import ServiceClock
from crawler.emulator.http.counters import RequestCounters
from crawler.emulator.http.query import Paging
from crawler.emulator.http.request import ReceivedRequest
from crawler.emulator.http.response import IMMEDIATE, ServedResponse
from crawler.emulator.http.throttle import TokenBucket
from crawler.emulator.latency import Latency
from crawler.emulator.service.config import ServiceConfig
from crawler.emulator.service.service import Service
from crawler.emulator.service.state import EmulatorState
from crawler.emulator.settings import EmulatorSettings
from crawler.errors import ConfigError

__all__ = ["EmulatorSettings", "RecordedRequest", "RunningEmulator", "emulator"]

HOST = "127.0.0.1"
TLS_HOST = "localhost"
# The gateway's own limit. aiohttp's default of 8190 bytes refuses real tokens.
_MAX_FIELD_BYTES = 32 * 1024
_SHUTDOWN_S = 1.0


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request and how it was answered. `at_s` is `time.monotonic()` on arrival.

    `in_flight` is the number of requests in flight on arrival, this one included.
    """

    at_s: float
    path_qs: str
    status: int
    in_flight: int


class RunningEmulator:
    """An emulator that listens.

    `endpoint` is its URL without a trailing slash: SWR, IAM and the metadata service share it. `identity` holds the
    credentials that it accepts. `requests` has every request so far if the settings say `record_requests`.
    """

    def __init__(self, settings: EmulatorSettings) -> None:
        self.identity: Identity = settings
        self.endpoint = ""
        self.requests: list[RecordedRequest] = []
        self._records = settings.record_requests
        self._id_prefix = os.urandom(8).hex()
        self._service = _service(settings, salt=self._id_prefix)
        self._latency = Latency(
            settings.latency_ms, settings.jitter_ms, seed=settings.seed, max_concurrency=settings.max_concurrency
        )
        self._clock = ServiceClock(
            settings.clock or time.time,
            settings.clock_skew_s,
            is_shifted=settings.clock is not None or settings.clock_skew_s != 0,
        )
        self._counters = RequestCounters()
        self._late_copies = LateCopies()
        self._closing = asyncio.Event()

    @property
    def token(self) -> str:
        """The token that is always valid."""
        return self.identity.token

    def counters(self) -> dict[str, Any]:
        """Return the counters so far: requests in total, by status and by path, the peak in flight, and faults.

        A path that is no route counts as "other", a connection that a fault drops or holds as status 0. A request is in
        flight while it waits for its latency or delay: without either, requests are answered one after the other and
        the peak is 1. `faults` says how often each fault triggered, in the order of the faults.
        """
        return {**self._counters.as_dict(), "faults": self._service.triggered()}

    def void_tokens(self) -> None:
        """Void all tokens issued so far. The token of the settings stays valid."""
        self._service.void_tokens()

    def release_connections(self) -> None:
        """Close the connections that faults hold open, and end the bodies that have no end."""
        self._closing.set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of aiohttp."""
        arrived_s = time.monotonic()
        counters, target = self._counters, request.raw_path
        request_id = f"{self._id_prefix}{counters.arrived:016x}"
        path, _, raw_query = target.partition("?")
        in_flight = counters.on_arrival()
        self._late_copies.send(request)
        try:
            received = ReceivedRequest(
                method=request.method,
                path=path,
                raw_query=raw_query,
                token=request.headers.get("X-Auth-Token"),
                request_id=request_id,
                now_s=self._clock.now_s(),
                headers=request.headers,
                body=await _body(request) if request.can_read_body else b"",
            )
            response = self._service.refuse(received, arrived_s)
            if response is None:
                if not self._latency.is_zero:
                    await self._latency.wait()
                response = self._service.respond(received, target)
            if response.delay_ms:
                await asyncio.sleep(response.delay_ms / 1000)
        finally:
            counters.on_departure()
        counters.on_response(path, response.status)
        if self._records:
            self.requests.append(RecordedRequest(arrived_s, target, response.status, in_flight))
        headers = self._headers(response, request_id)
        if response.delivery.repeats:
            self._late_copies.keep(request, response, headers)
        if response.delivery is not IMMEDIATE:
            return await deliver(request, response, headers, self._closing)
        return web.Response(status=response.status, body=response.body, headers=headers)

    def _headers(self, response: ServedResponse, request_id: str) -> dict[str, str]:
        headers = dict(response.headers)
        if response.delivery.request_id:
            headers["X-Request-Id"] = request_id
        headers["Content-Type"] = response.content_type
        headers["Server"] = "api-gateway"
        if self._clock.is_shifted:  # otherwise aiohttp sets the Date, which is cheaper
            headers["Date"] = self._clock.http_date()
        return headers


def _service(settings: EmulatorSettings, *, salt: str) -> Service:
    config = ServiceConfig(
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
    return Service(
        config,
        EmulatorState(access=AccessState(salt=salt, locks=KeyLocks(settings.lock_after, settings.lock_s))),
        cache_bytes=settings.cache_bytes,
        cap=TokenBucket(settings.rps_cap, settings.rps_burst) if settings.rps_cap else None,
        retry_after_s=settings.retry_after_s,
    )


async def _body(request: web.BaseRequest) -> bytes:
    """Return the body, or no bytes if it exceeds aiohttp's limit of 1 MiB: every route then refuses it as malformed."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return b""


@asynccontextmanager
async def emulator(settings: EmulatorSettings, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RunningEmulator]:
    """Yield an emulator that serves in the running event loop until the context ends.

    With `tls` it serves https; its name in the endpoint is then localhost, as certificates have names.

    Raises ConfigError if the port is not available.
    """
    running = RunningEmulator(settings)
    server = web.Server(
        running.handle, access_log=None, max_field_size=_MAX_FIELD_BYTES, max_line_size=_MAX_FIELD_BYTES
    )
    try:
        listener = await asyncio.get_running_loop().create_server(server, HOST, settings.port, backlog=1024, ssl=tls)
    except OSError as error:
        if error.errno is None:  # no socket could be made, of which Python before 3.13 says nothing
            raise _no_socket() from None
        message = f"cannot listen on {HOST}:{settings.port}: {error.strerror or error}"
        raise ConfigError(message, setting="port") from error
    if not listener.sockets:
        raise _no_socket()
    port = listener.sockets[0].getsockname()[1]
    running.endpoint = f"https://{TLS_HOST}:{port}" if tls else f"http://{HOST}:{port}"
    try:
        yield running
    finally:
        listener.close()
        running.release_connections()
        await server.shutdown(_SHUTDOWN_S)
        await listener.wait_closed()


def _no_socket() -> OSError:
    """Return the reason that asyncio writes to its log alone."""
    return OSError(errno.EMFILE, os.strerror(errno.EMFILE))
