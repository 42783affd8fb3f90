"""Faults below HTTP, in the bytes of a connection between a client and a server (pure).

A fault decides on which connections it triggers and creates an `Effect` for each of them. The effect receives the bytes
of both directions and returns the steps that replace them. The effects of a connection apply in the order of their
faults. tests/support/tcp_proxy.py executes the steps.

| fault | effect |
|---|---|
| ResetResponse, CloseResponse, StallResponse | the connection ends or stalls in the middle of a response |
| ResetRequest | the connection is reset before the request is complete |
| TrickleResponse | the response arrives a few bytes at a time |
| FlipBit | one bit of a body is flipped |
| GarbageResponse | the response is not HTTP, or invalid HTTP |
| EarlyResponse | the response arrives before the request is complete |
| RepeatResponse | each response arrives twice |
| NeverRead | the connection is accepted and nothing is ever read |
| RefuseConnections | the port is closed for a while |
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum, auto
from typing import Final, Literal, NamedTuple

from crawler.emulator.fields.parameter import number
from crawler.errors import UsageError


class Forward(NamedTuple):
    """Forward these bytes in their direction."""

    data: bytes


class Reply(NamedTuple):
    """Send these bytes back to the side that sent the last ones."""

    data: bytes


class Pause(NamedTuple):
    """Wait before the next step in this direction."""

    duration_s: float


class End(Enum):
    """How a connection ends; nothing is forwarded afterwards."""

    RESET = auto()  # RST: bytes that the other side has not read are lost
    CLOSE = auto()  # FIN
    STALL = auto()  # it stays open without any further bytes


Step = Forward | Reply | Pause | End


class Effect:
    """What a fault does to one connection; here nothing. An effect keeps the state of its connection."""

    def opened(self) -> Iterable[Step]:
        """Return the steps towards the client before any byte was sent."""
        return ()

    def request(self, data: bytes) -> Iterable[Step]:
        """Return the steps that replace these bytes to the server."""
        return (Forward(data),)

    def response(self, data: bytes) -> Iterable[Step]:
        """Return the steps that replace these bytes to the client."""
        return (Forward(data),)


class ConnectionEffects:
    """The effects on connection number `number`, counted from 1, each applied to the steps of the one before."""

    def __init__(self, faults: "Sequence[WireFault]", number: int) -> None:
        self.triggered = tuple(fault.triggers(number) for fault in faults)
        self._effects = [
            fault.effect(number) for fault, triggered in zip(faults, self.triggered, strict=True) if triggered
        ]

    def opened(self) -> list[Step]:
        """Return the steps towards the client before any byte was sent."""
        return [step for effect in self._effects for step in effect.opened()]

    def request(self, data: bytes) -> list[Step]:
        """Return the steps for bytes from the client."""
        return self._apply(data, lambda effect: effect.request)

    def response(self, data: bytes) -> list[Step]:
        """Return the steps for bytes from the server."""
        return self._apply(data, lambda effect: effect.response)

    def _apply(self, data: bytes, direction: Callable[[Effect], Callable[[bytes], Iterable[Step]]]) -> list[Step]:
        steps: list[Step] = [Forward(data)]
        for effect in self._effects:
            replace = direction(effect)
            steps = [out for step in steps for out in (replace(step.data) if isinstance(step, Forward) else (step,))]
        return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFault:
    """A fault of the `first` n connections, of every `every`th, and of a share `rate` (0 to 1) of all connections.

    Only `seed` and the number of a connection decide whether it belongs to the share. Creating a fault raises
    UsageError for a parameter that is out of range, or if it can never trigger.
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

    def triggers(self, connection: int) -> bool:
        """Return whether the fault triggers on this connection, counted from 1."""
        if connection <= self.first or (self.every > 0 and connection % self.every == 0):
            return True
        return self._random(connection).random() < self.rate

    def effect(self, connection: int) -> Effect:
        """Return the effect on this connection."""
        del connection
        return Effect()

    def _random(self, connection: int) -> random.Random:
        return random.Random(f"{self.seed}/{connection}")  # noqa: S311 - no secret, must be repeatable


