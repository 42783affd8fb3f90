from dataclasses import replace

from tests.bench.schedule import schedule
from tests.bench.workloads import Workload

BULK = Workload(name="", namespaces=1, records=1, against=("F", "G", "dlt"))


def shown(workload: Workload, *, rounds: int, peer_rounds: int = 1) -> list[str]:
    return [f"{trial.round} {trial.subject}" for trial in schedule(workload, rounds=rounds, peer_rounds=peer_rounds)]


def test_ours_runs_before_each_other_subject_and_a_warm_up_comes_first() -> None:
    warm_up = ["0 ours", "0 F", "0 ours", "0 G"]
    floors = ["1 ours", "1 F", "1 ours", "1 G"]
    again = ["2 ours", "2 F", "2 ours", "2 G"]
    assert shown(BULK, rounds=2) == [*warm_up, *floors, "1 ours", "1 dlt", *again]


def test_one_round_has_no_warm_up() -> None:
    assert shown(replace(BULK, max_rounds=1), rounds=5) == ["1 ours", "1 F", "1 ours", "1 G", "1 ours", "1 dlt"]


def test_peers_run_in_as_many_rounds_as_requested() -> None:
    assert shown(BULK, rounds=3, peer_rounds=2).count("2 dlt") == 1
    assert "1 dlt" not in shown(BULK, rounds=3, peer_rounds=0)


def test_alone_ours_is_not_paired() -> None:
    assert [*schedule(replace(BULK, against=()), rounds=2, peer_rounds=1)] == [(at, "ours", "") for at in range(3)]
