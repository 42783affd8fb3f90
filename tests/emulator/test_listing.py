"""Selecting, ordering, paging and rendering, without a socket."""

from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.emulator.http.query import ORDER_COLUMNS, ListQuery
from crawler.emulator.http.request import NAMESPACES
from crawler.emulator.inventory.center_rows import instant
from crawler.emulator.inventory.synthetic import synthetic
from crawler.emulator.service.config import NamespaceCounts
from crawler.emulator.service.selection import SelectionCache, select
from crawler.model.record import ITEM_FIELDS
from tests.emulator.client import (
    DirectClient,
    inventory_of,
    item,
    items_of,
    json_of,
    numbered,
    query_string,
    status_and_code,
)

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
    listed = items_of(DirectClient(inventory_of(*items)).get(query_string(order_column=column, order_type=order_type)))
    assert sorted(map(key, listed)) == sorted(map(key, items))
    for one, other in pairwise(listed):
        own, shared = sort_value(one, column), sort_value(other, column)
        assert own == shared or (own > shared) == descending
        assert own != shared or key(one) < key(other)


@given(inventories, st.integers(1, 30))
def test_all_pages_together_are_the_whole_list(items: list[dict[str, Any]], limit: int) -> None:
    client = DirectClient(inventory_of(*items))
    joined = [
        one
        for offset in range(0, len(items) + limit, limit)
        for one in items_of(client.get(query_string(limit=limit, offset=offset)))
    ]
    assert list(map(key, joined)) == sorted(map(key, items))
    assert {one["total_range"] for one in joined} <= {len(items)}


def test_the_documented_example_request_returns_the_documented_response() -> None:
    response = DirectClient(INVENTORY).get("filter=center::self|name::busybox")
    assert response.headers == (("Content-Range", "0-1/1"),)
    assert response.body == (
        b'[{"name":"busybox","category":"other","description":"","size":115645792,"is_public":false,'
        b'"num_images":1,"num_download":0,"created_at":"2021-06-02T09:23:01.751202Z",'
        b'"updated_at":"2021-06-10T07:24:35.204517Z","logo":"","url":"",'
        b'"path":"{Repository address}/group/busybox","internal_path":"{Repository address}/group/busybox",'
        b'"domain_name":"domain","namespace":"namespace","tags":["v1","v2"],"status":true,"total_range":1}]'
    )


def test_every_item_has_the_eighteen_documented_fields_in_order() -> None:
    for center in ("self", "thirdparty"):
        for one in items_of(DirectClient(INVENTORY).get(f"center={center}&limit=1000&offset=0")):
            assert tuple(one) == (*ITEM_FIELDS, "total_range")
            assert one["total_range"] == 200


def test_the_middle_of_content_range_is_a_count() -> None:
    client = DirectClient(numbered(5))
    assert client.get("limit=2&offset=2").headers == (("Content-Range", "2-2/5"),)
    assert client.get("limit=2&offset=4").headers == (("Content-Range", "4-1/5"),)


def test_beyond_the_end_the_page_is_empty_and_has_the_total() -> None:
    response = DirectClient(numbered(5)).get("limit=2&offset=6")
    assert (response.body, response.headers) == (b"[]", (("Content-Range", "6-0/5"),))


def test_without_a_limit_a_page_has_a_hundred_rows() -> None:
    assert len(items_of(DirectClient(numbered(101)).get())) == 100


def test_the_default_order_is_key_order() -> None:
    listed = items_of(DirectClient(INVENTORY).get("center=thirdparty&limit=1000&offset=0"))
    assert list(map(key, listed)) == sorted(map(key, listed))


def test_center_defaults_to_self() -> None:
    client = DirectClient(inventory_of(item("own"), item("shared", center="thirdparty")))
    assert (client.names(), client.names("center=thirdparty")) == (["own"], ["shared"])


def test_the_total_counts_the_rows_that_match() -> None:
    client = DirectClient(inventory_of(item("x"), item("y", namespace="other"), item("z", namespace="other")))
    assert [one["total_range"] for one in items_of(client.get("namespace=other&limit=1&offset=0"))] == [2]


def test_a_name_matches_in_the_middle_and_a_dollar_is_a_slash() -> None:
    client = DirectClient(inventory_of(item("a/nginx"), item("nginx"), item("b/redis")))
    assert client.names("name=ngin") == ["a/nginx", "nginx"]
    assert client.names("name=a$n") == client.names("name=a%2Fn") == ["a/nginx"]


