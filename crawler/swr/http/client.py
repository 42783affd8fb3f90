"""The only place that talks to the service: one request at a time, within the rate of its target.

Whatever comes back ends as a Response or a RequestError, in bounded time and memory.
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
from crawler.swr.http.connector import SilentConnector, TracedResponse
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.swr.http.transport import HEADER_BYTES, Transport
from crawler.swr.request import Request
from crawler.swr.response import Response

_CHUNK_BYTES: Final = 2**17
# The page wants a type, body or not.
_OWN: Final = {"Content-Type": "application/json", "User-Agent": f"swr-crawler/{crawler.__version__}"}


class Client:
    """Asks one target, with its credentials and within its rate. Made by `connect`, which owns the connections."""

    def __init__(self, transport: Transport, origin: str, rate_limiter: RateLimiter) -> None:
        self._transport = transport
        self._origin = URL(origin)
        self._first_answer = anyio.Lock()
        self._accepted = False  # the credentials, at least once
        self._refusal: Response | None = None
        self.credentials: Credentials = TokenCredentials("")
        self.rate_limiter = rate_limiter

    async def get(self, request: Request) -> Response:
        """Ask when the rate allows; any HTTP answer is a Response, whatever its status.

        Raises what `Transport.send` raises, and CredentialsError when there are no credentials to be had.
        """
        await self.rate_limiter.acquire()
        if self._accepted or not self.credentials.locks_on_failure:
            return await self._get(request)
        async with self._first_answer:
            if self._refusal is not None:
                return self._refusal  # shown once; shown again it would be locked
            response = await self._get(request)
            if response.status == HTTPStatus.UNAUTHORIZED:
                self._refusal = response
            return response

    async def _get(self, request: Request) -> Response:
        def signable() -> Signable:
            return Signable("GET", self._origin.authority, request.path, tuple(request.parameters().items()), _OWN)

        headers = await self.credentials.headers(signable)
        generation = self.credentials.generation
        url = self._url_of(request)
        response = await self._transport.send("GET", url, headers, request=request, generation=generation)
        if not self._accepted:
            self._accepted = response.status != HTTPStatus.UNAUTHORIZED
        return response

    def _url_of(self, request: Request) -> URL:
        """Return the URL, built from encoded parts: to parse and encode it again takes twice as long."""
        return URL.build(
            scheme=self._origin.scheme,
            authority=self._origin.raw_authority,
            path=request.path,
            query_string=request.query_string(),
            encoded=True,
        )

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Send one request as it stands, outside the rate limit; `url` is encoded already.

        Raises what `Transport.send` raises.
        """
        return await self._transport.send(method, URL(url, encoded=True), headers, body)


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
    """Open a client for `endpoint` (an origin) that holds at most `connections` open; close them at the end.

    It asks without credentials until some are set. Clients of one process share one `buffer_budget`.
    """
    async with aiohttp.ClientSession(
        connector=SilentConnector(limit=connections, ttl_dns_cache=300),
        headers={**_OWN, "Accept": "application/json", "Accept-Encoding": ACCEPTED},
        timeout=aiohttp.ClientTimeout(total=None),  # RequestTimeout does that
        cookie_jar=aiohttp.DummyCookieJar(),  # the firewall in front sets cookies; nothing needs them (FACTS 4.2)
        auto_decompress=False,
        max_line_size=HEADER_BYTES,
        read_bufsize=_CHUNK_BYTES,
        response_class=TracedResponse,
    ) as session:
        body_reader = BodyReader(max_body_bytes, buffer_budget or BufferBudget())
        yield Client(Transport(session, body_reader, timeout_s=timeout_s), endpoint, rate_limiter)
