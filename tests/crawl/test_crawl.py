"""A whole crawl over HTTP: the snapshot holds what the server held, once, or the run says what is missing."""

from pathlib import Path

import orjson
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import from_ndjson, synthetic
from crawler.errors import CredentialsError, UnavailableError
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import (
    QuickClock,
    crawl,
    inventory_keys,
    parts,
    port_of,
    published_keys,
    records,
    serve,
    snapshot_of,
)

INVENTORY = synthetic(namespaces=4, repositories=1000, seed=7)


def test_every_record_is_published_once_and_the_exit_code_says_so(tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        result = crawl(served.endpoint, tmp_path, limit=50)
    snapshot = snapshot_of(result)
    assert exit_code_of(result) == 0
    assert len(published_keys(snapshot)) == 1000
    assert set(published_keys(snapshot)) == inventory_keys(INVENTORY)
    assert (snapshot / "_SUCCESS").exists()
    assert (tmp_path / "latest").resolve() == snapshot.resolve()
    assert not list(tmp_path.glob(".work/*/"))
    assert verify(open_snapshot(snapshot)).differences == ()


def test_the_example_of_the_vendor_page_is_served_and_crawled(tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        result = crawl(served.endpoint, tmp_path, centers="self")
    example = next(record for record in records(snapshot_of(result)) if record["name"] == "busybox")
    assert example == {
        "target": "default",
        "center": "self",
        "name": "busybox",
        "category": "other",
        "description": "",
        "size": 115645792,
        "is_public": False,
        "num_images": 1,
        "num_download": 0,
        "created_at": "2021-06-02T09:23:01.751202Z",
        "updated_at": "2021-06-10T07:24:35.204517Z",
        "logo": None,
        "url": None,
        "path": "{Repository address}/group/busybox",
        "internal_path": "{Repository address}/group/busybox",
        "domain_name": "domain",
        "namespace": "namespace",
        "tags": ["v1", "v2"],
        "status": True,
    }


def test_with_scarce_memory_the_same_bytes_are_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(INVENTORY) as served:
        usual = crawl(served.endpoint, tmp_path / "usual", limit=10, namespaces=INVENTORY.namespaces("self"))
        monkeypatch.setattr("crawler.store.disk_writer._FLUSH_BYTES", 1)
        monkeypatch.setattr("crawler.store.disk_writer._MAX_WAITING_BYTES", 1)
        monkeypatch.setattr("crawler.store.page_buffer._MAX_CACHED_BYTES", 0)
        monkeypatch.setattr("crawler.store.part_files._BUFFER_BYTES", 1)
        scarce = crawl(served.endpoint, tmp_path / "scarce", limit=10, namespaces=INVENTORY.namespaces("self"))
    assert parts(snapshot_of(scarce)) == parts(snapshot_of(usual))


def test_parts_are_the_same_bytes_whatever_the_concurrency_and_the_page_size(tmp_path: Path) -> None:
    seen = []
    with serve(INVENTORY, jitter_ms=3) as served:
        for concurrency, limit in ((1, 20), (7, 20), (32, 20), (32, 33), (5, 1000)):
            output = tmp_path / f"{concurrency}-{limit}"
            names = INVENTORY.namespaces("self")
            result = crawl(served.endpoint, output, concurrency=concurrency, limit=limit, namespaces=names)
            seen.append(parts(snapshot_of(result)))
    assert len(seen[0]) == 2  # the walks of center thirdparty hold nothing, so it has no part
    assert all(other == seen[0] for other in seen)


@pytest.mark.parametrize(
    "fault",
    [
        "clamp-limit:to=37",
        "refuse-limit-above:limit=50",
        "refuse-order:columns=name",
        "refuse-order",
        "empty-page:offset=100,times=1",
        "short-page:offset=200,missing=3,times=2",
        "short-page:offset=200,missing=3,times=forever",  # asked on from where it ends
        "repeat-last-page",
        "string-total",
        "missing-total:in_items=true,in_header=false",
        "missing-total:in_items=false,in_header=true",
        "null-when-empty",
        "no-content-when-empty",
        "html-response:times=3",
        "truncated-json:times=3",
        "burst:first=4,status=502",
        "server-errors:rate=0.2,seed=3",
        "throttle:first=3,retry_after_s=2",
        "throttle:first=3,retry_after_s=2,as_date=true",
        "throttle:first=2",
        "swr-throttle-403:first=2",
        "drop-connection:first=3",
        "delete-after:requests=3,index=0",
        "insert-after:requests=3",
    ],
)
def test_a_passing_fault_costs_requests_but_no_record(tmp_path: Path, fault: str) -> None:
    with serve(INVENTORY, faults=(parse_fault(fault),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=100, concurrency=4)
    assert exit_code_of(result) == 0, result.walks
    got = published_keys(snapshot_of(result))
    assert len(got) == len(set(got))
    if not fault.startswith(("delete", "insert")):
        assert set(got) == inventory_keys(INVENTORY)


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("empty-page:offset=100,times=forever", "partial"),
        ("fail-window:offset=200,status=403", "partial"),
        ("churn:every=1", "drifted"),
        ("missing-total:in_items=true,in_header=true", "unproven"),
        ("total-is-page-length", "unproven"),
    ],
)
def test_a_lasting_fault_is_reported_and_never_complete(tmp_path: Path, fault: str, verdict: str) -> None:
    faults = tuple(parse_fault(text) for text in fault.split(" "))
    if verdict == "unproven":
        faults = (*faults, parse_fault("missing-total:in_items=false,in_header=true"))
    with serve(INVENTORY, faults=faults) as served:
        result = crawl(served.endpoint, tmp_path, limit=100, concurrency=4)
    snapshot = snapshot_of(result)
    assert exit_code_of(result) == 3
    assert {walk.verdict for walk in result.walks} == {verdict}
    assert not (snapshot / "_SUCCESS").exists()
    assert not (tmp_path / "latest").exists()
    got = published_keys(snapshot)
    assert len(got) == len(set(got))
    assert verify(open_snapshot(snapshot)).differences == ()


def test_a_walk_without_totals_is_read_to_its_end(tmp_path: Path) -> None:
    faults = (parse_fault("missing-total:in_items=true,in_header=true"),)
    with serve(INVENTORY, faults=faults) as served:
        result = crawl(served.endpoint, tmp_path, limit=100)
    assert set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)


