"""Every item the service sends ends as one line, of a record or of a reject, whatever it holds."""

import json
import tracemalloc
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from crawler.model.record import Record, key_of_line
from crawler.snapshot.manifest import schemas
from crawler.swr.decode.batch import Batch, Source
from crawler.swr.decode.items import read_items
from crawler.swr.decode.reject import key_of_reject
from crawler.swr.decode.split import NotAListError

ORIGIN: Final = Source("eu", "thirdparty", "team", 200)
ODD: Final = b"0"  # no object: it ends as a reject, and the whole page is read the slow way
SCHEMA: Final = Draft202012Validator(schemas()["record"])

# The example of api/list-shared-images.txt, and what it has to come to.
EXAMPLE: Final = b"""[
    {
        "name": "busybox",
        "category": "other",
        "description": "",
        "size": 115645792,
        "is_public": false,
        "num_images": 1,
        "num_download": 0,
        "created_at": "2021-06-02T09:23:01.751202Z",
        "updated_at": "2021-06-10T07:24:35.204517Z",
        "logo": "",
        "url": "",
        "path": "{Repository address}/group/busybox",
        "internal_path": "{Repository address}/group/busybox",
        "domain_name": "domain",
        "namespace": "namespace",
        "tags": [
            "v1",
            "v2"
        ],
        "status": true,
        "total_range": 1
    }
]"""
EXAMPLE_LINE: Final = (
    b'{"target":"eu","center":"thirdparty","name":"busybox","category":"other","description":"","size":115645792,'
    b'"is_public":false,"num_images":1,"num_download":0,"created_at":"2021-06-02T09:23:01.751202Z",'
    b'"updated_at":"2021-06-10T07:24:35.204517Z","logo":null,"url":null,'
    b'"path":"{Repository address}/group/busybox","internal_path":"{Repository address}/group/busybox",'
    b'"domain_name":"domain","namespace":"namespace","tags":["v1","v2"],"status":true}\n'
)

INTEGERS: Final = ("size", "num_images", "num_download")
BOOLEANS: Final = ("is_public", "status")
TIMES: Final = ("created_at", "updated_at")
TEXTS: Final = ("category", "description", "logo", "url", "path", "internal_path", "domain_name")
KNOWN: Final = ("name", "namespace", "tags", "total_range", *INTEGERS, *BOOLEANS, *TIMES, *TEXTS)

T = TypeVar("T")


def read(*raws: bytes) -> Batch:
    return read_items(b"[" + b",".join(raws) + b"]", ORIGIN)


def raw(**fields: object) -> bytes:
    return json.dumps({"name": "n", "namespace": "s", **fields}).encode()


def records(reading: Batch) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ndjson(reading.lines)]


def rejects(reading: Batch) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ndjson(reading.rejects)]


def ndjson(data: bytes) -> list[bytes]:
    assert not data or data.endswith(b"\n")
    return data.split(b"\n")[:-1]


def only(reading: Batch) -> dict[str, Any]:
    (record,) = records(reading)
    assert not reading.rejects
    return record


def reason(*raws: bytes) -> str:
    (reject,) = rejects(read(*raws))
    said: str = reject["reason"]
    return said


def raw_of(reject: dict[str, Any]) -> bytes:
    text: str = reject["raw"]
    return text.encode() if reject["encoding"] == "utf-8" else b64decode(text)


def deeper(calls: int, then: Callable[[], T]) -> T:
    return then() if calls == 0 else deeper(calls - 1, then)


# ---- what items are made of

NASTY: Final = [
    "\n",
    "\r\n",
    "\x00",
    "\x1b[31mred\x1b[0m",
    "\u2028",
    "\u2029",
    "\x85",
    "\x7f",
    "\u202e",
    '"',
    "\\",
    "𝄞",
]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(NASTY)
names = texts.filter(bool)
int64s = st.integers(-(2**63), 2**63 - 1)
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31))  # noqa: DTZ001 - offsets are added by hand


