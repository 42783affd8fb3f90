"""The only place that talks to the service: one request at a time, at the pace its target allows.

Whatever comes back ends as an Answer or a RequestError, in bounded time and memory. That an answer belongs to its
request, HTTP/1.1 leaves to the order on the connection, so no connection is used again on which anything came
unasked, nor one whose answer names another window.

Source: FACTS 1.2 (Content-Range), 3.1 (headers and their sizes), 4.4 (which failures pass).
"""

import asyncio
import select
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Final

import aiohttp
import anyio
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace
from yarl import URL

import crawler
from crawler.errors import ErrorDetails, RefusedError, RequestError, SizeRefusedError, TransientError
from crawler.swr.auth.credentials import Credentials, TokenCredentials
from crawler.swr.auth.signing import Signable
from crawler.swr.content_encoding import ACCEPTED, BodyTooLargeError, BrokenCodingError, UnknownCodingError, decoded
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.swr.http.request_timeout import RequestTimeout
from crawler.swr.request import ListRequest, Request
from crawler.swr.response import Response, content_range, printable

_CHUNK_BYTES: Final = 2**17
# One header of at most 128 in an answer: only a token is long, up to the gateway's own limit (FACTS 3.1).
_HEADER_BYTES: Final = 8 * 2**10
_TOKEN_BYTES: Final = 32 * 2**10


class _Connector(aiohttp.TCPConnector):
    """Hands out no used connection on which anything came since: it would be taken for the answer to what is asked.

    aiohttp looks for a closed connection only. Readable means unasked-for data, or the end, as urllib3 and httpcore
    have it; and data that aiohttp has read by itself already is an answer waiting for a question. Once an answer
    was taken for another all the same, `reuses` is set to false, and every request has its own connection.
    """

    reuses = True

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
    ) -> aiohttp.connector.Connection:
        """Give a connection that is new, or has been silent."""
        while True:
            connection = await super().connect(req, traces, timeout)
            if (line := connection.protocol) is not None:
                asked = _asked(line)
                if asked and self.reuses and _silent(line):
                    line.__dict__[_ASKED] = asked + 1
                    return connection
                if not asked:
                    line.__dict__[_ASKED] = 1
                    if line.closed is not None:
                        line.closed.add_done_callback(partial(_end_body, line))
                    return connection
            connection.close()


# Noted on the connection itself, in names that are nobody else's: a table beside it costs ten times as much.
_ASKED: Final = "swr_crawler_asked"
_BODY: Final = "swr_crawler_body"
_POLL: Final = "swr_crawler_poll"


def _asked(line: ResponseHandler) -> int:
    """Count the requests of this connection."""
    return line.__dict__.get(_ASKED, 0)  # type: ignore[no-any-return]  # it is ours


def _end_body(line: ResponseHandler, closed: asyncio.Future[None]) -> None:
    """End the body that is being read from a connection that has ended.

    aiohttp closes the connection at a chunk that is none, and does not tell who waits for the body.
    """
    if not closed.cancelled():
        closed.exception()  # or asyncio complains that nobody took it
    content: aiohttp.StreamReader | None = line.__dict__.pop(_BODY, None)
    if content is not None and not content.is_eof() and content.exception() is None:
        content.set_exception(aiohttp.ClientPayloadError())


def _silent(line: ResponseHandler) -> bool:
    if line.transport is None or line.should_close:
        return False
    poll: select.poll | None = line.__dict__.get(_POLL)
    if poll is None:
        poll = line.__dict__[_POLL] = select.poll()
        poll.register(line.transport.get_extra_info("socket").fileno(), select.POLLIN)
    return not poll.poll(0)


class _Response(aiohttp.ClientResponse):
    """A response that knows its connection even when the whole of it has come, and the connection was let go."""

    line: ResponseHandler | None = None

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        """Begin to read.

        A connection that breaks here is no error of aiohttp's any more: it would ask again by itself, in silence, and
        a retry pays its rate and is counted.
        """
        self.line = connection.protocol
        try:
            started = await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _failure(error) from None
        if self.line is not None:
            self.line.__dict__[_BODY] = self.content
        return started


