"""The largest, the least recently updated and the most downloaded repositories (pure)."""

from typing import Any, Generic, TypeVar

from crawler.model.record import Record
from crawler.report.row import RepositoryRow, row_of

T = TypeVar("T")


class TopN(Generic[T]):
    """The first `most` values of a stream by their keys, smallest key first; of equal keys, those that came first.

    Holds at most twice as many. Keys are anything that can be compared with each other.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: list[tuple[Any, T]] = []
        self._bound: Any = None

    def takes(self, key: Any) -> bool:  # noqa: ANN401 - whatever compares
        """Return whether a value with this key may be among the first."""
        return self._bound is None or key < self._bound

    def add(self, key: Any, value: T) -> None:  # noqa: ANN401
        """Add a value. Call `takes` first: with values that it refuses, adding would sort far too often."""
        self._held.append((key, value))
        if len(self._held) >= 2 * self._most:
            self._truncate()
            self._bound = self._held[-1][0]

    def values(self) -> list[T]:
        """Return the first values in order."""
        self._truncate()
        return [value for _, value in self._held]

    def _truncate(self) -> None:
        self._held.sort(key=lambda held: held[0])
        del self._held[self._most :]


class Rankings:
    """Ranks repositories: `largest` for the table, `listed` at most; the other lists hold `most` at most."""

    def __init__(self, *, listed: int, most: int) -> None:
        self._most = most
        self.largest: TopN[RepositoryRow] = TopN(listed)
        self.oldest: TopN[RepositoryRow] = TopN(most)
        self.popular: TopN[RepositoryRow] = TopN(most)

    def add(self, record: Record) -> None:
        """Rank one record. One without an update time is in no list of ages; unknown sizes come last."""
        row = None
        for ranking, key in (
            (self.largest, 1 if record.size is None else -record.size),
            (self.oldest, record.updated_at),
            (self.popular, -record.num_download if record.num_download else None),
        ):
            if key is not None and ranking.takes(key):
                row = row or row_of(record)
                ranking.add(key, row)

    @property
    def biggest(self) -> list[RepositoryRow]:
        """Return the `most` largest repositories, without empty ones and those of unknown size."""
        return [row for row in self.largest.values()[: self._most] if row.size]
