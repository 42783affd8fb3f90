"""A run's spool and shelf as the engine sees them."""

from collections.abc import Sequence

from crawler.crawl.engine.target_scheduler import ScheduledWalk
from crawler.errors import IncompleteError
from crawler.model.window import Window
from crawler.snapshot.manifest import Lost, WalkEntry
from crawler.store.part_files import PartWriter
from crawler.store.publish import publish_walk
from crawler.store.spool import Spool
from crawler.swr.page import Page
from crawler.walk.walk import Walk


class RunStore:
    """Keeps pages in the spool, publishes walks to the shelf; `walks` is what the manifest will say of them."""

    def __init__(self, spool: Spool, shelf: PartWriter) -> None:
        self._spool = spool
        self._shelf = shelf
        self.walks: list[WalkEntry] = []

    @property
    def waiting_bytes(self) -> int:
        """The bytes remembered that lie nowhere yet."""
        return self._spool.waiting_bytes

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Remember a page."""
        self._spool.append_page(walk, window, page)

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Remember a window given up."""
        self._spool.append_loss(walk, window, reason)

    def write(self) -> None:
        """Write what is remembered."""
        self._spool.write()

    def flush(self, *, young: bool = True) -> None:
        """Write what is remembered, and make it durable; without the `young` only what was there at the last call."""
        self._spool.flush(self._shelf.fsync, young=young)

    def publish(self, ended: Sequence[ScheduledWalk]) -> None:
        """Publish walks that have ended, the next in plan order."""
        for run in ended:
            if run.walk is not None:
                self.walks.append(self._publish(run, run.walk))
                run.walk = None  # its evidence is in the entry; twenty thousand walks would keep 50 MB
        self._shelf.flush()
        self._spool.part_written()

    def _publish(self, run: ScheduledWalk, walk: Walk) -> WalkEntry:
        if walk.verdict is None:
            raise ValueError(f"{run.id} has not ended")
        proven = walk.verdict == "complete"
        published = publish_walk(
            self._shelf, self._spool, run.index, run.id, last_pass_only=proven, once=walk.duplicates > 0
        )
        if proven and sum(published) != walk.distinct:
            raise IncompleteError(f"{run.id}: {walk.distinct} were proven but {published} written: a fault of ours")
        return WalkEntry(
            target=run.id.target,
            center=run.id.center,
            namespace=run.id.namespace,
            verdict=walk.verdict,
            declared_totals=tuple(walk.totals),
            records=published.records,
            distinct=walk.distinct,
            duplicates=walk.duplicates,
            rejects=published.rejects,
            outside=published.outside,
            passes=walk.passes,
            requests=run.requests,
            limit=walk.limit,
            dialect="filter" if run.filtered else "direct",
            order=walk.order and f"{walk.order.column} {walk.order.direction}",
            lost=tuple(Lost(**gap._asdict()) for gap in walk.gaps),
        )