class Written(msgspec.Struct, frozen=True):
    """A time as a service may write it, and the moment it means, cut off to microseconds."""

    text: str
    moment: datetime

    @property
    def expected(self) -> str:
        m = self.moment
        day, clock = f"{m.year:04}-{m.month:02}-{m.day:02}", f"{m.hour:02}:{m.minute:02}:{m.second:02}"
        return f"{day}T{clock}.{m.microsecond:06}Z"


@st.composite
def written_times(draw: st.DrawFn) -> Written:
    local = draw(moments).replace(microsecond=0)
    digits = draw(st.text("0123456789", max_size=9))
    fraction = f".{digits}" if digits else ""
    minutes = draw(st.none() | st.just(0) | st.integers(-23 * 60 - 59, 23 * 60 + 59))
    if minutes is None:
        offset = draw(st.sampled_from(["", "Z", "z"]))
    else:
        offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    day, clock = f"{local.year:04}-{local.month:02}-{local.day:02}", f"{local:%H:%M:%S}"
    micros = int(digits[:6].ljust(6, "0"))
    moment = local.replace(microsecond=micros) - timedelta(minutes=minutes or 0)
    return Written(f"{day}{draw(st.sampled_from('TTTt '))}{clock}{fraction}{offset}", moment)


canonical_times = written_times().map(lambda written: written.expected)
any_time = canonical_times | written_times().map(lambda written: written.text)
well_formed_fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"name": names, "namespace": names},
    optional={
        **dict.fromkeys(TEXTS, st.none() | texts),
        **dict.fromkeys(INTEGERS, st.none() | int64s),
        **dict.fromkeys(BOOLEANS, st.none() | st.booleans()),
        **dict.fromkeys(TIMES, st.none() | any_time),
        "tags": st.none() | st.lists(texts, max_size=3),
        "total_range": st.none() | st.integers(0, 2**70),
    },
)
well_formed = st.tuples(well_formed_fields, st.booleans()).map(
    lambda drawn: json.dumps(drawn[0], ensure_ascii=drawn[1]).encode()
)

# Whatever JSON writers let through: NaN, Infinity and lone surrogates too.
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | texts
    | st.sampled_from(["123", "-5", "5.0", "", "true", "FALSE", "\ud800", "2024-02-30T00:00:00Z", "1e3"])
    | any_time,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
keys_of_items = st.sampled_from([*KNOWN, "target", "center", "extra"]) | texts
odd_fields = st.tuples(well_formed_fields, st.dictionaries(keys_of_items, json_values, max_size=3)).map(
    lambda drawn: drawn[0] | drawn[1]
)
any_item = well_formed | (odd_fields | json_values).map(lambda value: json.dumps(value).encode())


# ---- the laws


@given(st.lists(well_formed, max_size=4))
@settings(deadline=None)
def test_the_fast_way_and_the_slow_way_give_the_same_bytes_keys_and_totals(items: list[bytes]) -> None:
    fast, slow = read(*items), read(*items, ODD)
    assert fast.rejected == 0
    assert (slow.lines, slow.records) == (fast.lines, fast.records)
    assert slow.keys[:-1] == fast.keys
    assert slow.totals == fast.totals
    assert slow.rejected == 1


@given(st.lists(any_item, max_size=4))
@settings(deadline=None, max_examples=200)
def test_every_item_ends_as_one_line_of_a_record_or_of_a_reject(items: list[bytes]) -> None:
    reading = read(*items)
    lines, refused = ndjson(reading.lines), ndjson(reading.rejects)
    assert (len(lines), len(refused)) == (reading.records, reading.rejected)
    assert reading.records + reading.rejected == len(reading.keys) == len(items)
    for line in lines:
        record = json.loads(line)
        SCHEMA.validate(record)
        decoded = msgspec.json.decode(line, type=Record, strict=True)
        assert msgspec.json.encode(decoded) == line
        assert (record["target"], record["center"]) == ("eu", "thirdparty")
        assert "total_range" not in record
    for reject in map(json.loads, refused):
        assert raw_of(reject) == items[reject["index"]].strip()
        assert reject["reason"]


