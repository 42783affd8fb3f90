"""The retry policy: which failure of a request leads to what, and how long to wait (pure: chance is an argument).

| failure                                | what follows                                                | where   |
|----------------------------------------|-------------------------------------------------------------|---------|
| TransientError                         | retry the window after `backoff_s`                          | fetch   |
| the same, at the last of `max_tries`   | lose the window if the service answers other requests,      | fetch   |
|                                        | else stop the target: exit code 75                          |         |
| ThrottledError                         | pause the target for `throttle_pause_s`, then retry         | fetch   |
| the same, at the last of `max_tries`   | stop the target: exit code 75                               | fetch   |
| 401, and the credentials worked before | renew the credentials, then send the request again          | request |
| 401 otherwise                          | stop the target: exit code 77                               | fetch   |
| SizeRefusedError, OrderRefusedError    | a smaller page, another sort column                         | refuse  |
| HTTP 400 before any page               | the same request in the other dialect                       | refuse  |
| RefusedError otherwise                 | lose the window                                             | refuse  |
| a first page that proves nothing alone | request it again, at once or after `backoff_s`              | page    |
| a page shorter than its window         | retry after `backoff_s`, three tries at most; then keep it, | page    |
|                                        | and note the gap                                            |         |
| a page that may be another request's   | request it again; if it is another page now, the walk reads | doubt   |
|                                        | one more pass                                               |         |

Where: fetch is WindowFetcher.fetch (crawl/engine/window_fetcher.py), request is PageRequester.get_page, refuse is
negotiate (crawl/engine/negotiation.py), page is Walk.on_page (walk/walk.py), doubt is UncertainPages
(crawl/engine/uncertain_pages.py).

Which response is which error is decided in swr/error_response.py and swr/http/failures.py.

Source: docs/reference/swr-api.md#retry-classes (which failures pass), #throttle-wait, #retry-after (how long).
"""

from typing import Final

_FIRST_S: Final = 0.2  # most failures pass at once, and the run lasts until its last window has waited
_GROWTH: Final = 3.0
_LONGEST_S: Final = 30.0
_LONGEST_RETRY_AFTER_S: Final = 3600.0  # a longer Retry-After is a mistake of the server


def backoff_s(attempt: int, chance: float) -> float:
    """Return the seconds to wait after try number `attempt` (from 1): in (0, min(30, 0.2 * 3^(attempt-1))].

    `chance` is uniform in [0, 1): full jitter, so that requests that failed together do not return together.
    """
    return min(_LONGEST_S, _FIRST_S * _GROWTH ** min(attempt - 1, 16)) * (1.0 - chance)


def throttle_pause_s(retry_after_s: float | None, attempt: int, chance: float) -> float:
    """Return the seconds to pause a throttled target: its Retry-After, up to an hour, else 2 s and a longer backoff.

    The gateway's documents advise 2 to 5 seconds (swr-api.md#throttle-wait).
    """
    if retry_after_s:  # not 0: a pause that is over already would be refused again
        return min(retry_after_s, _LONGEST_RETRY_AFTER_S)
    return 2.0 + backoff_s(attempt + 2, chance)
