"""Schedules the walks of one target: which window is fetched next, and why the target stopped (pure).

Walks start in plan order, and windows of an older walk go before those of a younger one. So few walks are open at a
time, however many there are, and memory holds the keys of open walks only. Walks that rest until the census of their
center (walk/census/center_census.py) are one short page each.
"""

from collections import deque
from collections.abc import Mapping, Sequence

from crawler.crawl.observing.events import TargetStopped, WalkReopened
from crawler.crawl.observing.observer import Observer
from crawler.crawl.scheduling.ended_walks import EndedWalks
from crawler.crawl.scheduling.known_work import KnownWork
from crawler.crawl.scheduling.open_walks import OpenWalks, task_of
from crawler.crawl.scheduling.scheduled import (
    CensusResult,
    FetchTask,
    ScheduledCensus,
    ScheduledWalk,
    Split,
    TargetCensus,
)
from crawler.crawl.scheduling.walk_maker import CrawlLimits, WalkMaker
from crawler.errors import CrawlerError
from crawler.model.walk_id import Center
from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.census.total_probe import TotalProbe
from crawler.walk.passes.outcome import WalkError
from crawler.walk.rested_walk import rested, result_of
from crawler.walk.retry_policy import RetryLimits
from crawler.walk.server_profile import ServerProfile, SharedProfile
from crawler.walk.walk import Walk


class TargetScheduler:
    """All walks of one target. `error` says why the target stopped before they ended; None when it did not.

    `census` holds the census of each center that is crawled by namespace. `not_started` are walks, the next one first;
    `open` are those that have windows to fetch, `ended` those that have their verdict. `work` is what is known of them.
    """

    def __init__(
        self,
        name: str,
        walks: Sequence[ScheduledWalk],
        profile: ServerProfile,
        limits: CrawlLimits,
        observer: Observer,
        *,
        census: Mapping[Center, ScheduledCensus] | None = None,
    ) -> None:
        self.name = name
        self.walks = walks
        self.observer = observer
        self.error: CrawlerError | None = None
        self.profile = SharedProfile(profile)
        self.retry_limits = RetryLimits(limits.max_tries, limits.max_wait_s)
        self.work = KnownWork(len(walks), observer)
        self._census = TargetCensus(census or {}, walks)
        self._maker = WalkMaker(self.profile, limits, self._census)
        self.not_started = deque([*self._census.first_probes(), *walks])
        self.open = OpenWalks()
        self.ended = EndedWalks(observer)

    def stop(self, error: CrawlerError) -> None:
        """Stop the target before its walks have ended."""
        self.error = error
        self.observer.on_target_stop(TargetStopped(self.name, error))

    @property
    def done(self) -> bool:
        """Whether there is nothing more to fetch: every walk has ended, or the target stopped."""
        return self.error is not None or not (self.open or self.not_started)

    def next_task(self) -> FetchTask | None:
        """Take the next window, in flight from now on; None when a response must come first."""
        task = self.open.next_task()
        if task is not None:
            return task
        if self.not_started:
            return task_of(self.not_started[0], self.start(self.not_started[0]))
        return self.open.last_task()

    def start(self, scheduled: ScheduledWalk) -> Walk | TotalProbe:
        """Start a walk that has not started yet, and return it. Raises WalkError when it cannot be started now."""
        if scheduled not in self.not_started:
            raise WalkError(f"{scheduled.id} cannot be started now")
        self.not_started.remove(scheduled)
        walk = self._maker.new(scheduled)
        scheduled.walk = walk
        self.open.add(scheduled, walk)
        if isinstance(walk, Walk):
            self.work.on_start(scheduled, walk)
        return walk

    def on_settled(self, task: FetchTask, page: Page | None) -> None:
        """Take a settled window, with its page if it has one."""
        scheduled, walk, window = task
        if isinstance(walk, TotalProbe):
            self._on_probe(scheduled, walk)
            return
        self.work.on_settled(scheduled, walk, window, page)
        if page is not None:
            self._census.on_page(scheduled.id.center, page)
        if walk.verdict is not None:
            self.open.close(scheduled, walk)
            result = result_of(walk)
            self.ended.add(scheduled, result)
            self._go_on(self._census.on_end(scheduled, result))
        elif walk.is_resting:
            self.open.close(scheduled, walk)
            kept = None if page is None else rested(walk, page)
            scheduled.walk = None if kept else walk
            self._go_on(self._census.on_rest(scheduled, kept or walk, walk.reading.evidence.total))

    def _on_probe(self, scheduled: ScheduledWalk, probe: TotalProbe) -> None:
        if probe.result is not None:
            self.open.close(scheduled, probe)
            self._go_on(self._census.on_probe(scheduled, probe.result, probe.shown))
            self.ended.add_parent(scheduled)

    def on_doubt(self, scheduled: ScheduledWalk, window: Window) -> None:
        """Take back a settled window, whose page may belong to another request; its walk is not published yet."""
        if scheduled.is_probe:
            self._census.on_doubt(scheduled.id.center)
        elif isinstance(scheduled.walk, Walk):
            scheduled.walk.on_doubt(window)
        else:  # it has ended, or rests: it is read again
            self._census.on_reopen(scheduled)
            self.observer.on_walk_reopen(WalkReopened(scheduled.id, scheduled.ended))
            walk = self._maker.anew(scheduled)
            scheduled.walk, scheduled.result, scheduled.counted_windows = walk, None, 0
            scheduled.split = None if scheduled.own_split else scheduled.split
            self.open.add_later(scheduled, walk)

    def _go_on(self, census: CensusResult) -> None:
        self.not_started.extendleft(census.to_start)
        for scheduled, walk in census.rested:
            found = self._maker.on_census(scheduled, walk, agrees=census.agrees)
            if isinstance(found, Walk):
                scheduled.walk = found
                self.open.add_later(scheduled, found)
            else:
                self.ended.add(scheduled, found)

    def begin_split(self, split: Split, namespaces: Sequence[str]) -> None:
        """Read a walk again by namespace. Raises WalkError for one that does not await it."""
        if not split.parent.awaits_split:
            raise WalkError(f"{split.parent.id} cannot be split")
        census = split.begin(namespaces)
        self._census.add(census, split.walks)
        self.not_started.extend([census.probes[0], *split.walks])
        self.work.on_split(split)
