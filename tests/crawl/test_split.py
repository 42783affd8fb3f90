"""A center whose rows have no stable order is read by namespace; then it is complete, or the run says what is not."""

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.console.summary import summary
from crawler.config.load import load
from crawler.crawl.engine.page_requester import PageRequester
from crawler.crawl.observing.events import TargetWork, WalkSplit
from crawler.crawl.planning.splitting import CenterSplitter
from crawler.crawl.result import RunResult
from crawler.crawl.scheduling.scheduled import ScheduledWalk, Split
from crawler.crawl.scheduling.target_scheduler import TargetScheduler
from crawler.crawl.scheduling.walk_maker import CrawlLimits
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import Inventory
from crawler.model.key_sample import KeySample
from crawler.model.walk_id import WalkId
from crawler.snapshot.manifest import CenterSplit
from crawler.snapshot.reader import open_snapshot
from crawler.store.journal import SplitEntry, read_lines
from crawler.swr.auth.credentials import TokenCredentials
from crawler.walk.judgement import Judgement
from crawler.walk.rested_walk import WalkResult
from crawler.walk.server_profile import ServerProfile
from tests.crawl.test_moving_ties import NAMESPACES, crawled, equal_rows
from tests.emulator.client import inventory_of, item
from tests.support.emulator_fixture import (
    TOKEN,
    Key,
    QuickClock,
    crawl,
    inventory_keys,
    port_of,
    published_keys,
    serve,
    snapshot_of,
)
from tests.support.event_recorder import Recorder
from tests.support.handler_client import client_of
from tests.support.oracle import ServerHistory
from tests.support.running import run_crawl
from tests.support.sweeps import sampled

MOVING: Final = "unstable-ties:rows=all"
SETTINGS: Final[dict[str, Any]] = {"limit": 10, "centers": "self", "concurrency": 1}
PASSES: Final = 9  # requests: three passes of 24 rows in pages of 10
ALL: Final = 20  # requests: the passes and their end, the trial, six namespaces, the totals of the census


def keys_of(result: RunResult) -> list[Key]:
    return sorted(published_keys(snapshot_of(result)))


def split_of(result: RunResult) -> CenterSplit:
    (center,) = result.coverage
    assert center.split is not None
    return center.split


def split_of_target(result: RunResult, target: str) -> CenterSplit | None:
    (center,) = (center for center in result.coverage if center.target == target)
    return center.split


def crawl_targets(endpoints: tuple[str, str], output: Path) -> RunResult:
    """Crawl two targets, `a` and `b`."""
    text = "".join(
        f'[[target]]\nname = "{name}"\nendpoint = "{endpoint}"\nrate_per_s = "unlimited"\n'
        for name, endpoint in zip("ab", endpoints, strict=True)
    )
    flags = {**SETTINGS, "output": str(output)}
    config = load(flags=flags, environ=TOKEN, file_text=text, file_name="t.toml").config
    return run_crawl(config, TOKEN, clock=QuickClock())


@pytest.mark.parametrize("by", ["request", "replica"])
def test_without_a_stable_order_a_center_is_complete_by_namespaces_that_fit_in_a_page(by: str, tmp_path: Path) -> None:
    inventory = equal_rows()
    result = crawled(tmp_path, inventory, f"{MOVING},by={by}")
    assert [(walk.namespace, walk.verdict, walk.records) for walk in result.walks] == [
        (namespace, "complete", 4) for namespace in NAMESPACES
    ]
    assert (exit_code_of(result), result.status) == (0, "complete")
    assert keys_of(result) == sorted(inventory_keys(inventory))
    (center,) = result.coverage
    assert (center.declared, center.declared_before, center.covered) == (24, 24, 24)
    split = split_of(result)
    assert (split.passes, split.declared_totals, split.gone) == (3, (24,), 0)
    text = f"split     default/self: read by namespace, since no order of the rows held still ({split.seen} of 24 over"
    assert text in summary(result)


