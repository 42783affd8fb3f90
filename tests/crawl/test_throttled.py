"""A service that asks to wait for long ends the run with the hour to come back at; a stray 401 ends nothing."""

from pathlib import Path

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from tests.support.emulator_fixture import QuickClock, crawl, port_of, serve

INVENTORY = synthetic(namespaces=2, repositories=60, seed=7)


def test_a_wait_beyond_the_longest_ends_the_run_with_the_hour_and_the_same_command_goes_on(tmp_path: Path) -> None:
    clock = QuickClock()
    with serve(INVENTORY, faults=(parse_fault("throttle:every=4,retry_after_s=5000"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=10, clock=clock)
    assert exit_code_of(result) == 75
    [error] = result.errors.values()
    assert "asks to wait for 5000 s, more than max_wait_s (15 min 00 s)" in str(error)
    assert " UTC or later" in str(error)
    assert clock.slept_s < 900
    with serve(INVENTORY, port=port_of(served)) as healthy:
        again = crawl(healthy.endpoint, tmp_path, limit=10)
    assert (exit_code_of(again), again.resumed) == (0, 1)


@pytest.mark.parametrize("status", [429, 503, 403])
def test_a_wait_up_to_the_longest_is_waited(tmp_path: Path, status: int) -> None:
    clock = QuickClock()
    with serve(INVENTORY, faults=(parse_fault(f"throttle:first=1,retry_after=90.5s,status={status}"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=10, clock=clock, max_wait_s=91)
    assert exit_code_of(result) == 0
    assert clock.slept_s >= 90.5


@pytest.mark.parametrize("after", [0, 7])
def test_one_stray_401_ends_nothing(tmp_path: Path, after: int) -> None:
    with serve(INVENTORY, faults=(parse_fault(f"unauthorized:after_requests={after},times=1"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=10, concurrency=1)
        assert served.counters()["by_status"]["401"] == 1
    assert exit_code_of(result) == 0


def test_credentials_that_stay_refused_stop_their_target_after_a_second_look(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("unauthorized:after_requests=7"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=10, concurrency=1)
        assert 2 <= served.counters()["by_status"]["401"] <= 4
    assert exit_code_of(result) == 77


@pytest.mark.parametrize("status", [503, 403])
@pytest.mark.parametrize("header", ["X-Retry-After", "RateLimit-Reset", "X-RateLimit-Reset"])
def test_a_wait_in_a_header_of_a_gateway_pauses_the_target_as_retry_after_does(
    tmp_path: Path, status: int, header: str
) -> None:
    clock = QuickClock()
    fault = parse_fault(f"throttle:first=1,retry_after_s=90,status={status},header={header},remaining=0")
    with serve(INVENTORY, faults=(fault,)) as served:
        result = crawl(served.endpoint, tmp_path, limit=10, clock=clock)
        assert served.counters()["by_status"][str(status)] == 1
    assert exit_code_of(result) == 0
    assert clock.slept_s >= 90


@pytest.mark.parametrize(("status", "exit_code"), [(503, 75), (403, 77)])
def test_a_quota_that_lasts_turns_no_failure_into_a_throttle(tmp_path: Path, status: int, exit_code: int) -> None:
    clock = QuickClock()
    fault = parse_fault(f"throttle:every=1,retry_after_s=5000,status={status},header=X-RateLimit-Reset,remaining=98")
    with serve(INVENTORY, faults=(fault,)) as served:
        result = crawl(served.endpoint, tmp_path, limit=10, clock=clock)
    assert exit_code_of(result) == exit_code
    assert "asks to wait" not in str(result.errors)
