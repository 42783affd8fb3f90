"""The observers of one run, and the events by which it begins and ends."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from types import MappingProxyType

from crawler.crawl.observing.events import CrawlStarted, RunEnded, RunStarted, SnapshotPublished, TargetStopped
from crawler.crawl.observing.log_observer import LogObserver
from crawler.crawl.observing.observer import Observer
from crawler.crawl.observing.observers import Observers
from crawler.crawl.observing.run_statistics import RunStatistics
from crawler.errors import CrawlerError
from crawler.model.stop_reason import StopReason
from crawler.snapshot.manifest import Manifest, Status
from crawler.store.output.run_state import RunState


class RunEvents:
    """Tells the log, the statistics, and the caller's `observer` if there is one, of the run with this state."""

    def __init__(self, state: RunState, observer: Observer | None = None) -> None:
        self.statistics = RunStatistics()
        self.observers = Observers([LogObserver(), self.statistics], [] if observer is None else [observer])
        self._state = state

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """Tell that the run starts; tell of an error that ends the context that it ended the run."""
        state = self._state
        self.observers.on_run_start(RunStarted(state.publication, state.started_at, state.resumed))
        try:
            yield
        except BaseException as error:
            self.end(error=error)
            raise

    def start_crawl(self, errors: Mapping[str, CrawlerError]) -> None:
        """Tell that pages are requested from now on, but not of the targets with these errors."""
        self.observers.on_crawl_start(CrawlStarted(self.statistics.copies()))
        for target, error in errors.items():
            self.observers.on_target_stop(TargetStopped(target, error))

    def publish(self, path: PurePath | None, manifest: Manifest | None) -> None:
        """Tell that a snapshot is published, if one is: None says that there is none."""
        if path is not None and manifest is not None:
            self.observers.on_publish(SnapshotPublished(path, manifest))

    def end(
        self,
        status: Status | None = None,
        stop_reason: StopReason | None = None,
        errors: Mapping[str, CrawlerError] = MappingProxyType({}),
        path: PurePath | None = None,
        *,
        error: BaseException | None = None,
    ) -> None:
        """Tell how the run ended: the arguments are fields of RunEnded."""
        snapshot, targets = self._state.publication, self.statistics.copies()
        own = MappingProxyType({**errors})  # the result's are its own, whatever an observer does with these
        self.observers.on_run_end(RunEnded(snapshot, status, stop_reason, own, path, targets, error))
