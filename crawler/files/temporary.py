"""Where temporary files go, and what to say when no folder takes them: a container may have a read-only root."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from crawler.errors import DiskError
from crawler.files.disk_errors import reason_and_advice

_MISSING: Final = (
    "no folder takes temporary files ({purpose}); set TMPDIR to one that can be written, or mount one at /tmp (in "
    "Kubernetes an emptyDir), then rerun the command"
)
_ADVICE: Final = "free disk space there, or set TMPDIR to another folder, then rerun the command"


@contextmanager
def temporary_errors(purpose: str) -> Iterator[None]:
    """Raise DiskError for an OSError of a temporary file or folder; `purpose` says in words what it is for."""
    try:
        yield
    except OSError as error:
        folder = _folder()
        if folder is None:
            raise DiskError(_MISSING.format(purpose=purpose)) from None
        raise DiskError(f"cannot use {folder} for {purpose}: {reason_and_advice(error, _ADVICE)}") from None


def _folder() -> str | None:
    """Return the folder for temporary files, None when the system has none that can be written."""
    try:
        return os.fspath(tempfile.gettempdir())
    except OSError:
        return None