def test_each_center_without_a_stable_order_is_split_in_its_place_of_the_plan(tmp_path: Path) -> None:
    rows = equal_rows().centers["self"]
    others = inventory_of(*(item(f"other{n}", namespace=f"b{n % 6}", domain_name="else") for n in range(24)))
    both = Inventory({"self": rows, "thirdparty": others.centers["self"]})
    result = crawled(tmp_path, both, MOVING, centers="self,thirdparty")
    assert exit_code_of(result) == 0
    assert [walk.center for walk in result.walks] == ["self"] * 6 + ["thirdparty"] * 6
    assert keys_of(result) == sorted(inventory_keys(both))


def test_a_namespace_that_is_larger_than_a_page_drifts_alone(tmp_path: Path) -> None:
    big = (item(f"image{number}", namespace="team-b", updated_at="2024-01-01T00:00:00Z") for number in range(25))
    small = (item(f"image{number}", namespace=f"team-{ns}") for number in range(4) for ns in "ac")
    inventory = inventory_of(*big, *small)
    result = crawled(tmp_path, inventory, MOVING)
    assert exit_code_of(result) == 3
    verdicts = {walk.namespace: walk.verdict for walk in result.walks}
    assert verdicts == {"team-a": "complete", "team-b": "drifted", "team-c": "complete"}
    (drifted,) = (walk for walk in result.walks if walk.verdict == "drifted")
    published = keys_of(result)
    assert len(set(published)) == len(published) == 8 + drifted.records
    assert drifted.seen == drifted.records
    # Six passes, those of the whole center and those of the namespace, show more than three do.
    assert drifted.records > drifted.distinct
    assert open_snapshot(snapshot_of(result)).manifest.status == "incomplete"


def test_a_service_that_ignores_namespaces_is_not_split_and_not_complete(tmp_path: Path) -> None:
    inventory = equal_rows()
    with serve(inventory, faults=tuple(map(parse_fault, (MOVING, "ignore-namespace")))) as served:
        result = crawl(served.endpoint, tmp_path, **SETTINGS)
        assert served.counters()["requests"] == PASSES + 1
    assert [(walk.namespace, walk.verdict) for walk in result.walks] == [(None, "drifted")]
    assert exit_code_of(result) == 3
    assert set(keys_of(result)) <= inventory_keys(inventory)


def test_a_service_that_ignores_offsets_shows_what_fits_in_a_page_and_is_not_complete(tmp_path: Path) -> None:
    # Its pages add up in number, and hold the same rows: so do those of a list without a stable order.
    rows = [item(f"image{number:02}", namespace="big") for number in range(26)]
    rows += [item(f"image{number}", namespace="small") for number in range(4)]
    inventory = inventory_of(*rows)
    result = crawled(tmp_path, inventory, "ignore-offset")
    assert (exit_code_of(result), result.status) == (3, "incomplete")
    verdicts = {walk.namespace: walk.verdict for walk in result.walks}
    assert verdicts["big"] == "drifted"
    found = set(keys_of(result))
    assert {key for key in inventory_keys(inventory) if key[2] == "small"} <= found <= inventory_keys(inventory)


def test_a_namespace_that_no_pass_saw_is_found_in_the_list_of_namespaces(tmp_path: Path) -> None:
    # Of 32 namespaces with one row each, three passes show some: the list of namespaces has the others.
    inventory = inventory_of(*(item("image", namespace=f"n{number}") for number in range(32)))
    result = crawled(tmp_path, inventory, MOVING)
    assert split_of(result).seen < 32
    assert (exit_code_of(result), len(result.walks)) == (0, 32)
    assert keys_of(result) == sorted(inventory_keys(inventory))


class SplitLog:
    """A store that has the namespaces of a walk's records, and notes the splits."""

    def __init__(self, *namespaces: str) -> None:
        self.namespaces = namespaces
        self.splits: list[tuple[int, tuple[str, ...]]] = []

    def namespaces_by_page(self, walk: int) -> Iterator[frozenset[str]]:
        del walk
        return iter([frozenset({name}) for name in self.namespaces])

    def append_split(self, walk: int, namespaces: tuple[str, ...]) -> None:
        self.splits.append((walk, namespaces))


