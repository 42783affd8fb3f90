"""Reads from part files what some records of a center hold, to compare them with records of the other center."""

from collections.abc import Collection
from pathlib import Path

import msgspec

from crawler.files.disk_errors import disk_errors
from crawler.model.record import record_key
from crawler.model.walk_id import Center
from crawler.snapshot.layout import partition_path


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
    found: dict[int, object] = {}
    with disk_errors(folder):
        for path in folder.glob(f"**/{partition_path(center)}/*"):
            with path.open("rb") as part:
                for record in map(_decode, part):
                    key = record_key(record.domain_name, record.namespace, record.name).key
                    if key in keys and record.target == target:
                        found[key] = record.created_at, record.path, record.internal_path
    return found
