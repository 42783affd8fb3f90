"""Whatever comes over the wire ends as an answer or as an error with words for people, and costs little."""

import asyncio
import gzip
import logging
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

import anyio
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.crawl.system_clock import SystemClock
from crawler.emulator.server import EmulatorSettings, emulator
from crawler.errors import RefusedError, SizeRefusedError, TransientError
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.content_encoding import BodyTooLargeError, BrokenCodingError, decoded
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.swr.http.client import Client, connect
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.swr.request import ListRequest
from crawler.swr.response import Response
from tests.emulator.client import numbered
from tests.support.tcp_proxy import RunningProxy, proxy
from tests.support.wire_faults import (
    GARBAGE,
    CloseResponse,
    EarlyResponse,
    FlipBit,
    GarbageResponse,
    NeverRead,
    RepeatResponse,
    ResetRequest,
    ResetResponse,
    StallResponse,
    TrickleResponse,
    WireFault,
)

pytestmark = pytest.mark.anyio
QUERY = ListRequest("self", None, 0, 10, None)
BODY_BYTES = 10_000
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def asking(
    endpoint: str, *, connections: int = 1, timeout_s: float = 5.0, allowance: BufferBudget | None = None
) -> AsyncIterator[Client]:
    pace = RateLimiter(None, SystemClock())
    bounds = {"connections": connections, "max_body_bytes": BODY_BYTES}
    async with connect(endpoint, pace, timeout_s=timeout_s, buffer_budget=allowance, **bounds) as client:
        client.credentials = TokenCredentials("emulator-token")
        yield client


@asynccontextmanager
async def behind(*faults: WireFault, timeout_s: float = 5.0) -> AsyncIterator[tuple[Client, RunningProxy]]:
    """A client of an emulator with forty items, which it sees through a proxy."""
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(emulator(EmulatorSettings(inventory=numbered(40))))
        loop = asyncio.get_running_loop()
        wire = await stack.enter_async_context(
            proxy(served.endpoint, faults, call_later=lambda _, do: loop.call_soon(do))
        )
        yield await stack.enter_async_context(asking(wire.endpoint, timeout_s=timeout_s)), wire


