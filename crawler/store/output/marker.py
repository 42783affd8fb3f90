"""The file that says that this program made a folder: without it nothing in the folder is ever removed.

It is the first file that is written into a folder and the last one that is removed from it. So a folder that holds
nothing but a marker, whatever is in it, was being made or removed when the process was killed.
"""

import os
from pathlib import Path
from typing import Final

from crawler.files.atomic import write_all

MARKER: Final = ".swr-crawler"
_MAX_BYTES: Final = 200


def mark(folder: Path, owner: str) -> None:
    """Mark a folder as made by `owner`, one line of text. Do nothing if it is marked. Raises OSError.

    The content is durable; so is the name when that of anything later in the folder is.
    """
    try:
        descriptor = os.open(folder / MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        return
    try:
        write_all(descriptor, f"{owner}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def owner_of(folder: Path) -> str | None:
    """Return the owner that the marker of a folder names, None without a readable marker. Raises no OSError."""
    try:
        descriptor = os.open(folder / MARKER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(descriptor, _MAX_BYTES).decode(errors="replace").removesuffix("\n")
    except OSError:
        return None
    finally:
        os.close(descriptor)
