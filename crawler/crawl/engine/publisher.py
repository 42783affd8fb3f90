"""Publishes walks as they end, in plan order, from a thread of its own.

A thread sees the end of a walk at once. A task would see it only after the event loop had read the pages that are
waiting by then; they would stay in memory for longer, and be written twice.
"""

from collections.abc import Sequence
from itertools import takewhile
from threading import Event
from typing import Final, Protocol

from crawler.crawl.scheduling.scheduled import ScheduledWalk

# Publishing many small walks one by one costs too much time: publish after this many walks, or this many records
# (about a megabyte), or this many seconds.
BATCH_WALKS: Final = 64
_BATCH_RECORDS: Final = 2000
_BATCH_S: Final = 0.1


class WalkSink(Protocol):
    """Where walks are published to. `publish` blocks."""

    def publish(self, ended: Sequence[ScheduledWalk]) -> None:
        """Publish these walks, the next in plan order."""
        ...


class Publisher:
    """Publishes `walks`, which are in plan order, to `sink`; first those that have ended before it was made."""

    def __init__(self, walks: Sequence[ScheduledWalk], sink: WalkSink) -> None:
        self._walks = walks
        self._sink = sink
        self._ended = {walk.index for walk in walks if walk.ended}  # all their pages are in the store
        self._batch_walks = self._batch_records = 0  # that have ended since the last publication
        self._wake = Event()
        self._finishing = False  # no more walks will end
        self._stopped = False  # what has ended is left to the next run

    def on_walk_end(self, walk: int, records: int) -> None:
        """Note that the walk with this index has ended, and that all its pages are in the store."""
        self._ended.add(walk)
        self._batch_walks += 1
        self._batch_records += records
        if self._batch_walks >= BATCH_WALKS or self._batch_records >= _BATCH_RECORDS:
            self._wake.set()

    def finish(self) -> None:
        """Note that no more walks will end."""
        self._finishing = True
        self._wake.set()

    def stop(self) -> None:
        """Let `run` return after the walks that it is publishing now."""
        self._stopped = True
        self._wake.set()

    def run(self) -> None:
        """Publish until all walks are published, or the ended ones after `finish`, or until `stop`.

        Runs in a thread of its own. Raises the CrawlerError of `sink`.
        """
        published = 0
        while published < len(self._walks) and not self._stopped:
            self._wake.clear()
            finishing = self._finishing  # read before `_ended`: after `finish` nothing is added to it
            self._batch_walks = self._batch_records = 0
            upcoming = self._walks[published : published + BATCH_WALKS]
            ended = list(takewhile(lambda walk: walk.index in self._ended, upcoming))
            if ended:
                self._sink.publish(ended)
                self._ended.difference_update(walk.index for walk in ended)
                published += len(ended)
            elif finishing:
                return
            else:
                self._wake.wait(_BATCH_S)
