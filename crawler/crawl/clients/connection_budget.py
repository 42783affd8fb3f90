"""Bounds how many connections are open at a time, over all targets, below the process's limit of open files.

    share    what a target has at first: as much as each would have if all were open, but never fewer than it needs
    wait     a target whose share is not free waits until others have ended; targets start in plan order
    growth   what is free while no target waits goes to those that run, up to their concurrency

A connection counts twice: for each one in use, one may rest (swr/http/connector.py).
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import ceil
from typing import Final

import anyio

from crawler.config.credentials.target import Target
from crawler.files.open_files import open_file_limit

# Those of twenty targets at the default concurrency. One process reads about as many answers in a second.
_MAX_CONNECTIONS: Final = 1280
_FEWEST: Final = 4  # of a target: then more are open than one process can serve at a time, each of them costs 100 kB
_FILES: Final = 64  # that are no connections: spool, parts, folders, name resolution
_UNKNOWN: Final = 32  # open files, where the system does not list them
_PER_CONNECTION: Final = 2


def max_connections() -> int:
    """Return how many connections this process may have in use now: at least 1, at most `_MAX_CONNECTIONS`."""
    limit = open_file_limit()
    if limit is None:
        return _MAX_CONNECTIONS
    free = max(0, limit - _open_files())
    return max(1, min(_MAX_CONNECTIONS, (free - min(_FILES, free // 2)) // _PER_CONNECTION))


def _open_files() -> int:
    with suppress(OSError):
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 - the names alone
    return _UNKNOWN


def shares(connections: int, targets: Sequence[Target]) -> dict[str, int]:
    """Return how many of `connections` each target has at first, by its name."""
    even = connections // max(1, len(targets))
    return {one.name: min(connections, one.concurrency, max(even, _fewest(one))) for one in targets}


def _fewest(target: Target) -> int:
    """Return how many connections a target needs at least: at a low rate it never has more requests in flight."""
    return _FEWEST if target.rate_per_s is None else min(_FEWEST, ceil(target.rate_per_s))


class Lease:
    """The connections of one open target; `on_growth` is called when there are more."""

    def __init__(self, connections: int, wanted: int) -> None:
        self.connections = connections
        self.wanted = wanted
        self.on_growth: Callable[[int], None] | None = None

    def keep(self) -> None:
        """Take no more connections: the target has ended, and closes those that it has."""
        self.wanted = self.connections

    def grow(self, by: int) -> int:
        """Add connections, as far as they are wanted; return how many."""
        added = min(by, self.wanted - self.connections)
        if added:
            self.connections += added
            if self.on_growth is not None:
                self.on_growth(self.connections)
        return added


class ConnectionBudget:
    """Leases `connections` to targets, each its share at first."""

    def __init__(self, connections: int, targets: Sequence[Target]) -> None:
        self._shares: Mapping[str, int] = shares(connections, targets)
        self._wanted = {one.name: one.concurrency for one in targets}
        self._free = connections
        self._leases: dict[str, Lease] = {}
        self._released = anyio.Event()
        self._waiting = 0
        self.fits_all = sum(self._shares.values()) <= connections

    async def acquire(self, target: str) -> Lease:
        """Return the lease of a target that has none, as soon as its share is free."""
        share = self._shares[target]
        self._waiting += 1
        try:
            while self._free < share:
                await self._released.wait()
        finally:
            self._waiting -= 1
        self._free -= share
        self._leases[target] = Lease(share, self._wanted[target])
        return self._leases[target]

    def release(self, target: str) -> None:
        """End the lease of a target, whose connections are closed."""
        self._free += self._leases.pop(target).connections
        if self._waiting:
            self._released.set()
            self._released = anyio.Event()
        else:
            self._grow()

    def _grow(self) -> None:
        """Give what is free to the leases that want it, in equal parts."""
        growing = [lease for lease in self._leases.values() if lease.connections < lease.wanted]
        for at, lease in enumerate(growing):
            self._free -= lease.grow(self._free // (len(growing) - at))
