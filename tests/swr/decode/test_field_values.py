"""A field value with one obvious reading is read that way; any other is kept beside the record, whose field is null."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.model.record import invalid_fields_of
from tests.support.examples import examples
from tests.swr.decode.item_strategies import (
    BOOLEANS,
    FORCE_LENIENT,
    INTEGERS,
    TEXTS,
    TIMES,
    batch_of,
    json_values,
    only_record,
    raw_item,
    reason_of,
    records,
)

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
    for more in ((), (FORCE_LENIENT,)):
        (record,) = records(batch_of(item, *more))
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
        "9007199254740992.0",  # this float also stands for the next integer
        "9007199254740993.0",
        "9223372036854775807.0",
        "9223372036854775808",
        '"9223372036854775808"',
        "-9223372036854775809",
        "1" + "0" * 30,
        '"' + "1" * 10_000 + '"',
    ],
)
def test_any_other_integer_is_null_and_kept_as_it_was_sent(field: str, written: str) -> None:
    record, other = records(batch_of(f'{{"name":"n","namespace":"s","{field}":{written}}}'.encode(), raw_item()))
    assert record == {**other, "invalid": {field: json.loads(written)}}


@pytest.mark.parametrize("field", INTEGERS)
@pytest.mark.parametrize("written", ["1e400", "NaN", "1" + "0" * 400])
def test_a_number_that_not_every_json_reader_reads_rejects_its_item_alone(field: str, written: str) -> None:
    batch = batch_of(f'{{"name":"n","namespace":"s","{field}":{written}}}'.encode(), raw_item())
    assert (batch.records, batch.rejected) == (1, 1)


@pytest.mark.parametrize("field", BOOLEANS)
@pytest.mark.parametrize(
    ("written", "expected"),
    [("true", True), ('"true"', True), ('"False"', False), ('"FALSE"', False), ("false", False), ("null", None)],
)
def test_a_boolean_with_one_obvious_reading_is_read_so(field: str, written: str, expected: object) -> None:
    item = f'{{"name":"n","namespace":"s","{field}":{written}}}'.encode()
    for more in ((), (FORCE_LENIENT,)):
        assert records(batch_of(item, *more))[0][field] is expected


@pytest.mark.parametrize("written", ["0", "1", '""', '"yes"', '"true "', "1.0", "[]", "{}", "1" + "0" * 30])
def test_any_other_boolean_is_null_and_kept_as_it_was_sent(written: str) -> None:
    record = only_record(batch_of(f'{{"name":"n","namespace":"s","status":{written}}}'.encode()))
    assert (record["status"], record["invalid"]) == (None, {"status": json.loads(written)})


@pytest.mark.parametrize("tags", ['"v1"', '["v1",null]', '["v1",1]', '[["v1"]]', "{}", "5", "true"])
def test_tags_that_are_not_a_list_of_texts_are_empty_and_kept_as_they_were_sent(tags: str) -> None:
    record = only_record(batch_of(f'{{"name":"n","namespace":"s","tags":{tags}}}'.encode()))
    assert (record["tags"], record["invalid"]) == ([], {"tags": json.loads(tags)})


def test_tags_keep_their_order_and_their_duplicates() -> None:
    assert only_record(batch_of(raw_item(tags=["b", "", "a", "b"])))["tags"] == ["b", "", "a", "b"]


@pytest.mark.parametrize("field", ["name", "namespace"])
@pytest.mark.parametrize("written", ["null", '""', "5", "true", "[]", "{}", "1.5", "1" + "0" * 30])
def test_an_item_without_name_or_namespace_is_rejected(field: str, written: str) -> None:
    item = json.dumps({"name": "n", "namespace": "s"} | {field: "@"}).replace('"@"', written).encode()
    assert reason_of(item).startswith(f"{field} must be text and is ")
    missing = json.dumps({"name": "n", "namespace": "s", field: None}).encode()
    assert reason_of(missing) == f"{field} must be text and is null"


_NO_TEXTS = [("5", "5"), ("true", "a boolean"), ("[]", "a list"), ("{}", "an object"), ("1" + "0" * 60, "1" + "0" * 39)]


@pytest.mark.parametrize(("written", "kind"), _NO_TEXTS)
def test_an_owner_that_is_not_text_rejects_its_item(written: str, kind: str) -> None:
    reason = reason_of(f'{{"name":"n","namespace":"s","domain_name":{written}}}'.encode())
    assert reason == f"domain_name must be text or null and is {kind}"


@pytest.mark.parametrize("field", [field for field in TEXTS if field != "domain_name"])
@pytest.mark.parametrize("written", [written for written, _ in _NO_TEXTS])
def test_any_other_text_is_null_and_kept_as_it_was_sent(field: str, written: str) -> None:
    record = only_record(batch_of(f'{{"name":"n","namespace":"s","{field}":{written}}}'.encode()))
    assert (record[field], record["invalid"]) == (None, {field: json.loads(written)})


# ---- what cannot be read costs its field

optional = st.sampled_from([*INTEGERS, *BOOLEANS, *TIMES, *TEXTS, "tags"])


@given(st.dictionaries(optional, json_values, min_size=1, max_size=4), st.booleans())
@settings(deadline=None, max_examples=examples(quick=40))
def test_a_value_is_read_or_kept_and_costs_no_other_field(values: dict[str, Any], lenient: bool) -> None:  # noqa: FBT001
    item = raw_item(**values)
    more = (FORCE_LENIENT,) if lenient else ()
    batch, alone = batch_of(item, *more), {name: batch_of(raw_item(**{name: values[name]})) for name in values}
    if any(one.rejected for one in alone.values()):
        assert batch.rejected == 1 + lenient
        return
    record = records(batch)[0]
    expected = {name: records(alone[name])[0] for name in values}
    for name, single in expected.items():
        assert record[name] == single[name]
        kept = single.get("invalid", {})
        assert {key: value for key, value in record.get("invalid", {}).items() if key == name} == kept
        assert not kept or (single[name] in (None, []) and kept == {name: json.loads(item)[name]})
    assert batch.invalid_fields == record.get("invalid", {}).keys()
    assert batch.invalid == ("invalid" in record)


def test_fields_that_could_not_be_read_are_counted_by_record_and_named() -> None:
    batch = batch_of(raw_item(size="big", status="x"), raw_item(), raw_item(size=[]), raw_item(name=5, size="x"))
    assert (batch.records, batch.rejected, batch.invalid) == (3, 1, 2)
    assert batch.invalid_fields == {"size", "status"}


def test_a_field_of_the_service_that_is_named_like_ours_is_no_invalid_value() -> None:
    item = raw_item(invalid={"size": "x"}, extra={"invalid": {"size": 1}}, size="big")
    record = only_record(batch_of(item))
    assert record["invalid"] == {"size": "big"}
    assert record["extra"] == {"invalid": {"size": "x"}, "extra": {"invalid": {"size": 1}}}
    assert invalid_fields_of(batch_of(item).lines) == {"size"}
    assert invalid_fields_of(batch_of(raw_item(invalid={"size": "x"}, zz={"invalid": {"a": 1}})).lines) == frozenset()
    with pytest.raises(msgspec.MsgspecError):
        invalid_fields_of(b'{"invalid":{')


def test_a_field_given_twice_is_as_good_as_its_last_value() -> None:
    first, second = records(
        batch_of(
            b'{"name":"n","namespace":"s","size":"x","size":2}',
            b'{"name":"n","namespace":"s","size":2,"size":"x"}',
        )
    )
    assert (first["size"], "invalid" in first) == (2, False)
    assert (second["size"], second["invalid"]) == (None, {"size": "x"})


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
def test_the_reason_names_the_type_of_an_item_that_is_not_an_object(item: bytes, kind: str) -> None:
    assert reason_of(item) == f"must be an object and is {kind}"


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
def test_an_unreadable_total_declares_nothing_and_rejects_nothing(written: str, totals: set[int]) -> None:
    item = f'{{"name":"n","namespace":"s","total_range":{written}}}'.encode()
    for more in ((), (FORCE_LENIENT,)):
        batch = batch_of(item, *more)
        assert (batch.records, set(batch.totals)) == (1, totals)


def test_a_reject_declares_its_total_too() -> None:
    assert batch_of(raw_item(total_range=3), raw_item(name=5, total_range=4)).totals == {3, 4}
