"""Moments as the files of a run write them (pure)."""

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC with six fractional digits, so that timestamps sort as text."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
