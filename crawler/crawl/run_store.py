"""A run's storage as the engine sees it: pages go to the spool, ended walks to the part files."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from crawler.crawl.ending.evidence import CenterEvidence
from crawler.crawl.ending.walk_publication import publish_one, publish_split
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.model.key_sample import KeySample
from crawler.model.record import key_of_line
from crawler.model.walk_id import Center
from crawler.model.window import Window
from crawler.snapshot.manifest import CarriedOver, CenterSplit, WalkEntry
from crawler.store.journal import DoubtEntry, LossEntry, PublishedEntry, RefusalEntry, ShapeEntry, SplitEntry
from crawler.store.leftovers import namespaces_by_page
from crawler.store.part_files import PartWriter
from crawler.store.spool import Spool
from crawler.swr.page import Page
from crawler.walk.server_profile import Reshaped

_MOST_OUTSIDE: Final = 1000  # of a center: a service that matches names loosely may send each record several times
_MERGED_SAMPLES: Final = 64  # merging the samples of many small walks one by one would take too long


class RunStore:
    """Appends pages to the spool and publishes walks to `part_writer`; `walks` are their entries for the manifest.

    `settled` holds the index of each walk of which a window was read, refused or lost.

    `check` raises UnavailableError when another run has taken the output over. `on_walk` is given the entry of each
    walk when all of it is written.
    """

    def __init__(
        self,
        spool: Spool,
        part_writer: PartWriter,
        check: Callable[[], None] = lambda: None,
        on_walk: Callable[[WalkEntry], None] = lambda _: None,
    ) -> None:
        self._spool = spool
        self._part_writer = part_writer
        self._check = check
        self._on_walk = on_walk
        self.walks: list[WalkEntry] = []
        self._splits: dict[tuple[str, Center], CenterSplit] = {}
        self.settled: set[int] = set()
        self._samples: dict[tuple[str, Center], list[KeySample]] = {}
        self._outside: dict[tuple[str, Center], set[int]] = {}  # some keys of records that walks left out

    @property
    def waiting_bytes(self) -> int:
        """The bytes of appended pages that are not written yet."""
        return self._spool.waiting_bytes

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Append a window that was read."""
        self.settled.add(walk)
        self._spool.append_page(walk, window, page)

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Append a window that was lost."""
        self.settled.add(walk)
        self._spool.append_note(LossEntry(walk, window, reason))

    def append_refusal(self, walk: int, window: Window, reason: str) -> None:
        """Append a window for which the service said that it has no such list."""
        self.settled.add(walk)
        self._spool.append_note(RefusalEntry(walk, window, reason))

    def append_doubt(self, walk: int, window: Window) -> None:
        """Append that a settled window is taken back."""
        self._spool.append_note(DoubtEntry(walk, window))

    def append_published(self, snapshot: CarriedOver, again: tuple[int, ...]) -> None:
        """Append a PublishedEntry, durably: the run goes on from this snapshot. Raises DiskError, and as `check`."""
        self._spool.append_note(PublishedEntry(snapshot, again))
        self.flush()

    def append_shape(self, walk: int, shape: Reshaped) -> None:
        """Append what the service of this walk's target was found to accept."""
        self._spool.append_note(ShapeEntry(walk, *shape))

    def append_split(self, walk: int, namespaces: tuple[str, ...]) -> None:
        """Append that a walk is read again by these namespaces."""
        self._spool.append_note(SplitEntry(walk, namespaces))

    def namespaces_by_page(self, walk: int) -> Iterator[frozenset[str]] | None:
        """Return the namespaces on each page of a walk, None when it read rejects. The iterator raises DiskError."""
        return namespaces_by_page(self._spool, walk)

    def flush(self) -> None:
        """Write what was appended and make it durable; see `Spool.flush`. Raises DiskError, and as `check`."""
        self._check()
        self._spool.flush()

    def publish(self, ended: Sequence[ScheduledWalk]) -> None:
        """Publish walks that have ended, the next in plan order. Raises DiskError."""
        known = len(self.walks)
        for scheduled in ended:
            split, on_outside = scheduled.own_split, partial(self._leave_out, scheduled.id[:2])
            if scheduled.result is not None and split is not None:
                found = publish_split(self._part_writer, self._spool, split, scheduled.result, on_outside)
                self.walks += found.walks
                self._splits[scheduled.id[:2]] = found.split
            elif scheduled.result is not None:
                entry = publish_one(self._part_writer, self._spool, scheduled, scheduled.result, on_outside)
                self.walks.append(entry)
            for one in (*(split.walks if split else ()), scheduled):
                self._add_sample(one)
                one.result = None  # the entry holds its evidence; memory must not grow with the walks
        self._part_writer.flush()
        for entry in self.walks[known:]:
            self._on_walk(entry)

    def _leave_out(self, place: tuple[str, Center], line: bytes) -> None:
        """Remember a record that a walk of another namespace showed: its own walk must hold it."""
        keys = self._outside.setdefault(place, set())
        if len(keys) < _MOST_OUTSIDE:
            keys.add(key_of_line(line).key)

    def _add_sample(self, scheduled: ScheduledWalk) -> None:
        if scheduled.result is None or scheduled.own_split is not None:
            return
        samples = self._samples.setdefault(scheduled.id[:2], [])
        samples.append(scheduled.result.sample)
        if len(samples) >= _MERGED_SAMPLES:
            samples[:] = [KeySample.merged(samples)]

    def centers(self) -> tuple[CenterEvidence, ...]:
        """Return what was found of each center, by the walks published so far."""
        return tuple(
            CenterEvidence(
                target=place[0],
                center=place[1],
                sample=KeySample.merged(samples),
                split=self._splits.get(place),
                outside=tuple(sorted(self._outside.get(place, ()))),
            )
            for place, samples in self._samples.items()
        )