@given(st.lists(any_item, max_size=4))
@settings(deadline=None)
def test_a_line_read_back_has_the_key_that_its_item_had(items: list[bytes]) -> None:
    reading = read(*items)
    refused = {json.loads(line)["index"]: key_of_reject(line) for line in ndjson(reading.rejects)}
    lines = iter(ndjson(reading.lines))
    expected = [refused[index] if index in refused else key_of_line(next(lines)) for index in range(len(items))]
    assert reading.keys == expected


few = st.sampled_from(["a", "b", "ab"])
identities = st.tuples(st.none() | st.just("") | few, few, few)


@given(st.lists(identities, min_size=2, max_size=6), st.sampled_from([(), (ODD,)]))
@settings(deadline=None)
def test_keys_are_equal_exactly_when_domain_namespace_and_name_are(
    triples: list[tuple[str | None, str, str]], extra: tuple[bytes, ...]
) -> None:
    items = [raw(domain_name=domain, namespace=namespace, name=name) for domain, namespace, name in triples]
    keys = read(*items, *extra).keys
    for i, one in enumerate(triples):
        for j, other in enumerate(triples):
            assert (keys[i] == keys[j]) == (one == other)


def test_an_item_keeps_its_key_whatever_else_of_it_changes() -> None:
    assert len(set(read(raw(size=1), raw(size="2"), raw(zz=1), raw(target="x")).keys)) == 1


def test_the_same_bytes_refused_twice_have_one_key_and_other_bytes_another() -> None:
    keys = read(b"[1]", b"[1]", b"[2]").keys
    assert keys[0] == keys[1] != keys[2]


@given(st.lists(any_item, max_size=3), st.text(" \t\r\n", max_size=3))
@settings(deadline=None)
def test_white_space_around_items_changes_nothing(items: list[bytes], space: str) -> None:
    gap = space.encode()
    spaced = read_items(gap + b"[" + gap + (gap + b"," + gap).join(items) + gap + b"]" + gap, ORIGIN)
    assert spaced == read(*items)


@given(st.binary(max_size=40), st.binary(max_size=40), st.sampled_from([b"", b"[", b'[{"name":"a",', b'{"repos":[']))
@settings(deadline=None, max_examples=300)
def test_no_bytes_at_all_raise_anything_but_that_they_are_no_list(head: bytes, tail: bytes, start: bytes) -> None:
    for body in (head, start + head + b"]", start + head + b',{"name":"n","namespace":"s"},' + tail + b"]"):
        try:
            reading = read_items(body, ORIGIN)
        except NotAListError:
            continue
        assert reading.records + reading.rejected == len(reading.keys)


# ---- the example of the document


def test_the_documents_example_comes_to_this_line() -> None:
    reading = read_items(EXAMPLE, ORIGIN)
    assert reading.lines == EXAMPLE_LINE
    assert (reading.records, reading.rejected, set(reading.totals)) == (1, 0, {1})


def test_an_item_with_names_alone_has_every_field_and_null_where_the_api_gave_none() -> None:
    for reading in (read(raw()), read(raw(**dict.fromkeys(KNOWN[2:])))):
        record = only(reading)
        assert set(record) == {"target", "center", *KNOWN} - {"total_range"}
        assert record["tags"] == []
        assert {record[field] for field in KNOWN[4:]} == {None}


def test_only_the_reserved_empty_texts_become_null() -> None:
    for extra in ((), (ODD,)):
        (record,) = records(read(raw(**dict.fromkeys(TEXTS, "")), *extra))
        assert {field: record[field] for field in TEXTS} == {**dict.fromkeys(TEXTS, ""), "logo": None, "url": None}


# ---- times


