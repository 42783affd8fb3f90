"""The walks of a run in their order, and what a walk costs (pure)."""

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

import orjson

from crawler.model.walk_id import Center, WalkId


class Plan(NamedTuple):
    """All walks of a run in plan order: by target, then center, then namespace, each in the configured order.

    `endpoints` pairs the name of each target with its endpoint; `order` names the sort columns to try. A run can be
    resumed only with the same plan; rate, concurrency and page size may differ.
    """

    endpoints: tuple[tuple[str, str], ...]
    order: tuple[str, ...]
    walks: tuple[WalkId, ...]

    def digest(self) -> str:
        """Return a text that equal plans share and different plans do not, on any machine and in any version."""
        text = orjson.dumps([self.endpoints, self.order, [tuple(walk) for walk in self.walks]])
        return sha256(text).hexdigest()


def make_plan(
    endpoints: Iterable[tuple[str, str]],
    centers: Iterable[Center],
    namespaces: tuple[str, ...],
    order: tuple[str, ...],
) -> Plan:
    """Return the plan of targets x centers x namespaces; without namespaces one walk a center reads them all."""
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
    """Return the walks of one target whose namespaces were discovered: one for each of them in `self`.

    The namespaces of `thirdparty` belong to other accounts and cannot be discovered: they are one walk, unless
    `namespaces` names some.
    """
    names: dict[Center, tuple[str | None, ...]] = {
        "self": tuple(dict.fromkeys((*namespaces, *discovered))),
        "thirdparty": namespaces or (None,),
    }
    return tuple(WalkId(target, center, namespace) for center in centers for namespace in names[center])


def windows(total: int, limit: int) -> int:
    """Return the number of windows of `limit` items that hold `total` items; at least 1."""
    return max(1, -(-total // limit))


def requests(total: int, limit: int, *, is_vouched: bool) -> int:
    """Return the fewest requests that read `total` items in pages of `limit` and see the end of the list.

    A full last page needs one more, and so does a list that is one short page, unless a census vouches for it.
    """
    full_at_end, one_short_page = total % limit == 0, total < limit
    return windows(total, limit) + ((not is_vouched) if one_short_page else full_at_end)


def duration_s(requests: int, rate_per_s: float | None) -> float | None:
    """Return the shortest time in seconds that `requests` take at this rate; None when the rate is unlimited."""
    return None if rate_per_s is None else requests / rate_per_s


def centers_by_namespace(walks: Iterable[WalkId]) -> list[tuple[str, Center]]:
    """Return the centers that are crawled by namespace, as (target, center), in plan order."""
    return list(dict.fromkeys((walk.target, walk.center) for walk in walks if walk.namespace is not None))
