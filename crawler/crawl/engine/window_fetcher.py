"""Fetches one window until it is settled: its page is kept, the window is lost, or the whole target stops.

walk/retry_policy.py has the table of what follows which failure.
"""

from collections.abc import Callable
from random import Random

from crawler.crawl.concurrency.worker_slots import WorkerSlots
from crawler.crawl.engine.held_refusals import HeldRefusals
from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.engine.settling import PageLog, WindowSettler
from crawler.crawl.engine.uncertain_pages import UncertainPages
from crawler.crawl.engine.window_failures import WindowFailures
from crawler.crawl.observing.events import RequestRetried
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import (
    RequestError,
    ThrottledError,
    TransientError,
)
from crawler.model.clock import Clock
from crawler.swr.decode.batch import Source
from crawler.swr.http.client import Client
from crawler.swr.request import ListRequest
from crawler.walk.passes.outcome import AskAgain
from crawler.walk.retry_policy import RetryAfter, Tries, wait_s


class WindowFetcher:
    """Fetches the windows of one target, through its client."""

    def __init__(
        self,
        target: TargetScheduler,
        client: Client,
        page_log: PageLog,
        clock: Clock,
        slots: WorkerSlots,
        on_certain: Callable[[ScheduledWalk], None],
    ) -> None:
        self._target = target
        self._client = client
        self._requester = PageRequester(client, target.name, target.observer)
        self._settler = WindowSettler(target, page_log)
        self._failures = WindowFailures(target, self._requester, self._settler, clock)
        self._clock = clock
        self._slots = slots
        self._chance = Random()  # noqa: S311 - jitter, no secret
        self._uncertain = UncertainPages(target, self._requester, on_certain, self._settler.take_back)

    async def settle_doubts(self) -> None:
        """Return when every page that was read is certain, or its walk was told; no window may be in flight."""
        await self._client.wait_for_silence()
        while self._uncertain.are_doubtful:
            await self._uncertain.request_again()
            await self._client.wait_for_silence()  # what came again may be uncertain itself

    @property
    def held(self) -> HeldRefusals:
        """The windows that were refused while the target has never answered."""
        return self._failures.held

    async def fetch(self, task: FetchTask) -> None:
        """Request one window until it is settled.

        Raises CredentialsError (401) or UnavailableError (throttled too often, or nothing answers) when the whole
        target must stop. The window is then still in flight, and a resume requests it again.
        """
        if self._uncertain.are_doubtful:
            await self._uncertain.request_again()
        await self._fetch(task)

    async def _fetch(self, task: FetchTask) -> None:
        successes = self._requester.successes
        tries = Tries()
        while True:
            tries = tries.sent()
            try:
                again = await self._try(task, last_try=tries.are_last_for_page(self._target.retry_limits))
            except RequestError as error:
                tries = tries.failed(error)
                retry = await self._failures.after(task, error, tries, self._chance.random(), successes)
                if retry is None:
                    return
                pause_s = self._pause(task, retry, tries, error)
            else:
                if again is None:
                    return
                pause_s = wait_s(again, tries.number, self._chance.random())
                self._report_retry(task, tries, pause_s, again.reason, is_expected=again.wait != "backoff")
            if pause_s:
                async with self._slots.released():
                    await self._clock.sleep(pause_s)

    async def _try(self, task: FetchTask, *, last_try: bool) -> AskAgain | None:
        scheduled, window = task.scheduled, task.window
        scheduled.requests += 1
        scheduled.filtered = filtered = self._target.profile.present.filtered
        walk_id = scheduled.id
        request = ListRequest(walk_id.center, walk_id.namespace, window.offset, window.limit, window.order, filtered)
        sample = self._slots.on_sent()
        try:
            page, exchange = await self._requester.get_page(request, Source(*walk_id, window.offset))
        except TransientError as error:
            self._slots.on_failure(sample, throttled=isinstance(error, ThrottledError))
            raise
        self._failures.held.on_answer()
        outcome = task.walk.on_page(window, page, last_try=last_try)
        if isinstance(outcome, AskAgain):
            return outcome
        if exchange is not None and not exchange.certain:
            self._uncertain.hold(task, request, page, exchange)
        self._settler.settle(task, outcome.page)
        self._slots.on_success(sample)
        return None

    def _pause(self, task: FetchTask, retry: RetryAfter, tries: Tries, error: RequestError) -> float:
        """Return the seconds that this window waits; pause the whole target instead and return 0 where that is due.

        A 429 also cuts the concurrency limit (`WorkerSlots.on_failure`).
        """
        pause_s = retry.after_s
        if retry.pauses_target:
            self._requester.pause_target(pause_s)
            pause_s = 0.0
        self._report_retry(task, tries, pause_s, str(error))
        return pause_s

    def _report_retry(
        self, task: FetchTask, tries: Tries, wait_s: float, reason: str, *, is_expected: bool = False
    ) -> None:
        walk, offset = task.scheduled.id, task.window.offset
        self._target.observer.on_retry(RequestRetried(walk, offset, tries.number, wait_s, reason, is_expected))
