"""Which queries are accepted, and which are refused."""

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.emulator.http.query import NAMESPACE, ListQuery, Paging, QueryRefusedError, parse_query

BASE = Paging()


def refused(raw_query: str, paging: Paging = BASE) -> str:
    with pytest.raises(QueryRefusedError) as refusal:
        parse_query(raw_query, paging)
    return refusal.value.code.rpartition(".")[2]


namespaces = st.from_regex(NAMESPACE, fullmatch=True)
values = st.text(st.characters(exclude_characters="|", exclude_categories=["Cs"]), min_size=1, max_size=128)
queries = st.fixed_dictionaries(
    {},
    optional={
        "center": st.sampled_from(["self", "thirdparty"]),
        "namespace": namespaces,
        "name": values,
        "domain_name": values,
        "status": st.sampled_from(["true", "false"]),
    },
)
paging_pairs = st.fixed_dictionaries(
    {"limit": st.integers(1, 1000).map(str), "offset": st.integers(0, 10**12).map(str)}
)
orders = st.fixed_dictionaries(
    {
        "order_column": st.sampled_from(["updated_time", "tag_count"]),
        "order_type": st.sampled_from(["asc", "desc"]),
    }
)


@given(queries, st.one_of(st.just({}), paging_pairs), st.one_of(st.just({}), orders))
def test_a_filter_means_the_same_as_direct_parameters(
    query: dict[str, str], pair: dict[str, str], order: dict[str, str]
) -> None:
    parameters = query | pair | order
    direct = "&".join(f"{key}={quote(value, safe='')}" for key, value in parameters.items())
    packed = "|".join(f"{key}::{value}" for key, value in parameters.items())
    expected = parse_query(direct, BASE)
    assert parse_query(f"filter={quote(packed, safe='')}", BASE) == expected
    assert parse_query(f"filter={quote(packed, safe='|:')}", BASE) == expected
    assert expected.name == (parameters["name"].replace("$", "/") if "name" in parameters else None)
    assert expected.domain_name == parameters.get("domain_name")
    assert (expected.limit, expected.offset) == (int(pair.get("limit", 100)), int(pair.get("offset", 0)))


@given(st.text())
def test_any_query_string_is_accepted_or_refused(raw_query: str) -> None:
    with contextlib.suppress(QueryRefusedError):
        assert parse_query(raw_query, BASE).limit >= 1


def test_filter_wins_over_direct_parameters() -> None:
    assert parse_query("center=thirdparty&limit=7&offset=0&filter=name::x", BASE) == ListQuery(name="x")


def test_an_empty_value_counts_as_absent() -> None:
    assert parse_query("center=&filter=&name=&limit=&offset=", BASE) == ListQuery()
    assert parse_query("filter=center::|name::", BASE) == ListQuery()


def test_the_first_of_a_repeated_parameter_counts() -> None:
    assert parse_query("name=a&name=b", BASE).name == "a"


def test_unknown_direct_parameters_are_ignored_and_unknown_filter_keys_refused() -> None:
    assert parse_query("colour=blue", BASE) == ListQuery()
    assert refused("filter=colour::blue") == "4001035"


@pytest.mark.parametrize("text", ["name", "name:x", "name::a|name::b", "name::a|", "|"])
def test_a_malformed_filter_is_refused(text: str) -> None:
    assert refused(f"filter={text}") == "4001035"


@pytest.mark.parametrize("lone", ["limit=10", "offset=0", "order_column=name", "order_type=asc"])
def test_a_lone_parameter_of_a_pair_is_refused_or_has_no_effect(lone: str) -> None:
    assert refused(lone) == "4001025"
    assert parse_query(lone, Paging(pair_rule="ignore")) == ListQuery()


@pytest.mark.parametrize(
    ("raw_query", "expected"),
    [
        ("center=other", "4001025"),
        ("status=yes", "4001025"),
        ("limit=x&offset=0", "4001025"),
        ("limit=1_0&offset=0", "4001025"),
        ("limit=0&offset=0", "4000056"),
        ("limit=-1&offset=0", "4000056"),
        ("limit=1&offset=-1", "4001025"),
        ("limit=1&offset=1.5", "4001025"),
        ("limit=1&offset=9999999999999999999", "4001025"),
        ("order_column=num_images&order_type=asc", "4001096"),
        ("order_column=name&order_type=up", "4001025"),
        ("namespace=Upper", "4001028"),
        ("name=" + "x" * 129, "4001029"),
    ],
)
def test_an_invalid_parameter_is_refused_with_its_code(raw_query: str, expected: str) -> None:
    assert refused(raw_query) == expected


def test_a_limit_above_the_maximum_is_clamped_or_refused() -> None:
    assert parse_query("limit=1001&offset=0", BASE).limit == 1000
    assert refused("limit=1001&offset=0", Paging(over_limit="refuse")) == "4000056"
    assert parse_query("limit=1000&offset=0", Paging(over_limit="refuse")).limit == 1000


def test_the_default_limit_is_never_above_the_maximum() -> None:
    assert parse_query("", Paging(max_limit=50)).limit == 50


@pytest.mark.parametrize("name", ["a", "a-b", "a_b", "a__b", "a.b", "a--b", "a" * 64, "a1"])
def test_a_valid_namespace_name_is_accepted(name: str) -> None:
    assert NAMESPACE.fullmatch(name)


@pytest.mark.parametrize("name", ["", "1a", "a-", "a_", "a___b", "a..b", "a-_b", "a._b", "A", "a" * 65, "ä", "a\n"])
def test_an_invalid_namespace_name_is_refused(name: str) -> None:
    assert not NAMESPACE.fullmatch(name)
