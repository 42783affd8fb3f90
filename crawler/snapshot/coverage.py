"""What of a center its walks covered, when it was walked by namespaces (pure)."""

from collections.abc import Iterable
from typing import NamedTuple

from crawler.model.walk_id import Center
from crawler.snapshot.manifest import Coverage, WalkEntry


class Census(NamedTuple):
    """What a center declared as a whole; None when it declared nothing."""

    target: str
    center: Center
    declared: int | None


def cover(censuses: Iterable[Census], walks: Iterable[WalkEntry]) -> tuple[Coverage, ...]:
    """Hold each center's own total against the sum of its walks'."""
    entries = tuple(walks)
    found = []
    for census in censuses:
        own = [walk for walk in entries if (walk.target, walk.center) == (census.target, census.center)]
        totals = [walk.declared for walk in own]
        covered = None if None in totals else sum(total for total in totals if total is not None)
        found.append(Coverage(target=census.target, center=census.center, declared=census.declared, covered=covered))
    return tuple(found)