@pytest.mark.anyio
async def test_without_the_service_s_list_of_namespaces_those_of_the_records_are_read_and_it_is_told() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=403 if "/namespaces" in request.raw_path else 200, body=b"[]")

    walk, store, events = ScheduledWalk(0, WalkId("t", "self", None)), SplitLog("b", "a"), Recorder()
    drifted = Judgement("drifted", "-")
    walk.result = WalkResult(drifted, (24,), 24, 0, KeySample(), (), 3, 10, None, has_no_stable_order=True)
    walk.split = Split(walk)
    limits = CrawlLimits(max_tries=3, max_passes=3, double_read=False)
    target = TargetScheduler("t", [walk], ServerProfile(10, (None,)), limits, events)
    async with client_of(handle) as client:
        client.credentials = TokenCredentials("t")
        try_page = PageRequester(client, "t", events).try_page
        await CenterSplitter(target, client, try_page, store, QuickClock()).split()
    (unknown,) = events.of("on_namespaces_unknown")
    assert unknown.walk == walk.id
    assert unknown.reason.startswith("target t: the service refuses to list its namespaces: HTTP 403")
    assert events.of("on_walk_split") == [WalkSplit(walk.id, 2, TargetWork(walks=2, walks_started=-1))]
    assert store.splits == [(0, ("a", "b"))]


CHANGES: Final = ("transfer-after", "delete-after", "insert-after", "swap-after", "rename-after")


