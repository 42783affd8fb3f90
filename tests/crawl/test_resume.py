"""Stopped at any instant, the same command resumes and ends with the same bytes."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import UsageError
from crawler.snapshot.reader import open_snapshot
from tests.support.emulator_fixture import TOKEN, crawl, parts, port_of, serve, snapshot_of
from tests.support.two_hosts import Gate

INVENTORY = synthetic(namespaces=4, repositories=1000, seed=7, uniform=True)  # 5 pages of 25 in each of 8 walks
WINDOWS = 1000 // 25 + 8 + 4 * 2  # of the pages, the end of each list, and the totals of each center
WALKS = INVENTORY.namespaces("self")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    output = tmp_path_factory.mktemp("undisturbed")
    with serve(INVENTORY) as served:
        result = crawl(served.endpoint, output, limit=25, namespaces=WALKS)
    assert exit_code_of(result) == 0
    return parts(snapshot_of(result))


@pytest.mark.parametrize("after", [1, 5, 17, 30, 39])
def test_a_run_stopped_after_any_page_ends_with_the_same_bytes(
    tmp_path: Path, undisturbed: dict[str, bytes], after: int
) -> None:
    stop = parse_fault(f"unauthorized:after_requests={after}")
    with serve(INVENTORY, faults=(stop,)) as served:
        assert exit_code_of(crawl(served.endpoint, tmp_path, limit=25, namespaces=WALKS, concurrency=3)) == 77
    with serve(INVENTORY, port=port_of(served)) as again:
        result = crawl(again.endpoint, tmp_path, limit=25, namespaces=WALKS)
        asked = again.counters()["requests"]
    assert exit_code_of(result) == 0
    assert parts(snapshot_of(result)) == undisturbed
    totals = 4 * 3  # of each center before and after; those that were in flight are asked again
    assert asked + after <= sum(walk.requests for walk in result.walks) + totals


def test_rate_concurrency_and_page_size_may_change_when_a_run_is_resumed(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    with serve(INVENTORY, faults=(parse_fault("unauthorized:after_requests=20"),)) as served:
        crawl(served.endpoint, tmp_path, limit=25, namespaces=WALKS, concurrency=3)
    with serve(INVENTORY, port=port_of(served)) as again:
        result = crawl(
            again.endpoint, tmp_path, limit=60, namespaces=WALKS, concurrency=9, rate_per_s=1000, resume=True
        )
    assert exit_code_of(result) == 0
    assert result.resumed == 1
    assert parts(snapshot_of(result)) == undisturbed


def stopped(output: Path) -> RunningEmulator:
    with serve(INVENTORY, faults=(parse_fault("unauthorized:after_requests=9"),)) as served:
        crawl(served.endpoint, output, limit=25, namespaces=WALKS)
    return served


def test_another_plan_is_refused_with_resume_and_starts_a_new_run_without(tmp_path: Path) -> None:
    served = stopped(tmp_path)
    with serve(INVENTORY, port=port_of(served)) as again:
        with pytest.raises(UsageError, match="another plan"):
            crawl(again.endpoint, tmp_path, centers="self", resume=True)
        assert crawl(again.endpoint, tmp_path, centers="self").resumed == 0


def test_no_resume_starts_a_new_run_and_removes_the_unfinished_one(tmp_path: Path) -> None:
    served = stopped(tmp_path)
    with serve(INVENTORY, port=port_of(served)) as again:
        result = crawl(again.endpoint, tmp_path, limit=25, namespaces=WALKS, resume=False)
    assert (exit_code_of(result), result.resumed) == (0, 0)
    assert not list(tmp_path.glob(".work/*/"))


@pytest.mark.parametrize("damage", ["torn journal", "torn page", "flipped journal", "flipped page", "no journal"])
def test_windows_whose_pages_are_damaged_are_requested_again(
    tmp_path: Path, undisturbed: dict[str, bytes], damage: str
) -> None:
    served = stopped(tmp_path)
    (journal,) = tmp_path.glob(".work/*/journal")
    (pages,) = tmp_path.glob(".work/*/pages.ndjson")
    kind, name = damage.split()
    path = journal if name == "journal" else pages
    data = bytearray(path.read_bytes())
    if kind == "torn":
        del data[-7:]
    elif kind == "no":
        data.clear()
    else:
        data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with serve(INVENTORY, port=port_of(served)) as again:
        result = crawl(again.endpoint, tmp_path, limit=25, namespaces=WALKS)
    assert exit_code_of(result) == 0
    assert parts(snapshot_of(result)) == undisturbed


def command(endpoint: str, output: Path, *flags: str) -> list[str]:
    always = ["--progress", "off", "--endpoint", endpoint, "--output", str(output)]
    return [sys.executable, "-m", "crawler", "crawl", *always, *flags]


def started(endpoint: str, output: Path, *flags: str) -> subprocess.Popen[bytes]:
    walks = [part for name in WALKS for part in ("--namespace", name)]
    flags = flags or ("--rate", "unlimited", "--limit", "25", "--concurrency", "2", *walks)
    return subprocess.Popen(command(endpoint, output, *flags), env={**os.environ, **TOKEN}, stderr=subprocess.PIPE)  # noqa: S603 - ourselves


def journal_lengths(output: Path, process: subprocess.Popen[bytes]) -> Iterator[int]:
    """Yield the size of the run's journal again and again, until the process has ended."""
    while process.poll() is None:
        yield sum(path.stat().st_size for path in output.glob(".work/*/journal"))
        time.sleep(0.005)


