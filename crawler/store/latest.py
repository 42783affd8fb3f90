"""The link `latest` in an output: it is moved when it is ours, and left alone when it is not."""

import logging
import os
from pathlib import Path

from crawler.files.atomic import sync_folder
from crawler.snapshot.layout import LATEST, LATEST_TARGET

log = logging.getLogger(__name__)


class LatestLink:
    """The link in the folder `output`. What else has its name is said once."""

    def __init__(self, output: Path) -> None:
        self._link = output / LATEST
        self._was_said = False

    def is_ours(self) -> bool:
        """Return whether the link is missing or names a snapshot beside it; else log a warning. Raises OSError."""
        if not os.path.lexists(self._link):
            return True
        if self._link.is_symlink() and LATEST_TARGET.fullmatch(str(self._link.readlink())):
            return True
        if not self._was_said:
            self._was_said = True
            reason = "it is no link to a snapshot, so it does not follow the newest one"
            log.warning("output.foreign", extra={"path": str(self._link), "reason": reason})
        return False

    def point_to(self, snapshot: str, folder: Path) -> None:
        """Let the link name the folder `snapshot` beside it. Raises OSError.

        The new link is made in `folder`, which is ours: when another host took the run over it has moved that folder,
        and the link stays as it is.
        """
        if self.is_ours():
            temporary = folder / LATEST
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(snapshot)
            temporary.replace(self._link)
            sync_folder(self._link.parent)
