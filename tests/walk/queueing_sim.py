"""A service, a network and a client's own processor, simulated: no clock, no sockets, a second in a millisecond."""

import heapq
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from crawler.walk.concurrency_limit import ConcurrencyLimit, Sample

_UNBOUNDED: Final = 10_000


@dataclass(frozen=True)
class World:
    """`latency_s` ± `jitter_s` on the way; `servers` at once, each `service_s` a page; `client_s` a page here, one
    after the other; beyond `bucket` requests in the service it says 429; one answer in `failing_one_in` is none.
    """

    latency_s: float = 0.05
    jitter_s: float = 0.0
    servers: int = _UNBOUNDED
    service_s: float = 0.0
    client_s: float = 0.0005
    bucket: int = 10**9
    failing_one_in: int = 10**9


class Fixed(ConcurrencyLimit):
    """Learns nothing."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.limit = size

    def on_success(self, sent: Sample, now_s: float) -> None: ...

    def on_failure(self, sent: Sample, now_s: float) -> None: ...

    def on_throttled(self, sent: Sample, now_s: float, busy_s: float) -> None: ...


@dataclass(frozen=True)
class Ran:
    """What came of it; `sizes` after every answer."""

    seconds: float
    refused: int
    sizes: list[int]

    @property
    def settled(self) -> float:
        """The mean size of the second half."""
        tail = self.sizes[len(self.sizes) // 2 :]
        return sum(tail) / len(tail)


class Simulation:
    """Asks for `pages` of a world, which becomes another after so many when `later` says so."""

    def __init__(
        self,
        world: World,
        limit: ConcurrencyLimit,
        pages: int,
        *,
        seed: int = 1,
        later: tuple[int, World] | None = None,
    ) -> None:
        self._world, self._limit, self._left, self._later = world, limit, pages, later
        self._chance = Random(seed)  # noqa: S311 - of a simulation
        self._free_at = [0.0] * min(world.servers, 512)
        self._client_at = self._busy_s = 0.0
        self._events: list[tuple[float, int, str, Sample]] = []
        self._events_seen = self._in_flight = self._inside = self._read = self._refused = 0
        self._sizes: list[int] = []

    def run(self) -> Ran:
        now = 0.0
        self._send(now)
        while self._events:
            now, _, kind, sent = heapq.heappop(self._events)
            if kind == "page":
                self._inside -= 1
                self._client_at = max(now, self._client_at) + self._world.client_s
                self._busy_s += self._world.client_s
                self._push(self._client_at, "read", sent)
                continue
            self._in_flight -= 1
            if kind == "429":
                self._refused += 1
                self._left += 1
                self._limit.on_throttled(sent, now, self._busy_s)
            elif self._chance.random() < 1 / self._world.failing_one_in:
                self._left += 1
                self._limit.on_failure(sent, now)
            else:
                self._read += 1
                self._limit.on_success(sent, now)
            self._limit.update(now, self._busy_s)
            self._sizes.append(self._limit.limit)
            self._change(now)
            self._send(now)
        return Ran(now, self._refused, self._sizes)

    def _push(self, at_s: float, kind: str, sent: Sample) -> None:
        self._events_seen += 1
        heapq.heappush(self._events, (at_s, self._events_seen, kind, sent))

    def _change(self, now: float) -> None:
        if self._later and self._read == self._later[0]:
            self._world, self._later = self._later[1], None
            self._free_at = [now] * min(self._world.servers, 512)

    def _send(self, at_s: float) -> None:
        world = self._world
        while self._left and self._in_flight < self._limit.limit:
            self._left -= 1
            self._in_flight += 1
            sent = self._limit.on_sent(at_s, self._in_flight)
            half_s = max(0.0, world.latency_s + self._chance.uniform(-world.jitter_s, world.jitter_s)) / 2
            if self._inside >= world.bucket:
                self._push(at_s + 2 * half_s, "429", sent)
                continue
            self._inside += 1
            done_s = at_s + half_s + world.service_s
            if world.servers < _UNBOUNDED:
                done_s = max(at_s + half_s, self._free_at[0]) + world.service_s
                heapq.heapreplace(self._free_at, done_s)
            self._push(done_s + half_s, "page", sent)


@cache
def best_fixed(world: World, most: int, pages: int) -> tuple[float, int]:
    """Give the seconds that the best fixed size takes, and the smallest size that comes within 5 % of it."""
    tried = {
        size: Simulation(world, Fixed(size), pages).run().seconds
        for size in sorted({1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96} | {most})
        if size <= most
    }
    best = min(tried.values())
    return best, min(size for size, seconds in tried.items() if seconds <= 1.05 * best)
