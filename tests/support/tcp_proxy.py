"""A proxy on 127.0.0.1 that forwards the bytes of connections, with the faults of tests/support/wire_faults.py.

It uses sockets and callbacks of the event loop instead of streams, so that resets, half-read connections and closed
listeners are real ones. It starts no task.
"""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final, Literal
from urllib.parse import urlsplit

from tests.support.wire_faults import ConnectionEffects, End, Forward, Pause, RefuseConnections, Reply, Step, WireFault

HOST: Final = "127.0.0.1"
_READ_BYTES: Final = 2**16
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER with a timeout of 0: RST instead of FIN

# Calls a function after a number of seconds, as `loop.call_later` does.
CallLater = Callable[[float, Callable[[], None]], object]


class RunningProxy:
    """A proxy that listens.

    `endpoint` is its URL without a trailing slash; of `upstream` only host and port are used. `connections` counts the
    connections accepted, `most_open` those that were open at the same time at most, `triggered` those on which each
    fault triggered, in the order of the faults.
    """

    def __init__(self, upstream: str, faults: Sequence[WireFault], call_later: CallLater | None) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname, parts.port)
        self._faults = faults
        self._loop = asyncio.get_running_loop()
        self._call_later = call_later or self._loop.call_later
        self._open_connections: set[_Connection] = set()
        self._listener: socket.socket | None = None
        self._port = 0
        self.connections = 0
        self.most_open = 0
        self.triggered = [0] * len(faults)
        self.listen()

    @property
    def endpoint(self) -> str:
        """The URL; it stays the same after `refuse` and `listen`."""
        return f"http://{HOST}:{self._port}"

    def listen(self) -> None:
        """Accept connections, on the same port as before."""
        self._listener = socket.create_server((HOST, self._port), backlog=1024)
        self._listener.setblocking(False)
        self._port = self._listener.getsockname()[1]
        self._loop.add_reader(self._listener, self._accept)

    def refuse(self) -> None:
        """Refuse new connections; the open ones stay."""
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def end(self) -> None:
        """Refuse new connections and reset the open ones."""
        self.refuse()
        self._call_later = _never
        for connection in tuple(self._open_connections):
            connection.end(End.RESET)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            client, _ = self._listener.accept()
        except OSError:  # the client closed it before it was accepted
            return
        self.connections += 1
        effects = ConnectionEffects(self._faults, self.connections)
        for index, triggered in enumerate(effects.triggered):
            self.triggered[index] += triggered
            fault = self._faults[index]
            if triggered and isinstance(fault, RefuseConnections):
                self.refuse()
                self._call_later(fault.for_ms / 1000, self._listen_again)
        try:
            server = socket.create_connection(self._upstream)
        except OSError:
            client.close()
            return
        connection = _Connection(self._loop, client, server, effects, self._call_later)
        self._open_connections.add(connection)
        self.most_open = max(self.most_open, len(self._open_connections))
        connection.start(partial(self._open_connections.discard, connection))

    def _listen_again(self) -> None:
        if self._listener is None and self._call_later is not _never:
            self.listen()


def _never(wait_s: float, callback: Callable[[], None]) -> None:
    del wait_s, callback


class _Connection:
    """One connection: the client's socket, the server's socket, and one `_Direction` for each way between them."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        client: socket.socket,
        server: socket.socket,
        effects: ConnectionEffects,
        call_later: CallLater,
    ) -> None:
        self._loop = loop
        self._client = client
        self._server = server
        for end in (client, server):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open = True
        self._on_end: Callable[[], None] = lambda: None
        self._opened = effects.opened()
        self._request = _Direction(self, loop, (client, server), effects.request, call_later)
        self._response = _Direction(self, loop, (server, client), effects.response, call_later)

    def start(self, on_end: Callable[[], None]) -> None:
        """Start forwarding; call `on_end` at the end."""
        self._on_end = on_end
        self._response.execute(self._opened)
        self._request.execute(())

    def reply(self, direction: "_Direction", data: bytes) -> None:
        """Send bytes against `direction`."""
        back = self._response if direction is self._request else self._request
        back.execute((Forward(data),))

    def on_finished(self) -> None:
        """Close the connection once both sides have sent everything."""
        if self._request.finished and self._response.finished:
            self.end(End.CLOSE)

    def end(self, how: End) -> None:
        """End the connection, or stall it."""
        for direction in (self._request, self._response):
            direction.stop()
        if how is End.STALL or not self._open:
            return
        self._open = False
        if how is End.RESET:
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._client.close()
        self._server.close()
        self._on_end()


class _Direction:
    """One direction of a connection. It executes its steps one by one and reads further when none is left."""

    def __init__(
        self,
        connection: _Connection,
        loop: asyncio.AbstractEventLoop,
        ends: tuple[socket.socket, socket.socket],
        replace: Callable[[bytes], Iterable[Step]],
        call_later: CallLater,
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._source, self._sink = ends
        self._replace = replace
        self._call_later = call_later
        self._steps: deque[Step] = deque()
        self._state: Literal["free", "waiting", "stopped"] = "free"
        self.finished = False

    def execute(self, steps: Iterable[Step]) -> None:
        """Execute these steps after those in the queue."""
        self._steps.extend(steps)
        if self._state == "free":
            self._run()

    def stop(self) -> None:
        """Execute and read nothing more."""
        self._state = "stopped"
        self._steps.clear()
        self._loop.remove_reader(self._source)
        self._loop.remove_writer(self._sink)

    def _run(self) -> None:
        while self._steps and self._state == "free":
            self._execute_one(self._steps.popleft())
        if self._state == "free" and not self.finished:
            self._loop.add_reader(self._source, self._read)

    def _execute_one(self, step: Step) -> None:
        if isinstance(step, Forward):
            self._write(step.data)
        elif isinstance(step, Reply):
            self._connection.reply(self, step.data)
        elif isinstance(step, Pause):
            self._wait()
            self._call_later(step.duration_s, self._resume)
        else:
            self._connection.end(step)

    def _wait(self) -> None:
        self._state = "waiting"
        self._loop.remove_reader(self._source)

    def _resume(self) -> None:
        if self._state == "waiting":
            self._state = "free"
            self._loop.remove_writer(self._sink)
            self._run()

    def _read(self) -> None:
        try:
            data = self._source.recv(_READ_BYTES)
        except OSError:
            self._connection.end(End.RESET)
            return
        if data:
            self.execute(self._replace(data))
            return
        self.finished = True
        self._loop.remove_reader(self._source)
        with suppress(OSError):  # closed already
            self._sink.shutdown(socket.SHUT_WR)
        self._connection.on_finished()

    def _write(self, data: bytes) -> None:
        try:
            sent = self._sink.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._connection.end(End.RESET)
            return
        if sent < len(data):
            self._steps.appendleft(Forward(data[sent:]))
            self._wait()
            self._loop.add_writer(self._sink, self._resume)


@asynccontextmanager
async def proxy(
    upstream: str, faults: Sequence[WireFault] = (), *, call_later: CallLater | None = None
) -> AsyncIterator[RunningProxy]:
    """Yield a proxy in front of the URL `upstream` that runs in the current event loop until the context ends.

    `call_later` replaces the event loop's own, so that pauses need not take time.
    """
    running = RunningProxy(upstream, faults, call_later)
    try:
        yield running
    finally:
        running.end()
