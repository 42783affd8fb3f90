"""Where rows come from: seeds and files."""

import re
from collections import Counter

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.emulator.http.query import NAMESPACE
from crawler.emulator.inventory.center_rows import CenterRows
from crawler.emulator.inventory.ndjson import CENTERS, Inventory, from_ndjson, synthetic
from crawler.errors import ConfigError
from tests.emulator.client import inventory_of, item, numbered

BIG = synthetic(namespaces=12, repositories=6000, seed=1)
RFC3339_NANO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z")


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(0, 300), st.integers())
def test_a_synthetic_inventory_has_the_repositories_asked_for_under_distinct_keys(
    namespaces: int, repositories: int, seed: int
) -> None:
    made = synthetic(namespaces=namespaces, repositories=repositories, seed=seed)
    keys = [
        (center, one["domain_name"], one["namespace"], one["name"]) for center in CENTERS for one in made.items(center)
    ]
    assert len(keys) == len(set(keys)) == repositories
    assert [key for key in keys if "busybox" in key[3]] == (
        [("self", "domain", "namespace", "busybox")] if repositories else []
    )
    for center in CENTERS:
        assert len(made.namespaces(center)) == namespaces
        assert all(map(NAMESPACE.fullmatch, made.namespaces(center)))
        centered = (one | {"center": center} for one in made.items(center))
        assert inventory_of(*centered).centers[center].rows == made.centers[center].rows


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    one, same, other = (synthetic(namespaces=3, repositories=50, seed=seed) for seed in (1, 1, 2))
    assert one.centers["self"].rows == same.centers["self"].rows != other.centers["self"].rows


def test_even_means_the_same_number_for_each_organization_in_both_centers() -> None:
    made = synthetic(namespaces=20, repositories=4000, seed=0, uniform=True)
    assert made.namespaces("self") == made.namespaces("thirdparty")
    for center in CENTERS:
        counts = Counter(one["namespace"] for one in made.items(center))
        assert len(counts) == 20
        assert set(counts.values()) == {100}


def test_sizes_of_organizations_are_skewed_and_none_is_empty() -> None:
    counts = sorted(Counter(one["namespace"] for one in BIG.items("self")).values())
    assert len(counts) == 12
    assert sum(counts) == 3000
    assert counts[-1] > 10 * counts[0] > 0


def test_the_centers_share_no_organization_and_the_others_have_other_owners() -> None:
    assert not set(BIG.namespaces("self")) & set(BIG.namespaces("thirdparty"))
    assert {one["domain_name"] for one in BIG.items("self")} == {"domain"}
    owners = {one["domain_name"] for one in BIG.items("thirdparty")}
    assert len(owners) > 1
    assert "domain" not in owners


def test_the_variety_of_the_real_thing_is_there() -> None:
    items = [one for center in CENTERS for one in BIG.items(center)]
    assert all(RFC3339_NANO.fullmatch(one[field]) for one in items for field in ("created_at", "updated_at"))
    digits = {len(one["updated_at"]) - 21 if "." in one["updated_at"] else 0 for one in items}
    assert digits >= {0, 3, 5, 6, 8, 9}
    assert {one["name"].count("/") for one in items} == {0, 1, 2}
    assert max(one["size"] for one in items) > 2**31
    assert {len(one["tags"]) for one in items} >= {0, 1, 2, 3}
    assert max(len(one["tags"]) for one in items) > 200
    assert any(not one["description"].isascii() for one in items)
    assert any("\x1b" in one["description"] for one in items)
    assert {one["status"] for one in BIG.items("thirdparty")} == {True, False}
    assert all(len(one["tags"]) == len(set(one["tags"])) for one in items)


@pytest.mark.parametrize(
    ("namespaces", "repositories", "uniform"), [(0, 1, False), (1, -1, False), (3, 10, True), (2, 6, True)]
)
def test_numbers_that_cannot_be_are_refused(namespaces: int, repositories: int, uniform: bool) -> None:  # noqa: FBT001
    with pytest.raises(ConfigError):
        synthetic(namespaces=namespaces, repositories=repositories, seed=0, uniform=uniform)


def test_a_file_is_served_as_written_in_the_documents_order() -> None:
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
def test_a_bad_line_is_named(line: bytes, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        from_ndjson([orjson.dumps(item("a0000")), line], source="f")


def test_the_same_key_may_be_in_both_centers() -> None:
    both = inventory_of(item("x"), item("x", center="thirdparty"))
    assert len(both.items("self")) == len(both.items("thirdparty")) == 1


def names(inventory: Inventory) -> list[str]:
    return [one["name"] for one in inventory.items("self")]


def test_a_row_taken_out_or_put_in_leaves_the_rest_in_order() -> None:
    made = inventory_of(item("b", namespace="m"), item("a"), item("c"))
    assert names(made.without(1)) == ["b", "c"]
    assert names(made.without(0).without(0).with_copies(0, ["b2"])) == ["b2", "c"]
    assert made.without(3).centers["self"] is made.centers["self"]
    assert made.without(-1).centers["self"] is made.centers["self"]
    assert names(made.without(1, 5)) == ["b"]
    assert names(made.without(0, 2)) == ["c"]
    assert (
        CenterRows().with_copies(0, ["x"]) == CenterRows().renamed(0, "x") == CenterRows().with_last(0) == CenterRows()
    )


def test_a_row_put_in_takes_its_place_by_name() -> None:
    three = numbered(3)
    assert names(three.with_copies(0, ["a0001x"])) == ["a0000", "a0001", "a0001x", "a0002"]
    assert names(three.with_copies(1, ["-b", "-a"], behind=True)) == ["a0000", "a0001", "a0001-a", "a0001-b", "a0002"]
    assert names(three.renamed(0, "a0001x")) == ["a0001", "a0001x", "a0002"]
    assert names(three.with_last(0)) == ["a0001", "a0002", "a0000"]


def test_a_name_is_never_there_twice() -> None:
    three = numbered(3)
    assert names(three.with_copies(1, ["a0002", "x", "x"])) == ["a0000", "a0001", "a0002", "x"]
    assert names(three.renamed(1, "a0002")) == names(three)
