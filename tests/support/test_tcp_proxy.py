"""The proxy passes every byte on, but for those connections that a fault strikes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.emulator.inventory.ndjson import synthetic
from crawler.errors import UsageError
from tests.support.emulator_fixture import crawl, inventory_keys, parts, published_keys, serve, snapshot_of
from tests.support.tcp_proxy import RunningProxy, proxy
from tests.support.wire_faults import (
    GARBAGE,
    CloseAnswer,
    EarlyAnswer,
    Effect,
    End,
    FlipBit,
    GarbageAnswer,
    NeverRead,
    Pass,
    Passage,
    Pause,
    RefuseConnections,
    RepeatAnswer,
    Reply,
    ResetAnswer,
    ResetRequest,
    StallAnswer,
    Step,
    TrickleAnswer,
    WireFault,
)
from tests.support.wire_proxy import wired

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\nabcdefghijklmnopqrstuvwxyz"
BODY_AT = ANSWER.index(b"abc")

# --- what a fault does to the bytes, without a socket -------------------------------------------------


def passed(steps: list[Step]) -> bytes:
    return b"".join(step.data for step in steps if isinstance(step, Pass))


@st.composite
def pieces(draw: st.DrawFn, data: bytes = ANSWER) -> list[bytes]:
    """`data`, cut anywhere."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=6)))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


def answered(passage: Passage, cut: list[bytes]) -> list[Step]:
    """All steps for an answer in these pieces, up to the end of the connection."""
    steps: list[Step] = []
    for piece in cut:
        for step in passage.answer(piece):
            steps.append(step)
            if isinstance(step, End):
                return steps
    return steps


@given(cut=pieces(), first=st.integers(0, 3))
def test_a_connection_that_is_not_struck_says_what_was_said(cut: list[bytes], first: int) -> None:
    every = [
        kind(first=first, every=100)
        for kind in (ResetAnswer, ResetRequest, TrickleAnswer, FlipBit, GarbageAnswer, EarlyAnswer, NeverRead)
    ]
    passage = Passage(every, number=first + 1)
    assert passage.opened() == []
    assert answered(passage, cut) == [Pass(piece) for piece in cut]
    assert [step for piece in cut for step in passage.request(piece)] == [Pass(piece) for piece in cut]


@pytest.mark.parametrize(
    ("kind", "end"), [(ResetAnswer, End.RESET), (CloseAnswer, End.CLOSE), (StallAnswer, End.STALL)]
)
@given(cut=pieces(), after=st.integers(0, len(ANSWER) - 1))
def test_an_answer_ends_after_so_many_bytes_however_they_come(
    kind: Callable[..., WireFault], end: End, cut: list[bytes], after: int
) -> None:
    steps = answered(Passage([kind(first=1, after_bytes=after)], 1), cut)
    assert (passed(steps), steps[-1]) == (ANSWER[:after], end)


def test_a_request_ends_after_so_many_bytes_and_answers_do_not() -> None:
    passage = Passage([ResetRequest(first=1, after_bytes=3)], 1)
    assert passage.answer(b"abcdef") == [Pass(b"abcdef")]
    assert [*passage.request(b"ab"), *passage.request(b"cd")] == [Pass(b"ab"), Pass(b"c"), End.RESET]
    assert Passage([ResetAnswer(first=1)], 1).request(b"ab") == [Pass(b"ab")]


def test_a_trickle_pauses_after_every_few_bytes() -> None:
    steps = Passage([TrickleAnswer(first=1, size=2, every_ms=250)], 1).answer(b"abc")
    assert steps == [Pass(b"ab"), Pause(0.25), Pass(b"c"), Pause(0.25)]


@given(cut=pieces(), seed=st.integers(0, 50))
def test_one_bit_of_the_body_is_another_and_always_the_same(cut: list[bytes], seed: int) -> None:
    fault = FlipBit(first=9, within=26, seed=seed)
    flipped = passed(answered(Passage([fault], 1), cut))
    different = [(place, a ^ b) for place, (a, b) in enumerate(zip(ANSWER, flipped, strict=True)) if a != b]
    assert len(different) == 1
    ((place, bits),) = different
    assert place >= BODY_AT
    assert bits.bit_count() == 1
    assert passed(Passage([fault], 1).answer(ANSWER)) == flipped