class Client:
    """Asks one target. Made by `connect`, which owns its connections."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        origin: str,
        pace: RateLimiter,
        allowance: BufferBudget,
        *,
        body_bytes: int,
        timeout_s: float,
    ) -> None:
        self._session = session
        self._origin = URL(origin)
        self._body_bytes = body_bytes
        self._watch = RequestTimeout(timeout_s)
        self._allowance = allowance
        self._counts_windows = True
        self._proving = anyio.Lock()
        self._proven = False
        self._refused: Response | None = None
        self.credentials: Credentials = TokenCredentials("")
        self.pace = pace

    async def get(self, asked: Request) -> Response:
        """Ask when the turn has come; any HTTP answer is an Answer, whatever its status.

        Raises TransientError when none came, RefusedError when what came can't be taken: a redirect (credentials
        go to the configured origin only), a certificate that doesn't hold; SizeRefusedError for a body beyond the
        cap: a smaller page may fit; and CredentialsError when there are no credentials to be had.
        """
        await self.pace.turn()
        if self._proven or not self.credentials.fragile:
            return await self._get(asked)
        async with self._proving:
            if self._refused is not None:
                return self._refused  # shown once; shown again it would be locked
            answer = await self._get(asked)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                self._refused = answer
            return answer

    async def _get(self, asked: Request) -> Response:
        def signable() -> Signable:
            return Signable("GET", self._origin.authority, asked.path, tuple(asked.parameters().items()), _OWN)

        headers = await self.credentials.headers(signable)
        generation = self.credentials.generation
        answer = await self._send("GET", self._url_of(asked), headers, asked=asked, generation=generation)
        if not self._proven:
            self._proven = answer.status != HTTPStatus.UNAUTHORIZED
        return answer

    def _url_of(self, asked: Request) -> URL:
        """Put it together from what is encoded: to take it apart again takes twice as long."""
        scheme, authority = self._origin.scheme, self._origin.raw_authority
        return URL.build(
            scheme=scheme, authority=authority, path=asked.path, query_string=asked.encoded(), encoded=True
        )

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Send one request as it stands, without waiting for a turn; `url` is encoded already.

        Raises TransientError, RefusedError and SizeRefusedError as `get` does.
        """
        return await self._send(method, URL(url, encoded=True), headers, body)

    async def _send(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        asked: Request | None = None,
        generation: int = 0,
    ) -> Response:
        try:
            with self._watch:
                async with self._session.request(
                    method,
                    url,
                    headers=headers,
                    data=body or None,
                    allow_redirects=False,
                    max_field_size=_TOKEN_BYTES if asked is None else _HEADER_BYTES,
                ) as response:
                    if 300 <= response.status < 400:  # noqa: PLR2004 - the class of redirects
                        raise RefusedError(_evidence(response, "redirects are not followed; is the endpoint right?"))
                    if self._counts_windows and isinstance(asked, ListRequest):
                        self._check_window(response, asked.offset)
                    return Response(response.status, response.headers, await self._body(response), generation)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _failure(error) from None

    def _check_window(self, response: aiohttp.ClientResponse, offset: int) -> None:
        """Refuse an answer to another request, which this one got because the connection is out of step.

        What comes first on a new connection can't be that: this service means something else by the header, or
        ignores the offset, which is the walk's business.
        """
        ranged = content_range(response.headers.get("Content-Range"))
        if ranged is None or ranged.start == offset:
            return
        line = response.line if isinstance(response, _Response) else None
        self._counts_windows = line is not None and _asked(line) > 1
        if isinstance(self._session.connector, _Connector):
            self._session.connector.reuses = not self._counts_windows
        if line is not None and self._counts_windows:
            line.close()
            reason = f"the answer is for offset {ranged.start}, not {offset}: the connection is out of step"
            raise TransientError(_evidence(response, reason))

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        try:
            pieces = await self._pieces(response)
            coding = response.headers.get("Content-Encoding")
            if coding is None:
                return pieces[0] if len(pieces) == 1 else b"".join(pieces)
            return decoded(pieces, coding, self._body_bytes)
        except BodyTooLargeError:
            reason = f"the body is larger than {self._body_bytes} bytes; set a smaller limit, or a larger body_bytes"
            raise SizeRefusedError(_evidence(response, reason)) from None
        except (BrokenCodingError, UnknownCodingError) as error:
            if response.status >= HTTPStatus.BAD_REQUEST:
                return b""  # the status says what to do; the words are lost
            kind = TransientError if isinstance(error, BrokenCodingError) else RefusedError
            raise kind(_evidence(response, printable(str(error)))) from None

    async def _pieces(self, response: aiohttp.ClientResponse) -> list[bytes]:
        """Read the body as it comes, as fast as there is room for it."""
        content = response.content
        if content.is_eof():  # all of it has come with its head, so that nobody can ask for room meanwhile
            piece = content.read_nowait()
            if len(piece) > self._body_bytes:
                raise BodyTooLargeError
            return [piece]
        pieces: list[bytes] = []
        size = held = 0
        try:
            while not content.at_eof() and (piece := await content.readany()):
                size += len(piece)
                if size > self._body_bytes:
                    raise BodyTooLargeError  # noqa: TRY301 - it is for the caller; the pieces are let go of all the same
                while (taken := self._allowance.take(response, len(piece))) is None:
                    await self._allowance.change()
                held += taken
                pieces.append(piece)
        except BaseException:
            pieces.clear()  # whoever keeps the error keeps this frame
            raise
        finally:
            self._allowance.leave(response, held)
        return pieces


