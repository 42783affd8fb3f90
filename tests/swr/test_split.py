"""The items of a damaged body are found where they are, or the body is refused as a whole."""

import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.swr.decode.batch import Batch
from crawler.swr.decode.items import read_items
from crawler.swr.decode.split import MOST_ITEMS, NotAListError, items_in, list_in
from tests.swr.test_items import ORIGIN, any_item, ndjson, raw, rejects, texts, well_formed

POISON: Final = raw(zz="@").replace(b"@", b"\\ud800")
spaces = st.text(" \t\r\n", max_size=2).map(str.encode)


def lines(reading: Batch) -> Counter[bytes]:
    return Counter(ndjson(reading.lines))


# ---- where an item ends


@given(st.lists(any_item | st.just(b""), min_size=2, max_size=5), spaces)
@settings(deadline=None)
def test_what_stands_between_commas_is_cut_out_as_it_is(items: list[bytes], space: bytes) -> None:
    text = b"[" + (space + b"," + space).join(items) + space + b"]"
    assert items_in(text) == [item.strip() for item in items]


@given(st.lists(any_item, min_size=1, max_size=5), spaces)
@settings(deadline=None)
def test_a_list_is_cut_the_same_with_an_item_that_no_decoder_reads_and_without(
    items: list[bytes], space: bytes
) -> None:
    text = b"[" + space + (b"," + space).join(items) + b"]"
    assert items_in(text[:-1] + b",NaN]") == [*items_in(text), b"NaN"]


@given(st.lists(well_formed, min_size=2, max_size=4), texts, st.data())
@settings(deadline=None)
def test_a_byte_in_a_text_that_is_no_quote_and_no_backslash_damages_its_own_item_alone(
    items: list[bytes], text: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(items) - 1))
    byte = data.draw(st.integers(0, 255).map(lambda number: bytes([number])).filter(lambda byte: byte not in b'"\\'))
    touched = raw(zz=f"{text}@").replace(b"@", byte)
    before = read_items(b"[" + b",".join((*items[:at], *items[at + 1 :])) + b"]", ORIGIN)
    after = read_items(b"[" + b",".join((*items[:at], touched, *items[at + 1 :])) + b"]", ORIGIN)
    assert len(after.keys) == len(items)
    assert after.keys[:at] + after.keys[at + 1 :] == before.keys
    assert sum((lines(after) - lines(before)).values()) <= 1
    assert not lines(before) - lines(after)


@given(st.lists(well_formed, min_size=1, max_size=4), st.data())
@settings(deadline=None, max_examples=300)
def test_one_byte_changed_anywhere_makes_no_other_record_than_the_one_that_was_touched(
    items: list[bytes], data: st.DataObject
) -> None:
    body = b"[" + b",".join(items) + b"]"
    at = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.sampled_from(b'"\\[]{},: \x00\xff') | st.integers(0, 255))
    try:
        after = read_items(body[:at] + bytes([byte]) + body[at + 1 :], ORIGIN)
    except NotAListError:
        return
    assert sum((lines(after) - lines(read_items(body, ORIGIN))).values()) <= 1


def test_two_items_whose_comma_is_gone_are_refused_together_and_kept() -> None:
    reading = read_items(b"[" + raw(size=1) + b";" + raw(size=2) + b"," + raw(size=3) + b"]", ORIGIN)
    assert (reading.records, reading.rejected) == (1, 1)
    assert rejects(reading)[0]["raw"].encode() == raw(size=1) + b";" + raw(size=2)


@pytest.mark.parametrize(
    ("body", "rejected"), [(b"[@,]", 1), (b"[,@]", 1), (b"[@,,@]", 1), (b"[,]", 2), (b"[@,/* a comment */@]", 1)]
)
def test_nothing_between_commas_and_comments_are_refused_alone(body: bytes, rejected: int) -> None:
    reading = read_items(body.replace(b"@", raw()), ORIGIN)
    assert reading.rejected == rejected


# ---- what stands for a list


