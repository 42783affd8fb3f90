"""What somebody sees who reads an output folder at any moment."""

from pathlib import Path

from crawler.snapshot.layout import LATEST, SUCCESS
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import parts


def seen(output: Path) -> list[dict[str, bytes]]:
    """Give the parts of each snapshot that a reader sees: all of them, and `latest`, must be what they claim."""
    folders = list(output.glob("snapshot=*"))
    for folder in folders:
        assert verify(open_snapshot(folder)).differences == ()
    latest = output / LATEST
    if latest.is_symlink():
        assert (latest / SUCCESS).is_file()
        assert latest.resolve() in folders
    return list(map(parts, folders))