class _Cut(Effect):
    """Forwards the first `after_bytes` of one direction, then ends the connection."""

    def __init__(self, direction: Literal["request", "response"], after_bytes: int, end: End) -> None:
        self._direction = direction
        self._left = after_bytes
        self._end = end

    def request(self, data: bytes) -> Iterable[Step]:
        return self._cut(data) if self._direction == "request" else (Forward(data),)

    def response(self, data: bytes) -> Iterable[Step]:
        return self._cut(data) if self._direction == "response" else (Forward(data),)

    def _cut(self, data: bytes) -> Iterable[Step]:
        left, self._left = self._left, max(0, self._left - len(data))
        return (Forward(data),) if len(data) <= left else (Forward(data[:left]), self._end)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetResponse(WireFault):
    """Reset the connection after `after_bytes` of what the server sends, headers included."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Return an effect that cuts the stream."""
        del connection
        return _Cut("response", self.after_bytes, End.RESET)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetRequest(WireFault):
    """Reset the connection after `after_bytes` of what the client sends."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Return an effect that cuts the stream."""
        del connection
        return _Cut("request", self.after_bytes, End.RESET)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseResponse(WireFault):
    """Close the connection (FIN) after `after_bytes` of what the server sends."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Return an effect that cuts the stream."""
        del connection
        return _Cut("response", self.after_bytes, End.CLOSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StallResponse(WireFault):
    """Stall the connection after `after_bytes` of what the server sends."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Return an effect that cuts the stream."""
        del connection
        return _Cut("response", self.after_bytes, End.STALL)


class _Trickle(Effect):
    def __init__(self, size: int, pause: Pause) -> None:
        self._size = size
        self._pause = pause

    def response(self, data: bytes) -> Iterable[Step]:
        for start in range(0, len(data), self._size):
            yield Forward(data[start : start + self._size])
            yield self._pause


@dataclass(frozen=True, slots=True, kw_only=True)
class TrickleResponse(WireFault):
    """Forward the response `size` bytes at a time, every `every_ms`."""

    size: int = number(minimum=1, default=1)
    every_ms: int = 100

    def effect(self, connection: int) -> Effect:
        """Return an effect that pauses between pieces."""
        del connection
        return _Trickle(self.size, Pause(self.every_ms / 1000))


_HEAD_END: Final = b"\r\n\r\n"


class _Flip(Effect):
    def __init__(self, place: int, bit: int) -> None:
        self._place = place  # in the body
        self._bit = bit
        self._head = b""
        self._left: int | None = None  # bytes until that place; None before the body begins

    def response(self, data: bytes) -> Iterable[Step]:
        begin = self._begin(data)
        if self._left is None or self._left < 0:
            return (Forward(data),)
        at = begin + self._left
        self._left = at - len(data)
        if at >= len(data):
            return (Forward(data),)
        return (Forward(data[:at] + bytes([data[at] ^ 1 << self._bit]) + data[at + 1 :]),)

    def _begin(self, data: bytes) -> int:
        """Return the index in `data` where the body begins or continues."""
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
    """Flip one bit in the first `within` bytes of the first body; seed and connection number decide which one."""

    within: int = number(minimum=1, default=1000)

    def effect(self, connection: int) -> Effect:
        """Return an effect that flips one bit."""
        rng = random.Random(f"{self.seed}/{connection}/bit")  # noqa: S311 - no secret, must be repeatable
        return _Flip(rng.randrange(self.within), rng.randrange(8))


class _ReplyInstead(Effect):
    """Replies `reply` after `after_bytes` of the request, and reads no further."""

    def __init__(self, reply: bytes, after_bytes: int) -> None:
        self._reply = reply
        self._left = after_bytes

    def opened(self) -> Iterable[Step]:
        return (Forward(self._reply), End.STALL) if self._left == 0 else ()

    def request(self, data: bytes) -> Iterable[Step]:
        self._left -= len(data)
        return () if self._left > 0 else (Reply(self._reply), End.STALL)


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
class GarbageResponse(WireFault):
    """Reply one of the `kinds` of GARBAGE in turn, or of all kinds if none is given, instead of the response.

    The connection stays open, so that a client that waits for its end waits for ever.
    """

    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # No zero-argument super(): slots=True creates a second class, which super() misses on Python 3.11.
        WireFault.__post_init__(self)
        if unknown := set(self.kinds) - set(GARBAGE):
            raise UsageError(
                f"GarbageResponse: kinds must be among {', '.join(GARBAGE)}, not {', '.join(sorted(unknown))}"
            )

    def effect(self, connection: int) -> Effect:
        """Return an effect that replies in the server's place."""
        kinds = self.kinds or tuple(GARBAGE)
        return _ReplyInstead(GARBAGE[kinds[(connection - 1) % len(kinds)]](), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyResponse(WireFault):
    """Reply an empty page after `after_bytes` of the request, or before it if 0. The server gets no request."""

    after_bytes: int = 0

    def effect(self, connection: int) -> Effect:
        """Return an effect that replies in the server's place."""
        del connection
        return _ReplyInstead(_JSON + b"Content-Length: 2\r\n\r\n[]", self.after_bytes)


class _Repeat(Effect):
    def __init__(self, *, late: bool, pause: Pause) -> None:
        self._late = late
        self._pause = pause
        self._response = b""

    def request(self, data: bytes) -> Iterable[Step]:
        response, self._response = self._response, b""
        return (Reply(response), Forward(data)) if response and self._late else (Forward(data),)

    def response(self, data: bytes) -> Iterable[Step]:
        self._response += data
        if self._late or not _is_complete(self._response):
            return (Forward(data),)
        response, self._response = self._response, b""
        return (Forward(data), self._pause, Forward(response))


def _is_complete(response: bytes) -> bool:
    head, end, body = response.partition(_HEAD_END)
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end and lengths) and len(body) >= int(lengths[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatResponse(WireFault):
    """Send each response twice: again after `after_ms`, or with `late` when the next request starts.

    Without `late`, only responses with a Content-Length are repeated.
    """

    late: bool = False
    after_ms: int = 0

    def effect(self, connection: int) -> Effect:
        """Return an effect that repeats responses."""
        del connection
        return _Repeat(late=self.late, pause=Pause(self.after_ms / 1000))


class _ReadNothing(Effect):
    def opened(self) -> Iterable[Step]:
        return (End.STALL,)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverRead(WireFault):
    """Accept the connection and never read from it."""

    def effect(self, connection: int) -> Effect:
        """Return an effect that stalls the connection at once."""
        del connection
        return _ReadNothing()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseConnections(WireFault):
    """After each connection that it triggers on, refuse connections for `for_ms`."""

    for_ms: int = 1000
