"""Fetches rows in batches of about equal size in bytes, however wide the rows are (pure)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

Row = tuple[object, ...]

BATCH_BYTES: Final = 4 * 2**20
MOST_ROWS: Final = 2048  # DuckDB's own batch: more of them cannot come at once without a copy

_REFERENCE_BYTES: Final = 8  # of one value in a row or a list


def batched_rows(fetch: Callable[[int], Sequence[Row]], batch_bytes: int = BATCH_BYTES) -> Iterator[Row]:
    """Yield all rows; `fetch` returns the next ones, at most as many as it is asked for, and none at the end.

    The first batch is one row. The next one is at most twice as many, and as many as have `batch_bytes` if each is as
    wide as the widest of the last batch: so a batch exceeds that only where rows suddenly get wider.
    """
    size = 1
    while rows := fetch(size):
        widest = max(map(width, rows))
        yield from rows
        size = max(1, min(2 * size, MOST_ROWS, batch_bytes // widest))


def width(row: Row) -> int:
    """Return about how many bytes a row takes: 8 for each value, and the length of each text. Raises RecursionError."""
    return sum([_REFERENCE_BYTES + (len(value) if value.__class__ is str else _inner(value)) for value in row]) or 1


def _inner(value: object) -> int:
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, dict):
        return width((*value, *value.values()))
    return width(tuple(value)) if isinstance(value, list | tuple) else 0
