"""Makes a process one on another system: calls that fail there, names that are not there.

Python imports this module before anything else, because its folder is in PYTHONPATH (tests/support/other_system.py).
SHIMS is a JSON object. For the name of a call it has the name of the errno that the call fails with, or an exception
(`RuntimeError: words`); null takes the name away; any other value replaces it. `os.fsync(folder)` is the call for
folders only.
SHIMS_LOG names a file that gets a line for each call of a name in SHIMS_COUNTED.
"""

import builtins
import errno
import importlib
import json
import os
import stat
from collections.abc import Callable
from typing import Any

Call = Callable[..., Any]

_open, _write, _fstat, _fsync = os.open, os.write, os.fstat, os.fsync


def _failing(failure: str) -> Call:
    kind, _, message = failure.partition(": ")

    def call(*_args: object, **_kwargs: object) -> None:
        if kind in vars(builtins):
            raise getattr(builtins, kind)(message)
        number = getattr(errno, kind)
        raise OSError(number, os.strerror(number))

    return call


def _failing_for_folders(failure: str) -> Call:
    fail = _failing(failure)

    def fsync(descriptor: int) -> None:
        (fail if stat.S_ISDIR(_fstat(descriptor).st_mode) else _fsync)(descriptor)

    return fsync


def _counted(name: str, original: Call) -> Call:
    def call(*args: object, **kwargs: object) -> object:
        log = _open(os.environ["SHIMS_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        _write(log, f"{name} {args[1:]}\n".encode())
        os.close(log)
        return original(*args, **kwargs)

    return call


def _is_failure(value: object) -> bool:
    kind = value.partition(": ")[0] if isinstance(value, str) else ""
    return hasattr(errno, kind) or kind in vars(builtins)


def _install() -> None:
    for name, value in json.loads(os.environ.get("SHIMS", "{}")).items():
        path, _, attribute = name.rpartition(".")
        module = importlib.import_module(path)
        if attribute == "fsync(folder)":
            os.fsync = _failing_for_folders(value)
        elif value is None:
            delattr(module, attribute)
        else:
            setattr(module, attribute, _failing(value) if _is_failure(value) else value)
    for name in json.loads(os.environ.get("SHIMS_COUNTED", "[]")):
        path, _, attribute = name.rpartition(".")
        module = importlib.import_module(path)
        setattr(module, attribute, _counted(name, getattr(module, attribute)))


_install()