@asynccontextmanager
async def telling(*pieces: bytes, close: bool = True) -> AsyncIterator[str]:
    """A server that answers each request with these pieces, each in a packet of its own."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    for _ in range(3):  # the client reads it before the next one comes
                        await asyncio.sleep(0)
                if close:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass  # the loop's end; streams of Python 3.11 complain of it
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(*pieces: bytes, close: bool = True, timeout_s: float = 5.0) -> Response:
    async with telling(*pieces, close=close) as endpoint, asking(endpoint, timeout_s=timeout_s) as client:
        return await client.get(QUERY)


def answer(body: bytes, *headers: bytes) -> bytes:
    return JSON + b"".join(b"%s\r\n" % one for one in (*headers, b"Content-Length: %d" % len(body))) + b"\r\n" + body


@pytest.fixture(autouse=True)
def _nothing_is_complained_of(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING):
        yield
    assert not caplog.records


def names(answer: Response) -> list[str]:
    return [item["name"] for item in orjson.loads(answer.body)]


def window(offset: int) -> list[str]:
    return [f"a{number:04}" for number in range(offset, offset + 10)]


# --- what is no answer ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(GARBAGE.keys() - {"many-interims", "upgrade"}))
async def test_garbage_is_an_error_at_once_and_the_next_request_is_answered(kind: str) -> None:
    async with behind(GarbageResponse(first=1, kinds=(kind,)), timeout_s=60) as (client, _):
        with pytest.raises(TransientError, match="the answer is no HTTP"):
            await client.get(QUERY)
        assert names(await client.get(QUERY)) == window(0)


async def test_interim_answers_without_end_are_no_answer() -> None:
    async with behind(GarbageResponse(first=1, kinds=("many-interims",)), timeout_s=0.5) as (client, _):
        with pytest.raises(TransientError, match="no answer within the timeout"):
            await client.get(QUERY)
        assert names(await client.get(QUERY)) == window(0)


async def test_another_protocol_is_not_spoken() -> None:
    async with behind(GarbageResponse(first=1, kinds=("upgrade",))) as (client, _):
        answer = await client.get(QUERY)
        assert (answer.status, answer.body) == (101, b"")
        assert names(await client.get(QUERY)) == window(0)


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", b"xyz\r\n"], id="size-that-is-none"),
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n", b"9" * 100_000], id="size-without-end"),
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n", b"a: b\r\n" * 999], id="trailers"),
        pytest.param([b"Transfer-Encoding: chunked\r\n\r\n2\r\n[", b"]]]]\r\n"], id="chunk-that-goes-on"),
    ],
)
async def test_a_body_that_goes_wrong_later_is_an_error_at_once(pieces: list[bytes]) -> None:
    with pytest.raises(TransientError, match=r"broke|no HTTP"):
        await asked(JSON + pieces[0], *pieces[1:], close=False, timeout_s=60)


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
async def test_a_connection_that_ends_early_may_be_asked_again(fault: WireFault) -> None:
    async with behind(fault, timeout_s=60) as (client, wire):
        with pytest.raises(TransientError, match=r"broke|closed without an answer"):
            await client.get(QUERY)
        assert wire.connections == 1
        assert names(await client.get(QUERY)) == window(0)


@pytest.mark.parametrize(
    "fault",
    [StallResponse(first=1), StallResponse(first=1, after_bytes=600), NeverRead(first=1)],
    ids=repr,
)
async def test_a_connection_that_stands_still_ends_with_the_timeout(fault: WireFault) -> None:
    async with behind(fault, timeout_s=0.2) as (client, _):
        with pytest.raises(TransientError, match="no answer within the timeout"):
            await client.get(QUERY)
        assert names(await client.get(QUERY)) == window(0)


async def test_an_answer_a_byte_at_a_time_is_the_same_answer() -> None:
    async with behind(TrickleResponse(first=1)) as (client, _):
        assert names(await client.get(QUERY)) == window(0)


async def test_a_trickle_ends_with_the_timeout_though_something_comes_all_the_time() -> None:
    endless = [b"1,"] * 1_000_000
    with pytest.raises(TransientError, match="no answer within the timeout"):
        await asked(JSON + b"Content-Length: 9000\r\n\r\n[", *endless[:3000], close=False, timeout_s=0.2)


async def test_nobody_listening_may_be_asked_again() -> None:
    async with behind() as (client, wire):
        wire.refuse()
        with pytest.raises(TransientError, match="no connection"):
            await client.get(QUERY)
        wire.listen()
        assert names(await client.get(QUERY)) == window(0)


# --- whose answer it is -----------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
async def test_an_answer_that_comes_twice_is_never_taken_for_the_answer_to_another_request(late: bool) -> None:  # noqa: FBT001 - pytest's
    taken = 0
    async with behind(RepeatResponse(every=1, late=late)) as (client, _):
        for offset in (0, 10, 20, 30, 20, 10, 0):
            with suppress(TransientError):
                answer = await client.get(ListRequest("self", None, offset, 10, None))
                assert names(answer) == window(offset)
                taken += 1
    assert taken == 6 + (not late)


async def test_an_unasked_for_answer_costs_the_connection_and_no_request() -> None:
    async with behind(RepeatResponse(every=1, after_ms=1)) as (client, wire):
        await client.get(QUERY)
        await anyio.wait_all_tasks_blocked()
        assert names(await client.get(ListRequest("self", None, 10, 10, None))) == window(10)
    assert wire.connections == 2


@pytest.mark.parametrize("patience", [0, 1, 2, 3, 10])
async def test_what_came_unasked_is_no_answer_whether_it_was_read_or_is_on_its_way_to_us(patience: int) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer(b"[1]"))
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server, asking(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as client:
        assert (await client.get(QUERY)).body == b"[1]"
        writers[0].write(answer(b"[2]"))
        for _ in range(patience):
            await asyncio.sleep(0)
        assert (await client.get(QUERY)).body == b"[1]"
    assert len(writers) == 2


async def test_a_service_whose_header_counts_otherwise_is_believed_after_one_more_connection() -> None:
    async with telling(answer(b"[]", b"Content-Range: 0-10/40"), close=False) as endpoint, asking(endpoint) as client:
        assert (await client.get(QUERY)).body == b"[]"
        with pytest.raises(TransientError, match="for offset 0, not 10"):
            await client.get(ListRequest("self", None, 10, 10, None))
        for offset in (10, 20, 30):
            assert (await client.get(ListRequest("self", None, offset, 10, None))).body == b"[]"


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_an_answer_before_the_request_was_sent_whole_costs_the_connection() -> None:
    async with behind(EarlyResponse(first=1, after_bytes=1000)) as (client, wire):
        answer = await client.send("POST", f"{wire.endpoint}/v3/auth/tokens", {}, bytes(20_000_000))
        assert answer.body == b"[]"
        assert names(await client.get(QUERY)) == window(0)
    assert wire.connections == 2


@pytest.mark.parametrize("more", [b"]", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3"])
async def test_what_follows_an_answer_is_not_taken_for_the_next(more: bytes) -> None:
    async with telling(answer(b"[]") + more, close=False) as endpoint, asking(endpoint) as client:
        for _ in range(3):
            with suppress(TransientError):
                assert (await client.get(QUERY)).body == b"[]"


# --- redirects --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
async def test_nothing_is_sent_where_a_redirect_points(status: int) -> None:
    async with behind() as (_, elsewhere):
        head = b"HTTP/1.1 %d Moved\r\nLocation: %s/x\r\n" % (status, elsewhere.endpoint.encode())
        with pytest.raises(RefusedError, match="redirects are not followed"):
            await asked(head + b"Content-Length: 0\r\n\r\n")
        assert elsewhere.connections == 0


# --- codings ----------------------------------------------------------------------------------------


def raw_deflate(body: bytes) -> bytes:
    return zlib.compress(body, wbits=-zlib.MAX_WBITS)


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
async def test_a_compressed_body_is_read_as_the_body_it_was(coding: bytes, compress: Callable[[bytes], bytes]) -> None:
    body = b"[" + b"1," * 900 + b"1]"
    whole = answer(compress(body), b"Content-Encoding: " + coding)
    assert (await asked(whole[:-20], whole[-20:])).body == body


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("most", [0.1, 1])
async def test_a_bomb_is_refused(compress: Callable[[bytes], bytes], most: float) -> None:
    coding = b"gzip" if compress is gzip.compress else b"deflate"
    with pytest.raises(SizeRefusedError, match="larger than 10000 bytes"):
        await asked(answer(compress(bytes(int(most * 5_000_000))), b"Content-Encoding: " + coding))


@pytest.mark.parametrize("cut", [1, 8, 9, 20])
async def test_a_cut_gzip_may_be_asked_again_though_its_length_agrees(cut: int) -> None:
    with pytest.raises(TransientError, match="broke off"):
        await asked(answer(gzip.compress(bytes(range(256)))[:-cut], b"Content-Encoding: gzip"))


async def test_a_gzip_with_another_bit_never_gives_another_body() -> None:
    body = b"[" + b"1," * 900 + b"1]"
    packed = gzip.compress(body, mtime=0)
    for place in range(len(packed)):
        damaged = packed[:place] + bytes([packed[place] ^ 4]) + packed[place + 1 :]
        with suppress(BrokenCodingError, BodyTooLargeError):
            assert decoded([damaged], "gzip", 10_000) == body


@pytest.mark.parametrize("coding", [b"br", b"zstd", b"gzip, gzip", b"\xff\x1b[31m"])
async def test_a_coding_nobody_asked_for_is_refused(coding: bytes) -> None:
    with pytest.raises(RefusedError, match="in a coding that was not asked for") as raised:
        await asked(answer(b"[]", b"Content-Encoding: " + coding))
    assert str(raised.value).isprintable()


async def test_a_refusal_in_a_coding_nobody_asked_for_is_still_that_refusal() -> None:
    throttled = answer(b"[]", b"Retry-After: 7", b"Content-Encoding: br").replace(b"200 OK", b"429 Slow")
    refusal = await asked(throttled)
    assert (refusal.status, refusal.headers["Retry-After"], refusal.body) == (429, "7", b"")


@given(
    body=st.binary(max_size=2000), most=st.integers(0, 2000), coding=st.sampled_from(["identity", "gzip", "deflate"])
)
def test_a_body_is_given_whole_or_not_at_all(body: bytes, most: int, coding: str) -> None:
    packed = {"identity": body, "gzip": gzip.compress(body), "deflate": zlib.compress(body)}[coding]
    pieces = [packed[start : start + 7] for start in range(0, len(packed), 7)]
    if len(body) <= most:
        assert decoded(pieces, coding, most) == body
    else:
        with pytest.raises(BodyTooLargeError):
            decoded(pieces, coding, most)


def test_what_has_not_come_out_of_the_inflater_yet_belongs_to_the_body() -> None:
    body = bytes(2**20 + 100)  # the last match begins in one step of a MiB and ends in the next, all its bits read
    assert decoded([raw_deflate(body)], "deflate", 2**21) == body


async def test_a_gzip_of_nothing_but_members_is_an_error() -> None:
    with pytest.raises(TransientError, match="too many members"):
        await asked(answer(gzip.compress(b"") * 100, b"Content-Encoding: gzip"))


async def test_a_flipped_bit_in_plain_text_is_the_walks_business() -> None:
    async with behind(FlipBit(first=1, within=100)) as (client, _):
        spoilt, right = await client.get(QUERY), await client.get(QUERY)
        assert len(spoilt.body) == len(right.body)


# --- what it costs ----------------------------------------------------------------------------------


async def test_bodies_for_which_there_is_no_room_together_are_all_read() -> None:
    body = b"[" + b"1," * 2000 + b"1]"
    pieces = [answer(body)[start : start + 500] for start in range(0, 5000, 500)]
    async with (
        telling(*pieces, close=False) as endpoint,
        asking(endpoint, connections=8, timeout_s=60, allowance=BufferBudget(shared_bytes=1000)) as client,
    ):
        answers = await asyncio.gather(*(client.get(QUERY) for _ in range(16)))
    assert [answer.body for answer in answers] == [body] * 16


async def test_a_body_that_waits_for_room_waits_no_longer_than_the_timeout() -> None:
    allowance = BufferBudget(shared_bytes=0)
    begun = answer(b"[1]")[:-1]
    async with (
        telling(begun, close=False) as endpoint,
        asking(endpoint, allowance=allowance, timeout_s=0.3) as stalled,
        asking(endpoint, allowance=allowance, timeout_s=0.1) as waiting,
    ):
        errors = await asyncio.gather(stalled.get(QUERY), waiting.get(QUERY), return_exceptions=True)
        assert [str(error) for error in errors] == ["no answer within the timeout"] * 2
        assert all(isinstance(error, TransientError) for error in errors)
    assert allowance.reserve(object(), 1) is not None, "nobody is alone any more"


async def test_what_a_body_held_of_the_room_is_given_back() -> None:
    allowance = BufferBudget(shared_bytes=5000)
    begun = answer(b"[" + b"1," * 2000 + b"1]")
    async with telling(begun) as whole, telling(begun[:-9]) as cut:
        async with asking(whole, allowance=allowance) as client:
            await client.get(QUERY)
        async with asking(cut, allowance=allowance) as client:
            with pytest.raises(TransientError, match="broke off"):
                await client.get(QUERY)
    assert allowance.reserve(object(), 5000) == 5000


COST = """
import asyncio, re, sys
from pathlib import Path
from crawler.crawl import run  # a crawl's own weight
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.http.client import connect
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.swr.request import ListRequest
from crawler.crawl.system_clock import SystemClock
from crawler.errors import SizeRefusedError

