"""Finds the Pythons of this machine on which the suite runs: of each supported minor version, the oldest release.

The oldest, since what is wrong in a release of Python is mended in a later one of the same minor version. The
classifiers in pyproject.toml say which minor versions are supported.

`python -m tests.support.interpreters [PATH ...]` prints them, oldest first, as 3.11.2=/usr/bin/python3. It looks at
PATH, at the versions of pyenv and uv, and at the paths that it is given. It runs before anything is installed and on
whatever `python3` is, so it uses nothing but the standard library of Python 3.10.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from glob import escape, glob
from itertools import chain
from pathlib import Path
from typing import Final

PYPROJECT: Final = Path(__file__).parents[2] / "pyproject.toml"
_NAME: Final = re.compile(r"python3(\.\d+)?")
_CLASSIFIER: Final = re.compile(r'"Programming Language :: Python :: (3\.\d+)"')
# A CPython that can make a virtual environment: Debian's has no ensurepip unless python3-venv is installed.
_ASK: Final = """
import ensurepip, sys, sysconfig, venv
assert sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
assert sys.version_info.releaselevel == "final"
print("%d.%d.%d" % sys.version_info[:3], sys.executable)
"""


def supported_versions() -> frozenset[str]:
    """Return the minor versions that pyproject.toml declares, such as 3.11."""
    return frozenset(_CLASSIFIER.findall(PYPROJECT.read_text("utf-8")))


def candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield what may be a Python 3 on PATH, then the Pythons that pyenv and uv have installed."""
    home = environ.get("HOME", "/")
    for folder in filter(None, environ.get("PATH", "").split(os.pathsep)):
        yield from (path for path in _matching(folder, "python3*") if _NAME.fullmatch(path.name))
    yield from _matching(environ.get("PYENV_ROOT", f"{home}/.pyenv"), "versions/*/bin/python3")
    yield from _matching(environ.get("UV_PYTHON_INSTALL_DIR", f"{home}/.local/share/uv/python"), "*/bin/python3")


def _matching(folder: str, pattern: str) -> list[Path]:
    """Return the paths in a folder that match; none of one that this user may not read: Path.glob raises then."""
    return [Path(name) for name in sorted(glob(f"{escape(folder)}/{pattern}"))]  # noqa: PTH207


def ask(path: Path) -> tuple[str, str] | None:
    """Return the release of an interpreter and its own path, None if it is none that the suite can run on."""
    try:
        done = subprocess.run([path, "-c", _ASK], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    version, _, executable = done.stdout.strip().partition(" ")
    return (version, executable) if done.returncode == 0 and executable else None


def oldest_of_each(found: Iterable[tuple[str, str]], supported: frozenset[str]) -> dict[str, str]:
    """Return release and path of the oldest release of each supported minor version, oldest first."""
    oldest: dict[str, tuple[str, str]] = {}
    for version, path in sorted(found, key=lambda one: _as_numbers(one[0])):
        oldest.setdefault(version.rpartition(".")[0], (version, path))
    return dict(one for minor, one in oldest.items() if minor in supported)


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def find_interpreters(environ: Mapping[str, str], more: Iterable[Path] = ()) -> dict[str, str]:
    """Return the Pythons to test on, by release; `more` are paths to look at, too."""
    paths = dict.fromkeys(chain(more, candidates(environ)))
    return oldest_of_each(filter(None, map(ask, paths)), supported_versions())


if __name__ == "__main__":
    interpreters = find_interpreters(os.environ, map(Path, sys.argv[1:]))
    if not interpreters:
        sys.exit(f"no Python of {', '.join(sorted(supported_versions()))} with venv was found on this machine")
    sys.stdout.writelines(f"{version}={path}\n" for version, path in interpreters.items())
