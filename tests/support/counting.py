"""A scheduler's statistics in tests: it is given an observer that counts."""

from crawler.crawl.observing.run_statistics import RunStatistics
from crawler.crawl.observing.target_stats import TargetStats
from crawler.crawl.scheduling.target_scheduler import TargetScheduler


def counting(walks: int, target: str = "t") -> RunStatistics:
    """Return an observer that counts the events of one target, which has so many walks."""
    return RunStatistics([TargetStats(target, walks, None)])


def stats_of(target: TargetScheduler) -> TargetStats:
    """Return what the observer of a scheduler has counted."""
    assert isinstance(target.observer, RunStatistics)
    (stats,) = target.observer.targets
    return stats
