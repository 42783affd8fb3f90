"""Whatever answers a service or a proxy sends twice, exit code 0 means that the records are the service's own."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from tests.support.emulator_fixture import crawl, inventory_keys, published_keys, records, serve, snapshot_of
from tests.support.wire_faults import RepeatResponse, WireFault
from tests.support.wire_proxy import wire_proxy

pytestmark = pytest.mark.unmeasured

BY_HEADER: Final = "missing-total:in_header=false"
NO_HEADER: Final = "missing-total:in_items=false"
WITHOUT_ID: Final = "repeat-late:every={every},with_id=false"
WITH_ID: Final = "repeat-late:every={every}"


def random_crawl(seed: int, output: Path) -> int:
    """Crawl both centers of a small registry that sends answers twice; return the exit code.

    Raises AssertionError when it is 0 and the records are not those of the registry.
    """
    chance = random.Random(seed)  # noqa: S311 - must be repeatable
    namespaces = chance.choice([2, 4, 8])
    repositories = 2 * namespaces * chance.choice([1, 3, 10])
    inventory = synthetic(namespaces=namespaces, repositories=repositories, seed=seed, uniform=True)
    flags: dict[str, Any] = {"concurrency": chance.choice([1, 2, 4, 16]), "limit": chance.choice([3, 10, 100])}
    if chance.random() < 0.7:
        flags["namespaces"] = tuple(sorted({*inventory.namespaces("self"), *inventory.namespaces("thirdparty")}))
    texts: list[str] = chance.choice([[], [BY_HEADER], [NO_HEADER]])
    wire: Sequence[WireFault] = ()
    if seed % 3:
        late = (WITH_ID if seed % 3 == 1 else WITHOUT_ID).format(every=chance.choice([2, 3, 5, 7]))
        texts = [*texts, late]
    else:
        wire = (RepeatResponse(rate=chance.choice([0.3, 1]), seed=seed, late=True),)
    faults = tuple(map(parse_fault, texts))
    with (
        serve(inventory, faults=faults, latency_ms=chance.choice([0, 1, 5])) as served,
        wire_proxy(served.endpoint, *wire) as proxy,
    ):
        result = crawl(proxy.endpoint if wire else served.endpoint, output, **flags, timeout_s=5)
    if exit_code_of(result) == 0:
        assert sorted(published_keys(snapshot_of(result))) == sorted(inventory_keys(inventory))
    return exit_code_of(result)


def exit_codes(seeds: range, folder: Path) -> list[int]:
    return [random_crawl(seed, folder / str(seed)) for seed in seeds]


def test_a_random_crawl_is_complete_or_says_that_it_is_not(tmp_path: Path) -> None:
    codes = exit_codes(range(12), tmp_path)
    assert set(codes) <= {0, 3}
    assert codes.count(0) > 9


@pytest.mark.slow
@pytest.mark.parametrize("share", range(10))
def test_each_of_many_random_crawls_is_complete_or_says_that_it_is_not(share: int, tmp_path: Path) -> None:
    codes = exit_codes(range(1000 + 100 * share, 1000 + 100 * (share + 1)), tmp_path)
    assert set(codes) <= {0, 3}
    assert codes.count(0) > 90  # on a busy machine some answers come too late for all tries


def test_the_page_of_the_other_center_is_not_taken_for_one_s_own(tmp_path: Path) -> None:
    inventory = synthetic(namespaces=1, repositories=40, seed=3, uniform=True)
    faults = (parse_fault(NO_HEADER), parse_fault(WITHOUT_ID.format(every=2)))
    with serve(inventory, faults=faults) as served:
        result = crawl(served.endpoint, tmp_path, concurrency=1, limit=20, namespaces=inventory.namespaces("self"))
    # A center whose own total may be another request's is not covered: then the snapshot is not complete.
    is_covered = all(center.uncovered == 0 for center in result.coverage)
    assert (exit_code_of(result), {walk.verdict for walk in result.walks}) == (0 if is_covered else 3, {"complete"})
    for center in ("self", "thirdparty"):
        names = {record["name"] for record in records(snapshot_of(result), center)}
        assert names == {item["name"] for item in inventory.items(center)}


@pytest.mark.parametrize(
    ("text", "exit_code"),
    [
        ("missing-body:first=3", 0),
        ("missing-body:first=3,how=chunked", 0),
        ("missing-body:first=3,how=terminated", 0),
        ("from-cache:first=1", 0),
        ("from-cache:every=1", 3),
    ],
)
def test_a_page_that_is_no_page_costs_another_request_and_no_record(text: str, exit_code: int, tmp_path: Path) -> None:
    inventory = synthetic(namespaces=2, repositories=40, seed=3, uniform=True)
    with serve(inventory, faults=(parse_fault(text),)) as served:
        result = crawl(served.endpoint, tmp_path, limit=5)
    assert exit_code_of(result) == exit_code
    assert sorted(published_keys(snapshot_of(result))) == sorted(inventory_keys(inventory))


def test_bodies_that_never_come_are_no_empty_registry(tmp_path: Path) -> None:
    inventory = synthetic(namespaces=2, repositories=40, seed=3, uniform=True)
    for number, how in enumerate(("close", "chunked", "terminated")):
        faults = (parse_fault("missing-total"), parse_fault(f"missing-body:every=1,how={how}"))
        with serve(inventory, faults=faults) as served:
            assert exit_code_of(crawl(served.endpoint, tmp_path / str(number))) == 75
