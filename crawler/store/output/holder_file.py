"""`.holder.json`: the record of the run that holds an output (holder_record.py), and how it changes hands.

- It is created by a hard link to a complete file: the one way to create a file that exactly one of several hosts
  succeeds with, on network file systems too. Where there are no hard links it is created exclusively, and read again a
  moment later, since such file systems (object storage) often create it twice.
- It is rewritten in place, through the descriptor that it was read with. So a run that was suspended between reading
  and writing changes the file that it made, not the one that has replaced it since.
- Who takes an output over replaces the file, and reads it again a moment later: of two that do it at once the later
  one stays.
"""

import errno
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Final

import msgspec

from crawler.errors import DiskError, UnavailableError
from crawler.files.atomic import write_all
from crawler.files.closing import close_quietly
from crawler.files.disk_errors import disk_errors
from crawler.files.tree import matching
from crawler.snapshot.layout import HOLDER_TEMPORARY
from crawler.store.output.holder_record import RECORD_BYTES, HolderRecord, from_bytes, to_bytes

_READ_AGAIN_S: Final = 1.0
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL})
_EXCLUSIVE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def boot_id() -> str:
    """Return what identifies this running system, "" where it does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def our_record(since: str, lock: tuple[int, int] | None) -> HolderRecord:
    """Return the record of this process."""
    host = socket.gethostname()
    return HolderRecord(host=host, pid=os.getpid(), since=since, nonce=token_hex(16), boot=boot_id(), lock=lock)


def read_record(path: Path) -> bytes | None:
    """Return the text of a record, None when there is none. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return os.read(descriptor, RECORD_BYTES)
    finally:
        close_quietly(descriptor)


def _write_new(path: Path, record: HolderRecord) -> None:
    descriptor = os.open(path, _EXCLUSIVE, 0o666)
    try:
        write_all(descriptor, to_bytes(record))
    finally:
        os.close(descriptor)


class HolderFile:
    """The record of this run at `path`. Two threads may use it."""

    def __init__(self, path: Path, record: HolderRecord) -> None:
        self._path = path
        self._record = record
        self._temporary = path.with_name(HOLDER_TEMPORARY.replace("*", record.nonce))
        self._lock = Lock()  # held while the record changes or is read
        self._read_at_s = 0.0

    @property
    def nonce(self) -> str:
        """What is in the record of this run alone."""
        return self._record.nonce

    # ---- changing hands

    def create(self, wait: Callable[[float], None], settle_s: float) -> bool:
        """Create the file; return False when another run has. `wait` waits for seconds. Raises OSError."""
        _write_new(self._temporary, self._record)
        try:
            os.link(self._temporary, self._path)
        except FileExistsError:
            return self._temporary.stat().st_nlink > 1  # a file server may say so of the second try of one request
        except FileNotFoundError:
            return False  # the holder has removed the temporary file
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return self._create_exclusively(wait, settle_s)
        finally:
            self._temporary.unlink(missing_ok=True)
        return True

    def _create_exclusively(self, wait: Callable[[float], None], settle_s: float) -> bool:
        try:
            _write_new(self._path, self._record)
        except FileExistsError:
            return False
        wait(settle_s)
        return self._is_ours()

    def replace(self, wait: Callable[[float], None], settle_s: float, *, is_moving: bool = False) -> bool:
        """Replace the file of a dead run; return False when another run has done so. Raises OSError.

        `is_moving` when runs must be moved away before anything else, see `HolderRecord`.
        """
        self._record = msgspec.structs.replace(self._record, is_moving=is_moving)
        _write_new(self._temporary, self._record)
        self._temporary.replace(self._path)
        if settle_s:
            wait(settle_s)
        return self._is_ours()

    def _is_ours(self) -> bool:
        text = read_record(self._path)
        found = None if text is None else from_bytes(text)
        return found is not None and found.nonce == self.nonce

    # ---- while the run lives

    def name_snapshot(self, snapshot: str) -> None:
        """Write the id of the run's snapshot into the record. Raises DiskError, and UnavailableError as `verify`."""
        self._update(snapshot=snapshot)

    def end_moving(self) -> None:
        """Write into the record that all runs are moved away. Raises as `name_snapshot` does."""
        self._update(is_moving=False)

    def _update(self, **fields: object) -> None:
        with disk_errors(self._path), self._lock:
            self._record = msgspec.structs.replace(self._record, **fields)
            self._rewrite()
        self.verify()

    def beat(self) -> None:
        """Count up in the record. What fails is left to the next beat: nothing that others see depends on one."""
        with suppress(OSError), self._lock:
            self._rewrite()

    def _rewrite(self) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            found = from_bytes(os.read(descriptor, RECORD_BYTES))
            if found is not None and found.nonce == self.nonce:
                self._record = msgspec.structs.replace(self._record, beats=self._record.beats + 1)
                os.lseek(descriptor, 0, os.SEEK_SET)
                write_all(descriptor, to_bytes(self._record))
        finally:
            os.close(descriptor)

    def check(self) -> None:
        """Verify, unless that was done within the last second. Raises as `verify` does."""
        if time.monotonic() - self._read_at_s >= _READ_AGAIN_S:
            self.verify()

    def verify(self) -> None:
        """Read the record again. Raises UnavailableError when another run has taken over, DiskError when it is gone."""
        with disk_errors(self._path), self._lock:
            text = read_record(self._path)
            self._read_at_s = time.monotonic()
        found = None if text is None else from_bytes(text)
        if found is not None and found.nonce == self.nonce:
            return
        if text is None:
            reason = "another run has taken the output over and ended, or the file was removed"
            raise DiskError(f"{self._path} has vanished: {reason}; this run stops; rerun the command")
        raise UnavailableError(
            f"{self._path.parent.parent} was taken over by {found or 'another run'} while this run was suspended or "
            "cut off from its disk; this run stops; rerun the command when the other one has ended"
        )

    def release(self) -> None:
        """Remove the file, unless another run has taken over, or some runs could not be moved away."""
        with suppress(OSError):
            if self._is_ours() and not self._record.is_moving:
                self._path.unlink()


def remove_temporary_files(work: Path) -> None:
    """Remove the files of runs that were killed before the record had its name. Raises OSError."""
    for path in matching(work, HOLDER_TEMPORARY):
        path.unlink(missing_ok=True)
