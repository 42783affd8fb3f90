"""Connections that never attribute a response to the wrong request without a trace.

HTTP/1.1 matches responses to requests by their order on the connection alone, so one message too many shifts all that
follow. Each connection keeps a log of which of its answers are certain (connection_log.py). What shows that they are
out of step:

- bytes that no request asked for, before or after a connection is used again (TracedConnection, Connector);
- a response that names another offset than its request, or the id of another response (transport.py);
- a connection that ends in the middle of an answer, or before it.

Then all answers that are not certain are doubtful, and whoever asked for them is told, by Exchange.when_judged.
"""

import asyncio
import select
import ssl
from collections import deque
from functools import partial
from typing import Final, Literal, cast
from weakref import WeakKeyDictionary, WeakSet

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import LineTooLong
from aiohttp.streams import StreamReader
from aiohttp.tracing import Trace

from crawler.swr.exchange import Exchange
from crawler.swr.http.answer_times import AnswerTimes
from crawler.swr.http.connection_log import ConnectionLog
from crawler.swr.http.head_limit import HEAD_BYTES, HeadLimit
from crawler.swr.http.response_ids import ResponseIds
from crawler.swr.request import Request

_SWITCHING: Final = 101
_FINAL: Final = 200
_LINE_ENDS: Final = b"\r\n"  # some old servers send them after a body: they are part of no response
_TURNS: Final = 10  # of the event loop, until it has read what a socket holds

Sign = Literal["offset", "id", "unrequested"]


