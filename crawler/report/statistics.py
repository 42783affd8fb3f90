"""The statistics of a snapshot (pure): counts every record once, in memory that does not grow with their number."""

from datetime import datetime

from crawler.model.record import Record
from crawler.report.groups import Groups, GroupTotals
from crawler.report.histograms import Histograms
from crawler.report.rankings import Rankings


class Statistics:
    """Counts of all records. `moment`, the end of the crawl, is what ages are counted to.

    `listed` is how many rows the table of repositories holds at most, the largest ones; `most` how many the short
    lists hold.
    """

    def __init__(self, moment: datetime, *, listed: int, most: int = 10) -> None:
        self.total = GroupTotals()
        self.images = 0
        self.public = 0
        self.expired = 0
        self.groups = Groups()
        self.histograms = Histograms(moment)
        self.rankings = Rankings(listed=listed, most=most)

    def add(self, record: Record) -> None:
        """Count one record."""
        size, downloads = record.size or 0, record.num_download or 0
        self.total.add(size, downloads)
        self.images += record.num_images or 0
        self.public += record.is_public is True
        self.expired += record.status is False and record.center == "thirdparty"
        self.groups.add(record, size, downloads)
        self.histograms.add(record)
        self.rankings.add(record)

    @property
    def domains(self) -> int:
        """Return the number of domains; records without a domain do not count as one."""
        return sum(1 for name in self.groups.domain if name)
