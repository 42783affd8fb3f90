"""A field value with one obvious reading is read that way; any other value rejects its item, alone."""

import json

import pytest

from tests.swr.decode.item_strategies import (
    BOOLEANS,
    FORCE_LENIENT,
    INTEGERS,
    TEXTS,
    batch_of,
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
        "1e400",
        "NaN",
    ],
)
def test_any_other_integer_rejects_its_item_alone(field: str, written: str) -> None:
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
def test_any_other_boolean_rejects_its_item(written: str) -> None:
    reason = reason_of(f'{{"name":"n","namespace":"s","status":{written}}}'.encode())
    assert reason.startswith("status must be true, false or null and is ")


@pytest.mark.parametrize("tags", ['"v1"', '["v1",null]', '["v1",1]', '[["v1"]]', "{}", "5", "true"])
def test_tags_that_are_not_a_list_of_texts_reject_their_item(tags: str) -> None:
    reason = reason_of(f'{{"name":"n","namespace":"s","tags":{tags}}}'.encode())
    assert reason.startswith("tags must be a list of texts or null and is ")


def test_tags_keep_their_order_and_their_duplicates() -> None:
    assert only_record(batch_of(raw_item(tags=["b", "", "a", "b"])))["tags"] == ["b", "", "a", "b"]


@pytest.mark.parametrize("field", ["name", "namespace"])
@pytest.mark.parametrize("written", ["null", '""', "5", "true", "[]", "{}", "1.5", "1" + "0" * 30])
def test_an_item_without_name_or_namespace_is_rejected(field: str, written: str) -> None:
    item = json.dumps({"name": "n", "namespace": "s"} | {field: "@"}).replace('"@"', written).encode()
    assert reason_of(item).startswith(f"{field} must be text and is ")
    missing = json.dumps({"name": "n", "namespace": "s", field: None}).encode()
    assert reason_of(missing) == f"{field} must be text and is null"


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize(
    ("written", "kind"),
    [("5", "5"), ("true", "a boolean"), ("[]", "a list"), ("{}", "an object"), ("1" + "0" * 60, "1" + "0" * 39)],
)
def test_the_reason_names_the_type_of_a_value_that_is_not_text(field: str, written: str, kind: str) -> None:
    reason = reason_of(f'{{"name":"n","namespace":"s","{field}":{written}}}'.encode())
    assert reason == f"{field} must be text or null and is {kind}"


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
    assert batch_of(raw_item(total_range=3), raw_item(size="x", total_range=4)).totals == {3, 4}
