"""The standard streams of the process, made fit for a command: closed ones, other encodings, streams that do not wait.

Python's own streams fail at a character that the encoding of the locale lacks, and when a pipe that somebody made
non-blocking is full for a moment. Any process that shares the pipe can do that (Node does, and ssh), at any time.
"""

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from typing_extensions import Buffer


class _WaitingFile(io.FileIO):
    """A stream that waits for its reader also when the system says that writing must not wait.

    Nobody may just switch that off: the setting belongs to the open pipe, which other processes share.
    """

    def write(self, data: "Buffer") -> int:
        """Write some of `data`, waiting for room; return how many bytes were taken. Raises OSError."""
        while (taken := super().write(data)) is None:
            _wait_for_room(self.fileno())
        return taken


def _wait_for_room(descriptor: int) -> None:
    """Return when a write may take something, or when the reader has gone: then the next write says so."""
    import select  # noqa: PLC0415 - few runs need it

    select.select([], [descriptor], [])


def prepare_streams() -> None:
    """Replace closed streams by the null device; let the others wait for their reader, and write every character."""
    _replace_closed_streams()
    sys.stdout, sys.stderr = _waiting(sys.stdout), _waiting(sys.stderr)


def _waiting(stream: TextIO) -> TextIO:
    r"""Return a stream to the same place. What its encoding lacks it writes as an escape, such as \u6570."""
    try:
        descriptor = stream.fileno()
    except OSError:  # a program that calls `main` may have put another kind of stream there
        return stream
    raw = _WaitingFile(descriptor, "w", closefd=False)
    is_lined = stream is sys.stderr or stream.isatty()
    buffered = io.BufferedWriter(raw)
    return io.TextIOWrapper(buffered, stream.encoding, "backslashreplace", line_buffering=is_lined)


def _replace_closed_streams() -> None:
    """Open the null device for each standard stream that is closed: the next file opened would get its descriptor.

    Standard output is opened for reading only, so that records written to it fail and are not silently lost.
    """
    for name, mode in (("stdin", os.O_RDONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, mode)
            # It stays open when its stream is gone: else another file would get its number, and the output.
            setattr(sys, name, os.fdopen(descriptor, "r" if name == "stdin" else "w", closefd=False))


def flush_streams() -> None:
    """Discard what the streams did not take: Python would try again at its exit, complain, and exit with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError):  # no descriptor is left for the null device
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
