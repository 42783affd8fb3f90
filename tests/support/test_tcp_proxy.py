"""The proxy forwards every byte, except on connections on which a fault triggers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import UsageError
from tests.support.emulator_fixture import crawl, inventory_keys, parts, published_keys, serve, snapshot_of
from tests.support.tcp_proxy import RunningProxy, proxy
from tests.support.wire_faults import (
    GARBAGE,
    CloseResponse,
    ConnectionEffects,
    EarlyResponse,
    Effect,
    End,
    FlipBit,
    Forward,
    GarbageResponse,
    NeverRead,
    Pause,
    RefuseConnections,
    RepeatResponse,
    Reply,
    ResetRequest,
    ResetResponse,
    StallResponse,
    Step,
    TrickleResponse,
    WireFault,
)
from tests.support.wire_proxy import wire_proxy

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz"
BODY_AT = RESPONSE.index(b"abc")

# --- what a fault does to the bytes, without a socket -------------------------------------------------


def forwarded(steps: list[Step]) -> bytes:
    return b"".join(step.data for step in steps if isinstance(step, Forward))


@st.composite
def pieces(draw: st.DrawFn, data: bytes = RESPONSE) -> list[bytes]:
    """Return `data` cut into pieces at any places."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


def steps_of(effects: ConnectionEffects, cut: list[bytes]) -> list[Step]:
    """Return all steps for a response in these pieces, up to the end of the connection."""
    steps: list[Step] = []
    for piece in cut:
        for step in effects.response(piece):
            steps.append(step)
            if isinstance(step, End):
                return steps
    return steps


@given(cut=pieces(), first=st.integers(0, 3))
def test_a_connection_without_a_fault_forwards_every_byte(cut: list[bytes], first: int) -> None:
    every = [
        kind(first=first, every=100)
        for kind in (ResetResponse, ResetRequest, TrickleResponse, FlipBit, GarbageResponse, EarlyResponse, NeverRead)
    ]
    effects = ConnectionEffects(every, number=first + 1)
    assert effects.opened() == []
    assert steps_of(effects, cut) == [Forward(piece) for piece in cut]
    assert [step for piece in cut for step in effects.request(piece)] == [Forward(piece) for piece in cut]


@pytest.mark.parametrize(
    ("kind", "end"), [(ResetResponse, End.RESET), (CloseResponse, End.CLOSE), (StallResponse, End.STALL)]
)
@given(cut=pieces(), after=st.integers(0, len(RESPONSE) - 1))
def test_a_response_is_cut_after_a_number_of_bytes_however_they_arrive(
    kind: Callable[..., WireFault], end: End, cut: list[bytes], after: int
) -> None:
    steps = steps_of(ConnectionEffects([kind(first=1, after_bytes=after)], 1), cut)
    assert (forwarded(steps), steps[-1]) == (RESPONSE[:after], end)


def test_a_request_is_cut_after_a_number_of_bytes_and_responses_are_not() -> None:
    effects = ConnectionEffects([ResetRequest(first=1, after_bytes=3)], 1)
    assert effects.response(b"abcdef") == [Forward(b"abcdef")]
    assert [*effects.request(b"ab"), *effects.request(b"cd")] == [Forward(b"ab"), Forward(b"c"), End.RESET]
    assert ConnectionEffects([ResetResponse(first=1)], 1).request(b"ab") == [Forward(b"ab")]


def test_a_trickle_pauses_after_every_few_bytes() -> None:
    steps = ConnectionEffects([TrickleResponse(first=1, size=2, every_ms=250)], 1).response(b"abc")
    assert steps == [Forward(b"ab"), Pause(0.25), Forward(b"c"), Pause(0.25)]


@given(cut=pieces(), seed=st.integers(0, 50))
def test_the_same_bit_of_the_body_is_flipped_every_time(cut: list[bytes], seed: int) -> None:
    fault = FlipBit(first=9, within=26, seed=seed)
    flipped = forwarded(steps_of(ConnectionEffects([fault], 1), cut))
    different = [(place, a ^ b) for place, (a, b) in enumerate(zip(RESPONSE, flipped, strict=True)) if a != b]
    assert len(different) == 1
    ((place, bits),) = different
    assert place >= BODY_AT
    assert bits.bit_count() == 1
    assert forwarded(ConnectionEffects([fault], 1).response(RESPONSE)) == flipped


