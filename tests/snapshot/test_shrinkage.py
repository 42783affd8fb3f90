"""Laws of shrinkage: what lost too much since an earlier snapshot of the same plan is named, and nothing else is."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.describe import redacted
from crawler.model.walk_id import Center
from crawler.snapshot.history.shrinkage import (
    CenterPlan,
    Place,
    ShrinkLimits,
    center_plans,
    find_shrinkage,
    has_shrunk,
)
from crawler.snapshot.manifest import Shrinkage, WalkEntry
from tests.audit.examples import manifest, walk
from tests.support.emulator_fixture import configure

LIMITS = ShrinkLimits(max_percent=50, least=10)
SELF: Place = ("eu", "self")
Counts = dict[str | None, int]


def walks_of(counts: Counts, **fields: Any) -> tuple[WalkEntry, ...]:  # noqa: ANN401
    """Return the walks of center `eu/self` with this many records each."""
    return tuple(walk(namespace=namespace, records=records, **fields) for namespace, records in counts.items())


def found(before: Counts, now: Counts | tuple[WalkEntry, ...]) -> list[tuple[str | None, int, int]]:
    """Return namespace, records before and records now of what shrank."""
    earlier = manifest(*walks_of(before), snapshot="night1")
    new = walks_of(now) if isinstance(now, dict) else now
    told = find_shrinkage([(earlier, frozenset({SELF}))], new, LIMITS)
    assert {(one.target, one.center, one.snapshot) for one in told} <= {("eu", "self", "night1")}
    return [(one.namespace, one.before, one.now) for one in told]


# --- how much is too much


@pytest.mark.parametrize(
    ("before", "now", "shrunk"),
    [
        (3000, 0, True),
        (3000, 1500, False),  # 50 % and no more
        (3000, 1499, True),
        (18, 8, True),
        (17, 8, False),  # 53 %, but 9 records
        (9, 1, False),
        (9, 0, True),  # a center that lost all it held
        (1, 0, True),
        (0, 0, False),
        (10, 10, False),
        (10, 30, False),
    ],
)
def test_a_center_shrank_beyond_the_percentage_and_from_the_least_number_on(
    before: int, now: int, *, shrunk: bool
) -> None:
    assert found({None: before}, {None: now}) == ([(None, before, now)] if shrunk else [])


@pytest.mark.parametrize(("before", "now", "shrunk"), [(9, 0, False), (10, 0, True), (30, 14, True), (30, 15, False)])
def test_a_namespace_with_few_records_may_be_emptied(before: int, now: int, *, shrunk: bool) -> None:
    rest = 1000
    assert found({"a": before, "b": rest}, {"a": now, "b": rest}) == ([("a", before, now)] if shrunk else [])


@given(st.integers(0, 2**70), st.integers(0, 2**70), st.integers(0, 100), st.integers(1, 10**9), st.booleans())
def test_shrinkage_is_counted_exactly(before: int, now: int, percent: int, least: int, whole: bool) -> None:  # noqa: FBT001
    emptied = whole and now == 0 and before > 0
    expected = now < before and (before - now >= least or emptied)
    expected = expected and Fraction(before - now, before) > Fraction(percent, 100)
    assert has_shrunk(before, now, ShrinkLimits(percent, least), whole_center=whole) is expected


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans())
def test_a_hundred_percent_accepts_everything(before: int, now: int, whole: bool) -> None:  # noqa: FBT001
    assert not has_shrunk(before, now, ShrinkLimits(100, 1), whole_center=whole)


# --- what is compared


def test_a_center_comes_before_its_namespaces() -> None:
    assert found({"b": 100, "a": 100, "c": 20}, {"b": 1, "a": 2, "c": 20}) == [
        (None, 220, 23),
        ("b", 100, 1),
        ("a", 100, 2),
    ]


def test_a_namespace_that_vanished_holds_nothing_now() -> None:
    assert found({"a": 100, "b": 150}, {"b": 150}) == [("a", 100, 0)]
    assert found({"a": 100}, ()) == [(None, 100, 0), ("a", 100, 0)]


def test_records_that_only_moved_to_another_namespace_are_shrinkage_of_the_namespace_alone() -> None:
    assert found({"a": 100}, {"new": 100}) == [("a", 100, 0)]


def test_of_a_walk_over_all_namespaces_only_the_center_is_compared() -> None:
    assert found({None: 100}, {None: 10}) == [(None, 100, 10)]


@pytest.mark.parametrize(
    "doubt", [{"verdict": "drifted"}, {"verdict": "partial"}, {"verdict": "unproven"}, {"rejects": 1}]
)
def test_a_walk_that_is_not_proven_is_not_compared_nor_is_its_center(doubt: dict[str, Any]) -> None:
    before: Counts = {"a": 100, "b": 100}
    assert found(before, walks_of({"a": 0}, **doubt) + walks_of({"b": 0})) == [("b", 100, 0)]
    assert found({None: 100}, walks_of({None: 0}, **doubt)) == []


def test_each_center_is_compared_with_its_own_earlier_snapshot() -> None:
    def two(**records: int) -> tuple[WalkEntry, ...]:
        return tuple(walk(center=center, records=number) for center, number in records.items())

    earlier = [
        (manifest(*two(self=100, thirdparty=100), snapshot="new"), frozenset({SELF})),
        (manifest(*two(thirdparty=50), snapshot="old"), frozenset[Place]({("eu", "thirdparty")})),
    ]
    assert find_shrinkage(earlier, two(self=1, thirdparty=2), LIMITS) == (
        Shrinkage(target="eu", center="self", namespace=None, before=100, now=1, snapshot="new"),
        Shrinkage(target="eu", center="thirdparty", namespace=None, before=50, now=2, snapshot="old"),
    )


def test_without_an_earlier_snapshot_nothing_shrank() -> None:
    assert find_shrinkage([], walks_of({None: 0}), LIMITS) == ()
    elsewhere = manifest(walk(center="thirdparty", records=100))
    assert find_shrinkage([(elsewhere, frozenset({SELF}))], walks_of({None: 0}), LIMITS) == ()


# --- the plan of a center


def plans(**flags: Any) -> dict[Place, CenterPlan]:  # noqa: ANN401
    return center_plans(redacted(configure("a.example", "output", **flags)))


def test_the_plan_of_a_center_is_its_endpoint_its_namespaces_and_its_discovery() -> None:
    assert plans() == {
        ("default", "self"): CenterPlan("https://a.example", frozenset(), None),
        ("default", "thirdparty"): CenterPlan("https://a.example", frozenset(), None),
    }
    assert plans(namespaces="b,a,t-*,!t-x", centers="self") == {
        ("default", "self"): CenterPlan("https://a.example", frozenset("ab"), ("own", frozenset({"t-*", "!t-x"})))
    }


@pytest.mark.parametrize(
    "flags",
    [
        {"limit": 10, "rate_per_s": 1, "concurrency": 3, "timeout_s": 1, "max_passes": 9, "double_read": True},
        {"allow_shrink": True, "allow_partial_coverage": True, "snapshot": "x", "max_duration_s": 1, "resume": False},
    ],
)
def test_how_a_center_is_read_is_not_part_of_its_plan(flags: dict[str, Any]) -> None:
    assert plans(**flags) == plans()


def test_the_order_of_namespaces_and_patterns_is_not_part_of_the_plan() -> None:
    assert plans(namespaces="a,b,t-*,!t-x") == plans(namespaces="!t-x,b,t-*,a")


@pytest.mark.parametrize("account", [{"project_id": "other"}, {"account": "x", "user": "y"}, {"auth": "token"}])
def test_who_asks_is_not_part_of_the_plan(account: dict[str, Any]) -> None:
    config: dict[str, Any] = redacted(configure("a.example", "output"))
    other = {**config, "targets": [{**config["targets"][0], **account}]}
    assert other != config
    assert center_plans(other) == center_plans(config)


@pytest.mark.parametrize("flags", [{"namespaces": "a"}, {"namespaces": "a*"}, {"namespaces": "!a"}, {"discover": True}])
def test_another_choice_of_namespaces_is_another_plan_of_self(flags: dict[str, Any]) -> None:
    assert plans(**flags)["default", "self"] != plans()["default", "self"]


def test_discovery_is_no_part_of_the_plan_of_thirdparty_whose_namespaces_cannot_be_discovered() -> None:
    place: tuple[str, Center] = ("default", "thirdparty")
    assert plans(discover=True)[place] == plans()[place]
    assert plans(discover=True, namespaces="a")[place] == plans(namespaces="a")[place]


def test_the_mode_of_discovery_matters_while_it_is_on_only() -> None:
    config: dict[str, Any] = redacted(configure("a.example", "output", discover=True))
    visible = {**config, "discover_mode": "visible"}
    assert center_plans(visible)["default", "self"] != center_plans(config)["default", "self"]
    off = {"discover": False}
    assert center_plans(visible | off) == center_plans(config | off)


@pytest.mark.parametrize("config", [{}, {"targets": None}, {"targets": [{"name": []}]}])
def test_a_config_of_another_form_has_no_plan(config: dict[str, Any]) -> None:
    sound: dict[str, Any] = redacted(configure("a.example", "output"))
    assert center_plans(config if not config else sound | config) == {}
