"""The only place that talks to the service: one request at a time, at the pace its target allows.

Source: FACTS 3.1 (headers and their sizes), 4.4 (which failures pass).
"""

import math
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
import anyio
from aiolimiter import AsyncLimiter
from yarl import URL

import crawler
from crawler.api.auth import Credentials, Token
from crawler.api.page import Answer, printable
from crawler.api.query import Asked
from crawler.api.signing import Signable
from crawler.clock import Clock
from crawler.errors import Evidence, RefusedError, RequestError, TransientError

# Let through at once at most what is due in this time: more overshoots the rate, less loses to late timers.
_BURST_S: Final = 0.02
# After a throttling answer each request pays this many tokens, then one fewer after every _RECOVERY_S.
_SLOWEST: Final = 4
_RECOVERY_S: Final = 2.0
_CHUNK_BYTES: Final = 2**18
_HEADER_BYTES: Final = 32 * 2**10  # the gateway's own limit for one header (FACTS 3.1)


class Pace:
    """One target's pace: a limiter for every request, and a gate that one throttling answer closes for all.

    `rate_per_s` None means unlimited; then only the gate holds requests back.
    """

    def __init__(self, rate_per_s: float | None, clock: Clock) -> None:
        self._limiter = None if rate_per_s is None else _limiter(rate_per_s)
        self._clock = clock
        self._opens_at = -math.inf
        self.throttled_s = 0.0

    @property
    def closed_s(self) -> float:
        """The seconds until the gate opens, 0 when it is open."""
        return max(0.0, self._opens_at - self._clock.now_s())

    def close(self, for_s: float) -> None:
        """Let nobody through for `for_s` seconds from now, or longer if that was said before."""
        now = self._clock.now_s()
        until = max(self._opens_at, now + for_s)
        self.throttled_s += until - max(self._opens_at, now)
        self._opens_at = until

    async def turn(self) -> None:
        """Return when the next request may go out."""
        while True:
            while (wait_s := self.closed_s) > 0:
                await self._clock.sleep(wait_s)
            if self._limiter is None:
                return
            for _ in range(self._tokens()):
                await self._limiter.acquire()
            if not self.closed_s:  # it may have closed while this one waited for its token
                return

    def _tokens(self) -> int:
        recovering_s = self._clock.now_s() - self._opens_at
        return max(1, _SLOWEST - int(min(recovering_s, 60.0) / _RECOVERY_S))


def _limiter(rate_per_s: float) -> AsyncLimiter:
    burst = max(1.0, rate_per_s * _BURST_S)
    return AsyncLimiter(burst, burst / rate_per_s)


class Client:
    """Asks one target. Made by `connect`, which owns its connections."""

    def __init__(self, session: aiohttp.ClientSession, origin: str, pace: Pace, *, body_bytes: int) -> None:
        self._session = session
        self._origin = origin
        self._host = URL(origin).authority
        self._body_bytes = body_bytes
        self._proving = anyio.Lock()
        self._proven = False
        self._refused: Answer | None = None
        self.credentials: Credentials = Token("")
        self.pace = pace

    async def get(self, asked: Asked) -> Answer:
        """Ask when the turn has come; any HTTP answer is an Answer, whatever its status.

        Raises TransientError when none came, RefusedError when what came can't be taken: a redirect (credentials
        go to the configured origin only), a body beyond the cap, a certificate that doesn't hold; and
        CredentialsError when there are no credentials to be had.
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

    async def _get(self, asked: Asked) -> Answer:
        query = asked.encoded()
        own = {"Content-Type": "application/json", "User-Agent": _USER_AGENT}  # the page wants a type, body or not
        signable = Signable("GET", self._host, asked.path, tuple(asked.parameters().items()), own)
        headers = {**own, "Accept": "application/json", **await self.credentials.headers(signable)}
        generation = self.credentials.generation
        answer = await self.send("GET", f"{self._origin}{asked.path}{query and '?'}{query}", headers)
        self._proven |= answer.status != HTTPStatus.UNAUTHORIZED
        return answer._replace(generation=generation)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send one request as it stands, without waiting for a turn; `url` is encoded already.

        Raises TransientError and RefusedError as `get` does.
        """
        try:
            async with self._session.request(
                method, URL(url, encoded=True), headers=headers, data=body or None, allow_redirects=False
            ) as response:
                if 300 <= response.status < 400:  # noqa: PLR2004 - the class of redirects
                    raise RefusedError(_evidence(response, "redirects are not followed; is the endpoint right?"))
                return Answer(response.status, response.headers, await self._body(response))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _failure(error) from None

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._body_bytes:
                response.close()
                reason = f"the body is larger than {self._body_bytes} bytes (body_bytes)"
                raise RefusedError(_evidence(response, reason))
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)


_USER_AGENT: Final = f"swr-crawler/{crawler.__version__}"


@asynccontextmanager
async def connect(
    endpoint: str, pace: Pace, *, connections: int, timeout_s: float, body_bytes: int
) -> AsyncIterator[Client]:
    """Open a client for `endpoint` (an origin) that holds at most `connections` open; close them at the end.

    It asks without credentials until some are set.
    """
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ttl_dns_cache=300),
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),  # the firewall in front sets cookies; nothing needs them (FACTS 4.2)
        max_field_size=_HEADER_BYTES,
        max_line_size=_HEADER_BYTES,
        read_bufsize=_CHUNK_BYTES,
        middlewares=(_never_silently_again,),
    ) as session:
        yield Client(session, endpoint, pace, body_bytes=body_bytes)


async def _never_silently_again(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request whose connection broke: a retry pays its rate and is counted."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _failure(error) from None


def _evidence(response: aiohttp.ClientResponse, text: str) -> Evidence:
    request_id = printable(response.headers.get("X-Request-Id", ""))
    return Evidence(status=response.status, text=text, request_id=request_id)


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
    return kind(Evidence(text=f"{text} ({printable(reason)})" if reason else text))
