"""The cells of the tables about an output (pure)."""

from typing import Final

from crawler.text.human import count, shortened, size

UNKNOWN: Final = "unknown"
_LONGEST_REASON: Final = 200  # characters


def began(started_at: str | None) -> str:
    """Return when a run began, to the second; `started_at` is RFC 3339 in UTC, None where nothing says it."""
    return UNKNOWN if started_at is None else f"{started_at[:19]}Z"


def counted_or_unknown(records: int | None) -> str:
    """Return a number of records."""
    return UNKNOWN if records is None else count(records)


def size_or_unknown(size_bytes: int | None) -> str:
    """Return a size, which is in bytes, in units."""
    return UNKNOWN if size_bytes is None else size(size_bytes)


def in_a_cell(reason: str) -> str:
    """Return a reason that leaves the table readable."""
    return shortened(reason, _LONGEST_REASON)