async def main():
    pace = RateLimiter(None, SystemClock())
    async with connect(sys.argv[1], pace, connections=8, timeout_s=60, max_body_bytes=2**26) as client:
        client.credentials = TokenCredentials("t")
        asked = (client.get(ListRequest("self", None, 0, 10, None)) for _ in range(8))
        ends = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(end, SizeRefusedError) for end in ends), ends

asyncio.run(main())
print(re.search("VmHWM: *([0-9]+) kB", Path("/proc/self/status").read_text().replace("\\t", " "))[1])
"""


def bomb() -> bytes:
    """A gigabyte of zeros: a block that ends in a full flush may be said again and again."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = compressor.compress(bytes(2**20)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * 1024 + b"\x03\x00" + bytes(8)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak of a process without its parent's")
@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([answer(bomb(), b"Content-Encoding: gzip")], id="bombs"),
        pytest.param([JSON + b"\r\n", *[bytes(2**20)] * 70], id="no-end"),
    ],
)
async def test_eight_bodies_of_a_gigabyte_at_once_cost_less_than_150_mb(pieces: list[bytes]) -> None:
    async with telling(*pieces) as endpoint:
        command = (sys.executable, "-c", COST, endpoint)
        child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        peak_kib, _ = await child.communicate()
    assert child.returncode == 0
    assert int(peak_kib) < 140 * 1024


