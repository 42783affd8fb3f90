"""What is known of a target's work: the walks that have started, and the windows and records they need (pure).

Whoever observes the target is told of each change.
"""

from msgspec.structs import replace

from crawler.crawl.observing.events import PageRead, TargetWork, WalkSplit, WalkStarted, WindowUnread
from crawler.crawl.observing.observer import Observer
from crawler.crawl.scheduling.found_fields import FoundFields
from crawler.crawl.scheduling.scheduled import ScheduledWalk, Split
from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.walk import Walk


class KnownWork:
    """The known work of one target of so many walks: `present`, which is another value after each change.

    `fields` are those of its items that are odd. `has_answered`: whether a page of a walk was read, in any process.
    """

    def __init__(self, walks: int, observer: Observer) -> None:
        self.present = TargetWork(walks)
        self.has_answered = False
        self.fields = FoundFields()
        self._observer = observer

    def on_start(self, scheduled: ScheduledWalk, walk: Walk) -> None:
        """Take a walk that starts."""
        present = self.present
        self.present = replace(present, walks_started=present.walks_started + 1)
        self._update(scheduled, walk)
        self._observer.on_walk_start(WalkStarted(scheduled.id, self.present))

    def on_settled(self, scheduled: ScheduledWalk, walk: Walk, window: Window, page: Page | None) -> None:
        """Take a settled window of a walk, with its page if it has one."""
        self._update(scheduled, walk)
        walk_id, observer = scheduled.id, self._observer
        if page is None:
            observer.on_window_unread(WindowUnread(walk_id, window, self.present))
            return
        self.has_answered = True
        items = page.items
        observer.on_page(PageRead(walk_id, window, items.records, items.rejected, page.total, self.present))
        self.fields.on_page(walk_id, page, observer)

    def on_split(self, split: Split) -> None:
        """Take the walks in place of the one that was split."""
        present, parent = self.present, split.parent
        self.present = replace(
            present,
            walks=present.walks + len(split.walks) - 1,
            walks_started=present.walks_started - 1,
            declared=present.declared - parent.counted_total,
        )
        self._observer.on_walk_split(WalkSplit(parent.id, len(split.walks), self.present))

    def _update(self, scheduled: ScheduledWalk, walk: Walk) -> None:
        """Take the windows and the records that a walk is known to need now."""
        windows = walk.windows
        total = walk.reading.evidence.total if walk.has_first_page else scheduled.counted_total
        if windows == scheduled.counted_windows and total == scheduled.counted_total:
            return  # of most pages
        present = self.present
        self.present = replace(
            present,
            windows=present.windows + windows - scheduled.counted_windows,
            declared=present.declared + total - scheduled.counted_total,
        )
        scheduled.counted_windows, scheduled.counted_total = windows, total
