"""Every item that the service sends ends as one line, of a record or of a reject, whatever it holds."""

import json
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from crawler.model.record import Record, key_of_line
from crawler.snapshot.manifest import schemas
from crawler.swr.decode.batch import Batch
from crawler.swr.decode.items import read_items
from crawler.swr.decode.reject import key_of_reject
from crawler.swr.decode.split import NotAListError
from tests.support.examples import examples
from tests.swr.decode.item_strategies import (
    FORCE_LENIENT,
    KNOWN,
    SOURCE,
    TEXTS,
    any_item,
    batch_of,
    json_values,
    mutated_times,
    ndjson,
    only_record,
    raw_item,
    raw_of,
    records,
    rejects,
    texts,
    well_formed,
)

SCHEMA: Final = Draft202012Validator(schemas()["record"])

# The example of swr-api.md#example-response, and the line that it becomes.
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


# ---- laws


@given(st.lists(well_formed, max_size=4))
@settings(deadline=None)
def test_the_fast_path_and_the_lenient_path_return_the_same_bytes_keys_and_totals(items: list[bytes]) -> None:
    fast, lenient = batch_of(*items), batch_of(*items, FORCE_LENIENT)
    assert fast.rejected == 0
    assert (lenient.lines, lenient.records) == (fast.lines, fast.records)
    assert lenient.keys[:-1] == fast.keys
    assert lenient.totals == fast.totals
    assert lenient.rejected == 1


@given(st.sampled_from(KNOWN), json_values | mutated_times() | st.floats(-(2.0**54), 2.0**54).map(round).map(float))
@settings(deadline=None, max_examples=examples(quick=40))
def test_any_value_of_a_known_field_is_read_the_same_on_both_paths(field: str, value: object) -> None:
    item = raw_item(**{field: value})
    alone, lenient = batch_of(item), batch_of(item, FORCE_LENIENT)
    assert (alone.lines, alone.keys, alone.totals) == (lenient.lines, lenient.keys[:-1], lenient.totals)


@given(st.lists(any_item, max_size=4))
@settings(deadline=None, max_examples=examples(quick=30))
def test_every_item_ends_as_one_line_of_a_record_or_of_a_reject(items: list[bytes]) -> None:
    batch = batch_of(*items)
    lines, refused = ndjson(batch.lines), ndjson(batch.rejects)
    assert (len(lines), len(refused)) == (batch.records, batch.rejected)
    assert batch.records + batch.rejected == len(batch.keys) == len(items)
    for line in lines:
        read = json.loads(line)
        SCHEMA.validate(read)
        decoded = msgspec.json.decode(line, type=Record, strict=True)
        assert msgspec.json.encode(decoded) == line
        assert (read["target"], read["center"]) == ("eu", "thirdparty")
        assert "total_range" not in read
    for reject in map(json.loads, refused):
        assert raw_of(reject) == items[reject["index"]].strip()
        assert reject["reason"]


@given(st.lists(any_item, max_size=4))
@settings(deadline=None)
def test_a_line_read_back_has_the_key_that_its_item_had(items: list[bytes]) -> None:
    batch = batch_of(*items)
    refused = {json.loads(line)["index"]: key_of_reject(line) for line in ndjson(batch.rejects)}
    lines = iter(ndjson(batch.lines))
    found = {index: key_of_line(next(lines)) for index in range(len(items)) if index not in refused}
    assert batch.keys == [refused[index] if index in refused else found[index].key for index in range(len(items))]
    assert batch.ownerless == tuple(one.key for one in found.values() if not one.has_owner)


few = st.sampled_from(["a", "b", "ab"])
triples = st.tuples(st.none() | st.just("") | few, few, few)


@given(st.lists(triples, min_size=2, max_size=6), st.sampled_from([(), (FORCE_LENIENT,)]))
@settings(deadline=None)
def test_keys_of_known_owners_are_equal_if_and_only_if_owner_namespace_and_name_are(
    triples: list[tuple[str | None, str, str]], more: tuple[bytes, ...]
) -> None:
    items = [raw_item(domain_name=owner, namespace=namespace, name=name) for owner, namespace, name in triples]
    keys = batch_of(*items, *more).keys
    for (one, *names), key in zip(triples, keys, strict=False):
        for (other, *others), other_key in zip(triples, keys, strict=False):
            if bool(one) == bool(other):  # a missing owner and a known one: see tests/model/test_identity.py
                assert (key == other_key) == ((one or None, names) == (other or None, others))


@pytest.mark.parametrize("more", [(), (FORCE_LENIENT,)], ids=["fast", "lenient"])
def test_the_keys_without_an_owner_are_named_whatever_owners_the_page_has(more: tuple[bytes, ...]) -> None:
    first, known, new = (raw_item(name=name, domain_name=name) for name in ("the-first-owner", "known", "new"))
    missing, null = raw_item(name="missing"), raw_item(domain_name=None)
    empty = raw_item(name="empty", domain_name="")
    batch_of(first, known)
    for page in ([first], [first, known], [known, new], [missing], [missing, empty, null], [first, null, new, missing]):
        batch = batch_of(*page, *more)
        without = {missing, empty, null}
        expected = tuple(key for key, item in zip(batch.keys, page, strict=False) if item in without)
        assert batch.ownerless == expected
        assert batch.keys[: len(page)] == [key_of_line(line).key for line in ndjson(batch.lines)]


def test_the_key_of_an_item_does_not_depend_on_its_other_fields() -> None:
    assert len(set(batch_of(raw_item(size=1), raw_item(size="2"), raw_item(zz=1), raw_item(target="x")).keys)) == 1


def test_rejects_have_equal_keys_if_and_only_if_their_bytes_are_equal() -> None:
    keys = batch_of(b"[1]", b"[1]", b"[2]").keys
    assert keys[0] == keys[1] != keys[2]


