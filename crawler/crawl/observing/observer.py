"""An observer of a run (pure): one method for each event. To observe, derive from Observer and override some."""

from crawler.crawl.observing.events import (
    CachedPage,
    CrawlEnded,
    CrawlStarted,
    DialectAdopted,
    DiscoveryRetried,
    DoubtfulPage,
    FailedWindow,
    FieldsFound,
    InvalidNamespaces,
    JournalTruncated,
    PageRead,
    RequestEnded,
    RequestRetried,
    RunEnded,
    RunResumed,
    RunStarted,
    SnapshotPublished,
    StopRequested,
    TargetStopped,
    TargetThrottled,
    WalkEnded,
    WalkNotice,
    WalkReopened,
    WalkSplit,
    WalkStarted,
    WindowUnread,
)


class Observer:
    """Does nothing at every event.

    All methods are called in the thread of the run's event loop, one after another, and must return soon: the crawl
    waits for them. What they raise changes nothing in the run (observers.py). The events of one run are in order:
    on_run_start, discovery, on_crawl_start, requests and what follows from them, on_crawl_end, on_publish, on_run_end.
    A run that fails or is stopped leaves out what it did not reach, and always has on_run_end if it had on_run_start.
    """

    # ---- the run

    def on_run_start(self, run: RunStarted, /) -> None:
        """Take that a run begins, or goes on."""

    def on_journal_truncated(self, journal: JournalTruncated, /) -> None:
        """Take that the run cannot be resumed and starts from the beginning."""

    def on_resume(self, resumed: RunResumed, /) -> None:
        """Take how much of an interrupted run is kept."""

    def on_crawl_start(self, crawl: CrawlStarted, /) -> None:
        """Take that the walks are known, and how far they are."""

    def on_crawl_end(self, crawl: CrawlEnded, /) -> None:
        """Take that no more requests are sent, and why."""

    def on_stop_request(self, stop: StopRequested, /) -> None:
        """Take that a signal, or the cancellation of its task, stops the run."""

    def on_publish(self, published: SnapshotPublished, /) -> None:
        """Take the snapshot that was published."""

    def on_run_end(self, run: RunEnded, /) -> None:
        """Take how the run ended."""

    # ---- a target

    def on_discovery_retry(self, retry: DiscoveryRetried, /) -> None:
        """Take that the namespaces are asked for again."""

    def on_invalid_namespaces(self, found: InvalidNamespaces, /) -> None:
        """Take which listed namespaces are not crawled."""

    def on_target_stop(self, stopped: TargetStopped, /) -> None:
        """Take why a target is given up."""

    def on_throttle(self, throttled: TargetThrottled, /) -> None:
        """Take that a target is paused."""

    def on_dialect(self, dialect: DialectAdopted, /) -> None:
        """Take that a target accepts another form of requests."""

    def on_cached_page(self, cached: CachedPage, /) -> None:
        """Take that a cache answers in place of the service; once for a target."""

    # ---- a walk

    def on_walk_start(self, started: WalkStarted, /) -> None:
        """Take that a walk begins."""

    def on_walk_end(self, ended: WalkEnded, /) -> None:
        """Take the verdict of a walk."""

    def on_walk_reopen(self, reopened: WalkReopened, /) -> None:
        """Take that a walk is read again, whose end may have been told before."""

    def on_walk_split(self, split: WalkSplit, /) -> None:
        """Take that a walk is read again by namespace."""

    def on_walk_not_split(self, notice: WalkNotice, /) -> None:
        """Take that a walk which awaited a split has ended, and why it is not split."""

    def on_namespaces_unknown(self, notice: WalkNotice, /) -> None:
        """Take that a walk is split by the namespaces of its records alone, and why the service listed none."""

    def on_step_down(self, notice: WalkNotice, /) -> None:
        """Take that a walk starts again with another page size, order or form of requests, and why."""

    def on_unknown_fields(self, found: FieldsFound, /) -> None:
        """Take which fields this version does not know."""

    def on_invalid_fields(self, found: FieldsFound, /) -> None:
        """Take which fields hold values that cannot be read."""

    # ---- a request, and the window it is for

    def on_request(self, request: RequestEnded, /) -> None:
        """Take a request that has ended, whatever came back."""

    def on_page(self, page: PageRead, /) -> None:
        """Take a page that settled its window; those of probes for a total are not among them."""

    def on_retry(self, retry: RequestRetried, /) -> None:
        """Take that a page is requested again."""

    def on_doubtful_page(self, page: DoubtfulPage, /) -> None:
        """Take that a page is requested again to see whether it is the right one."""

    def on_unconfirmed_page(self, page: DoubtfulPage, /) -> None:
        """Take that a doubtful page did not come again: its walk is read once more."""

    def on_window_put_off(self, window: FailedWindow, /) -> None:
        """Take that a window had all its tries, and is requested again at the end of its pass."""

    def on_window_lost(self, window: FailedWindow, /) -> None:
        """Take that a window could not be read."""

    def on_window_unread(self, window: WindowUnread, /) -> None:
        """Take that a window is settled without a page; if it is lost, on_window_lost came before."""