@pytest.mark.parametrize(
    ("change", "requests", "double_read"), sampled(product(CHANGES, range(1, ALL, 3), [False, True]), 5)
)
def test_rows_that_change_at_any_request_are_never_lost_in_a_complete_snapshot(
    change: str,
    requests: int,
    double_read: bool,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    inventory = equal_rows()
    for where in ("", *((",index=3,to=20", ",index=20,to=3") if change == "transfer-after" else (",index=13",))):
        faults = MOVING, f"{change}:requests={requests}{where}"
        result = crawled(tmp_path, inventory, *faults, double_read=double_read)
        history = ServerHistory.of(inventory, map(parse_fault, faults), 100)
        found = keys_of(result)
        assert len(set(found)) == len(found)
        assert set(found) <= history.ever
        if exit_code_of(result) == 0:
            assert {key for key in history.throughout if key[0] == "self"} <= set(found)


@pytest.mark.parametrize(("requests", "every"), sampled(product(range(PASSES, ALL), [0, 1, 2, 5]), 5))
def test_a_row_that_goes_from_one_namespace_to_another_is_never_lost_in_a_complete_snapshot(
    every: int, requests: int, tmp_path: Path
) -> None:
    inventory = equal_rows(by_name=False)  # each name is that of one row
    held = {key[3] for key in inventory_keys(inventory)}
    # One row goes to a later namespace while another one comes from there: the totals agree throughout.
    there, back = (
        f"transfer-after:requests={requests},every={every},{to}" for to in ("index=1,to=22", "index=23,to=2")
    )
    for number, faults in enumerate(((MOVING, there), (MOVING, back), (MOVING, there, back))):
        result = crawled(tmp_path / str(number), inventory, *faults)
        found = keys_of(result)
        assert len(set(found)) == len(found)
        if exit_code_of(result) == 0:
            assert {key[3] for key in found} == held


def test_a_row_that_the_passes_saw_and_that_is_deleted_then_is_gone(tmp_path: Path) -> None:
    inventory = equal_rows()
    result = crawled(tmp_path, inventory, MOVING, f"delete-after:requests={PASSES},index=7")
    split, found = split_of(result), set(keys_of(result))
    assert (exit_code_of(result), len(found), split.declared_totals, split.gone) == (0, 23, (24,), 1)
    assert "1 record of these passes went before that" in summary(result)


def test_a_row_that_another_one_replaced_is_published_and_its_namespace_is_not_complete(tmp_path: Path) -> None:
    # The total stays the same: nothing shows whether the row is gone or was missed.
    inventory = equal_rows()
    result = crawled(tmp_path, inventory, MOVING, f"swap-after:requests={PASSES},index=7")
    (doubted,) = (walk for walk in result.walks if walk.verdict != "complete")
    assert (exit_code_of(result), doubted.verdict, doubted.records, doubted.distinct) == (3, "drifted", 5, 4)
    assert doubted.reason.startswith("passes over the whole center saw records")
    assert len(keys_of(result)) == 25


@pytest.mark.parametrize("after", sampled(range(1, ALL), 3))
def test_a_run_that_is_stopped_after_any_request_goes_on_and_is_complete(after: int, tmp_path: Path) -> None:
    inventory = equal_rows()
    stop = parse_fault(f"unauthorized:after_requests={after}")
    with serve(inventory, faults=(parse_fault(MOVING), stop)) as served:
        assert exit_code_of(crawl(served.endpoint, tmp_path, **SETTINGS)) == 77
    with serve(inventory, faults=(parse_fault(MOVING),), port=port_of(served)) as again:
        result = crawl(again.endpoint, tmp_path, **SETTINGS)
    assert (exit_code_of(result), result.resumed) == (0, 1 if result.resumed else 0)
    assert keys_of(result) == sorted(inventory_keys(inventory))
    assert not list(tmp_path.glob(".work/*/"))


def test_a_run_that_was_killed_at_any_instant_of_a_split_ends_as_one_that_was_not(tmp_path: Path) -> None:
    inventory = equal_rows()
    stop = parse_fault(f"unauthorized:after_requests={ALL - 2}")
    with serve(inventory, faults=(parse_fault(MOVING), stop)) as served:
        assert exit_code_of(crawl(served.endpoint, tmp_path / "stopped", **SETTINGS)) == 77
    (journal,) = tmp_path.glob("stopped/.work/*/journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    entries = [entry for entry, _ in read_lines(lines)]
    (split_at,) = (at for at, entry in enumerate(entries) if isinstance(entry, SplitEntry))
    assert PASSES <= split_at < len(lines) - 2
    with serve(inventory, faults=(parse_fault(MOVING),), port=port_of(served)) as again:
        for kept in range(split_at, len(lines) + 1):
            output = tmp_path / str(kept)
            shutil.copytree(tmp_path / "stopped", output)
            (copied,) = output.glob(".work/*/journal")
            copied.write_bytes(b"".join(lines[:kept]))
            asked = again.counters()["requests"]
            result = crawl(again.endpoint, output, **SETTINGS)
            assert (exit_code_of(result), result.resumed) == (0, 1)
            assert keys_of(result) == sorted(inventory_keys(inventory))
            assert [walk.namespace for walk in result.walks] == list(NAMESPACES)
            assert split_of(result).passes == 3
            if kept > split_at:  # what the journal has is not asked for again
                assert again.counters()["requests"] - asked <= ALL - 1 - PASSES - (kept - split_at - 1)


def test_a_target_that_fails_beside_a_split_center_does_not_cost_it(tmp_path: Path) -> None:
    inventory = equal_rows()
    moving, refusing = (parse_fault(MOVING),), (parse_fault("unauthorized:after_requests=0"),)
    with serve(inventory, faults=moving) as good, serve(inventory, faults=refusing) as bad:
        endpoints = good.endpoint, bad.endpoint
        first = crawl_targets(endpoints, tmp_path)
    assert exit_code_of(first) == 77
    assert [walk.verdict for walk in first.walks] == ["complete"] * 6
    with serve(inventory, faults=moving, port=port_of(good)) as good, serve(inventory, port=port_of(bad)):
        second = crawl_targets(endpoints, tmp_path)
        assert good.counters()["requests"] == 0
    assert (exit_code_of(second), second.snapshot != first.snapshot) == (0, True)
    assert [split_of_target(second, "a")] == [split_of_target(first, "a")]
    assert {walk.carried_from for walk in second.walks if walk.target == "a"} == {first.snapshot}


def test_a_night_that_is_split_between_two_that_are_not_is_no_loss(tmp_path: Path) -> None:
    inventory, environ = equal_rows(), {**TOKEN, "SWR_CRAWLER_MIN_SHRINK_RECORDS": "1"}
    with serve(inventory) as served:
        assert exit_code_of(crawl(served.endpoint, tmp_path, snapshot="night1", **SETTINGS)) == 0
    for night, faults, walks in (("night2", (MOVING,), 6), ("night3", (MOVING,), 6), ("night4", (), 1)):
        with serve(inventory, faults=tuple(map(parse_fault, faults)), port=port_of(served)) as again:
            result = crawl(again.endpoint, tmp_path, environ=environ, snapshot=night, **SETTINGS)
        assert (exit_code_of(result), result.shrinkage, len(result.walks)) == (0, (), walks)
