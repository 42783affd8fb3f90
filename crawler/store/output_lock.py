"""The lock of an output folder: one run at a time, and the name of its holder for the message to a second one."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from filelock import FileLock, Timeout

from crawler.errors import UnavailableError
from crawler.files.disk_errors import disk_errors

_LOCK: Final = ".lock"
_HOLDER: Final = ".holder.json"


class _Holder(msgspec.Struct):
    pid: int
    host: str
    since: str
    snapshot: str


class HolderFile(NamedTuple):
    """The file that names the run that holds the output, with the time at which it was locked."""

    path: Path
    locked_at: datetime

    def write(self, snapshot: str) -> None:
        """Name this process and its snapshot. Raises DiskError."""
        since = f"{self.locked_at:%Y-%m-%dT%H:%M:%SZ}"
        holder = _Holder(os.getpid(), socket.gethostname(), since, snapshot)
        with disk_errors(self.path):
            self.path.write_bytes(msgspec.json.encode(holder))


@contextmanager
def locked(work: Path, now: datetime) -> Iterator[HolderFile]:
    """Hold the lock of the work folder `work`; `now` is in UTC.

    The system frees the lock of a killed process. Raises UnavailableError, which names the holder, when another run
    holds it; DiskError when the lock cannot be made.
    """
    lock = FileLock(work / _LOCK, timeout=0)
    with disk_errors(work):
        try:
            lock.acquire()
        except Timeout:
            raise UnavailableError(
                f"{work.parent} is in use by {_holder_of(work)}; wait for it or choose another output"
            ) from None
    holder = work / _HOLDER
    try:
        with disk_errors(holder):
            holder.unlink(missing_ok=True)  # of a run that was killed: it holds nothing any more
        yield HolderFile(holder, now)
    finally:
        with suppress(OSError):
            holder.unlink(missing_ok=True)
        lock.release()


def _holder_of(work: Path) -> str:
    try:
        holder = msgspec.json.decode((work / _HOLDER).read_bytes(), type=_Holder)
    except (OSError, msgspec.MsgspecError):
        return "another run"
    return f"process {holder.pid} on {holder.host} (snapshot {holder.snapshot}, since {holder.since})"
