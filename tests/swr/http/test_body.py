"""A body is read completely and within bounds, whatever its content encoding, or the response is an error."""

import asyncio
import gzip
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from crawler.errors import RefusedError, SizeRefusedError, TransientError
from crawler.swr.content_encoding import BodyTooLargeError, BrokenCodingError, decoded
from crawler.swr.http.buffer_budget import BufferBudget
from tests.support.wire_faults import FlipBit
from tests.swr.http.raw_server import (
    JSON_HEAD,
    REQUEST,
    client_behind,
    client_of,
    http_response,
    raw_server,
    response_from,
)

pytestmark = pytest.mark.anyio


def raw_deflate(body: bytes) -> bytes:
    return zlib.compress(body, wbits=-zlib.MAX_WBITS)


# --- content encodings


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        (b"gzip", gzip.compress),
        (b"GZIP", gzip.compress),
        (b"x-gzip", gzip.compress),
        (b"deflate", zlib.compress),
        (b"deflate", raw_deflate),
        (b"identity", bytes),
        (b"gzip", lambda body: gzip.compress(body[:1]) + gzip.compress(body[1:])),
    ],
)
async def test_a_compressed_body_is_decompressed(coding: bytes, compress: Callable[[bytes], bytes]) -> None:
    body = b"[" + b"1," * 900 + b"1]"
    response = http_response(compress(body), b"Content-Encoding: " + coding)
    assert (await response_from(response[:-20], response[-20:])).body == body


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("bound", [0.1, 1])
async def test_a_decompression_bomb_is_refused(compress: Callable[[bytes], bytes], bound: float) -> None:
    coding = b"gzip" if compress is gzip.compress else b"deflate"
    with pytest.raises(SizeRefusedError, match="larger than 10000 bytes"):
        await response_from(http_response(compress(bytes(int(bound * 5_000_000))), b"Content-Encoding: " + coding))


@pytest.mark.parametrize("missing", [1, 8, 9, 20])
async def test_a_truncated_gzip_may_be_retried_even_if_its_content_length_agrees(missing: int) -> None:
    with pytest.raises(TransientError, match="truncated"):
        await response_from(http_response(gzip.compress(bytes(range(256)))[:-missing], b"Content-Encoding: gzip"))


async def test_a_gzip_with_a_flipped_bit_never_becomes_another_body() -> None:
    body = b"[" + b"1," * 900 + b"1]"
    packed = gzip.compress(body, mtime=0)
    for place in range(len(packed)):
        damaged = packed[:place] + bytes([packed[place] ^ 4]) + packed[place + 1 :]
        with suppress(BrokenCodingError, BodyTooLargeError):
            assert decoded([damaged], "gzip", 10_000) == body


@pytest.mark.parametrize("coding", [b"br", b"zstd", b"gzip, gzip", b"\xff\x1b[31m"])
async def test_an_encoding_that_was_not_requested_is_refused(coding: bytes) -> None:
    with pytest.raises(RefusedError, match="content encoding that was not requested") as raised:
        await response_from(http_response(b"[]", b"Content-Encoding: " + coding))
    assert str(raised.value).isprintable()


async def test_an_error_response_in_an_encoding_that_was_not_requested_keeps_its_status_and_headers() -> None:
    throttled = http_response(b"[]", b"Retry-After: 7", b"Content-Encoding: br").replace(b"200 OK", b"429 Slow")
    refusal = await response_from(throttled)
    assert (refusal.status, refusal.headers["Retry-After"], refusal.body) == (429, "7", b"")


async def test_a_gzip_of_many_empty_members_is_an_error() -> None:
    with pytest.raises(TransientError, match="too many members"):
        await response_from(http_response(gzip.compress(b"") * 100, b"Content-Encoding: gzip"))


async def test_a_flipped_bit_in_a_plain_body_is_returned_for_the_decoder_to_find() -> None:
    async with client_behind(FlipBit(first=1, within=100)) as (client, _):
        damaged, right = await client.get(REQUEST), await client.get(REQUEST)
        assert len(damaged.body) == len(right.body)


