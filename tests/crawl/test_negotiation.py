"""A service that refuses a first request, with any code, is asked otherwise; and it must obey what it accepts."""

from pathlib import Path
from typing import Any, Final

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.crawl.result import RunResult
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import Inventory, synthetic
from tests.support.emulator_fixture import (
    TOKEN,
    QuickClock,
    configure,
    crawl,
    inventory_keys,
    port_of,
    published_keys,
    serve,
    snapshot_of,
)
from tests.support.process_kill import KILLED, CallAtRequest, KillableCrawl
from tests.support.running import run_estimate

INVENTORY: Final = synthetic(namespaces=4, repositories=500, seed=7)
_CODES: Final = ("SVCSTG.SWR.4000014", "SVCSTG.SWR.9999999", "")
DIRECT: Final = "refuse-direct-parameters"
_SIZE, _TINY = "refuse-limit-above:limit=100,code={}", "refuse-limit-above:limit=50,code={}"
_ORDER, _DIRECT = "refuse-order:code={}", f"{DIRECT}:code={{}}"


def crawled(tmp_path: Path, *texts: str, inventory: Inventory = INVENTORY, **flags: Any) -> tuple[RunResult, int]:  # noqa: ANN401
    """Crawl a service with these faults; return the result and the number of requests."""
    with serve(inventory, faults=tuple(map(parse_fault, texts))) as served:
        result = crawl(served.endpoint, tmp_path, **flags)
        return result, served.counters()["requests"]


def is_whole(result: RunResult, inventory: Inventory = INVENTORY) -> bool:
    got = published_keys(snapshot_of(result))
    return exit_code_of(result) == 0 and len(got) == len(set(got)) and set(got) == inventory_keys(inventory)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("code", _CODES)