def test_a_refused_token_stops_the_target_and_keeps_what_was_read(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("unauthorized:after_requests=4"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=100, concurrency=1)
        asked = served.counters()["requests"]
    assert exit_code_of(result) == 77
    assert isinstance(result.errors["default"], CredentialsError)
    assert "emulator-token" not in str(result.errors)
    assert asked == 4 + 3  # the window, another one while it waits, and the window once more: then none follows
    assert result.path is None
    assert not list(tmp_path.glob("snapshot=*"))
    with serve(INVENTORY, port=port_of(served)) as again:
        resumed = crawl(again.endpoint, tmp_path, limit=100)
        assert again.counters()["requests"] == 12 - 4  # of each center five full pages, and the end of the list
    assert exit_code_of(resumed) == 0
    assert resumed.resumed == 1
    assert resumed.snapshot == result.snapshot
    assert set(published_keys(snapshot_of(resumed))) == inventory_keys(INVENTORY)


def test_an_outage_ends_the_run_with_75_and_the_same_command_resumes_it(tmp_path: Path) -> None:
    clock = QuickClock()
    with serve(INVENTORY, faults=(parse_fault("burst:every=1,status=503"),)) as served:
        result = crawl(served.endpoint, tmp_path, clock=clock, concurrency=2)
    assert exit_code_of(result) == 75
    assert isinstance(result.errors["default"], UnavailableError)
    assert "HTTP 503" in str(result.errors["default"])
    assert clock.slept_s > 1
    with serve(INVENTORY, port=port_of(served)) as again:
        assert exit_code_of(crawl(again.endpoint, tmp_path)) == 0


def test_a_refused_connection_is_an_outage_too(tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        pass
    result = crawl(served.endpoint, tmp_path)
    assert exit_code_of(result) == 75
    assert "cannot connect" in str(result.errors["default"])


def test_throttling_that_does_not_end_is_exit_code_75(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("throttle:every=1,retry_after_s=2"),)) as served:
        result = crawl(served.endpoint, tmp_path, concurrency=3)
    assert exit_code_of(result) == 75
    assert "throttled" in str(result.errors["default"])


def test_one_window_without_any_response_is_lost_and_the_rest_is_published(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("fail-window:offset=300"),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=100, centers="self", concurrency=1)
    assert exit_code_of(result) == 3
    (walk,) = result.walks
    assert walk.verdict == "partial"
    assert [(gap.offset, gap.end, gap.got) for gap in walk.lost] == [(300, 400, 0)]
    assert "HTTP 500" in walk.lost[0].reason
    assert walk.missing == 100
    assert len(published_keys(snapshot_of(result))) == 400


def test_a_filter_that_lets_other_namespaces_through_causes_no_duplicates(tmp_path: Path) -> None:
    names = INVENTORY.namespaces("self")[:2]
    with serve(INVENTORY, faults=(parse_fault("ignore-namespace"),)) as served:
        result = crawl(
            served.endpoint, tmp_path, limit=100, centers="self", namespaces=names, allow_partial_coverage=True
        )
    asked_for = {key for key in inventory_keys(INVENTORY) if key[0] == "self" and key[2] in names}
    got = published_keys(snapshot_of(result))
    assert exit_code_of(result) == 0
    assert len(got) == len(set(got))
    assert set(got) == asked_for
    assert sum(walk.outside for walk in result.walks) == 2 * 500 - len(got)
    assert verify(open_snapshot(snapshot_of(result))).differences == ()


def test_a_reject_is_kept_counted_and_changes_the_exit_code(tmp_path: Path) -> None:
    lines = [orjson.dumps({**item, "center": "self"}) for item in INVENTORY.items("self")][:10]
    odd = orjson.loads(lines[4]) | {"name": ""}
    inventory = from_ndjson([*lines[:4], orjson.dumps(odd), *lines[5:]], source="test")
    with serve(inventory) as served:
        result = crawl(served.endpoint, tmp_path, centers="self")
    snapshot = snapshot_of(result)
    assert exit_code_of(result) == 3
    assert [walk.verdict for walk in result.walks] == ["complete"]
    assert len(records(snapshot)) == 9
    reject = orjson.loads((snapshot / "_rejects.ndjson").read_bytes())
    assert reject["reason"].startswith("name must be text")
    assert orjson.loads(reject["raw"])["name"] == odd["name"]
    assert not (snapshot / "_SUCCESS").exists()
    assert verify(open_snapshot(snapshot)).differences == ()
