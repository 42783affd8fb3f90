"""Makes the walks of one target: new ones, and those that are read again (pure)."""

from math import inf
from typing import NamedTuple

from crawler.crawl.scheduling.scheduled import ScheduledWalk, TargetCensus
from crawler.walk.census.total_probe import TotalProbe
from crawler.walk.pass_sequence import WalkRules
from crawler.walk.rested_walk import RestedWalk, WalkResult, result_of
from crawler.walk.server_profile import SharedProfile
from crawler.walk.walk import Walk


class CrawlLimits(NamedTuple):
    """How often to try: each window `max_tries` times, each walk in `max_passes` passes; see WalkRules for the rest.

    A target is paused for at most `max_wait_s` seconds.
    """

    max_tries: int
    max_passes: int
    double_read: bool
    max_wait_s: float = inf


class WalkMaker:
    """Makes walks that share a profile, each with its rules."""

    def __init__(self, profile: SharedProfile, limits: CrawlLimits, census: TargetCensus) -> None:
        self._profile = profile
        self._limits = limits
        self._census = census

    def new(self, scheduled: ScheduledWalk) -> Walk | TotalProbe:
        """Return a walk that starts, or the probe that it is."""
        return TotalProbe(self._profile) if scheduled.is_probe else Walk(self._profile, self._rules(scheduled))

    def anew(self, scheduled: ScheduledWalk) -> Walk:
        """Return a walk in place of one that has ended, or rests, and is read again; no census vouches for it."""
        passes = scheduled.result.passes if scheduled.result else 1
        return Walk(self._profile, self._rules(scheduled)._replace(is_vouched=False, passes_before=passes))

    def on_census(self, scheduled: ScheduledWalk, walk: Walk | RestedWalk, *, agrees: bool) -> Walk | WalkResult:
        """Return the result of a walk that rests, when the census agrees with it; else the walk, which goes on.

        It goes on, too, when an earlier pass saw more.
        """
        found = self._on_census(scheduled, walk, agrees=agrees)
        if agrees and isinstance(found, Walk):
            self._census.on_reopen(scheduled)
        return found

    def _on_census(self, scheduled: ScheduledWalk, walk: Walk | RestedWalk, *, agrees: bool) -> Walk | WalkResult:
        if isinstance(walk, RestedWalk):
            vouched = agrees and self._profile.present.is_obeyed
            return walk.result() if vouched else walk.reopened(self._profile, self._rules(scheduled))
        walk.on_census(agrees=agrees)
        return walk if walk.verdict is None else result_of(walk)

    def _rules(self, scheduled: ScheduledWalk) -> WalkRules:
        limits = self._limits
        return WalkRules(limits.max_passes, limits.double_read, is_vouched=self._census.covers(scheduled.id.center))
