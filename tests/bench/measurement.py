"""The measurement of one process, from its start to its end."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Timer
from typing import NamedTuple


class Measurement(NamedTuple):
    """What a process and its children used: `cpu_s` is user and system time, `peak_bytes` resident memory."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    exit_code: int
    stdout: str
    stderr: str


def measure(
    command: Sequence[str], *, environ: Mapping[str, str], folder: Path, scratch: Path, timeout_s: float
) -> Measurement:
    """Return the measurement of a command that runs in `folder`; it is killed after `timeout_s` seconds.

    Its output goes through files in `scratch`. A child process starts with the peak memory of its parent, so the
    process that calls this must stay small.
    """
    outputs = scratch / "stdout", scratch / "stderr"
    with outputs[0].open("wb") as stdout, outputs[1].open("wb") as stderr:
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
        stdout=outputs[0].read_text(errors="replace"),
        stderr=outputs[1].read_text(errors="replace"),
    )
