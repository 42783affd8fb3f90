"""Names the newest complete snapshot in an output: by the link `latest`, and for every reader by `latest.json`.

What has one of these names and is not ours is left alone and said once. Where no link can be made the file has to do.
"""

import logging
import os
from pathlib import Path

from crawler.files.atomic import write_synced
from crawler.files.presence import is_symlink
from crawler.files.probe import NO_LINKS
from crawler.files.sync import sync_folder
from crawler.snapshot.history.latest import LatestSnapshot, is_latest_link, read_latest_file, to_bytes
from crawler.snapshot.layout import LATEST, LATEST_FILE, snapshot_id

log = logging.getLogger(__name__)


class LatestLink:
    """The link and the file in the folder `output`. What else has one of their names is said once."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._link = output / LATEST
        self._said: set[Path] = set()

    def check(self) -> None:
        """Log a warning for each of both names that something else has. Raises OSError."""
        self.is_ours()
        self._is_file_ours()

    def is_ours(self) -> bool:
        """Return whether the link is missing or names a snapshot beside it; else log a warning. Raises OSError."""
        if not os.path.lexists(self._link) or is_latest_link(self._link):
            return True
        self._say(self._link, f"it is no link to a snapshot, so it does not follow the newest one; {LATEST_FILE} does")
        return False

    def _is_file_ours(self) -> bool:
        path = self._output / LATEST_FILE
        try:
            read_latest_file(self._output)
            if not is_symlink(path):
                return True
        except (OSError, ValueError):
            pass
        self._say(path, "swr-crawler did not write it, so it does not name the newest snapshot")
        return False

    def _say(self, path: Path, reason: str) -> None:
        if path not in self._said:
            self._said.add(path)
            log.warning("output.foreign", extra={"path": str(path), "reason": reason})

    def point_to(self, snapshot: str, folder: Path) -> None:
        """Let both name the folder `snapshot` beside them. Raises OSError.

        They are made in `folder`, which is ours: when another host took the run over it has moved that folder, and both
        stay as they are.
        """
        self._write_file(snapshot, folder)
        if self.is_ours():
            self._replace_link(snapshot, folder / LATEST)
        sync_folder(self._output)

    def _write_file(self, snapshot: str, folder: Path) -> None:
        if self._is_file_ours():
            text = to_bytes(LatestSnapshot(snapshot_id(snapshot), snapshot))
            write_synced(folder / LATEST_FILE, text)
            (folder / LATEST_FILE).replace(self._output / LATEST_FILE)

    def _replace_link(self, snapshot: str, temporary: Path) -> None:
        temporary.unlink(missing_ok=True)
        try:
            temporary.symlink_to(snapshot)
            temporary.replace(self._link)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            # The probe has said it. An older link would name an older snapshot, and readers follow it first.
            self._link.unlink(missing_ok=True)
