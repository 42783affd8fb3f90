"""Connections that never attribute a response to the wrong request.

HTTP/1.1 matches responses to requests by their order on the connection alone. So a connection is closed instead of
reused when bytes arrived on it that no request asked for (SilentConnector), or when a response names another window
than its request did (Transport, by means of TracedResponse).
"""

import asyncio
import select
from functools import partial
from typing import Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace

from crawler.swr.http.failures import failure_of


class SilentConnector(aiohttp.TCPConnector):
    """Never reuses a connection with unread bytes: they would be parsed as the next response.

    aiohttp only checks whether a connection is closed. A readable socket means unrequested data or the end of the
    connection, as in urllib3 and httpcore. Data that aiohttp already read on its own is an unrequested response.

    Set `reuses` to False when a response was attributed to the wrong request in spite of that: from then on every
    request gets a new connection.
    """

    reuses = True

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
    ) -> aiohttp.connector.Connection:
        """Return a connection that is new, or has no unread bytes."""
        while True:
            connection = await super().connect(req, traces, timeout)
            if (protocol := connection.protocol) is not None:
                requests = request_count(protocol)
                if requests and self.reuses and _is_silent(protocol):
                    protocol.__dict__[_REQUESTS] = requests + 1
                    return connection
                if not requests:
                    protocol.__dict__[_REQUESTS] = 1
                    if protocol.closed is not None:
                        protocol.closed.add_done_callback(partial(_end_body, protocol))
                    return connection
            connection.close()


# State of a connection is kept on its protocol object, under names that nothing else uses: a table beside it is slower.
_REQUESTS: Final = "swr_crawler_requests"
_BODY: Final = "swr_crawler_body"
_POLL: Final = "swr_crawler_poll"


def request_count(protocol: ResponseHandler) -> int:
    """Return the number of requests that were sent on this connection."""
    return protocol.__dict__.get(_REQUESTS, 0)  # type: ignore[no-any-return]  # only `connect` sets it


def _end_body(protocol: ResponseHandler, closed: asyncio.Future[None]) -> None:
    """End the body that is being read from a connection that has closed.

    aiohttp closes the connection after a malformed chunk without telling the reader that waits for the body.
    """
    if not closed.cancelled():
        closed.exception()  # or asyncio logs that it was never retrieved
    content: aiohttp.StreamReader | None = protocol.__dict__.pop(_BODY, None)
    if content is not None and not content.is_eof() and content.exception() is None:
        content.set_exception(aiohttp.ClientPayloadError())


def _is_silent(protocol: ResponseHandler) -> bool:
    if protocol.transport is None or protocol.should_close:
        return False
    poll: select.poll | None = protocol.__dict__.get(_POLL)
    if poll is None:
        poll = protocol.__dict__[_POLL] = select.poll()
        poll.register(protocol.transport.get_extra_info("socket").fileno(), select.POLLIN)
    return not poll.poll(0)


class TracedResponse(aiohttp.ClientResponse):
    """A response that knows its connection, even after it was read completely and the connection was released."""

    sent_on: ResponseHandler | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Read status and headers.

        Raises TransientError when the connection fails: aiohttp would retry its own error without a notice, and a
        retry must wait for the rate limiter and be counted.
        """
        self.sent_on = connection.protocol
        try:
            started = await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise failure_of(error) from None
        if self.sent_on is not None:
            self.sent_on.__dict__[_BODY] = self.content
        return started
