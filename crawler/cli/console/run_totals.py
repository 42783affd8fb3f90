"""The totals of a run that has ended (pure): what the summary says to people and to programs."""

from collections import Counter
from typing import Literal, NamedTuple

from crawler.crawl.observing.target_stats import NO_ANSWER
from crawler.crawl.result import RunResult
from crawler.snapshot.completeness import sum_if_known
from crawler.snapshot.manifest import WalkEntry
from crawler.text.human import count, counted, duration

Status = Literal["complete", "incomplete", "unfinished"]


class RunTotals(NamedTuple):
    """The totals of a run.

    `walks` are the published ones, and `records`, `rejects`, `duplicates`, `declared` and `missing` are their sums;
    `declared`, `missing` and `uncovered` are None when one of their numbers is not known, the first two also when a
    target failed: what it holds is not known. `by_status` counts this process's requests by HTTP status.
    """

    status: Status
    seconds: float
    walks: tuple[WalkEntry, ...]
    records: int
    rejects: int
    duplicates: int
    declared: int | None
    missing: int | None
    uncovered: int | None
    by_status: Counter[str]
    retries: int
    throttled_s: float


def status_of(result: RunResult) -> Status:
    """Return the status of what a run published, `unfinished` when it stopped before."""
    return result.status or "unfinished"


def totals_of(result: RunResult) -> RunTotals:
    """Return the totals of a run. A run that stopped before its end has published no walk into its folder."""
    walks = result.walks if result.status is not None or result.state is None else ()
    known = not _has_failed_target(result)
    return RunTotals(
        status=status_of(result),
        seconds=max(0.0, (result.finished_at - result.started_at).total_seconds()),
        walks=walks,
        records=sum(walk.records for walk in walks),
        rejects=sum(walk.rejects for walk in walks),
        duplicates=sum(walk.duplicates for walk in walks),
        declared=sum_if_known(walk.declared for walk in walks) if known else None,
        missing=sum_if_known(walk.missing for walk in walks) if known else None,
        uncovered=sum_if_known(center.uncovered for center in result.coverage),
        by_status=sum((target.by_status for target in result.stats), Counter()),
        retries=sum(target.retries for target in result.stats),
        throttled_s=sum(target.throttled_s for target in result.stats),
    )


def _has_failed_target(result: RunResult) -> bool:
    return result.status is not None and any(target.state == "failed" for target in result.targets)


def time_text(result: RunResult, totals: RunTotals) -> str:
    """Return how long a run took, and how often it was resumed."""
    took = duration(totals.seconds)
    if not result.resumed:
        return took
    times = "once" if result.resumed == 1 else f"{count(result.resumed)} times"
    return f"{took} since the first start; resumed {times}"


def requests_text(result: RunResult, totals: RunTotals) -> str:
    """Return the requests of this process by their status, its retries, and how long the service throttled it."""
    by_status = totals.by_status
    kinds = [f"{count(number)} {_status(status)}" for status, number in by_status.most_common()]
    parts = [f"{count(by_status.total())}{' since then' if result.resumed else ''}"]
    if kinds:
        parts[0] += f": {', '.join(kinds)}"
    if totals.retries:
        parts.append(counted(totals.retries, "retry", "retries"))
    if totals.throttled_s:
        parts.append(f"throttled by the service for {duration(totals.throttled_s)}")
    return "; ".join(parts)


def _status(status: str) -> str:
    return "without a response" if status == NO_ANSWER else f"HTTP {status}"
