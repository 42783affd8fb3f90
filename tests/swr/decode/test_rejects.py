"""An unreadable item is rejected alone, with its raw bytes and the reason; its neighbours are records."""

import json
import tracemalloc
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, TypeVar

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.model.record import key_of_line
from crawler.swr.decode.items import read_items
from crawler.swr.decode.reject import MAX_RAW_BYTES, MAX_SHOWN_BYTES
from tests.swr.decode.item_strategies import (
    FORCE_LENIENT,
    SOURCE,
    any_item,
    batch_of,
    ndjson,
    only_record,
    raw_item,
    raw_of,
    reason_of,
    records,
    rejects,
)

T = TypeVar("T")
TOKEN: Final = "MIIabcd0123456789xyz"


def at_depth(calls: int, then: Callable[[], T]) -> T:
    """Return what `then` returns on a stack that is `calls` deeper."""
    return then() if calls == 0 else at_depth(calls - 1, then)


DEEP: Final = b'{"name":"n","namespace":"s","zz":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    "poison",
    [
        b'{"name":"\\ud800","namespace":"s"}',
        b'{"name":"n","namespace":"s","zz":"\\udc00\\ud800"}',
        b'{"name":"n","namespace":"s","description":"\\ud83dx"}',
        b'{"name":"n","namespace":"s","size":NaN}',
        b'{"name":"n","namespace":"s","zz":-Infinity}',
        b'{"name":"n","namespace":"s","zz":1e999}',
        b'{"name":"a\nb","namespace":"s"}',
        b'{"name":"a\x00b","namespace":"s"}',
        b'{"name":"\xff\xfe","namespace":"s"}',
        b'{"name":"\xed\xa0\x80","namespace":"s"}',  # a surrogate, encoded as if it were a character
        b'{"name":"n","namespace":"s","zz":"\xc3"}',
        b'{"n":"],[}{,\\"","namespace":"s",}',
        b"{'name':'n'}",
        b"{name:1}",
        b"nothing",
        b"",
        DEEP,
    ],
)
def test_an_item_that_strict_json_readers_refuse_is_rejected_alone_with_its_raw_bytes(poison: bytes) -> None:
    batch = batch_of(raw_item(size=1, name='[,]}\\"'), poison, raw_item(size=2), poison)
    assert [record["size"] for record in records(batch)] == [1, 2]
    refused = rejects(batch)
    assert [raw_of(reject) for reject in refused] == [poison, poison]
    assert [reject["index"] for reject in refused] == [1, 3]
    assert batch.keys[1] == batch.keys[3]
    utf8 = poison.decode(errors="replace").encode() == poison
    assert {reject["encoding"] for reject in refused} == {"utf-8" if utf8 else "base64"}


def test_a_reject_names_its_page_its_position_and_the_reason() -> None:
    (reject,) = rejects(batch_of(raw_item(), raw_item(domain_name=[1])))
    assert reject == {
        "target": "eu",
        "center": "thirdparty",
        "namespace": "team",
        "offset": 200,
        "index": 1,
        "reason": "domain_name must be text or null and is a list",
        "raw": '{"name": "n", "namespace": "s", "domain_name": [1]}',
        "encoding": "utf-8",
    }


def test_of_a_field_given_twice_the_last_one_counts_on_both_paths() -> None:
    item = b'{"name":"a","namespace":"s","size":1,"name":"b","size":2,"total_range":1,"total_range":2}'
    fast, lenient = batch_of(item), batch_of(item, FORCE_LENIENT)
    assert fast.lines == lenient.lines
    assert (only_record(fast)["name"], only_record(fast)["size"], set(fast.totals)) == ("b", 2, {2})


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ('"name":"a","name":"b"', "b"),
        ('"name":5,"name":"b"', "b"),
        ('"name":"a","n\\u0061me":"b"', "b"),
        ('"name":"a","name":5', None),
        ('"name":"a","name":null', None),
        ('"name":"a","name":""', None),
    ],
)
def test_only_the_last_value_of_a_field_given_twice_can_reject_an_item(fields: str, name: str | None) -> None:
    item = f'{{"namespace":"s",{fields}}}'.encode()
    for more in ((), (FORCE_LENIENT,)):
        assert [record["name"] for record in records(batch_of(item, *more))] == ([name] if name else [])


@pytest.mark.parametrize(
    ("item", "part"),
    [
        (b'{"name":"n","namespace":"s","zz":"\\ud83d"}', "surrogate"),
        (b'{"name":"n","namespace":"s","zz":NaN}', "is not valid JSON: "),
        (b'{"name":"n","namespace":"s","size":1e400}', "out of range"),
        (b'{"name":"n","namespace":"s","zz":' + b"1" * 5000 + b"}", "out of range"),
        (b'{"name":"n","namespace":"s","zz":1' + b"0" * 400 + b"}", "not every JSON reader"),
        (b'{"name":"n","namespace":"s","zz":"\xc0\xaf"}', "UTF-8"),
    ],
)
def test_the_reason_names_what_is_wrong_with_the_json(item: bytes, part: str) -> None:
    assert part in reason_of(item)


