"""The header Content-Range, which this service writes as `offset-count/total` (pure).

Source: docs/reference/swr-api.md#content-range (the middle number is a count), #content-range-presence.
"""

import re
from functools import lru_cache
from typing import NamedTuple

_CONTENT_RANGE = re.compile(r"\s*(?:items\s+)?([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18})\s*")


class ContentRange(NamedTuple):
    """The offset of the page, and the total number of records of the query."""

    start: int
    total: int


@lru_cache(maxsize=64)  # transport and page both parse it, and many walks have the same header
def parse_content_range(header: str | None) -> ContentRange | None:
    """Return what the header says, None if it is absent or has another form."""
    match = None if header is None else _CONTENT_RANGE.fullmatch(header)
    return None if match is None else ContentRange(int(match[1]), int(match[2]))
