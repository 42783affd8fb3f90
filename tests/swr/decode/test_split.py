"""A damaged body is split into the same items around the damage, or refused as a whole."""

import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.swr.decode import split
from crawler.swr.decode.batch import Batch
from crawler.swr.decode.items import read_items
from crawler.swr.decode.split import MAX_ITEMS, MAX_RUNS, NotAListError, split_items, unwrap_list
from tests.support.examples import examples
from tests.swr.decode.item_strategies import SOURCE, any_item, ndjson, raw_item, rejects, texts, well_formed

LONE_SURROGATE: Final = raw_item(zz="@").replace(b"@", b"\\ud800")
spaces = st.text(" \t\r\n", max_size=2).map(str.encode)


def lines(batch: Batch) -> Counter[bytes]:
    return Counter(ndjson(batch.lines))


# ---- where an item ends


@given(st.lists(any_item | st.just(b""), min_size=2, max_size=5), spaces)
@settings(deadline=None)
def test_an_item_is_the_bytes_between_two_commas(items: list[bytes], space: bytes) -> None:
    text = b"[" + (space + b"," + space).join(items) + space + b"]"
    assert split_items(text) == [item.strip() for item in items]


@given(st.lists(any_item, min_size=1, max_size=5), spaces)
@settings(deadline=None)
def test_an_item_that_no_decoder_reads_does_not_change_how_the_others_are_split(
    items: list[bytes], space: bytes
) -> None:
    text = b"[" + space + (b"," + space).join(items) + b"]"
    assert split_items(text[:-1] + b",NaN]") == [*split_items(text), b"NaN"]


@given(st.lists(well_formed, min_size=2, max_size=4), texts, st.data())
@settings(deadline=None)
def test_a_byte_in_a_string_that_is_neither_quote_nor_backslash_damages_only_its_own_item(
    items: list[bytes], text: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(items) - 1))
    byte = data.draw(st.integers(0, 255).map(lambda number: bytes([number])).filter(lambda byte: byte not in b'"\\'))
    touched = raw_item(zz=f"{text}@").replace(b"@", byte)
    before = read_items(b"[" + b",".join((*items[:at], *items[at + 1 :])) + b"]", SOURCE)
    after = read_items(b"[" + b",".join((*items[:at], touched, *items[at + 1 :])) + b"]", SOURCE)
    assert len(after.keys) == len(items)
    assert after.keys[:at] + after.keys[at + 1 :] == before.keys
    assert sum((lines(after) - lines(before)).values()) <= 1
    assert not lines(before) - lines(after)


@given(st.lists(well_formed, min_size=1, max_size=4), st.data())
@settings(deadline=None, max_examples=examples(quick=40))
def test_one_byte_changed_anywhere_changes_at_most_the_record_it_is_in(items: list[bytes], data: st.DataObject) -> None:
    body = b"[" + b",".join(items) + b"]"
    at = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.sampled_from(b'"\\[]{},: \x00\xff') | st.integers(0, 255))
    try:
        after = read_items(body[:at] + bytes([byte]) + body[at + 1 :], SOURCE)
    except NotAListError:
        return
    assert sum((lines(after) - lines(read_items(body, SOURCE))).values()) <= 1


def test_two_items_without_a_comma_between_them_are_one_reject() -> None:
    batch = read_items(b"[" + raw_item(size=1) + b";" + raw_item(size=2) + b"," + raw_item(size=3) + b"]", SOURCE)
    assert (batch.records, batch.rejected) == (1, 1)
    assert rejects(batch)[0]["raw"].encode() == raw_item(size=1) + b";" + raw_item(size=2)


@pytest.mark.parametrize(
    ("body", "rejected"), [(b"[@,]", 1), (b"[,@]", 1), (b"[@,,@]", 1), (b"[,]", 2), (b"[@,/* a comment */@]", 1)]
)
def test_an_empty_item_and_a_comment_are_rejected_alone(body: bytes, rejected: int) -> None:
    batch = read_items(body.replace(b"@", raw_item()), SOURCE)
    assert batch.rejected == rejected


# ---- bodies that stand for a list


