"""How a window is settled: its page or its loss goes to the journal, and its target takes it (pure)."""

from typing import Protocol

from crawler.crawl.observing.events import FailedWindow
from crawler.crawl.scheduling.scheduled import FetchTask
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.server_profile import Reshaped


class PageLog(Protocol):
    """Where settled windows go, by the index of their walk in the plan. Neither method waits for the disk."""

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Append a window that was read."""
        ...

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Append a window that could not be read."""
        ...

    def append_refusal(self, walk: int, window: Window, reason: str) -> None:
        """Append a window for which the service said that it has no such list."""
        ...

    def append_doubt(self, walk: int, window: Window) -> None:
        """Append that a settled window is taken back."""
        ...

    def append_shape(self, walk: int, shape: Reshaped) -> None:
        """Append what the service of this walk's target was found to accept."""
        ...


class WindowSettler:
    """Settles the windows of one target. The journal comes first: a resume must be in the same state."""

    def __init__(self, target: TargetScheduler, page_log: PageLog) -> None:
        self._target = target
        self._page_log = page_log

    def settle(self, task: FetchTask, page: Page) -> None:
        """Settle a window with its page, which its walk has taken."""
        self._page_log.append_page(task.scheduled.index, task.window, page)
        self._target.on_settled(task, page)

    def refuse(self, task: FetchTask, reason: str) -> None:
        """Settle a window for which the service said that it has no such list, as its walk has noted."""
        self._page_log.append_refusal(task.scheduled.index, task.window, reason)
        self._target.on_settled(task, None)

    def lose(self, task: FetchTask, reason: str) -> None:
        """Settle a window that could not be read."""
        self._target.observer.on_window_lost(FailedWindow(task.scheduled.id, task.window.offset, reason))
        task.walk.on_lost(task.window, reason)
        self._page_log.append_loss(task.scheduled.index, task.window, reason)
        self._target.on_settled(task, None)

    def reshape(self, task: FetchTask, shape: Reshaped) -> None:
        """Start a walk again in a shape that its service accepts; the other walks of the target profit."""
        self._page_log.append_shape(task.scheduled.index, shape)
        task.walk.on_shape_refused(task.window, shape)

    def take_back(self, task: FetchTask) -> None:
        """Take back a window whose page may belong to another request."""
        self._page_log.append_doubt(task.scheduled.index, task.window)
        self._target.on_doubt(task.scheduled, task.window)
