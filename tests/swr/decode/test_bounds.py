"""What is within an item is bounded before it is decoded: one that holds more is a reject, and costs no other item."""

import tracemalloc
from collections.abc import Callable
from typing import Final

import pytest

from crawler.swr.decode.bounds import MAX_ELEMENTS, MAX_ITEM_BYTES, SMALL_BYTES, excess, has_many_elements
from crawler.swr.decode.reject import MAX_RAW_BYTES, key_of_reject
from tests.swr.decode.item_strategies import FORCE_LENIENT, batch_of, ndjson, raw_item, raw_of, records, rejects

LARGE_PAGE: Final = raw_item(name="large", description="x" * SMALL_BYTES)  # its page is read in groups


def holding(member: bytes) -> bytes:
    return b'{"name":"n","namespace":"s",%b}' % member


def objects(count: int) -> bytes:
    return holding(b'"zz":[%b]' % b",".join([b"{}"] * count))


def tags(count: int) -> bytes:
    return holding(b'"tags":[%b]' % b",".join([b'"v"'] * count))


def of_size(size: int) -> bytes:
    return holding(b'"description":"%b"' % (b"x" * (size - len(holding(b'"description":""')))))


# The braces, the other commas and the list itself count, too.
AT_THE_BOUNDS: Final = (objects((MAX_ELEMENTS - 3) // 2), tags(MAX_ELEMENTS - 3), of_size(MAX_ITEM_BYTES))
BEYOND: Final = (
    (objects(MAX_ELEMENTS // 2), f"holds more than {MAX_ELEMENTS} elements"),
    (tags(MAX_ELEMENTS - 2), f"holds more than {MAX_ELEMENTS} elements"),
    (of_size(MAX_ITEM_BYTES + 1), f"is larger than {MAX_ITEM_BYTES} bytes"),
)


@pytest.mark.parametrize("item", AT_THE_BOUNDS, ids=["objects", "tags", "bytes"])
@pytest.mark.parametrize("more", [(), (FORCE_LENIENT,), (LARGE_PAGE,)], ids=["alone", "lenient", "large page"])
def test_an_item_at_a_bound_is_a_record_on_any_page(item: bytes, more: tuple[bytes, ...]) -> None:
    batch = batch_of(item, *more)
    assert batch.lines.startswith(batch_of(item).lines)
    assert records(batch)[0]["name"] == "n"


@pytest.mark.parametrize(("item", "reason"), BEYOND, ids=["objects", "tags", "bytes"])
@pytest.mark.parametrize("more", [(), (FORCE_LENIENT,), (LARGE_PAGE,)], ids=["alone", "lenient", "large page"])
def test_an_item_beyond_a_bound_is_a_reject_and_costs_no_other(
    item: bytes, reason: str, more: tuple[bytes, ...]
) -> None:
    batch = batch_of(raw_item(name="before"), item, raw_item(name="after"), *more)
    assert [record["name"] for record in records(batch)][:2] == ["before", "after"]
    assert (rejects(batch)[0]["index"], rejects(batch)[0]["reason"]) == (1, reason)


def test_commas_and_brackets_in_texts_are_no_elements() -> None:
    item = raw_item(description=",[{" * MAX_ELEMENTS)
    assert batch_of(item).records == 1
    assert not has_many_elements(item)


@pytest.mark.parametrize("member", [b"{},", b"[],", b"0,", b'"",', b"[[],[]],", b'{"":[]},'])
def test_a_value_that_is_not_counted_has_no_more_elements_than_may_be(member: bytes) -> None:
    value = b"[" + member * (SMALL_BYTES // len(member)) + b"0]"
    assert value.count(b",") + value.count(b"[") + value.count(b"{") <= MAX_ELEMENTS
    assert not has_many_elements(value)


def test_a_page_with_an_item_of_millions_of_objects_takes_no_object_for_each() -> None:
    body = (raw_item(name="a"), objects(2_000_000), tags(1_500_000), raw_item(name="b"))
    size = sum(map(len, body))
    tracemalloc.start()
    try:
        batch = batch_of(*body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (batch.records, batch.rejected) == (2, 2)
    assert peak < 10 * size  # the objects alone would take 18 times as much


# ---- the reject


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(b"x", "utf-8"), ("\u20ac".encode(), "utf-8"), ("\U0001f600".encode(), "utf-8"), (b"\xff", "base64")],
)
def test_a_reject_holds_the_begin_of_a_large_item_with_its_size_and_its_digest(text: bytes, encoding: str) -> None:
    items = [b'"%b%b"' % (begin, text * (MAX_RAW_BYTES // len(text) + 1)) for begin in (b"a", b"b")]
    batch = batch_of(*items, items[0])
    for line, item, reject in zip(ndjson(batch.rejects), items, rejects(batch), strict=False):
        assert (reject["encoding"], reject["bytes"]) == (encoding, len(item))
        assert MAX_RAW_BYTES - 4 < len(raw_of(reject)) <= MAX_RAW_BYTES
        assert item.startswith(raw_of(reject))
        assert key_of_reject(line) in batch.keys
    assert batch.keys == [key_of_reject(line) for line in ndjson(batch.rejects)]
    assert batch.keys[0] == batch.keys[2] != batch.keys[1]


def test_the_last_byte_counts_for_the_key_of_a_reject_that_is_cut() -> None:
    one, other = (b'"%b%b"' % (b"x" * MAX_RAW_BYTES, end) for end in (b"a", b"b"))
    assert len(set(batch_of(one, other).keys)) == 2


@pytest.mark.parametrize("broken", [bytes, lambda item: item[:-1] + b",}"], ids=["as JSON", "not as JSON"])
def test_the_bounds_come_before_any_other_reason(broken: Callable[[bytes], bytes]) -> None:
    assert excess(broken(BEYOND[0][0])) == BEYOND[0][1]