@pytest.mark.parametrize(
    "body", [b"[@]", b" \r\n[@]\n", b'{"repos":[@]}', b'{"next":null, "body" : [@], "zz":{"repos":1}}']
)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("items", [[raw_item(size=1)], [raw_item(size=1), LONE_SURROGATE, raw_item(size=2)]])
def test_a_list_is_read_the_same_bare_in_an_envelope_and_after_a_byte_order_mark(
    body: bytes, bom: bytes, items: list[bytes]
) -> None:
    expected = read_items(b"[" + b",".join(items) + b"]", SOURCE)
    assert read_items(bom + body.replace(b"@", b",".join(items)), SOURCE) == expected
    assert (expected.records, expected.rejected) == (
        len(items) - items.count(LONE_SURROGATE),
        items.count(LONE_SURROGATE),
    )


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
        *(f"[{raw_item().decode()}]".encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")),
    ],
)
def test_an_ambiguous_or_invalid_body_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(NotAListError):
        read_items(body, SOURCE)


@pytest.mark.parametrize("body", [b"", b" \r\n", b"\xef\xbb\xbf\n"])
def test_an_empty_body_is_no_list(body: bytes) -> None:
    with pytest.raises(NotAListError, match="empty"):
        unwrap_list(body)


def test_null_is_an_empty_list_even_after_a_byte_order_mark() -> None:
    assert unwrap_list(b"\xef\xbb\xbfnull\n") == unwrap_list(b"null") == b"[]"


# ---- deep items

PIECES: Final = ("[", "]", "{", "}", '"]"', r'"\"[{"', "[]", '{"a":[', "]}", ",", "0", "\\")
BRACKETS: Final = st.sampled_from(PIECES).map(str.encode)
RUNS: Final = st.tuples(BRACKETS, st.integers(1, 1500)).map(lambda run: run[0] * run[1])


@given(st.lists(RUNS, min_size=1, max_size=8), st.booleans())
@settings(deadline=None)
def test_a_deep_item_ends_where_it_would_end_if_each_bracket_were_matched(runs: list[bytes], closed: bool) -> None:  # noqa: FBT001
    item = b"".join(runs)
    opened = item.count(b"[") + item.count(b"{") - item.count(b"]") - item.count(b"}")
    body = b"[0,%b,1]" % (item + b"]" * max(0, opened) if closed else item)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(split, "MAX_DEPTH", len(body))
        expected = split_or_reason(body)
    assert split_or_reason(body) == expected


def split_or_reason(body: bytes) -> list[bytes] | str:
    try:
        return split_items(body)
    except NotAListError as error:
        return str(error)


def test_an_item_of_a_million_levels_costs_no_other_and_no_step_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "MAX_RUNS", 10_000)
    deep = b'{"a":[' * 500_000 + b"]}" * 500_000
    assert split_items(b'[{"name":"a"},%b,{"name":"b"}]' % deep) == [b'{"name":"a"}', deep, b'{"name":"b"}']


def test_a_body_of_millions_of_runs_of_brackets_is_refused() -> None:
    body = b"[" + b"[{" * 70 + b"[{}{}]{[]}" * MAX_RUNS + b"}]" * 70 + b"]"
    with pytest.raises(NotAListError, match="runs of nested brackets"):
        split_items(body)


# ---- bounds


def many(item: bytes, number: int) -> bytes:
    return b"[" + b",".join([item] * number) + b"]"


@pytest.mark.parametrize(
    "item", [b"0", b"[[]]", b'{"name":"n","namespace":"s"}', b'{"name":"n","namespace":"s","zz":NaN}']
)
def test_a_body_may_have_a_hundred_thousand_items_and_no_more(item: bytes) -> None:
    assert len(split_items(many(item, MAX_ITEMS))) == MAX_ITEMS
    for body in (many(item, MAX_ITEMS + 1), many(item, MAX_ITEMS + 1)[:-1] + b",NaN]"):
        with pytest.raises(NotAListError, match="more than 100000 items"):
            read_items(body, SOURCE)


def test_too_many_items_are_counted_before_they_are_made() -> None:
    for body in (b"[" + b"0," * 2_000_000 + b"0]", b"[" + b"[[]]" * 200_001 + b"]"):
        tracemalloc.start()
        try:
            with pytest.raises(NotAListError, match="more than 100000 items"):
                read_items(body, SOURCE)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 20_000_000


