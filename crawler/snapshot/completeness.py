"""Why a snapshot is not complete (pure): declared here, and rendered by each command in its own words.

What makes one walk complete is in walk/passes/evidence.py. A snapshot is complete when all of this holds:

- every target ended: none stopped before all its walks had;
- every walk has the verdict `complete` (`crawler/model/verdict.py`);
- no item was rejected;
- no center holds, or may hold, more than the walks of its namespaces cover; a run may accept this beforehand
  (`allow_partial_coverage`), but not of a center that was split by namespace only since its list had no stable order;
- no center and no namespace lost most of its records since the last complete snapshot (`shrinkage.py`); a run may
  accept this beforehand (`allow_shrink`);
- no target's two centers hold the same repositories: then one list was read twice, and the other one not.

`status` in the manifest, the file `_SUCCESS` and exit code 0 of `crawl` say that a snapshot is complete.
"""

from collections.abc import Iterable
from typing import NamedTuple

from crawler.snapshot.manifest import Coverage, Manifest, Overlap, Shrinkage, Status, TargetEntry, WalkEntry


class Incompleteness(NamedTuple):
    """Why a snapshot is not complete: walks, centers and targets in plan order, all empty when it is complete."""

    unproven_walks: tuple[WalkEntry, ...] = ()
    walks_with_rejects: tuple[WalkEntry, ...] = ()
    uncovered_centers: tuple[Coverage, ...] = ()
    shrinkage: tuple[Shrinkage, ...] = ()
    equal_centers: tuple[Overlap, ...] = ()
    failed_targets: tuple[TargetEntry, ...] = ()

    @property
    def status(self) -> Status:
        """Return `complete` when there is no reason against it."""
        return "incomplete" if any(self) else "complete"

    @property
    def rejects(self) -> int:
        """Return the number of rejected items."""
        return sum(walk.rejects for walk in self.walks_with_rejects)


def incompleteness(  # noqa: PLR0913 - one for each reason
    walks: Iterable[WalkEntry],
    coverage: Iterable[Coverage] = (),
    shrinkage: Iterable[Shrinkage] = (),
    overlaps: Iterable[Overlap] = (),
    targets: Iterable[TargetEntry] = (),
    *,
    allow_partial_coverage: bool = False,
    allow_shrink: bool = False,
) -> Incompleteness:
    """Return why a snapshot of these walks, centers and targets is not complete."""
    entries = tuple(walks)
    return Incompleteness(
        unproven_walks=tuple(walk for walk in entries if walk.verdict != "complete"),
        walks_with_rejects=tuple(walk for walk in entries if walk.rejects),
        uncovered_centers=tuple(
            center for center in coverage if center.uncovered != 0 and not (allow_partial_coverage and not center.split)
        ),
        shrinkage=() if allow_shrink else tuple(shrinkage),
        equal_centers=tuple(overlap for overlap in overlaps if overlap.is_one_list),
        failed_targets=tuple(target for target in targets if target.state != "ended"),
    )


def incompleteness_of(manifest: Manifest) -> Incompleteness:
    """Return why a snapshot is not complete by its manifest's walks and centers, whatever its `status` says."""
    return incompleteness(
        manifest.walks,
        manifest.coverage,
        manifest.shrinkage,
        manifest.overlaps,
        manifest.targets,
        allow_partial_coverage=bool(manifest.config.get("allow_partial_coverage")),
        allow_shrink=bool(manifest.config.get("allow_shrink")),
    )


def is_proven(walk: WalkEntry) -> bool:
    """Return whether all that a walk covers is published: its verdict is complete, and no item was rejected."""
    return walk.verdict == "complete" and not walk.rejects


def sum_if_known(numbers: Iterable[int | None]) -> int | None:
    """Return the sum, or None when one of the numbers is not known."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total
