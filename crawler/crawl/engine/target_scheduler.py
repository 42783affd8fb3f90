"""The walks of one target: which window goes next, what is counted, why it stopped.

Walks are begun in plan order, and an older walk's windows go before a younger one's, so that few walks are
open at a time whatever their number: memory holds the keys of open walks only.
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


# A service may name as many unknown fields as it likes; the report of them is read by a person.
_MOST_FIELDS: Final = 1000


class ScheduledWalk:
    """One walk of the plan, and what was spent on it. `walk` is None before it begins, and again when it is published.

    A `census` is no walk of the plan: it asks a whole center for its total, to be held against the walks of its
    namespaces; its page is kept for a resume and not published, under an `index` below 0. `filtered` says in which
    dialect the last page was asked for.
    """

    __slots__ = ("census", "counted_total", "counted_windows", "filtered", "id", "index", "requests", "walk")

    def __init__(self, index: int, walk_id: WalkId, *, census: bool = False) -> None:
        self.index = index
        self.id = walk_id
        self.census = census
        self.filtered = False
        self.walk: Walk | None = None
        self.requests = 0
        self.counted_total = 0  # what the tally knows of it
        self.counted_windows = 0

    @property
    def ended(self) -> bool:
        """Whether the walk has its verdict."""
        return self.walk is not None and self.walk.verdict is not None


class CrawlLimits(NamedTuple):
    """How far to go: tries for each window, passes for each walk, and whether a proof is looked at twice.

    With `first_page_only` each walk ends with its first page: for a survey of the totals.
    """

    max_tries: int
    max_passes: int
    double_read: bool
    first_page_only: bool = False


class FetchTask(NamedTuple):
    """One window of one walk, to be asked for now."""

    run: ScheduledWalk
    walk: Walk
    window: Window


class TargetScheduler:
    """All walks of one target. `error` says why it stopped before they ended; None when it didn't."""

    def __init__(
        self, runs: Sequence[ScheduledWalk], dialect: ServerProfile, bounds: CrawlLimits, tally: TargetStats
    ) -> None:
        self.runs = runs
        self.limits = bounds
        self.stats = tally
        self.error: CrawlerError | None = None
        self.unknown_fields: set[str] = set()
        self.profile = dialect
        self._to_begin = deque(runs)
        self._open: list[tuple[ScheduledWalk, Walk]] = []

    def stop(self, error: CrawlerError) -> None:
        """End the target before its walks have ended."""
        self.error = error
        self.stats.error = str(error)
        log.error("target.stop", extra={"target": self.stats.target, "reason": str(error)})

    @property
    def done(self) -> bool:
        """Whether there is nothing more to ask: every walk ended, or the target stopped."""
        return self.error is not None or not (self._open or self._to_begin)

    def next_task(self) -> FetchTask | None:
        """Take the next window in flight; None when all that can be asked now is."""
        for run, walk in self._open:
            if walk.waiting:
                continue
            window = walk.next_window()
            if window is not None:
                return FetchTask(run, walk, window)
        if self._to_begin:
            run = self._to_begin[0]
            walk = self.begin(run)
            window = walk.next_window()
            if window is not None:
                return FetchTask(run, walk, window)
        return None

    def begin(self, run: ScheduledWalk) -> Walk:
        """Open a walk of the plan that has not begun."""
        self._to_begin.remove(run)
        walk = Walk(
            ServerProfile(1, self.profile.orders) if run.census else self.profile,
            max_passes=self.limits.max_passes,
            double_read=self.limits.double_read,
            first_page_only=self.limits.first_page_only or run.census,
        )
        run.walk = walk
        if self._open and run.index < self._open[-1][0].index:  # a resume begins them as its journal names them
            insort(self._open, (run, walk), key=lambda one: one[0].index)
        else:
            self._open.append((run, walk))
        if not run.census:
            self.stats.walks_started += 1
            self._count_plan(run, walk)
        return walk

    def on_settled(self, run: ScheduledWalk, walk: Walk, page: Page | None) -> None:
        """Count a window that is settled: by its page, or lost when None."""
        if run.census:
            self.profile.counts_walks |= (walk.declared or 0) > 1  # it asked for one item
            self._open.remove((run, walk))
            return
        self.stats.windows_done += 1
        if page is not None:
            self.stats.pages += 1
            self.stats.records += page.items.records
            self.stats.rejected += page.items.rejected
            self._report_unknown(run, page)
        self._count_plan(run, walk)
        if walk.verdict is not None:
            self.stats.walks_ended += 1
            self._open.remove((run, walk))
            expected = self.limits.first_page_only or walk.verdict == "complete"
            level = logging.DEBUG if expected else logging.WARNING
            if log.isEnabledFor(level):  # of twenty thousand walks it mostly is not
                log.log(level, "walk.end", extra={"walk": str(run.id), "verdict": walk.verdict, "passes": walk.passes})

    def _count_plan(self, run: ScheduledWalk, walk: Walk) -> None:
        if walk.known:
            self.stats.declared += walk.total - run.counted_total
            run.counted_total = walk.total
        windows = walk.windows
        self.stats.windows += windows - run.counted_windows
        run.counted_windows = windows

    def _report_unknown(self, run: ScheduledWalk, page: Page) -> None:
        new = page.items.unknown - self.unknown_fields
        if new and len(self.unknown_fields) < _MOST_FIELDS:
            self.unknown_fields |= new
            log.warning("field.unknown", extra={"walk": str(run.id), "fields": sorted(new)})
