"""How a crawl ended (pure): the summary, `--summary-file` and the exit code of the command are made from it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Final, NamedTuple

from crawler.config.settings.run_settings import Require
from crawler.crawl.observing.target_stats import TargetStats
from crawler.errors import CrawlerError, ErrorKind, IncompleteError, UnavailableError
from crawler.model.stop_reason import StopReason, interruption
from crawler.snapshot.completeness import Shortfall
from crawler.snapshot.history.retention import Pruned
from crawler.snapshot.manifest import (
    CarriedOver,
    Coverage,
    Manifest,
    Overlap,
    Shrinkage,
    Status,
    TargetEntry,
    WalkEntry,
)
from crawler.text.human import counted, escaped

# Of several targets that failed: an outage passes by itself, a setting that is wrong does not.
_SEVERITY: Final[tuple[ErrorKind, ...]] = (
    "interrupted",
    "usage",
    "incomplete",
    "disk",
    "unavailable",
    "credentials",
    "config",
)


class RunResult(NamedTuple):
    """How a crawl ended.

    `status` is that of the records that were published, to a folder or to standard output; None for a run that stopped
    before: then the reason is in `errors`, by target, or `stop_reason` is a signal or a deadline. `manifest` and `path`
    are None when there is no published folder. `errors` may also hold why some targets of a published snapshot failed.
    `state` is the folder from which the same command resumes the run, None when nothing is left to do. `require` is
    that of the configuration: whether a published snapshot may lack targets that failed. `shortfalls` say why what was
    published is not complete. `pruned` says which older snapshots were removed after that; None when none was to be.
    """

    stop_reason: StopReason
    started_at: datetime
    finished_at: datetime
    stats: tuple[TargetStats, ...]
    walks: tuple[WalkEntry, ...]
    coverage: tuple[Coverage, ...]
    shrinkage: tuple[Shrinkage, ...]
    overlaps: tuple[Overlap, ...]
    errors: Mapping[str, CrawlerError]
    snapshot: str
    resumed: int
    manifest: Manifest | None
    path: PurePath | None
    state: PurePath | None
    status: Status | None
    targets: tuple[TargetEntry, ...] = ()
    carried_over: tuple[CarriedOver, ...] = ()
    require: Require = "all"
    shortfalls: tuple[Shortfall, ...] = ()
    pruned: Pruned | None = None

    def failure(self) -> CrawlerError | None:
        """Return the error that stands for how the crawl ended; None when a complete snapshot is published.

        | published, not complete        | an IncompleteError                                                        |
        | published, but targets failed  | the most severe error of a target; IncompleteError if `require` is "any"  |
        | stopped by a signal            | an InterruptedRunError                                                    |
        | targets stopped with an error  | the most severe one of them                                               |
        | `max_duration` is over         | an UnavailableError                                                       |
        | nothing is left to request     | an IncompleteError: that is a bug                                         |
        """
        if self.status is not None and not (self.errors and self.require == "all"):
            return None if self.status == "complete" else IncompleteError(self._incomplete())
        if self.stop_reason.kind in {"signal", "cancelled"}:
            return interruption(self.stop_reason)
        if self.errors:
            return max(self.errors.values(), key=lambda error: _SEVERITY.index(error.kind))
        if self.stop_reason.kind == "deadline":
            return UnavailableError("max_duration is over before every walk has ended; rerun the same command")
        reason = "nothing is left to request, and yet some walks have not ended"
        return IncompleteError(f"{reason}; this is a bug in swr-crawler: please report it")

    def _incomplete(self) -> str:
        first, *others = self.shortfalls or (None,)
        why = "it falls short of its plan" if first is None else f"{first.place} {first.text}"
        more = f", and {counted(len(others), 'more reason')}" if others else ""
        return f"snapshot {self.snapshot} is published, but it is not complete: {escaped(why)}{more}"
