"""What the same command need not read again after an incomplete snapshot was published (pure).

The run goes on from the snapshot when a target failed or windows were lost: then asking once more may help, and what is
proven would only be asked for in vain. What is read anew is a whole center, since the walks of a center prove each
other (walk/census/center_census.py):

| center                                             | the next run of the same command     |
|----------------------------------------------------|--------------------------------------|
| all its walks are proven, nothing speaks against it | carries it over                      |
| any other whose walks have ended                   | reads it anew                        |
| its target failed before its walks had ended       | goes on where the target stopped     |

A snapshot that is incomplete for other reasons, such as a list that kept changing, is not gone on from: the same
command reads everything, so that its snapshot is of one time.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from crawler.model.walk_id import Center
from crawler.snapshot.completeness import Shortfall
from crawler.snapshot.manifest import WalkEntry

_BOTH: Final[tuple[Center, ...]] = ("self", "thirdparty")


def centers_to_read_again(shortfalls: Iterable[Shortfall]) -> frozenset[tuple[str, Center]]:
    """Return the centers, as (target, center), of which the reasons say that they are not whole."""
    return frozenset(_centers(shortfalls))


def _centers(shortfalls: Iterable[Shortfall]) -> Iterator[tuple[str, Center]]:
    for one in shortfalls:
        if one.kind == "target failed":
            continue  # it goes on where it stopped
        yield from ((one.target, center) for center in (_BOTH if one.center is None else (one.center,)))


def is_worth_going_on(shortfalls: Sequence[Shortfall], walks: Collection[WalkEntry]) -> bool:
    """Return whether the next run of the same command should go on from a snapshot of `walks`."""
    kinds = {one.kind for one in shortfalls}
    if "target failed" in kinds:
        return True
    again = centers_to_read_again(shortfalls)
    return "partial" in kinds and any((walk.target, walk.center) not in again for walk in walks)
