"""The concurrency limit is near the best fixed one, whatever the service, the network and this machine are like."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.walk.concurrency_limit import ConcurrencyLimit, Sample
from tests.support.examples import examples
from tests.walk.queueing_sim import Simulation, World, best_fixed

WORLDS = st.builds(
    World,
    latency_s=st.sampled_from([0.0002, 0.005, 0.05, 0.2]),
    servers=st.sampled_from([1, 4, 16, 40, 10_000]),
    service_s=st.sampled_from([0.0, 0.01, 0.05]),
    client_s=st.sampled_from([0.0001, 0.001, 0.005]),
)
MAX_LIMITS = st.sampled_from([1, 2, 5, 16, 32, 64, 96])


@pytest.mark.unmeasured
@settings(max_examples=examples(quick=5), deadline=None)
@given(WORLDS, MAX_LIMITS)
def test_throughput_is_near_that_of_the_best_fixed_limit(world: World, max_limit: int) -> None:
    best_s, _ = best_fixed(world, max_limit, 2000)
    start_s = 6 * (world.latency_s + world.service_s)  # the round trips of the search
    assert Simulation(world, ConcurrencyLimit(max_limit), 2000).run().seconds <= 1.2 * best_s + start_s


@pytest.mark.unmeasured
@settings(max_examples=examples(quick=5), deadline=None)
@given(WORLDS, MAX_LIMITS)
def test_the_limit_is_no_larger_than_it_must_be(world: World, max_limit: int) -> None:
    _, enough = best_fixed(world, max_limit, 2000)
    assert Simulation(world, ConcurrencyLimit(max_limit), 6000).run().settled <= max(2 * enough, 16) + 1


@pytest.mark.parametrize("world", [World(latency_s=0.2, jitter_s=0.15), World(latency_s=0.05, jitter_s=0.049)])
@pytest.mark.parametrize("seed", range(12))
def test_chance_in_the_first_responses_does_not_decide(seed: int, world: World) -> None:
    best_s, _ = best_fixed(world, 32, 500)
    assert Simulation(world, ConcurrencyLimit(32), 500, seed=seed).run().seconds <= 1.25 * best_s


@settings(max_examples=examples(quick=20), deadline=None)
@given(
    st.integers(1, 64),
    st.lists(st.tuples(st.sampled_from("safc"), st.floats(0, 2)), max_size=300),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_the_limit_keeps_its_bounds_whatever_happens(
    max_limit: int, events: list[tuple[str, float]], share: float
) -> None:
    limit, now, busy, in_flight = ConcurrencyLimit(max_limit), 0.0, 0.0, list[Sample]()
    for event, step_s in events:
        now += step_s
        busy += step_s * share
        if event == "s" and len(in_flight) < limit.limit:
            in_flight.append(limit.on_sent(now, len(in_flight) + 1))
        elif event != "s" and in_flight:
            sent = in_flight.pop(0)
            if event == "c":
                limit.on_throttled(sent, now, busy)
            else:
                {"a": limit.on_success, "f": limit.on_failure}[event](sent, now)
                limit.update(now, busy)
        assert 1 <= limit.limit <= max_limit


def test_requests_sent_before_a_cut_cause_no_second_cut() -> None:
    limit = ConcurrencyLimit(64)
    first = limit.limit
    for sent in [limit.on_sent(0.0, number) for number in range(1, 9)]:
        limit.on_throttled(sent, 1.0, 0.0)
    assert limit.limit == int(0.7 * first)


def test_a_service_that_refuses_beyond_a_number_of_requests_is_rarely_driven_there() -> None:
    result = Simulation(World(bucket=20), ConcurrencyLimit(96), 4000).run()
    assert result.refused < 0.02 * 4000
    assert 12 <= result.settled <= 20


@pytest.mark.parametrize("one_in", [5, 20])
def test_failures_that_do_not_depend_on_the_limit_do_not_lower_it(one_in: int) -> None:
    result = Simulation(World(failing_one_in=one_in), ConcurrencyLimit(64), 4000).run()
    assert result.settled > 56


@pytest.mark.parametrize(("before", "after", "low", "high"), [(40, 8, 4, 24), (8, 40, 40, 64)])
def test_the_limit_follows_a_capacity_that_changes(before: int, after: int, low: int, high: int) -> None:
    first, then = (World(latency_s=0.02, servers=servers, service_s=0.05) for servers in (before, after))
    assert low <= Simulation(first, ConcurrencyLimit(64), 16_000, later=(4000, then)).run().limits[-1] <= high


def test_responses_that_take_no_time_change_nothing() -> None:
    limit = ConcurrencyLimit(64)
    for _ in range(100):
        limit.on_success(limit.on_sent(5.0, limit.limit), 5.0)
        limit.update(5.0, 0.0)
    assert limit.limit == ConcurrencyLimit(64).limit


@pytest.mark.parametrize(("latency_s", "limit"), [(0.05, 32), (0.0001, 16)])
def test_over_a_distance_the_limit_rises_after_the_first_response(latency_s: float, limit: int) -> None:
    result = Simulation(World(latency_s=latency_s, client_s=0.0005), ConcurrencyLimit(64), 20).run()
    assert result.limits[0] == limit


@pytest.mark.parametrize("client_s", [0.0002, 0.002])
def test_a_process_without_processor_time_left_tries_no_larger_limit_and_no_tiny_one(client_s: float) -> None:
    limits = Simulation(World(latency_s=0.0001, client_s=client_s), ConcurrencyLimit(64), 20_000).run().limits
    assert max(limits) == ConcurrencyLimit(64).limit
    assert min(limits) == limits[-1] == 8


def test_a_process_with_processor_time_again_raises_the_limit_again() -> None:
    busy, idle = World(latency_s=0.0001, client_s=0.002), World(latency_s=0.2, client_s=0.0001)
    assert Simulation(busy, ConcurrencyLimit(64), 16_000, later=(8000, idle)).run().limits[-1] == 64


class GrowingLimit(ConcurrencyLimit):
    """A limit whose bound becomes larger after so many responses."""

    def __init__(self, max_limit: int, later: int, after: int) -> None:
        super().__init__(max_limit)
        self._later, self._left = later, after

    def on_success(self, sample: Sample, now_s: float) -> None:
        super().on_success(sample, now_s)
        self._left -= 1
        if self._left == 0:
            self.raise_max_limit(self._later)


@pytest.mark.parametrize("after", [1, 10, 400, 3000])
@pytest.mark.parametrize(("max_limit", "later"), [(1, 16), (4, 64), (20, 40)])
def test_a_limit_that_stood_at_its_bound_grows_soon_when_the_bound_does(max_limit: int, later: int, after: int) -> None:
    world = World(latency_s=0.2)
    limits = Simulation(world, GrowingLimit(max_limit, later, after), after + 60 * later).run().limits
    assert max(limits[: after - 1], default=0) <= max_limit
    assert max(limits) == later
    assert min(limits[len(limits) - later :]) >= later * 0.7


@pytest.mark.parametrize("after", [10, 400, 3000])
def test_a_larger_bound_changes_nothing_where_more_in_flight_bring_nothing(after: int) -> None:
    world = World(latency_s=0.01, servers=4, service_s=0.05)
    settled = Simulation(world, GrowingLimit(16, 64, after), 6000).run().settled
    assert settled == pytest.approx(Simulation(world, ConcurrencyLimit(16), 6000).run().settled, abs=6)
