"""Runs the command in a process of its own, as a new user has it, with the variables given and no others."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

_SHIMS: Final = Path(__file__).parent / "shims"


class Ended(NamedTuple):
    """How a process ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def last_line(self) -> str:
        """Return the last line of standard error."""
        return self.err.rstrip("\n").rpartition("\n")[2]


def other_system(
    calls: Mapping[str, object], *, counted: Sequence[str] = (), log: Path | None = None
) -> dict[str, str]:
    """Return the variables that make a process one on a system where `calls` fail or are missing.

    See tests/support/shims/sitecustomize.py; `log` gets a line for each call of a name in `counted`.
    """
    variables = {"PYTHONPATH": str(_SHIMS), "SHIMS": json.dumps(calls)}
    return variables if log is None else {**variables, "SHIMS_COUNTED": json.dumps(counted), "SHIMS_LOG": str(log)}


def run_alone(
    *arguments: object,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.PIPE,
    stderr: IO[bytes] | int = subprocess.PIPE,
    before: Callable[[], object] | None = None,
) -> Ended:
    """Run the command in `folder` with the variables `environ` and no others; `before` is called in its process."""
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "crawler", *map(str, arguments)],
        cwd=folder,
        env=dict(environ or {}),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=before,  # noqa: PLW1509 - no thread of ours is in a lock there
    ) as process:
        out, err = process.communicate(timeout=120)
    return Ended(process.returncode, (out or b"").decode(), (err or b"").decode())
