"""One HTTP exchange: a request is sent as it is, and ends as a Response or a RequestError.

Source: docs/reference/swr-api.md#content-range, #header-size-limits, #retry-classes.
"""

from collections.abc import Mapping
from typing import Final

import aiohttp
from yarl import URL

from crawler.errors import RefusedError, TransientError
from crawler.swr.content_range import parse_content_range
from crawler.swr.http.body import BodyReader, details_of
from crawler.swr.http.connector import SilentConnector, TracedResponse, request_count
from crawler.swr.http.failures import failure_of
from crawler.swr.http.request_timeout import RequestTimeout
from crawler.swr.request import ListRequest, Request
from crawler.swr.response import Response

# The largest header of a response. Only a token is longer, up to the gateway's limit (swr-api.md#header-size-limits).
HEADER_BYTES: Final = 8 * 2**10
_TOKEN_BYTES: Final = 32 * 2**10


class Transport:
    """Sends requests through one session, each within `timeout_s` seconds."""

    def __init__(self, session: aiohttp.ClientSession, body_reader: BodyReader, *, timeout_s: float) -> None:
        self._session = session
        self._body_reader = body_reader
        self._timeout = RequestTimeout(timeout_s)
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
        (credentials go to the configured origin only) or an invalid certificate, and what `BodyReader.read` raises.
        """
        try:
            with self._timeout:
                async with self._session.request(
                    method,
                    url,
                    headers=headers,
                    data=body or None,
                    allow_redirects=False,
                    max_field_size=_TOKEN_BYTES if request is None else HEADER_BYTES,
                ) as response:
                    if 300 <= response.status < 400:  # noqa: PLR2004 - the class of redirects
                        raise RefusedError(details_of(response, "redirects are not followed; check the endpoint"))
                    if self._checks_offsets and isinstance(request, ListRequest):
                        self._check_offset(response, request.offset)
                    content = await self._body_reader.read(response)
                    return Response(response.status, response.headers, content, generation)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise failure_of(error) from None

    def _check_offset(self, response: aiohttp.ClientResponse, offset: int) -> None:
        """Raise TransientError for a response to another request, and stop reusing connections.

        The first response on a new connection cannot belong to another request. If its offset is wrong, this service
        uses the header differently or ignores the offset; then offsets are no longer checked, and the walk handles it.
        """
        content_range = parse_content_range(response.headers.get("Content-Range"))
        if content_range is None or content_range.start == offset:
            return
        protocol = response.sent_on if isinstance(response, TracedResponse) else None
        self._checks_offsets = protocol is not None and request_count(protocol) > 1
        if isinstance(self._session.connector, SilentConnector):
            self._session.connector.reuses = not self._checks_offsets
        if protocol is not None and self._checks_offsets:
            protocol.close()
            reason = f"the response is for offset {content_range.start}, not {offset}: the connection is out of step"
            raise TransientError(details_of(response, reason))
