"""Faults below HTTP: what happens to the bytes of one connection between a client and a server (pure).

A fault says which connections it strikes and gives each of these an `Effect`, which is told of the bytes in both
directions and gives the steps to take instead of passing them on. Effects of one connection follow each other in
the order the faults were given. proxy.py takes the steps.

    reset-answer, close-answer, stall-answer   the connection ends, or stands still, in the middle of an answer
    reset-request                              the same, before a request is there
    trickle-answer                             a few bytes at a time
    flip-bit                                   one bit of a body is another
    garbage-answer                             something else than HTTP, or HTTP as nobody should write it
    early-answer                               an answer before the request was sent whole
    repeat-answer                              an answer nobody asked for behind the one that was asked for
    never-read                                 accepted, and then nothing
    refuse-connections                         nobody listens for a while
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum, auto
from typing import Final, Literal, NamedTuple

from crawler.emulator.faults.parameter import number
from crawler.errors import UsageError


class Pass(NamedTuple):
    """Send these bytes on, the way they were going."""

    data: bytes


class Reply(NamedTuple):
    """Send these bytes back to where the ones just come came from."""

    data: bytes


class Pause(NamedTuple):
    """Let so many seconds pass before the next step in this direction."""

    duration_s: float


class End(Enum):
    """How a connection ends; nothing passes afterwards."""

    RESET = auto()  # RST: what the other side has not read yet is lost
    CLOSE = auto()  # FIN
    STALL = auto()  # it stays open, and nothing comes any more


Step = Pass | Reply | Pause | End


class Effect:
    """What a fault does to one connection; here nothing. It remembers what it has seen."""

    def opened(self) -> Iterable[Step]:
        """Give the steps towards the client before anything was said."""
        return ()

    def request(self, data: bytes) -> Iterable[Step]:
        """Give the steps instead of passing these bytes to the server."""
        return (Pass(data),)

    def answer(self, data: bytes) -> Iterable[Step]:
        """Give the steps instead of passing these bytes to the client."""
        return (Pass(data),)


class Passage:
    """The effects on one connection, the `number`th from 1, one behind the other."""

    def __init__(self, faults: "Sequence[WireFault]", number: int) -> None:
        self.struck = tuple(fault.strikes(number) for fault in faults)
        self._effects = [fault.effect(number) for fault, struck in zip(faults, self.struck, strict=True) if struck]

    def opened(self) -> list[Step]:
        """Give the steps towards the client before anything was said."""
        return [step for effect in self._effects for step in effect.opened()]

    def request(self, data: bytes) -> list[Step]:
        """Give the steps for bytes of the client."""
        return self._through(data, lambda effect: effect.request)

    def answer(self, data: bytes) -> list[Step]:
        """Give the steps for bytes of the server."""
        return self._through(data, lambda effect: effect.answer)

    def _through(self, data: bytes, way: Callable[[Effect], Callable[[bytes], Iterable[Step]]]) -> list[Step]:
        steps: list[Step] = [Pass(data)]
        for effect in self._effects:
            on = way(effect)
            steps = [out for step in steps for out in (on(step.data) if isinstance(step, Pass) else (step,))]
        return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFault:
    """A fault of the `first` n connections, and/or each `every`th, and/or a share `rate` (0 to 1) of them.

    Which ones make up the share, `seed` and their number decide. Making one raises UsageError for a parameter out
    of range, or when it would strike nothing.
    """

    first: int = 0
    every: int = 0
    rate: float = number(minimum=0, maximum=1, default=0)
    seed: int = 0

    def __post_init__(self) -> None:
        for parameter in fields(self):
            value, limits = getattr(self, parameter.name), parameter.metadata
            minimum, maximum = limits.get("minimum", 0), limits.get("maximum", float("inf"))
            if isinstance(value, int | float) and not minimum <= value <= maximum:
                raise UsageError(
                    f"{type(self).__name__}: {parameter.name} must be from {minimum} to {maximum}, not {value}"
                )
        if not (self.first or self.every or self.rate):
            raise UsageError(f"{type(self).__name__}: first, every or rate must be given")

    def strikes(self, connection: int) -> bool:
        """Tell whether this connection, counted from 1, is one of them."""
        if connection <= self.first or (self.every > 0 and connection % self.every == 0):
            return True
        return self._chance(connection).random() < self.rate

    def effect(self, connection: int) -> Effect:
        """Give what it does to this connection."""
        del connection
        return Effect()

    def _chance(self, connection: int) -> random.Random:
        return random.Random(f"{self.seed}/{connection}")  # noqa: S311 - no secret, must be repeatable


class _Cut(Effect):
    """`end` in place of what follows the first `after_bytes` of one direction."""

    def __init__(self, way: Literal["request", "answer"], after_bytes: int, end: End) -> None:
        self._way = way
        self._left = after_bytes
        self._end = end

    def request(self, data: bytes) -> Iterable[Step]:
        return self._cut(data) if self._way == "request" else (Pass(data),)

    def answer(self, data: bytes) -> Iterable[Step]:
        return self._cut(data) if self._way == "answer" else (Pass(data),)

    def _cut(self, data: bytes) -> Iterable[Step]:
        left, self._left = self._left, max(0, self._left - len(data))
        return (Pass(data),) if len(data) <= left else (Pass(data[:left]), self._end)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetAnswer(WireFault):
    """The connection is reset after so many bytes of what the server sends, headers included."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Cut."""
        del connection
        return _Cut("answer", self.after_bytes, End.RESET)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetRequest(WireFault):
    """The connection is reset after so many bytes of what the client sends."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Cut."""
        del connection
        return _Cut("request", self.after_bytes, End.RESET)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAnswer(WireFault):
    """The connection is closed, in order, after so many bytes of what the server sends."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Cut."""
        del connection
        return _Cut("answer", self.after_bytes, End.CLOSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StallAnswer(WireFault):
    """After so many bytes of what the server sends nothing comes any more, and the connection stays."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Cut."""
        del connection
        return _Cut("answer", self.after_bytes, End.STALL)


class _Trickle(Effect):
    def __init__(self, size: int, pause: Pause) -> None:
        self._size = size
        self._pause = pause

    def answer(self, data: bytes) -> Iterable[Step]:
        for start in range(0, len(data), self._size):
            yield Pass(data[start : start + self._size])
            yield self._pause


@dataclass(frozen=True, slots=True, kw_only=True)
class TrickleAnswer(WireFault):
    """The answer comes `size` bytes at a time, every `every_ms`."""

    size: int = number(minimum=1, default=1)
    every_ms: int = 100

    def effect(self, connection: int) -> Effect:
        """Trickle."""
        del connection
        return _Trickle(self.size, Pause(self.every_ms / 1000))


_HEAD_END: Final = b"\r\n\r\n"


class _Flip(Effect):
    def __init__(self, place: int, bit: int) -> None:
        self._place = place  # in the body
        self._bit = bit
        self._head = b""
        self._left: int | None = None  # bytes until that place, None before the body begins

    def answer(self, data: bytes) -> Iterable[Step]:
        begin = self._begin(data)
        if self._left is None or self._left < 0:
            return (Pass(data),)
        at = begin + self._left
        self._left = at - len(data)
        if at >= len(data):
            return (Pass(data),)
        return (Pass(data[:at] + bytes([data[at] ^ 1 << self._bit]) + data[at + 1 :]),)

    def _begin(self, data: bytes) -> int:
        """Find where in `data` the body begins, or goes on."""
        if self._left is not None:
            return 0
        before = len(self._head)
        self._head += data
        end = self._head.find(_HEAD_END)
        if end < 0:
            return 0
        self._left = self._place
        return end + len(_HEAD_END) - before


@dataclass(frozen=True, slots=True, kw_only=True)
class FlipBit(WireFault):
    """One bit among the first `within` bytes of the first body is another: which one, seed and number decide."""

    within: int = number(minimum=1, default=1000)

    def effect(self, connection: int) -> Effect:
        """Flip."""
        chance = random.Random(f"{self.seed}/{connection}/bit")  # noqa: S311 - no secret, must be repeatable
        return _Flip(chance.randrange(self.within), chance.randrange(8))


class _Instead(Effect):
    """`said` to the client in place of an answer, once `after_bytes` of the request are there; the rest is not read."""

    def __init__(self, said: bytes, after_bytes: int) -> None:
        self._said = said
        self._left = after_bytes

    def opened(self) -> Iterable[Step]:
        return (Pass(self._said), End.STALL) if self._left == 0 else ()

    def request(self, data: bytes) -> Iterable[Step]:
        self._left -= len(data)
        return () if self._left > 0 else (Reply(self._said), End.STALL)


_OK: Final = b"HTTP/1.1 200 OK\r\n"
_JSON: Final = _OK + b"Content-Type: application/json\r\n"
_FLOOD: Final = 2**20
GARBAGE: Final[Mapping[str, Callable[[], bytes]]] = {
    "not-http": lambda: b"220 smtp.example ESMTP\r\n\r\n",
    "zeros": lambda: bytes(_FLOOD),
    "endless-status": lambda: b"HTTP/1.1 200 " + b"O" * _FLOOD,
    "huge-header": lambda: _OK + b"X-Padding: " + b"x" * _FLOOD,
    "huge-name": lambda: _OK + b"x" * _FLOOD,
    "many-headers": lambda: _OK + b"a: b\r\n" * _FLOOD,
    "nul-in-header": lambda: _JSON + b"X-Request-Id: a\0b\r\nContent-Length: 2\r\n\r\n[]",
    "two-lengths": lambda: _JSON + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n[]",
    "length-and-chunked": lambda: _JSON + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n[]",
    "negative-length": lambda: _JSON + b"Content-Length: -2\r\n\r\n[]",
    "bad-chunk-size": lambda: _JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\nxyz\r\n",
    "huge-chunk-size": lambda: _JSON + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n[]",
    "many-trailers": lambda: _JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n" + b"a: b\r\n" * _FLOOD,
    "many-interims": lambda: b"HTTP/1.1 100 Continue\r\n\r\n" * (_FLOOD // 16),
    "upgrade": lambda: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + bytes(_FLOOD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GarbageAnswer(WireFault):
    """In place of an answer comes one of the `kinds` of GARBAGE, in turn, all of them when none is named.

    The connection stays open, so that who waits for its end waits for ever.
    """

    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # No zero-argument super(): slots=True makes a second class, which it would miss on 3.11.
        WireFault.__post_init__(self)
        if unknown := set(self.kinds) - set(GARBAGE):
            raise UsageError(f"GarbageAnswer: kinds must be of {', '.join(GARBAGE)}, not {', '.join(sorted(unknown))}")

    def effect(self, connection: int) -> Effect:
        """Answer in the server's place."""
        kinds = self.kinds or tuple(GARBAGE)
        return _Instead(GARBAGE[kinds[(connection - 1) % len(kinds)]](), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyAnswer(WireFault):
    """An empty page comes when `after_bytes` of the request are there, 0 is before it; the server is not asked."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Answer in the server's place."""
        del connection
        return _Instead(_JSON + b"Content-Length: 2\r\n\r\n[]", self.after_bytes)


class _Again(Effect):
    def __init__(self, *, late: bool, pause: Pause) -> None:
        self._late = late
        self._pause = pause
        self._said = b""

    def request(self, data: bytes) -> Iterable[Step]:
        said, self._said = self._said, b""
        return (Reply(said), Pass(data)) if said and self._late else (Pass(data),)

    def answer(self, data: bytes) -> Iterable[Step]:
        self._said += data
        if self._late or not _is_whole(self._said):
            return (Pass(data),)
        said, self._said = self._said, b""
        return (Pass(data), self._pause, Pass(said))


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(_HEAD_END)
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end and lengths) and len(body) >= int(lengths[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatAnswer(WireFault):
    """Each answer comes twice: again after `after_ms`, or with `late` when the next request is on its way.

    Only answers that declare a Content-Length come again without `late`.
    """

    late: bool = False
    after_ms: int = 0

    def effect(self, connection: int) -> Effect:
        """Repeat."""
        del connection
        return _Again(late=self.late, pause=Pause(self.after_ms / 1000))


class _Deaf(Effect):
    def opened(self) -> Iterable[Step]:
        return (End.STALL,)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverRead(WireFault):
    """The connection is accepted, and nothing that comes is ever read."""

    def effect(self, connection: int) -> Effect:
        """Do nothing any more."""
        del connection
        return _Deaf()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseConnections(WireFault):
    """After each connection that is struck nobody listens for `for_ms`, and more connections are refused."""

    for_ms: int = 1000
