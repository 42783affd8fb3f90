"""What failed for a moment is looked at again, later: a first page, a target that refuses everything, a loss."""

from collections import Counter
from pathlib import Path

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.crawl.planning.splitting import CenterSplitter
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import CredentialsError
from tests.support.emulator_fixture import (
    QuickClock,
    crawl,
    inventory_keys,
    port_of,
    published_keys,
    serve,
    snapshot_of,
)

INVENTORY = synthetic(namespaces=20, repositories=400, seed=7)
EMPTY = synthetic(namespaces=2, repositories=0, seed=7)
NAMES = INVENTORY.namespaces("self")


@pytest.mark.parametrize("status", [403, 404, 503])
def test_first_pages_that_are_refused_for_a_while_are_asked_again_after_all_others(status: int, tmp_path: Path) -> None:
    faults = (parse_fault(f"outage:after_requests=8,requests=9,status={status}"),)
    with serve(INVENTORY, faults=faults) as served:
        result = crawl(served.endpoint, tmp_path, namespaces=NAMES, centers="self", concurrency=1)
    assert Counter(walk.verdict for walk in result.walks) == {"complete": len(NAMES)}
    assert exit_code_of(result) == 0


@pytest.mark.parametrize("how", ["400", "403", "404", "redirect", "coding"])
def test_a_target_that_refuses_everything_for_a_moment_is_looked_at_again_before_it_stops(
    how: str, tmp_path: Path
) -> None:
    clock = QuickClock()
    with serve(INVENTORY, faults=(parse_fault(f"odd-answer:how={how},offset=0,times=2"),)) as served:
        result = crawl(served.endpoint, tmp_path, clock=clock, concurrency=1)
    assert (exit_code_of(result), result.errors) == (0, {})
    assert clock.slept_s < 10


@pytest.mark.parametrize(("status", "code"), [(403, 77), (404, 78)])
def test_a_target_that_refuses_everything_stops_within_seconds(status: int, code: int, tmp_path: Path) -> None:
    clock = QuickClock()
    with serve(INVENTORY, faults=(parse_fault(f"outage:after_requests=0,requests=100000,status={status}"),)) as served:
        result = crawl(served.endpoint, tmp_path, namespaces=NAMES, clock=clock, concurrency=1)
        asked = served.counters()["requests"]
    assert (exit_code_of(result), list(tmp_path.glob("snapshot=*"))) == (code, [])
    assert clock.slept_s < 60  # twenty walks of each center, one after the other: eight of them, twice
    assert asked <= 2 * 2 * 10


def test_an_account_without_records_whose_empty_lists_are_refused_is_published_by_namespace_too(tmp_path: Path) -> None:
    with serve(EMPTY, faults=(parse_fault("refuse-empty"),)) as served:
        result = crawl(served.endpoint, tmp_path, namespaces=("a", "b"))
    assert (exit_code_of(result), {walk.verdict for walk in result.walks}) == (3, {"unproven"})


def test_a_center_that_always_fails_ends_every_run_alike(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("refuse-center:center=thirdparty,status=500"),)) as served:
        results = [crawl(served.endpoint, tmp_path, limit=100) for _ in range(3)]
    assert [exit_code_of(result) for result in results] == [3, 3, 3]
    assert [walk.verdict for result in results for walk in result.walks] == ["complete", "partial"] * 3


def test_a_list_of_namespaces_that_is_forbidden_stops_no_target_whose_records_were_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forbidden(*_args: object, **_more: object) -> frozenset[str]:
        raise CredentialsError("the service refused the credentials")

    monkeypatch.setattr(CenterSplitter, "_discovered", forbidden)
    with serve(INVENTORY, faults=(parse_fault("unstable-ties:rows=all"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=200, centers="self")
    assert (exit_code_of(result), result.errors) == (0, {})
    assert len(published_keys(snapshot_of(result))) == 200


@pytest.mark.parametrize("after", [28, 33, 38, 45, 52])
def test_a_window_that_an_interrupted_run_lost_is_asked_for_again(after: int, tmp_path: Path) -> None:
    # The window of the first center is lost, at about the 33rd request; then nothing answers any more.
    faults = (f"outage:after_requests={after},requests=100000", "fail-window:offset=30")
    with serve(INVENTORY, faults=tuple(map(parse_fault, faults))) as served:
        ended = crawl(served.endpoint, tmp_path, limit=10, concurrency=1)
    assert (exit_code_of(ended), ended.path) == (75, None)
    with serve(INVENTORY, port=port_of(served)) as healthy:
        again = crawl(healthy.endpoint, tmp_path, limit=10, concurrency=1)
    assert (exit_code_of(again), again.resumed) == (0, 1)
    assert sorted(published_keys(snapshot_of(again))) == sorted(inventory_keys(INVENTORY))
