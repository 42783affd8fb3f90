"""What becomes of a window whose request failed: it is requested again or otherwise, is lost, or its target stops.

walk/retry_policy.py has the table of what follows which failure. Of a refusal:

    "nothing found" for the first page, twice ----> there is no list (walk/passes/first.py)
    a size or an order that the code names -------> the walk starts again with another one
    any other refusal, the first time ------------> asked again, some time apart
    twice, of a first page -----------------------> another request (negotiation.py)
    twice, at or beyond the declared total -------> the end of the list
    twice, by what is on the way to the service --> the target stops
    twice, anywhere else -------------------------> the window is put off to the end of its pass, a first page to the
                                                    end of its target; it is lost when it fails there, too
    twice, while the target has never answered ---> the window is held (held_refusals.py); so is one that gets a page
                                                    for people, such as one to log in

One refusal is no end: a gateway that reloads sends it, too, and the total may be late.
"""

from typing import Final

from crawler.crawl.ending.refused_target import error_of
from crawler.crawl.engine.held_refusals import HeldRefusals
from crawler.crawl.engine.negotiation import Negotiator
from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.engine.settling import WindowSettler
from crawler.crawl.observing.events import FailedWindow
from crawler.crawl.planning.long_wait import explain_long_wait
from crawler.crawl.scheduling.put_off_windows import PutOffWindows
from crawler.crawl.scheduling.scheduled import FetchTask
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import (
    CrawlerError,
    CredentialsError,
    HtmlError,
    OrderRefusedError,
    RequestError,
    RouteError,
    SizeRefusedError,
    ThrottledError,
    UnauthorizedError,
    UnavailableError,
)
from crawler.model.clock import Clock
from crawler.swr.auth.refusal import explain_refusal
from crawler.swr.nothing_found import NO_SUCH_PAGE, says_nothing_found
from crawler.swr.request import ListRequest
from crawler.walk.passes.outcome import AskAgain, NoList, Outcome, Refusal, Settled
from crawler.walk.retry_policy import Lose, Renegotiate, RetryAfter, StopTarget, Tries, apart_s, decide

_LOOKS_AT_HTML: Final = 2


