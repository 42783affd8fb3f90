"""What the report counts (pure): every record once, in memory that does not grow with their number.

Times are text that sorts as time (`crawler.model.record.Time`), so ages are found by comparing text.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Generic, NamedTuple, TypeVar

from crawler.model.record import Record
from crawler.text.human import escaped, shortened

LONGEST: Final = 200  # characters of one foreign text; SWR's own names end at 64 and 128

_MB: Final = 10**6
_SIZE_BOUNDS: Final = (1, _MB, 10 * _MB, 100 * _MB, 10**9, 10 * 10**9, 100 * 10**9)
SIZE_BINS: Final = ("empty", "under 1 MB", "1 to 10 MB", "10 to 100 MB", "0.1 to 1 GB", "1 to 10 GB", "10 to 100 GB",
                    "over 100 GB")  # fmt: skip
_AGE_BOUNDS_D: Final = (1825, 1095, 730, 365, 183, 91, 28, 7)  # days, oldest first, as times sort
AGE_BINS: Final = ("under 1 week", "1 to 4 weeks", "1 to 3 months", "3 to 6 months", "6 to 12 months", "1 to 2 years",
                   "2 to 3 years", "3 to 5 years", "over 5 years")  # fmt: skip
_YEAR: Final = len("2021")

T = TypeVar("T")


class RepositoryRow(NamedTuple):
    """One repository as the report shows it: foreign text made harmless and short, see `shown`.

    `size` is in bytes, times are RFC 3339 in UTC; None is what the service did not tell. `valid` is the
    service's `status`, which means something for the center thirdparty only.
    """

    target: str
    center: str
    domain: str
    namespace: str
    name: str
    category: str
    description: str
    size: int | None
    images: int | None
    downloads: int | None
    public: bool | None
    valid: bool | None
    created: str | None
    updated: str | None


def shown(text: str | None) -> str:
    r"""Give at most LONGEST characters that show themselves: control and bidi characters as `\u202e` and the like."""
    return "" if not text else shortened(escaped(text[: LONGEST + 1]), LONGEST)  # cut first: a text may be huge


def row_of(record: Record) -> RepositoryRow:
    """Give what the report shows of a record."""
    return RepositoryRow(
        target=shown(record.target),
        center=record.center,
        domain=shown(record.domain_name),
        namespace=shown(record.namespace),
        name=shown(record.name),
        category=shown(record.category),
        description=shown(record.description),
        size=record.size,
        images=record.num_images,
        downloads=record.num_download,
        public=record.is_public,
        valid=record.status,
        created=record.created_at,
        updated=record.updated_at,
    )


class TopN(Generic[T]):
    """The first `most` of a stream by a key, smallest first; of equal keys those that came first.

    Holds at most twice as many. `key` is anything that can be compared.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: list[tuple[Any, T]] = []
        self._bound: Any = None

    def takes(self, key: Any) -> bool:  # noqa: ANN401 - whatever compares
        """Tell whether a value with this key may be among the first."""
        return self._bound is None or key < self._bound

    def add(self, key: Any, value: T) -> None:  # noqa: ANN401
        """Take a value in; ask `takes` first, it is what keeps this cheap."""
        self._held.append((key, value))
        if len(self._held) >= 2 * self._most:
            self._cut()
            self._bound = self._held[-1][0]

    def values(self) -> list[T]:
        """Give the first ones in order."""
        self._cut()
        return [value for _, value in self._held]

    def _cut(self) -> None:
        self._held.sort(key=lambda held: held[0])
        del self._held[self._most :]


@dataclass(slots=True)
class GroupTotals:
    """What some records come to: how many, their bytes, their downloads. What is not told counts as none."""

    records: int = 0
    size: int = 0
    downloads: int = 0

    def add(self, size: int, downloads: int) -> None:
        """Count one record."""
        self.records += 1
        self.size += size
        self.downloads += downloads


def _sums() -> defaultdict[str, GroupTotals]:
    return defaultdict(GroupTotals)


