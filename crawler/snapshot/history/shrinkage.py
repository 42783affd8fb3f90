"""Finds the centers and namespaces that shrank since an earlier snapshot of the same plan (pure).

A service that took a permission away, or is asked for another project, lists fewer repositories, or none, and every
walk of such a crawl is complete: only an earlier snapshot shows that something is wrong.

- **The plan of a center** is what decides which repositories belong to it: the endpoint, the namespaces, discovery.
  Neither how the service was asked (page size, order, passes, rate) nor who asked (credentials, account, project) is
  part of it: a change of the latter is what the comparison is there to show.
- **What is compared**: the records of each center, and of each namespace that has a walk of its own. Of a walk over
  all namespaces a manifest does not say how many records each of them has.
- **What is not**: a walk of the new snapshot that is not proven, and a center with one. It makes the snapshot
  incomplete anyway, and how much it should hold is not known.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from crawler.model.walk_id import Center
from crawler.snapshot.completeness import is_proven
from crawler.snapshot.manifest import Manifest, Shrinkage, WalkEntry
from crawler.text.malformed import MALFORMED

Place: TypeAlias = tuple[str, Center]  # target and center

_HUNDRED: Final = 100


class ShrinkLimits(NamedTuple):
    """Which loss is accepted: up to `max_percent`, and fewer than `least`, in the unit of what is compared."""

    max_percent: int
    least: int


class CenterPlan(NamedTuple):
    """What decides which repositories belong to a center. `discovery` is None where its namespaces are not discovered.

    Otherwise it is the mode of discovery and the patterns that select among what is found.
    """

    endpoint: str | None
    namespaces: frozenset[str]
    discovery: tuple[str, frozenset[str]] | None


class _Target(msgspec.Struct, frozen=True):
    name: str
    endpoint: str | None


class _Config(msgspec.Struct, frozen=True):
    """The settings in a manifest's `config` that make the plan."""

    targets: tuple[_Target, ...]
    centers: tuple[Center, ...]
    namespaces: frozenset[str]
    patterns: frozenset[str]
    discover: bool
    discover_mode: str


def center_plans(config: Mapping[str, Any]) -> dict[Place, CenterPlan]:
    """Return the plans of the centers of a run, by its `config` as a manifest holds it; {} for one of other form."""
    try:
        settings = msgspec.convert(config, type=_Config)
    except MALFORMED:
        return {}
    discovery = (settings.discover_mode, settings.patterns) if settings.discover else None
    return {
        # The namespaces of `thirdparty` belong to other accounts and are never discovered.
        (target.name, center): CenterPlan(
            target.endpoint, settings.namespaces, None if center == "thirdparty" else discovery
        )
        for target in settings.targets
        for center in settings.centers
    }


def find_shrinkage(
    earlier: Iterable[tuple[Manifest, frozenset[Place]]], walks: Iterable[WalkEntry], limits: ShrinkLimits
) -> tuple[Shrinkage, ...]:
    """Return what shrank in `walks`: of each center first the center itself, then its namespaces.

    `earlier` has complete snapshots, each with the centers to compare with it.
    """
    now = _by_center(walks)
    found: list[Shrinkage] = []
    for manifest, places in earlier:
        before = _by_center(manifest.walks)
        for place in sorted(places):
            shrunk = _compared(before.get(place, ()), now.get(place, ()), limits)
            found += (
                Shrinkage(
                    target=place[0],
                    center=place[1],
                    namespace=namespace,
                    before=old,
                    now=new,
                    snapshot=manifest.snapshot,
                )
                for namespace, old, new in shrunk
            )
    return tuple(found)


def _by_center(walks: Iterable[WalkEntry]) -> dict[Place, list[WalkEntry]]:
    centers: dict[Place, list[WalkEntry]] = {}
    for walk in walks:
        centers.setdefault((walk.target, walk.center), []).append(walk)
    return centers


def _compared(
    before: Iterable[WalkEntry], now: Iterable[WalkEntry], limits: ShrinkLimits
) -> Iterator[tuple[str | None, int, int]]:
    """Yield namespace (None for the center), records before and records now of what shrank in one center."""
    old, new = {walk.namespace: walk.records for walk in before}, {walk.namespace: walk for walk in now}
    total = sum(old.values()), sum(walk.records for walk in new.values())
    if all(map(is_proven, new.values())) and has_shrunk(*total, limits, whole_center=True):
        yield None, *total
    if None in new:  # the center is one list now, and was read by namespace (Coverage.split)
        return
    for namespace, records in old.items():
        walk = new.get(namespace)  # None: it was discovered before, and is not listed any more
        left = 0 if walk is None else walk.records
        proven = walk is None or is_proven(walk)
        if namespace is not None and proven and has_shrunk(records, left, limits, whole_center=False):
            yield namespace, records, left


def has_shrunk(before: int, now: int, limits: ShrinkLimits, *, whole_center: bool) -> bool:
    """Return whether more than the accepted percentage is gone, and not less than the accepted number.

    A whole center that holds nothing any more counts, however little it held: that is what a lost permission or a wrong
    project looks like. A namespace with few repositories is emptied by hand now and then.
    """
    lost = before - now
    least = 1 if whole_center and not now else limits.least
    return lost >= least and lost * _HUNDRED > before * limits.max_percent
