"""One process, from its start to its end."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer
from typing import NamedTuple


class Measurement(NamedTuple):
    """What a process took, its own children included: user and system time together, the peak of resident memory."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    exit_code: int
    stdout: str
    stderr: str


def measure(
    command: Sequence[str], *, environ: Mapping[str, str], folder: Path, scratch: Path, timeout_s: float
) -> Measurement:
    """Run a command in `folder` and wait for its end; beyond `timeout_s` it is killed. What it says goes to `scratch`.

    A child is born with the peak memory of whoever started it: the process that calls this must stay small.
    """
    said = scratch / "stdout", scratch / "stderr"
    with said[0].open("wb") as stdout, said[1].open("wb") as stderr:
        started_s = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env={**environ}, stdout=stdout, stderr=stderr)  # noqa: S603 - ours
        timer = Timer(timeout_s, process.kill)
        timer.start()
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started_s
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    return Measurement(
        wall_s=wall_s,
        cpu_s=used.ru_utime + used.ru_stime,
        peak_bytes=used.ru_maxrss * 1024,
        exit_code=process.returncode,
        stdout=said[0].read_text(errors="replace"),
        stderr=said[1].read_text(errors="replace"),
    )
