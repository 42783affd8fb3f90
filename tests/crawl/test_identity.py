"""A service of two generations, of which one sends no `domain_name`, and one that ignores the center."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.console.summary import summary
from crawler.diff.changes import changes
from crawler.diff.compare import Comparison
from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.page import ServedPage
from crawler.emulator.http.query import ListQuery
from crawler.emulator.inventory.center_rows import decode, render
from crawler.emulator.inventory.ndjson import from_ndjson, synthetic
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import crawl, port_of, records, serve, snapshot_of

INVENTORY: Final = synthetic(namespaces=3, repositories=240, seed=7, uniform=True)  # half of them in each center
NAMES: Final = Counter((item["namespace"], item["name"]) for item in INVENTORY.items("self"))


@dataclass(frozen=True, slots=True)
class TwoGenerations(Fault):
    """Leave `domain_name` out of every answer but each `every`th: from those of older replicas behind a balancer."""

    every: int = 2

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        if call.number % self.every == 0:
            return page
        rows = tuple(render({k: v for k, v in decode(row).items() if k != "domain_name"}) for row in page.rows)
        return replace(page, rows=rows)


@dataclass(frozen=True, slots=True)
class OneList(Fault):
    """Answer for the center `self` whatever center was requested, like a cache that has no center in its key."""

    def on_query(self, call: Call, query: ListQuery) -> ListQuery:
        del call
        return replace(query, center="self")


def names(snapshot: Path, center: str = "*") -> Counter[tuple[str, str]]:
    return Counter((record["namespace"], record["name"]) for record in records(snapshot, center))


@pytest.mark.parametrize("double_read", [False, True])
@pytest.mark.parametrize("every", [2, 3, 10**6])
def test_two_generations_are_one_list(tmp_path: Path, every: int, *, double_read: bool) -> None:
    with serve(INVENTORY, faults=(TwoGenerations(every),)) as served:
        result = crawl(served.endpoint, tmp_path, centers="self", limit=20, double_read=double_read)
    snapshot = snapshot_of(result)
    assert (exit_code_of(result), names(snapshot)) == (0, NAMES)
    assert verify(open_snapshot(snapshot)).differences == ()
    assert result.walks[0].passes == 1 + double_read


@pytest.mark.parametrize("requests", range(1, 7))
@pytest.mark.parametrize("fault", ["move-after", "reverse-after"])
def test_a_row_that_moved_between_two_generations_hides_no_other(tmp_path: Path, fault: str, requests: int) -> None:
    faults = parse_fault(f"{fault}:requests={requests}"), TwoGenerations()
    with serve(INVENTORY, faults=faults) as served:
        result = crawl(served.endpoint, tmp_path, centers="self", limit=20, concurrency=1)
    assert (exit_code_of(result), names(snapshot_of(result))) == (0, NAMES)
    assert verify(open_snapshot(snapshot_of(result))).differences == ()


def test_two_known_owners_of_one_name_are_two_repositories(tmp_path: Path) -> None:
    items = [
        {"center": "self", "domain_name": owner, "namespace": "n", "name": f"r{number}"}
        for number in range(30)
        for owner in ("acme", "globex", "initech")
    ]
    with serve(from_ndjson(map(orjson.dumps, items), source="items")) as served:
        result = crawl(served.endpoint, tmp_path, centers="self", limit=20)
    assert (exit_code_of(result), len(records(snapshot_of(result)))) == (0, 90)


def test_a_name_that_comes_with_an_owner_and_without_one_is_published_with_it(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("total-off-by:every=1,by=9"), TwoGenerations())) as served:
        result = crawl(served.endpoint, tmp_path, centers="self", limit=20, concurrency=1)
    (walk,) = result.walks
    assert (walk.verdict, walk.distinct, walk.records) == ("partial", 120, 120)
    with_owner = [record for record in records(snapshot_of(result)) if record["domain_name"]]
    assert len(with_owner) > 60  # more than one answer in two: of three passes


def test_a_resumed_run_counts_the_same_repositories(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(TwoGenerations(), parse_fault("fail-window:offset=60"))) as served:
        lost = crawl(served.endpoint, tmp_path / "lost", centers="self", limit=20)
    assert (lost.walks[0].verdict, lost.walks[0].distinct) == ("partial", 100)
    expires = parse_fault("unauthorized:after_requests=4")
    with serve(INVENTORY, faults=(TwoGenerations(), expires)) as served:
        assert crawl(served.endpoint, tmp_path, centers="self", limit=10).path is None
    with serve(INVENTORY, faults=(TwoGenerations(3),), port=port_of(served)) as served:
        result = crawl(served.endpoint, tmp_path, centers="self", limit=10)
    assert (exit_code_of(result), names(snapshot_of(result)), result.resumed) == (0, NAMES, 1)


def test_a_center_that_is_ignored_makes_the_snapshot_incomplete_and_the_run_says_so(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(OneList(),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=50)
    snapshot = snapshot_of(result)
    assert [walk.verdict for walk in result.walks] == ["complete", "complete"]
    assert (exit_code_of(result), (snapshot / "_SUCCESS").exists(), (tmp_path / "latest").exists()) == (3, False, False)
    (overlap,) = open_snapshot(snapshot).manifest.overlaps
    assert (overlap.target, overlap.compared, overlap.in_both) == ("default", 64, 64)
    assert "default has 64 of 64 repositories compared in both centers" in summary(result)
    assert verify(open_snapshot(snapshot)).differences == ()


@pytest.mark.parametrize("namespaces", [(), ("*",)], ids=["as a whole", "by namespace"])
def test_an_ignored_center_is_seen_in_two_generations_and_by_namespace_too(
    tmp_path: Path, namespaces: tuple[str, ...]
) -> None:
    chosen: dict[str, Any] = {"namespaces": namespaces} if namespaces else {}
    with serve(INVENTORY, faults=(OneList(), TwoGenerations(3))) as served:
        result = crawl(served.endpoint, tmp_path, limit=20, **chosen)
    assert exit_code_of(result) == 3
    assert [(overlap.compared, overlap.in_both) for overlap in result.overlaps] == [(64, 64)]


def test_centers_that_differ_have_no_overlap(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(TwoGenerations(),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=20)
    assert (exit_code_of(result), result.overlaps) == (0, ())


def test_a_night_without_owners_and_one_with_them_have_the_same_repositories(tmp_path: Path) -> None:
    snapshots = []
    for every in (10**6, 1):
        with serve(INVENTORY, faults=(TwoGenerations(every),)) as served:
            snapshots.append(open_snapshot(snapshot_of(crawl(served.endpoint, tmp_path / str(every), centers="self"))))
    old, new = snapshots
    comparison = Comparison(old.manifest, new.manifest)
    assert {(change.change, *(change.fields or {})) for change in changes(old, new, comparison)} == {
        ("changed", "domain_name")
    }
    assert (comparison.summary().changed, comparison.summary().complete) == (120, True)