class WindowFailures:
    """Decides what follows the failures of one target's requests."""

    def __init__(self, target: TargetScheduler, requester: PageRequester, settler: WindowSettler, clock: Clock) -> None:
        self._target = target
        self._requester = requester
        self._settler = settler
        self._clock = clock
        self._negotiator = Negotiator(target, requester, settler)
        self._put_off = PutOffWindows(target)
        self.held = HeldRefusals(target, self._lose, requester.wait_out)

    async def after(
        self, task: FetchTask, error: RequestError, tries: Tries, chance: float, successes: int
    ) -> RetryAfter | None:
        """Return when to request the window again; None when it is settled, or its walk starts again.

        `chance` is uniform in [0, 1), `successes` the number of pages that the target had sent when the window was
        first requested. Raises CredentialsError, ConfigError or UnavailableError when the target must stop.
        """
        refusal = _refusal_of(error)
        if refusal is not None and refusal.says_nothing:
            outcome = self._settle(task, refusal)
            if outcome is not None:
                return RetryAfter(apart_s(chance)) if isinstance(outcome, AskAgain) else None
        if isinstance(error, HtmlError) and tries.number >= _LOOKS_AT_HTML and not self._has_answered:
            self.held.hold(task, error, f"{error}, {tries.number} times")
            return None
        decision = decide(error, tries, self._target.retry_limits, chance, failed_before=self._put_off.has(task))
        if isinstance(decision, StopTarget):
            raise self._stop_error(task, error, tries.number) from None
        if isinstance(decision, Lose):
            others_answered = self._requester.successes > successes
            await self._give_up(task, error, tries.number, others_answered=others_answered)
        elif isinstance(decision, Renegotiate):
            return await self._on_refusal(task, error, tries, chance)
        return decision if isinstance(decision, RetryAfter) else None

    async def _on_refusal(self, task: FetchTask, error: RequestError, tries: Tries, chance: float) -> RetryAfter | None:
        next_step = await self._negotiator.negotiate(task, error, are_refused=tries.are_refused)
        if next_step == "retry":
            return RetryAfter(0.0)
        if next_step == "give up":
            if not tries.are_refused:
                return RetryAfter(apart_s(chance))
            if isinstance(error, RouteError) and self._has_answered:
                raise error_of(self._target.name, error)
            if self._settle(task, _refusal_of(error)) is None:
                self._refuse(task, error, f"{error}, {tries.refusals} times{self._negotiator.tried}")
        return None

    @property
    def _has_answered(self) -> bool:
        """Whether the target has answered anything, in this run or in the one that it goes on with."""
        return bool(self._requester.successes or self._target.work.has_answered)

    def _refuse(self, task: FetchTask, error: RequestError, reason: str) -> None:
        """Lose a window that is refused for good; hold it while the target has answered nothing, in no run."""
        if self._has_answered:
            self._lose(task, reason)
        else:
            self.held.hold(task, error, reason)

    async def _give_up(self, task: FetchTask, error: RequestError, tries: int, *, others_answered: bool) -> None:
        try:
            answers = others_answered or await self._requester.still_answers(_other_first_page(self._target, task))
        except ThrottledError as throttled:
            raise self._stop_error(task, throttled, tries) from None
        if not answers:
            where = f"{task.scheduled.id} at offset {task.window.offset}"
            raise UnavailableError(f"{where}: no usable answer in {tries} tries; rerun the command later: {error}")
        self._lose(task, f"{error}, {tries} times")

    def _lose(self, task: FetchTask, reason: str) -> None:
        """Put a window off, or settle it as lost when it failed after that, too."""
        if self._put_off.put_off(task):
            self._target.observer.on_window_put_off(FailedWindow(task.scheduled.id, task.window.offset, reason))
        else:
            self._settler.lose(task, reason)

    def _settle(self, task: FetchTask, refusal: Refusal | None) -> Outcome | NoList | None:
        """Return what a refusal proves, None when it is no evidence; settle the window unless it is asked for again."""
        outcome = None if refusal is None else task.walk.on_refused(task.window, refusal)
        if isinstance(outcome, NoList):
            self._settler.refuse(task, outcome.reason)
        elif isinstance(outcome, Settled):
            self._settler.settle(task, outcome.page)
        if isinstance(outcome, NoList | Settled):
            self.held.on_answer()
        return outcome

    def _stop_error(self, task: FetchTask, error: RequestError, tries: int) -> CrawlerError:
        """Return why the target stops: its credentials are refused, it throttles too often, or for too long."""
        walk, now = task.scheduled.id, self._clock.utc()
        where = f"{walk} at offset {task.window.offset}"
        if isinstance(error, UnauthorizedError):
            why = explain_refusal(str(error), error.server_date, now)
            refused = f"target {walk.target}: the service refused the credentials"
            return CredentialsError(f"{refused}: {error.details}; {why}, then rerun the command")
        if long_wait := explain_long_wait(error, self._target.retry_limits, now):
            return UnavailableError(f"{where}: {long_wait}: {error}")
        advice = "rerun the command later, or lower the rate"
        return UnavailableError(f"{where}: throttled {tries} times; {advice}: {error}")


def _refusal_of(error: RequestError) -> Refusal | None:
    """Return what a refusal says of the page, None when it is about something else."""
    details = error.details
    if details.status not in NO_SUCH_PAGE or isinstance(error, SizeRefusedError | OrderRefusedError):
        return None
    answer = f"HTTP {details.status}" + (f" '{details.text}'" if details.text else "")
    return Refusal(answer, says_nothing_found(details))


def _other_first_page(target: TargetScheduler, task: FetchTask) -> ListRequest | None:
    """Return the request for the first page of another walk, of another center if there is one.

    None for a target that never answered: then no other answer is to be expected.
    """
    if not target.work.has_answered:
        return None
    walk_id, window = task.scheduled.id, task.window
    others = [walk.id for walk in target.walks if walk.id != walk_id]
    other = min(others, key=lambda one: one.center == walk_id.center, default=None)
    if other is None:
        return None
    filtered = target.profile.present.filtered
    return ListRequest(other.center, other.namespace, 0, window.limit, window.order, filtered)
