"""Requests a page of one target, and renews credentials that worked before and are refused."""

from http import HTTPStatus

import anyio
import anyio.from_thread
import anyio.to_thread

from crawler.crawl.observing.events import CachedPage
from crawler.crawl.observing.observed_client import ObservedClient
from crawler.crawl.observing.observer import Observer
from crawler.errors import RequestError, ThrottledError
from crawler.model.walk_id import Center
from crawler.swr.decode.batch import Source
from crawler.swr.decode.bounds import SMALL_BYTES
from crawler.swr.exchange import Exchange
from crawler.swr.http.client import Client
from crawler.swr.page import Page, read_page, stored_for_s
from crawler.swr.request import ListRequest
from crawler.swr.response import Response
from crawler.text.redaction import Mask
from crawler.walk.retry_policy import RetryAfter


class PageRequester:
    """Requests the pages of one target. `successes` counts the pages received.

    `largest` has the largest page size in items that was accepted for each center that sent a page.
    """

    def __init__(self, client: Client, target: str, observer: Observer) -> None:
        self.successes = 0
        self.largest: dict[Center, int] = {}
        self._client = client
        self._observed = ObservedClient(client, target, observer)
        self._target = target
        self._observer = observer
        self._good_request: ListRequest | None = None  # the last one whose response was a page
        self._good_generation = -1  # of the credentials it was sent with
        self._cache_seen = False
        self._large_pages = anyio.CapacityLimiter(1)  # each takes memory of several times its size

    async def get_page(self, request: ListRequest, source: Source) -> tuple[Page, Exchange | None]:
        """Return the page, and its exchange while it is not certain that the page belongs to this request.

        Raises a RequestError when the response is no page, CredentialsError without credentials.
        """
        page, exchange = await self._request(request, source)
        self.successes += 1
        self.largest[request.center] = max(self.largest.get(request.center, 0), request.limit)
        self._good_request = request
        if exchange is not None and request.namespace is not None and page.items.records and not page.items.outside:
            exchange.holds_own_namespace()
        return page, exchange

    async def try_page(self, request: ListRequest, source: Source) -> Page:
        """Return the page of an experiment, which counts as no answer of the target. Raises what `get_page` does."""
        page, _ = await self._request(request, source)
        return page

    async def wait_out(self, retry: RetryAfter) -> None:
        """Wait before a request is sent again, or pause the whole target where that is due: then the request waits."""
        if retry.pauses_target:
            self.pause_target(retry.after_s)
        else:
            await self._client.rate_limiter.clock.sleep(retry.after_s)

    def pause_target(self, duration_s: float) -> None:
        """Let no request of the target go out for `duration_s` seconds."""
        self._observed.pause_for(duration_s)

    async def still_answers(self, other: ListRequest | None) -> bool:
        """Return whether the last successful request succeeds again: then one window is broken, not the service.

        `other` is asked when this run has had no success yet. Raises ThrottledError when the service throttles.
        """
        request = self._good_request or other
        if request is None:
            return False
        try:
            await self._request(request, Source("", request.center, None, 0))
        except ThrottledError:
            raise
        except RequestError:
            return False
        return True

    async def _request(self, request: ListRequest, source: Source) -> tuple[Page, Exchange | None]:
        response = await self._observed.get(request)
        while response.status == HTTPStatus.UNAUTHORIZED and response.generation == self._good_generation:
            if not await self._client.credentials.renew(response.generation):
                break
            response = await self._observed.get(request)
        page = await self._read(response, source)
        self._good_generation = response.generation
        if page.doubtful and not self._cache_seen:
            self._report_cache(response)
        return page, response.exchange

    async def _read(self, response: Response, source: Source) -> Page:
        """Return the page in a response; a large one is read by another thread, while this one goes on.

        A page of usual size takes less time than the change of threads is worth. A thread that is no longer waited for
        changes nothing outside, and ends at the next reject: the process waits for it at its end.
        """
        if len(response.body) <= SMALL_BYTES:
            return read_page(response, source)
        response = response._replace(mask=_while_waited_for(response.mask))
        return await anyio.to_thread.run_sync(
            read_page, response, source, abandon_on_cancel=True, limiter=self._large_pages
        )

    def _report_cache(self, response: Response) -> None:
        """Report the first page that came from a cache: no walk with such a page is complete."""
        age_s = stored_for_s(response)
        if age_s:
            self._cache_seen = True
            self._observer.on_cached_page(CachedPage(self._target, age_s))


def _while_waited_for(mask: Mask) -> Mask:
    """Return a mask for another thread, which ends that thread once nobody waits for it: only rejects take long."""

    def masked(text: str) -> str:
        anyio.from_thread.check_cancelled()
        return mask(text)

    return masked
