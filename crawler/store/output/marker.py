"""The file that says that this program made a folder: without it nothing in the folder is ever removed.

It is the first file that is written into a folder and the last one that is removed from it. So a folder that holds
nothing but a marker, whatever is in it, was being made or removed when the process was killed. Its content is not
synced: after a power cut its one line may be torn, and the name alone has to do.
"""

import os
from pathlib import Path
from typing import Final

from crawler.files.atomic import write_all
from crawler.files.closing import close_quietly
from crawler.snapshot.layout import MARKER

_MAX_BYTES: Final = 200


def mark(folder: Path, owner: str) -> None:
    """Mark a folder as made by `owner`, one line of text. Do nothing if it is marked. Raises OSError."""
    try:
        descriptor = os.open(folder / MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        return
    try:
        write_all(descriptor, f"{owner}\n".encode())
    finally:
        os.close(descriptor)


def is_marked_by(folder: Path, owner: str) -> bool:
    """Return whether a folder has a marker that names `owner`, or a torn one. Raises no OSError."""
    try:
        descriptor = os.open(folder / MARKER, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        line = os.read(descriptor, _MAX_BYTES)
    except OSError:
        return False
    finally:
        close_quietly(descriptor)
    return line == f"{owner}\n".encode() or not line.endswith(b"\n")
