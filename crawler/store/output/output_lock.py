"""One run at a time holds an output, on one host or on several: the system's lock, and beside it the holder's record.

The rule of who holds it is the table in holder_record.py; this module carries it out.
"""

import errno
import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from crawler.errors import UnavailableError
from crawler.files.closing import close_quietly
from crawler.files.disk_errors import disk_errors
from crawler.snapshot.layout import HOLDER, LOCK
from crawler.store.output.heartbeat import heartbeat
from crawler.store.output.holder_file import HolderFile, our_record, read_record, remove_temporary_files
from crawler.store.output.holder_record import HolderRecord, from_bytes, judge

log = logging.getLogger(__name__)


class Timing(NamedTuple):
    """How often a holder counts up, and how often and how many times another run looks at its record, in seconds.

    After `settle_s` a run that created or replaced a record reads it again. All looks together must last longer than
    network file systems and mounted object storage keep old content, which is a minute by default.
    """

    beat_s: float = 5.0
    look_s: float = 1.0
    looks: int = 90
    settle_s: float = 2.0

    @property
    def watch_s(self) -> float:
        """For how long a holder is watched before it is taken as dead."""
        return self.look_s * self.looks


TIMING: Final = Timing()

_IN_USE: Final = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES})
_UNSUPPORTED: Final = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL})


class Hold(NamedTuple):
    """An output that this run holds.

    `was_silent` when a holder before was taken as dead since it did not count up: it may wake up, so its run must be
    moved away. `silent_run` is the id of that run, "" when it is not known.
    """

    file: HolderFile
    was_silent: bool = False
    silent_run: str = ""


@contextmanager
def locked(work: Path, now: datetime, wait: Callable[[float], None] | None = None) -> Iterator[Hold]:
    """Hold the output whose work folder is `work`; `now` is in UTC, `wait` waits for seconds.

    Raises UnavailableError, which names the holder, when another run holds it; DiskError.
    """
    with _system_lock(work) as lock:
        record = our_record(f"{now:%Y-%m-%dT%H:%M:%SZ}", lock)
        with disk_errors(work):
            hold = _claim(work, record, wait or time.sleep)
            remove_temporary_files(work)
        try:
            with heartbeat(hold.file.beat, TIMING.beat_s):
                yield hold
        finally:
            hold.file.release()


@contextmanager
def _system_lock(work: Path) -> Iterator[tuple[int, int] | None]:
    """Yield what identifies the lock that the system granted, None when it has no locks here.

    Raises UnavailableError when another process has it, DiskError.
    """
    path = work / LOCK
    with disk_errors(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        with disk_errors(path):
            granted = _lock(descriptor, work)
            file = os.fstat(descriptor)
        yield (file.st_dev, file.st_ino) if granted else None
    finally:
        close_quietly(descriptor)  # frees the lock, as the end of the process does


def _lock(descriptor: int, work: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _IN_USE:
            raise _in_use(work, read_record(work / HOLDER)) from None
        if error.errno not in _UNSUPPORTED:
            raise
        log.warning("output.no_lock", extra={"path": str(work), "reason": error.strerror})
        return False
    return True


def _claim(work: Path, record: HolderRecord, wait: Callable[[float], None]) -> Hold:
    """Become the holder, as the table says. Raises UnavailableError, OSError."""
    path, ours = work / HOLDER, HolderFile(work / HOLDER, record)
    while True:
        found = read_record(path)
        verdict = judge(found, record)
        if found is None:
            if ours.create(wait, TIMING.settle_s):
                return Hold(ours)
            wait(TIMING.look_s)  # a file server's client may not see the other record yet
        elif verdict == "dead" or _is_silent(path, found, wait):
            return _take_over(work, ours, found, wait, is_certain=verdict == "dead")


def _take_over(work: Path, ours: HolderFile, found: bytes, wait: Callable[[float], None], *, is_certain: bool) -> Hold:
    dead = from_bytes(found)
    was_moving = dead is not None and dead.is_moving
    reason = "its process has ended" if is_certain else f"no heartbeat for {TIMING.watch_s:g} seconds"
    log.warning("output.takeover", extra={"holder": _name_of(found), "reason": reason})
    was_silent = was_moving or not is_certain
    if not ours.replace(wait, 0.0 if is_certain else TIMING.settle_s, is_moving=was_silent):
        raise _in_use(work, read_record(work / HOLDER))
    return Hold(ours, was_silent, "" if dead is None or was_moving else dead.snapshot)


def _is_silent(path: Path, found: bytes, wait: Callable[[float], None]) -> bool:
    """Return whether the record stays the same for `watch_s`; False when it is gone. Raises UnavailableError.

    Looks are counted, not seconds: a run that is suspended itself while it watches sees no silence.
    """
    log.warning("output.wait", extra={"holder": _name_of(found), "wait_s": TIMING.watch_s})
    for _ in range(TIMING.looks):
        wait(TIMING.look_s)
        now = read_record(path)
        if now is None:
            return False
        if now != found:
            raise _in_use(path.parent, now)
    return True


def _name_of(found: bytes | None) -> str:
    record = None if found is None else from_bytes(found)
    return "another run" if record is None else str(record)


def _in_use(work: Path, found: bytes | None) -> UnavailableError:
    return UnavailableError(f"{work.parent} is in use by {_name_of(found)}; wait for it or choose another output")
