"""Totals that cap or contradict, another walk's page, and how the end of a list is refused."""

import pytest

from crawler.emulator.faults.registry import parse_fault
from tests.emulator.client import DirectClient, inventory_of, item, items_of, numbered, status_and_code

TEN = numbered(10)
NAMES = [f"a{number:04}" for number in range(10)]
BY_NAME = "order_column=name&order_type=desc"


def client_of(*texts: str) -> DirectClient:
    return DirectClient(TEN, [parse_fault(text) for text in texts])


def totals(client: DirectClient, query: str = "limit=2&offset=4") -> tuple[set[int], str]:
    """Return the totals of the items of a page, and the one of its header."""
    response = client.get(query)
    return {one["total_range"] for one in items_of(response)}, dict(response.headers)["Content-Range"].split("/")[1]


# --- totals -------------------------------------------------------------------------------------------------


def test_a_capped_total_serves_the_rows_beyond_it() -> None:
    client = client_of("capped-total:at=6")
    assert totals(client) == totals(client, "limit=2&offset=8") == ({6}, "6")
    assert client.window(4, 6) == NAMES[4:]
    assert totals(client_of("capped-total:at=10")) == ({10}, "10")


def test_a_ceiling_serves_nothing_beyond_it() -> None:
    client = client_of("ceiling:at=5")
    assert totals(client) == ({5}, "5")
    assert [client.window(offset, 2) for offset in (2, 4, 6)] == [NAMES[2:4], NAMES[4:5], []]
    assert client.names(BY_NAME) == NAMES[:4:-1]
    assert client_of("ceiling:at=10").names() == NAMES


def test_a_ceiling_is_the_end_for_other_faults() -> None:
    client = client_of("ceiling:at=4", "refuse-past-end:status=416")
    assert [client.get(f"limit=2&offset={offset}").status for offset in (2, 4)] == [200, 416]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("by=3", ({10}, "13")),
        ("by=-3", ({10}, "7")),
        ("by=-99", ({10}, "0")),
        ("by=3,where=items", ({13}, "10")),
        ("by=-3,where=items", ({7}, "10")),
    ],
)
def test_the_header_and_the_items_declare_different_totals(parameters: str, expected: tuple[set[int], str]) -> None:
    client = client_of(f"split-totals:every=2,{parameters}")
    assert [totals(client) for _ in range(2)] == [({10}, "10"), expected]


# --- another list -------------------------------------------------------------------------------------------


def test_an_ignored_center_sends_the_list_of_one_center() -> None:
    inventory = inventory_of(item("x"), item("y", center="thirdparty"))
    for sends, name in (("self", "x"), ("thirdparty", "y")):
        client = DirectClient(inventory, [parse_fault(f"ignore-center:sends={sends}")])
        assert client.names("center=self") == client.names("center=thirdparty") == [name]


def test_a_wrong_walk_answers_with_the_page_of_the_latest_other_one() -> None:
    own = [item(f"{namespace}{number}", namespace=namespace) for namespace in "ab" for number in range(4)]
    inventory = inventory_of(*own, *(item(f"t{number}", center="thirdparty") for number in range(4)))
    client = DirectClient(inventory, [parse_fault("wrong-walk:every=3")])
    queries = ("namespace=a", "namespace=a", "namespace=a", "namespace=b", "namespace=a", "namespace=a&center=self")
    pages = [client.names(f"limit=2&offset=2&{query}") for query in queries]
    assert pages == [["a2", "a3"], ["a2", "a3"], ["a2", "a3"], ["b2", "b3"], ["a2", "a3"], ["b2", "b3"]]
    client = DirectClient(inventory, [parse_fault("wrong-walk:every=2,times=1")])
    pages = [client.names(f"limit=1&offset=0&center={center}") for center in ("self", "thirdparty") * 2]
    assert pages == [["a0"], ["a0"], ["a0"], ["t0"]]


def test_nothing_is_left_without_an_error_when_the_permission_is_lost() -> None:
    client = client_of("lost-permission:requests=2")
    assert [len(client.names()) for _ in range(4)] == [10, 10, 0, 0]
    response = client.get("limit=2&offset=0")
    assert (response.status, response.headers) == (200, (("Content-Range", "0-0/0"),))
    assert client_of("lost-permission").names() == []


# --- the end of a list --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 404, 416])
def test_an_offset_at_or_beyond_the_end_is_refused(status: int) -> None:
    client = client_of(f"refuse-past-end:status={status}")
    assert client.window(8, 4) == NAMES[8:]
    for offset in (10, 11, 1000):
        assert status_and_code(client.get(f"limit=4&offset={offset}")) == (status, "SVCSTG.SWR.4001025")
    assert client.names("namespace=nobody") == []


def test_a_list_that_holds_nothing_is_refused() -> None:
    client = client_of("refuse-empty")
    assert client.window(10, 4) == []
    assert status_and_code(client.get("namespace=nobody")) == (404, "SVCSTG.SWR.4001025")
    assert status_and_code(client_of("refuse-empty:status=416").get("name=nothing")) == (416, "SVCSTG.SWR.4001025")


def test_the_refusal_of_an_offset_comes_in_the_old_format_too() -> None:
    client = client_of("refuse-past-end", "array-errors")
    old = b'[{"errorCode":"SVCSTG.SWR.4001025","errorMessage":"Invalid offset","detail":""}]'
    assert client.get("limit=4&offset=10").body == old


# --- answers that are no pages ------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "status"), [("404", 404), ("520", 520), ("redirect", 302), ("coding", 200)])
def test_an_odd_answer_comes_once_for_each_list_at_its_offset(how: str, status: int) -> None:
    client = client_of(f"odd-answer:how={how},offset=2")
    asked = ["limit=2&offset=0", "limit=2&offset=2", "limit=2&offset=2", "center=thirdparty&limit=2&offset=2"]
    responses = [client.get(query) for query in asked]
    assert [response.status for response in responses] == [200, status, 200, status]
    assert dict(responses[1].headers).get("Content-Encoding") == ("br" if how == "coding" else None)


def test_an_odd_answer_without_an_offset_comes_once_for_each_window() -> None:
    client = client_of("odd-answer:offset=none,times=2")
    statuses = [client.get(f"limit=2&offset={offset}").status for offset in (0, 2, 0, 0, 2, 2)]
    assert statuses == [404, 404, 404, 200, 404, 200]
