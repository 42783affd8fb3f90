"""What a reader of an output folder sees at any moment."""

from pathlib import Path

from crawler.snapshot.layout import LATEST, SUCCESS
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import parts


def visible_snapshots(output: Path) -> list[dict[str, bytes]]:
    """Return the parts of each visible snapshot; check that each snapshot, and `latest`, is what it claims to be."""
    folders = list(output.glob("snapshot=*"))
    for folder in folders:
        assert verify(open_snapshot(folder)).differences == ()
    latest = output / LATEST
    if latest.is_symlink():
        assert (latest / SUCCESS).is_file()
        assert latest.resolve() in folders
    return list(map(parts, folders))