def test_control_characters_of_the_service_are_escaped_in_the_reason() -> None:
    reason = reason_of(b'"\x1b[31m\xc2\x9b2J\xe2\x80\xae\xe2\x80\xa8\\u0007"'.replace(b"\x1b", b"\\u001b"))
    assert reason.isprintable()
    assert "\\u009b2J\\u202e\\u2028" in reason


@given(st.lists(any_item, max_size=4))
@settings(deadline=None)
def test_no_line_contains_a_line_separator_of_any_kind(items: list[bytes]) -> None:
    batch = batch_of(*items)
    assert not {*b"\r\x0b\x0c\x1c\x1d\x1e\x00"} & {*(batch.lines + batch.rejects)}
    assert batch.lines.splitlines() == ndjson(batch.lines)
    assert batch.rejects.splitlines() == ndjson(batch.rejects)
    for line in ndjson(batch.lines):
        assert orjson.loads(line)["target"] == "eu"


def nested(levels: int) -> bytes:
    """Return an item that is nested `levels` deep, itself included."""
    return raw_item(zz="@").replace(b'"@"', b"[" * (levels - 1) + b"]" * (levels - 1))


def test_an_item_may_be_nested_64_levels_deep_and_no_deeper() -> None:
    assert batch_of(nested(64)).records == 1
    assert reason_of(nested(65)) == "is nested deeper than 64 levels"


def test_many_lists_next_to_each_other_are_not_deep() -> None:
    assert batch_of(raw_item(zz=[[]] * 1000)).records == 1


def test_brackets_in_texts_are_not_deep() -> None:
    assert batch_of(raw_item(zz="[" * 1000 + '"' + "{" * 1000)).records == 1


def test_the_depth_of_uneven_brackets_is_that_of_the_deepest() -> None:
    for levels, rejected in ((62, 0), (63, 1)):
        brackets = b"[[]," * levels + b"[]" + b"]" * levels
        assert batch_of(raw_item(zz="@").replace(b'"@"', brackets)).rejected == rejected


@pytest.mark.parametrize("levels", [64, 65, 900, 950, 970, 980, 990, 1000])
def test_the_result_does_not_depend_on_the_depth_of_the_stack(levels: int) -> None:
    here = batch_of(nested(levels), raw_item())
    there = at_depth(150, lambda: batch_of(nested(levels), raw_item()))
    assert (there.lines, there.rejects) == (here.lines, here.rejects)
    read_back = at_depth(150, lambda: [key_of_line(line).key for line in ndjson(here.lines)])
    assert read_back == here.keys[-here.records :]


def test_a_description_of_a_megabyte_is_read() -> None:
    text = 'x"\\\n\u2028' * 200_000
    for more in ((), (FORCE_LENIENT,), (b"NaN",)):
        assert records(batch_of(raw_item(description=text), *more))[0]["description"] == text


def test_a_damaged_page_takes_at_most_twenty_times_its_size_of_memory() -> None:
    body = b'[{"name":"' + b"x" * 2_000_000 + b'","namespace":"s","size":NaN}]'
    tracemalloc.start()
    try:
        read_items(body, SOURCE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(body)


def test_each_reject_of_a_page_is_looked_through_once_and_not_beyond_a_bound_for_the_page() -> None:
    """The size of what is looked through, not the number of rejects, of escapes or of secrets in them, is the cost."""
    escapes = "\n%41&amp;" * 1000
    items = [json.dumps({"number": number, "text": f"{escapes}{TOKEN}"}).encode() for number in range(900)]
    seen: list[str] = []

    def mask(text: str) -> str:
        seen.append(text)
        return text.replace(TOKEN, "***")

    assert sum(map(len, items)) > 2 * MAX_SHOWN_BYTES
    batch = read_items(b"[%b,%b]" % (b",".join(items), raw_item(size=1)), SOURCE, mask)
    assert only_record(batch._replace(rejects=b""))["size"] == 1
    raws = [text for text in seen if text.startswith("{")]
    assert raws == [item.decode() for item in items[: len(raws)]]
    assert MAX_SHOWN_BYTES - len(items[0]) - 10 < sum(map(len, raws)) <= MAX_SHOWN_BYTES
    assert len(seen) == len(raws) + len(items)  # and its reason
    for item, reject in zip(items, rejects(batch), strict=True):
        if reject["index"] < len(raws):
            assert reject["raw"] == item.decode().replace(TOKEN, "***")
        else:
            assert (reject["raw"], reject["encoding"], reject["bytes"]) == ("", "utf-8", len(item))
            assert reject["blake2b"] == blake2b(item, digest_size=16).hexdigest()


def test_a_reject_of_which_only_size_and_digest_stay_is_the_same_item_as_one_that_is_shown() -> None:
    small = b'{"name":5}'
    large = [b'"%b"' % (b"x" * MAX_RAW_BYTES)] * (MAX_SHOWN_BYTES // MAX_RAW_BYTES + 1)
    batch = batch_of(small, *large, small)
    shown, *_, digest = rejects(batch)
    assert (raw_of(shown), raw_of(digest)) == (small, b"")
    assert batch.keys[0] == batch.keys[-1]
