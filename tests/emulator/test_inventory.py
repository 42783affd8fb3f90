"""Inventories from seeds and from files."""

import re
from collections import Counter
from functools import cache

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.emulator.http.query import NAMESPACE
from crawler.emulator.inventory.center_rows import CENTERS, CenterRows, Inventory
from crawler.emulator.inventory.ndjson import from_ndjson
from crawler.emulator.inventory.synthetic import synthetic
from crawler.errors import ConfigError
from tests.emulator.client import inventory_of, item, numbered
from tests.support.examples import examples


@cache
def big() -> Inventory:
    return synthetic(namespaces=12, repositories=6000, seed=1)


RFC3339_NANO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z")


@settings(max_examples=examples(quick=8), deadline=None)
@given(st.integers(1, 60), st.integers(0, 300), st.integers())
def test_a_synthetic_inventory_has_the_requested_number_of_distinct_keys(
    namespaces: int, repositories: int, seed: int
) -> None:
    inventory = synthetic(namespaces=namespaces, repositories=repositories, seed=seed)
    keys = [
        (center, one["domain_name"], one["namespace"], one["name"])
        for center in CENTERS
        for one in inventory.items(center)
    ]
    assert len(keys) == len(set(keys)) == repositories
    assert [key for key in keys if "busybox" in key[3]] == (
        [("self", "domain", "namespace", "busybox")] if repositories else []
    )
    for center in CENTERS:
        assert len(inventory.namespaces(center)) == namespaces
        assert all(map(NAMESPACE.fullmatch, inventory.namespaces(center)))
        centered = (one | {"center": center} for one in inventory.items(center))
        assert inventory_of(*centered).centers[center].rows == inventory.centers[center].rows


def test_the_same_seed_returns_the_same_bytes_and_another_seed_others() -> None:
    one, same, other = (synthetic(namespaces=3, repositories=50, seed=seed) for seed in (1, 1, 2))
    assert one.centers["self"].rows == same.centers["self"].rows != other.centers["self"].rows


def test_uniform_means_the_same_size_for_each_namespace_in_both_centers() -> None:
    inventory = synthetic(namespaces=20, repositories=4000, seed=0, uniform=True)
    assert inventory.namespaces("self") == inventory.namespaces("thirdparty")
    for center in CENTERS:
        counts = Counter(one["namespace"] for one in inventory.items(center))
        assert len(counts) == 20
        assert set(counts.values()) == {100}


def test_sizes_of_namespaces_are_skewed_and_none_is_empty() -> None:
    counts = sorted(Counter(one["namespace"] for one in big().items("self")).values())
    assert len(counts) == 12
    assert sum(counts) == 3000
    assert counts[-1] > 10 * counts[0] > 0


def test_the_centers_have_no_namespace_in_common_and_different_owners() -> None:
    assert not set(big().namespaces("self")) & set(big().namespaces("thirdparty"))
    assert {one["domain_name"] for one in big().items("self")} == {"domain"}
    owners = {one["domain_name"] for one in big().items("thirdparty")}
    assert len(owners) > 1
    assert "domain" not in owners


def test_synthetic_items_are_as_varied_as_real_ones() -> None:
    items = [one for center in CENTERS for one in big().items(center)]
    assert all(RFC3339_NANO.fullmatch(one[field]) for one in items for field in ("created_at", "updated_at"))
    digits = {len(one["updated_at"]) - 21 if "." in one["updated_at"] else 0 for one in items}
    assert digits >= {0, 3, 5, 6, 8, 9}
    assert {one["name"].count("/") for one in items} == {0, 1, 2}
    assert max(one["size"] for one in items) > 2**31
    assert {len(one["tags"]) for one in items} >= {0, 1, 2, 3}
    assert max(len(one["tags"]) for one in items) > 200
    assert any(not one["description"].isascii() for one in items)
    assert any("\x1b" in one["description"] for one in items)
    assert {one["status"] for one in big().items("thirdparty")} == {True, False}
    assert all(len(one["tags"]) == len(set(one["tags"])) for one in items)


@pytest.mark.parametrize(
    ("namespaces", "repositories", "uniform"), [(0, 1, False), (1, -1, False), (3, 10, True), (2, 6, True)]
)
def test_sizes_out_of_range_are_refused(namespaces: int, repositories: int, uniform: bool) -> None:  # noqa: FBT001
    with pytest.raises(ConfigError):
        synthetic(namespaces=namespaces, repositories=repositories, seed=0, uniform=uniform)


def test_a_file_is_served_unchanged_with_fields_in_the_documented_order() -> None:
    line = b'{"center":"self","odd":1,"tags":null,"namespace":"n","name":"x","domain_name":"d","total_range":9}'
    read = from_ndjson([b"\n", line, b"  "], source="f")
    assert read.centers["self"].rows == (b'{"name":"x","domain_name":"d","namespace":"n","tags":null,"odd":1',)
    assert read.items("thirdparty") == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "f:2: not JSON"),
        (b"[]", "f:2: not a JSON object"),
        (b'{"center":"both"}', "f:2: `center` must be self or thirdparty"),
        (b'{"center":["self"]}', "f:2: `center` must be self or thirdparty"),
        (orjson.dumps(item("x", namespace=3)), "f:2: `namespace` must be a string"),
        (orjson.dumps(item("a0000")), "f:2: domain/team/a0000 is already in center self"),
    ],
)
def test_an_error_names_the_bad_line(line: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        from_ndjson([orjson.dumps(item("a0000")), line], source="f")


def test_the_same_key_can_be_in_both_centers() -> None:
    both = inventory_of(item("x"), item("x", center="thirdparty"))
    assert len(both.items("self")) == len(both.items("thirdparty")) == 1


def names(inventory: Inventory) -> list[str]:
    return [one["name"] for one in inventory.items("self")]


def test_other_rows_keep_their_order_when_a_row_is_removed_or_added() -> None:
    inventory = inventory_of(item("b", namespace="m"), item("a"), item("c"))
    assert names(inventory.without(1)) == ["b", "c"]
    assert names(inventory.without(0).without(0).with_copies(0, ["b2"])) == ["b2", "c"]
    assert inventory.without(3).centers["self"] is inventory.centers["self"]
    assert inventory.without(-1).centers["self"] is inventory.centers["self"]
    assert names(inventory.without(1, 5)) == ["b"]
    assert names(inventory.without(0, 2)) == ["c"]
    assert (
        CenterRows().with_copies(0, ["x"]) == CenterRows().renamed(0, "x") == CenterRows().with_last(0) == CenterRows()
    )


def test_an_added_row_is_placed_by_its_name() -> None:
    three = numbered(3)
    assert names(three.with_copies(0, ["a0001x"])) == ["a0000", "a0001", "a0001x", "a0002"]
    assert names(three.with_copies(1, ["-b", "-a"], behind=True)) == ["a0000", "a0001", "a0001-a", "a0001-b", "a0002"]
    assert names(three.renamed(0, "a0001x")) == ["a0001", "a0001x", "a0002"]
    assert names(three.with_last(0)) == ["a0001", "a0002", "a0000"]


def test_a_name_is_never_added_twice() -> None:
    three = numbered(3)
    assert names(three.with_copies(1, ["a0002", "x", "x"])) == ["a0000", "a0001", "a0002", "x"]
    assert names(three.renamed(1, "a0002")) == names(three)
