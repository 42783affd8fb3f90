"""What to do when the service refuses a request: try a smaller page, another order, or the other dialect.

In this order:
1. SizeRefusedError: the walk starts again with the next smaller page size, unless its first page was read.
2. OrderRefusedError: the walk starts again with the next sort column, unless its first page was read.
3. HTTP 400: the same request in the other dialect; once for a target, while it never sent a page and the setting
   `dialect` is `auto`.
4. Anything else: the window is given up. At or beyond the declared total, 400, 404 and 416 are the end of the list.
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, Literal

from crawler.crawl.scheduling.scheduled import FetchTask, ScheduledWalk
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.errors import OrderRefusedError, RequestError, SizeRefusedError
from crawler.walk.server_profile import OtherDialect, Refused

log = logging.getLogger(__name__)

_REFUSED: Final[Mapping[type[RequestError], Refused]] = {SizeRefusedError: "size", OrderRefusedError: "order"}

# restart   the walk starts again with what is accepted; this window is no longer in flight
# retry     request the same window in the other dialect
# give up   there is nothing else to try
NextStep = Literal["restart", "retry", "give up"]


def negotiate(target: TargetScheduler, task: FetchTask, error: RequestError, *, had_page: bool) -> NextStep:
    """Step down to what the service accepts, and return what to do next; `had_page` when the target ever sent a page.

    Changes the target's ServerProfile, so that all its walks profit.
    """
    walk, window = task.walk, task.window
    refused = _REFUSED.get(type(error))
    stepped_down = refused is not None and walk.on_shape_refused(window, refused)
    if stepped_down:
        log.info("walk.step_down", extra={"walk": str(task.scheduled.id), "reason": str(error)})
        return "restart"
    bad_request = error.details.status == HTTPStatus.BAD_REQUEST
    if bad_request and _changes_dialect(target, task.scheduled, had_page=had_page):
        log.info("target.dialect", extra={"target": task.scheduled.id.target, "reason": str(error)})
        return "retry"
    return "give up"


def _changes_dialect(target: TargetScheduler, scheduled: ScheduledWalk, *, had_page: bool) -> bool:
    """Change the dialect, once for a target, while nothing was answered in the present one."""
    profile = target.profile.present
    if scheduled.filtered != profile.filtered:
        return True  # refused in the old dialect; another walk has changed it since
    if had_page or not profile.may_change:
        return False
    target.profile.learn(OtherDialect())
    return True
