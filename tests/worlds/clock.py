"""A clock without waiting: its time jumps to the next sleeper as soon as no task has anything to do."""

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    """The time of a world, in seconds. It goes on from one event loop to the next, with `advance` in between."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stepping = False

    def now_s(self) -> float:
        return self._now_s

    def busy_s(self) -> float:
        return 0.0

    def utc(self) -> datetime:
        return _EPOCH + timedelta(seconds=self._now_s)

    def advance(self, for_s: float) -> None:
        """Let time pass while nothing runs."""
        self._now_s += for_s

    async def sleep(self, duration_s: float) -> None:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._sleepers, self._stepping = loop, [], False
        self._count += 1
        woken: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._sleepers, (self._now_s + max(0.0, duration_s), self._count, woken))
        if not self._stepping:
            self._stepping = True
            loop.call_soon(self._step)
        await woken

    def _step(self) -> None:
        """Wake the next sleeper when every task waits; until then, look again in the loop's next turn."""
        loop = self._loop
        assert loop is not None
        if not loop._ready:  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio has no other way to say "idle"
            while self._sleepers:
                at_s, _, woken = heapq.heappop(self._sleepers)
                if not woken.done():
                    self._now_s = max(self._now_s, at_s)
                    woken.set_result(None)
                    break
        if self._sleepers:
            loop.call_soon(self._step)
        else:
            self._stepping = False