# --- any bytes at all -------------------------------------------------------------------------------

HEADS = st.sampled_from(
    [
        JSON + b"Content-Length: 20\r\n\r\n",
        JSON + b"Transfer-Encoding: chunked\r\n\r\n",
        JSON + b"Content-Encoding: gzip\r\nContent-Length: 30\r\n\r\n",
        JSON + b"Content-Encoding: deflate\r\n\r\n",
        JSON + b"Set-Cookie: a=b;;=; expires=never\r\nLocation: //[\r\nContent-Type: ;=\r\nContent-Length: 3\r\n\r\n",
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


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=HEADS, parts=st.lists(PARTS, max_size=5))
def test_random_bytes_are_an_answer_or_an_error_for_people(head: bytes, parts: list[bytes]) -> None:
    async def ask() -> None:
        with suppress(TransientError, RefusedError):
            assert len((await asked(head, *parts, timeout_s=30)).body) <= BODY_BYTES

    asyncio.run(ask())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=300),
    coding=st.sampled_from(["", "gzip", "deflate"]),
    chunks=st.lists(st.integers(1, 50), max_size=8),
    splits=st.lists(st.integers(0, 500), max_size=8),
)
def test_an_answer_is_the_same_however_it_is_cut_into_chunks_and_packets(
    body: bytes, coding: str, chunks: list[int], splits: list[int]
) -> None:
    codings: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}
    packed = codings[coding](body)
    raw = JSON + (f"Content-Encoding: {coding}\r\n".encode() if coding else b"")
    raw += b"Transfer-Encoding: chunked\r\n\r\n" + chunked(packed, chunks)
    places = [0, *sorted(min(split, len(raw)) for split in splits), len(raw)]
    pieces = [raw[start:end] for start, end in pairwise(places)]
    assert asyncio.run(asked(*pieces, close=False)).body == body


def chunked(body: bytes, sizes: list[int]) -> bytes:
    out = b""
    for size in [*sizes, len(body)]:
        chunk, body = body[:size], body[size:]
        out += b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunk else b""
    return out + b"0\r\n\r\n"
