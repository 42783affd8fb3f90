"""A night ends in what is true: no refusal, short page or odd total makes a list incomplete that was read."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.crawl.result import RunResult
from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.page import ServedPage
from crawler.emulator.inventory.ndjson import Inventory, synthetic
from crawler.snapshot.manifest import WalkEntry
from tests.support.emulator_fixture import (
    QuickClock,
    crawl,
    inventory_keys,
    port_of,
    published_keys,
    serve,
    snapshot_of,
)
from tests.support.sweeps import sampled, swept

INVENTORY = synthetic(namespaces=3, repositories=120, seed=7, uniform=True)  # 60 in each center, 20 in each namespace
EMPTY = synthetic(namespaces=3, repositories=0, seed=7)


def crawled(output: Path, *faults: str, inventory: Inventory = INVENTORY, **flags: Any) -> RunResult:  # noqa: ANN401
    settings: dict[str, Any] = {"limit": 10, "concurrency": 3, "centers": ("self",), **flags}
    with serve(inventory, faults=tuple(map(parse_fault, faults))) as served:
        return crawl(served.endpoint, output, clock=QuickClock(), **settings)


def only_walk(result: RunResult) -> WalkEntry:
    (walk,) = result.walks
    return walk


def holds_all(result: RunResult, center: str = "self") -> bool:
    """Return whether every record of a center is published once."""
    return sorted(published_keys(snapshot_of(result))) == sorted(
        key for key in inventory_keys(INVENTORY) if key[0] == center
    )


# ---- refusals instead of a list


@pytest.mark.parametrize("how", ["400", "404"])
@pytest.mark.parametrize("most", [6500, 9000, 24100])
@pytest.mark.parametrize("times", [2, 4])
def test_a_refusal_of_a_moment_beyond_a_capped_total_is_never_the_end(
    how: str, most: int, times: int, tmp_path: Path
) -> None:
    # Of 60 records 40 are declared, pages end by bytes, and a gateway refuses just the window that begins at 40.
    capped = ("capped-total:at=40", f"page-bytes:most={most}")
    result = crawled(tmp_path, *capped, f"odd-answer:how={how},offset=40,times={times}")
    assert exit_code_of(result) == 3
    assert only_walk(result).verdict != "complete"


@pytest.mark.parametrize("status", [404, 400, 416])
@pytest.mark.parametrize("shape", [(), ("array-errors",)])
def test_a_service_that_refuses_an_empty_list_ends_unproven_and_says_what_it_answered(
    status: int, shape: tuple[str, ...], tmp_path: Path
) -> None:
    result = crawled(tmp_path, f"refuse-empty:status={status}", *shape, inventory=EMPTY)
    walk = only_walk(result)
    assert exit_code_of(result) == 3
    assert (walk.verdict, walk.lost, walk.requests) == ("unproven", (), 2)
    assert walk.reason == f"the service answered HTTP {status} 'Nothing found' instead of a list"


def test_a_namespace_refused_as_empty_is_complete_when_the_total_of_its_center_vouches_for_it(tmp_path: Path) -> None:
    names = sorted({key[2] for key in inventory_keys(INVENTORY)})
    result = crawled(tmp_path, "refuse-empty", namespaces=(*names, "nope"))
    assert (exit_code_of(result), {walk.verdict for walk in result.walks}) == (0, {"complete"})
    assert holds_all(result)


def test_a_namespace_refused_as_empty_is_not_complete_when_the_center_declares_more(tmp_path: Path) -> None:
    result = crawled(tmp_path, "refuse-empty", namespaces=("nope",))
    assert (exit_code_of(result), only_walk(result).verdict) == (3, "unproven")


def test_an_interface_that_does_not_exist_is_not_an_empty_list(tmp_path: Path) -> None:
    result = crawled(tmp_path, "refuse-empty:message=The API does not exist", inventory=EMPTY)
    assert all(walk.verdict != "unproven" for walk in result.walks)
    assert exit_code_of(result) != 0


@pytest.mark.parametrize("status", [404, 400, 416])
def test_a_refusal_beyond_a_total_that_fell_while_it_was_read_is_no_loss(status: int, tmp_path: Path) -> None:
    faults = ("delete-after:requests=1,index=10,count=45", f"refuse-past-end:status={status}")
    result = crawled(tmp_path, *faults, concurrency=1)
    assert (exit_code_of(result), only_walk(result).verdict, only_walk(result).lost) == (0, "complete", ())


def test_a_service_that_fails_beyond_the_end_is_unproven_and_misses_nothing(tmp_path: Path) -> None:
    result = crawled(tmp_path, "fail-window:offset=60", "fail-window:offset=54", limit=10)
    walk = only_walk(result)
    assert (walk.verdict, walk.lost, walk.records) == ("unproven", (), 60)
    assert walk.reason.startswith("the end of the list was not seen: HTTP 500")


# ---- pages that end by bytes


@pytest.mark.parametrize("most", [2000, 5000, 7500])
@pytest.mark.parametrize("limit", [10, 25, 1000])
@pytest.mark.parametrize("double_read", [False, True])
def test_a_service_whose_pages_end_by_bytes_is_complete(
    most: int,
    limit: int,
    double_read: bool,  # noqa: FBT001
    tmp_path: Path,
) -> None:
    result = crawled(tmp_path, f"page-bytes:most={most}", limit=limit, double_read=double_read)
    assert (exit_code_of(result), only_walk(result).verdict) == (0, "complete")
    assert holds_all(result)


@pytest.mark.parametrize("requests", [3, 5, 6, 7])
def test_pages_that_end_by_bytes_are_resumed_in_the_middle_of_a_window(requests: int, tmp_path: Path) -> None:
    faults = ("page-bytes:most=5000",)
    settings: dict[str, Any] = {"limit": 25, "concurrency": 1, "centers": ("self",)}
    expired = parse_fault(f"unauthorized:after_requests={requests}")
    with serve(INVENTORY, faults=(*map(parse_fault, faults), expired)) as served:
        assert exit_code_of(crawl(served.endpoint, tmp_path, clock=QuickClock(), **settings)) == 77
    with serve(INVENTORY, faults=tuple(map(parse_fault, faults)), port=port_of(served)) as served:
        again = crawl(served.endpoint, tmp_path, clock=QuickClock(), **settings)
    assert (exit_code_of(again), again.resumed, only_walk(again).passes) == (0, 1, 1)
    assert holds_all(again)


@swept(4)
def test_rows_beyond_a_total_that_is_capped_where_a_page_ends_by_bytes_are_seen(tmp_path: Path, every: int) -> None:
    for at in range(11, 60, every):
        result = crawled(tmp_path / str(at), "page-bytes:most=5000", f"capped-total:at={at}", limit=25)
        assert only_walk(result).verdict != "complete", at


# ---- windows that fail


def test_a_window_that_failed_is_asked_again_at_the_end_of_its_pass(tmp_path: Path) -> None:
    result = crawled(tmp_path, "fail-window:offset=20,times=8", "fail-window:offset=40,times=9")
    walk = only_walk(result)
    assert (exit_code_of(result), walk.verdict, walk.passes, walk.lost) == (0, "complete", 1, ())
    assert holds_all(result)


def test_a_window_that_stays_broken_costs_a_few_more_tries_and_is_named(tmp_path: Path) -> None:
    result = crawled(tmp_path, "fail-window:offset=20")
    walk = only_walk(result)
    assert (exit_code_of(result), walk.verdict, walk.passes, walk.missing) == (3, "partial", 1, 10)
    assert [(lost.offset, lost.end) for lost in walk.lost] == [(20, 30)]
    assert walk.requests <= 5 + 8 + 3


def test_a_service_that_goes_down_in_the_middle_still_stops_the_target(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("burst:every=1,status=503"),)) as served:
        assert exit_code_of(crawl(served.endpoint, tmp_path, clock=QuickClock(), limit=10)) == 75


@dataclass(frozen=True)
class HidesAnother(Fault):
    """Leaves one row out of every page: the n-th of `hidden` once the first page was requested n times."""

    hidden: tuple[int, ...]
    begins: list[int] = field(default_factory=list)

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        offset = page.query.offset
        if not offset:
            self.begins.append(call.number)
        hidden = self.hidden[len(self.begins) - 1] - offset
        rows = page.rows
        return replace(page, rows=(*rows[:hidden], *rows[hidden + 1 :])) if 0 <= hidden < len(rows) else page


def test_when_each_of_three_passes_lost_another_row_none_is_missing(tmp_path: Path) -> None:
    result = with_fault(tmp_path, HidesAnother((15, 25, 35)), concurrency=1)
    walk = only_walk(result)
    assert (exit_code_of(result), walk.verdict, walk.passes, walk.missing) == (3, "partial", 3, 0)
    assert [(lost.offset, lost.end) for lost in walk.lost] == [(39, 40)]  # what the last pass did not get
    assert holds_all(result)


def test_a_row_that_no_pass_got_is_missing(tmp_path: Path) -> None:
    result = with_fault(tmp_path, HidesAnother((15, 25, 15)), concurrency=1)
    assert only_walk(result).missing == 0
    result = with_fault(tmp_path / "always", HidesAnother((25, 25, 25)), concurrency=1)
    assert (only_walk(result).passes, only_walk(result).missing) == (3, 1)


# ---- rejects with the same bytes


@dataclass(frozen=True)
class SameRejects(Fault):
    """Sends the same item without a name at some positions of the list.

    On pages from offset `since` on, the rows at the two positions of `moves` have changed places.
    """

    at: tuple[int, ...]
    moves: tuple[int, int] | None = None
    since: int = 0

    def on_page(self, call: Call, page: ServedPage) -> ServedPage:
        del call
        rows = [_NAMELESS if index in self.at else row for index, row in enumerate(page.selection)]
        offset, limit = page.query.offset, page.query.limit
        if self.moves and offset >= self.since:
            one, other = self.moves
            rows[one], rows[other] = rows[other], rows[one]
        return replace(page, rows=rows[offset : offset + limit])


_NAMELESS = b'{"namespace":"n","name":null'


def with_fault(output: Path, fault: Fault, **flags: Any) -> RunResult:  # noqa: ANN401
    settings: dict[str, Any] = {"limit": 10, "centers": ("self",), **flags}
    with serve(INVENTORY, faults=(fault,)) as served:
        return crawl(served.endpoint, output, clock=QuickClock(), **settings)


def rejected_at(result: RunResult) -> list[int]:
    """Return the positions of the published rejects."""
    lines = map(orjson.loads, (snapshot_of(result) / "_rejects.ndjson").read_bytes().splitlines())
    return sorted(line["offset"] + line["index"] for line in lines)


def test_rejects_of_one_page_with_the_same_bytes_are_as_many_items_and_cost_no_request(tmp_path: Path) -> None:
    healthy = only_walk(crawled(tmp_path / "healthy"))
    result = with_fault(tmp_path, SameRejects((13, 15, 18)))
    walk = only_walk(result)
    assert exit_code_of(result) == 3  # a reject is a record that is missing
    assert (walk.verdict, walk.passes, walk.requests) == ("complete", 1, healthy.requests)
    assert (walk.records, walk.rejects, walk.duplicates, walk.missing) == (57, 3, 0, 0)
    assert rejected_at(result) == [13, 15, 18]


def test_rejects_of_several_pages_with_the_same_bytes_are_proven_by_a_second_pass(tmp_path: Path) -> None:
    result = with_fault(tmp_path, SameRejects((0, 13, 15, 58, 59)))
    walk = only_walk(result)
    assert (exit_code_of(result), walk.verdict, walk.reason, walk.passes, walk.limit) == (3, "complete", "", 2, 9)
    assert (walk.records, walk.rejects, walk.distinct, walk.duplicates, walk.missing) == (55, 5, 60, 0, 0)
    assert rejected_at(result) == [0, 13, 15, 58, 59]


@pytest.mark.parametrize("double_read", [False, True])
@pytest.mark.parametrize("every", [2, 4, 10])
def test_poison_items_everywhere_end_complete_with_nothing_missing_but_them(
    every: int,
    double_read: bool,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    result = crawled(tmp_path, f"poison-items:every={every}", double_read=double_read)
    walk = only_walk(result)
    assert (exit_code_of(result), walk.verdict, walk.passes, walk.missing) == (3, "complete", 2, 0)
    assert walk.rejects == len(rejected_at(result)) > 1
    assert walk.records + walk.rejects == len(published_keys(snapshot_of(result))) + walk.rejects == 60


def test_one_pass_alone_does_not_prove_rejects_of_several_pages(tmp_path: Path) -> None:
    result = with_fault(tmp_path, SameRejects((13, 58)), max_passes=1)
    walk = only_walk(result)
    assert (exit_code_of(result), walk.verdict, walk.passes) == (3, "unproven", 1)
    assert walk.reason.startswith("rejects with the same bytes are on several pages")


def test_a_reject_that_was_read_twice_in_the_place_of_a_record_makes_no_walk_complete_without_it(
    tmp_path: Path,
) -> None:
    # Pages from offset 30 on come from a server that has the reject 29 and the record 30 the other way round.
    fault = SameRejects((3, 29, 55), moves=(29, 30), since=30)
    kept = {key for key in inventory_keys(INVENTORY) if key[0] == "self"}
    for max_passes, verdict in ((1, "unproven"), (2, "unproven"), (3, "complete")):
        result = with_fault(tmp_path / str(max_passes), fault, max_passes=max_passes)
        walk, published = only_walk(result), published_keys(snapshot_of(result))
        assert (walk.verdict, walk.passes) == (verdict, max_passes)
        assert len(kept.intersection(published)) == walk.records == (56 if max_passes == 1 else 57)
        assert walk.rejects == (1 if verdict == "unproven" else 3)


@pytest.mark.parametrize("requests", sampled(range(1, 14), 3))
def test_rejects_with_the_same_bytes_are_the_same_after_a_resume_at_any_page(requests: int, tmp_path: Path) -> None:
    fault = SameRejects((13, 15, 35, 36, 58))
    settings: dict[str, Any] = {"limit": 10, "concurrency": 1, "centers": ("self",)}
    with serve(INVENTORY, faults=(fault, parse_fault(f"unauthorized:after_requests={requests}"))) as served:
        assert exit_code_of(crawl(served.endpoint, tmp_path, clock=QuickClock(), **settings)) == 77
    with serve(INVENTORY, faults=(fault,), port=port_of(served)) as served:
        again = crawl(served.endpoint, tmp_path, clock=QuickClock(), **settings)
    walk = only_walk(again)
    assert (exit_code_of(again), again.resumed, walk.verdict, walk.passes) == (3, 1, "complete", 2)
    assert (walk.records, walk.rejects, rejected_at(again)) == (55, 5, [13, 15, 35, 36, 58])


# ---- totals


@pytest.mark.parametrize("extra", [(), ("missing-total:in_items=false",)])
@pytest.mark.parametrize("repositories", [120, 60, 54, 6, 12])
def test_a_total_on_the_first_item_only_is_enough(extra: tuple[str, ...], repositories: int, tmp_path: Path) -> None:
    inventory = synthetic(namespaces=3, repositories=repositories, seed=7, uniform=True)
    result = crawled(tmp_path, "total-on-first-item", *extra, inventory=inventory)
    assert (exit_code_of(result), only_walk(result).passes) == (0, 1)


@pytest.mark.parametrize("extra", [(), ("missing-total:in_items=false,in_header=true",)], ids=["both", "items"])
@pytest.mark.parametrize("limit", [10, 60, 100])
def test_a_total_of_0_beside_items_is_none_and_the_walk_reads_on(
    extra: tuple[str, ...], limit: int, tmp_path: Path
) -> None:
    result = crawled(tmp_path, "capped-total:at=0", *extra, limit=limit)
    walk = only_walk(result)
    assert (exit_code_of(result), walk.verdict, walk.passes) == (3, "unproven", 1)
    assert walk.reason == "no total was declared, or 0 beside items"
    assert holds_all(result)
