"""Builds snapshots on disk from records and walks, for tests of readers."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from crawler.files.compression.codec import Codec
from crawler.model.record import Record
from crawler.model.walk_id import WalkId
from crawler.snapshot.manifest import Manifest, WalkEntry
from crawler.snapshot.reader import SnapshotReader, open_snapshot
from crawler.store.part_files import PartFiles
from crawler.store.publish import Destination, finish
from tests.audit.examples import manifest, record, walk

MANY = 10**9
PLAIN: Final = Codec()


def publish_records(
    output: Path,
    name: str,
    records: Iterable[Record] = (),
    *walks: WalkEntry,
    max_part_bytes: int = MANY,
    codec: Codec = PLAIN,
    **fields: object,
) -> SnapshotReader:
    """Publish these records, those of a center in their order; without `walks` each center is one complete walk."""
    in_order = sorted(records, key=lambda one: (one.target, one.center))
    by_center = {place: list(group) for place, group in groupby(in_order, lambda one: (one.target, one.center))}
    output.mkdir(parents=True, exist_ok=True)
    by_target = len({target for target, _ in by_center}) > 1
    parts = PartFiles(output / ".work", max_part_bytes=max_part_bytes, by_target=by_target, codec=codec)
    for (target, center), group in by_center.items():
        parts.open_walk(WalkId(target, center, None))
        for one in group:
            parts.write(msgspec.json.encode(one) + b"\n", 1)
    files, rejects, partitions = parts.close()
    entries = walks or tuple(walk(target=t, center=c, records=len(group)) for (t, c), group in by_center.items())
    written = manifest(*entries, files=files, rejects=rejects, partitions=partitions, snapshot=name, **fields)
    return open_snapshot(finish(parts.folder, written, Destination(output)))


def rewrite(snapshot: SnapshotReader, **fields: object) -> Manifest:
    """Change fields of the manifest of a snapshot on disk; return the new manifest."""
    changed = msgspec.structs.replace(snapshot.manifest, **fields)
    (snapshot.folder / "_manifest.json").write_bytes(msgspec.json.encode(changed))
    return changed


def records_named(*names: str, **fields: object) -> list[Record]:
    """Return records with these names that are equal otherwise."""
    return [record(name=name, **fields) for name in names]