@given(written_times(), st.sampled_from(TIMES))
@settings(deadline=None)
def test_a_time_is_utc_with_six_digits_cut_off_and_not_rounded(written: Written, field: str) -> None:
    assert only(read(raw(**{field: written.text})))[field] == written.expected


@given(st.lists(written_times(), min_size=2, max_size=6))
@settings(deadline=None)
def test_times_sort_as_text_as_they_sort_as_moments(written: list[Written]) -> None:
    in_order = sorted(written, key=lambda time: time.moment)
    times = [record["updated_at"] for record in records(read(*(raw(updated_at=time.text) for time in in_order)))]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("given_time", "expected"),
    [
        ("2018-03-21T12:22:37Z", "2018-03-21T12:22:37.000000Z"),
        ("2026-04-28T09:18:19.83031Z", "2026-04-28T09:18:19.830310Z"),
        ("2017-09-11T03:00:02.999999999Z", "2017-09-11T03:00:02.999999Z"),
        ("2024-03-01T00:30:00+08:00", "2024-02-29T16:30:00.000000Z"),
        ("2024-01-01T00:00:00.7+01:00", "2023-12-31T23:00:00.700000Z"),  # as long as a canonical time
        ("2024-01-01T00:00:00.1234567", "2024-01-01T00:00:00.123456Z"),  # the same, without a zone
        ("2024-01-01t00:00:00.123456Z", "2024-01-01T00:00:00.123456Z"),
        ("2024-01-01 00:00:00.123456Z", "2024-01-01T00:00:00.123456Z"),
        ("2024-01-01T00:00:00.123456z", "2024-01-01T00:00:00.123456Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),  # Go's zero time
    ],
)
def test_a_time_as_seen_in_the_wild_is_read(given_time: str, expected: str) -> None:
    assert only(read(raw(created_at=given_time)))["created_at"] == expected


@pytest.mark.parametrize(
    "impossible",
    [
        "2023-02-29T00:00:00Z",
        "2023-02-29T00:00:00.000000Z",  # canonical in form
        "2024-01-01T24:00:00Z",
        "2024-01-01T24:00:00.000000Z",
        "2024-01-01T00:60:00.000000Z",
        "2024-01-01T00:00:60.000000Z",
        "2024-13-01T00:00:00.000000Z",
        "0000-01-01T00:00:00.000000Z",
        "0001-01-01T00:00:00+01:00",  # before the first moment there is
        "9999-12-31T23:59:59-00:01",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+01",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,123456Z",
        "2024-01-01T00:00:00.12345 Z",
        "2024-01-01T00:00.00.123456Z",
        "2024-01-01X00:00:00.123456Z",
        "2024-01-01T00:00:00.123456X",
        "٢٠٢٤-01-01T00:00:00.000000Z",
        "2024-01-01T00:00:00.000000Z\n",
        "2024-01-01",
        "20240101T000000Z",
        "1704067200",
        "forever",
        "",
    ],
)
def test_an_impossible_time_is_refused_alone(impossible: str) -> None:
    for field in TIMES:
        reading = read(raw(**{field: impossible}), raw(**{field: "2024-01-01T00:00:00.000000Z"}))
        assert reading.records == 1
        assert rejects(reading)[0]["reason"].startswith(f"{field} is no ")


def test_a_time_that_is_no_text_is_refused() -> None:
    assert reason(raw(created_at=1704067200)) == "created_at must be text or null and is 1704067200"


# ---- integers, booleans, lists, texts


@pytest.mark.parametrize("field", INTEGERS)
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0", 0),
        ("-0", 0),
        ("5", 5),
        ('"123"', 123),
        ('"-123"', -123),
        ("3.0", 3),
        ("-3.0", -3),
        ("1e3", 1000),
        ("9223372036854775807", 2**63 - 1),
        ('"9223372036854775807"', 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ('"-9223372036854775808"', -(2**63)),
        ("9007199254740991.0", 2**53 - 1),
        ("-9007199254740991.0", 1 - 2**53),
        ("null", None),
    ],
)
def test_an_integer_with_one_obvious_reading_is_read_so(field: str, written: str, expected: int | None) -> None:
    item = f'{{"name":"n","namespace":"s","{field}":{written}}}'.encode()
    for extra in ((), (ODD,)):
        (record,) = records(read(item, *extra))
        assert record[field] == expected
        assert type(record[field]) is type(expected)


