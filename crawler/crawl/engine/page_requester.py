"""Requests a page of one target: counts the request, and renews credentials that worked before and are refused."""

from http import HTTPStatus

from crawler.crawl.engine.target_stats import TargetStats
from crawler.errors import RequestError
from crawler.swr.decode.batch import Source
from crawler.swr.http.client import Client
from crawler.swr.page import Page, read_page
from crawler.swr.request import ListRequest
from crawler.swr.response import Response


class PageRequester:
    """Requests the pages of one target. `successes` counts the pages received."""

    def __init__(self, client: Client, stats: TargetStats) -> None:
        self.successes = 0
        self._client = client
        self._stats = stats
        self._good_request: ListRequest | None = None  # the last one whose response was a page
        self._good_generation = -1  # of the credentials it was sent with

    async def get_page(self, request: ListRequest, source: Source) -> Page:
        """Return the page. Raises a RequestError when the response is none, CredentialsError without credentials."""
        page = await self._request(request, source)
        self.successes += 1
        self._good_request = request
        return page

    async def still_answers(self) -> bool:
        """Return whether the last successful request succeeds again: then one window is broken, not the service."""
        if self._good_request is None:
            return False
        try:
            await self._request(self._good_request, Source("", self._good_request.center, None, 0))
        except RequestError:
            return False
        return True

    async def _request(self, request: ListRequest, source: Source) -> Page:
        response = await self._send(request)
        while response.status == HTTPStatus.UNAUTHORIZED and response.generation == self._good_generation:
            if not await self._client.credentials.renew(response.generation):
                break
            response = await self._send(request)
        page = read_page(response, source)
        self._good_generation = response.generation
        return page

    async def _send(self, request: ListRequest) -> Response:
        self._stats.requests += 1
        try:
            response = await self._client.get(request)
        except RequestError as error:
            self._stats.on_response(error.details.status)
            raise
        self._stats.on_response(response.status)
        return response
