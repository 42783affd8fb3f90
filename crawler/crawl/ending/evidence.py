"""What a crawl of walks found: a value from which any process makes the manifest of a snapshot (pure).

    crawl_walks -> Evidence -> snapshot_of -> Manifest

It holds no secret, and is the same after a way through JSON. What a snapshot is compared with is not part of it: the
one who publishes has the earlier snapshots (comparison.py).
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from crawler.errors import ErrorKind
from crawler.model.key_sample import KeySample
from crawler.model.stop_reason import StopReason
from crawler.model.walk_id import Center
from crawler.snapshot.coverage import CenterTotal
from crawler.snapshot.file_entry import FileEntry
from crawler.snapshot.manifest import CarriedOver, CenterSplit, TargetEntry, WalkEntry
from crawler.walk.server_profile import ServerProfile

VERSION: Final = 1


class TargetEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one target.

    `planned` counts its walks. `kind` and `reason` say why it stopped before they had ended, None and "" when it did
    not. `by_status` counts its requests by HTTP status, "none" those without a response. `throttled_s` is how long it
    was paused, in seconds. `profile` is what its service was found to accept, for the next crawl of it.
    """

    name: str
    planned: int
    kind: ErrorKind | None = None
    reason: str = ""
    by_status: dict[str, int] = {}
    retries: int = 0
    throttled_s: float = 0.0
    unknown_fields: tuple[str, ...] = ()
    profile: ServerProfile | None = None


class CenterEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one center.

    `sample` is of the keys of its records. `split` says what was seen of it before it was read by namespace, None for
    a center that was not split. `outside` are keys of records that its walks showed and left out, since they are of
    other namespaces: 1 000 at most.
    """

    target: str
    center: Center
    sample: KeySample = KeySample()
    split: CenterSplit | None = None
    outside: tuple[int, ...] = ()


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a crawl of walks found, and the files that it wrote.

    `walks` are the published ones in plan order, `totals` what centers that are read by namespace declare as a whole;
    `is_census_done` says whether all of them have. `owner_parts` are those of all owners (model/record.py).
    `carried_over` lists the earlier snapshots that some walks were taken over from. `files` are the parts in the order
    of their records, `rejects` is the file of rejected items; there are none for records that went to a stream.
    """

    version: int = VERSION
    stop_reason: StopReason = StopReason("done")
    walks: tuple[WalkEntry, ...] = ()
    targets: tuple[TargetEvidence, ...] = ()
    centers: tuple[CenterEvidence, ...] = ()
    totals: tuple[CenterTotal, ...] = ()
    is_census_done: bool = True
    owner_parts: tuple[int, ...] = ()
    carried_over: tuple[CarriedOver, ...] = ()
    files: tuple[FileEntry, ...] = ()
    rejects: FileEntry | None = None
    partitions: tuple[str, ...] = ()

    @property
    def target_entries(self) -> tuple[TargetEntry, ...]:
        """How each target ended, for the manifest."""
        return tuple(_entries(self.targets, self.walks))

    @property
    def failed_targets(self) -> frozenset[str]:
        """The names of the targets that stopped before their walks had ended."""
        return frozenset(target.name for target in self.targets if target.kind is not None)

    @property
    def is_publishable(self) -> bool:
        """Whether there is something to publish.

        At least one target ended, and of those that did all walks are published and all totals are known. Of a run all
        of whose targets failed nothing is: it is resumed.
        """
        ended = [entry for entry in self.target_entries if entry.state == "ended"]
        return self.is_census_done and bool(ended) and all(entry.planned == entry.published for entry in ended)


def _entries(targets: Iterable[TargetEvidence], walks: Iterable[WalkEntry]) -> Iterator[TargetEntry]:
    published: dict[str, int] = {}
    for walk in walks:
        published[walk.target] = published.get(walk.target, 0) + 1
    for target in targets:
        yield TargetEntry(
            name=target.name,
            state="ended" if target.kind is None else "failed",
            planned=target.planned,
            published=published.get(target.name, 0),
            kind=target.kind,
            reason=target.reason,
        )