@pytest.mark.parametrize("field", INTEGERS)
@pytest.mark.parametrize(
    "written",
    [
        "5.5",
        '"5.0"',
        '""',
        '" 5"',
        '"5\\n"',
        '"+5"',
        '"٣"',
        '"1_000"',
        '"0x10"',
        "true",
        "false",
        "[]",
        "{}",
        "1e18",
        "9007199254740992.0",  # a float that stands for its neighbour, too
        "9007199254740993.0",
        "9223372036854775807.0",
        "9223372036854775808",
        '"9223372036854775808"',
        "-9223372036854775809",
        "1" + "0" * 30,
        '"' + "1" * 10_000 + '"',
        "1e400",
        "NaN",
    ],
)
def test_any_other_integer_is_refused_alone(field: str, written: str) -> None:
    reading = read(f'{{"name":"n","namespace":"s","{field}":{written}}}'.encode(), raw())
    assert (reading.records, reading.rejected) == (1, 1)


@pytest.mark.parametrize("field", BOOLEANS)
@pytest.mark.parametrize(
    ("written", "expected"),
    [("true", True), ('"true"', True), ('"False"', False), ('"FALSE"', False), ("false", False), ("null", None)],
)
def test_a_boolean_with_one_obvious_reading_is_read_so(field: str, written: str, expected: object) -> None:
    item = f'{{"name":"n","namespace":"s","{field}":{written}}}'.encode()
    for extra in ((), (ODD,)):
        assert records(read(item, *extra))[0][field] is expected


@pytest.mark.parametrize("written", ["0", "1", '""', '"yes"', '"true "', "1.0", "[]", "{}", "1" + "0" * 30])
def test_any_other_boolean_is_refused(written: str) -> None:
    said = reason(f'{{"name":"n","namespace":"s","status":{written}}}'.encode())
    assert said.startswith("status must be true, false or null and is ")


@pytest.mark.parametrize("tags", ['"v1"', '["v1",null]', '["v1",1]', '[["v1"]]', "{}", "5", "true"])
def test_tags_that_are_no_list_of_texts_are_refused(tags: str) -> None:
    said = reason(f'{{"name":"n","namespace":"s","tags":{tags}}}'.encode())
    assert said.startswith("tags must be a list of texts or null and is ")


def test_tags_keep_their_order_and_their_doubles() -> None:
    assert only(read(raw(tags=["b", "", "a", "b"])))["tags"] == ["b", "", "a", "b"]


@pytest.mark.parametrize("field", ["name", "namespace"])
@pytest.mark.parametrize("written", ["null", '""', "5", "true", "[]", "{}", "1.5", "1" + "0" * 30])
def test_an_item_without_its_names_is_refused(field: str, written: str) -> None:
    item = json.dumps({"name": "n", "namespace": "s"} | {field: "@"}).replace('"@"', written).encode()
    assert reason(item).startswith(f"{field} must be text and is ")
    missing = json.dumps({"name": "n", "namespace": "s", field: None}).encode()
    assert reason(missing) == f"{field} must be text and is null"


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize(
    ("written", "kind"),
    [("5", "5"), ("true", "a boolean"), ("[]", "a list"), ("{}", "an object"), ("1" + "0" * 60, "1" + "0" * 39)],
)
def test_a_text_that_is_none_is_refused_and_named(field: str, written: str, kind: str) -> None:
    said = reason(f'{{"name":"n","namespace":"s","{field}":{written}}}'.encode())
    assert said == f"{field} must be text or null and is {kind}"


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (b"null", "null"),
        (b"true", "a boolean"),
        (b"[]", "a list"),
        (b'"x"', '"x"'),
        (b"1" + b"0" * 30, "1" + "0" * 30),
    ],
)
def test_an_item_that_is_no_object_is_refused_and_named(item: bytes, kind: str) -> None:
    assert reason(item) == f"is no object but {kind}"


