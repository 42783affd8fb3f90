"""What is asked, byte for byte."""

from typing import Final
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model.walk_id import Center
from crawler.model.window import Order
from crawler.swr.request import MAX_LIMIT, PATH, ListRequest, NamespacesRequest

UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")  # RFC 3986, 2.3
DOCUMENTED: Final = {"namespace", "name", "center", "limit", "offset", "order_column", "order_type", "filter"}

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
centers: st.SearchStrategy[Center] = st.sampled_from(["self", "thirdparty"])
orders: st.SearchStrategy[Order | None] = st.none() | st.builds(Order, texts, st.sampled_from(["asc", "desc"]))
queries = st.builds(ListRequest, centers, st.none() | texts, st.integers(0), st.integers(1, MAX_LIMIT), orders)


def rfc3986(text: str) -> str:
    return "".join(chr(byte) if chr(byte) in UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def test_the_path_and_the_largest_page_are_the_documented_ones() -> None:
    assert PATH == "/v2/manage/shared-repositories"
    assert MAX_LIMIT == 1000


@pytest.mark.parametrize(
    ("query", "encoded"),
    [
        (ListRequest("self", None, 0, 100, None), "center=self&limit=100&offset=0"),
        (
            ListRequest("thirdparty", "team-a", 200, 100, None),
            "center=thirdparty&limit=100&namespace=team-a&offset=200",
        ),
        (  # the canonical query of FACTS 3.2, vector V1
            ListRequest("self", None, 0, 100, Order("name", "asc")),
            "center=self&limit=100&offset=0&order_column=name&order_type=asc",
        ),
        (
            ListRequest("self", "a b~/$|::%é", 0, 1, None),
            "center=self&limit=1&namespace=a%20b~%2F%24%7C%3A%3A%25%C3%A9&offset=0",
        ),
    ],
)
def test_a_query_is_encoded_as_the_official_client_does(query: ListRequest, encoded: str) -> None:
    assert query.query_string() == encoded


@given(queries, st.booleans())
def test_what_is_sent_are_the_parameters_in_their_order_each_encoded(query: ListRequest, filtered: bool) -> None:  # noqa: FBT001 - drawn
    asked = query._replace(filtered=filtered)
    pairs = [f"{name}={rfc3986(value)}" for name, value in asked.parameters().items()]
    assert asked.query_string() == "&".join(pairs)


@given(queries)
def test_parameters_are_documented_sorted_and_given_once(query: ListRequest) -> None:
    names = list(query.parameters())
    assert names == sorted(names)
    assert set(names) <= DOCUMENTED


@given(queries)
def test_offset_and_limit_and_both_parts_of_the_order_go_together(query: ListRequest) -> None:
    parameters = query._replace(filtered=False).parameters()
    assert (parameters["offset"], parameters["limit"]) == (str(query.offset), str(query.limit))
    assert parameters["center"] == query.center
    assert parameters.get("namespace") == query.namespace
    given_order = (parameters.get("order_column"), parameters.get("order_type"))
    assert given_order == (query.order or (None, None))


@given(queries)
def test_the_encoding_is_that_of_rfc_3986_and_leaves_nothing_out(query: ListRequest) -> None:
    pairs = [pair.split("=") for pair in query.query_string().split("&")]
    assert pairs == [[rfc3986(name), rfc3986(value)] for name, value in query.parameters().items()]
    assert {unquote(name): unquote(value) for name, value in pairs} == query.parameters()


@given(
    queries,
    st.sampled_from([None, "team-a", "a.b__c"]),
    st.sampled_from([None, Order("name", "asc"), Order("updated_at", "desc")]),
)
def test_a_filter_packs_the_same_parameters_into_one(
    query: ListRequest, namespace: str | None, order: Order | None
) -> None:
    # `|` and `::` are in no namespace and no column, and have no escape (FACTS 1.1).
    query = query._replace(namespace=namespace, order=order)
    direct = query._replace(filtered=False).parameters()
    packed = query._replace(filtered=True).parameters()
    assert list(packed) == ["filter"]
    assert dict(part.split("::", 1) for part in packed["filter"].split("|")) == direct


def test_namespaces_are_asked_for_without_paging() -> None:
    assert (NamespacesRequest().path, NamespacesRequest().query_string()) == ("/v2/manage/namespaces", "")
    assert NamespacesRequest(visible=True).query_string() == "filter=mode%3A%3Avisible"
