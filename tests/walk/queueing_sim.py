"""Simulates a service, a network and the processor of the client: no clock, no sockets, no waiting."""

import heapq
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from crawler.walk.concurrency_limit import ConcurrencyLimit, Sample

_UNBOUNDED: Final = 10_000


@dataclass(frozen=True)
class World:
    """The environment of a crawl.

    The network takes `latency_s` ± `jitter_s`. `servers` work at a time, each `service_s` a page. The client takes
    `client_s` a page, one after the other. With more than `bucket` requests inside, the service answers 429. One
    request in `failing_one_in` fails.
    """

    latency_s: float = 0.05
    jitter_s: float = 0.0
    servers: int = _UNBOUNDED
    service_s: float = 0.0
    client_s: float = 0.0005
    bucket: int = 10**9
    failing_one_in: int = 10**9


class FixedLimit(ConcurrencyLimit):
    """A limit that never changes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def on_success(self, sample: Sample, now_s: float) -> None: ...

    def on_failure(self, sample: Sample, now_s: float) -> None: ...

    def on_throttled(self, sample: Sample, now_s: float, busy_s: float) -> None: ...


@dataclass(frozen=True)
class SimulationResult:
    """The result of a simulation; `limits` holds the limit after every response."""

    seconds: float
    refused: int
    limits: list[int]

    @property
    def settled(self) -> float:
        """The mean limit of the second half."""
        tail = self.limits[len(self.limits) // 2 :]
        return sum(tail) / len(tail)


class Simulation:
    """Requests `pages` of a world; `later` is a number of pages and the world after them."""

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
        self._events_seen = self._in_flight = self._in_service = self._read = self._refused = 0
        self._limits: list[int] = []

    def run(self) -> SimulationResult:
        now = 0.0
        self._send(now)
        while self._events:
            now, _, kind, sample = heapq.heappop(self._events)
            if kind == "page":
                self._in_service -= 1
                self._client_at = max(now, self._client_at) + self._world.client_s
                self._busy_s += self._world.client_s
                self._push(self._client_at, "read", sample)
                continue
            self._in_flight -= 1
            if kind == "429":
                self._refused += 1
                self._left += 1
                self._limit.on_throttled(sample, now, self._busy_s)
            elif self._chance.random() < 1 / self._world.failing_one_in:
                self._left += 1
                self._limit.on_failure(sample, now)
            else:
                self._read += 1
                self._limit.on_success(sample, now)
            self._limit.update(now, self._busy_s)
            self._limits.append(self._limit.limit)
            self._change(now)
            self._send(now)
        return SimulationResult(now, self._refused, self._limits)

    def _push(self, at_s: float, kind: str, sample: Sample) -> None:
        self._events_seen += 1
        heapq.heappush(self._events, (at_s, self._events_seen, kind, sample))

    def _change(self, now: float) -> None:
        if self._later and self._read == self._later[0]:
            self._world, self._later = self._later[1], None
            self._free_at = [now] * min(self._world.servers, 512)

    def _send(self, at_s: float) -> None:
        world = self._world
        while self._left and self._in_flight < self._limit.limit:
            self._left -= 1
            self._in_flight += 1
            sample = self._limit.on_sent(at_s, self._in_flight)
            half_s = max(0.0, world.latency_s + self._chance.uniform(-world.jitter_s, world.jitter_s)) / 2
            if self._in_service >= world.bucket:
                self._push(at_s + 2 * half_s, "429", sample)
                continue
            self._in_service += 1
            done_s = at_s + half_s + world.service_s
            if world.servers < _UNBOUNDED:
                done_s = max(at_s + half_s, self._free_at[0]) + world.service_s
                heapq.heapreplace(self._free_at, done_s)
            self._push(done_s + half_s, "page", sample)


@cache
def best_fixed(world: World, max_limit: int, pages: int) -> tuple[float, int]:
    """Return the seconds that the best fixed limit takes, and the smallest limit that comes within 5 % of it."""
    tried = {
        limit: Simulation(world, FixedLimit(limit), pages).run().seconds
        for limit in sorted({1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96} | {max_limit})
        if limit <= max_limit
    }
    best = min(tried.values())
    return best, min(limit for limit, seconds in tried.items() if seconds <= 1.05 * best)
