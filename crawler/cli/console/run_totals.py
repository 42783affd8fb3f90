"""The totals of a run that has ended (pure): what the summary says to people and to programs."""

from collections import Counter
from typing import Final, Literal, NamedTuple

from crawler.crawl.result import Result
from crawler.snapshot.completeness import sum_if_known
from crawler.snapshot.manifest import WalkEntry

Status = Literal["complete", "incomplete", "unfinished"]

_FINISHED: Final = frozenset({0, 3})  # the exit codes of runs whose walks have all ended


class RunTotals(NamedTuple):
    """The totals of a run.

    `walks` are the published ones, and `records`, `rejects`, `duplicates`, `declared` and `missing` are their sums;
    `declared`, `missing` and `uncovered` are None when one of their numbers is not known. `by_status` counts this
    process's requests by HTTP status.
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


def status_of(result: Result) -> Status:
    """Return `complete` for exit code 0; else `incomplete` when all walks have ended, `unfinished` when not."""
    if result.exit_code not in _FINISHED:
        return "unfinished"
    return "incomplete" if result.exit_code else "complete"


def totals_of(result: Result) -> RunTotals:
    """Return the totals of a run. A run that keeps its state has published no walk."""
    walks = result.walks if result.state is None else ()
    return RunTotals(
        status=status_of(result),
        seconds=max(0.0, (result.finished_at - result.started_at).total_seconds()),
        walks=walks,
        records=sum(walk.records for walk in walks),
        rejects=sum(walk.rejects for walk in walks),
        duplicates=sum(walk.duplicates for walk in walks),
        declared=sum_if_known(walk.declared for walk in walks),
        missing=sum_if_known(walk.missing for walk in walks),
        uncovered=sum_if_known(center.uncovered for center in result.coverage),
        by_status=sum((target.by_status for target in result.stats), Counter()),
        retries=sum(target.retries for target in result.stats),
        throttled_s=sum(target.throttled_s for target in result.stats),
    )