# ---- declared totals


@pytest.mark.parametrize(
    ("written", "totals"),
    [
        ("7", {7}),
        ('"7"', {7}),
        ("7.0", {7}),
        ("0", {0}),
        ("null", set()),
        ("-1", set()),
        ("true", set()),
        ('"many"', set()),
        ("9223372036854775807", {2**63 - 1}),
        ("9223372036854775808", set()),
        ("1" + "0" * 30, set()),
    ],
)
def test_a_total_that_cannot_be_read_declares_nothing_and_refuses_nothing(written: str, totals: set[int]) -> None:
    item = f'{{"name":"n","namespace":"s","total_range":{written}}}'.encode()
    for extra in ((), (ODD,)):
        reading = read(item, *extra)
        assert (reading.records, set(reading.totals)) == (1, totals)


def test_a_reject_declares_its_total_too() -> None:
    assert read(raw(total_range=3), raw(size="x", total_range=4)).totals == {3, 4}


# ---- unknown fields


def test_fields_that_are_unknown_are_kept_under_extra_and_named() -> None:
    odd = {"target": "x", "center": ["y"], "extra": {"z": 1}, "big": 10**300, "neg": -(2**80), "f": 1.25, "": None}
    reading = read(raw(**odd))
    record = only(reading)
    assert record["extra"] == odd
    assert (record["target"], record["center"]) == ("eu", "thirdparty")
    assert reading.unknown == set(odd)


def test_a_record_without_unknown_fields_has_no_extra_beside_one_that_has() -> None:
    first, second = records(read(raw(zz=1), raw()))
    assert first["extra"] == {"zz": 1}
    assert "extra" not in second


def test_fields_of_an_item_that_is_refused_are_not_reported_as_kept() -> None:
    assert read(raw(zz=1, size="x"), raw(zy=1)).unknown == {"zy"}


@given(st.dictionaries(texts.filter(lambda text: text not in KNOWN), json_values, max_size=4))
@settings(deadline=None)
def test_what_is_kept_under_extra_is_what_was_sent(odd: dict[str, Any]) -> None:
    item = json.dumps({"name": "n", "namespace": "s", **odd}).encode()
    reading = read(item)
    if reading.records:
        assert records(reading)[0].get("extra", {}) == json.loads(json.dumps(odd))
    else:
        assert raw_of(rejects(reading)[0]) == item


def test_of_names_that_are_many_or_long_the_report_takes_a_hundred_of_a_hundred_characters() -> None:
    odd = {f"{'z' * 200}{at}" for at in range(500)} | {f"field-{at:03}" for at in range(150)}
    reading = read(raw(**dict.fromkeys(odd, 1)))
    assert set(only(reading)["extra"]) == odd
    assert reading.unknown == {f"field-{at:03}" for at in range(100)}
    assert read(raw(**{"z" * 200: 1})).unknown == {"z" * 99 + "…"}


def test_fields_under_extra_keep_the_order_in_which_they_came() -> None:
    item = b'{"zb":1,"name":"n","za":{"b":1,"a":2,"b":3},"namespace":"s","__proto__":{},"zb":2}'
    assert b'"extra":{"zb":2,"za":{"b":3,"a":2},"__proto__":{}}}\n' in read(item).lines


# ---- one bad item, and its neighbours

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
def test_what_strict_readers_refuse_is_refused_alone_and_kept_as_it_came(poison: bytes) -> None:
    reading = read(raw(size=1, name='[,]}\\"'), poison, raw(size=2), poison)
    assert [record["size"] for record in records(reading)] == [1, 2]
    refused = rejects(reading)
    assert [raw_of(reject) for reject in refused] == [poison, poison]
    assert [reject["index"] for reject in refused] == [1, 3]
    assert reading.keys[1] == reading.keys[3]
    utf8 = poison.decode(errors="replace").encode() == poison
    assert {reject["encoding"] for reject in refused} == {"utf-8" if utf8 else "base64"}