def journal_entries(output: Path) -> int:
    """Return the number of complete lines in the run's journal."""
    return sum(path.read_bytes().count(b"\n") for path in output.glob(".work/*/journal"))


def test_killed_again_and_again_the_same_command_ends_with_the_same_bytes(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    with serve(INVENTORY, latency_ms=40) as served:
        for _ in range(3):
            process = started(served.endpoint, tmp_path)
            before = next(journal_lengths(tmp_path, process), 0)
            for length in journal_lengths(tmp_path, process):
                if length > before:
                    process.kill()
                    break
            process.communicate()
            assert process.returncode == -signal.SIGKILL
        kept, before = journal_entries(tmp_path), served.counters()["requests"]
        process = started(served.endpoint, tmp_path)
        stderr = process.communicate()[1]
        requests = served.counters()["requests"] - before
    assert process.returncode == 0, stderr
    assert b"resumed" in stderr
    (snapshot,) = tmp_path.glob("snapshot=*")
    assert parts(snapshot) == undisturbed
    assert kept >= 3  # each run was killed when its journal had grown
    assert requests <= WINDOWS - kept  # what the journal names is never requested again


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_hundred_kills_cost_at_most_half_as_many_requests_more_and_no_byte(tmp_path: Path) -> None:
    inventory = synthetic(namespaces=10, repositories=20_000, seed=3)
    chance = random.Random(5)  # noqa: S311 - must be repeatable
    with serve(inventory) as still:
        undisturbed = crawl(still.endpoint, tmp_path / "undisturbed", limit=20)
        asked = still.counters()["requests"]
    with serve(inventory, latency_ms=20) as served:
        for _ in range(200):
            process = started(served.endpoint, tmp_path / "killed", "--rate", "10", "--limit", "20")
            before = served.counters()["requests"]
            while served.counters()["requests"] == before:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 0.8))
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL
        process = started(served.endpoint, tmp_path / "killed", "--rate", "unlimited", "--limit", "20")
        stderr = process.communicate()[1]
        requests = served.counters()["requests"]
    assert process.returncode == 0, stderr
    (snapshot,) = (tmp_path / "killed").glob("snapshot=*")
    # A request of the killed process may be counted late: then the next one is killed before it resumes the run.
    assert 190 <= open_snapshot(snapshot).manifest.resumed <= 200
    assert parts(snapshot) == parts(snapshot_of(undisturbed))
    assert requests <= 1.5 * asked, f"{requests} requests, {asked} undisturbed"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_the_state_and_says_how_to_resume(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with serve(INVENTORY, latency_ms=40) as served:
        process = started(served.endpoint, tmp_path)
        for length in journal_lengths(tmp_path, process):
            if length:
                process.send_signal(number)
                break
        stderr = process.communicate()[1].decode()
        assert process.returncode == code, stderr
        assert "same command" in stderr
        assert not list(tmp_path.glob("snapshot=*"))
        again = started(served.endpoint, tmp_path)
        again.communicate()
        assert again.returncode == 0


def test_a_second_run_is_refused_at_once_with_the_name_of_the_holder(tmp_path: Path) -> None:
    gate = Gate(9)
    with serve(INVENTORY, faults=(gate.fault,)) as served, started(served.endpoint, tmp_path) as first:
        try:
            gate.wait()
            with started(served.endpoint, tmp_path) as second:
                stderr = second.communicate()[1].decode()
        finally:
            gate.open()
        assert second.returncode == 75
        assert f"process {first.pid}" in stderr
        first.communicate()
        assert first.returncode == 0


def test_max_duration_ends_a_run_that_can_be_resumed(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    with serve(INVENTORY, latency_ms=100) as served:
        result = crawl(served.endpoint, tmp_path, limit=25, namespaces=WALKS, concurrency=2, max_duration_s=0.5)
        assert (exit_code_of(result), result.stop_reason.kind) == (75, "deadline")
        again = crawl(served.endpoint, tmp_path, limit=25, namespaces=WALKS)
    assert parts(snapshot_of(again)) == undisturbed
