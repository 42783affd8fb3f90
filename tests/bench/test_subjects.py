from pathlib import Path
from typing import Any

import pytest

from tests.bench.job import Job, Window, from_argv, total_of
from tests.bench.subjects import SUBJECTS, Binaries, Observation, invalid_reason
from tests.bench.workloads import Workload

WORKLOAD = Workload(name="", namespaces=2, records=250)  # 1 000 records in 12 pages
RIGHT = Observation(
    exit_code=0, records=1000, distinct=1000, answered=14, refused=0, other=0, body_bytes=77, reported_bytes=77
)
JOB = Job("http://127.0.0.1:1", "token", Path("names"), Path("there"), ("self", "thirdparty"), 100, 32)


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_trial_with_the_right_output_counts(name: str) -> None:
    assert invalid_reason(SUBJECTS[name], WORKLOAD, RIGHT) is None


@pytest.mark.parametrize(
    ("name", "changed", "why"),
    [
        ("ours", {"exit_code": 3}, "exit code 3"),
        ("F", {"records": 999, "distinct": 999}, "999 records, 999 distinct, instead of 1000"),
        ("N", {"distinct": 998}, "1000 records, 998 distinct, instead of 1000"),
        ("dlt", {"records": 1001}, "1001 records, 1000 distinct"),
        ("G", {"reported_bytes": 70}, "70 of 77 bytes"),
        ("G", {"reported_bytes": None}, "None of 77 bytes"),
        ("G", {"answered": 11}, "11 successful requests cannot be all 12"),
        ("scrapy", {"other": 1}, "1 responses were neither 200 nor 429"),
    ],
)
def test_a_trial_with_the_wrong_output_does_not_count(name: str, changed: dict[str, Any], why: str) -> None:
    reason = invalid_reason(SUBJECTS[name], WORKLOAD, RIGHT._replace(**changed))
    assert reason is not None
    assert why in reason


def test_a_subject_without_records_needs_none() -> None:
    assert invalid_reason(SUBJECTS["G"], WORKLOAD, RIGHT._replace(records=0, distinct=0)) is None


def test_refused_requests_do_not_make_a_trial_invalid() -> None:
    assert invalid_reason(SUBJECTS["ours"], WORKLOAD, RIGHT._replace(refused=5)) is None


def test_a_job_is_the_same_after_the_command_line() -> None:
    assert from_argv(JOB.argv()) == JOB


def test_a_walk_is_its_first_window_and_the_rest() -> None:
    first = Window("self", "a", 0)
    assert JOB.rest(first, 250) == [Window("self", "a", 100), Window("self", "a", 200)]
    assert not JOB.rest(first, 100)
    assert total_of("0-100/250") == 250


def test_ours_is_configured_with_the_rate_of_the_server() -> None:
    binaries = Binaries("python", "swr-crawler", "other-python")
    limited = Workload(name="", namespaces=1, records=1, rate_per_s=100)
    ours = SUBJECTS["ours"].command(JOB, limited, binaries)
    assert ours[:2] == ("swr-crawler", "crawl")
    assert ours[ours.index("--rate") + 1] == "100"
    assert ours.count("--center") == 2
    assert SUBJECTS["ours"].command(JOB, WORKLOAD, binaries)[ours.index("--rate") + 1] == "unlimited"


def test_peers_have_a_python_of_their_own() -> None:
    binaries = Binaries("python", "swr-crawler", "other-python")
    commands = {name: SUBJECTS[name].command(JOB, WORKLOAD, binaries) for name in ("F", "dlt")}
    assert commands["F"][:3] == ("python", "-m", "tests.bench.floors.floor_f")
    assert commands["dlt"][:3] == ("other-python", "-m", "tests.bench.peers.with_dlt")
