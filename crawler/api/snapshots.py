"""A published snapshot for a Python program: its records, and what is made of them."""

from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Final

from crawler.audit.engine import Audit
from crawler.audit.finding import Finding
from crawler.config.audit_policy import Policy
from crawler.diff.change import Change, Summary, Unknown
from crawler.diff.changes import changes
from crawler.diff.compare import Comparison
from crawler.errors import UsageError
from crawler.files.presence import exists
from crawler.model.record import Record
from crawler.model.walk_id import Center
from crawler.snapshot.completeness import Shortfall, contradictions, shortfalls
from crawler.snapshot.history.find import open_named
from crawler.snapshot.history.latest import followed
from crawler.snapshot.layout import LATEST, SUCCESS
from crawler.snapshot.manifest import Manifest, WalkEntry
from crawler.snapshot.reader import SnapshotReader, open_snapshot
from crawler.snapshot.verify import Report, verify

_CENTERS: Final[tuple[Center, ...]] = ("self", "thirdparty")


class Snapshot:
    """A published snapshot; `len` is the number of its records. It never changes. Get one by `Snapshot.open`.

    `reader` is what reads its files; it is no part of the public API.
    """

    def __init__(self, reader: SnapshotReader) -> None:
        self.reader = reader

    @classmethod
    def open(cls, name: str | PurePath = LATEST, *, output: str | PurePath = "output") -> "Snapshot":
        """Return the snapshot of this name.

        `name` is "latest" or "previous" (the newest complete one, or the one before), the id of a snapshot in the
        folder `output`, or the path of its folder; a Path is that of a folder, whatever it is called. The manifest is
        read, and the size of each file compared.

        Raise UsageError when there is none of this name, IncompleteError for a damaged one.
        """
        if isinstance(name, PurePath):
            return cls(open_snapshot(followed(Path(name))))
        return cls(open_named(name, Path(output)))

    def __repr__(self) -> str:
        return f"<Snapshot {self.id} at {self.folder}>"

    def __len__(self) -> int:
        return sum(file.records for file in self.manifest.files)

    @property
    def id(self) -> str:
        """The id of the snapshot, by default the time of its start."""
        return self.manifest.snapshot

    @property
    def folder(self) -> Path:
        """The folder of the snapshot."""
        return self.reader.folder

    @property
    def manifest(self) -> Manifest:
        """What the snapshot holds, with the evidence for each walk: see docs/reference/manifest.md."""
        return self.reader.manifest

    @property
    def complete(self) -> bool:
        """Whether the snapshot is proven complete: by its evidence, and nothing in its folder says otherwise."""
        says_so = self.manifest.status == "complete" and not self.completeness
        marked = exists(self.folder / SUCCESS)
        return says_so and not any(contradictions(self.manifest, records=len(self), has_success_marker=marked))

    @property
    def completeness(self) -> tuple[Shortfall, ...]:
        """Why the snapshot is not complete by its evidence, () when it is."""
        return tuple(shortfalls(self.manifest))

    @property
    def walks(self) -> tuple[WalkEntry, ...]:
        """How each walk ended, with its verdict and its evidence, in plan order."""
        return self.manifest.walks

    def verify(self) -> Report:
        """Read everything again, and return how many files, records and bytes were read, and every difference."""
        return verify(self.reader)

    def records(
        self, *, target: str | None = None, center: Center | None = None, namespace: str | None = None
    ) -> Iterator[Record]:
        """Return an iterator over the records, of all or of one target, center or namespace, part by part.

        Each part is compared with its digest before its first record is yielded, so no record of a damaged part is.
        Iterating raises IncompleteError at the first part that differs from the manifest. Raise UsageError for a target
        or a center that the snapshot does not have.
        """
        targets = {walk.target for walk in self.walks}
        if target is not None and target not in targets:
            raise UsageError(f"target: {target} is not in the snapshot; there are {', '.join(sorted(targets))}")
        if center is not None and center not in _CENTERS:
            raise UsageError(f"center: {center} is no center; there are {', '.join(_CENTERS)}")
        return self._records(target, center, namespace)

    def _records(self, target: str | None, center: Center | None, namespace: str | None) -> Iterator[Record]:
        for file in self.manifest.files:
            part = self.reader.partition_of(file)
            if center in {None, part.center} and (target is None or part.target in {None, target}):
                deque(self.reader.blocks(file), maxlen=0)
                for record in self.reader.records_of(file):
                    if target in {None, record.target} and namespace in {None, record.namespace}:
                        yield record

    def diff(self, old: "Snapshot", *, ignore: Iterable[str] = (), list_downloads: bool = False) -> "SnapshotDiff":
        """Return what differs from an earlier snapshot.

        `ignore` names fields whose changes are ignored; changes of `num_download` are summed up, and listed only with
        `list_downloads`.
        """
        return SnapshotDiff(old.reader, self.reader, frozenset(ignore), list_downloads=list_downloads)

    def audit(self, policy: Policy | None = None, *, previous: "Snapshot | None" = None) -> "SnapshotAudit":
        """Return the findings of an audit.

        `policy` is `Config.audit`, or the defaults. With `previous`, growth and shrinkage since then are judged.
        """
        return SnapshotAudit(self.reader, policy or Policy(), None if previous is None else previous.reader)


class SnapshotDiff:
    """What differs between two snapshots. Each iteration compares them anew and yields the changes.

    Both are read and checked before the first change is yielded: iterating raises IncompleteError for a damaged one.
    """

    def __init__(
        self, old: SnapshotReader, new: SnapshotReader, ignore: frozenset[str], *, list_downloads: bool
    ) -> None:
        self._old = old
        self._new = new
        self._ignore = ignore
        self._list_downloads = list_downloads
        self._compared: Comparison | None = None

    def __iter__(self) -> Iterator[Change]:
        old, new = self._old, self._new
        comparison = Comparison(old.manifest, new.manifest, ignore=self._ignore, list_downloads=self._list_downloads)
        yield from changes(old, new, comparison)
        self._compared = comparison

    @property
    def summary(self) -> Summary:
        """The counts: `added`, `removed`, `changed`, `unchanged`, `unknown`, and whether nothing is unknown."""
        return self._comparison().summary()

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """The walks of which it is not known what was added or removed, with the reasons."""
        return tuple(self._comparison().unknown())

    def _comparison(self) -> Comparison:
        if self._compared is None:
            deque(self, maxlen=0)
        if self._compared is None:
            raise AssertionError
        return self._compared


class SnapshotAudit:
    """The findings of an audit. Each iteration reads the snapshot anew and yields them.

    Iterating raises IncompleteError for a damaged snapshot: what was yielded by then is no audit. `complete` says
    whether the snapshot is: the audit of one that is not may lack findings.
    """

    def __init__(self, snapshot: SnapshotReader, policy: Policy, previous: SnapshotReader | None) -> None:
        self._snapshot = snapshot
        self._policy = policy
        self._previous = previous
        self.complete = not Audit(snapshot, policy, previous=previous).incomplete

    def __iter__(self) -> Iterator[Finding]:
        return Audit(self._snapshot, self._policy, previous=self._previous).findings()
