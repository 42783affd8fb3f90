"""The values of a manifest's fields: how large a number may be, and what is a moment (pure).

A manifest can be damaged or forged: what no run could have written is refused when it is read, once, and not by each
of those who add it up, print it or write it again.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Final, Protocol

import msgspec

from crawler.model.record import INT64

# What was counted. A manifest of the largest size has less than a million walks, so that the sum of a count over all of
# them is below 2^63. To read so many records takes seven months at the default rate.
Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
# What a service declares, and the size of a file: whatever a service or the system can say.
Claim = Annotated[int, msgspec.Meta(ge=0, le=INT64 - 1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=10**12)]
Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]

_YEARS: Final = range(1970, 9999)


class Lasting(Protocol):
    """What began and ended."""

    @property
    def started_at(self) -> str:
        """When it began."""

    @property
    def finished_at(self) -> str:
        """When it ended."""


def moment_of(text: str) -> datetime:
    """Return a moment in UTC, also that of a text without an offset.

    Raises ValueError for text that is none, or one at the ends of the calendar, where ages cannot be counted.
    """
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        if moment.year in _YEARS:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    raise ValueError(f"is no moment: {text[:40]!r}")


def check_moments(ones: Iterable[Lasting]) -> None:
    """Raise ValueError, with a predicate of the file as its message, for text that is no moment."""
    for one in ones:
        for name, text in (("started_at", one.started_at), ("finished_at", one.finished_at)):
            try:
                moment_of(text)
            except ValueError as error:
                raise ValueError(f"is damaged: {name} {error}") from None