# The page wants a type, body or not.
_OWN: Final = {"Content-Type": "application/json", "User-Agent": f"swr-crawler/{crawler.__version__}"}


@asynccontextmanager
async def connect(
    endpoint: str,
    pace: RateLimiter,
    *,
    connections: int,
    timeout_s: float,
    body_bytes: int,
    allowance: BufferBudget | None = None,
) -> AsyncIterator[Client]:
    """Open a client for `endpoint` (an origin) that holds at most `connections` open; close them at the end.

    It asks without credentials until some are set. Clients of one process share one `allowance`.
    """
    async with aiohttp.ClientSession(
        connector=_Connector(limit=connections, ttl_dns_cache=300),
        headers={**_OWN, "Accept": "application/json", "Accept-Encoding": ACCEPTED},
        timeout=aiohttp.ClientTimeout(total=None),  # a Watch sees to that
        cookie_jar=aiohttp.DummyCookieJar(),  # the firewall in front sets cookies; nothing needs them (FACTS 4.2)
        auto_decompress=False,
        max_line_size=_HEADER_BYTES,
        read_bufsize=_CHUNK_BYTES,
        response_class=_Response,
    ) as session:
        yield Client(session, endpoint, pace, allowance or BufferBudget(), body_bytes=body_bytes, timeout_s=timeout_s)


def _evidence(response: aiohttp.ClientResponse, text: str) -> ErrorDetails:
    request_id = printable(response.headers.get("X-Request-Id", ""))
    return ErrorDetails(status=response.status, text=text, request_id=request_id)


_FAILURES: Final[tuple[tuple[type[BaseException], type[RequestError], str], ...]] = (
    (aiohttp.ClientConnectorCertificateError, RefusedError, "the certificate does not hold"),
    (ssl.SSLCertVerificationError, RefusedError, "the certificate does not hold"),
    (aiohttp.ClientConnectorDNSError, TransientError, "the host's name is not known"),
    (aiohttp.ConnectionTimeoutError, TransientError, "no connection within the timeout"),
    (TimeoutError, TransientError, "no answer within the timeout"),
    (aiohttp.ClientConnectorError, TransientError, "no connection"),
    (aiohttp.ServerDisconnectedError, TransientError, "the connection was closed without an answer"),
    (aiohttp.ClientPayloadError, TransientError, "the answer broke off"),
    (aiohttp.ClientResponseError, TransientError, "the answer is no HTTP"),
    (Exception, TransientError, "the connection broke"),
)


def _failure(error: BaseException) -> RequestError:
    """Sort a failure of the network by what to do next, first match first."""
    kind, text = next((kind, text) for foreign, kind, text in _FAILURES if isinstance(error, foreign))
    reason = getattr(error, "strerror", None) or ""
    return kind(ErrorDetails(text=f"{text} ({printable(reason)})" if reason else text))
