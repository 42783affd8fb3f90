"""How a crawl ended (pure): what is told to people, to `--summary-file`, and to the shell as an exit code."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import NamedTuple

from crawler.crawl.engine.target_stats import TargetStats
from crawler.errors import CrawlerError
from crawler.model.stop_reason import StopReason
from crawler.snapshot.manifest import Coverage, Manifest, WalkEntry


class Result(NamedTuple):
    """How a crawl ended.

    `manifest` and `path` are None when nothing was published: then `errors` says why, by target, or `ending`
    was a signal or a deadline, and the state is kept under `state` for the same command to go on with.
    """

    exit_code: int
    ending: StopReason
    started_at: datetime
    finished_at: datetime
    stats: tuple[TargetStats, ...]
    walks: tuple[WalkEntry, ...]
    coverage: tuple[Coverage, ...]
    errors: Mapping[str, CrawlerError]
    snapshot: str
    resumed: int
    manifest: Manifest | None
    path: PurePath | None
    state: PurePath | None
