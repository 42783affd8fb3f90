"""Leaves in an output the snapshots of some nights."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from crawler.snapshot.reader import SnapshotReader
from crawler.text.timestamp import timestamp
from tests.audit.examples import walk
from tests.store.builders import publish_records, records_named

NOW: Final = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)


def publish_night(output: Path, name: str, days_ago: float, *, is_complete: bool = True) -> SnapshotReader:
    """Publish a snapshot of two records, or of one with two missing, that began so long before `NOW`."""
    moment = timestamp(NOW - timedelta(days=days_ago))
    if is_complete:
        return publish_records(output, name, records_named("x", "y"), started_at=moment, finished_at=moment)
    partial = walk(records=1, verdict="partial", declared_totals=(3,))
    return publish_records(
        output, name, records_named("x"), partial, status="incomplete", started_at=moment, finished_at=moment
    )


def snapshots_in(output: Path) -> list[str]:
    """Return the ids of the snapshots whose folders are there."""
    return sorted(path.name.removeprefix("snapshot=") for path in output.glob("snapshot=*"))
