"""How sizes, ages and years of creation are distributed (pure).

Times are text that sorts as time (`crawler.model.record.Time`), so an age is found by comparing texts.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from crawler.model.record import Record
from crawler.report.groups import GroupTotals

_MB: Final = 10**6
_SIZE_BOUNDS: Final = (1, _MB, 10 * _MB, 100 * _MB, 10**9, 10 * 10**9, 100 * 10**9)
SIZE_BINS: Final = ("empty", "under 1 MB", "1 to 10 MB", "10 to 100 MB", "0.1 to 1 GB", "1 to 10 GB", "10 to 100 GB",
                    "over 100 GB")  # fmt: skip
_AGE_BOUNDS_D: Final = (1825, 1095, 730, 365, 183, 91, 28, 7)  # days, oldest first, as times sort
AGE_BINS: Final = ("under 1 week", "1 to 4 weeks", "1 to 3 months", "3 to 6 months", "6 to 12 months", "1 to 2 years",
                   "2 to 3 years", "3 to 5 years", "over 5 years")  # fmt: skip
_YEAR: Final = len("2021")


class Histograms:
    """Counts records by size, by the age of their last update, and by the year of their creation.

    `moment`, in UTC, is what ages are counted to. `by_size` has a number of records for each of SIZE_BINS, `by_age`
    totals for each of AGE_BINS; `unsized` and `undated` count the records without a size, without an update time.
    """

    def __init__(self, moment: datetime) -> None:
        self._age_bounds = [_text(moment - timedelta(days=days)) for days in _AGE_BOUNDS_D]
        self.by_size = [0] * len(SIZE_BINS)
        self.unsized = 0
        self.by_age = [GroupTotals() for _ in AGE_BINS]
        self.undated = 0
        self.by_year: defaultdict[str, int] = defaultdict(int)

    def add(self, record: Record) -> None:
        """Count one record."""
        if record.size is None:
            self.unsized += 1
        else:
            self.by_size[bisect_right(_SIZE_BOUNDS, record.size)] += 1
        if record.updated_at is None:
            self.undated += 1
        else:
            self.by_age[-1 - bisect_left(self._age_bounds, record.updated_at)].add(record.size or 0, 0)
        if record.created_at is not None:
            self.by_year[record.created_at[:_YEAR]] += 1


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z".rjust(len("2021-06-02T09:23:01.751202Z"), "0")
