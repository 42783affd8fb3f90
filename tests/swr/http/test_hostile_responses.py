"""Any bytes from the network end as a response or as an error with a readable message, within the timeout."""

import asyncio
import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.errors import RefusedError, TransientError
from tests.support.examples import examples
from tests.support.wire_faults import (
    GARBAGE,
    CloseResponse,
    GarbageResponse,
    NeverRead,
    ResetRequest,
    ResetResponse,
    StallResponse,
    TrickleResponse,
    WireFault,
)
from tests.swr.http.raw_server import JSON_HEAD, MAX_BODY_BYTES, REQUEST, client_behind, names, response_from, window

pytestmark = pytest.mark.anyio


# --- bytes that are not a response


@pytest.mark.parametrize("kind", sorted(GARBAGE.keys() - {"many-interims", "upgrade"}))
async def test_garbage_is_an_error_at_once_and_the_next_request_succeeds(kind: str) -> None:
    async with client_behind(GarbageResponse(first=1, kinds=(kind,)), timeout_s=60) as (client, _):
        with pytest.raises(TransientError, match=r"the response is not valid HTTP|too large ones"):
            await client.get(REQUEST)
        assert names(await client.get(REQUEST)) == window(0)


async def test_endless_interim_responses_end_with_the_timeout() -> None:
    async with client_behind(GarbageResponse(first=1, kinds=("many-interims",)), timeout_s=0.5) as (client, _):
        with pytest.raises(TransientError, match="no response within the timeout"):
            await client.get(REQUEST)
        assert names(await client.get(REQUEST)) == window(0)


async def test_an_upgrade_to_another_protocol_is_a_response_without_a_body() -> None:
    async with client_behind(GarbageResponse(first=1, kinds=("upgrade",))) as (client, _):
        response = await client.get(REQUEST)
        assert (response.status, response.body) == (101, b"")
        assert names(await client.get(REQUEST)) == window(0)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", b"xyz\r\n"], id="size-not-a-number"),
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", b"9" * 100_000], id="size-without-end"),
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n", b"a: b\r\n" * 9999], id="trailers"),
        pytest.param(
            [b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n", *[b"a: " + b"b" * 60_000 + b"\r\n"] * 9],
            id="large-trailers",
        ),
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n2\r\n[", b"]]]]\r\n"], id="chunk-too-long"),
    ],
)
async def test_a_malformed_chunk_is_an_error_at_once(pieces: list[bytes]) -> None:
    with pytest.raises(TransientError, match=r"truncated|failed|not valid HTTP"):
        await response_from(JSON_HEAD + pieces[0], *pieces[1:], close=False, timeout_s=60)


@pytest.mark.parametrize(
    "fault",
    [
        ResetResponse(first=1),
        ResetResponse(first=1, after_bytes=100),
        ResetResponse(first=1, after_bytes=600),
        ResetRequest(first=1, after_bytes=10),
        CloseResponse(first=1),
        CloseResponse(first=1, after_bytes=100),
        CloseResponse(first=1, after_bytes=600),
    ],
    ids=repr,
)
async def test_a_request_whose_connection_ends_early_may_be_retried(fault: WireFault) -> None:
    async with client_behind(fault, timeout_s=60) as (client, wire):
        with pytest.raises(TransientError, match=r"truncated|failed|closed before a response"):
            await client.get(REQUEST)
        assert wire.connections == 1
        assert names(await client.get(REQUEST)) == window(0)


@pytest.mark.parametrize(
    "fault",
    [StallResponse(first=1), StallResponse(first=1, after_bytes=600), NeverRead(first=1)],
    ids=repr,
)
async def test_a_stalled_connection_ends_with_the_timeout(fault: WireFault) -> None:
    async with client_behind(fault, timeout_s=0.2) as (client, _):
        with pytest.raises(TransientError, match="no response within the timeout"):
            await client.get(REQUEST)
        assert names(await client.get(REQUEST)) == window(0)


async def test_a_response_that_arrives_byte_by_byte_is_the_same_response() -> None:
    async with client_behind(TrickleResponse(first=1)) as (client, _):
        assert names(await client.get(REQUEST)) == window(0)


async def test_a_response_that_trickles_ends_with_the_timeout() -> None:
    endless = [b"1,"] * 1_000_000
    with pytest.raises(TransientError, match="no response within the timeout"):
        await response_from(JSON_HEAD + b"Content-Length: 9000\r\n\r\n[", *endless[:3000], close=False, timeout_s=0.2)


async def test_a_request_to_a_closed_port_may_be_retried() -> None:
    async with client_behind() as (client, wire):
        wire.refuse()
        with pytest.raises(TransientError, match="cannot connect"):
            await client.get(REQUEST)
        wire.listen()
        assert names(await client.get(REQUEST)) == window(0)


# --- heads


