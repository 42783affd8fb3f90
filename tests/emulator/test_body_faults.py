"""Faults of the body: compressed, corrupt, or not an array."""

import gzip
import zlib

import orjson
import pytest

from crawler.emulator.faults.body import EchoRequest
from crawler.emulator.faults.registry import (
    CorruptGzip,
    DecompressionBomb,
    Deflate,
    Fault,
    Gzip,
    LargeHeaders,
    MissingBody,
    NoContentWhenEmpty,
    ObjectResponse,
    OddCoding,
    OddField,
    OversizedItem,
    PoisonItems,
)
from crawler.emulator.http.response import ServedResponse
from tests.emulator.client import TOKEN, DirectClient, numbered

TEN = numbered(10)
PLAIN = DirectClient(TEN).get().body


def response_with(*faults: Fault, query: str = "") -> ServedResponse:
    return DirectClient(TEN, faults).get(query)


def encoding(response: ServedResponse) -> str | None:
    return dict(response.headers).get("Content-Encoding")


def test_a_page_can_be_compressed_with_gzip_and_both_kinds_of_deflate() -> None:
    packed = [response_with(fault) for fault in (Gzip(), Deflate(), Deflate(raw=True))]
    assert [encoding(one) for one in packed] == ["gzip", "deflate", "deflate"]
    assert gzip.decompress(packed[0].body) == PLAIN
    assert zlib.decompress(packed[1].body) == zlib.decompress(packed[2].body, wbits=-15) == PLAIN


def test_a_body_is_compressed_once_and_an_empty_one_never() -> None:
    twice = response_with(Gzip(), Deflate(), DecompressionBomb(every=1))
    assert encoding(twice) == "gzip"
    assert gzip.decompress(twice.body) == PLAIN
    assert encoding(response_with(NoContentWhenEmpty(), Gzip(), query="limit=5&offset=10")) is None


@pytest.mark.parametrize("how", ["flipped", "checksum", "none"])
def test_corrupt_gzip_does_not_decompress(how: str) -> None:
    bad = response_with(CorruptGzip(first=1, how=how))
    assert encoding(bad) == "gzip"
    with pytest.raises((OSError, zlib.error)):
        gzip.decompress(bad.body)


def test_cut_gzip_decompresses_to_a_part() -> None:
    client = DirectClient(TEN, [CorruptGzip(first=1, how="cut")])
    part = zlib.decompressobj(wbits=31).decompress(client.get().body)
    assert PLAIN.startswith(part)
    assert len(part) < len(PLAIN)
    assert client.get().body == PLAIN


@pytest.mark.parametrize("size_bytes", [0, 1, 2**20 - 1, 2**20, 3 * 2**20 + 5])
def test_a_bomb_decompresses_to_spaces_and_then_the_page(size_bytes: int) -> None:
    inflated = b" " * size_bytes + PLAIN
    bomb = response_with(DecompressionBomb(every=1, size_bytes=size_bytes))
    assert (encoding(bomb), gzip.decompress(bomb.body) == inflated) == ("gzip", True)
    other = response_with(DecompressionBomb(every=1, size_bytes=size_bytes, encoding="deflate"))
    assert (encoding(other), zlib.decompress(other.body) == inflated) == ("deflate", True)


def test_a_bomb_has_a_thousandth_of_its_decompressed_size_and_triggers_on_its_requests() -> None:
    client = DirectClient(TEN, [DecompressionBomb(every=2, size_bytes=10_000_000)])
    assert client.get().body == PLAIN
    assert len(client.get().body) < 12_000


def test_an_object_can_contain_the_page_or_replace_it() -> None:
    client = DirectClient(TEN, [ObjectResponse(first=1)])
    assert orjson.loads(client.get().body) == {"repos": orjson.loads(PLAIN)}
    assert client.get().body == PLAIN
    assert response_with(ObjectResponse(first=1, content="nothing")).body == b"{}"
    wrong = response_with(ObjectResponse(first=1, content="error"))
    assert (wrong.status, orjson.loads(wrong.body)["error_code"]) == (200, "SVCSTG.SWR.5000008")
    assert response_with(NoContentWhenEmpty(), ObjectResponse(every=1), query="limit=5&offset=10").body == b""


def test_a_coding_that_is_none_leaves_the_page_as_it_is() -> None:
    odd = response_with(OddCoding(first=1, name="aws-chunked"))
    assert (odd.body, encoding(odd)) == (PLAIN, "aws-chunked")