@pytest.mark.parametrize(
    "body", [b"[@]", b" \r\n[@]\n", b'{"repos":[@]}', b'{"next":null, "body" : [@], "zz":{"repos":1}}']
)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("items", [[raw(size=1)], [raw(size=1), POISON, raw(size=2)]])
def test_a_list_is_read_the_same_bare_wrapped_and_behind_a_byte_order_mark(
    body: bytes, bom: bytes, items: list[bytes]
) -> None:
    expected = read_items(b"[" + b",".join(items) + b"]", ORIGIN)
    assert read_items(bom + body.replace(b"@", b",".join(items)), ORIGIN) == expected
    assert (expected.records, expected.rejected) == (len(items) - items.count(POISON), items.count(POISON))


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf\xef\xbb\xbf[]",
        b'{"repos":[1],"repos":[2]}',
        b'{"repos":[1],"r\\u0065pos":[2]}',
        b'{"repos":[],"body":null}',
        b'{"repos":[],"zz":"\\ud800"}',
        b'{"repos":[],"zz":NaN}',
        b'{"repos":[],zz:1}',
        b'{"repos":[],}',
        b'{"repos":[]]',
        b'{"repos":[]}}',
        b'{"\xff":1,"repos":[]}',
        b"[{}]]",
        b"[{}]{}",
        b"[{}} ",
        b"[] // all of them",
        b"\x0b[]",
        b"[]\x00",
        b")]}',\n[]",
        *(f"[{raw().decode()}]".encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")),
    ],
)
def test_a_body_that_can_be_read_in_two_ways_or_in_none_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(NotAListError):
        read_items(body, ORIGIN)


def test_an_empty_body_is_an_empty_list_also_behind_a_byte_order_mark() -> None:
    assert list_in(b"\xef\xbb\xbf\n") == list_in(b"null") == b"[]"


# ---- bounds


def many(item: bytes, number: int) -> bytes:
    return b"[" + b",".join([item] * number) + b"]"


@pytest.mark.parametrize(
    "item", [b"0", b"[[]]", b'{"name":"n","namespace":"s"}', b'{"name":"n","namespace":"s","zz":NaN}']
)
def test_a_body_of_a_hundred_thousand_items_is_read_and_one_more_is_too_many(item: bytes) -> None:
    assert len(items_in(many(item, MOST_ITEMS))) == MOST_ITEMS
    for body in (many(item, MOST_ITEMS + 1), many(item, MOST_ITEMS + 1)[:-1] + b",NaN]"):
        with pytest.raises(NotAListError, match="more than 100000 items"):
            read_items(body, ORIGIN)


def test_items_without_number_are_not_made_before_they_are_counted() -> None:
    for body in (b"[" + b"0," * 2_000_000 + b"0]", b"[" + b"[[]]" * 200_001 + b"]"):
        tracemalloc.start()
        try:
            with pytest.raises(NotAListError, match="more than 100000 items"):
                read_items(body, ORIGIN)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 20_000_000


SHAPES: Final[dict[str, Callable[[int], bytes]]] = {
    "pairs of brackets": lambda size: b"[" + b"[]" * (size // 2) + b"]",
    "pairs of pairs": lambda size: b"[[" + b"[[]]" * (size // 4) + b"]]",
    "nested": lambda size: b"[" + b"[" * (size // 2) + b"]" * (size // 2) + b"]",
    "nested 64 deep": lambda size: b"[[0" + (b"[" * 62 + b"]" * 62) * (size // 128) + b"]]",
    "nested and long": lambda size: b"[" + (b"[" + b"0" * 999) * (size // 1000) + b"]",
    "a saw": lambda size: b"[" + b"[[]" * (size // 4) + b"]" * (size // 4) + b"]",
    "open": lambda size: b"[" * size,
    "quotes": lambda size: b"[" + b'"' * size + b"]",
    "quotes and one more": lambda size: b"[" + b'"' * (size + 1) + b"]",
    "backslashes": lambda size: b'["' + b"\\" * size + b'"]',
    "escaped quotes": lambda size: b'["' + b'\\"' * (size // 2) + b'"]',
    "escaped quotes without an end": lambda size: b'[["' + b'\\"' * (size // 2) + b"]]",
    "backslashes outside texts": lambda size: b"[[" + b"\\" * size + b"]]",
    "digits": lambda size: b"[" + b"1" * size + b"]",
    "blanks": lambda size: b"[" + b" " * size + b"]",
    "many fields": lambda size: b"[{" + b'"z":0,' * (size // 6) + b'"z":0}]',
    "wrapped pairs": lambda size: b'{"repos":[' + b"[]" * (size // 2) + b"]}",
    "a long name": lambda size: b'[{"name":"' + b"x" * size + b'","namespace":"\\ud800"}]',
    "not UTF-8": lambda size: b"[" + b"\xff" * size + b"]",
}


def bounded(shape: str, size: int) -> None:
    try:
        reading = read_items(SHAPES[shape](size), ORIGIN)
    except NotAListError:
        return
    assert reading.records + reading.rejected == len(reading.keys) <= 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.timeout(20)  # what takes a square of the size takes hours
def test_a_megabyte_of_any_shape_is_read_or_refused_at_once(shape: str) -> None:
    bounded(shape, 2**20)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.timeout(20)
def test_sixteen_megabytes_of_any_shape_are_read_or_refused_in_seconds(shape: str) -> None:
    bounded(shape, 2**24)