@pytest.mark.parametrize(("most", "limit"), [(100, 100), (500, 100), (50, 10), (10, 10)])
def test_a_maximum_of_the_page_size_is_found_at_default_settings_whatever_the_code(
    tmp_path: Path, status: int, code: str, most: int, limit: int
) -> None:
    result, asked = crawled(tmp_path, f"refuse-limit-above:limit={most},status={status},code={code}")
    assert is_whole(result)
    assert {walk.limit for walk in result.walks} == {limit}
    pages = 2 * (250 // limit) + (2 if limit == 10 else 0)  # a full last page asks for the end
    assert asked <= pages + 2 + 2 * 4 + 4  # both centers may be refused twice before one of them negotiates
    assert {(walk.order, walk.dialect) for walk in result.walks} == {("name asc", "direct")}


@pytest.mark.parametrize("code", _CODES)
@pytest.mark.parametrize(
    ("fault", "shape"),
    [
        (_ORDER, (1000, None, "direct")),
        (_DIRECT, (1000, "name asc", "filter")),
        (f"{_SIZE} {_ORDER}", (100, None, "direct")),
        (f"{_SIZE} {_DIRECT}", (100, "name asc", "filter")),
        (f"{_ORDER} {_DIRECT}", (1000, None, "filter")),
        (f"{_SIZE} {_ORDER} {_DIRECT}", (100, None, "filter")),
        (f"{_TINY} {_ORDER} {_DIRECT}", (10, None, "filter")),
    ],
)
@pytest.mark.parametrize("names", [(), INVENTORY.namespaces("self")], ids=["whole", "named"])
def test_the_fewest_concessions_that_the_service_accepts_are_made(
    tmp_path: Path, code: str, fault: str, shape: tuple[int, str | None, str], names: tuple[str, ...]
) -> None:
    texts = fault.replace("{}", code).split(" ")
    result, _ = crawled(tmp_path, *texts, namespaces=names, centers="self", concurrency=4)
    assert exit_code_of(result) == 0
    assert {(walk.limit, walk.order, walk.dialect) for walk in result.walks} == {shape}
    assert len(published_keys(snapshot_of(result))) == 250


def test_codes_that_name_the_size_or_the_order_are_believed_at_once(tmp_path: Path) -> None:
    clock = QuickClock()
    result, asked = crawled(tmp_path, "refuse-limit-above:limit=100", "refuse-order", centers="self", clock=clock)
    assert exit_code_of(result) == 0
    assert asked == 3 + 2 + 3  # 1000, 500, 200; two columns; three pages
    assert clock.slept_s == 0


@pytest.mark.parametrize("how", ["400", "422"])
def test_one_refusal_changes_neither_size_nor_order_nor_dialect(tmp_path: Path, how: str) -> None:
    for times, extra in ((1, 1), (2, 4)):  # twice: a smaller page is accepted, and then so is the refused one
        folder = tmp_path / str(times)
        result, asked = crawled(folder, f"odd-answer:how={how},times={times}", "ignore-filter")
        assert is_whole(result)
        assert asked == 4 + 2 * extra
        assert {(walk.limit, walk.order, walk.dialect) for walk in result.walks} == {(1000, "name asc", "direct")}


@pytest.mark.parametrize("centers", ["self", "thirdparty", "self,thirdparty"])
def test_a_service_that_ignores_filter_is_not_crawled_by_it(tmp_path: Path, centers: str) -> None:
    result, asked = crawled(tmp_path, DIRECT, "ignore-filter", centers=centers)
    assert exit_code_of(result) not in {0, 3} or {walk.verdict for walk in result.walks} == {"partial"}
    assert asked < 40
    if result.path is not None:
        assert published_keys(snapshot_of(result)) == []
        assert "in filter" in result.walks[0].lost[0].reason


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("ignored", [False, True])
def test_a_list_too_short_to_show_that_filter_is_read_is_unproven(
    tmp_path: Path,
    rows: int,
    ignored: bool,  # noqa: FBT001 - a parameter
) -> None:
    small = synthetic(namespaces=1, repositories=2 * rows, seed=7)
    texts = [DIRECT, "ignore-filter"] if ignored else [DIRECT]
    result, _ = crawled(tmp_path, *texts, inventory=small, centers="thirdparty")
    assert exit_code_of(result) == 3
    (walk,) = result.walks
    assert walk.verdict == "unproven"
    assert "filter" in walk.reason


def test_one_center_shows_for_all_that_filter_is_read(tmp_path: Path) -> None:
    inventory = Inventory(
        {**INVENTORY.centers, "self": synthetic(namespaces=1, repositories=0, seed=7).centers["self"]}
    )
    result, _ = crawled(tmp_path, DIRECT, inventory=inventory, concurrency=1)
    assert is_whole(result, inventory)


def test_walks_that_a_census_vouches_for_are_unproven_too(tmp_path: Path) -> None:
    small = synthetic(namespaces=1, repositories=2, seed=7)
    result, _ = crawled(tmp_path, DIRECT, inventory=small, centers="self", namespaces=small.namespaces("self"))
    assert exit_code_of(result) == 3
    assert {walk.verdict for walk in result.walks} == {"unproven"}


@pytest.mark.parametrize(("repositories", "exit_code", "verdict"), [(500, 0, "complete"), (2, 3, "unproven")])
def test_a_resume_asks_as_was_negotiated_and_proves_no_more(
    tmp_path: Path, repositories: int, exit_code: int, verdict: str
) -> None:
    inventory = synthetic(namespaces=1, repositories=repositories, seed=7)
    faults = (parse_fault("refuse-order:code=X"), parse_fault(DIRECT))
    flags: dict[str, Any] = {"limit": 100, "centers": "self,thirdparty", "concurrency": 1}
    crawler = KillableCrawl()
    with serve(inventory, faults=(*faults, CallAtRequest(18, crawler.kill))) as served:
        killed = crawler.crawl(served.endpoint, str(tmp_path), environ=TOKEN, **flags)
    if killed == KILLED:
        with serve(inventory, port=port_of(served), faults=faults) as again:
            result = crawl(again.endpoint, tmp_path, **flags)
        assert exit_code_of(result) == exit_code
        assert {walk.verdict for walk in result.walks} == {verdict}
        assert {walk.dialect for walk in result.walks} == {"filter"}
    else:
        assert (killed, verdict) == (3, "unproven")  # it ended before


def test_an_estimate_negotiates_too() -> None:
    with serve(INVENTORY, faults=(parse_fault("refuse-order:code=X"), parse_fault(DIRECT))) as served:
        assert run_estimate(configure(served.endpoint, "unused"), TOKEN).records == 500


def test_when_nothing_is_accepted_the_reason_says_what_was_tried(tmp_path: Path) -> None:
    result, asked = crawled(tmp_path, "odd-answer:how=400,times=forever,offset=none", centers="self")
    assert exit_code_of(result) != 0
    assert asked <= 2 * (2 + 9)  # all of it is tried once more, some seconds later
    said = str(result.errors) + str([walk.lost for walk in result.walks])
    assert "HTTP 400" in said
    for way in ("limit 100", "without order_column", "in filter"):
        assert way in said
