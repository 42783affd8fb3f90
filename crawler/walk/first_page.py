"""When the first window of a pass must be requested again: its page decides how the pass goes on (pure).

| first page                                       | requested again until                                        |
|--------------------------------------------------|--------------------------------------------------------------|
| without a total: the service may declare none    | a second one comes without a total                           |
| total 0: the service may be wrong for a moment   | a second one comes with total 0, unless totals are trusted   |
| shorter than requested, though the total is more | the same length comes twice: then the server caps its pages  |
"""

from dataclasses import dataclass
from typing import Final

from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.outcome import Retry

# Common caps of page sizes. A total that equals the length of the first page is doubtful when that length is one of
# them or the limit requested: it may be the length of the page and not of the walk.
COMMON_PAGE_LENGTHS: Final = frozenset({10, 20, 25, 50, 100, 200, 250, 500, 1000})


@dataclass(slots=True)
class FirstPage:
    """What the responses to the first window were so far."""

    short_length: int = -1  # of the last one that was shorter than requested
    came_without_total: bool = False
    came_empty: bool = False

    def retry(self, window: Window, page: Page, *, last_try: bool, totals_trusted: bool) -> Retry | None:
        """Return why the window must be requested again, None when this page counts; at the last try it does."""
        if page.total is None:
            came_before, self.came_without_total = self.came_without_total, True
            if not (came_before or last_try):
                return Retry("the first page declares no total", at_once=True)
            return None
        if not (page.total or totals_trusted or last_try or self.came_empty):
            self.came_empty = True
            return Retry("the first page is empty", at_once=True)
        expected = min(window.limit, page.total)
        return self._retry_short(page, expected, last_try=last_try) if page.length < expected else None

    def _retry_short(self, page: Page, expected: int, *, last_try: bool) -> Retry | None:
        same, first_time = page.length == self.short_length, self.short_length < 0
        self.short_length = page.length
        if last_try or (same and page.length):
            return None
        reason = f"the first page holds {page.length} of {expected} items"
        return Retry(reason, at_once=first_time and page.length > 0)