def head_of(*values: int) -> bytes:
    """Return the head of an empty list with headers of these sizes."""
    return JSON_HEAD + b"".join(b"X-%d: %b\r\n" % (at, b"x" * size) for at, size in enumerate(values))


@pytest.mark.parametrize("sizes", [(9_000,), (64_000,), (100,) * 150, (0,) * 990, (25_000,) * 10], ids=len)
async def test_a_large_head_is_read_like_a_small_one(sizes: tuple[int, ...]) -> None:
    response = await response_from(head_of(*sizes) + b"Content-Length: 2\r\n\r\n[]")
    assert (response.status, response.body, len(response.headers["X-0"])) == (200, b"[]", sizes[0])


@pytest.mark.parametrize("sizes", [(70_000,), (0,) * 1001, (60_000,) * 10], ids=len)
async def test_a_head_beyond_the_bounds_is_named_as_what_it_is(sizes: tuple[int, ...]) -> None:
    with pytest.raises(TransientError, match="too many headers, or too large ones"):
        await response_from(head_of(*sizes) + b"Content-Length: 2\r\n\r\n[]", timeout_s=60)


@pytest.mark.parametrize("lines", [b"X-A: b\r\n" * 999, b"HTTP/1.1 100 Continue\r\n\r\nX" + b"y" * 10_000])
async def test_a_head_without_an_end_takes_bounded_memory_and_ends_at_once(lines: bytes) -> None:
    with pytest.raises(TransientError, match=r"too many headers|not valid HTTP"):
        await response_from(JSON_HEAD, *[lines] * 1000, close=False, timeout_s=60)


@pytest.mark.parametrize("added", [b"Content-Encoding: utf-8\r\n" * 2, b"Content-Encoding: none\r\n"])
async def test_a_coding_that_is_none_is_read_as_it_is(added: bytes) -> None:
    assert (await response_from(JSON_HEAD + added + b"Content-Length: 2\r\n\r\n[]")).body == b"[]"


# --- redirects


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
async def test_nothing_is_sent_to_the_target_of_a_redirect(status: int) -> None:
    async with client_behind() as (_, elsewhere):
        head = b"HTTP/1.1 %d Moved\r\nLocation: %s/x\r\n" % (status, elsewhere.endpoint.encode())
        with pytest.raises(RefusedError, match="redirects are not followed"):
            await response_from(head + b"Content-Length: 0\r\n\r\n")
        assert elsewhere.connections == 0


# --- any bytes at all

HEADS = st.sampled_from(
    [
        JSON_HEAD + b"Content-Length: 20\r\n\r\n",
        JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
        JSON_HEAD + b"Content-Encoding: gzip\r\nContent-Length: 30\r\n\r\n",
        JSON_HEAD + b"Content-Encoding: deflate\r\n\r\n",
        JSON_HEAD
        + b"Set-Cookie: a=b;;=; expires=never\r\nLocation: //[\r\nContent-Type: ;=\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 ",
        b"HTTP/1.0 200\r\n",
        b"HTTP/1.1 204 \r\n",
        b"HTTP/1.1 100 \r\n\r\n",
        b"",
    ]
)
PARTS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"\r\n", b"\n", b"\0", b": ", b"0\r\n\r\n", b"5\r\n[1,2]\r\n", b"\x1f\x8b\x08", b"HTTP/1.1 200 OK\r\n"]
    ),
)


@settings(max_examples=examples(quick=20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=HEADS, parts=st.lists(PARTS, max_size=5))
def test_random_bytes_are_a_response_or_an_error(head: bytes, parts: list[bytes]) -> None:
    async def get() -> None:
        with suppress(TransientError, RefusedError):
            assert len((await response_from(head, *parts, timeout_s=30)).body) <= MAX_BODY_BYTES

    asyncio.run(get())


@settings(max_examples=examples(quick=10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=300),
    coding=st.sampled_from(["", "gzip", "deflate"]),
    chunks=st.lists(st.integers(1, 50), max_size=8),
    splits=st.lists(st.integers(0, 500), max_size=8),
)
def test_a_response_is_the_same_however_it_is_split_into_chunks_and_packets(
    body: bytes, coding: str, chunks: list[int], splits: list[int]
) -> None:
    codings: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}
    packed = codings[coding](body)
    raw = JSON_HEAD + (f"Content-Encoding: {coding}\r\n".encode() if coding else b"")
    raw += b"Transfer-Encoding: chunked\r\n\r\n" + chunked(packed, chunks)
    places = [0, *sorted(min(split, len(raw)) for split in splits), len(raw)]
    pieces = [raw[start:end] for start, end in pairwise(places)]
    assert asyncio.run(response_from(*pieces, close=False)).body == body


def chunked(body: bytes, sizes: list[int]) -> bytes:
    out = b""
    for size in [*sizes, len(body)]:
        chunk, body = body[:size], body[size:]
        out += b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunk else b""
    return out + b"0\r\n\r\n"
