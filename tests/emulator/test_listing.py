"""Selecting, ordering, paging and rendering, without a socket."""

from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.emulator.http.query import ORDER_COLUMNS, ListQuery
from crawler.emulator.http.request import NAMESPACES
from crawler.emulator.inventory.center_rows import FIELDS, instant
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.service.config import NamespaceCounts
from crawler.emulator.service.selection import SelectionCache, select
from tests.emulator.client import Asker, code, encoded, inventory_of, item, numbered, rows, said

KEY = ("domain_name", "namespace", "name")
INVENTORY = synthetic(namespaces=6, repositories=400, seed=5)

stamps = st.sampled_from(["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z", "2023-12-31T23:59:59.99Z"])
owned = st.fixed_dictionaries(
    {
        "center": st.just("self"),
        "domain_name": st.sampled_from(["d", "e"]),
        "namespace": st.sampled_from(["n", "o"]),
        "name": st.text("ab/", min_size=1, max_size=3),
        "num_images": st.integers(0, 2),
        "updated_at": stamps,
    }
)
inventories = st.lists(owned, max_size=25, unique_by=lambda one: tuple(one[part] for part in KEY))


def key(one: dict[str, Any]) -> tuple[str, ...]:
    return tuple(one[part] for part in KEY)


def sort_value(one: dict[str, Any], column: str) -> str:
    if column in {"updated_at", "updated_time"}:
        return instant(one["updated_at"])
    return str(one[{"tag_count": "num_images"}.get(column, column)])  # one digit: sorts as text does


@given(inventories, st.sampled_from(ORDER_COLUMNS), st.booleans())
def test_every_column_sorts_and_the_key_breaks_the_ties(
    items: list[dict[str, Any]],
    column: str,
    descending: bool,  # noqa: FBT001 - Hypothesis' argument
) -> None:
    order_type = "desc" if descending else "asc"
    listed = rows(Asker(inventory_of(*items)).ask(encoded(order_column=column, order_type=order_type)))
    assert sorted(map(key, listed)) == sorted(map(key, items))
    for one, other in pairwise(listed):
        mine, theirs = sort_value(one, column), sort_value(other, column)
        assert mine == theirs or (mine > theirs) == descending
        assert mine != theirs or key(one) < key(other)


@given(inventories, st.integers(1, 30))
def test_pages_joined_are_the_whole_list(items: list[dict[str, Any]], limit: int) -> None:
    asker = Asker(inventory_of(*items))
    joined = [
        one
        for offset in range(0, len(items) + limit, limit)
        for one in rows(asker.ask(encoded(limit=limit, offset=offset)))
    ]
    assert list(map(key, joined)) == sorted(map(key, items))
    assert {one["total_range"] for one in joined} <= {len(items)}


def test_the_documents_example_request_gives_the_documents_example_response() -> None:
    answer = Asker(INVENTORY).ask("filter=center::self|name::busybox")
    assert answer.headers == (("Content-Range", "0-1/1"),)
    assert answer.body == (
        b'[{"name":"busybox","category":"other","description":"","size":115645792,"is_public":false,'
        b'"num_images":1,"num_download":0,"created_at":"2021-06-02T09:23:01.751202Z",'
        b'"updated_at":"2021-06-10T07:24:35.204517Z","logo":"","url":"",'
        b'"path":"{Repository address}/group/busybox","internal_path":"{Repository address}/group/busybox",'
        b'"domain_name":"domain","namespace":"namespace","tags":["v1","v2"],"status":true,"total_range":1}]'
    )


def test_every_item_has_the_documents_eighteen_fields_in_their_order() -> None:
    for center in ("self", "thirdparty"):
        for one in rows(Asker(INVENTORY).ask(f"center={center}&limit=1000&offset=0")):
            assert tuple(one) == (*FIELDS, "total_range")
            assert one["total_range"] == 200


def test_the_middle_of_content_range_is_a_count() -> None:
    asker = Asker(numbered(5))
    assert asker.ask("limit=2&offset=2").headers == (("Content-Range", "2-2/5"),)
    assert asker.ask("limit=2&offset=4").headers == (("Content-Range", "4-1/5"),)


def test_past_the_end_is_an_empty_list_that_still_tells_the_total() -> None:
    answer = Asker(numbered(5)).ask("limit=2&offset=6")
    assert (answer.body, answer.headers) == (b"[]", (("Content-Range", "6-0/5"),))


def test_without_a_limit_there_are_a_hundred() -> None:
    assert len(rows(Asker(numbered(101)).ask())) == 100


def test_the_default_order_is_the_key() -> None:
    listed = rows(Asker(INVENTORY).ask("center=thirdparty&limit=1000&offset=0"))
    assert list(map(key, listed)) == sorted(map(key, listed))


def test_center_is_self_unless_said_otherwise() -> None:
    asker = Asker(inventory_of(item("mine"), item("theirs", center="thirdparty")))
    assert (asker.names(), asker.names("center=thirdparty")) == (["mine"], ["theirs"])


def test_the_total_counts_what_the_filters_leave() -> None:
    asker = Asker(inventory_of(item("x"), item("y", namespace="other"), item("z", namespace="other")))
    assert [one["total_range"] for one in rows(asker.ask("namespace=other&limit=1&offset=0"))] == [2]


