"""Closes descriptors on which nothing depends any more."""

import os
from contextlib import suppress
from pathlib import Path


def close_quietly(descriptor: int) -> None:
    """Close a descriptor that was only read from, or whose bytes are synced already; ignore every error.

    Network file systems and quotas report here what they did not report before (EIO, ENOSPC, EDQUOT, ESTALE), but not
    of bytes that an fsync has confirmed. The descriptor is free in any case, and must not be closed again.
    """
    with suppress(OSError):
        os.close(descriptor)


def read_begin(path: Path, size: int) -> bytes:
    """Return the first `size` bytes of a file, fewer if it has fewer. Raises OSError, but none of `close`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(size)
    finally:
        close_quietly(descriptor)
