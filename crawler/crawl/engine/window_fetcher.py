"""Fetches one window until it is settled: its page is kept, the window is lost, or the whole target stops.

walk/retry_policy.py has the table of what follows which failure.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from crawler.crawl.engine.backoff import Backoff
from crawler.crawl.engine.negotiation import negotiate
from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.engine.target_scheduler import FetchTask, ScheduledWalk, TargetScheduler
from crawler.crawl.engine.target_stats import TargetStats
from crawler.crawl.engine.uncertain_pages import UncertainPages
from crawler.crawl.engine.worker_slots import WorkerSlots
from crawler.errors import (
    CredentialsError,
    RequestError,
    ThrottledError,
    TransientError,
    UnauthorizedError,
    UnavailableError,
)
from crawler.model.clock import Clock
from crawler.model.window import Window
from crawler.swr.auth.refusal import explain_refusal
from crawler.swr.decode.batch import Source
from crawler.swr.http.client import Client
from crawler.swr.page import EMPTY_PAGE, Page
from crawler.swr.request import ListRequest
from crawler.walk.outcome import Retry

log = logging.getLogger(__name__)

# A page that is too short, but otherwise in order, is retried less often than a failed one: its server works.
_SHORT_PAGE_TRIES: Final = 3


class PageLog(Protocol):
    """Where settled windows go, by the index of their walk in the plan. Neither method waits for the disk."""

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Append a window that was read."""
        ...

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Append a window that could not be read, or one that was read and is taken back."""
        ...


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
        self._requester = PageRequester(client, target.stats)
        self._backoff = Backoff(client.rate_limiter, target.stats)
        self._page_log = page_log
        self._clock = clock
        self._slots = slots
        self._uncertain = UncertainPages(target, self._requester, self._backoff, clock, on_certain, self._take_back)

    async def settle_doubts(self) -> None:
        """Return when every page that was read is certain, or its walk was told; no window may be in flight."""
        await self._client.wait_for_silence()
        while self._uncertain.are_doubtful:
            await self._uncertain.request_again()
            await self._client.wait_for_silence()  # what came again may be uncertain itself

    async def fetch(self, task: FetchTask) -> None:
        """Request one window until it is settled.

        Raises CredentialsError (401) or UnavailableError (throttled too often, or nothing answers) when the whole
        target must stop. The window is then still in flight, and a resume requests it again.
        """
        if self._uncertain.are_doubtful:
            await self._uncertain.request_again()
        successes = self._requester.successes
        max_tries = self._target.limits.max_tries
        attempt = 1
        while True:
            try:
                retry = await self._try(task, last_try=attempt >= min(max_tries, _SHORT_PAGE_TRIES))
            except TransientError as error:
                if attempt == max_tries:
                    others_answered = self._requester.successes > successes
                    await self._give_up(task, error, attempt, others_answered=others_answered)
                    return
                wait_s = self._backoff.after_error(error, attempt)
                _log_retry(self._target.stats, task, attempt, wait_s, str(error))
            except RequestError as error:
                if not self._on_refusal(task, error):
                    return
                continue  # in another dialect it is another request: not a further try of this one
            else:
                if retry is None:
                    return
                wait_s = 0.0 if retry.at_once else self._backoff.after_try(attempt)
                _log_retry(self._target.stats, task, attempt, wait_s, retry.reason, expected=retry.at_once)
            if wait_s:
                async with self._slots.released():
                    await self._clock.sleep(wait_s)
            attempt += 1

    async def _try(self, task: FetchTask, *, last_try: bool) -> Retry | None:
        scheduled, window = task.scheduled, task.window
        scheduled.requests += 1
        scheduled.filtered = self._target.profile.filtered
        request = _request_for(scheduled, window)
        sample = self._slots.on_sent()
        try:
            page, exchange = await self._requester.get_page(request, Source(*scheduled.id, window.offset))
        except TransientError as error:
            self._slots.on_failure(sample, throttled=isinstance(error, ThrottledError))
            raise
        outcome = task.walk.on_page(window, page, last_try=last_try)
        if isinstance(outcome, Retry):
            return outcome
        if exchange is not None and not exchange.certain:
            self._uncertain.hold(task, request, page, exchange)
        if outcome == "skip":
            page = EMPTY_PAGE
        self._page_log.append_page(scheduled.index, window, page)
        self._target.on_settled(scheduled, task.walk, page)
        self._slots.on_success(sample)
        return None

    def _on_refusal(self, task: FetchTask, error: RequestError) -> bool:
        """Return whether to request the window once more; give it up when there is nothing else to try."""
        if isinstance(error, UnauthorizedError):
            raise CredentialsError(_unauthorized(task, error, self._clock.utc()))
        next_step = negotiate(self._target, task, error, had_page=self._requester.successes > 0)
        if next_step == "give up":
            self._lose(task, str(error))
        return next_step == "retry"

    async def _give_up(self, task: FetchTask, error: TransientError, tries: int, *, others_answered: bool) -> None:
        where = f"{task.scheduled.id} at offset {task.window.offset}"
        if isinstance(error, ThrottledError):
            raise UnavailableError(
                f"{where}: throttled {tries} times; rerun the command later, or lower the rate: {error}"
            )
        if not others_answered and not await self._requester.still_answers():
            raise UnavailableError(f"{where}: no usable answer in {tries} tries; rerun the command later: {error}")
        self._lose(task, f"{error}, {tries} times")

    def _take_back(self, task: FetchTask) -> None:
        self._target.on_doubt(*task)
        self._page_log.append_loss(task.scheduled.index, task.window, "the page may belong to another request")

    def _lose(self, task: FetchTask, reason: str) -> None:
        extra = {"walk": str(task.scheduled.id), "offset": task.window.offset, "reason": reason}
        log.error("window.lost", extra=extra)
        task.walk.on_lost(task.window, reason)
        self._page_log.append_loss(task.scheduled.index, task.window, reason)
        self._target.on_settled(task.scheduled, task.walk, None)


def _request_for(scheduled: ScheduledWalk, window: Window) -> ListRequest:
    _, center, namespace = scheduled.id
    return ListRequest(center, namespace, window.offset, window.limit, window.order, scheduled.filtered)


def _log_retry(
    stats: TargetStats, task: FetchTask, attempt: int, wait_s: float, reason: str, *, expected: bool = False
) -> None:
    """Count and log a retry; one that only confirms a first page is `expected`, and no reason to worry."""
    stats.retries += 1
    extra = {
        "walk": str(task.scheduled.id),
        "offset": task.window.offset,
        "attempt": attempt,
        "wait_s": round(wait_s, 2),
        "reason": reason,
    }
    log.log(logging.INFO if expected else logging.WARNING, "page.retry", extra=extra)


def _unauthorized(task: FetchTask, error: UnauthorizedError, now: datetime) -> str:
    why = explain_refusal(str(error), error.server_date, now)
    where = f"target {task.scheduled.id.target}: the service refused the credentials"
    return f"{where}: {error.details}; {why}, then rerun the command"
