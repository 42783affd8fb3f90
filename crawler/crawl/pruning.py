"""Removes old snapshots after a complete one is published, as `[retention]` says."""

from datetime import datetime

from crawler.config.config import Config
from crawler.crawl.concurrency.stopping import raise_if_asked
from crawler.crawl.result import RunResult
from crawler.model.stop_reason import StopSource
from crawler.snapshot.layout import WORK
from crawler.store.output.workspace import Workspace


def is_to_prune(config: Config, result: RunResult) -> bool:
    """Return whether older snapshots are to be removed: there is a rule, and a complete snapshot in the output."""
    return config.retention.has_rule and result.path is not None and result.status == "complete"


def pruned(config: Config, workspace: Workspace, result: RunResult, now: datetime, stop: StopSource) -> RunResult:
    """Remove them, and return the result with what was removed. It blocks, and raises nothing; `stop` ends it early."""
    from crawler.store.retention.prune import prune_after_run  # noqa: PLC0415 - for a run with rules only

    def check() -> None:
        raise_if_asked(stop)
        workspace.destination.verify()

    work = workspace.output / WORK
    return result._replace(pruned=prune_after_run(work, config.retention, now, check))
