"""In thousands of worlds, exit code 0 implies that every row that was held throughout the crawl is on the disk."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.support.sweeps import swept
from tests.worlds.counterexamples import ALL
from tests.worlds.draw import draw
from tests.worlds.driver import crawl_world, workplace
from tests.worlds.invisible import RULES, why_invisible
from tests.worlds.oracle import judge
from tests.worlds.search import Tried, search, try_world
from tests.worlds.shrink import shrink
from tests.worlds.world import Cache, Change, Failure, Replica, Stop, World

pytestmark = pytest.mark.unmeasured

_MIN_KEPT: Final = 0.5  # of all worlds: where nothing is complete, nothing is proved
_FEW, _MANY = 50, 1000


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with workplace() as folder:
        yield folder


def check(tried: Tried, record_property: Callable[[str, object], None]) -> None:
    record_property("worlds", dict(tried.counts))  # tests/conftest.py adds them up
    assert [f"{one.judgement.why}: {one.simplest}" for one in tried.counterexamples] == []
    assert tried.share("kept") >= _MIN_KEPT, tried.table()


def test_in_some_worlds_what_is_called_complete_is_complete(
    folder: Path, record_property: Callable[[str, object], None]
) -> None:
    check(search(folder, 1, worlds=_FEW), record_property)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(9))
def test_in_thousands_of_worlds_what_is_called_complete_is_complete(
    share: int, folder: Path, record_property: Callable[[str, object], None]
) -> None:
    check(search(folder, 1 + share * _MANY, worlds=_MANY), record_property)


@swept(4)
def test_in_worlds_without_a_stable_order_what_is_called_complete_is_complete(folder: Path, every: int) -> None:
    outcomes = []
    seeds = range(0, 100, every)
    for seed in seeds:
        world = draw(seed)
        replicas = tuple(replace(one, order="shuffled") for one in world.replicas)
        world = replace(world, replicas=replicas, walks="whole", rows=9 + seed % 20, namespaces=2 + seed % 3)
        outcomes.append(try_world(world, folder).outcome)
    assert not [outcome for outcome in outcomes if outcome in {"broken", "endless"}]
    assert outcomes.count("kept") >= len(seeds) // 4


# --- the search can find what it looks for


def test_a_healthy_world_is_complete_and_what_it_holds_is_on_the_disk(folder: Path) -> None:
    world = World(rows=23, others=7, namespaces=3, centers=("self", "thirdparty"), walks="discovered", concurrency=3)
    crawled = crawl_world(world, folder)
    assert crawled.exit_code == 0
    assert set(crawled.published) == crawled.service.states[0].keys
    assert judge(crawled, harmless=True).outcome == "kept"


def test_a_row_that_is_missing_twice_or_from_nowhere_breaks_the_law(folder: Path) -> None:
    crawled = crawl_world(World(rows=5), folder)
    first, *others = crawled.published
    for published, why in [
        ((*others,), "missing"),
        ((first, *crawled.published), "twice"),
        ((("self", "a", "new"), *crawled.published), "never there"),
    ]:
        assert judge(crawled._replace(published=published))[:2] == ("broken", why)


def test_a_healthy_world_that_is_not_complete_is_doubted_without_need(folder: Path) -> None:
    crawled = crawl_world(World(rows=5), folder)
    assert judge(crawled._replace(exit_code=3), harmless=True).outcome == "doubted"
    assert judge(crawled._replace(exit_code=3)).outcome == "said"


def test_what_was_held_throughout_is_what_was_there_from_the_begin_to_the_end(folder: Path) -> None:
    gone = Change(at=2, kind="delete", position=3)
    crawled = crawl_world(World(rows=25, changes=(gone,), limit=10), folder)
    assert [len(state.keys) for state in crawled.service.truths] == [25, 24]
    assert judge(crawled).outcome == "kept"


def test_a_crawl_that_was_killed_is_resumed_later(folder: Path) -> None:
    crawled = crawl_world(World(rows=25, stops=(Stop(at=3, away_s=3600.0),)), folder)
    assert crawled.exit_code == 0
    assert [look.sitting for look in crawled.service.looks] == sorted(look.sitting for look in crawled.service.looks)
    assert {look.sitting for look in crawled.service.looks} == {0, 1}
    assert crawled.service.looks[-1].at_s > 3600


def test_a_seed_is_always_the_same_world_and_the_same_crawl(folder: Path) -> None:
    for seed in (7, 11, 672):
        first, second = crawl_world(draw(seed), folder), crawl_world(draw(seed), folder)
        assert first.service.looks == second.service.looks
        assert first.published == second.published


INVISIBLE: Final = {
    "no server shows it": World(replicas=(Replica(behind=1),), changes=(Change(),)),
    "no server that answered shows it": World(
        rows=1, replicas=(Replica(), Replica(behind=1)), balancer="center", changes=(Change(),)
    ),
    "no answer showed it or declared more": World(
        rows=11,
        namespaces=2,
        replicas=(Replica(), Replica(behind=1)),
        balancer="cut over",
        cut_over_at=2,
        changes=(Change(kind="move"),),
        double_read=True,
    ),
    "the last reading lacks it": World(
        rows=3,
        replicas=(Replica(), Replica(behind=2)),
        balancer="cut over",
        cut_over_at=6,
        changes=(Change(kind="swap"), Change(at=0, kind="delete", count=2)),
        walks="discovered",
    ),
    "a balanced change during one reading": World(rows=11, changes=(Change(at=2, kind="replace", to=10),)),
    "only one center was asked for": World(rows=1, replicas=(Replica(ignores=("center",)),), centers=("thirdparty",)),
}


@pytest.mark.parametrize("rule", INVISIBLE)
def test_each_rule_of_what_no_client_can_see_has_its_world(rule: str, folder: Path) -> None:
    assert try_world(INVISIBLE[rule], folder)[:2] == ("invisible", rule)


def test_a_list_that_came_for_the_other_center_each_time_is_as_good_as_its_own(folder: Path) -> None:
    failures = (Failure(kind="other center", every=2),)
    crawled = crawl_world(World(seed=102320, rows=1, failures=failures, centers=("self", "thirdparty")), folder)
    (key,) = crawled.published
    assert key[0] == "thirdparty"
    assert why_invisible(crawled.service, frozenset({key}), key, "never there") == "each center came for the other"


def test_no_rule_is_without_a_world() -> None:
    needs_another_core = {"changes in step with both readings", "nothing, twice, apart in time"}
    beside_another = {"each center came for the other"}  # the row is missing in its own center, too
    assert {
        rule for rules in RULES.values() for rule in rules
    } == INVISIBLE.keys() | needs_another_core | beside_another


def test_a_world_shrinks_to_the_thing_that_matters() -> None:
    large = World(
        seed=9,
        rows=30,
        others=4,
        replicas=(Replica(cap=20, clamp=3), Replica(owner=False)),
        cache=Cache(ttl_s=60),
        failures=(Failure(kind="500"), Failure(kind="empty", at=4, times=3)),
        limit=7,
    )
    simplest = shrink(large, lambda world: world.rows > 2 and any(one.kind == "empty" for one in world.failures))
    assert simplest == World(rows=3, failures=(Failure(kind="empty"),))


def test_a_world_shows_what_is_not_a_default_and_can_be_read_back() -> None:
    for world in (*ALL.values(), *map(draw, range(50))):
        assert eval(repr(world)) == world  # noqa: S307 - our own literal
    assert repr(World(rows=11, replicas=(Replica(cap=10),))) == "World(rows=11, replicas=(Replica(cap=10),))"
    assert replace(World(rows=11), rows=0) == World()
