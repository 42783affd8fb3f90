"""How much of a center its walks cover when it is walked namespace by namespace (pure)."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from crawler.model.record import INT64
from crawler.model.walk_id import Center
from crawler.snapshot.completeness import sum_if_known
from crawler.snapshot.manifest import CenterSplit, Coverage, WalkEntry

_NO_SPLITS: Final[Mapping[tuple[str, Center], CenterSplit]] = MappingProxyType({})
_NONE_UNHELD: Final[Mapping[tuple[str, Center], int]] = MappingProxyType({})


class CenterTotal(NamedTuple):
    """The totals that a center declares as a whole, from before and after its walks; None when it declares none.

    `unmatched` are the keys of records that it showed after them, and that no page of them is known to hold.
    """

    target: str
    center: Center
    before: int | None
    after: int | None
    unmatched: tuple[int, ...] = ()

    def declared(self, covered: int | None, *, is_split: bool = False) -> int | None:
        """Return the larger of the two; None when one of them is not known.

        None, too, when walks found more than that (`covered`): then the totals count something else. And when they
        differ for a center that was split, and the walks found no less: rows came or went while its namespaces were
        read one after the other, and no user has chosen to read it so.
        """
        if self.before is None or self.after is None:
            return None
        larger = max(self.before, self.after)
        is_moving = is_split and self.before != self.after
        if covered is not None and (larger < covered or (is_moving and larger == covered)):
            return None
        return larger


def cover(
    center_totals: Iterable[CenterTotal],
    walks: Iterable[WalkEntry],
    splits: Mapping[tuple[str, Center], CenterSplit] = _NO_SPLITS,
    unheld: Mapping[tuple[str, Center], int] = _NONE_UNHELD,
) -> tuple[Coverage, ...]:
    """Return for each center its own total beside the sum of its walks' totals.

    `splits` are by target and center, and so is `unheld`: how many records a center showed that no walk of it holds.
    """
    own: dict[tuple[str, Center], list[WalkEntry]] = {}
    for walk in walks:
        own.setdefault((walk.target, walk.center), []).append(walk)
    found = []
    for center_total in center_totals:
        place = center_total.target, center_total.center
        covered = sum_if_known(walk.declared for walk in own.get(place, ()))
        covered = None if covered is None else min(covered, INT64 - 1)  # a sum of claims: each may be as large
        split = splits.get(place)
        found.append(
            Coverage(
                target=center_total.target,
                center=center_total.center,
                declared=center_total.declared(covered, is_split=split is not None),
                covered=covered,
                declared_before=center_total.before,
                split=split,
                unheld=unheld.get(place, 0),
            )
        )
    return tuple(found)