def test_namespace_owner_and_status_match_exactly() -> None:
    client = DirectClient(
        inventory_of(item("a", status=True), item("b", namespace="teams"), item("c", domain_name="e", status=False))
    )
    assert client.names("namespace=team") == ["a", "c"]
    assert client.names("domain_name=domain") == ["a", "b"]
    assert client.names("namespace=team&domain_name=domain") == ["a"]
    assert client.names("status=true") == ["a"]
    assert client.names("status=false") == ["b", "c"]


def test_a_refused_query_has_both_error_formats() -> None:
    response = DirectClient(numbered(1)).get("center=other")
    body = orjson.loads(response.body)
    assert response.status == 400
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
def test_times_sort_chronologically_in_every_notation(stamp: object, expected: str) -> None:
    assert instant(stamp) == expected


def test_values_of_a_wrong_type_sort_and_filter_as_absent() -> None:
    client = DirectClient(inventory_of(item("a", num_images="7", status="true"), item("b", num_images=1)))
    assert client.names("order_column=tag_count&order_type=asc") == ["a", "b"]
    assert client.names("status=true") == []


def test_selections_are_cached_and_the_least_recent_evicted() -> None:
    inventory, cache = numbered(3), SelectionCache(max_rows=6)
    one, two, three = (ListQuery(order_column=column) for column in ("name", "updated_at", "tag_count"))
    kept = cache.rows(inventory, one)
    assert cache.rows(inventory, ListQuery(order_column="name", limit=2, offset=1)) is kept
    cache.rows(inventory, two)
    cache.rows(inventory, three)
    assert cache.rows(inventory, one) == kept
    assert cache.rows(inventory, one) is not kept


def test_selections_of_another_inventory_are_not_reused() -> None:
    cache = SelectionCache()
    assert len(cache.rows(numbered(3), ListQuery())) == 3
    assert len(cache.rows(numbered(4), ListQuery())) == 4


@given(inventories, st.sampled_from([None, "a", "/"]))
def test_a_selection_keeps_the_order_of_its_center(items: list[dict[str, Any]], name: str | None) -> None:
    inventory = inventory_of(*items)
    chosen = select(inventory, ListQuery(name=name))
    assert list(chosen) == [row for row in inventory.centers["self"].rows if row in set(chosen)]


def test_only_own_namespaces_are_listed_unless_the_mode_is_visible() -> None:
    client = DirectClient(
        inventory_of(item("a"), item("b", center="thirdparty", namespace="far"), item("c", center="thirdparty"))
    )
    own = {"id": 1422, "name": "team", "creator_name": "username", "auth": 7}
    shared = {"id": 1423, "name": "far", "creator_name": "username", "auth": 1}
    assert orjson.loads(client.get(path=NAMESPACES).body) == {"namespaces": [own]}
    assert orjson.loads(client.get("filter=mode::visible", NAMESPACES).body) == {"namespaces": [own, shared]}
    both = client.get("filter=namespace::far|mode::visible", NAMESPACES)
    assert orjson.loads(both.body) == {"namespaces": [shared]}
    assert orjson.loads(client.get("namespace=far", NAMESPACES).body) == {"namespaces": []}
    assert client.get("filter=mode%3A%3Avisible", NAMESPACES) == client.get("filter=mode::visible", NAMESPACES)
    assert client.get("mode=visible", NAMESPACES) == client.get("filter=mode::visible", NAMESPACES)
    assert status_and_code(client.get("filter=center::self", NAMESPACES)) == (400, "SVCSTG.SWR.4001035")


@pytest.mark.parametrize(
    ("presence", "counts"), [("present", [2, 1, 3]), ("absent", [None, None, None]), ("mixed", [None, 1, None])]
)
def test_namespaces_can_be_listed_without_their_counts(presence: NamespaceCounts, counts: list[int | None]) -> None:
    owners = {"a": 2, "b": 1}
    own = [item(f"r{at}", namespace=name) for name, count in owners.items() for at in range(count)]
    others = [item(f"r{at}", center="thirdparty", namespace="c") for at in range(3)]
    client = DirectClient(inventory_of(*own, *others), namespace_counts=presence)
    listed = json_of(client.get("mode=visible", NAMESPACES))["namespaces"]
    assert [found.get("repo_count") for found in listed] == counts
    assert [("access_user_count" in found) for found in listed] == [count is not None for count in counts]