def test_a_page_can_have_many_headers_more() -> None:
    response = response_with(LargeHeaders(first=1, count=3, size=20))
    assert [value for name, value in response.headers if name.startswith("X-Policy-")] == ["x" * 20] * 3
    assert response.body == PLAIN


def test_an_odd_field_is_in_the_same_items_of_every_page_and_changes_nothing_else() -> None:
    fault = OddField(field="size", value="word", every=3)
    whole = orjson.loads(response_with(fault, query="limit=10&offset=0").body)
    parts = [orjson.loads(response_with(fault, query=f"limit=5&offset={offset}").body) for offset in (0, 5)]
    assert [*parts[0], *parts[1]] == whole
    odd = [item["name"] for item in whole if item.get("size") == "n/a"]
    assert 0 < len(odd) < len(whole)
    plain = orjson.loads(PLAIN)
    assert [{**item, "size": None} for item in whole] == [{**item, "size": None} for item in plain]
    assert [item["name"] for item in plain if item["name"] not in odd] == [
        item["name"] for item in whole if item.get("size") != "n/a"
    ]


def test_poison_items_are_all_alike_and_in_the_place_of_the_same_rows_on_every_page() -> None:
    fault = PoisonItems(every=2)
    whole = orjson.loads(response_with(fault, query="limit=10&offset=0").body)
    parts = [orjson.loads(response_with(fault, query=f"limit=5&offset={offset}").body) for offset in (0, 5)]
    assert [*parts[0], *parts[1]] == whole
    poison = [item for item in whole if item["name"] is None]
    assert poison == [poison[0]] * len(poison)
    assert 1 < len(poison) < len(whole)
    assert {item["name"] for item in whole} - {None} < {item["name"] for item in orjson.loads(PLAIN)}


def test_an_odd_field_is_in_every_item_by_default() -> None:
    for value, sent in (("empty", ""), ("zero-time", "0001-01-01T00:00:00Z"), ("list", ["a", 5])):
        items = orjson.loads(response_with(OddField(field="created_at", value=value)).body)
        assert [item["created_at"] for item in items] == [sent] * len(items)


@pytest.mark.parametrize("where", ["message", "code", "id"])
def test_a_gateway_can_repeat_the_credentials_of_a_request(where: str) -> None:
    client = DirectClient(TEN, [EchoRequest(every=1, where=where)])
    refused = client.request(headers={"X-Auth-Token": TOKEN})
    assert refused.status == 400
    assert TOKEN in str(refused.body) + str(refused.headers)


def test_a_page_can_repeat_the_credentials_in_one_item_more() -> None:
    client = DirectClient(TEN, [EchoRequest(every=1, where="item")])
    page = client.request(query="limit=2&offset=0", headers={"X-Auth-Token": TOKEN})
    assert [len(one) for one in orjson.loads(page.body)][-1] == 1
    assert TOKEN in str(page.body)


def test_a_page_can_repeat_the_credentials_in_many_items_after_many_escapes() -> None:
    client = DirectClient(TEN, [EchoRequest(every=1, where="item", items=3, escapes=5)])
    page = client.request(query="limit=2&offset=0", headers={"X-Auth-Token": TOKEN})
    echoes = [item["request"] for item in orjson.loads(page.body)[-3:]]
    assert echoes == [f"\n%41&amp;\n%41X-Auth-Token: {TOKEN}"] * 3


@pytest.mark.parametrize(
    ("holds", "member"),
    [
        ("objects", b',"zz":[{},{}]'),
        ("levels", b',"zz":[[]]'),
        ("mixed", b',"zz":{"a":[]}'),
        ("tags", b',"tags":["v1","v1"]'),
        ("characters", b'"xx"'),
    ],
)
def test_an_item_can_hold_far_more_than_an_image_has(holds: str, member: bytes) -> None:
    fault = OversizedItem(index=1, count=2, holds=holds)
    assert member in response_with(fault).body
    assert member not in response_with(fault, query="limit=5&offset=5").body


def test_headers_can_be_large_on_some_requests_only() -> None:
    client = DirectClient(TEN, [LargeHeaders(first=1, count=2, size=3)])
    assert [dict(client.get().headers).get("X-Policy-1") for _ in range(2)] == ["xxx", None]


def test_a_body_is_missing_where_the_fault_says_so_only() -> None:
    client = DirectClient(TEN, [MissingBody(every=2)])
    bodies = [client.get().body for _ in range(4)]
    assert sorted({body == PLAIN for body in bodies}) == [False, True]
