import pytest

from tests.bench.subjects import OURS, SUBJECTS
from tests.bench.workloads import FLOORS, PEERS, QUICK, WORKLOADS, Workload

EVERY = pytest.mark.parametrize("workload", [*WORKLOADS, *QUICK], ids=lambda workload: workload.name)


def test_requests_are_the_windows_of_namespaces_with_records_and_one_for_each_empty_namespace() -> None:
    workload = Workload(name="", namespaces=10, records=250, one_in=4, limit=100)
    assert (workload.walks, workload.non_empty, workload.total) == (20, 3, 1500)
    assert workload.requests == 2 * (3 * 3 + 7)


def test_the_shortest_time_at_a_rate_includes_one_round_trip() -> None:
    workload = Workload(name="", namespaces=1, records=1000, rate_per_s=10, latency_ms=500)
    assert workload.rate_bound_s == 20 / 10 + 0.5
    assert Workload(name="", namespaces=1, records=1000).rate_bound_s == 0


@EVERY
def test_every_goal_is_against_a_subject_that_runs(workload: Workload) -> None:
    assert {goal.against for goal in workload.goals} <= {*workload.against, "the rate", "bytes"}
    assert not any(goal.against == "the rate" for goal in workload.goals) or workload.rate_per_s


@EVERY
def test_no_total_is_a_common_page_size_which_would_cost_our_crawl_another_request(workload: Workload) -> None:
    assert workload.records > workload.limit or workload.records not in {10, 20, 25, 50, 100, 200, 250, 500, 1000}


def test_workloads_have_distinct_names_and_known_subjects() -> None:
    names = [workload.name for workload in (*WORKLOADS, *QUICK)]
    assert len(names) == len({*names})
    assert {*SUBJECTS} == {OURS, *FLOORS, *PEERS}
    assert {name for workload in WORKLOADS for name in workload.against} <= {*FLOORS, *PEERS}


def test_without_peers_the_floors_stay() -> None:
    assert WORKLOADS[0].without_peers().against == FLOORS
