"""One window, asked until it is settled: its page kept, the window lost, or the whole target stopped."""

import logging
from http import HTTPStatus
from random import Random
from typing import Final, Protocol

from crawler.crawl.engine.target_scheduler import FetchTask, ScheduledWalk, TargetScheduler
from crawler.crawl.engine.worker_slots import WorkerSlots
from crawler.errors import (
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
from crawler.model.window import Window
from crawler.swr.auth.credentials import explain_refusal
from crawler.swr.decode.batch import Source
from crawler.swr.http.client import Client
from crawler.swr.request import ListRequest
from crawler.swr.response import EMPTY_PAGE, Page, Response, read_page
from crawler.walk.passes import Retry
from crawler.walk.retry_policy import backoff_s, throttle_pause_s

log = logging.getLogger(__name__)

# A page that is short but else in order is not asked for as often as one that failed: its server answers.
_SHORT_TRIES: Final = 3


class PageLog(Protocol):
    """Where settled windows go, by the index of their walk in the plan. Both methods only remember."""

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Remember a page."""
        ...

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Remember a window given up."""
        ...


class WindowFetcher:
    """Asks for windows of one target, through its client."""

    def __init__(
        self, target: TargetScheduler, client: Client, keep: PageLog, clock: Clock, room: WorkerSlots, chance: Random
    ) -> None:
        self._target = target
        self._client = client
        self._keep = keep
        self._clock = clock
        self._room = room
        self._chance = chance
        self._successes = 0
        self._good: ListRequest | None = None  # the last one that was answered with a page
        self._good_generation = -1  # of the credentials it was asked with

    async def settle(self, task: FetchTask) -> None:
        """Ask for one window until it is settled.

        Raises CredentialsError (401) or UnavailableError (throttled for long, or nothing answers) when the
        whole target has to stop; the window is then in flight still, and a resume asks for it again.
        """
        successes = self._successes
        max_tries = self._target.bounds.max_tries
        attempt = 1
        while True:
            try:
                again = await self._try(task, last_try=attempt >= min(max_tries, _SHORT_TRIES))
            except TransientError as error:
                if attempt == max_tries:
                    await self._give_up(task, error, attempt, others_answered=self._successes > successes)
                    return
                wait_s = self._wait_after(error, attempt)
                self._say_retry(task, attempt, wait_s, str(error))
            except RequestError as error:
                if not self._refused(task, error):
                    return
                continue  # asked in another way it is another request: no try of this one
            else:
                if again is None:
                    return
                wait_s = 0.0 if again.at_once else backoff_s(attempt, self._chance.random())
                level = logging.INFO if again.at_once else logging.WARNING  # a second look is nothing to worry about
                self._say_retry(task, attempt, wait_s, again.reason, level)
            if wait_s:
                async with self._room.outside():
                    await self._clock.sleep(wait_s)
            attempt += 1

    async def _try(self, task: FetchTask, *, last_try: bool) -> Retry | None:
        run, window = task.run, task.window
        run.requests += 1
        run.filtered = self._target.dialect.filtered
        query = ListRequest(run.id.center, run.id.namespace, window.offset, window.limit, window.order, run.filtered)
        sent = self._room.sent()
        try:
            page = await self._ask(query, Source(*run.id, window.offset))
        except TransientError as error:
            self._room.failed(sent, too_much=isinstance(error, ThrottledError))
            raise
        self._successes += 1
        self._good = query
        answered = task.walk.read(window, page, last_try=last_try)
        if isinstance(answered, Retry):
            return answered
        if answered == "skip":
            page = EMPTY_PAGE
        self._keep.append_page(run.index, window, page)
        self._target.took(run, task.walk, page)
        self._room.answered(sent)
        return None

    async def _ask(self, query: ListRequest, origin: Source) -> Page:
        """Ask once, and again with new credentials when those that were good until now are refused."""
        answer = await self._get(query)
        while answer.status == HTTPStatus.UNAUTHORIZED and answer.generation == self._good_generation:
            if not await self._client.credentials.renew(answer.generation):
                break
            answer = await self._get(query)
        page = read_page(answer, origin)
        self._good_generation = answer.generation
        return page

    async def _get(self, query: ListRequest) -> Response:
        tally = self._target.tally
        tally.asked += 1
        try:
            answer = await self._client.get(query)
        except RequestError as error:
            tally.answered(error.evidence.status)
            raise
        tally.answered(answer.status)
        return answer

    def _wait_after(self, error: TransientError, attempt: int) -> float:
        """Give the seconds this window waits; a throttling answer makes the whole target wait instead."""
        chance = self._chance.random()
        if not isinstance(error, ThrottledError):
            return backoff_s(attempt, chance)
        closed_s = throttle_pause_s(error.retry_after_s, attempt, chance)
        self._client.pace.close(closed_s)
        self._target.tally.throttled_s = self._client.pace.throttled_s
        log.warning("target.throttled", extra={"target": self._target.tally.target, "wait_s": round(closed_s, 2)})
        return 0.0

    def _refused(self, task: FetchTask, error: RequestError) -> bool:
        """Step down to what the service accepts, or lose the window; say whether to ask for it once more."""
        if isinstance(error, UnauthorizedError):
            raise CredentialsError(self._unauthorized(task, error))
        walk, window = task.walk, task.window
        stepped_down = (isinstance(error, SizeRefusedError) and walk.refuse_size(window)) or (
            isinstance(error, OrderRefusedError) and walk.refuse_order(window)
        )
        if stepped_down:
            log.info("walk.step_down", extra={"walk": str(task.run.id), "reason": str(error)})
            return False
        if error.evidence.status == HTTPStatus.BAD_REQUEST and self._changes_dialect(task.run):
            log.info("target.dialect", extra={"target": task.run.id.target, "reason": str(error)})
            return True
        self._lose(task, str(error))
        return False

    def _changes_dialect(self, run: ScheduledWalk) -> bool:
        """Try the other way of asking when nothing was answered in this one; once for a target."""
        dialect = self._target.dialect
        if run.filtered != dialect.filtered:
            return True  # refused in the old way, while another walk changed it
        if self._successes or not dialect.may_change:
            return False
        dialect.may_change, dialect.filtered = False, not dialect.filtered
        return True

    async def _give_up(self, task: FetchTask, error: TransientError, tries: int, *, others_answered: bool) -> None:
        where = f"{task.run.id} at offset {task.window.offset}"
        if isinstance(error, ThrottledError):
            raise UnavailableError(
                f"{where}: throttled {tries} times; run the same command later, or lower the rate: {error}"
            )
        if not others_answered and not await self._answers():
            raise UnavailableError(f"{where}: no usable answer in {tries} tries; run the same command later: {error}")
        self._lose(task, f"{error}, {tries} times")

    async def _answers(self) -> bool:
        """Ask once more what was answered before, to tell a broken window from a service that is away."""
        if self._good is None:
            return False
        try:
            await self._ask(self._good, Source("", self._good.center, None, 0))
        except RequestError:
            return False
        return True

    def _lose(self, task: FetchTask, reason: str) -> None:
        extra = {"walk": str(task.run.id), "offset": task.window.offset, "reason": reason}
        log.error("window.lost", extra=extra)
        task.walk.lose(task.window, reason)
        self._keep.append_loss(task.run.index, task.window, reason)
        self._target.took(task.run, task.walk, None)

    def _say_retry(
        self, task: FetchTask, attempt: int, wait_s: float, reason: str, level: int = logging.WARNING
    ) -> None:
        self._target.tally.retries += 1
        where = {"walk": str(task.run.id), "offset": task.window.offset}
        log.log(level, "page.retry", extra={**where, "attempt": attempt, "wait_s": round(wait_s, 2), "reason": reason})

    def _unauthorized(self, task: FetchTask, error: UnauthorizedError) -> str:
        why = explain_refusal(str(error), error.server_date, self._clock.utc())
        where = f"target {task.run.id.target}: the service refused the credentials"
        return f"{where}: {error.evidence}; {why}, then run the same command to go on"
