"""What the engine needs of a run's storage."""

from typing import Protocol

from crawler.crawl.engine.publisher import WalkSink
from crawler.crawl.engine.settling import PageLog
from crawler.crawl.planning.splitting import SplitStore
from crawler.store.disk_writer import Buffered


class Store(PageLog, WalkSink, SplitStore, Buffered, Protocol):
    """Where pages, losses and walks go. `flush` and `publish` block: they run in threads, each one call at a time."""
