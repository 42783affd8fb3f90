"""One request for a page of one target: counted, with the credentials renewed when those that worked are refused."""

from http import HTTPStatus

from crawler.crawl.engine.target_stats import TargetStats
from crawler.errors import RequestError
from crawler.swr.decode.batch import Source
from crawler.swr.http.client import Client
from crawler.swr.page import Page, read_page
from crawler.swr.request import ListRequest
from crawler.swr.response import Response


class PageRequester:
    """Asks one target for pages. `successes` counts the pages it got."""

    def __init__(self, client: Client, stats: TargetStats) -> None:
        self.successes = 0
        self._client = client
        self._stats = stats
        self._good_request: ListRequest | None = None  # the last one that was answered with a page
        self._good_generation = -1  # of the credentials it was asked with

    async def get_page(self, request: ListRequest, source: Source) -> Page:
        """Return the page. Raises a RequestError when the answer is none, CredentialsError when there are none."""
        page = await self._ask(request, source)
        self.successes += 1
        self._good_request = request
        return page

    async def still_answers(self) -> bool:
        """Ask once more what was answered before, to tell a broken window from a service that is down."""
        if self._good_request is None:
            return False
        try:
            await self._ask(self._good_request, Source("", self._good_request.center, None, 0))
        except RequestError:
            return False
        return True

    async def _ask(self, request: ListRequest, source: Source) -> Page:
        response = await self._get(request)
        while response.status == HTTPStatus.UNAUTHORIZED and response.generation == self._good_generation:
            if not await self._client.credentials.renew(response.generation):
                break
            response = await self._get(request)
        page = read_page(response, source)
        self._good_generation = response.generation
        return page

    async def _get(self, request: ListRequest) -> Response:
        self._stats.asked += 1
        try:
            response = await self._client.get(request)
        except RequestError as error:
            self._stats.on_response(error.details.status)
            raise
        self._stats.on_response(response.status)
        return response
