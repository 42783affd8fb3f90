"""The rules about growth since an earlier snapshot (pure): records and bytes by center and by namespace.

Only what both snapshots read completely is compared: where a walk of either one is missing, not proven or has rejects,
a difference may come from the crawl.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from crawler.audit.finding import Evidence, Location
from crawler.audit.manifest_rules import Observation
from crawler.audit.rules import Violation
from crawler.config.audit_policy import Policy
from crawler.model import audit_rules as catalogue
from crawler.snapshot.completeness import is_proven
from crawler.snapshot.manifest import Manifest
from crawler.text.human import count, counted, size

Center: TypeAlias = tuple[str, str]  # target and center

_HUNDRED: Final = 100


class Holding(NamedTuple):
    """A number of records, and the sum of their sizes in bytes."""

    records: int = 0
    bytes: int = 0


class Holdings:
    """The records and bytes of a snapshot by namespace; memory grows with the namespaces, not with the records."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str], list[int]] = {}

    def add(self, target: str, center: str, namespace: str, size: int | None) -> None:
        """Count one record; a size that is unknown or negative adds no bytes."""
        sums = self._sums.get((target, center, namespace))
        if sums is None:
            self._sums[target, center, namespace] = sums = [0, 0]
        sums[0] += 1
        if size is not None and size > 0:
            sums[1] += size

    def namespaces(self) -> Iterable[tuple[str, str, str]]:
        """Return target, center and namespace of everything that was counted."""
        return self._sums.keys()

    def of_namespace(self, target: str, center: str, namespace: str) -> Holding:
        """Return the totals of one namespace."""
        return Holding(*self._sums.get((target, center, namespace), (0, 0)))

    def of_center(self, target: str, center: str) -> Holding:
        """Return the totals of one center."""
        held = [sums for key, sums in self._sums.items() if key[:2] == (target, center)]
        return Holding(sum(one[0] for one in held), sum(one[1] for one in held))


class ProvenWalks:
    """The walks of a snapshot that are proven: complete, without rejects."""

    def __init__(self, manifest: Manifest) -> None:
        self._walks: dict[Center, dict[str | None, bool]] = {}
        for walk in manifest.walks:
            self._walks.setdefault((walk.target, walk.center), {})[walk.namespace] = is_proven(walk)

    def centers(self) -> list[Center]:
        """Return the centers that were walked, in plan order."""
        return list(self._walks)

    def cover(self, target: str, center: str, namespace: str) -> bool:
        """Return whether all of a namespace was read."""
        walks = self._walks.get((target, center), {})
        return walks.get(namespace, walks.get(None, False))

    def namespaces_of(self, target: str, center: str) -> frozenset[str | None]:
        """Return the namespaces of a center's walks, None for one walk over all; empty when one is not proven."""
        walks = self._walks.get((target, center), {})
        return frozenset(walks) if all(walks.values()) else frozenset()


def growth_findings(
    old: Manifest, before: Holdings, new: Manifest, now: Holdings, policy: Policy
) -> Iterator[Observation]:
    """Yield the centers, then the namespaces, that grew by more than the policy allows, sorted by name.

    That is by more than `max_growth_percent`, and by at least `min_growth_records` or `min_growth_bytes`.
    """
    was, is_ = ProvenWalks(old), ProvenWalks(new)
    for target, center in sorted(is_.centers()):
        walked = is_.namespaces_of(target, center)
        if walked and walked == was.namespaces_of(target, center):
            totals = before.of_center(target, center), now.of_center(target, center)
            yield from _compared(Location(target, center), *totals, policy)
    for key in sorted(now.namespaces()):
        if was.cover(*key) and is_.cover(*key):
            location = Location(key[0], key[1], None, key[2])
            yield from _compared(location, before.of_namespace(*key), now.of_namespace(*key), policy)


def unjudged_centers(old: Manifest, new: Manifest) -> list[str]:
    """Return the centers, as `target/center`, for which the growth of some or all was not judged."""
    was, is_ = ProvenWalks(old), ProvenWalks(new)
    return [
        "/".join(center)
        for center in is_.centers()
        if not is_.namespaces_of(*center) or is_.namespaces_of(*center) != was.namespaces_of(*center)
    ]


def _compared(location: Location, before: Holding, now: Holding, policy: Policy) -> Iterator[Observation]:
    quantities: tuple[tuple[catalogue.Rule, int, int, int, Callable[[int], str]], ...] = (
        (catalogue.RECORDS_GREW, before.records, now.records, policy.min_growth_records, _repositories),
        (catalogue.SIZE_GREW, before.bytes, now.bytes, policy.min_growth_bytes, size),
    )
    for rule, old, new, least, write in quantities:
        if policy.max_growth_percent is not None and is_sudden(old, new, policy.max_growth_percent, least):
            more = f", {count((new - old) * _HUNDRED // old)} % more" if old else ""
            evidence: Evidence = {"before": old, "now": new, "max_growth_percent": policy.max_growth_percent}
            yield Observation(rule, location, Violation(f"grew from {write(old)} to {write(new)}{more}", evidence))


def is_sudden(before: int, now: int, max_percent: int, least: int) -> bool:
    """Return whether the growth is more than `max_percent` of `before`, and `least` or more."""
    return now - before >= least and (now - before) * _HUNDRED > before * max_percent


def _repositories(number: int) -> str:
    return counted(number, "repository", "repositories")
