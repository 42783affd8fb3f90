from pathlib import Path
from typing import Any

import pytest

from tests.bench.job import Job, Window, from_argv, total_of
from tests.bench.subjects import CONTENDERS, Binaries, Seen, why_wrong
from tests.bench.workloads import Workload

WORKLOAD = Workload(name="", namespaces=2, records=250)  # 1 000 records in 12 pages
RIGHT = Seen(exit_code=0, records=1000, distinct=1000, answered=14, refused=0, other=0, body_bytes=77, said_bytes=77)
JOB = Job("http://127.0.0.1:1", "token", Path("names"), Path("there"), ("self", "thirdparty"), 100, 32)


@pytest.mark.parametrize("name", CONTENDERS)
def test_a_right_run_counts(name: str) -> None:
    assert why_wrong(CONTENDERS[name], WORKLOAD, RIGHT) is None


@pytest.mark.parametrize(
    ("name", "changed", "why"),
    [
        ("ours", {"exit_code": 3}, "exit code 3"),
        ("F", {"records": 999, "distinct": 999}, "999 records, 999 distinct, instead of 1000"),
        ("N", {"distinct": 998}, "1000 records, 998 distinct, instead of 1000"),
        ("dlt", {"records": 1001}, "1001 records, 1000 distinct"),
        ("G", {"said_bytes": 70}, "70 bytes came of 77"),
        ("G", {"said_bytes": None}, "None bytes came of 77"),
        ("G", {"answered": 11}, "11 pages cannot be all 12"),
        ("scrapy", {"other": 1}, "1 answers were neither 200 nor 429"),
    ],
)
def test_a_wrong_run_does_not(name: str, changed: dict[str, Any], why: str) -> None:
    said = why_wrong(CONTENDERS[name], WORKLOAD, RIGHT._replace(**changed))
    assert said is not None
    assert why in said


def test_whoever_throws_away_need_not_keep() -> None:
    assert why_wrong(CONTENDERS["G"], WORKLOAD, RIGHT._replace(records=0, distinct=0)) is None


def test_a_refused_request_is_no_fault_of_the_output() -> None:
    assert why_wrong(CONTENDERS["ours"], WORKLOAD, RIGHT._replace(refused=5)) is None


def test_a_job_is_what_its_arguments_say() -> None:
    assert from_argv(JOB.argv()) == JOB


def test_a_walk_is_its_first_window_and_the_rest() -> None:
    first = Window("self", "a", 0)
    assert JOB.rest(first, 250) == [Window("self", "a", 100), Window("self", "a", 200)]
    assert not JOB.rest(first, 100)
    assert total_of("0-100/250") == 250


def test_ours_is_told_the_rate_that_the_server_lets_through() -> None:
    binaries = Binaries("python", "swr-crawler", "other-python")
    limited = Workload(name="", namespaces=1, records=1, rate_per_s=100)
    ours = CONTENDERS["ours"].command(JOB, limited, binaries)
    assert ours[:2] == ("swr-crawler", "crawl")
    assert ours[ours.index("--rate") + 1] == "100"
    assert ours.count("--center") == 2
    assert CONTENDERS["ours"].command(JOB, WORKLOAD, binaries)[ours.index("--rate") + 1] == "unlimited"


def test_peers_have_a_python_of_their_own() -> None:
    binaries = Binaries("python", "swr-crawler", "other-python")
    commands = {name: CONTENDERS[name].command(JOB, WORKLOAD, binaries) for name in ("F", "dlt")}
    assert commands["F"][:3] == ("python", "-m", "tests.bench.floors.floor_f")
    assert commands["dlt"][:3] == ("other-python", "-m", "tests.bench.peers.with_dlt")