def test_a_bit_beyond_a_body_is_nobodys() -> None:
    fault = FlipBit(first=9, within=10**9)
    assert passed(Passage([fault], 1).answer(ANSWER)) == ANSWER


@given(cut=pieces())
def test_an_answer_comes_again_when_it_has_come_whole(cut: list[bytes]) -> None:
    passage = Passage([RepeatAnswer(first=1, after_ms=20)], 1)
    assert passed(answered(passage, cut)) == ANSWER * 2
    assert passage.request(b"GET") == [Pass(b"GET")]
    assert passage.answer(ANSWER) == [Pass(ANSWER), Pause(0.02), Pass(ANSWER)]


def test_a_late_answer_comes_again_when_the_next_request_does() -> None:
    passage = Passage([RepeatAnswer(first=1, late=True)], 1)
    assert passage.request(b"GET") == [Pass(b"GET")]
    assert passage.answer(ANSWER) == [Pass(ANSWER)]
    assert passage.request(b"GET") == [Reply(ANSWER), Pass(b"GET")]


def test_an_early_answer_leaves_the_rest_of_the_request_unread() -> None:
    early = EarlyAnswer(first=1, after_bytes=3)
    passage = Passage([early], 1)
    assert (passage.opened(), passage.request(b"ab")) == ([], [])
    said, end = passage.request(b"cd")
    assert isinstance(said, Reply)
    assert said.data.endswith(b"[]")
    assert end is End.STALL
    before, end = Passage([EarlyAnswer(first=1)], 1).opened()
    assert (before, end) == (Pass(said.data), End.STALL)


def test_garbage_comes_in_turn() -> None:
    fault = GarbageAnswer(every=1)
    said = [Passage([fault], number).request(b"GET")[0] for number in range(1, len(GARBAGE) + 2)]
    assert said == [Reply(make()) for make in (*GARBAGE.values(), GARBAGE["not-http"])]


def test_faults_follow_each_other_in_their_order() -> None:
    cut = Passage([CloseAnswer(first=1, after_bytes=3), TrickleAnswer(first=1, size=2)], 1)
    assert cut.answer(b"abcdef") == [Pass(b"ab"), Pause(0.1), Pass(b"c"), Pause(0.1), End.CLOSE]


