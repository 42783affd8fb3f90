"""One HTTP exchange: a request is sent as it is, and ends as a Response or a RequestError.

Source: docs/reference/swr-api.md#content-range, #header-size-limits, #retry-classes.
"""

import asyncio
from collections.abc import Mapping
from email.utils import formatdate
from typing import Final, cast

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from crawler.errors import RefusedError, RequestError, TransientError
from crawler.swr.content_range import parse_content_range
from crawler.swr.exchange import Exchange
from crawler.swr.http.body import BodyReader, details_of
from crawler.swr.http.connector import Connector, TracedConnection, UnansweredError, connection_of
from crawler.swr.http.network.failures import failure_of, redirect_host
from crawler.swr.http.network.proxy import Network, options_of
from crawler.swr.request import ListRequest, Request
from crawler.swr.response import Response
from crawler.text.redaction import Mask, Secrets

# Twice the gateway's own limit for one header (swr-api.md#header-size-limits): a proxy's cookies and policies are no
# reason to lose a page. connector.py bounds the whole head.
HEADER_BYTES: Final = 64 * 2**10
MAX_HEADERS: Final = 1000


class Transport:
    """Sends requests by `network`, each within `timeout_s` seconds. What it says is without any of `secrets`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        body_reader: BodyReader,
        secrets: Secrets,
        network: Network,
        *,
        timeout_s: float,
    ) -> None:
        self._session = session
        self._connector = cast("Connector", session.connector)
        self._body_reader = body_reader
        self._secrets = secrets
        self._network = network
        self._certificates: dict[str, str] = {}  # that were not trusted, in words, by host
        self._timeout_s = timeout_s
        self._checks_offsets = True  # whether Content-Range of this service names the requested offset

    async def send(
        self,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        request: Request | None = None,
        generation: int = 0,
    ) -> Response:
        """Return the response to one request, whatever its status.

        `request` is the request that `url` encodes, None for a request to an issuer of credentials. `generation` is
        that of the credentials in `headers`.

        Raises TransientError when no response came or it belongs to another request, RefusedError for a redirect
        (credentials go to the configured origin only) or an invalid certificate, RouteError for a proxy that refuses,
        and what `BodyReader.read` raises.
        """
        mask = self._mask_of(headers)
        proxy = self._network.issuer if request is None else self._network.api
        if proxy is not None and url.scheme == "http":
            headers = {**headers, **proxy.headers}
        try:
            async with asyncio.timeout(self._timeout_s):
                async with self._session.request(
                    method,
                    url,
                    headers=headers,
                    data=body or None,
                    allow_redirects=False,
                    **options_of(proxy),
                ) as response:
                    connection = connection_of(response)
                    try:
                        if proxy is not None:
                            proxy.check(response)
                        names_offset = self._check_head(response, connection, request, mask)
                        content = await self._body_reader.read(response, mask)
                        exchange = _exchange_of(response, connection, request, mask, names_offset=names_offset)
                    except RequestError:
                        response.close()  # what follows on this connection may be the rest of the response
                        raise
                    return Response(response.status, _dated(response.headers), content, generation, exchange, mask)
        except UnansweredError as unanswered:
            raise failure_of(unanswered.error, proxy, url.raw_host or "", self._network.client_certificate) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            from crawler.swr.http.network.peer import failure_with_certificate  # noqa: PLC0415 - few requests fail

            own = self._network.client_certificate
            raise await failure_with_certificate(error, url, proxy, self._certificates, own) from None

    def _mask_of(self, headers: Mapping[str, str]) -> Mask:
        """Return what masks the known secrets, and those of a request with these headers."""
        return lambda text: self._secrets.masked(text, *_secrets_of(headers))

    def _check_head(
        self, response: aiohttp.ClientResponse, connection: TracedConnection, request: Request | None, mask: Mask
    ) -> bool:
        """Return whether the response names the requested offset. Raises what `send` does before it reads a body."""
        _refuse_redirect(response, mask)
        if connection.is_copy:
            self._connector.on_sign("id", connection.log)
            reason = "the response is a copy of another one (X-Request-Id): the connection is out of step"
            raise TransientError(details_of(response, reason, mask))
        if not self._checks_offsets or not isinstance(request, ListRequest):
            return False
        return self._names_offset(response, connection, request.offset, mask)

    def _names_offset(
        self, response: aiohttp.ClientResponse, connection: TracedConnection, offset: int, mask: Mask
    ) -> bool:
        """Return whether the response names the requested offset.

        The first response on a new connection cannot belong to another request. If its offset is wrong, this service
        uses the header differently or ignores the offset; then offsets are no longer checked, and the walk handles it.

        Raises TransientError for a response to another request.
        """
        content_range = parse_content_range(response.headers.get("Content-Range"))
        if content_range is None:
            return False
        if content_range.start == offset:
            return True
        if connection.log.requests == 1:
            self._checks_offsets = False
            self._connector.signs.discard("offset")
            return False
        self._connector.on_sign("offset", connection.log)
        reason = f"the response is for offset {content_range.start}, not {offset}: the connection is out of step"
        raise TransientError(details_of(response, reason, mask))

    def allow_connections(self, connections: int) -> None:
        """Let so many connections be used at most."""
        self._connector.allow(connections)

    async def wait_for_silence(self) -> None:
        """Return when every answer is judged; see `Connector.wait_for_silence`."""
        await self._connector.wait_for_silence()


def _refuse_redirect(response: aiohttp.ClientResponse, mask: Mask) -> None:
    """Raise RefusedError for a redirect: credentials go to the configured origin only."""
    if 300 <= response.status < 400:  # noqa: PLR2004 - the class of redirects
        host = redirect_host(response.headers.get("Location", ""))
        reason = f"redirects are not followed{f' (to {host})' if host else ''}; check the endpoint"
        raise RefusedError(details_of(response, reason, mask))


_SECRET_HEADERS: Final = ("X-Auth-Token", "X-Security-Token", "X-Metadata-Token")


def _secrets_of(headers: Mapping[str, str]) -> list[str]:
    """Return the secrets in the headers of a request: a signature is valid for some minutes, too."""
    tokens = [headers[name] for name in _SECRET_HEADERS if name in headers]
    return [*tokens, headers["Authorization"].rpartition("=")[2]] if "Authorization" in headers else tokens


def _exchange_of(
    response: aiohttp.ClientResponse,
    connection: TracedConnection,
    request: Request | None,
    mask: Mask,
    *,
    names_offset: bool,
) -> Exchange | None:
    """Return the exchange of a complete response, None when it is certain. Raises TransientError for a doubtful one."""
    if connection.log.out_of_step:
        reason = "there are more responses than requests: the connection is out of step"
        raise TransientError(details_of(response, reason, mask))
    return connection.on_answer(request, names_offset=names_offset)


def _dated(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers with a Date: of a response without one, it is the time when it came (RFC 9110, 6.6.1)."""
    return headers if "Date" in headers else CIMultiDict([*headers.items(), ("Date", formatdate(usegmt=True))])