# --- memory


async def test_bodies_that_exceed_the_budget_together_are_all_read() -> None:
    body = b"[" + b"1," * 2000 + b"1]"
    pieces = [http_response(body)[start : start + 500] for start in range(0, 5000, 500)]
    async with (
        raw_server(*pieces, close=False) as endpoint,
        client_of(endpoint, connections=8, timeout_s=60, budget=BufferBudget(shared_bytes=1000)) as client,
    ):
        responses = await asyncio.gather(*(client.get(REQUEST) for _ in range(16)))
    assert [response.body for response in responses] == [body] * 16


async def test_a_body_waits_for_the_budget_no_longer_than_the_timeout() -> None:
    budget = BufferBudget(shared_bytes=0)
    begun = http_response(b"[1]")[:-1]
    async with (
        raw_server(begun, close=False) as endpoint,
        client_of(endpoint, budget=budget, timeout_s=0.3) as stalled,
        client_of(endpoint, budget=budget, timeout_s=0.1) as waiting,
    ):
        errors = await asyncio.gather(stalled.get(REQUEST), waiting.get(REQUEST), return_exceptions=True)
        assert [str(error) for error in errors] == ["no response within the timeout"] * 2
        assert all(isinstance(error, TransientError) for error in errors)
    assert budget.reserve(object(), 1) is not None, "no body has the exemption any more"


async def test_the_budget_of_a_body_is_released_after_a_success_and_after_an_error() -> None:
    budget = BufferBudget(shared_bytes=5000)
    response = http_response(b"[" + b"1," * 2000 + b"1]")
    async with raw_server(response) as complete, raw_server(response[:-9]) as truncated:
        async with client_of(complete, budget=budget) as client:
            await client.get(REQUEST)
        async with client_of(truncated, budget=budget) as client:
            with pytest.raises(TransientError, match="truncated"):
                await client.get(REQUEST)
    assert budget.reserve(object(), 5000) == 5000


PEAK_MEMORY = """
import asyncio, re, sys
from pathlib import Path
from crawler.crawl import run  # for the memory that a crawl takes without any response
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.http.client import connect
from crawler.swr.http.rate_limiter import LocalRateLimiter
from crawler.swr.request import ListRequest
from crawler.crawl.system_clock import SystemClock
from crawler.errors import SizeRefusedError

async def main():
    rate_limiter = LocalRateLimiter(None, SystemClock())
    async with connect(sys.argv[1], rate_limiter, connections=8, timeout_s=60, max_body_bytes=2**26) as client:
        client.credentials = TokenCredentials("t")
        requests = (client.get(ListRequest("self", None, 0, 10, None)) for _ in range(8))
        ends = await asyncio.gather(*requests, return_exceptions=True)
        assert all(isinstance(end, SizeRefusedError) for end in ends), ends

asyncio.run(main())
print(re.search("VmHWM: *([0-9]+) kB", Path("/proc/self/status").read_text().replace("\\t", " "))[1])
"""


def bomb() -> bytes:
    """Return a gzip of a gigabyte of zeros: a block that ends in a full flush may be repeated."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = compressor.compress(bytes(2**20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * 1024 + b"\x03\x00" + bytes(8)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak of a process without its parent's")
@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([http_response(bomb(), b"Content-Encoding: gzip")], id="bombs"),
        pytest.param([JSON_HEAD + b"\r\n", *[bytes(2**20)] * 70], id="no-end"),
    ],
)
async def test_eight_concurrent_bodies_of_a_gigabyte_take_less_than_150_mb(pieces: list[bytes]) -> None:
    async with raw_server(*pieces) as endpoint:
        command = (sys.executable, "-c", PEAK_MEMORY, endpoint)
        child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        peak_kib, _ = await child.communicate()
    assert child.returncode == 0
    assert int(peak_kib) < 140 * 1024
