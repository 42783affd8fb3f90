"""Makes one system call on a folder fail: of all that name a path or a descriptor below it, `close` among them.

`crash_fs.watched` records what changes a disk and can refuse it; here are also the calls that only read, and `close`,
which reports on network file systems and with quotas what a write did not report. A `close` that fails has closed.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Final

import pytest

_BY_PATH: Final = (
    "open",
    "mkdir",
    "rmdir",
    "unlink",
    "remove",
    "rename",
    "replace",
    "symlink",
    "link",
    "readlink",
    "scandir",
    "stat",
    "lstat",
)
_BY_DESCRIPTOR: Final = ("read", "pread", "write", "fsync", "fdatasync", "ftruncate", "fstat", "close")
_AFTERWARDS: Final = frozenset({"close"})  # the system does it, and then says that it failed


class FailingCalls:
    """Counts the calls below `root` from `arm` on, and makes number `at` fail with `error_number`; from 0."""

    def __init__(self, root: Path, at: int, error_number: int) -> None:
        self._root = os.path.realpath(root)
        self._at = at
        self._error_number = error_number
        self._armed = False
        self._calls = 0
        self._lock = RLock()
        self.failed = ""
        self.names: list[str] = []  # of all calls

    def arm(self) -> None:
        """Count from now on."""
        self._armed = True

    def patch(self, patches: pytest.MonkeyPatch) -> None:
        """Patch the system calls."""
        for name in _BY_PATH:
            patches.setattr(os, name, self._wrapped(name, getattr(os, name), self._of_path))
        for name in _BY_DESCRIPTOR:
            patches.setattr(os, name, self._wrapped(name, getattr(os, name), self._of_descriptor))
        patches.setattr(io, "open", self._opening(io.open))

    def _of_path(self, *arguments: Any, **where: Any) -> str | None:  # noqa: ANN401 - as the system's calls
        if arguments and isinstance(arguments[0], int):
            return self._of_descriptor(arguments[0])
        base = where.get("dir_fd")
        above = "." if base is None else f"/proc/self/fd/{base}"
        path = os.fspath(arguments[0]) if arguments else "."
        return self._below(os.path.normpath(os.path.join(_REALPATH(above), path)))  # noqa: PTH118 - Path would resolve it

    def _of_descriptor(self, descriptor: int, *_: Any, **__: Any) -> str | None:  # noqa: ANN401
        try:
            return self._below(_READLINK(f"/proc/self/fd/{descriptor}"))
        except OSError:
            return None

    def _below(self, path: str) -> str | None:
        return path if f"{path}/".startswith(f"{self._root}/") else None

    def _wrapped(self, name: str, real: Callable[..., Any], find: Callable[..., str | None]) -> Callable[..., Any]:
        def call(*arguments: Any, **where: Any) -> Any:  # noqa: ANN401 - as the system's call
            with self._lock:
                path = find(*arguments, **where) if self._armed else None
                error = self._error(name, path) if path is not None else None
            if error is None:
                return real(*arguments, **where)
            if name in _AFTERWARDS:
                real(*arguments, **where)
            raise error

        return call

    def _error(self, name: str, path: str) -> OSError | None:
        number, self._calls = self._calls, self._calls + 1
        self.names.append(name)
        if number != self._at:
            return None
        self.failed = f"{name} {path}"
        return OSError(self._error_number, os.strerror(self._error_number), path)

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def opened(path: Any, mode: str = "r", *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as open
            if isinstance(path, int) or not self._armed or self._of_path(path) is None or mode != "rb":
                return real(path, mode, *rest, **more)
            return io.BufferedReader(_ReadFile(path, opener=os.open))

        return opened


class _ReadFile(io.FileIO):
    """A file whose descriptor is closed by `os.close`."""

    def close(self) -> None:
        if not self.closed:
            descriptor = os.dup(self.fileno())
            super().close()
            os.close(descriptor)


_REALPATH: Final = os.path.realpath
_READLINK: Final = os.readlink


@contextmanager
def failing(calls: FailingCalls) -> Iterator[None]:
    """Let `calls` fail while the context lasts."""
    with pytest.MonkeyPatch.context() as patches:
        calls.patch(patches)
        yield