def test_a_bit_beyond_the_body_flips_nothing() -> None:
    fault = FlipBit(first=9, within=10**9)
    assert forwarded(ConnectionEffects([fault], 1).response(RESPONSE)) == RESPONSE


@given(cut=pieces())
def test_a_response_is_repeated_when_it_is_complete(cut: list[bytes]) -> None:
    effects = ConnectionEffects([RepeatResponse(first=1, after_ms=20)], 1)
    assert forwarded(steps_of(effects, cut)) == RESPONSE * 2
    assert effects.request(b"GET") == [Forward(b"GET")]
    assert effects.response(RESPONSE) == [Forward(RESPONSE), Pause(0.02), Forward(RESPONSE)]


def test_a_late_response_is_repeated_when_the_next_request_starts() -> None:
    effects = ConnectionEffects([RepeatResponse(first=1, late=True)], 1)
    assert effects.request(b"GET") == [Forward(b"GET")]
    assert effects.response(RESPONSE) == [Forward(RESPONSE)]
    assert effects.request(b"GET") == [Reply(RESPONSE), Forward(b"GET")]


def test_an_early_response_leaves_the_rest_of_the_request_unread() -> None:
    early = EarlyResponse(first=1, after_bytes=3)
    effects = ConnectionEffects([early], 1)
    assert (effects.opened(), effects.request(b"ab")) == ([], [])
    reply, end = effects.request(b"cd")
    assert isinstance(reply, Reply)
    assert reply.data.endswith(b"[]")
    assert end is End.STALL
    before, end = ConnectionEffects([EarlyResponse(first=1)], 1).opened()
    assert (before, end) == (Forward(reply.data), End.STALL)


def test_kinds_of_garbage_are_sent_in_turn() -> None:
    fault = GarbageResponse(every=1)
    replies = [ConnectionEffects([fault], number).request(b"GET")[0] for number in range(1, len(GARBAGE) + 2)]
    assert replies == [Reply(make()) for make in (*GARBAGE.values(), GARBAGE["not-http"])]


def test_faults_apply_in_their_order() -> None:
    cut = ConnectionEffects([CloseResponse(first=1, after_bytes=3), TrickleResponse(first=1, size=2)], 1)
    assert cut.response(b"abcdef") == [Forward(b"ab"), Pause(0.1), Forward(b"c"), Pause(0.1), End.CLOSE]