def test_which_connections_are_struck_is_always_the_same() -> None:
    some = ResetAnswer(rate=0.3, seed=4)
    struck = [number for number in range(1, 1001) if some.strikes(number)]
    assert 250 < len(struck) < 350
    assert struck == [number for number in range(1, 1001) if ResetAnswer(rate=0.3, seed=4).strikes(number)]
    assert struck != [number for number in range(1, 1001) if ResetAnswer(rate=0.3, seed=5).strikes(number)]
    assert [number for number in range(1, 10) if NeverRead(first=2, every=4).strikes(number)] == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (ResetAnswer, "first, every or rate must be given"),
        (lambda: ResetAnswer(first=-1), "first must be from 0"),
        (lambda: ResetAnswer(rate=1.5), "rate must be from 0 to 1, not 1.5"),
        (lambda: TrickleAnswer(first=1, size=0), "size must be from 1"),
        (lambda: GarbageAnswer(first=1, kinds=("poetry",)), "kinds must be of not-http, .*, not poetry"),
    ],
)
def test_a_fault_that_cannot_be_says_why(make: Callable[[], WireFault], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        make()


def test_a_fault_of_the_listener_does_nothing_to_the_bytes() -> None:
    passage = Passage([RefuseConnections(first=1)], 1)
    assert (passage.struck, passage.opened()) == ((True,), [])
    assert (passage.request(b"a"), passage.answer(b"b")) == ([Pass(b"a")], [Pass(b"b")])
    assert list(Effect().opened()) == []


# --- over sockets -------------------------------------------------------------------------------------


class Echo:
    """A server that says what it is told."""

    def __init__(self) -> None:
        self.heard = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(2**16):
                self.heard += len(data)
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def echoing(
    *faults: WireFault, later: Callable[[float, Callable[[], None]], object] | None = None
) -> AsyncIterator[tuple[RunningProxy, Echo]]:
    echo = Echo()
    server = await asyncio.start_server(echo.talk, "127.0.0.1", 0)
    upstream = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, proxy(upstream, faults, later=later) as running:
        yield running, echo


async def said_back(running: RunningProxy, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(running.endpoint.rsplit(":", 1)[1]))
    try:
        writer.write(data)
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


@pytest.mark.anyio
async def test_megabytes_pass_in_both_directions_and_both_ends_are_told_of_the_end() -> None:
    data = bytes(range(256)) * 40_000
    async with echoing() as (running, _):
        assert await said_back(running, data) == data
        assert await said_back(running, b"") == b""
    assert running.connections == 2


@pytest.mark.anyio
async def test_a_reset_is_a_reset_and_a_close_is_the_end() -> None:
    async with echoing(ResetAnswer(first=1, after_bytes=3), CloseAnswer(every=2, after_bytes=3)) as (running, _):
        with pytest.raises(ConnectionResetError):
            await said_back(running, b"abcdef")
        assert await said_back(running, b"abcdef") == b"abc"
        assert await said_back(running, b"abcdef") == b"abcdef"
    assert running.struck == [1, 1]


@pytest.mark.anyio
async def test_pauses_take_the_time_of_the_clock_that_was_given() -> None:
    slept: list[float] = []

    def later(wait_s: float, do: Callable[[], None]) -> object:
        slept.append(wait_s)
        return asyncio.get_running_loop().call_soon(do)

    async with echoing(TrickleAnswer(first=1, size=3, every_ms=60_000), later=later) as (running, _):
        assert await said_back(running, b"abcdefgh") == b"abcdefgh"
    assert slept == [60.0] * 3


@pytest.mark.anyio
async def test_what_is_never_read_never_arrives() -> None:
    async with echoing(NeverRead(first=1)) as (running, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(running.endpoint.rsplit(":", 1)[1]))
        writer.write(b"abc")
        assert await said_back(running, b"d") == b"d"
        assert echo.heard == 1
        assert not reader.at_eof()
        writer.close()


@pytest.mark.anyio
async def test_nobody_listens_for_a_while_and_then_at_the_same_place() -> None:
    back: list[Callable[[], None]] = []
    fault = RefuseConnections(first=1, for_ms=5)
    async with echoing(fault, later=lambda _, do: back.append(do)) as (running, _):
        assert await said_back(running, b"abc") == b"abc"
        with pytest.raises(ConnectionRefusedError):
            await said_back(running, b"abc")
        back.pop()()
        assert await said_back(running, b"abc") == b"abc"
    with pytest.raises(ConnectionRefusedError):
        await said_back(running, b"abc")


@pytest.mark.anyio
async def test_where_nobody_listens_behind_the_connection_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with proxy(nobody) as running:
        with suppress(OSError):
            assert await said_back(running, b"abc") == b""


# --- a crawl through it -------------------------------------------------------------------------------


@contextmanager
def spoilt(*faults: WireFault) -> Iterator[str]:
    with serve(synthetic(namespaces=4, repositories=400, seed=3)) as served, wired(served.endpoint, *faults) as wire:
        yield wire.endpoint


@pytest.mark.parametrize(
    "faults",
    [
        (ResetAnswer(rate=0.3, after_bytes=20_000),),
        (CloseAnswer(every=2, after_bytes=5_000), ResetRequest(every=5, after_bytes=40)),
        (GarbageAnswer(every=2, kinds=("not-http", "bad-chunk-size", "nul-in-header", "huge-header")),),
        (RepeatAnswer(every=1, late=True),),
        (RepeatAnswer(every=2), ResetAnswer(every=3, after_bytes=9_000)),
        (TrickleAnswer(first=2, size=3000, every_ms=1),),
    ],
    ids=repr,
)
def test_a_crawl_over_a_bad_wire_publishes_every_record_once(faults: tuple[WireFault, ...], tmp_path: Path) -> None:
    inventory = synthetic(namespaces=4, repositories=400, seed=3)
    with spoilt(*faults) as endpoint:
        result = crawl(endpoint, tmp_path, limit=20)
    assert result.exit_code == 0
    keys = published_keys(snapshot_of(result))
    assert len(keys) == len(set(keys))
    assert set(keys) == inventory_keys(inventory)
    assert parts(snapshot_of(result))
