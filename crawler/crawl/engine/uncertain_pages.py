"""Settled pages that may belong to another request: their walks are held back until they are certain.

    settled --> certain                                                       the walk may be published
       `-----> doubtful --> requested again --> the same page -------------> certain
                                `-------------> another page, or no answer -> the walk reads its windows once more

Which pages are certain is decided by their connection (swr/http/connection_log.py). Nearly all are at once; a doubtful
one is as rare as a proxy that sends an answer twice.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.observing.events import DoubtfulPage, RequestRetried
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import RequestError
from crawler.swr.decode.batch import Source
from crawler.swr.exchange import Exchange
from crawler.swr.page import Page
from crawler.swr.request import ListRequest
from crawler.walk.retry_policy import RetryAfter, Tries, decide


class _HeldPage(NamedTuple):
    """A page of a task, and what it held: its total, and a number that pages with the same keys share."""

    task: FetchTask
    request: ListRequest
    content: tuple[int | None, int, int]


class UncertainPages:
    """The uncertain pages of one target.

    `on_certain` is called for each walk that has ended once all its pages are certain; not for the walks whose pages
    were certain all the time. `take_back` is called for each window whose page is not confirmed.
    """

    def __init__(
        self,
        target: TargetScheduler,
        requester: PageRequester,
        on_certain: Callable[[ScheduledWalk], None],
        take_back: Callable[[FetchTask], None],
    ) -> None:
        self._target = target
        self._requester = requester
        self._on_certain = on_certain
        self._take_back = take_back
        self._doubtful: deque[_HeldPage] = deque()

    @property
    def are_doubtful(self) -> bool:
        """Whether there are pages to request again."""
        return bool(self._doubtful)

    def hold(self, task: FetchTask, request: ListRequest, page: Page, exchange: Exchange) -> None:
        """Hold back the walk of a settled page until the page is certain."""
        self._hold(_HeldPage(task, request, _content(page)), exchange)

    def _hold(self, held: _HeldPage, exchange: Exchange) -> None:
        held.task.scheduled.uncertain += 1
        exchange.when_judged(partial(self._on_judged, held))

    def _on_judged(self, held: _HeldPage, certain: bool) -> None:  # noqa: FBT001 - an Exchange's listener
        if certain:
            self._release(held.task.scheduled)
        else:
            self._doubtful.append(held)

    def _release(self, scheduled: ScheduledWalk) -> None:
        scheduled.uncertain -= 1
        # A probe never ends; a walk that was split may wait for it.
        if not scheduled.uncertain and (scheduled.ended or scheduled.split is not None):
            self._on_certain(scheduled)

    async def request_again(self) -> None:
        """Request every doubtful page again, and tell the walk of each that is not confirmed.

        Raises CredentialsError when there are no credentials any more.
        """
        while self._doubtful:
            held = self._doubtful.popleft()
            scheduled = held.task.scheduled
            doubtful = DoubtfulPage(scheduled.id, held.task.window.offset)
            self._target.observer.on_doubtful_page(doubtful)
            if not await self._is_confirmed(held):
                self._target.observer.on_unconfirmed_page(doubtful)
                self._take_back(held.task)
            self._release(scheduled)

    async def _is_confirmed(self, held: _HeldPage) -> bool:
        """Return whether the service sends the same page again. A page that is uncertain itself is held in its turn."""
        source = Source(*held.task.scheduled.id, held.request.offset)
        tries = Tries()
        while True:
            tries = tries.sent()
            held.task.scheduled.requests += 1
            try:
                page, exchange = await self._requester.get_page(held.request, source)
            except RequestError as error:
                tries = tries.failed(error)
                if not await self._waited(held, error, tries):
                    return False
            else:
                confirmed = _content(page) == held.content
                if confirmed and exchange is not None and not exchange.certain:
                    self._hold(held, exchange)
                return confirmed

    async def _waited(self, held: _HeldPage, error: RequestError, tries: Tries) -> bool:
        """Wait before the next try; return False when there is none."""
        decision = decide(error, tries, self._target.retry_limits, 0.0)
        if not isinstance(decision, RetryAfter):
            return False
        walk, offset = held.task.scheduled.id, held.task.window.offset
        wait_s = 0.0 if decision.pauses_target else decision.after_s  # the pause is an event of its own
        self._target.observer.on_retry(RequestRetried(walk, offset, tries.number, wait_s, str(error)))
        await self._requester.wait_out(decision)
        return True


def _content(page: Page) -> tuple[int | None, int, int]:
    return page.total, page.length, hash(frozenset(page.items.keys))
