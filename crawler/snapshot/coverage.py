"""How much of a center its walks cover when it is walked namespace by namespace (pure)."""

from collections.abc import Iterable
from typing import NamedTuple

from crawler.model.walk_id import Center
from crawler.snapshot.completeness import sum_if_known
from crawler.snapshot.manifest import Coverage, WalkEntry


class CenterTotal(NamedTuple):
    """The totals that a center declares as a whole, from before and after its walks; None when it declares none."""

    target: str
    center: Center
    before: int | None
    after: int | None

    def declared(self, covered: int | None) -> int | None:
        """Return the larger of the two; None when one of them is not known.

        None, too, when walks found more than that (`covered`): then the totals count something else.
        """
        if self.before is None or self.after is None:
            return None
        larger = max(self.before, self.after)
        return None if covered is not None and larger < covered else larger


def cover(center_totals: Iterable[CenterTotal], walks: Iterable[WalkEntry]) -> tuple[Coverage, ...]:
    """Return for each center its own total beside the sum of its walks' totals."""
    entries = tuple(walks)
    found = []
    for center_total in center_totals:
        own = [walk for walk in entries if (walk.target, walk.center) == (center_total.target, center_total.center)]
        covered = sum_if_known(walk.declared for walk in own)
        found.append(
            Coverage(
                target=center_total.target,
                center=center_total.center,
                declared=center_total.declared(covered),
                covered=covered,
                declared_before=center_total.before,
            )
        )
    return tuple(found)
