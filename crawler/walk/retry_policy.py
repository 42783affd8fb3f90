"""The retry policy: what follows from the failure of a request, and how long to wait (pure: chance is an argument).

| failure             | before the last of `max_tries`                          | at the last of `max_tries` |
|---------------------|---------------------------------------------------------|----------------------------|
| TransientError      | RetryAfter `backoff_s`                                  | Lose                       |
| ThrottledError      | RetryAfter `throttle_pause_s`, of the whole target      | StopTarget: exit code 75   |
| SizeRefusedError    | Renegotiate                                             | Renegotiate                |
| OrderRefusedError   | Renegotiate                                             | Renegotiate                |

| failure             | the first refusal of the window                         | the second one             |
|---------------------|---------------------------------------------------------|----------------------------|
| RefusedError        | RetryAfter half a second or more                        | Renegotiate                |
| UnauthorizedError   | RetryAfter half a second or more                        | StopTarget: exit code 77   |

One refusal says nothing: a gateway that reloads, a firewall or a cache sends one for a moment. Two of them, some time
apart, are the answer; a refusal for good costs one request more, not `max_tries`. That holds at the last try, too.

A service that asks to wait for longer than `max_wait_s` stops its target at once (exit code 75): a run that
sleeps for hours blocks its output, and the same command goes on later.

Who does what: `decide` is called by WindowFetcher.fetch (crawl/engine/window_fetcher.py), by discovery
(crawl/planning/discovery.py) and by the model of the property tests.
- Credentials that worked before and are refused are renewed before any of this (crawl/engine/page_requester.py).
- Renegotiate: a smaller page, another sort column, the other dialect (crawl/engine/negotiation.py). When nothing is
  left, the refusal is the end of the list (Walk.on_refused) or the window is lost.
- Lose: if the service answers other requests, the window is put off to the end of its pass, where it gets
  `short_tries`, and is lost when it fails there, too; else the target stops with exit code 75.
- A page that proves nothing yet is requested again (Walk.on_page), after `wait_s`; one that is too short at most
  `short_tries` times.

Which response is which error is decided in swr/error_response.py and swr/http/network/failures.py.

Source: docs/reference/swr-api.md#retry-classes (which failures pass), #throttle-wait, #retry-after (how long).
"""

from math import inf
from typing import Final, NamedTuple

from crawler.errors import (
    OrderRefusedError,
    RequestError,
    SizeRefusedError,
    ThrottledError,
    TransientError,
    UnauthorizedError,
)
from crawler.walk.passes.outcome import AskAgain

_FIRST_S: Final = 0.2  # most failures pass at once, and the run lasts until its last window has waited
_GROWTH: Final = 3.0
_LONGEST_S: Final = 30.0
_APART_S: Final = 0.5  # a service that is wrong for a moment is right again after this
# A page that is too short, but otherwise in order, is retried less often than a failed one: its server works.
_SHORT_TRIES: Final = 3
_REFUSED_TRIES: Final = 2


class RetryLimits(NamedTuple):
    """How often each window is requested at most, and for how long a target is paused at most."""

    max_tries: int
    max_wait_s: float = inf

    @property
    def short_tries(self) -> int:
        """How often a page that is only too short is requested at most."""
        return min(self.max_tries, _SHORT_TRIES)


class Tries(NamedTuple):
    """The requests for one window so far: their `number`, how many were `failures`, and of these `refusals`, from 0.

    `unauthorized` counts those refusals that were of the credentials.
    """

    number: int = 0
    refusals: int = 0
    unauthorized: int = 0
    failures: int = 0

    def sent(self) -> "Tries":
        """Return the tries with one request more."""
        return self._replace(number=self.number + 1)

    def failed(self, error: RequestError) -> "Tries":
        """Return the tries with the failure of the last request: any but a transient one is a refusal."""
        return self._replace(
            failures=self.failures + 1,
            refusals=self.refusals + (not isinstance(error, TransientError)),
            unauthorized=self.unauthorized + isinstance(error, UnauthorizedError),
        )

    def are_last_for_page(self, limits: RetryLimits) -> bool:
        """Return whether the page that comes now must do, though it proves nothing: it is not requested again.

        Only pages count, and not the failures between them: a page may be too short for a moment, too.
        """
        return self.number - self.failures >= limits.short_tries or self.number >= limits.max_tries

    @property
    def are_refused(self) -> bool:
        """Whether the refusals are the answer of the service, and not the mistake of a moment."""
        return self.refusals >= _REFUSED_TRIES


class RetryAfter(NamedTuple):
    """Send the request again after `after_s` seconds; with `pauses_target` no other request goes out meanwhile."""

    after_s: float
    pauses_target: bool = False


class Lose(NamedTuple):
    """The window had all its tries."""


class Renegotiate(NamedTuple):
    """The same request would be refused again: send another one."""


class StopTarget(NamedTuple):
    """No request of this target can succeed now."""


Decision = RetryAfter | Lose | Renegotiate | StopTarget


def decide(
    error: RequestError, tries: Tries, limits: RetryLimits, chance: float, *, failed_before: bool = False
) -> Decision:
    """Return what follows from the failure of the last of `tries`; `chance` is uniform in [0, 1).

    A window that `failed_before` in this pass had all its tries then: it gets fewer now.
    """
    if isinstance(error, UnauthorizedError):
        return StopTarget() if tries.unauthorized >= _REFUSED_TRIES else RetryAfter(apart_s(chance))
    if isinstance(error, SizeRefusedError | OrderRefusedError):
        return Renegotiate()
    if not isinstance(error, TransientError):
        return Renegotiate() if tries.are_refused else RetryAfter(apart_s(chance))
    if isinstance(error, ThrottledError):
        return _after_throttling(error.retry_after_s, tries.number, limits, chance)
    most = limits.short_tries if failed_before else limits.max_tries
    return Lose() if tries.number >= most else RetryAfter(backoff_s(tries.number, chance))


def _after_throttling(retry_after_s: float | None, attempt: int, limits: RetryLimits, chance: float) -> Decision:
    if attempt >= limits.max_tries or (retry_after_s or 0.0) > limits.max_wait_s:
        return StopTarget()
    return RetryAfter(throttle_pause_s(retry_after_s, attempt, chance), pauses_target=True)


def wait_s(again: AskAgain, attempt: int, chance: float) -> float:
    """Return the seconds to wait before a page that proves nothing yet is requested again."""
    if again.wait == "none":
        return 0.0
    if again.wait == "apart":
        return apart_s(chance)
    return backoff_s(attempt, chance)


def apart_s(chance: float) -> float:
    """Return the seconds between two looks at the same thing: in [0.5, 1). `chance` is uniform in [0, 1)."""
    return _APART_S * (1.0 + chance)


def backoff_s(attempt: int, chance: float) -> float:
    """Return the seconds to wait after try number `attempt` (from 1): in (0, min(30, 0.2 * 3^(attempt-1))].

    `chance` is uniform in [0, 1): full jitter, so that requests that failed together do not return together.
    """
    return min(_LONGEST_S, _FIRST_S * _GROWTH ** min(attempt - 1, 16)) * (1.0 - chance)


def throttle_pause_s(retry_after_s: float | None, attempt: int, chance: float) -> float:
    """Return the seconds to pause a throttled target: what it asks for, else 2 s and a longer backoff.

    The gateway's documents advise 2 to 5 seconds (swr-api.md#throttle-wait).
    """
    if retry_after_s:  # not 0: a pause that is over already would be refused again
        return retry_after_s
    return 2.0 + backoff_s(attempt + 2, chance)
