"""Bodies in other clothes: what HTTP makes of them, and what is wrong with them."""

import gzip
import zlib

import orjson
import pytest

from crawler.emulator.faults.registry import (
    CorruptGzip,
    DecompressionBomb,
    Deflate,
    Fault,
    Gzip,
    NoContentWhenEmpty,
    ObjectResponse,
)
from crawler.emulator.http.response import ServedResponse
from tests.emulator.client import Asker, numbered

TEN = numbered(10)
PLAIN = Asker(TEN).ask().body


def answered(*faults: Fault, query: str = "") -> ServedResponse:
    return Asker(TEN, faults).ask(query)


def encoding(answer: ServedResponse) -> str | None:
    return dict(answer.headers).get("Content-Encoding")


def test_a_page_can_be_compressed_in_gzip_and_both_kinds_of_deflate() -> None:
    packed = [answered(fault) for fault in (Gzip(), Deflate(), Deflate(raw=True))]
    assert [encoding(one) for one in packed] == ["gzip", "deflate", "deflate"]
    assert gzip.decompress(packed[0].body) == PLAIN
    assert zlib.decompress(packed[1].body) == zlib.decompress(packed[2].body, wbits=-15) == PLAIN


def test_a_body_is_compressed_once_and_none_never() -> None:
    twice = answered(Gzip(), Deflate(), DecompressionBomb(every=1))
    assert encoding(twice) == "gzip"
    assert gzip.decompress(twice.body) == PLAIN
    assert encoding(answered(NoContentWhenEmpty(), Gzip(), query="limit=5&offset=10")) is None


@pytest.mark.parametrize("how", ["flipped", "checksum", "none"])
def test_bad_gzip_does_not_decompress(how: str) -> None:
    bad = answered(CorruptGzip(first=1, how=how))
    assert encoding(bad) == "gzip"
    with pytest.raises((OSError, zlib.error)):
        gzip.decompress(bad.body)


def test_gzip_that_was_cut_decompresses_to_a_part() -> None:
    asker = Asker(TEN, [CorruptGzip(first=1, how="cut")])
    part = zlib.decompressobj(wbits=31).decompress(asker.ask().body)
    assert PLAIN.startswith(part)
    assert len(part) < len(PLAIN)
    assert asker.ask().body == PLAIN


@pytest.mark.parametrize("size_bytes", [0, 1, 2**20 - 1, 2**20, 3 * 2**20 + 5])
def test_a_bomb_inflates_to_the_page_behind_so_many_blanks(size_bytes: int) -> None:
    inflated = b" " * size_bytes + PLAIN
    bomb = answered(DecompressionBomb(every=1, size_bytes=size_bytes))
    assert (encoding(bomb), gzip.decompress(bomb.body) == inflated) == ("gzip", True)
    other = answered(DecompressionBomb(every=1, size_bytes=size_bytes, encoding="deflate"))
    assert (encoding(other), zlib.decompress(other.body) == inflated) == ("deflate", True)


def test_a_bomb_is_a_thousandth_of_what_it_becomes_and_strikes_when_said() -> None:
    asker = Asker(TEN, [DecompressionBomb(every=2, size_bytes=10_000_000)])
    assert asker.ask().body == PLAIN
    assert len(asker.ask().body) < 12_000


def test_a_page_can_come_in_an_object_and_an_object_instead_of_a_page() -> None:
    asker = Asker(TEN, [ObjectResponse(first=1)])
    assert orjson.loads(asker.ask().body) == {"repos": orjson.loads(PLAIN)}
    assert asker.ask().body == PLAIN
    assert answered(ObjectResponse(first=1, content="nothing")).body == b"{}"
    said = answered(ObjectResponse(first=1, content="error"))
    assert (said.status, orjson.loads(said.body)["error_code"]) == (200, "SVCSTG.SWR.5000008")
    assert answered(NoContentWhenEmpty(), ObjectResponse(every=1), query="limit=5&offset=10").body == b""
