"""How a crawl ended (pure): the summary, `--summary-file` and the exit code are made from it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import NamedTuple

from crawler.config.settings.run_settings import Require
from crawler.crawl.observing.target_stats import TargetStats
from crawler.errors import SIGNALLED, CrawlerError, IncompleteError, UnavailableError
from crawler.model.stop_reason import StopReason
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


class Result(NamedTuple):
    """How a crawl ended.

    `status` is that of the records that were published, to a folder or to standard output; None for a run that stopped
    before: then the reason is in `errors`, by target, or `stop_reason` is a signal or a deadline. `manifest` and `path`
    are None when there is no published folder. `errors` may also hold why some targets of a published snapshot failed.
    `state` is the folder from which the same command resumes the run, None when nothing is left to do.
    """

    exit_code: int
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


def exit_code_of(
    errors: Mapping[str, CrawlerError], stop_reason: StopReason, status: Status | None, require: Require = "all"
) -> int:
    """Return the exit code of a crawl; `status` is that of its snapshot, None when nothing could be published.

    | published, complete            | 0                                                                   |
    | published, not complete        | 3                                                                   |
    | published, but targets failed  | the largest of their exit codes; 3 if `require` is "any"            |
    | stopped by a signal            | 128 + its number                                                    |
    | targets stopped with an error  | the largest of their exit codes: refused credentials before an outage |
    | `max_duration` is over         | 75                                                                  |
    """
    if status is not None and not (errors and require == "all"):
        return 0 if status == "complete" else IncompleteError.exit_code
    if stop_reason.kind == "signal":
        return SIGNALLED + stop_reason.signal_number
    return max((error.exit_code for error in errors.values()), default=UnavailableError.exit_code)