def test_a_reject_says_where_it_came_from_and_why() -> None:
    (reject,) = rejects(read(raw(), raw(size="x")))
    assert reject == {
        "target": "eu",
        "center": "thirdparty",
        "namespace": "team",
        "offset": 200,
        "index": 1,
        "reason": 'size must be an integer or null and is "x"',
        "raw": '{"name": "n", "namespace": "s", "size": "x"}',
        "encoding": "utf-8",
    }


def test_of_a_key_given_twice_the_last_one_counts_on_both_ways() -> None:
    item = b'{"name":"a","namespace":"s","size":1,"name":"b","size":2,"total_range":1,"total_range":2}'
    fast, slow = read(item), read(item, ODD)
    assert fast.lines == slow.lines
    assert (only(fast)["name"], only(fast)["size"], set(fast.totals)) == ("b", 2, {2})


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
def test_an_item_is_refused_for_the_last_of_a_doubled_field_and_for_no_other(fields: str, name: str | None) -> None:
    item = f'{{"namespace":"s",{fields}}}'.encode()
    for extra in ((), (ODD,)):
        assert [record["name"] for record in records(read(item, *extra))] == ([name] if name else [])


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (b'{"name":"n","namespace":"s","zz":"\\ud83d"}', "surrogate"),
        (b'{"name":"n","namespace":"s","zz":NaN}', "is not valid JSON: "),
        (b'{"name":"n","namespace":"s","size":1e400}', "out of range"),
        (b'{"name":"n","namespace":"s","zz":' + b"1" * 5000 + b"}", "out of range"),
        (b'{"name":"n","namespace":"s","zz":1' + b"0" * 400 + b"}", "not every reader of JSON"),
        (b'{"name":"n","namespace":"s","zz":"\xc0\xaf"}', "UTF-8"),
    ],
)
def test_a_reject_names_what_is_wrong_with_its_json(item: bytes, said: str) -> None:
    assert said in reason(item)


def test_a_reason_that_quotes_the_service_holds_nothing_that_a_terminal_obeys() -> None:
    said = reason(raw(size="\x1b[31m\x9b2J\u202e\u2028\x07"))
    assert said.isprintable()
    assert "\\u009b2J\\u202e\\u2028" in said


@given(st.lists(any_item, max_size=4))
@settings(deadline=None)
def test_no_line_holds_an_end_of_line(items: list[bytes]) -> None:
    reading = read(*items)
    assert not {*b"\r\x0b\x0c\x1c\x1d\x1e\x00"} & {*(reading.lines + reading.rejects)}
    assert reading.lines.splitlines() == ndjson(reading.lines)
    assert reading.rejects.splitlines() == ndjson(reading.rejects)
    for line in ndjson(reading.lines):
        assert orjson.loads(line)["target"] == "eu"


@st.composite
def nearly_times(draw: st.DrawFn) -> str:
    time, at = draw(canonical_times), draw(st.integers(0, 26))
    return time[:at] + draw(st.sampled_from("0123456789TtZz :-+.,٣\n")) + time[at + 1 :]


@given(st.sampled_from(KNOWN), json_values | nearly_times() | st.floats(-(2.0**54), 2.0**54).map(round).map(float))
@settings(deadline=None, max_examples=300)
def test_what_the_fast_way_reads_the_slow_way_reads_the_same(field: str, value: object) -> None:
    item = raw(**{field: value})
    alone, beside = read(item), read(item, ODD)
    assert (alone.lines, alone.keys, alone.totals) == (beside.lines, beside.keys[:-1], beside.totals)


def nested(levels: int) -> bytes:
    """An item that is `levels` deep, itself included."""
    return raw(zz="@").replace(b'"@"', b"[" * (levels - 1) + b"]" * (levels - 1))