def test_a_name_matches_in_the_middle_and_a_dollar_is_a_slash() -> None:
    asker = Asker(inventory_of(item("a/nginx"), item("nginx"), item("b/redis")))
    assert asker.names("name=ngin") == ["a/nginx", "nginx"]
    assert asker.names("name=a$n") == asker.names("name=a%2Fn") == ["a/nginx"]


def test_organization_and_owner_match_exactly_and_status_as_said() -> None:
    asker = Asker(
        inventory_of(item("a", status=True), item("b", namespace="teams"), item("c", domain_name="e", status=False))
    )
    assert asker.names("namespace=team") == ["a", "c"]
    assert asker.names("domain_name=domain") == ["a", "b"]
    assert asker.names("namespace=team&domain_name=domain") == ["a"]
    assert asker.names("status=true") == ["a"]
    assert asker.names("status=false") == ["b", "c"]


def test_a_refused_question_is_answered_in_both_error_formats() -> None:
    answer = Asker(numbered(1)).ask("center=other")
    body = orjson.loads(answer.body)
    assert answer.status == 400
    assert body["errors"][0]["errorCode"] == body["error_code"] == body["details"][0]["error_code"]
    assert body["errors"][0]["errorMessage"] == body["error_msg"] == "center must be self or thirdparty"


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000000000"),
        ("2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00.500000000"),
        ("2024-01-01T00:00:00.123456789Z", "2024-01-01T00:00:00.123456789"),
        ("2024-01-01T08:00:00.25+08:00", "2024-01-01T00:00:00.250000000"),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:00.000000000"),
        ("yesterday", ""),
        (None, ""),
    ],
)
def test_times_sort_as_time_does_however_they_are_written(stamp: object, expected: str) -> None:
    assert instant(stamp) == expected


def test_odd_counts_and_states_sort_and_filter_as_none() -> None:
    asker = Asker(inventory_of(item("a", num_images="7", status="true"), item("b", num_images=1)))
    assert asker.names("order_column=tag_count&order_type=asc") == ["a", "b"]
    assert asker.names("status=true") == []


def test_selections_are_made_once_and_the_oldest_forgotten() -> None:
    inventory, selections = numbered(3), SelectionCache(max_rows=6)
    one, two, three = (ListQuery(order_column=column) for column in ("name", "updated_at", "tag_count"))
    kept = selections.rows(inventory, one)
    assert selections.rows(inventory, ListQuery(order_column="name", limit=2, offset=1)) is kept
    selections.rows(inventory, two)
    selections.rows(inventory, three)
    assert selections.rows(inventory, one) == kept
    assert selections.rows(inventory, one) is not kept


def test_selections_are_of_one_inventory() -> None:
    selections = SelectionCache()
    assert len(selections.rows(numbered(3), ListQuery())) == 3
    assert len(selections.rows(numbered(4), ListQuery())) == 4


@given(inventories, st.sampled_from([None, "a", "/"]))
def test_a_selection_is_a_part_of_its_shelf_in_the_same_order(items: list[dict[str, Any]], name: str | None) -> None:
    inventory = inventory_of(*items)
    chosen = select(inventory, ListQuery(name=name))
    assert list(chosen) == [row for row in inventory.centers["self"].rows if row in set(chosen)]


def test_organizations_are_ones_own_unless_all_visible_are_asked_for() -> None:
    asker = Asker(
        inventory_of(item("a"), item("b", center="thirdparty", namespace="far"), item("c", center="thirdparty"))
    )
    mine = {"id": 1422, "name": "team", "creator_name": "username", "auth": 7}
    theirs = {"id": 1423, "name": "far", "creator_name": "username", "auth": 1}
    assert orjson.loads(asker.ask(path=NAMESPACES).body) == {"namespaces": [mine]}
    assert orjson.loads(asker.ask("filter=mode::visible", NAMESPACES).body) == {"namespaces": [mine, theirs]}
    both = asker.ask("filter=namespace::far|mode::visible", NAMESPACES)
    assert orjson.loads(both.body) == {"namespaces": [theirs]}
    assert orjson.loads(asker.ask("namespace=far", NAMESPACES).body) == {"namespaces": []}
    assert asker.ask("filter=mode%3A%3Avisible", NAMESPACES) == asker.ask("filter=mode::visible", NAMESPACES)
    assert asker.ask("mode=visible", NAMESPACES) == asker.ask("filter=mode::visible", NAMESPACES)
    assert code(asker.ask("filter=center::self", NAMESPACES)) == (400, "SVCSTG.SWR.4001035")


@pytest.mark.parametrize(
    ("told", "counts"), [("present", [2, 1, 3]), ("absent", [None, None, None]), ("mixed", [None, 1, None])]
)
def test_organizations_may_leave_out_how_many_repositories_they_hold(
    told: NamespaceCounts, counts: list[int | None]
) -> None:
    owners = {"a": 2, "b": 1}
    mine = [item(f"r{at}", namespace=name) for name, count in owners.items() for at in range(count)]
    others = [item(f"r{at}", center="thirdparty", namespace="c") for at in range(3)]
    asker = Asker(inventory_of(*mine, *others), namespace_counts=told)
    listed = said(asker.ask("mode=visible", NAMESPACES))["namespaces"]
    assert [found.get("repo_count") for found in listed] == counts
    assert [("access_user_count" in found) for found in listed] == [count is not None for count in counts]