@given(st.lists(any_item, max_size=3), st.text(" \t\r\n", max_size=3))
@settings(deadline=None)
def test_white_space_around_items_changes_nothing(items: list[bytes], space: str) -> None:
    gap = space.encode()
    spaced = read_items(gap + b"[" + gap + (gap + b"," + gap).join(items) + gap + b"]" + gap, SOURCE)
    assert spaced == batch_of(*items)


@given(st.binary(max_size=40), st.binary(max_size=40), st.sampled_from([b"", b"[", b'[{"name":"a",', b'{"repos":[']))
@settings(deadline=None, max_examples=examples(quick=40))
def test_any_bytes_are_a_batch_or_raise_that_they_are_not_a_list(head: bytes, tail: bytes, start: bytes) -> None:
    for body in (head, start + head + b"]", start + head + b',{"name":"n","namespace":"s"},' + tail + b"]"):
        try:
            batch = read_items(body, SOURCE)
        except NotAListError:
            continue
        assert batch.records + batch.rejected == len(batch.keys)


# ---- the documented example


def test_the_documented_example_becomes_this_line() -> None:
    batch = read_items(EXAMPLE, SOURCE)
    assert batch.lines == EXAMPLE_LINE
    assert (batch.records, batch.rejected, set(batch.totals)) == (1, 0, {1})


def test_a_record_has_every_field_and_null_where_the_item_had_none() -> None:
    for batch in (batch_of(raw_item()), batch_of(raw_item(**dict.fromkeys(KNOWN[2:])))):
        record = only_record(batch)
        assert set(record) == {"target", "center", *KNOWN} - {"total_range"}
        assert record["tags"] == []
        assert {record[field] for field in KNOWN[4:]} == {None}


def test_empty_texts_become_null_in_the_reserved_fields_only() -> None:
    for more in ((), (FORCE_LENIENT,)):
        (record,) = records(batch_of(raw_item(**dict.fromkeys(TEXTS, "")), *more))
        assert {field: record[field] for field in TEXTS} == {**dict.fromkeys(TEXTS, ""), "logo": None, "url": None}


# ---- unknown fields


def test_unknown_fields_are_kept_under_extra_and_reported() -> None:
    unknown = {"target": "x", "center": ["y"], "extra": {"z": 1}, "big": 10**300, "neg": -(2**80), "f": 1.25, "": None}
    batch = batch_of(raw_item(**unknown))
    record = only_record(batch)
    assert record["extra"] == unknown
    assert (record["target"], record["center"]) == ("eu", "thirdparty")
    assert batch.unknown == set(unknown)


def test_a_record_without_unknown_fields_has_no_extra_even_next_to_one_that_has() -> None:
    first, second = records(batch_of(raw_item(zz=1), raw_item()))
    assert first["extra"] == {"zz": 1}
    assert "extra" not in second


def test_unknown_fields_of_a_reject_are_not_reported() -> None:
    assert batch_of(raw_item(zz=1, name=5), raw_item(zy=1)).unknown == {"zy"}


@given(st.dictionaries(texts.filter(lambda text: text not in KNOWN), json_values, max_size=4))
@settings(deadline=None)
def test_extra_holds_the_values_that_were_sent(unknown: dict[str, Any]) -> None:
    item = json.dumps({"name": "n", "namespace": "s", **unknown}).encode()
    batch = batch_of(item)
    if batch.records:
        assert records(batch)[0].get("extra", {}) == json.loads(json.dumps(unknown))
    else:
        assert raw_of(rejects(batch)[0]) == item


def test_at_most_a_hundred_unknown_names_of_a_hundred_characters_are_reported() -> None:
    unknown = {f"{'z' * 200}{at}" for at in range(500)} | {f"field-{at:03}" for at in range(150)}
    batch = batch_of(raw_item(**dict.fromkeys(unknown, 1)))
    assert set(only_record(batch)["extra"]) == unknown
    assert batch.unknown == {f"field-{at:03}" for at in range(100)}
    assert batch_of(raw_item(**{"z" * 200: 1})).unknown == {"z" * 99 + "…"}


def test_fields_under_extra_keep_their_order() -> None:
    item = b'{"zb":1,"name":"n","za":{"b":1,"a":2,"b":3},"namespace":"s","__proto__":{},"zb":2}'
    assert b'"extra":{"zb":2,"za":{"b":3,"a":2},"__proto__":{}}}\n' in batch_of(item).lines


# ---- lists and other bodies


@pytest.mark.parametrize("body", [b"null", b" null\n", b"[]", b"[ ]\n", b'{"repos": []}', b'{"body":[],"total":0}'])
def test_an_empty_result_in_any_of_its_forms_has_no_items(body: bytes) -> None:
    assert read_items(body, SOURCE) == Batch(b"", b"", 0, 0, [], frozenset(), frozenset())


@pytest.mark.parametrize("name", ["repos", "body"])
def test_a_list_in_an_envelope_is_read_as_the_list(name: str) -> None:
    body = b'{"next":null, "%b" : %b}' % (name.encode(), EXAMPLE)
    assert read_items(body, SOURCE) == read_items(EXAMPLE, SOURCE)


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
def test_any_other_body_is_not_a_list(body: bytes) -> None:
    with pytest.raises(NotAListError):
        read_items(body, SOURCE)


def test_a_truncated_list_is_not_a_list() -> None:
    body = b"[" + EXAMPLE.strip(b"[]") + b',{"name":"a\\"]","zz":[{}]},NaN]'
    assert len(read_items(body, SOURCE).keys) == 3
    for end in range(1, len(body)):
        with pytest.raises(NotAListError):
            read_items(body[:end], SOURCE)
