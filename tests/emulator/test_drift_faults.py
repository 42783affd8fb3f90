"""An inventory that changes between two pages: which rows disappear or appear, and what the total says."""

import pytest

from crawler.emulator.faults.registry import (
    DeleteAfter,
    Fault,
    InsertAfter,
    MoveAfter,
    RenameAfter,
    ReverseAfter,
    SwapAfter,
    parse_fault,
)
from tests.emulator.client import DirectClient, inventory_of, item, numbered

FIVE = numbered(5)
NAMES = [f"a{number:04}" for number in range(5)]
A, B, C, D, E = NAMES


def seen(fault: Fault, requests: int) -> list[list[str]]:
    """Return the names that each of `requests` requests for the whole list returns."""
    client = DirectClient(FIVE, [fault])
    return [client.names() for _ in range(requests)]


def test_rows_are_deleted_once_or_repeatedly() -> None:
    assert seen(DeleteAfter(1, index=1, count=2), 3) == [NAMES, [A, D, E], [A, D, E]]
    assert seen(DeleteAfter(1, every=2, index=1), 6) == [NAMES, *[[A, C, D, E]] * 2, *[[A, D, E]] * 2, [A, E]]
    assert seen(DeleteAfter(0, every=1, count=2), 4) == [[C, D, E], [E], [], []]
    assert seen(DeleteAfter(0, index=5), 1) == [NAMES]


def test_rows_are_inserted_once_or_repeatedly_before_all_others_or_behind_one() -> None:
    first = ["0-inserted", "0-inserted-2"]
    assert seen(InsertAfter(1, count=2), 2) == [NAMES, [*first, *NAMES]]
    assert seen(InsertAfter(0, every=1), 2) == [[first[0], *NAMES], [*first, *NAMES]]
    behind = [f"{B}-inserted", f"{B}-inserted-2"]
    assert seen(InsertAfter(0, every=1, index=1), 2) == [[A, B, behind[0], C, D, E], [A, B, *behind, C, D, E]]


def test_a_row_is_replaced_and_the_total_stays_the_same() -> None:
    after = [B, C, D, E, "zz-swapped"]
    assert seen(SwapAfter(1), 3) == [NAMES, after, after]
    again = seen(SwapAfter(0, every=1, index=1), 3)
    assert again[2] == [A, E, "zz-swapped", "zz-swapped-2", "zz-swapped-3"]
    ahead = seen(SwapAfter(0, every=1, index=3, front=True), 2)
    assert ahead == [["0-swapped", A, B, C, E], ["0-swapped", "0-swapped-2", A, B, C]]


def test_a_row_is_renamed_and_later_gets_its_old_name_back() -> None:
    after = [B, C, D, E, "zz-renamed"]
    assert seen(RenameAfter(1), 3) == [NAMES, after, after]
    assert seen(RenameAfter(0, every=1), 3) == [after, NAMES, after]
    assert seen(RenameAfter(0, index=4, to="0"), 1) == [["0", A, B, C, D]]


def test_a_row_moves_only_for_requests_without_a_sort_order() -> None:
    client = DirectClient(FIVE, [MoveAfter(0, every=2, index=1)])
    assert client.names() == [A, C, D, E, B]
    assert client.names("order_column=name&order_type=asc") == NAMES
    assert client.names() == NAMES


def test_a_row_moves_to_another_namespace_and_back() -> None:
    inventory = inventory_of(item("a", namespace="m"), item("b", namespace="m"), item("x", namespace="n"))
    client = DirectClient(inventory, [parse_fault("transfer-after:requests=1,every=1,to=2")])
    assert [client.names("namespace=n&limit=9&offset=0") for _ in range(3)] == [["x"], ["a", "x"], ["x"]]
    assert DirectClient(inventory, [parse_fault("transfer-after:requests=0,index=2,to=0")]).names() == ["a", "b", "x"]
    taken = inventory_of(item("a", namespace="m"), item("a", namespace="n"))
    assert DirectClient(taken, [parse_fault("transfer-after:requests=0")]).names() == ["a", "a"]


@pytest.mark.parametrize("order", ["", "&order_column=name&order_type=asc"])
def test_the_order_is_reversed_and_restored(order: str) -> None:
    client = DirectClient(FIVE, [ReverseAfter(1, every=2)])
    windows = [client.names(f"limit=2&offset={offset}{order}") for offset in (0, 0, 4, 4, 2)]
    assert windows == [[A, B], [E, D], [A], [E], [C, D]]
    assert DirectClient(FIVE, [ReverseAfter(0)]).window(6, 2) == []


def test_a_moved_row_stays_in_its_namespace() -> None:
    inventory = inventory_of(item("x", namespace="n"), item("a", namespace="m"), item("b", namespace="m"))
    for text, expected in (
        ("swap-after:requests=0,index=1", ["a", "x", "zz-swapped"]),
        ("rename-after:requests=0", ["b", "zz-renamed", "x"]),
        ("move-after:requests=0", ["b", "a", "x"]),
    ):
        assert sorted(DirectClient(inventory, [parse_fault(text)]).names()) == sorted(expected)


@pytest.mark.parametrize(
    "name", ["delete-after", "insert-after", "swap-after", "rename-after", "move-after", "transfer-after"]
)
def test_drift_of_a_missing_row_changes_nothing(name: str) -> None:
    fault = parse_fault(f"{name}:requests=0,every=1,index=5")
    assert seen(fault, 2) == [NAMES, NAMES]
    assert DirectClient(inventory_of(), [fault]).names() == []
