"""Writes events to the log: a line for each that a person may have to know of (cli/console/log_events.py)."""

import logging

from crawler.crawl.observing.events import (
    CachedPage,
    DialectAdopted,
    DiscoveryRetried,
    DoubtfulPage,
    FailedWindow,
    FieldsFound,
    InvalidNamespaces,
    JournalTruncated,
    RequestRetried,
    RunResumed,
    StopRequested,
    TargetStopped,
    TargetThrottled,
    WalkEnded,
    WalkNotice,
    WalkSplit,
)
from crawler.crawl.observing.observer import Observer

log = logging.getLogger(__name__)


class LogObserver(Observer):
    """Logs events to a logger of this package; what is done with them is the program's business."""

    # ---- the run

    def on_journal_truncated(self, journal: JournalTruncated) -> None:
        """Log `run.journal_truncated`."""
        log.warning("run.journal_truncated", extra={"snapshot": journal.snapshot, "reason": journal.reason})

    def on_resume(self, resumed: RunResumed) -> None:
        """Log `run.resume`."""
        of = {"snapshot": resumed.snapshot, "windows": resumed.windows}
        extra = {**of, "restarted_walks": resumed.restarted_walks, "truncated_bytes": resumed.truncated_bytes}
        log.warning("run.resume", extra=extra)

    def on_stop_request(self, stop: StopRequested) -> None:
        """Log `run.stop`."""
        log.warning("run.stop", extra={"signal": stop.signal_number})

    # ---- a target

    def on_discovery_retry(self, retry: DiscoveryRetried) -> None:
        """Log `discovery.retry`."""
        of = {"target": retry.target, "attempt": retry.attempt}
        extra = {**of, "wait_s": round(retry.wait_s, 2), "reason": retry.reason}
        log.warning("discovery.retry", extra=extra)

    def on_invalid_namespaces(self, found: InvalidNamespaces) -> None:
        """Log `discovery.invalid_name`."""
        extra = {"target": found.target, "names": list(found.names), "count": found.number}
        log.warning("discovery.invalid_name", extra=extra)

    def on_target_stop(self, stopped: TargetStopped) -> None:
        """Log `target.stop`."""
        log.error("target.stop", extra={"target": stopped.target, "reason": str(stopped.error)})

    def on_throttle(self, throttled: TargetThrottled) -> None:
        """Log `target.throttled`."""
        log.warning("target.throttled", extra={"target": throttled.target, "wait_s": round(throttled.wait_s, 2)})

    def on_dialect(self, dialect: DialectAdopted) -> None:
        """Log `target.dialect`."""
        level = logging.INFO if dialect.is_obeyed else logging.WARNING
        extra = {"target": dialect.target, "is_obeyed": dialect.is_obeyed, "reason": dialect.reason}
        log.log(level, "target.dialect", extra=extra)

    def on_cached_page(self, cached: CachedPage) -> None:
        """Log `target.cached`."""
        log.warning("target.cached", extra={"target": cached.target, "age_s": cached.age_s})

    # ---- a walk

    def on_walk_end(self, ended: WalkEnded) -> None:
        """Log `walk.end`."""
        verdict, reason = ended.judgement
        level = logging.DEBUG if verdict == "complete" else logging.WARNING
        if log.isEnabledFor(level):  # a plan may have tens of thousands of walks
            extra = {"walk": str(ended.walk), "verdict": verdict, "passes": ended.passes, "reason": reason}
            log.log(level, "walk.end", extra=extra)

    def on_walk_split(self, split: WalkSplit) -> None:
        """Log `walk.split`."""
        log.warning("walk.split", extra={"walk": str(split.walk), "namespaces": split.namespaces})

    def on_walk_not_split(self, notice: WalkNotice) -> None:
        """Log `walk.not_split`."""
        log.warning("walk.not_split", extra={"walk": str(notice.walk), "reason": notice.reason})

    def on_namespaces_unknown(self, notice: WalkNotice) -> None:
        """Log `walk.namespaces_unknown`."""
        log.warning("walk.namespaces_unknown", extra={"walk": str(notice.walk), "reason": notice.reason})

    def on_step_down(self, notice: WalkNotice) -> None:
        """Log `walk.step_down`."""
        log.info("walk.step_down", extra={"walk": str(notice.walk), "reason": notice.reason})

    def on_unknown_fields(self, found: FieldsFound) -> None:
        """Log `field.unknown`."""
        log.warning("field.unknown", extra={"walk": str(found.walk), "fields": list(found.fields)})

    def on_invalid_fields(self, found: FieldsFound) -> None:
        """Log `field.invalid`."""
        log.warning("field.invalid", extra={"walk": str(found.walk), "fields": list(found.fields)})

    # ---- a request, and the window it is for

    def on_retry(self, retry: RequestRetried) -> None:
        """Log `page.retry`."""
        level = logging.INFO if retry.is_expected else logging.WARNING
        of = {"walk": str(retry.walk), "offset": retry.offset}
        extra = {**of, "attempt": retry.attempt, "wait_s": round(retry.wait_s, 2), "reason": retry.reason}
        log.log(level, "page.retry", extra=extra)

    def on_doubtful_page(self, page: DoubtfulPage) -> None:
        """Log `page.doubtful`."""
        log.warning("page.doubtful", extra={"walk": str(page.walk), "offset": page.offset})

    def on_unconfirmed_page(self, page: DoubtfulPage) -> None:
        """Log `page.unconfirmed`."""
        log.warning("page.unconfirmed", extra={"walk": str(page.walk), "offset": page.offset})

    def on_window_put_off(self, window: FailedWindow) -> None:
        """Log `window.put_off`."""
        extra = {"walk": str(window.walk), "offset": window.offset, "reason": window.reason}
        log.warning("window.put_off", extra=extra)

    def on_window_lost(self, window: FailedWindow) -> None:
        """Log `window.lost`."""
        extra = {"walk": str(window.walk), "offset": window.offset, "reason": window.reason}
        log.error("window.lost", extra=extra)
