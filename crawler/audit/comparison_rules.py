"""The rules about an earlier snapshot (pure): growth and shrinkage of records and bytes, by center and by namespace.

Only what both snapshots read completely is compared: where a walk of either one is missing, not proven or has rejects,
a difference may come from the crawl. A namespace without a walk holds nothing where the walks cover all that its center
declares.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from crawler.audit.finding import Evidence, Location
from crawler.audit.rule import Observation, Rule, Violation, declare
from crawler.config.audit_policy import Policy
from crawler.snapshot.completeness import is_proven
from crawler.snapshot.history.shrinkage import ShrinkLimits, has_shrunk
from crawler.snapshot.manifest import Manifest
from crawler.text.human import count, counted, size

RECORDS_GREW: Final = declare(
    "SWR301",
    "warning",
    title="Many more repositories are shared than before",
    why="A script that shares too much, or an account that was taken over, looks like this.",
    remedy="See what was added (swr-crawler diff), and find out who shared it.",
    settings=("max_growth_percent", "min_growth_records"),
)
SIZE_GREW: Final = declare(
    "SWR302",
    "warning",
    title="The shared repositories take much more space than before",
    why="A build that pushes with every commit can fill the quota unnoticed.",
    remedy="See which repositories grew (swr-crawler diff), and give them a retention rule.",
    settings=("max_growth_percent", "min_growth_bytes"),
)
RECORDS_SHRANK: Final = declare(
    "SWR303",
    "error",
    title="Many fewer repositories are shared than before",
    why="A lost permission, a wrong project, or a script that deletes too much looks like this.",
    remedy="See what was removed (swr-crawler diff), and find out whether it still exists.",
    settings=("max_shrink_percent", "min_shrink_records"),
)
SIZE_SHRANK: Final = declare(
    "SWR304",
    "error",
    title="The shared repositories take much less space than before",
    why="A retention rule that deletes too much takes images away that deployments still pull.",
    remedy="See which repositories shrank (swr-crawler diff), and check their retention rules.",
    settings=("max_shrink_percent", "min_shrink_bytes"),
)

Center: TypeAlias = tuple[str, str]  # target and center

COMPARING_RULES: Final = frozenset(rule.id for rule in (RECORDS_GREW, SIZE_GREW, RECORDS_SHRANK, SIZE_SHRANK))
_HUNDRED: Final = 100
_EVERYTHING: Final[frozenset[str | None]] = frozenset({None})  # the extent of a center that was read completely


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
        for coverage in manifest.coverage:  # also of a center without walks: none of its namespaces was listed
            self._walks.setdefault((coverage.target, coverage.center), {})
        covered = {(coverage.target, coverage.center) for coverage in manifest.coverage if coverage.uncovered == 0}
        self._covered = {center for center in covered if all(self._walks[center].values())}

    def centers(self) -> list[Center]:
        """Return the centers that were walked, in plan order."""
        return list(self._walks)

    def cover(self, target: str, center: str, namespace: str) -> bool:
        """Return whether all of a namespace was read."""
        walks = self._walks.get((target, center), {})
        proven = walks.get(namespace, walks.get(None))
        return (target, center) in self._covered if proven is None else proven

    def extent_of(self, target: str, center: str) -> frozenset[str | None]:
        """Return which namespaces of a center were read: None in it for everything, empty when a walk is not proven."""
        walks = self._walks.get((target, center), {})
        if (target, center) in self._covered:
            return _EVERYTHING
        return frozenset(walks) if all(walks.values()) else frozenset()


def comparison_findings(
    old: Manifest, before: Holdings, new: Manifest, now: Holdings, policy: Policy
) -> Iterator[Observation]:
    """Yield the centers, then the namespaces, that grew or shrank by more than the policy allows, sorted by name.

    That is by more than `max_growth_percent` or `max_shrink_percent`, and by at least the number of records or bytes
    that the policy has for each of them.
    """
    was, is_ = ProvenWalks(old), ProvenWalks(new)
    for target, center in sorted({*was.centers(), *is_.centers()}):
        extent = is_.extent_of(target, center)
        if extent and extent == was.extent_of(target, center):
            totals = before.of_center(target, center), now.of_center(target, center)
            yield from _compared(Location(target, center), *totals, policy)
    for key in sorted({*before.namespaces(), *now.namespaces()}):
        if was.cover(*key) and is_.cover(*key):
            location = Location(key[0], key[1], None, key[2])
            yield from _compared(location, before.of_namespace(*key), now.of_namespace(*key), policy)


def unjudged_centers(old: Manifest, new: Manifest) -> list[str]:
    """Return the centers, as `target/center`, of which some or all was not compared; those of `new` first."""
    was, is_ = ProvenWalks(old), ProvenWalks(new)
    return [
        "/".join(center)
        for center in dict.fromkeys((*is_.centers(), *was.centers()))
        if not is_.extent_of(*center) or is_.extent_of(*center) != was.extent_of(*center)
    ]


def _compared(location: Location, before: Holding, now: Holding, policy: Policy) -> Iterator[Observation]:
    yield from _growth(location, before, now, policy)
    yield from _shrinkage(location, before, now, policy)


def _growth(location: Location, before: Holding, now: Holding, policy: Policy) -> Iterator[Observation]:
    quantities: tuple[tuple[Rule, int, int, int, Callable[[int], str]], ...] = (
        (RECORDS_GREW, before.records, now.records, policy.min_growth_records, _repositories),
        (SIZE_GREW, before.bytes, now.bytes, policy.min_growth_bytes, size),
    )
    for rule, old, new, least, write in quantities:
        if policy.max_growth_percent is not None and is_sudden(old, new, policy.max_growth_percent, least):
            more = f", {count((new - old) * _HUNDRED // old)} % more" if old else ""
            evidence: Evidence = {"before": old, "now": new, "max_growth_percent": policy.max_growth_percent}
            yield Observation(rule, location, Violation(f"grew from {write(old)} to {write(new)}{more}", evidence))


def _shrinkage(location: Location, before: Holding, now: Holding, policy: Policy) -> Iterator[Observation]:
    most, whole = policy.max_shrink_percent, location.namespace is None
    quantities: tuple[tuple[Rule, int, int, int, bool, Callable[[int], str]], ...] = (
        (RECORDS_SHRANK, before.records, now.records, policy.min_shrink_records, whole, _repositories),
        (SIZE_SHRANK, before.bytes, now.bytes, policy.min_shrink_bytes, False, size),
    )
    for rule, old, new, least, whole_center, write in quantities:
        if has_shrunk(old, new, ShrinkLimits(most, least), whole_center=whole_center):
            evidence: Evidence = {"before": old, "now": new, "max_shrink_percent": most}
            percent = count((old - new) * _HUNDRED // old)
            message = f"shrank from {write(old)} to {write(new)}, {percent} % less"
            yield Observation(rule, location, Violation(message, evidence))


def is_sudden(before: int, now: int, max_percent: int, least: int) -> bool:
    """Return whether the growth is more than `max_percent` of `before`, and `least` or more."""
    return now - before >= least and (now - before) * _HUNDRED > before * max_percent


def _repositories(number: int) -> str:
    return counted(number, "repository", "repositories")