def test_a_fault_triggers_on_the_same_connections_every_time() -> None:
    some = ResetResponse(rate=0.3, seed=4)
    triggered = [number for number in range(1, 1001) if some.triggers(number)]
    assert 250 < len(triggered) < 350
    assert triggered == [number for number in range(1, 1001) if ResetResponse(rate=0.3, seed=4).triggers(number)]
    assert triggered != [number for number in range(1, 1001) if ResetResponse(rate=0.3, seed=5).triggers(number)]
    assert [number for number in range(1, 10) if NeverRead(first=2, every=4).triggers(number)] == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (ResetResponse, "first, every or rate must be given"),
        (lambda: ResetResponse(first=-1), "first must be from 0"),
        (lambda: ResetResponse(rate=1.5), "rate must be from 0 to 1, not 1.5"),
        (lambda: TrickleResponse(first=1, size=0), "size must be from 1"),
        (lambda: GarbageResponse(first=1, kinds=("poetry",)), "kinds must be among not-http, .*, not poetry"),
    ],
)
def test_an_invalid_fault_is_refused_with_a_reason(make: Callable[[], WireFault], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        make()


def test_a_fault_of_the_listener_does_nothing_to_the_bytes() -> None:
    effects = ConnectionEffects([RefuseConnections(first=1)], 1)
    assert (effects.triggered, effects.opened()) == ((True,), [])
    assert (effects.request(b"a"), effects.response(b"b")) == ([Forward(b"a")], [Forward(b"b")])
    assert list(Effect().opened()) == []


# --- over sockets -------------------------------------------------------------------------------------


class Echo:
    """A server that sends back what it receives."""

    def __init__(self) -> None:
        self.received = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(2**16):
                self.received += len(data)
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def echoing(
    *faults: WireFault, call_later: Callable[[float, Callable[[], None]], object] | None = None
) -> AsyncIterator[tuple[RunningProxy, Echo]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    upstream = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, proxy(upstream, faults, call_later=call_later) as running:
        yield running, echo


async def echoed(running: RunningProxy, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(running.endpoint.rsplit(":", 1)[1]))
    try:
        writer.write(data)
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


@pytest.mark.anyio
async def test_megabytes_are_forwarded_in_both_directions_and_so_is_the_end() -> None:
    data = bytes(range(256)) * 40_000
    async with echoing() as (running, _):
        assert await echoed(running, data) == data
        assert await echoed(running, b"") == b""
    assert running.connections == 2


@pytest.mark.anyio
async def test_a_reset_arrives_as_a_reset_and_a_close_as_the_end() -> None:
    async with echoing(ResetResponse(first=1, after_bytes=3), CloseResponse(every=2, after_bytes=3)) as (running, _):
        with pytest.raises(ConnectionResetError):
            await echoed(running, b"abcdef")
        assert await echoed(running, b"abcdef") == b"abc"
        assert await echoed(running, b"abcdef") == b"abcdef"
    assert running.triggered == [1, 1]


@pytest.mark.anyio
async def test_pauses_use_the_given_clock() -> None:
    slept: list[float] = []

    def call_later(wait_s: float, callback: Callable[[], None]) -> object:
        slept.append(wait_s)
        return asyncio.get_running_loop().call_soon(callback)

    async with echoing(TrickleResponse(first=1, size=3, every_ms=60_000), call_later=call_later) as (running, _):
        assert await echoed(running, b"abcdefgh") == b"abcdefgh"
    assert slept == [60.0] * 3


@pytest.mark.anyio
async def test_bytes_that_are_never_read_never_arrive() -> None:
    async with echoing(NeverRead(first=1)) as (running, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(running.endpoint.rsplit(":", 1)[1]))
        writer.write(b"abc")
        assert await echoed(running, b"d") == b"d"
        assert echo.received == 1
        assert not reader.at_eof()
        writer.close()


@pytest.mark.anyio
async def test_connections_are_refused_for_a_while_and_then_accepted_on_the_same_port() -> None:
    postponed: list[Callable[[], None]] = []
    fault = RefuseConnections(first=1, for_ms=5)
    async with echoing(fault, call_later=lambda _, callback: postponed.append(callback)) as (running, _):
        assert await echoed(running, b"abc") == b"abc"
        with pytest.raises(ConnectionRefusedError):
            await echoed(running, b"abc")
        postponed.pop()()
        assert await echoed(running, b"abc") == b"abc"
    with pytest.raises(ConnectionRefusedError):
        await echoed(running, b"abc")


@pytest.mark.anyio
async def test_without_an_upstream_the_connection_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        unused = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with proxy(unused) as running:
        with suppress(OSError):
            assert await echoed(running, b"abc") == b""


# --- a crawl through it -------------------------------------------------------------------------------


@contextmanager
def faulty_proxy(*faults: WireFault) -> Iterator[str]:
    with (
        serve(synthetic(namespaces=4, repositories=400, seed=3)) as served,
        wire_proxy(served.endpoint, *faults) as wire,
    ):
        yield wire.endpoint


@pytest.mark.parametrize(
    "faults",
    [
        (ResetResponse(rate=0.3, after_bytes=20_000),),
        (CloseResponse(every=2, after_bytes=5_000), ResetRequest(every=5, after_bytes=40)),
        (GarbageResponse(every=2, kinds=("not-http", "bad-chunk-size", "nul-in-header", "huge-header")),),
        (RepeatResponse(every=1, late=True),),
        (RepeatResponse(every=2), ResetResponse(every=3, after_bytes=9_000)),
        (TrickleResponse(first=2, size=3000, every_ms=1),),
    ],
    ids=repr,
)
def test_a_crawl_through_a_faulty_proxy_publishes_every_record_once(
    faults: tuple[WireFault, ...], tmp_path: Path
) -> None:
    inventory = synthetic(namespaces=4, repositories=400, seed=3)
    with faulty_proxy(*faults) as endpoint:
        result = crawl(endpoint, tmp_path, limit=20)
    assert exit_code_of(result) == 0
    keys = published_keys(snapshot_of(result))
    assert len(keys) == len(set(keys))
    assert set(keys) == inventory_keys(inventory)
    assert parts(snapshot_of(result))
