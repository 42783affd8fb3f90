"""A published snapshot, read: its manifest, its parts and what is on each line."""

from collections.abc import Iterator
from errno import EPERM
from pathlib import Path

from crawler.errors import IncompleteError, UsageError
from crawler.snapshot.manifest import FileEntry, Manifest, from_json
from crawler.snapshot.publish import MANIFEST


class Snapshot:
    """A snapshot's folder and manifest. Made by `open_snapshot`."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest

    def lines(self, file: FileEntry) -> Iterator[bytes]:
        """Give the lines of one part, without reading it whole.

        Raises OSError, also for what is no file within the folder: a link may lead anywhere, a pipe never ends.
        """
        path = (self.folder / file.path).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise PermissionError(EPERM, "leads out of the snapshot's folder", str(path))
        if path.exists() and not path.is_file():
            raise PermissionError(EPERM, "is no file", str(path))
        with path.open("rb", buffering=2**20) as part:
            yield from part


def open_snapshot(folder: Path) -> Snapshot:
    """Open a snapshot by its folder.

    Raises UsageError when `folder` is none, IncompleteError when its manifest is missing, damaged or newer.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; name a snapshot, e.g. output/latest")
    try:
        text = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        raise IncompleteError(f"{folder} has no {MANIFEST}: it is no snapshot, or a damaged one") from None
    except OSError as error:
        raise IncompleteError(f"{folder / MANIFEST}: {error.strerror}") from None
    try:
        return Snapshot(folder, from_json(text))
    except ValueError as error:
        raise IncompleteError(f"{folder / MANIFEST} {error}") from None
