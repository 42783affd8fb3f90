"""Draws worlds: an honest one, and up to four things that are wrong with it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final, TypeVar, get_args

from tests.worlds.world import (
    Balancer,
    Cache,
    Change,
    ChangeKind,
    Failure,
    FailureKind,
    Parameter,
    PastEnd,
    Replica,
    Stop,
    Totals,
    World,
)

_T = TypeVar("_T")
_LIMITS: Final = (1, 2, 3, 5, 7, 10, 10, 10, 20)
_AWAY_S: Final = (0.0, 1.0, 60.0, 3600.0, 4 * 3600.0)


def draw(seed: int) -> World:
    """Return the world of a seed."""
    chance = Random(seed)  # noqa: S311 - must be repeatable
    world = _honest(seed, chance)
    for _ in range(chance.choice([0, 1, 1, 2, 2, 3, 4])):
        world = chance.choice(_WRONGS)(world, chance)
    return world


_HARMLESS_LIMIT: Final = 3  # a page of one or two rows needs questions of its own


def is_harmless(world: World) -> bool:
    """Return whether nothing is wrong with a world, or nothing that a client may not be expected to cope with."""
    steady = not (world.failures or world.changes or world.stops or world.cache)
    usual = {_usual(replica, world) for replica in world.replicas}
    honest = all(
        replica.past_end != "repeat" and replica.totals in {"count", "first item"} for replica in world.replicas
    )
    return steady and honest and len(set(world.replicas)) == 1 and usual == {Replica()}


def _usual(replica: Replica, world: World) -> Replica:
    """Return a replica without what a client must cope with: refusals that it can negotiate."""
    # Rows of both centers have the same names here: without their owners they are the same rows.
    owner = replica.owner or len(world.centers) == 1 or not (world.rows and world.others)
    usual = replace(replica, clamp=0, weight=0, owner=owner, past_end="empty", totals="count")
    small = replica.max_limit >= _HARMLESS_LIMIT and world.walks == "whole" and not world.double_read
    refuses = () if set(replica.refuses) <= {"order"} and "none" in world.order else replica.refuses
    return replace(usual, max_limit=0 if small else replica.max_limit, refuses=refuses)


def _honest(seed: int, chance: Random) -> World:
    limit = chance.choice(_LIMITS)
    double_read = chance.random() < 0.25
    return World(
        seed=seed,
        rows=_rows(limit, chance),
        others=_rows(limit, chance) if chance.random() < 0.5 else 0,
        namespaces=chance.randint(1, 4),
        limit=limit,
        centers=chance.choice([("self",), ("self",), ("self", "thirdparty"), ("thirdparty",)]),
        walks=chance.choice(["whole", "whole", "named", "discovered"]),
        double_read=double_read,
        concurrency=chance.choice([1, 1, 2, 4, 8]),
        order=chance.choice([("name", "none"), ("name", "none"), ("none",), ("updated_at", "none")]),
    )


def _rows(limit: int, chance: Random) -> int:
    """Return a number of rows, often a multiple of the page size: there the end of a list is hardest to see."""
    if chance.random() < 0.5:
        return min(60, limit * chance.randint(0, 5))
    return chance.choice([0, 1, 2, chance.randint(0, 60), chance.randint(0, 60)])


def _some(items: Sequence[_T], chance: Random) -> _T:
    return chance.choice(list(items))


def _change_replica(world: World, chance: Random, **what: Any) -> World:  # noqa: ANN401 - fields of a Replica
    """Change one replica, or all of them, or add one that is changed."""
    way = chance.choice(["one", "all", "new", "new"])
    replicas = world.replicas
    if way == "all":
        return replace(world, replicas=tuple(replace(replica, **what) for replica in replicas))
    if way == "new" and len(replicas) < 3:
        return replace(
            world, replicas=(*replicas, Replica(**what)), balancer=_balancer(chance), cut_over_at=chance.randint(1, 12)
        )
    index = chance.randrange(len(replicas))
    changed = replace(replicas[index], **what)
    return replace(world, replicas=(*replicas[:index], changed, *replicas[index + 1 :]))


def _balancer(chance: Random) -> Balancer:
    return _some(get_args(Balancer), chance)


def _stale(world: World, chance: Random) -> World:
    changes = [_change(world, chance, at=0) for _ in range(chance.randint(1, 3))]
    world = replace(world, changes=(*world.changes, *changes))
    return _change_replica(world, chance, behind=chance.randint(1, len(changes)))


def _late_totals(world: World, chance: Random) -> World:
    changes = [_change(world, chance, at=chance.choice([0, 0, 1, 3])) for _ in range(chance.randint(1, 2))]
    world = replace(world, changes=(*world.changes, *changes))
    return _change_replica(world, chance, totals_behind=chance.randint(1, len(changes)))


def _other_totals(world: World, chance: Random) -> World:
    return _change_replica(
        world, chance, totals=_some(get_args(Totals)[1:], chance), total_on_empty=chance.random() < 0.7
    )


def _generation(world: World, chance: Random) -> World:
    """Add a server of another generation: several things are different at once."""
    kinds: dict[str, Any] = {
        "totals": _some(get_args(Totals), chance),
        "clamp": chance.choice([1, 3, 7, 10, world.limit]),
        "weight": chance.choice([2, 5, 9, 2 * world.limit]),
        "refuses_empty": True,
        "cap": chance.choice([world.limit, 2 * world.limit, 10, 50]),
        "owner": False,
        "order": chance.choice(["own", "reversed"]),
        "past_end": _some(get_args(PastEnd), chance),
        "total_on_empty": False,
        "fuzzy": True,
    }
    chosen = chance.sample(list(kinds), chance.randint(2, 4))
    return _change_replica(world, chance, **{name: kinds[name] for name in chosen})


def _bounds(world: World, chance: Random) -> World:
    what = chance.choice(["clamp", "weight", "cap", "ceiling", "cap and ceiling"])
    bound = chance.choice([world.limit, 10, 2 * world.limit, 50, chance.randint(1, 25)])
    if what == "cap and ceiling":
        return _change_replica(world, chance, cap=bound, ceiling=bound)
    return _change_replica(world, chance, **{what: bound})


def _no_owner(world: World, chance: Random) -> World:
    return _change_replica(world, chance, owner=False)


def _sorts(world: World, chance: Random) -> World:
    return _change_replica(world, chance, order=chance.choice(["own", "reversed", "shuffled"]))


def _ignores(world: World, chance: Random) -> World:
    return _change_replica(world, chance, ignores=(_some(get_args(Parameter), chance),))


def _fuzzy(world: World, chance: Random) -> World:
    return _change_replica(world, chance, fuzzy=True)


def _end(world: World, chance: Random) -> World:
    return _change_replica(
        world, chance, past_end=_some(get_args(PastEnd)[1:], chance), refuses_empty=chance.random() < 0.5
    )


def _refuses(world: World, chance: Random) -> World:
    """Refuse some requests with a code that says nothing; sometimes the way that is accepted instead is ignored."""
    refused = tuple(chance.sample(["direct", "order", "filter"], chance.choice([1, 1, 2])))
    ignores = ("filter",) if chance.random() < 0.3 else ()
    limit = chance.choice([0, 0, 3, 7, 10])
    return _change_all(world, refuses=refused, max_limit=limit, ignores=ignores)


def _max_limit(world: World, chance: Random) -> World:
    return _change_all(world, max_limit=chance.choice([1, 3, 7, 10]))


def _change_all(world: World, **what: Any) -> World:  # noqa: ANN401 - fields of a Replica
    return replace(world, replicas=tuple(replace(replica, **what) for replica in world.replicas))


def _cache(world: World, chance: Random) -> World:
    ignored = () if chance.random() < 0.5 else (_some(get_args(Parameter), chance),)
    cache = Cache(chance.choice([1, 60, 10**6]), ignored, honors_no_cache=chance.random() < 0.7)
    return replace(world, cache=cache)


def _failure(world: World, chance: Random) -> World:
    span_s = chance.choice([0.0, 0.0, 0.0, 0.05, 0.3, 2.0])
    failure = Failure(
        kind=_some(get_args(FailureKind), chance),
        at=chance.choice([1, 2, 3, chance.randint(1, 12)]),
        times=chance.choice([1, 1, 1, 2, 3, 5]),
        span_s=span_s,
        every=chance.choice([0, 0, 0, 2, 3, 5]),
        offset=chance.choice(["any", "any", "zero", "beyond"]),
    )
    return replace(world, failures=(*world.failures, failure))


def _change(world: World, chance: Random, *, at: int) -> Change:
    return Change(
        at=at,
        kind=_some(get_args(ChangeKind), chance),
        position=chance.randint(0, 60),
        to=chance.randint(0, 60),
        count=chance.choice([1, 1, 1, 2, world.limit, 30]),
        center=chance.choice(["self", "self", "thirdparty"]),
    )


def _drift(world: World, chance: Random) -> World:
    at = chance.randint(2, 8)
    every = chance.choice([1, 2, 3])
    changes = [_change(world, chance, at=at + every * number) for number in range(chance.choice([1, 1, 2, 4]))]
    return replace(world, changes=(*world.changes, *changes))


def _stop(world: World, chance: Random) -> World:
    at = chance.randint(2, 10)
    changes = [_change(world, chance, at=at) for _ in range(chance.choice([0, 1, 1, 2]))]
    stop = Stop(at, chance.choice(_AWAY_S))
    return replace(world, stops=(*world.stops, stop), changes=(*world.changes, *changes))


_WRONGS: Final[Sequence[Callable[[World, Random], World]]] = (
    *(_generation, _generation, _stale, _stale, _late_totals, _other_totals, _other_totals, _bounds, _bounds),
    *(_no_owner, _sorts, _ignores, _fuzzy, _end, _cache, _cache),
    *(_refuses, _max_limit),
    *(_failure, _failure, _failure, _failure),
    *(_drift, _drift, _stop, _stop),
)
