"""One HTTP exchange: a request goes out as it stands, and ends as a Response or a RequestError.

Source: FACTS 1.2 (Content-Range), 3.1 (headers and their sizes), 4.4 (which failures pass).
"""

from collections.abc import Mapping
from typing import Final

import aiohttp
from yarl import URL

from crawler.errors import RefusedError, TransientError
from crawler.swr.http.body import BodyReader, details_of
from crawler.swr.http.connector import SilentConnector, TracedResponse, request_count
from crawler.swr.http.failures import failure_of
from crawler.swr.http.request_timeout import RequestTimeout
from crawler.swr.request import ListRequest, Request
from crawler.swr.response import Response, content_range

# One header of at most 128 in an answer: only a token is long, up to the gateway's own limit (FACTS 3.1).
HEADER_BYTES: Final = 8 * 2**10
_TOKEN_BYTES: Final = 32 * 2**10


class Transport:
    """Sends requests through one session, each within `timeout_s` seconds."""

    def __init__(self, session: aiohttp.ClientSession, body_reader: BodyReader, *, timeout_s: float) -> None:
        self._session = session
        self._body_reader = body_reader
        self._timeout = RequestTimeout(timeout_s)
        self._names_windows = True  # Content-Range of this service tells which window was answered

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
        """Send one request; `request` is what it asks for, where that is not a token.

        Raises TransientError when no answer came, RefusedError for a redirect (credentials go to the configured
        origin only) or a certificate that does not hold, SizeRefusedError for a body beyond the bound.
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
                        raise RefusedError(details_of(response, "redirects are not followed; is the endpoint right?"))
                    if self._names_windows and isinstance(request, ListRequest):
                        self._check_window(response, request.offset)
                    content = await self._body_reader.read(response)
                    return Response(response.status, response.headers, content, generation)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise failure_of(error) from None

    def _check_window(self, response: aiohttp.ClientResponse, offset: int) -> None:
        """Refuse an answer to another request, which came because the connection is out of step.

        The first answer on a new connection can't be out of step: then this service means something else by the
        header, or ignores the offset, and the walk deals with that.
        """
        ranged = content_range(response.headers.get("Content-Range"))
        if ranged is None or ranged.start == offset:
            return
        protocol = response.sent_on if isinstance(response, TracedResponse) else None
        self._names_windows = protocol is not None and request_count(protocol) > 1
        if isinstance(self._session.connector, SilentConnector):
            self._session.connector.reuses = not self._names_windows
        if protocol is not None and self._names_windows:
            protocol.close()
            reason = f"the answer is for offset {ranged.start}, not {offset}: the connection is out of step"
            raise TransientError(details_of(response, reason))