@dataclass(slots=True)
class Groups:
    """The sums by one field each, by its value as the service sent it, "" for none."""

    target: defaultdict[str, GroupTotals] = field(default_factory=_sums)
    center: defaultdict[str, GroupTotals] = field(default_factory=_sums)
    domain: defaultdict[str, GroupTotals] = field(default_factory=_sums)
    category: defaultdict[str, GroupTotals] = field(default_factory=_sums)
    namespace: defaultdict[str, GroupTotals] = field(default_factory=_sums)


class Line(NamedTuple):
    """One line of a table of groups: its name, made harmless, and its sum; `groups` is how many it stands for."""

    name: str
    groups: int
    sum: GroupTotals


def top(groups: dict[str, GroupTotals], most: int) -> list[Line]:
    """Give the groups with the most records, then one line for all others if there are any; none is lost."""
    ordered = sorted(groups.items(), key=lambda item: (-item[1].records, -item[1].size, item[0]))
    # One left over gets a line of its own: "1 other" takes as much room.
    most = most if len(ordered) > most + 1 else len(ordered)
    lines = [Line(shown(name), 1, total) for name, total in ordered[:most]]
    rest = [total for _, total in ordered[most:]]
    if rest:
        records, size = sum(total.records for total in rest), sum(total.size for total in rest)
        lines.append(Line("", len(rest), GroupTotals(records, size, sum(total.downloads for total in rest))))
    return lines


class Statistics:
    """All that is counted of a snapshot. `moment` (RFC 3339) is what ages are told from: when the reading ended.

    `listed` is the most rows the table of repositories holds, the largest ones; `most` how many the short
    lists hold.
    """

    def __init__(self, moment: str, *, listed: int, most: int = 10) -> None:
        read = datetime.fromisoformat(moment).astimezone(UTC)
        self._ages = [_text(read - timedelta(days=days)) for days in _AGE_BOUNDS_D]
        self.total = GroupTotals()
        self.images = 0
        self.public = 0
        self.expired = 0
        self.undated = 0
        self.unsized = 0
        self.groups = Groups()
        self.by_size = [0] * len(SIZE_BINS)
        self.by_age = [GroupTotals() for _ in AGE_BINS]
        self.by_year: defaultdict[str, int] = defaultdict(int)
        self.largest: TopN[RepositoryRow] = TopN(listed)
        self.oldest: TopN[RepositoryRow] = TopN(most)
        self.popular: TopN[RepositoryRow] = TopN(most)
        self._most = most

    def add(self, record: Record) -> None:
        """Count one record."""
        size, downloads = record.size or 0, record.num_download or 0
        self.total.add(size, downloads)
        self.images += record.num_images or 0
        self.public += record.is_public is True
        self.expired += record.status is False and record.center == "thirdparty"
        groups = self.groups
        groups.target[record.target].add(size, downloads)
        groups.center[record.center].add(size, downloads)
        groups.domain[record.domain_name or ""].add(size, downloads)
        groups.category[record.category or ""].add(size, downloads)
        groups.namespace[record.namespace].add(size, downloads)
        self._spread(record)
        self._keep(record)

    def _spread(self, record: Record) -> None:
        if record.size is None:
            self.unsized += 1
        else:
            self.by_size[bisect_right(_SIZE_BOUNDS, record.size)] += 1
        if record.updated_at is None:
            self.undated += 1
        else:
            self.by_age[-1 - bisect_left(self._ages, record.updated_at)].add(record.size or 0, 0)
        if record.created_at is not None:
            self.by_year[record.created_at[:_YEAR]] += 1

    def _keep(self, record: Record) -> None:
        row = None
        for first, key in (
            (self.largest, 1 if record.size is None else -record.size),
            (self.oldest, record.updated_at),
            (self.popular, -record.num_download if record.num_download else None),
        ):
            if key is not None and first.takes(key):
                row = row or row_of(record)
                first.add(key, row)

    @property
    def domains(self) -> int:
        """How many domains there are; no domain is none."""
        return sum(1 for name in self.groups.domain if name)

    @property
    def biggest(self) -> list[RepositoryRow]:
        """The largest repositories; empty ones and those of unknown size are not among them."""
        return [row for row in self.largest.values()[: self._most] if row.size]


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z".rjust(len("2021-06-02T09:23:01.751202Z"), "0")
