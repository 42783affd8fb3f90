"""Fetches one window until it is settled: its page is kept, the window is lost, or the whole target stops.

walk/retry_policy.py has the table of what follows which failure.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from random import Random
from typing import Final

from crawler.crawl.engine.negotiation import negotiate
from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.engine.settling import PageLog, WindowSettler
from crawler.crawl.engine.uncertain_pages import UncertainPages
from crawler.crawl.engine.worker_slots import WorkerSlots
from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.crawl.scheduling.target_stats import TargetStats
from crawler.errors import (
    CrawlerError,
    CredentialsError,
    OrderRefusedError,
    RequestError,
    SizeRefusedError,
    ThrottledError,
    TransientError,
    UnauthorizedError,
    UnavailableError,
)
from crawler.model.clock import Clock
from crawler.swr.auth.refusal import explain_refusal
from crawler.swr.decode.batch import Source
from crawler.swr.http.client import Client
from crawler.swr.request import ListRequest
from crawler.walk.passes.outcome import AskAgain
from crawler.walk.retry_policy import Lose, Renegotiate, RetryAfter, StopTarget, Tries, apart_s, decide, wait_s

log = logging.getLogger(__name__)

# "There is no such page": beyond the last page some servers refuse (swr-api.md#offset-past-end).
_NO_SUCH_PAGE: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
)


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
        self._settler = WindowSettler(target, page_log)
        self._clock = clock
        self._slots = slots
        self._chance = Random()  # noqa: S311 - jitter, no secret
        self._uncertain = UncertainPages(
            target, self._requester, client.rate_limiter, clock, on_certain, self._settler.take_back
        )

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
        await self._fetch(task)

    async def _fetch(self, task: FetchTask) -> None:
        successes = self._requester.successes
        tries = Tries()
        while True:
            tries = tries.sent()
            try:
                again = await self._try(task, last_try=tries.number >= self._target.retry_limits.short_tries)
            except RequestError as error:
                tries = tries.failed(error)
                retry = await self._after_failure(task, error, tries, successes)
                if retry is None:
                    return
                pause_s = self._pause(task, retry, tries, error)
            else:
                if again is None:
                    return
                pause_s = wait_s(again, tries.number, self._chance.random())
                _log_retry(self._target.stats, task, tries, pause_s, again.reason, expected=again.wait != "backoff")
            if pause_s:
                async with self._slots.released():
                    await self._clock.sleep(pause_s)

    async def _after_failure(
        self, task: FetchTask, error: RequestError, tries: Tries, successes: int
    ) -> RetryAfter | None:
        """Return when to request the window again; None when it is settled, or its walk starts again.

        `successes` is the number of pages that the target had sent when the window was first requested.
        """
        if self._is_end(task, error) and self._settle_refused(task, error):
            return None
        chance = self._chance.random()
        decision = decide(error, tries, self._target.retry_limits, chance)
        if isinstance(decision, StopTarget):
            raise _stop_error(task, error, tries.number, self._clock.utc()) from None
        if isinstance(decision, Lose):
            others_answered = self._requester.successes > successes
            await self._give_up(task, error, tries.number, others_answered=others_answered)
        elif isinstance(decision, Renegotiate):
            return self._on_refusal(task, error, tries, chance)
        return decision if isinstance(decision, RetryAfter) else None

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
        stats, pause_s = self._target.stats, retry.after_s
        if retry.pauses_target:
            self._client.rate_limiter.pause_for(pause_s)
            stats.throttled_s = self._client.rate_limiter.throttled_s
            log.warning("target.throttled", extra={"target": stats.target, "wait_s": round(pause_s, 2)})
            pause_s = 0.0
        _log_retry(stats, task, tries, pause_s, str(error))
        return pause_s

    def _is_end(self, task: FetchTask, error: RequestError) -> bool:
        """Return whether a refusal may be the end of the list at once: it is at or beyond the declared total.

        Before the target sent a page it may refuse the request as such, whatever the offset.
        """
        return task.walk.is_past_total(task.window) and self._requester.successes > 0 and _says_no_such_page(error)

    def _on_refusal(self, task: FetchTask, error: RequestError, tries: Tries, chance: float) -> RetryAfter | None:
        """Return when to request the window once more; settle it when there is nothing else to try."""
        next_step = negotiate(self._target, task, error, had_page=self._requester.successes > 0)
        if next_step == "retry":
            return RetryAfter(0.0)
        if next_step == "give up":
            if not tries.are_refused:
                return RetryAfter(apart_s(chance))
            if not self._settle_refused(task, error):
                self._settler.lose(task, f"{error}, {tries.refusals} times")
        return None

    def _settle_refused(self, task: FetchTask, error: RequestError) -> bool:
        """Return whether a refusal is evidence of the end of the list; settle the window if it is."""
        settled = task.walk.on_refused(task.window) if _says_no_such_page(error) else None
        if settled is not None:
            self._settler.settle(task, settled.page)
        return settled is not None

    async def _give_up(self, task: FetchTask, error: RequestError, tries: int, *, others_answered: bool) -> None:
        if not others_answered and not await self._requester.still_answers():
            where = f"{task.scheduled.id} at offset {task.window.offset}"
            raise UnavailableError(f"{where}: no usable answer in {tries} tries; rerun the command later: {error}")
        self._settler.lose(task, f"{error}, {tries} times")


def _says_no_such_page(error: RequestError) -> bool:
    about_the_request = isinstance(error, SizeRefusedError | OrderRefusedError)
    return error.details.status in _NO_SUCH_PAGE and not about_the_request


def _log_retry(
    stats: TargetStats, task: FetchTask, tries: Tries, wait_s: float, reason: str, *, expected: bool = False
) -> None:
    """Count and log a retry; one that only confirms an answer is `expected`, and no reason to worry."""
    stats.retries += 1
    extra = {
        "walk": str(task.scheduled.id),
        "offset": task.window.offset,
        "attempt": tries.number,
        "wait_s": round(wait_s, 2),
        "reason": reason,
    }
    log.log(logging.INFO if expected else logging.WARNING, "page.retry", extra=extra)


def _stop_error(task: FetchTask, error: RequestError, tries: int, now: datetime) -> CrawlerError:
    """Return why the target stops: its credentials are refused, or it throttles too often."""
    target, where = task.scheduled.id.target, f"{task.scheduled.id} at offset {task.window.offset}"
    if isinstance(error, UnauthorizedError):
        why = explain_refusal(str(error), error.server_date, now)
        refused = f"target {target}: the service refused the credentials"
        return CredentialsError(f"{refused}: {error.details}; {why}, then rerun the command")
    return UnavailableError(f"{where}: throttled {tries} times; rerun the command later, or lower the rate: {error}")