def test_an_item_nests_64_levels_deep_and_no_deeper() -> None:
    assert read(nested(64)).records == 1
    assert reason(nested(65)) == "is nested deeper than 64 levels"


def test_many_lists_side_by_side_are_not_deep() -> None:
    assert read(raw(zz=[[]] * 1000)).records == 1


def test_brackets_in_texts_are_not_deep() -> None:
    assert read(raw(zz="[" * 1000 + '"' + "{" * 1000)).records == 1


def test_a_saw_of_brackets_is_as_deep_as_its_deepest_tooth() -> None:
    for levels, rejected in ((62, 0), (63, 1)):
        saw = b"[[]," * levels + b"[]" + b"]" * levels
        assert read(raw(zz="@").replace(b'"@"', saw)).rejected == rejected


@pytest.mark.parametrize("levels", [64, 65, 900, 950, 970, 980, 990, 1000])
def test_what_is_read_does_not_depend_on_the_stack_it_is_read_on(levels: int) -> None:
    here = read(nested(levels), raw())
    there = deeper(150, lambda: read(nested(levels), raw()))
    assert (there.lines, there.rejects) == (here.lines, here.rejects)
    read_back = deeper(150, lambda: [key_of_line(line) for line in ndjson(here.lines)])
    assert read_back == here.keys[-here.records :]


def test_a_description_of_a_megabyte_is_a_description() -> None:
    text = 'x"\\\n\u2028' * 200_000
    for extra in ((), (ODD,), (b"NaN",)):
        assert records(read(raw(description=text), *extra))[0]["description"] == text


def test_finding_the_items_of_a_damaged_page_takes_little_more_memory_than_the_page() -> None:
    body = b'[{"name":"' + b"x" * 2_000_000 + b'","namespace":"s","size":NaN}]'
    tracemalloc.start()
    try:
        read_items(body, ORIGIN)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * len(body)


# ---- what is a list, and what is none


@pytest.mark.parametrize(
    "body", [b"", b"  \r\n", b"null", b" null\n", b"[]", b"[ ]\n", b'{"repos": []}', b'{"body":[],"total":0}']
)
def test_an_empty_answer_in_any_of_its_shapes_holds_no_items(body: bytes) -> None:
    assert read_items(body, ORIGIN) == Batch(b"", b"", 0, 0, [], frozenset(), frozenset())


@pytest.mark.parametrize("name", ["repos", "body"])
def test_a_list_in_an_object_is_read_as_the_list(name: str) -> None:
    body = b'{"next":null, "%b" : %b}' % (name.encode(), EXAMPLE)
    assert read_items(body, ORIGIN) == read_items(EXAMPLE, ORIGIN)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"error_msg":"no","error_code":"APIGW.0301"}',
        b'{"repos":{}}',
        b'{"repos":null}',
        b'{"repos":"[]"}',
        b'{"repos":[],"body":[]}',
        b'{"repos":[}',
        b"true",
        b"5",
        b'"[]"',
        b"nul",
        b"<html><body>[]</body></html>",
        b"[",
        b"[1",
        b"[1,",
        b"[[1]",
        b'["]',
        b'["\\"]',
        b"[}",
        b'[{"name":"n","namespace":"s"}}',
        b"[] []",
        b"[1] x",
        b"]",
        b"\xff",
        b"[" * 100_000,
        b'{"repos":' * 100_000,
    ],
)
def test_anything_else_is_no_list(body: bytes) -> None:
    with pytest.raises(NotAListError):
        read_items(body, ORIGIN)


def test_a_list_that_breaks_off_at_any_byte_is_no_list() -> None:
    body = b"[" + EXAMPLE.strip(b"[]") + b',{"name":"a\\"]","zz":[{}]},NaN]'
    assert len(read_items(body, ORIGIN).keys) == 3
    for end in range(1, len(body)):
        with pytest.raises(NotAListError):
            read_items(body[:end], ORIGIN)
