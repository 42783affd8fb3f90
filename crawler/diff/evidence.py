"""What a snapshot's manifest proves about records that the snapshot does not hold (pure)."""

from collections.abc import Iterator
from typing import get_args

from crawler.diff.change import Reason, Side, Why
from crawler.model.walk_id import Center, WalkId
from crawler.snapshot.completeness import incompleteness_of, is_proven
from crawler.snapshot.manifest import Coverage, Manifest, Shrinkage, TargetEntry, WalkEntry
from crawler.snapshot.shrinkage import shrinkage_text
from crawler.text.human import counted


class AbsenceEvidence:
    """Tells for one snapshot whether a record that it lacks did not exist, or whether the crawl may have missed it."""

    def __init__(self, side: Side, manifest: Manifest) -> None:
        self._side: Side = side
        self._walks = {WalkId(walk.target, walk.center, walk.namespace): walk for walk in manifest.walks}
        why = incompleteness_of(manifest)
        self._uncovered = why.uncovered_centers
        self._shrunk = {WalkId(one.target, one.center, one.namespace): one for one in why.shrinkage}
        self._with_equal_centers = {overlap.target for overlap in why.equal_centers}
        self._failed = {target.name: target for target in why.failed_targets}
        unproven = {(walk.target, walk.center) for walk in manifest.walks if not is_proven(walk)}
        coverage = {(center.target, center.center): center for center in manifest.coverage}
        self._covered = {place for place, center in coverage.items() if center.uncovered == 0 and place not in unproven}
        self.walks = frozenset(self._walks)
        self.centers_by_namespace = {(w.target, w.center) for w in self.walks if w.namespace is not None} | set(
            coverage
        )

    def doubt(self, walk_id: WalkId) -> Reason | None:
        """Return why the snapshot may lack records of a namespace, or of a center; None when it holds all of them."""
        center = walk_id._replace(namespace=None)
        walk = self._walks.get(walk_id) or self._walks.get(center)
        doubt = None if walk is None else _doubt(walk)
        if doubt:
            return Reason(self._side, *doubt)
        shrunk = self._shrunk.get(walk_id) or self._shrunk.get(center)
        if shrunk is not None:
            return self._shrank(shrunk)
        if walk_id.target in self._with_equal_centers:
            return Reason(self._side, "equal centers", "both centers held the same repositories")
        if walk is not None or walk_id[:2] in self._covered:
            return None
        if walk_id.target in self._failed:
            return self._stopped(self._failed[walk_id.target])
        by_namespace = walk_id.namespace is not None and walk_id[:2] in self.centers_by_namespace
        what = "namespace" if by_namespace else "center"
        return Reason(self._side, "not walked", f"this {what} was not walked")

    def gaps(self) -> Iterator[tuple[WalkId, Reason]]:
        """Yield the centers and namespaces that hold, or may hold, more than was read, unless the run accepted that.

        A center may hold more than its walks cover; a center or a namespace may have shrunk; a target that failed may
        hold anything in the centers that have no walk.
        """
        for target in self._failed.values():
            for center in get_args(Center):
                place = WalkId(target.name, center, None)
                if place not in self._walks:
                    yield place, self._stopped(target)
        for center in self._uncovered:
            yield WalkId(center.target, center.center, None), Reason(self._side, "uncovered", _rest(center))
        for place, shrunk in self._shrunk.items():
            yield place, self._shrank(shrunk)

    def _stopped(self, target: TargetEntry) -> Reason:
        return Reason(self._side, "target failed", f"the target stopped before it was read: {target.reason}")

    def _shrank(self, one: Shrinkage) -> Reason:
        what = "the center" if one.namespace is None else "the namespace"
        return Reason(self._side, "shrank", f"{what} shrank {shrinkage_text(one)}, which was not accepted")


def _rest(center: Coverage) -> str:
    if center.uncovered is None:
        return "how much of it was walked is not known"
    return f"{counted(center.uncovered, 'record')} in no namespace walked"


def _doubt(walk: WalkEntry) -> tuple[Why, str] | None:
    if walk.verdict == "drifted":
        return walk.verdict, f"its items moved during each of {counted(walk.passes, 'pass', 'passes')}"
    if walk.verdict == "partial":
        missing = "records are missing" if walk.missing is None else f"{counted(walk.missing, 'record')} missing"
        return walk.verdict, f"{counted(len(walk.lost), 'window')} not read, {missing}"
    if walk.verdict == "unproven":
        return walk.verdict, walk.reason or "the service declared no reliable total"
    if walk.rejects:
        return "rejects", f"{counted(walk.rejects, 'item')} rejected"
    return None
