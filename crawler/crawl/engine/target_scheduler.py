"""Schedules the walks of one target: which window is fetched next, what is counted, and why the target stopped.

Walks start in plan order, and windows of an older walk go before those of a younger one. So few walks are open at a
time, however many there are, and memory holds the keys of open walks only.
"""

import logging
from bisect import insort
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from crawler.crawl.engine.target_stats import TargetStats
from crawler.errors import CrawlerError
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.server_profile import ServerProfile
from crawler.walk.walk import Walk

log = logging.getLogger(__name__)


# A service may send any number of unknown fields; a person reads the report of them.
_MAX_UNKNOWN_FIELDS: Final = 1000


class ScheduledWalk:
    """One walk of the plan, and what the crawl spent on it.

    `walk` is None before the walk starts, and again once it is published. `filtered` says whether its last request
    packed all parameters into `filter`. A `total_only` walk is not part of the plan: it asks a whole center for its
    total, to compare with the walks of the center's namespaces. Its page is kept for a resume and never published;
    its `index` is below 0. It is published when it has ended and none of its pages is `uncertain`
    (uncertain_pages.py).
    """

    __slots__ = (
        "counted_total",
        "counted_windows",
        "filtered",
        "id",
        "index",
        "requests",
        "total_only",
        "uncertain",
        "walk",
    )

    def __init__(self, index: int, walk_id: WalkId, *, total_only: bool = False) -> None:
        self.index = index
        self.id = walk_id
        self.total_only = total_only
        self.filtered = False
        self.walk: Walk | None = None
        self.requests = 0
        self.uncertain = 0
        self.counted_total = 0  # what the target's statistics include of this walk
        self.counted_windows = 0

    @property
    def ended(self) -> bool:
        """Whether the walk has its verdict."""
        return self.walk is not None and self.walk.verdict is not None


class CrawlLimits(NamedTuple):
    """How often to try: each window `max_tries` times, each walk in `max_passes` passes; see Walk for the rest.

    With `first_page_only` each walk ends with its first page: `plan` needs no more than the totals.
    """

    max_tries: int
    max_passes: int
    double_read: bool
    first_page_only: bool = False


class FetchTask(NamedTuple):
    """One window of one walk, to be fetched now."""

    scheduled: ScheduledWalk
    walk: Walk
    window: Window


class TargetScheduler:
    """All walks of one target. `error` says why the target stopped before they ended; None when it did not."""

    def __init__(
        self, walks: Sequence[ScheduledWalk], profile: ServerProfile, limits: CrawlLimits, stats: TargetStats
    ) -> None:
        self.walks = walks
        self.profile = profile
        self.limits = limits
        self.stats = stats
        self.error: CrawlerError | None = None
        self.unknown_fields: set[str] = set()
        self._not_started = deque(walks)
        self._open: list[tuple[ScheduledWalk, Walk]] = []  # in plan order

    def stop(self, error: CrawlerError) -> None:
        """Stop the target before its walks have ended."""
        self.error = error
        self.stats.error = str(error)
        log.error("target.stop", extra={"target": self.stats.target, "reason": str(error)})

    @property
    def done(self) -> bool:
        """Whether there is nothing more to fetch: every walk has ended, or the target stopped."""
        return self.error is not None or not (self._open or self._not_started)

    def next_task(self) -> FetchTask | None:
        """Take the next window, in flight from now on; None when a response must come first."""
        for scheduled, walk in self._open:
            if walk.waiting:
                continue
            window = walk.next_window()
            if window is not None:
                return FetchTask(scheduled, walk, window)
        if self._not_started:
            scheduled = self._not_started[0]
            walk = self.start(scheduled)
            window = walk.next_window()
            if window is not None:
                return FetchTask(scheduled, walk, window)
        return None

    def start(self, scheduled: ScheduledWalk) -> Walk:
        """Start a walk that has not started yet, and return it."""
        self._not_started.remove(scheduled)
        walk = Walk(
            ServerProfile(1, self.profile.orders) if scheduled.total_only else self.profile,
            max_passes=self.limits.max_passes,
            double_read=self.limits.double_read,
            first_page_only=self.limits.first_page_only or scheduled.total_only,
        )
        scheduled.walk = walk
        self._open_walk(scheduled, walk)
        if not scheduled.total_only:
            self.stats.walks_started += 1
            self._count_planned(scheduled, walk)
        return walk

    def _open_walk(self, scheduled: ScheduledWalk, walk: Walk) -> None:
        # A resume starts walks in the journal's order, and a doubt opens one again.
        if self._open and scheduled.index < self._open[-1][0].index:
            insort(self._open, (scheduled, walk), key=lambda one: one[0].index)
        else:
            self._open.append((scheduled, walk))

    def on_doubt(self, scheduled: ScheduledWalk, walk: Walk, window: Window) -> None:
        """Tell a walk that is not published yet that the page of a settled window is not its own."""
        had_ended = walk.verdict is not None
        walk.on_doubt(window)
        if had_ended and walk.verdict is None:
            self._open_walk(scheduled, walk)
            if not scheduled.total_only:
                self.stats.walks_ended -= 1
                self._count_planned(scheduled, walk)

    def on_settled(self, scheduled: ScheduledWalk, walk: Walk, page: Page | None) -> None:
        """Count a settled window: one that was read, with its page, or with None a lost one."""
        if scheduled.total_only:
            self.profile.totals_trusted |= (walk.declared or 0) > 1  # it asked for one item
            self._open.remove((scheduled, walk))
            return
        self.stats.windows_done += 1
        if page is not None:
            self.stats.pages += 1
            self.stats.records += page.items.records
            self.stats.rejected += page.items.rejected
            self._report_unknown_fields(scheduled, page)
        self._count_planned(scheduled, walk)
        if walk.verdict is not None:
            self.stats.walks_ended += 1
            self._open.remove((scheduled, walk))
            expected = self.limits.first_page_only or walk.verdict == "complete"
            level = logging.DEBUG if expected else logging.WARNING
            if log.isEnabledFor(level):  # a plan may have tens of thousands of walks
                extra = {"walk": str(scheduled.id), "verdict": walk.verdict, "passes": walk.passes}
                log.log(level, "walk.end", extra=extra)

    def _count_planned(self, scheduled: ScheduledWalk, walk: Walk) -> None:
        if walk.has_first_page:
            self.stats.declared += walk.total - scheduled.counted_total
            scheduled.counted_total = walk.total
        windows = walk.windows
        self.stats.windows += windows - scheduled.counted_windows
        scheduled.counted_windows = windows

    def _report_unknown_fields(self, scheduled: ScheduledWalk, page: Page) -> None:
        new = page.items.unknown - self.unknown_fields
        if new and len(self.unknown_fields) < _MAX_UNKNOWN_FIELDS:
            self.unknown_fields |= new
            log.warning("field.unknown", extra={"walk": str(scheduled.id), "fields": sorted(new)})
