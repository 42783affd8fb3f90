"""Which walks a run consists of, which digest it has, and what it costs."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model.walk_id import Center, WalkId
from crawler.walk.plan import Plan, discovered_walks, duration_s, make_plan, requests, windows

BOTH: tuple[Center, ...] = ("self", "thirdparty")

names = st.lists(st.text(min_size=1, max_size=5), max_size=3, unique=True).map(tuple)
centers = st.sampled_from([("self",), ("thirdparty",), BOTH, BOTH[::-1]])
endpoints = names.map(lambda given_names: tuple((name, f"https://{index}") for index, name in enumerate(given_names)))
plans = st.builds(make_plan, endpoints, centers, names, names)


@given(endpoints, centers, names)
def test_a_plan_is_targets_times_centers_times_namespaces_in_the_order_given(
    targets: tuple[tuple[str, str], ...], chosen: tuple[Center, ...], namespaces: tuple[str, ...]
) -> None:
    plan = make_plan(iter(targets), iter(chosen), namespaces, ("name",))
    expected = product([name for name, _ in targets], chosen, namespaces or (None,))
    assert list(plan.walks) == [WalkId(*parts) for parts in expected]
    assert plan.endpoints == targets


@given(names, names)
def test_discovered_namespaces_are_added_to_the_named_ones_in_self_only(
    named: tuple[str, ...], discovered: tuple[str, ...]
) -> None:
    walks = discovered_walks("t", BOTH, named, discovered)
    own = [walk.namespace for walk in walks if walk.center == "self"]
    others = [walk.namespace for walk in walks if walk.center == "thirdparty"]
    assert [*own, *others] == [walk.namespace for walk in walks]
    assert own[: len(named)] == list(named)
    assert set(own) == {*named, *discovered}
    assert len(set(own)) == len(own)
    assert others == list(named or (None,))
    assert {walk.target for walk in walks} <= {"t"}


@given(plans, plans)
def test_two_plans_have_one_digest_exactly_when_they_are_equal(one: Plan, other: Plan) -> None:
    assert (one.digest() == other.digest()) == (one == other)
    assert one.digest() == Plan(*one).digest()


@pytest.mark.parametrize(
    "other",
    [
        make_plan([("t", "https://b")], BOTH, ("n",), ("name",)),
        make_plan([("u", "https://a")], BOTH, ("n",), ("name",)),
        make_plan([("t", "https://a")], BOTH[::-1], ("n",), ("name",)),
        make_plan([("t", "https://a")], BOTH, ("n", "m"), ("name",)),
        make_plan([("t", "https://a")], BOTH, (), ("name",)),
        make_plan([("t", "https://a")], BOTH, ("n",), ("none",)),
    ],
)
def test_every_part_of_a_plan_is_in_its_digest(other: Plan) -> None:
    plan = make_plan([("t", "https://a")], BOTH, ("n",), ("name",))
    assert plan.digest() != other.digest()


def test_a_digest_is_the_same_on_every_machine_and_in_every_version() -> None:
    plan = make_plan([("default", "https://swr.example")], ["self"], (), ("name", "none"))
    assert plan.digest() == "bf83dce9f2b4317a70dbf750cb2848da6d33e322c4a6da3a05f8534dea3e27e8"


@pytest.mark.parametrize(
    ("walk", "text"),
    [
        (WalkId("default", "self", None), "default/self/*"),
        (WalkId("eu", "thirdparty", "team-a"), "eu/thirdparty/team-a"),
    ],
)
def test_a_walk_is_named_by_its_target_center_and_namespace(walk: WalkId, text: str) -> None:
    assert str(walk) == text


@given(st.integers(0, 2**63), st.integers(1, 1000))
def test_the_windows_of_a_total_hold_it_and_none_is_empty(total: int, limit: int) -> None:
    count = windows(total, limit)
    assert count >= 1
    assert count * limit >= total
    assert count == 1 or (count - 1) * limit < total


@given(st.integers(0, 10**9), st.floats(0.001, 10**6))
def test_the_rate_decides_how_long_a_run_takes_and_without_one_it_is_unknown(requests: int, rate_per_s: float) -> None:
    taken_s = duration_s(requests, rate_per_s)
    assert taken_s is not None
    assert taken_s * rate_per_s == pytest.approx(requests)
    assert duration_s(requests, None) is None


@pytest.mark.parametrize(
    ("total", "limit", "is_vouched", "expected"),
    [
        (0, 10, False, 2),
        (0, 10, True, 1),
        (3, 10, False, 2),
        (3, 10, True, 1),
        (10, 10, False, 2),
        (10, 10, True, 2),
        (25, 10, False, 3),
        (30, 10, True, 4),
    ],
)
def test_a_full_last_page_needs_one_more_request_and_so_does_a_short_only_one_without_a_census(
    total: int,
    limit: int,
    is_vouched: bool,  # noqa: FBT001 - a parameter
    expected: int,
) -> None:
    assert requests(total, limit, is_vouched=is_vouched) == expected
