"""What to do when the service refuses a request: ask for a smaller page, in another order, or in the other dialect."""

import logging
from http import HTTPStatus
from typing import Literal

from crawler.crawl.engine.target_scheduler import FetchTask, ScheduledWalk, TargetScheduler
from crawler.errors import OrderRefusedError, RequestError, SizeRefusedError

log = logging.getLogger(__name__)

# restart   the walk begins again with what is accepted; this window is no longer in flight
# again     ask for the same window in the other dialect
# none      there is nothing else to try
Answer = Literal["restart", "again", "none"]


def negotiate(target: TargetScheduler, task: FetchTask, error: RequestError, *, answered_before: bool) -> Answer:
    """Step down to what the service accepts; `answered_before` when the target ever gave a page."""
    walk, window = task.walk, task.window
    stepped_down = (isinstance(error, SizeRefusedError) and walk.refuse_size(window)) or (
        isinstance(error, OrderRefusedError) and walk.refuse_order(window)
    )
    if stepped_down:
        log.info("walk.step_down", extra={"walk": str(task.run.id), "reason": str(error)})
        return "restart"
    refused = error.details.status == HTTPStatus.BAD_REQUEST
    if refused and _changes_dialect(target, task.run, answered_before=answered_before):
        log.info("target.dialect", extra={"target": task.run.id.target, "reason": str(error)})
        return "again"
    return "none"


def _changes_dialect(target: TargetScheduler, run: ScheduledWalk, *, answered_before: bool) -> bool:
    """Change the dialect when nothing was answered in this one; once for a target."""
    profile = target.profile
    if run.filtered != profile.filtered:
        return True  # refused in the old dialect, while another walk changed it
    if answered_before or not profile.may_change:
        return False
    profile.may_change, profile.filtered = False, not profile.filtered
    return True
