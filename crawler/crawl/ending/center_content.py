"""Reads from part files which of some records a center holds, and what they hold."""

from collections.abc import Collection, Iterator
from io import BufferedReader
from itertools import chain
from pathlib import Path

import msgspec

from crawler.files.disk_errors import disk_errors
from crawler.files.tree import folders_below, matching
from crawler.model.record import RecordKey, differ_by_owner, names_of, record_key
from crawler.model.walk_id import Center
from crawler.snapshot.content import content_of
from crawler.snapshot.layout import compression_of, partition_path


class RecordContent(msgspec.Struct, frozen=True, gc=False):
    """What identifies a record of all centers, and what two repositories of one name hardly have in common."""

    target: str
    domain_name: str | None
    namespace: str
    name: str
    created_at: str | None
    path: str | None
    internal_path: str | None


_decode = msgspec.json.Decoder(RecordContent).decode


def center_content(folder: Path, target: str, center: Center, keys: Collection[int]) -> dict[int, object]:
    """Return the content of the records with these keys, by key; `folder` is that of the part files.

    It reads all records of the center. Raises DiskError.
    """
    return {
        of.key: (record.created_at, record.path, record.internal_path)
        for of, record in _records(folder, target, center)
        if of.key in keys
    }


def unheld(folder: Path, target: str, center: Center, keys: Collection[int]) -> frozenset[int]:
    """Return those of `keys` that are of no record of the center, whether with an owner or without.

    It reads all records of the center. Raises DiskError.
    """
    left: dict[int, set[int]] = {}  # by what an owner does not change: one look for each record
    for key in keys:
        left.setdefault(names_of(key), set()).add(key)
    for of, _ in _records(folder, target, center):
        same_names = left.get(names_of(of.key))
        if same_names:
            same_names -= {key for key in same_names if key == of.key or differ_by_owner(key, of.key)}
            if not any(left.values()):
                break
    return frozenset().union(*left.values())


def _records(folder: Path, target: str, center: Center) -> Iterator[tuple[RecordKey, RecordContent]]:
    with disk_errors(folder):
        partitions = [below for below in folders_below(folder) if below.name == partition_path(center)]
        for path in chain.from_iterable(matching(partition, "*") for partition in partitions):
            opened = path.open("rb", buffering=0)
            with BufferedReader(content_of(opened, path, compression_of(path.name))) as part:
                for record in map(_decode, part):
                    if record.target == target:
                        yield record_key(record.domain_name, record.namespace, record.name), record