class TracedConnection(ResponseHandler):
    """One connection with its log; `is_copy` says that the last response has the id of another one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connector: "Connector") -> None:
        super().__init__(loop)
        self.log = ConnectionLog()
        self.is_copy = False
        self._connector = connector
        self._sent_s = 0.0
        self._head = HeadLimit()
        self._body: StreamReader | None = None
        self._says_close = False  # the server announced that it closes the connection
        self._unrequested = False  # bytes came that no request asked for, and no copy of a response explains them
        self._poll: select.poll | None = None

    # ---- what is sent

    def on_sent(self, now_s: float) -> None:
        """Note that a request is about to be sent."""
        self._sent_s = now_s
        self._head.restart()
        self.log.on_sent()

    def on_answer(self, request: Request | None, *, names_offset: bool) -> Exchange | None:
        """Note that the answer to the last request is complete; return its exchange, None when it is certain."""
        now_s = self._loop.time()
        self._connector.times.on_answer(now_s - self._sent_s)
        return self.log.on_answer(request, names_offset=names_offset, now_s=now_s)

    # ---- what comes

    def data_received(self, data: bytes) -> None:
        """Note bytes that no request asked for, and pass them on."""
        if data and self.log.answers >= self.log.requests and (self._body is None or self._body.is_eof()):
            self._unrequested |= data.strip(_LINE_ENDS) != b""
        body, had = self._body, 0 if self._body is None else self._body.total_bytes
        super().data_received(data)
        if self._head.is_exceeded(len(data), 0 if body is None else body.total_bytes - had):
            if self.transport is not None:
                self.transport.close()
            self.set_exception(LineTooLong(b"head", HEAD_BYTES))

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Note the head of a response, and pass it on with its body."""
        message, self._body = data
        self._head.restart()
        if message.code >= _FINAL or message.code == _SWITCHING:
            self._says_close = message.should_close
            response_id = message.headers.get("X-Request-Id")
            known = response_id is not None and self._connector.ids.add(response_id)
            if self.log.on_head():
                self.is_copy = known and self._connector.is_copy(response_id)
            else:
                self._on_unrequested(known=known)
        super().feed_data(data, size)

    def _on_unrequested(self, *, known: bool) -> None:
        """Note the head of a response that no request asked for; a known one is a copy and took no other's place."""
        self._unrequested = not known
        if self._unrequested and self.log.waiting and self.log.requests > 1:
            self._connector.on_sign("unrequested", self.log)
        elif self._unrequested:
            self.judge()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End the body that is being read, and judge what is open."""
        body, ended_by_server = self._body, self.transport is not None or self._says_close
        super().connection_lost(exc)
        if body is not None and not body.is_eof():
            if body.exception() is None:
                # aiohttp closes the connection after a malformed chunk without telling the reader of the body.
                body.set_exception(aiohttp.ClientPayloadError())
            self.log.doubt()
        elif ended_by_server and not self._unrequested and not self.log.waiting:
            self.log.certify()  # it ended after everything that the server had to send
        else:
            self.judge()

    # ---- what that proves

    def is_silent(self) -> bool:
        """Return whether nothing has come since the last answer, not even the end of the connection."""
        if self.transport is None or self.should_close or self._unrequested:
            return False
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not self._poll.poll(0)

    @property
    def silent_for_s(self) -> float:
        """The seconds since the last answer was complete."""
        return self._loop.time() - self.log.answered_s

    def was_silent_for_long(self) -> bool:
        """Return whether the last answer is so long ago that another one would have come."""
        return self.silent_for_s >= self._connector.times.certain_after_s

    async def becomes_silent(self) -> bool:
        """Let the event loop read what came; return whether that was no more than what TLS itself sends, or blank."""
        for _ in range(_TURNS):
            if self.is_silent():
                return True
            if self.transport is None or self._unrequested:
                break
            await asyncio.sleep(0)
        return False

    def judge(self) -> None:
        """Judge what is open on a connection that is not used again: certain if it was silent for long enough."""
        if not self.log.open or self.was_silent_for_long():
            self.log.certify()
        elif self._unrequested:
            self._connector.on_sign("unrequested", self.log)
        else:
            self.log.doubt()


class Connector(aiohttp.TCPConnector):
    """Never reuses a connection with unread bytes: they would be parsed as the next response.

    aiohttp only checks whether a connection is closed. A readable socket means unrequested data or the end of the
    connection, as in urllib3 and httpcore. Data that aiohttp already read on its own is an unrequested response.

    `signs` holds what showed that answers and requests are out of step. While it holds any, no connection is used
    twice. `tls` has the certificates that are trusted, None for those that aiohttp trusts.
    """

    def __init__(self, connections: int, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(limit=2 * connections, ttl_dns_cache=300, ssl=tls or True)  # as `allow`
        self._factory = partial(TracedConnection, loop=self._loop, connector=self)  # type: ignore[assignment]
        self._connections = connections
        self._resting: deque[tuple[aiohttp.connector.Connection, TracedConnection]] = deque()
        self._traced: WeakSet[TracedConnection] = WeakSet()
        self.signs: set[Sign] = set()
        self.ids = ResponseIds()
        self.times = AnswerTimes()

    def allow(self, connections: int) -> None:
        """Let so many connections be used at most, and as many rest."""
        self._connections = connections
        self._limit = 2 * connections

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
    ) -> aiohttp.connector.Connection:
        """Return a connection that is new, or has no unread bytes."""
        if self._resting:
            self.end_rest()
        while True:
            connection = await super().connect(req, traces, timeout)
            traced: TracedConnection = connection.protocol  # type: ignore[assignment]  # as `_factory` made it
            is_new = not traced.log.requests
            if is_new:
                self._traced.add(traced)
            try:
                is_usable = is_new or (not self.signs and (traced.is_silent() or await traced.becomes_silent()))
            except BaseException:  # the request is cancelled, and nobody else has this connection
                connection.close()
                raise
            if is_usable:
                now_s = self._loop.time()
                if traced.log.open and self._must_rest(traced.log, now_s):
                    self._resting.append((connection, traced))
                    continue
                traced.on_sent(now_s)
                return connection
            traced.judge()
            connection.close()

    def _must_rest(self, log: ConnectionLog, now_s: float) -> bool:
        """Return whether a silent connection must rest before it is used again; certify what is open if it has."""
        if now_s - log.answered_s >= self.times.certain_after_s:
            log.certify()
        return log.needs_rest and len(self._resting) < self._connections

    def end_rest(self, *, at_once: bool = False) -> None:
        """Return the connections that have rested for long enough to the others; all of them with `at_once`."""
        while self._resting:
            connection, traced = self._resting[0]
            if not (at_once or traced.was_silent_for_long()):
                return
            self._resting.popleft()
            if traced.is_silent() and traced.was_silent_for_long():
                traced.log.certify()
                connection.release()
            else:
                traced.judge()
                connection.close()

    async def wait_for_silence(self) -> None:
        """Return when every answer is judged, after as long as one takes now; no request may be sent meanwhile."""
        for traced in [one for one in self._traced if one.log.open]:
            await asyncio.sleep(max(0.0, self.times.wait_s - traced.silent_for_s))
            if await traced.becomes_silent():
                traced.log.certify()
            else:
                traced.judge()

    def is_copy(self, response_id: str | None) -> bool:
        """Return whether the response with this id, which came before, is a copy."""
        is_copy = self.ids.is_copy(response_id)
        if not self.ids.identify:
            self.signs.discard("id")
        return is_copy

    def on_sign(self, sign: Sign, log: ConnectionLog) -> None:
        """Note that the answers on a connection are out of step."""
        self.signs.add(sign)
        log.doubt()


_CONNECTIONS: Final = WeakKeyDictionary[aiohttp.ClientResponse, TracedConnection]()


def connection_of(response: aiohttp.ClientResponse) -> TracedConnection:
    """Return the connection of a response, even after it was read completely and the connection was released."""
    return _CONNECTIONS[response]


class UnansweredError(Exception):
    """The connection failed before the head of a response; `error` is aiohttp's error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class TracedResponse(aiohttp.ClientResponse):
    """A response whose connection is remembered (`connection_of`)."""

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Read status and headers.

        Raises UnansweredError when the connection fails: aiohttp would retry its own error without a notice, and a
        retry must wait for the rate limiter and be counted.
        """
        _CONNECTIONS[self] = cast("TracedConnection", connection.protocol)  # as Connector made it
        try:
            return await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise UnansweredError(error) from None
