"""Rows with equal values of the sort column that come in another order at every request, or from another server."""

from pathlib import Path
from typing import Any, Final

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.console.summary import summary
from crawler.crawl.result import RunResult
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import Inventory
from tests.emulator.client import inventory_of, item
from tests.support.emulator_fixture import crawl, inventory_keys, published_keys, serve, snapshot_of

NAMESPACES: Final = tuple(f"team-{letter}" for letter in "abcdef")
NAMES: Final = tuple(f"image{number}" for number in range(4))


def equal_rows(*, by_name: bool = True, by_time: bool = True) -> Inventory:
    """Return 24 rows in six namespaces; as many as six of them have one name, all of them one time."""
    return inventory_of(
        *(
            item(
                name if by_name else f"{name}-{namespace}",
                namespace=namespace,
                updated_at="2024-01-01T00:00:00Z" if by_time else f"2024-01-{1 + at:02}T00:{2 * place:02}:00Z",
            )
            for place, name in enumerate(NAMES)
            for at, namespace in enumerate(NAMESPACES)
        )
    )


def crawled(
    output: Path,
    inventory: Inventory,
    *texts: str,
    order: str = "name,updated_at,none",
    **flags: Any,  # noqa: ANN401 - settings
) -> RunResult:
    environ = {"SWR_CRAWLER_TOKEN": "emulator-token", "SWR_CRAWLER_ORDER": order}
    settings: dict[str, Any] = {"limit": 10, "centers": "self", "concurrency": 1, **flags}
    with serve(inventory, faults=tuple(map(parse_fault, texts))) as served:
        return crawl(served.endpoint, output, environ=environ, **settings)


@pytest.mark.parametrize("by", ["request", "replica"])
def test_with_moving_ties_in_one_column_the_walk_is_complete_in_another(by: str, tmp_path: Path) -> None:
    inventory = equal_rows(by_name=False)
    result = crawled(tmp_path, inventory, f"unstable-ties:columns=updated_at,by={by}", order="updated_at")
    (walk,) = result.walks
    assert (exit_code_of(result), walk.verdict, walk.order, walk.passes) == (0, "complete", "name asc", 2)
    assert sorted(published_keys(snapshot_of(result))) == sorted(inventory_keys(inventory))


def test_equal_names_whose_order_moves_are_read_by_time(tmp_path: Path) -> None:
    result = crawled(tmp_path, equal_rows(by_time=False), "unstable-ties:columns=name")
    assert [(walk.verdict, walk.order, walk.passes) for walk in result.walks] == [("complete", "updated_at asc", 2)]


def test_the_order_that_holds_still_is_remembered_for_the_next_walk(tmp_path: Path) -> None:
    rows = equal_rows(by_time=False)
    both = Inventory(dict.fromkeys(("self", "thirdparty"), rows.centers["self"]))
    result = crawled(tmp_path, both, "unstable-ties:columns=name", centers="self,thirdparty")
    assert [(walk.order, walk.passes) for walk in result.walks] == [("updated_at asc", 2), ("updated_at asc", 1)]


def test_a_double_read_finds_the_order_that_holds_still(tmp_path: Path) -> None:
    result = crawled(tmp_path, equal_rows(by_time=False), "unstable-ties:columns=name", double_read=True)
    assert [(walk.verdict, walk.order, walk.passes) for walk in result.walks] == [("complete", "updated_at desc", 3)]


def test_a_column_that_the_service_refuses_costs_no_record(tmp_path: Path) -> None:
    refused = "refuse-order:columns=updated_at+namespace+domain_name"
    result = crawled(tmp_path, equal_rows(by_time=False), "unstable-ties:columns=name", refused, order="name")
    assert [(walk.verdict, walk.order) for walk in result.walks] == [("complete", "tag_count asc")]


def test_a_healthy_list_is_read_in_the_first_order_with_as_many_requests_as_before(tmp_path: Path) -> None:
    with serve(equal_rows()) as served:
        result = crawl(served.endpoint, tmp_path, limit=10, centers="self", concurrency=1)
        assert served.counters()["requests"] == 3
    assert [(walk.verdict, walk.order, walk.passes) for walk in result.walks] == [("complete", "name asc", 1)]


def test_the_union_of_the_passes_is_told_and_is_no_proof(tmp_path: Path) -> None:
    # A service that ignores namespaces leaves no other way to read the list (test_split.py).
    result = crawled(tmp_path, equal_rows(), "unstable-ties:rows=all", "ignore-namespace", max_passes=2)
    (walk,) = result.walks
    assert (exit_code_of(result), walk.verdict) == (3, "drifted")
    assert walk.seen == walk.records == len(published_keys(snapshot_of(result)))
    assert f"{walk.seen} of 24 over 2 passes, not proven in one" in summary(result)
