"""Counts the events of a run, target by target (pure)."""

from collections.abc import Iterable

from crawler.crawl.observing.events import (
    DoubtfulPage,
    PageRead,
    RequestEnded,
    RequestRetried,
    TargetStopped,
    TargetThrottled,
    TargetWork,
    WalkEnded,
    WalkNotice,
    WalkReopened,
    WalkSplit,
    WalkStarted,
    WindowUnread,
)
from crawler.crawl.observing.observer import Observer
from crawler.crawl.observing.target_stats import TargetStats
from crawler.swr.request import ListRequest


class RunStatistics(Observer):
    """The counts of each target that has begun. Events of other targets, such as those of discovery, are not counted.

    `requests`, `by_status`, `retries` and `throttled_s` are of this process; the other counts include what a journal
    tells of earlier ones.
    """

    def __init__(self, targets: Iterable[TargetStats] = ()) -> None:
        self._targets: dict[str, TargetStats] = {}
        for stats in targets:
            self.begin(stats)

    def begin(self, stats: TargetStats) -> None:
        """Count into `stats` from now on, in place of what was counted of its target."""
        self._targets[stats.target] = stats

    @property
    def targets(self) -> tuple[TargetStats, ...]:
        """The statistics of all targets, in the order in which they first began; they change as the run goes on."""
        return tuple(self._targets.values())

    def copies(self) -> tuple[TargetStats, ...]:
        """Return copies of the statistics."""
        return tuple(stats.copy() for stats in self._targets.values())

    def on_request(self, request: RequestEnded) -> None:
        """Count a request for a page by its status."""
        stats = self._targets.get(request.target)
        if stats is not None and isinstance(request.request, ListRequest):
            stats.on_response(request.status)

    def on_page(self, page: PageRead) -> None:
        """Count a page and what is on it."""
        stats = self._targets[page.walk.target]
        stats.pages += 1
        stats.records += page.records
        stats.rejected += page.rejects
        stats.windows_done += 1
        _take(stats, page.work)

    def on_window_unread(self, window: WindowUnread) -> None:
        """Count a window that has no page."""
        stats = self._targets[window.walk.target]
        stats.windows_done += 1
        _take(stats, window.work)

    def on_walk_start(self, started: WalkStarted) -> None:
        """Count a walk and its first window."""
        _take(self._targets[started.walk.target], started.work)

    def on_walk_end(self, ended: WalkEnded) -> None:
        """Count a walk that has ended; one that awaits a split has not."""
        self._targets[ended.walk.target].walks_ended += not ended.awaits_split

    def on_walk_not_split(self, notice: WalkNotice) -> None:
        """Count a walk that awaited a split."""
        self._targets[notice.walk.target].walks_ended += 1

    def on_walk_reopen(self, reopened: WalkReopened) -> None:
        """Take a walk back that was counted."""
        self._targets[reopened.walk.target].walks_ended -= reopened.had_ended

    def on_walk_split(self, split: WalkSplit) -> None:
        """Count the walks in place of one that awaited its split."""
        _take(self._targets[split.walk.target], split.work)

    def on_retry(self, retry: RequestRetried) -> None:
        """Count a request that is sent again."""
        self._targets[retry.walk.target].retries += 1

    def on_doubtful_page(self, page: DoubtfulPage) -> None:
        """Count the request by which a page is checked."""
        self._targets[page.walk.target].retries += 1

    def on_throttle(self, throttled: TargetThrottled) -> None:
        """Take how long a target was paused by now."""
        stats = self._targets.get(throttled.target)
        if stats is not None:
            stats.throttled_s = throttled.throttled_s

    def on_target_stop(self, stopped: TargetStopped) -> None:
        """Take why a target stopped."""
        self._targets[stopped.target].error = str(stopped.error)


def _take(stats: TargetStats, work: TargetWork) -> None:
    stats.walks, stats.walks_started = work.walks, work.walks_started
    stats.windows, stats.declared = work.windows, work.declared
