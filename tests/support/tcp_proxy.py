"""A proxy on 127.0.0.1 that passes the bytes of connections on and does to them what wire_faults.py says.

Plain sockets and the loop's callbacks, no streams: a reset, a half-read connection and a closed listener are to be
what they are named after, and no task is started.
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

from tests.support.wire_faults import End, Pass, Passage, Pause, RefuseConnections, Reply, Step, WireFault

HOST: Final = "127.0.0.1"
_READ_BYTES: Final = 2**16
_RESET: Final = struct.pack("ii", 1, 0)  # linger for no time: RST instead of FIN

# Calls something after so many seconds, as `loop.call_later`.
Later = Callable[[float, Callable[[], None]], object]


class RunningProxy:
    """A proxy that listens. `connections` counts those accepted, `struck` by fault, in their order.

    `endpoint` is its URL without a trailing slash. What is wanted of `upstream` is its host and port.
    """

    def __init__(self, upstream: str, faults: Sequence[WireFault], later: Later | None) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname, parts.port)
        self._faults = faults
        self._loop = asyncio.get_running_loop()
        self._later = later or self._loop.call_later
        self._wires: set[_Wire] = set()
        self._listener: socket.socket | None = None
        self._port = 0
        self.connections = 0
        self.struck = [0] * len(faults)
        self.listen()

    @property
    def endpoint(self) -> str:
        """The URL, the same after a pause."""
        return f"http://{HOST}:{self._port}"

    def listen(self) -> None:
        """Accept connections, at the same port as before."""
        self._listener = socket.create_server((HOST, self._port), backlog=1024)
        self._listener.setblocking(False)
        self._port = self._listener.getsockname()[1]
        self._loop.add_reader(self._listener, self._accept)

    def refuse(self) -> None:
        """Refuse connections; those there are go on."""
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def end(self) -> None:
        """Refuse connections, and reset those there are."""
        self.refuse()
        self._later = _never
        for wire in tuple(self._wires):
            wire.end(End.RESET)

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            client, _ = self._listener.accept()
        except OSError:  # whoever wanted in has gone
            return
        self.connections += 1
        passage = Passage(self._faults, self.connections)
        for place, struck in enumerate(passage.struck):
            self.struck[place] += struck
            fault = self._faults[place]
            if struck and isinstance(fault, RefuseConnections):
                self.refuse()
                self._later(fault.for_ms / 1000, self._listen_again)
        try:
            server = socket.create_connection(self._upstream)
        except OSError:
            client.close()
            return
        wire = _Wire(self._loop, client, server, passage, self._later)
        self._wires.add(wire)
        wire.start(partial(self._wires.discard, wire))

    def _listen_again(self) -> None:
        if self._listener is None and self._later is not _never:
            self.listen()


def _never(wait_s: float, do: Callable[[], None]) -> None:
    del wait_s, do


class _Wire:
    """One connection: the client's socket and the server's, and a way in each direction between them."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        client: socket.socket,
        server: socket.socket,
        passage: Passage,
        later: Later,
    ) -> None:
        self._loop = loop
        self._client = client
        self._server = server
        for end in (client, server):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open = True
        self._ended: Callable[[], None] = lambda: None
        self._opened = passage.opened()
        self._request = _Way(self, loop, (client, server), passage.request, later)
        self._answer = _Way(self, loop, (server, client), passage.answer, later)

    def start(self, ended: Callable[[], None]) -> None:
        """Begin; `ended` is called at the end."""
        self._ended = ended
        self._answer.take(self._opened)
        self._request.take(())

    def reply(self, way: "_Way", data: bytes) -> None:
        """Send bytes against the direction of `way`."""
        back = self._answer if way is self._request else self._request
        back.take((Pass(data),))

    def finished(self) -> None:
        """Close when both sides have said all."""
        if self._request.finished and self._answer.finished:
            self.end(End.CLOSE)

    def end(self, how: End) -> None:
        """End the connection, or let it stand still."""
        for way in (self._request, self._answer):
            way.stop()
        if how is End.STALL or not self._open:
            return
        self._open = False
        if how is End.RESET:
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._client.close()
        self._server.close()
        self._ended()


class _Way:
    """One direction. What it has to do it does step by step; it reads on when all is done."""

    def __init__(
        self,
        wire: _Wire,
        loop: asyncio.AbstractEventLoop,
        ends: tuple[socket.socket, socket.socket],
        change: Callable[[bytes], Iterable[Step]],
        later: Later,
    ) -> None:
        self._wire = wire
        self._loop = loop
        self._source, self._sink = ends
        self._change = change
        self._later = later
        self._steps: deque[Step] = deque()
        self._state: Literal["free", "waiting", "stopped"] = "free"
        self.finished = False

    def take(self, steps: Iterable[Step]) -> None:
        """Do these steps behind those there are."""
        self._steps.extend(steps)
        if self._state == "free":
            self._run()

    def stop(self) -> None:
        """Do nothing any more."""
        self._state = "stopped"
        self._steps.clear()
        self._loop.remove_reader(self._source)
        self._loop.remove_writer(self._sink)

    def _run(self) -> None:
        while self._steps and self._state == "free":
            self._do(self._steps.popleft())
        if self._state == "free" and not self.finished:
            self._loop.add_reader(self._source, self._read)

    def _do(self, step: Step) -> None:
        if isinstance(step, Pass):
            self._write(step.data)
        elif isinstance(step, Reply):
            self._wire.reply(self, step.data)
        elif isinstance(step, Pause):
            self._wait()
            self._later(step.duration_s, self._go_on)
        else:
            self._wire.end(step)

    def _wait(self) -> None:
        self._state = "waiting"
        self._loop.remove_reader(self._source)

    def _go_on(self) -> None:
        if self._state == "waiting":
            self._state = "free"
            self._loop.remove_writer(self._sink)
            self._run()

    def _read(self) -> None:
        try:
            data = self._source.recv(_READ_BYTES)
        except OSError:
            self._wire.end(End.RESET)
            return
        if data:
            self.take(self._change(data))
            return
        self.finished = True
        self._loop.remove_reader(self._source)
        with suppress(OSError):  # gone already
            self._sink.shutdown(socket.SHUT_WR)
        self._wire.finished()

    def _write(self, data: bytes) -> None:
        try:
            sent = self._sink.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._wire.end(End.RESET)
            return
        if sent < len(data):
            self._steps.appendleft(Pass(data[sent:]))
            self._wait()
            self._loop.add_writer(self._sink, self._go_on)


@asynccontextmanager
async def proxy(
    upstream: str, faults: Sequence[WireFault] = (), *, later: Later | None = None
) -> AsyncIterator[RunningProxy]:
    """Stand in front of `upstream`, an URL, in the running loop for as long as the context lasts.

    `later` replaces the loop's clock for pauses.
    """
    running = RunningProxy(upstream, faults, later)
    try:
        yield running
    finally:
        running.end()
