"""Publishes walks as they end, in plan order; works in a thread of its own.

A thread hears of an end at once, and not when the event loop comes round: that may have a dozen pages to read before,
and they would be in memory for as long, and be written twice.
"""

from collections.abc import Sequence
from itertools import takewhile
from threading import Event
from typing import Final, Protocol

from crawler.crawl.engine.target_scheduler import ScheduledWalk

# A call for each of ten thousand small walks would cost seconds: so many walks are published at once, or walks of so
# many records (a megabyte), or what has ended after so many seconds.
_WORTH_WALKS: Final = 64
_WORTH_RECORDS: Final = 2000
_PUBLISH_S: Final = 0.1


class WalkSink(Protocol):
    """Where walks go. `publish` blocks."""

    def publish(self, ended: Sequence[ScheduledWalk]) -> None:
        """Publish these walks, the next in plan order."""
        ...


class Publisher:
    """Publishes `runs`, which are in plan order, to `shelves`; those that have ended before it was made are first."""

    def __init__(self, runs: Sequence[ScheduledWalk], shelves: WalkSink) -> None:
        self._runs = runs
        self._shelves = shelves
        self._ended = {run.index for run in runs if run.ended}  # and all their pages are in the store
        self._walks = self._records = 0  # that have ended since the last publishing
        self._moved = Event()
        self._over = False  # nothing more will end
        self._stopped = False  # what has ended is for the next run to publish

    def note_end(self, walk: int, records: int) -> None:
        """Hear that the walk with this index has ended, and that all its pages are in the store."""
        self._ended.add(walk)
        self._walks += 1
        self._records += records
        if self._walks >= _WORTH_WALKS or self._records >= _WORTH_RECORDS:
            self._moved.set()

    def finish(self) -> None:
        """Hear that nothing more will end."""
        self._over = True
        self._moved.set()

    def stop(self) -> None:
        """Let `work` return after what it is publishing now."""
        self._stopped = True
        self._moved.set()

    def work(self) -> None:
        """Publish until all is published, or `finish` was called and what has ended is, or `stop` was.

        Runs in a thread of its own. Raises the CrawlerError of `shelves`.
        """
        done = 0
        while done < len(self._runs) and not self._stopped:
            self._moved.clear()
            over = self._over  # read before what has ended: all that was to end has ended by then
            self._walks = self._records = 0
            ended = list(takewhile(lambda run: run.index in self._ended, self._runs[done : done + _WORTH_WALKS]))
            if ended:
                self._shelves.publish(ended)
                self._ended.difference_update(run.index for run in ended)
                done += len(ended)
            elif over:
                return
            else:
                self._moved.wait(_PUBLISH_S)
