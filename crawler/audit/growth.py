"""How much a snapshot holds beside the one before (pure): records and bytes by center and by namespace.

Only what both snapshots read whole is compared: where a walk of either side is not proven, had rejects, or was not
made, a difference may be of the reading.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from crawler.audit.finding import Evidence, Location
from crawler.audit.rules import Observation, Violation
from crawler.config.audit_policy import Policy
from crawler.model import audit_rules as catalogue
from crawler.snapshot.manifest import Manifest
from crawler.text.human import count, counted, size

Center: TypeAlias = tuple[str, str]  # target and center

_HUNDRED: Final = 100


class Holding(NamedTuple):
    """Records, and their sizes in bytes where they say one."""

    records: int = 0
    bytes: int = 0


class Holdings:
    """What a snapshot holds, counted record by record; memory grows with the namespaces, not with the records."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str], list[int]] = {}

    def add(self, target: str, center: str, namespace: str, size: int | None) -> None:
        """Count one record; a size that is not there, or is below zero, counts nothing."""
        sums = self._sums.get((target, center, namespace))
        if sums is None:
            self._sums[target, center, namespace] = sums = [0, 0]
        sums[0] += 1
        if size is not None and size > 0:
            sums[1] += size

    def namespaces(self) -> Iterable[tuple[str, str, str]]:
        """Give target, center and namespace of whatever was counted."""
        return self._sums.keys()

    def of_namespace(self, target: str, center: str, namespace: str) -> Holding:
        """Give what one namespace holds."""
        return Holding(*self._sums.get((target, center, namespace), (0, 0)))

    def of_center(self, target: str, center: str) -> Holding:
        """Give what one center holds."""
        held = [sums for key, sums in self._sums.items() if key[:2] == (target, center)]
        return Holding(sum(one[0] for one in held), sum(one[1] for one in held))


class Scope:
    """What a snapshot's proven walks cover, those without rejects."""

    def __init__(self, manifest: Manifest) -> None:
        self._walks: dict[Center, dict[str | None, bool]] = {}
        for walk in manifest.walks:
            proven = walk.verdict == "complete" and not walk.rejects
            self._walks.setdefault((walk.target, walk.center), {})[walk.namespace] = proven

    def centers(self) -> list[Center]:
        """Give the centers that were walked, in plan order."""
        return list(self._walks)

    def holds(self, target: str, center: str, namespace: str) -> bool:
        """Say whether all of a namespace was read."""
        walks = self._walks.get((target, center), {})
        return walks.get(namespace, walks.get(None, False))

    def whole(self, target: str, center: str) -> frozenset[str | None]:
        """Give the namespaces of a center's walks, None for the walk over all; empty when one is not proven."""
        walks = self._walks.get((target, center), {})
        return frozenset(walks) if all(walks.values()) else frozenset()


def grown(old: Manifest, before: Holdings, new: Manifest, now: Holdings, policy: Policy) -> Iterator[Observation]:
    """Give the centers, then the namespaces, that grew by more than the policy's bounds, sorted by name.

    By more than `max_growth_percent` of what there was, and by `min_growth_records` or `min_growth_bytes` at least.
    """
    was, is_ = Scope(old), Scope(new)
    for target, center in sorted(is_.centers()):
        walked = is_.whole(target, center)
        if walked and walked == was.whole(target, center):
            sums = before.of_center(target, center), now.of_center(target, center)
            yield from _compared(Location(target, center), *sums, policy)
    for key in sorted(now.namespaces()):
        if was.holds(*key) and is_.holds(*key):
            place = Location(key[0], key[1], None, key[2])
            yield from _compared(place, before.of_namespace(*key), now.of_namespace(*key), policy)


def unjudged(old: Manifest, new: Manifest) -> list[str]:
    """Give the centers, as `target/center`, of which some growth was not judged, and so may be there."""
    was, is_ = Scope(old), Scope(new)
    return [
        "/".join(center)
        for center in is_.centers()
        if not is_.whole(*center) or is_.whole(*center) != was.whole(*center)
    ]


def _compared(place: Location, before: Holding, now: Holding, policy: Policy) -> Iterator[Observation]:
    judged: tuple[tuple[catalogue.Rule, int, int, int, Callable[[int], str]], ...] = (
        (catalogue.RECORDS_GREW, before.records, now.records, policy.min_growth_records, _repositories),
        (catalogue.SIZE_GREW, before.bytes, now.bytes, policy.min_growth_bytes, size),
    )
    for rule, old, new, least, worded in judged:
        if policy.max_growth_percent is not None and is_sudden(old, new, policy.max_growth_percent, least):
            more = f", {count((new - old) * _HUNDRED // old)} % more" if old else ""
            evidence: Evidence = {"before": old, "now": new, "max_growth_percent": policy.max_growth_percent}
            yield Observation(rule, place, Violation(f"grew from {worded(old)} to {worded(new)}{more}", evidence))


def is_sudden(before: int, now: int, max_percent: int, least: int) -> bool:
    """Say whether the growth is of more than `max_percent` of what there was, and of `least` or more."""
    return now - before >= least and (now - before) * _HUNDRED > before * max_percent


def _repositories(number: int) -> str:
    return counted(number, "repository", "repositories")
