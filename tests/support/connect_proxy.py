"""An HTTP proxy on 127.0.0.1, as a company has one: CONNECT for https, whole URLs for http, and Basic credentials.

It alone knows where hosts are: `hosts` has the port on this machine for each name, and names end in .test, which no
resolver knows. What a test reaches through it was resolved by it.
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import anyio.from_thread

HOST: Final = "127.0.0.1"
_PIECE_BYTES: Final = 2**16


@dataclass(frozen=True)
class ProxyRequest:
    """What one request asked the proxy for: `target` is host:port of a CONNECT, else a URL; header names are small."""

    method: str
    target: str
    headers: Mapping[str, str]


class ConnectProxy:
    """A proxy that listens. `requests` has all that it was asked, `connections` counts those it accepted.

    `credentials` are the USER:PASSWORD it demands, "" for none. With a `status` it answers so to every request, with
    the `challenge` as Proxy-Authenticate.
    """

    def __init__(self, hosts: Mapping[str, int], credentials: str, challenge: str, status: int) -> None:
        self.endpoint = ""
        self.requests: list[ProxyRequest] = []
        self.connections = 0
        self._status = status
        self._passes: int | None = None
        self._hosts = hosts
        self._expected = f"Basic {b64encode(credentials.encode()).decode()}" if credentials else ""
        self._challenge = challenge
        self._serving: set[asyncio.Task[None]] = set()

    def asked(self, method: str = "CONNECT") -> list[str]:
        """Return the targets of all requests with a method."""
        return [request.target for request in self.requests if request.method == method]

    def refuse_after(self, requests: int | None, status: int) -> None:
        """Pass so many requests on, and then answer all with `status`; None and 0: pass all of them on."""
        self._passes, self._status = requests, status

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side closes it."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            # A task that ends as cancelled is logged by the streams of Python 3.11.
            with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._serving.discard(task)
            writer.close()

    async def end(self) -> None:
        """Close all connections."""
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read_request(reader)
        self.requests.append(request)
        refusal = self._refusal(request)
        if refusal:
            writer.write(refusal)
            await writer.drain()
            return
        host, port = _host_of(request)
        server_reader, server_writer = await asyncio.open_connection(HOST, self._hosts.get(host, port))
        try:
            if request.method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _both(_pipe(reader, server_writer), _pipe(server_reader, writer))
            else:
                server_writer.write(_to_server(request))
                await _both(self._forward(reader, server_writer), _pipe(server_reader, writer))
        finally:
            server_writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send the body of the first request, and the requests that follow on its connection, to the same server."""
        while True:
            body = int(self.requests[-1].headers.get("content-length", 0))
            writer.write(await reader.readexactly(body))
            request = await _read_request(reader)
            self.requests.append(request)
            if self._refusal(request):
                return  # the connection ends, and the next one is refused
            writer.write(_to_server(request))

    def _refusal(self, request: ProxyRequest) -> bytes:
        """Return the answer to a request that is not passed on, b"" for one that is."""
        status = self._status
        if self._passes:
            self._passes, status = self._passes - 1, 0
        if not status and self._expected and request.headers.get("proxy-authorization") != self._expected:
            status = 407
        challenge = f"Proxy-Authenticate: {self._challenge}\r\n" if status == 407 else ""
        return f"HTTP/1.1 {status} No\r\n{challenge}Content-Length: 0\r\n\r\n".encode() if status else b""


async def _both(*ways: Any) -> None:  # noqa: ANN401 - coroutines
    tasks = [asyncio.ensure_future(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_PIECE_BYTES):
        writer.write(data)
        await writer.drain()


async def _read_request(reader: asyncio.StreamReader) -> ProxyRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.strip().split("\r\n")
    method, target, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
    return ProxyRequest(method, target, headers)


def _host_of(request: ProxyRequest) -> tuple[str, int]:
    parts = urlsplit(f"//{request.target}" if request.method == "CONNECT" else request.target)
    return parts.hostname or "", parts.port or 80


def _to_server(request: ProxyRequest) -> bytes:
    """Return a request as the server gets it: without what is for the proxy alone."""
    parts = urlsplit(request.target)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    own = {name: value for name, value in request.headers.items() if not name.startswith("proxy-")}
    lines = [f"{request.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in own.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@asynccontextmanager
async def connect_proxy(
    hosts: Mapping[str, int],
    *,
    credentials: str = "",
    challenge: str = 'Basic realm="proxy"',
    status: int = 0,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[ConnectProxy]:
    """Yield a proxy that runs in the current event loop until the context ends; with `tls` it is an https proxy."""
    proxy = ConnectProxy(hosts, credentials, challenge, status)
    server = await asyncio.start_server(proxy.accept, HOST, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    proxy.endpoint = f"https://localhost:{port}" if tls else f"http://{HOST}:{port}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
        await server.wait_closed()


@contextmanager
def served_proxy(hosts: Mapping[str, int], **settings: Any) -> Iterator[ConnectProxy]:  # noqa: ANN401
    """Yield a proxy that runs in a thread of its own."""
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(connect_proxy(hosts, **settings)) as proxy,
    ):
        yield proxy
