"""How long a request takes: the latency of the emulated service, and how many requests it works on at a time."""

import asyncio
import random
from contextlib import AbstractAsyncContextManager, nullcontext


class Latency:
    """Delays requests by `latency_ms`, plus or minus up to `jitter_ms`, drawn evenly from `seed` and never below 0.

    At most `max_concurrency` requests wait at a time, the others queue in order of arrival; None is no limit.
    """

    def __init__(self, latency_ms: float, jitter_ms: float, *, seed: int, max_concurrency: int | None) -> None:
        self.is_zero = not (latency_ms or jitter_ms)
        self._latency_ms = latency_ms
        self._jitter_ms = jitter_ms
        self._random = random.Random(seed)  # noqa: S311 - no secret, must be repeatable
        self._slots: AbstractAsyncContextManager[None] = (
            nullcontext() if max_concurrency is None else asyncio.Semaphore(max_concurrency)
        )

    async def wait(self) -> None:
        """Wait for a slot and then for the latency of one request."""
        async with self._slots:
            await asyncio.sleep(self._draw_s())

    def _draw_s(self) -> float:
        jitter_ms = self._random.uniform(-self._jitter_ms, self._jitter_ms)
        return max(0.0, self._latency_ms + jitter_ms) / 1000
