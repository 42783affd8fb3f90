"""What a snapshot's manifest proves about records that the snapshot does not hold (pure)."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias, get_args

from crawler.diff.change import Reason, Side
from crawler.model.walk_id import Center, WalkId
from crawler.snapshot.completeness import WALK_KINDS, Kind, Shortfall, is_proven, shortfalls
from crawler.snapshot.manifest import Manifest

_Place: TypeAlias = tuple[str, Center | None, str | None]


class AbsenceEvidence:
    """Tells for one snapshot whether a record that it lacks did not exist, or whether the crawl may have missed it."""

    def __init__(self, side: Side, manifest: Manifest) -> None:
        self._side: Side = side
        found = shortfalls(manifest)
        self._unproven = _by_place(found, "rejects") | _by_place(found, *WALK_KINDS)
        self._shrunk = _by_place(found, "shrank")
        self._with_equal_centers = _by_place(found, "equal centers")
        self._failed = _by_place(found, "target failed")
        self._uncovered = _by_place(found, "uncovered")
        self.walks = frozenset(WalkId(walk.target, walk.center, walk.namespace) for walk in manifest.walks)
        unproven = {(walk.target, walk.center) for walk in manifest.walks if not is_proven(walk)}
        coverage = {(center.target, center.center): center for center in manifest.coverage}
        self._covered = {place for place, center in coverage.items() if center.uncovered == 0 and place not in unproven}
        self.centers_by_namespace = {(w.target, w.center) for w in self.walks if w.namespace is not None} | set(
            coverage
        )

    def doubt(self, walk_id: WalkId) -> Reason | None:
        """Return why the snapshot may lack records of a namespace, or of a center; None when it holds all of them."""
        center = walk_id._replace(namespace=None)
        walk = next((one for one in (walk_id, center) if one in self.walks), None)
        shortfall = (
            (walk and self._unproven.get(walk))
            or self._shrunk.get(walk_id)
            or self._shrunk.get(center)
            or self._with_equal_centers.get((walk_id.target, None, None))
        )
        if shortfall is not None:
            return self._reason(shortfall)
        if walk is not None or walk_id[:2] in self._covered:
            return None
        if failed := self._failed.get((walk_id.target, None, None)):
            return self._reason(failed)
        by_namespace = walk_id.namespace is not None and walk_id[:2] in self.centers_by_namespace
        what = "namespace" if by_namespace else "center"
        return Reason(self._side, "not walked", f"this {what} was not walked")

    def gaps(self) -> Iterator[tuple[WalkId, Reason]]:
        """Yield the centers and namespaces that hold, or may hold, more than was read, unless the run accepted that.

        A center may hold more than its walks cover; a center or a namespace may have shrunk; a target that failed may
        hold anything in the centers that have no walk.
        """
        for failed in self._failed.values():
            for center in get_args(Center):
                place = WalkId(failed.target, center, None)
                if place not in self.walks:
                    yield place, self._reason(failed)
        found = (*self._uncovered.values(), *self._shrunk.values())  # of centers, or of their namespaces
        yield from ((WalkId(one.target, one.center, one.namespace), self._reason(one)) for one in found if one.center)

    def _reason(self, shortfall: Shortfall) -> Reason:
        return Reason(self._side, shortfall.kind, f"the {shortfall.noun} {shortfall.text}")


def _by_place(found: Iterable[Shortfall], *kinds: Kind) -> dict[_Place, Shortfall]:
    return {(one.target, one.center, one.namespace): one for one in found if one.kind in kinds}