SHAPES: Final[dict[str, Callable[[int], bytes]]] = {
    "pairs of brackets": lambda size: b"[" + b"[]" * (size // 2) + b"]",
    "pairs of pairs": lambda size: b"[[" + b"[[]]" * (size // 4) + b"]]",
    "nested": lambda size: b"[" + b"[" * (size // 2) + b"]" * (size // 2) + b"]",
    "nested 64 deep": lambda size: b"[[0" + (b"[" * 62 + b"]" * 62) * (size // 128) + b"]]",
    "nested of two kinds": lambda size: b"[" + b'{"a":[' * (size // 8) + b"]}" * (size // 8) + b"]",
    "of two kinds and open": lambda size: b"[" + b'{"a":[' * (size // 6),
    "of two kinds in a text": lambda size: b"[" + b'{"a":[' * (size // 13) + b'"]}]}"]}' * (size // 13) + b"]",
    "up and down": lambda size: b"[" + b"[{" * 70 + b"[{}{}]{[]}" * (size // 10) + b"}]" * 70 + b"]",
    "nested and long": lambda size: b"[" + (b"[" + b"0" * 999) * (size // 1000) + b"]",
    "uneven brackets": lambda size: b"[" + b"[[]" * (size // 4) + b"]" * (size // 4) + b"]",
    "open": lambda size: b"[" * size,
    "quotes": lambda size: b"[" + b'"' * size + b"]",
    "quotes and one more": lambda size: b"[" + b'"' * (size + 1) + b"]",
    "backslashes": lambda size: b'["' + b"\\" * size + b'"]',
    "escaped quotes": lambda size: b'["' + b'\\"' * (size // 2) + b'"]',
    "escaped quotes without an end": lambda size: b'[["' + b'\\"' * (size // 2) + b"]]",
    "escaped quotes outside texts": lambda size: b"[[" + b'\\"' * (size // 2) + b"]]",
    "NULs": lambda size: b"[" + b"\0" * size + b"]",
    "NULs in a text": lambda size: b'["' + b"\0" * size + b"]",
    "backslashes outside texts": lambda size: b"[[" + b"\\" * size + b"]]",
    "digits": lambda size: b"[" + b"1" * size + b"]",
    "blanks": lambda size: b"[" + b" " * size + b"]",
    "many fields": lambda size: b"[{" + b'"z":0,' * (size // 6) + b'"z":0}]',
    "wrapped pairs": lambda size: b'{"repos":[' + b"[]" * (size // 2) + b"]}",
    "a long name": lambda size: b'[{"name":"' + b"x" * size + b'","namespace":"\\ud800"}]',
    "not UTF-8": lambda size: b"[" + b"\xff" * size + b"]",
}


def read_shape(shape: str, size: int) -> None:
    try:
        batch = read_items(SHAPES[shape](size), SOURCE)
    except NotAListError:
        return
    assert batch.records + batch.rejected == len(batch.keys) <= 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.timeout(20)  # anything quadratic in the size takes hours
def test_a_megabyte_of_any_shape_is_read_or_refused_in_seconds(shape: str) -> None:
    read_shape(shape, 2**20)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.timeout(20)
def test_sixteen_megabytes_of_any_shape_are_read_or_refused_in_seconds(shape: str) -> None:
    read_shape(shape, 2**24)


@pytest.mark.parametrize(
    "text",
    [
        b'{"error_code":"SVCSTG.SWR.5000001","repos":[]}',
        b'{"repos":[{"name":"a"}],"errors":[{"errorCode":"SVCSTG.SWR.5000001"}]}',
        b'{"statusCode": 502, "body": []}',
        b'{"statusCode": %b, "body": []}' % (b"2" * 5000),  # Python reads no number of so many digits
    ],
)
def test_an_envelope_that_says_that_the_request_failed_is_no_list(text: bytes) -> None:
    with pytest.raises(NotAListError, match="is an error"):
        unwrap_list(text)


@pytest.mark.parametrize(
    "text", [b'{"error_code": null, "repos":[]}', b'{"statusCode":200,"body":[]}', b'{"statusCode":"?","repos":[]}']
)
def test_an_envelope_that_names_no_failure_is_the_list_in_it(text: bytes) -> None:
    assert unwrap_list(text) == b"[]"
