"""Who of one target's workers may ask: as many at a time as its crowd has room for, and none that only waits."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from crawler.model.clock import Clock
from crawler.walk.concurrency_limit import ConcurrencyLimit, Sample

_WORKERS_IN_ROOM: Final = 2  # one asks while the other waits for its backoff


class Signal:
    """Wakes whoever waits at the moment; heard by nobody, it costs nothing."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._listeners = 0

    def ring(self) -> None:
        """Wake all who wait."""
        if self._listeners:
            self._event.set()
            self._event = anyio.Event()

    async def heard(self) -> None:
        """Return when it rings next."""
        self._listeners += 1
        try:
            await self._event.wait()
        finally:
            self._listeners -= 1


class WorkerSlots:
    """At most `crowd.size` workers are let into it at a time; when that shrinks, those who are in it finish.

    A window that failed waits for its backoff outside, and another worker comes in: with one request in twenty
    failing, the others would else spend half of their time waiting. Who comes back is let in before anybody new,
    since its window is older, and nobody is woken in vain: a place is handed over.
    """

    def __init__(self, crowd: ConcurrencyLimit, clock: Clock) -> None:
        self._crowd = crowd
        self._clock = clock
        self._inside = 0
        self._outside = 0
        self._coming_back = deque[anyio.Event]()
        self._changed = Signal()

    def has_place(self) -> bool:
        """Whether a new worker may enter."""
        workers = self._inside + self._outside
        return self._inside < self._crowd.size and workers < _WORKERS_IN_ROOM * self._crowd.size

    def lets_stay(self) -> bool:
        """Whether who is inside may stay for another window, rather than make room."""
        return self._inside <= self._crowd.size and not self._coming_back

    def enter(self) -> None:
        """Take a place; there must be one."""
        self._inside += 1

    def leave(self) -> None:
        """Make room for another."""
        self._inside -= 1
        self.call()

    def call(self) -> None:
        """Let in who comes back, or say that there is a place and perhaps a new window to ask for."""
        while self._coming_back and self._inside < self._crowd.size:
            self._inside += 1
            self._coming_back.popleft().set()
        if self.has_place():
            self._changed.ring()

    async def change(self) -> None:
        """Return when there may be something to do for a new worker."""
        await self._changed.heard()

    @asynccontextmanager
    async def outside(self) -> AsyncIterator[None]:
        """Be outside for as long as the context lasts, and come back."""
        self._outside += 1
        self.leave()
        yield
        admitted = anyio.Event()
        self._coming_back.append(admitted)
        self.call()
        await admitted.wait()
        self._outside -= 1

    def sent(self) -> Sample:
        """Note that a request goes out; give its end to `answered` or `failed`."""
        return self._crowd.sent(self._clock.now_s(), self._inside)

    def answered(self, sent: Sample) -> None:
        """Learn from an answer that was read."""
        now_s = self._clock.now_s()
        self._crowd.answered(sent, now_s)
        self._judge(now_s)

    def failed(self, sent: Sample, *, too_much: bool) -> None:
        """Learn from a request that yielded nothing; whether the service says there are too many."""
        now_s = self._clock.now_s()
        if too_much:
            self._crowd.cut(sent, now_s, self._clock.busy_s())
            return
        self._crowd.failed(sent, now_s)
        self._judge(now_s)

    def _judge(self, now_s: float) -> None:
        if self._crowd.full:  # to ask for the processor time is a system call
            self._crowd.judge(now_s, self._clock.busy_s())
