"""Which walks a run is made of, in which order, and what a walk costs (pure)."""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

import orjson

from crawler.model.walk_id import Center, WalkId


class Plan(NamedTuple):
    """All walks of a run in plan order: by target, then center, then namespace, each as configured.

    `endpoints` pairs each target's name with its endpoint; `order` names the sort columns tried. Together
    with the walks they are what must be the same to resume a run: not rate, concurrency or limit.
    """

    endpoints: tuple[tuple[str, str], ...]
    order: tuple[str, ...]
    walks: tuple[WalkId, ...]

    def digest(self) -> str:
        """Give a name for this plan: equal for equal plans, whatever machine or version made them."""
        text = orjson.dumps([self.endpoints, self.order, [tuple(walk) for walk in self.walks]])
        return sha256(text).hexdigest()


def make_plan(
    endpoints: Iterable[tuple[str, str]],
    centers: Iterable[Center],
    namespaces: tuple[str, ...],
    order: tuple[str, ...],
) -> Plan:
    """Plan targets x centers x namespaces; no namespace given is one walk per center over all of them."""
    targets, chosen = tuple(endpoints), tuple(centers)
    walks = tuple(
        WalkId(target, center, namespace)
        for target, _ in targets
        for center in chosen
        for namespace in namespaces or (None,)
    )
    return Plan(targets, order, walks)


def discovered_walks(
    target: str, centers: Iterable[Center], namespaces: tuple[str, ...], discovered: tuple[str, ...]
) -> tuple[WalkId, ...]:
    """Plan one target whose own namespaces were discovered: a walk for each of them in `self`.

    The namespaces of `thirdparty` belong to others and can't be discovered: one walk, unless `namespaces` names some.
    """
    names: dict[Center, tuple[str | None, ...]] = {
        "self": tuple(dict.fromkeys((*namespaces, *discovered))),
        "thirdparty": namespaces or (None,),
    }
    return tuple(WalkId(target, center, namespace) for center in centers for namespace in names[center])


def windows(total: int, limit: int) -> int:
    """Give the number of windows a walk of `total` items is read in: at least the first one."""
    return max(1, -(-total // limit))


def duration_s(requests: int, rate_per_s: float | None) -> float | None:
    """Give the least time `requests` take at the configured rate, in seconds; None when it is unlimited."""
    return None if rate_per_s is None else requests / rate_per_s


def by_namespaces(walks: Iterable[WalkId]) -> list[tuple[str, Center]]:
    """Give the centers that are walked by namespaces, in plan order: each needs a census."""
    return list(dict.fromkeys((walk.target, walk.center) for walk in walks if walk.namespace is not None))
