"""Limits how many workers of one target may send; a worker in backoff gives up its slot."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio

from crawler.model.clock import Clock
from crawler.walk.concurrency_limit import ConcurrencyLimit, Sample

_WORKERS_PER_SLOT: Final = 2  # one sends while the other waits for its backoff


class Signal:
    """Wakes all tasks that wait at the moment; without a waiting task it costs nothing."""

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._waiting = 0

    def notify(self) -> None:
        """Wake all tasks that wait now."""
        if self._waiting:
            self._event.set()
            self._event = anyio.Event()

    async def wait(self) -> None:
        """Return at the next `notify`."""
        self._waiting += 1
        try:
            await self._event.wait()
        finally:
            self._waiting -= 1


class WorkerSlots:
    """At most `limit.limit` workers hold a slot; when the limit shrinks, the workers that hold one finish.

    A worker in backoff gives its slot to another worker: with one request in twenty failing, workers would otherwise
    spend half of their time waiting. A worker that comes back from its backoff gets a slot before a new worker, since
    its window is older. The slot is handed over, so no worker is woken in vain.
    """

    def __init__(self, limit: ConcurrencyLimit, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._taken = 0
        self._in_backoff = 0
        self._returning = deque[anyio.Event]()
        self._changed = Signal()

    def available(self) -> bool:
        """Return whether a new worker may take a slot."""
        workers = self._taken + self._in_backoff
        return self._taken < self._limit.limit and workers < _WORKERS_PER_SLOT * self._limit.limit

    @property
    def are_idle(self) -> bool:
        """Whether no worker holds a slot or will come back for one."""
        return not (self._taken or self._in_backoff)

    def may_continue(self) -> bool:
        """Return whether a worker may keep its slot for another window."""
        return self._taken <= self._limit.limit and not self._returning

    def acquire(self) -> None:
        """Take a slot; one must be available."""
        self._taken += 1

    def release(self) -> None:
        """Return a slot."""
        self._taken -= 1
        self.wake()

    def wake(self) -> None:
        """Hand free slots to workers that return from a backoff; wake `wait_for_change` when a slot is left."""
        while self._returning and self._taken < self._limit.limit:
            self._taken += 1
            self._returning.popleft().set()
        if self.available():
            self._changed.notify()

    def raise_max_limit(self, max_limit: int) -> None:
        """Let the number of workers that hold a slot grow further."""
        self._limit.raise_max_limit(max_limit)

    async def wait_for_change(self) -> None:
        """Return when there may be a slot for a new worker."""
        await self._changed.wait()

    @asynccontextmanager
    async def released(self) -> AsyncIterator[None]:
        """Release the slot while the context lasts, and wait for one at its end."""
        self._in_backoff += 1
        self.release()
        yield
        admitted = anyio.Event()
        self._returning.append(admitted)
        self.wake()
        await admitted.wait()
        self._in_backoff -= 1

    def on_sent(self) -> Sample:
        """Note that a request goes out; pass the sample to `on_success` or `on_failure`."""
        return self._limit.on_sent(self._clock.now_s(), self._taken)

    def on_success(self, sample: Sample) -> None:
        """Learn from an answer that was read."""
        now_s = self._clock.now_s()
        self._limit.on_success(sample, now_s)
        self._update(now_s)

    def on_failure(self, sample: Sample, *, throttled: bool) -> None:
        """Learn from a request without a usable answer; `throttled` when the service asked for fewer."""
        now_s = self._clock.now_s()
        if throttled:
            self._limit.on_throttled(sample, now_s, self._clock.busy_s())
            return
        self._limit.on_failure(sample, now_s)
        self._update(now_s)

    def _update(self, now_s: float) -> None:
        if self._limit.ready:  # reading the processor time is a system call
            self._limit.update(now_s, self._clock.busy_s())
