"""The URL of a request, byte for byte."""

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
requests = st.builds(ListRequest, centers, st.none() | texts, st.integers(0), st.integers(1, MAX_LIMIT), orders)


def rfc3986(text: str) -> str:
    return "".join(chr(byte) if chr(byte) in UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def test_the_path_and_the_largest_page_are_the_documented_ones() -> None:
    assert PATH == "/v2/manage/shared-repositories"
    assert MAX_LIMIT == 1000


@pytest.mark.parametrize(
    ("request_", "query_string"),
    [
        (ListRequest("self", None, 0, 100, None), "center=self&limit=100&offset=0"),
        (
            ListRequest("thirdparty", "team-a", 200, 100, None),
            "center=thirdparty&limit=100&namespace=team-a&offset=200",
        ),
        (  # vector V1 of swr-api.md#signature-vectors
            ListRequest("self", None, 0, 100, Order("name", "asc")),
            "center=self&limit=100&offset=0&order_column=name&order_type=asc",
        ),
        (
            ListRequest("self", "a b~/$|::%é", 0, 1, None),
            "center=self&limit=1&namespace=a%20b~%2F%24%7C%3A%3A%25%C3%A9&offset=0",
        ),
    ],
)
def test_a_query_string_is_encoded_as_by_the_official_client(request_: ListRequest, query_string: str) -> None:
    assert request_.query_string() == query_string


@given(requests, st.booleans())
def test_the_query_string_is_the_encoded_parameters_in_their_order(request_: ListRequest, filtered: bool) -> None:  # noqa: FBT001 - drawn
    request_ = request_._replace(filtered=filtered)
    pairs = [f"{name}={rfc3986(value)}" for name, value in request_.parameters().items()]
    assert request_.query_string() == "&".join(pairs)


@given(requests)
def test_parameters_are_documented_sorted_and_distinct(request_: ListRequest) -> None:
    names = list(request_.parameters())
    assert names == sorted(names)
    assert set(names) <= DOCUMENTED


@given(requests)
def test_offset_and_limit_are_sent_together_and_so_are_both_parts_of_the_order(request_: ListRequest) -> None:
    parameters = request_._replace(filtered=False).parameters()
    assert (parameters["offset"], parameters["limit"]) == (str(request_.offset), str(request_.limit))
    assert parameters["center"] == request_.center
    assert parameters.get("namespace") == request_.namespace
    given_order = (parameters.get("order_column"), parameters.get("order_type"))
    assert given_order == (request_.order or (None, None))


@given(requests)
def test_the_query_string_is_encoded_by_rfc_3986_and_omits_nothing(request_: ListRequest) -> None:
    pairs = [pair.split("=") for pair in request_.query_string().split("&")]
    assert pairs == [[rfc3986(name), rfc3986(value)] for name, value in request_.parameters().items()]
    assert {unquote(name): unquote(value) for name, value in pairs} == request_.parameters()


@given(
    requests,
    st.sampled_from([None, "team-a", "a.b__c"]),
    st.sampled_from([None, Order("name", "asc"), Order("updated_at", "desc")]),
)
def test_a_filter_packs_the_same_parameters_into_one(
    request_: ListRequest, namespace: str | None, order: Order | None
) -> None:
    # `|` and `::` are in no namespace and no column, and have no escape (swr-api.md#filter-escaping).
    request_ = request_._replace(namespace=namespace, order=order)
    direct = request_._replace(filtered=False).parameters()
    packed = request_._replace(filtered=True).parameters()
    assert list(packed) == ["filter"]
    assert dict(part.split("::", 1) for part in packed["filter"].split("|")) == direct


def test_namespaces_are_requested_without_paging() -> None:
    assert (NamespacesRequest().path, NamespacesRequest().query_string()) == ("/v2/manage/namespaces", "")
    assert NamespacesRequest(visible=True).query_string() == "filter=mode%3A%3Avisible"
