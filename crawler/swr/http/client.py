"""The client of one target: each request waits for the rate limiter, gets credentials, and ends as a Response.

Every request ends within its timeout and in bounded memory, as a Response or a RequestError.

Source: docs/reference/swr-api.md#request-headers, #key-lockout (one request until an access key is accepted),
#gateway-headers (cookies), #url-encoding-trap.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
import anyio
from yarl import URL

import crawler
from crawler.swr.auth.credentials import Credentials, TokenCredentials
from crawler.swr.auth.signing import Signable
from crawler.swr.content_encoding import ACCEPTED
from crawler.swr.http.body import BodyReader
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.swr.http.connector import Connector, TracedResponse
from crawler.swr.http.network.proxy import DIRECT, Network
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.swr.http.transport import HEADER_BYTES, MAX_HEADERS, Transport
from crawler.swr.request import Request
from crawler.swr.response import Response
from crawler.text.redaction import Secrets

_READ_BUFFER_BYTES: Final = 2**17
_APART_S: Final = 0.5  # a gateway that reloads is right again after this
# Content-Type is mandatory even without a body (swr-api.md#request-headers).
_SIGNED_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": f"swr-crawler/{crawler.__version__}"}
# A proxy on the way may change or drop these, so no signature covers them. A cache that holds a copy must ask the
# service before it sends it (swr-api.md#caches).
_UNSIGNED_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": ACCEPTED, "Cache-Control": "no-cache"}


class Client:
    """The client of one target, which sends by its `transport` while it is `connected`.

    `origin` is scheme, host and port, `network` the way to it. What the client knows of its credentials outlives its
    connections.
    """

    transport: Transport

    def __init__(self, origin: str, rate_limiter: RateLimiter, network: Network = DIRECT) -> None:
        self._origin = URL(origin)
        self._one_at_a_time = anyio.Lock()
        self._accepted = False  # whether the service has accepted the credentials since it refused them last
        self._is_doubtful = False  # whether it has refused them once
        self._sent = 0  # requests
        self._refused_at = 0  # the number of requests when it refused them: answers to these prove nothing
        self._refusal: Response | None = None
        self.network = network
        self.secrets = Secrets()
        self.secrets.add(network)
        self._credentials: Credentials = TokenCredentials("")
        self.rate_limiter = rate_limiter

    @property
    def credentials(self) -> Credentials:
        """The credentials of each request. From when they are set, no response is shown with their secrets in it."""
        return self._credentials

    @credentials.setter
    def credentials(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self.secrets.add(credentials)

    async def get(self, request: Request) -> Response:
        """Return the response, whatever its status; send the request as soon as the rate limiter allows.

        Credentials that lock on failure are sent with one request at a time until the service accepts them, and again
        after it refused them. One refusal is asked about once more, half a second later. When that is refused, too,
        every later request gets the refusal without being sent.

        Raises what `Transport.send` raises, and CredentialsError when there are no credentials.
        """
        await self.rate_limiter.acquire()
        if self._accepted or not self.credentials.locks_on_failure:
            return await self._get(request)
        async with self._one_at_a_time:
            if self._refusal is not None:
                return self._refusal
            if self._is_doubtful:
                await self.rate_limiter.clock.sleep(_APART_S)
            response = await self._get(request)
            if response.status == HTTPStatus.UNAUTHORIZED:
                self._refusal = response if self._is_doubtful else None
                self._is_doubtful = True
            return response

    async def _get(self, request: Request) -> Response:
        def signable() -> Signable:
            pairs = tuple(request.parameters().items())
            return Signable("GET", self._origin.raw_authority, request.path, pairs, _SIGNED_HEADERS)

        self._sent += 1
        request_number = self._sent
        headers = await self.credentials.headers(signable)
        generation = self.credentials.generation
        url = self._url_of(request)
        response = await self.transport.send("GET", url, headers, request=request, generation=generation)
        if response.status != HTTPStatus.UNAUTHORIZED:
            self._accepted |= request_number > self._refused_at
            self._is_doubtful &= not self._accepted
        elif self._accepted:
            self._accepted, self._is_doubtful, self._refused_at = False, True, self._sent
        return response

    def _url_of(self, request: Request) -> URL:
        """Return the URL, built from encoded parts: to parse and encode a whole URL again takes longer."""
        return URL.build(
            scheme=self._origin.scheme,
            authority=self._origin.raw_authority,
            path=request.path,
            query_string=request.query_string(),
            encoded=True,
        )

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Return the response to one request, whatever its status; neither rate limit nor credentials apply.

        `url` is percent-encoded already. Raises what `Transport.send` raises.
        """
        return await self.transport.send(method, URL(url, encoded=True), headers, body)

    def allow_connections(self, connections: int) -> None:
        """Let so many connections be used at most, more than until now."""
        self.transport.allow_connections(connections)

    async def wait_for_silence(self) -> None:
        """Return when every `Response.exchange` so far is judged. No request may be in flight or be sent meanwhile.

        This takes no time when all responses are certain already, as with a service that names offsets; otherwise about
        twice as long as a request.
        """
        await self.transport.wait_for_silence()


@asynccontextmanager
async def connect(
    endpoint: str,
    rate_limiter: RateLimiter,
    *,
    connections: int,
    timeout_s: float,
    max_body_bytes: int,
    buffer_budget: BufferBudget | None = None,
) -> AsyncIterator[Client]:
    """Yield a client for `endpoint`, an origin, while it is `connected`; it has no credentials until they are set.

    All clients of a process share one `buffer_budget`; None makes a new one.
    """
    client = Client(endpoint, rate_limiter)
    budget = buffer_budget or BufferBudget()
    async with connected(
        client, connections=connections, timeout_s=timeout_s, max_body_bytes=max_body_bytes, buffer_budget=budget
    ):
        yield client


@asynccontextmanager
async def connected(
    client: Client, *, connections: int, timeout_s: float, max_body_bytes: int, buffer_budget: BufferBudget
) -> AsyncIterator[None]:
    """Let a client use at most `connections` connections while the context lasts; close them at its end.

    `timeout_s` bounds each request, `max_body_bytes` each body, `buffer_budget` those of all clients together.
    """
    connector = Connector(connections, client.network.tls)
    async with aiohttp.ClientSession(
        connector=connector,
        headers={**_SIGNED_HEADERS, **_UNSIGNED_HEADERS},
        timeout=aiohttp.ClientTimeout(total=None),  # Transport has one for a whole request
        cookie_jar=aiohttp.DummyCookieJar(),  # cookies come from the firewall, and no client needs them
        auto_decompress=False,
        max_line_size=HEADER_BYTES,
        max_field_size=HEADER_BYTES,
        max_headers=MAX_HEADERS,
        read_bufsize=_READ_BUFFER_BYTES,
        response_class=TracedResponse,
    ) as session:
        body_reader = BodyReader(max_body_bytes, buffer_budget)
        try:
            client.transport = Transport(session, body_reader, client.secrets, client.network, timeout_s=timeout_s)
            yield
        finally:
            connector.end_rest(at_once=True)
            del client.transport
