"""Runs on several hosts that share an output but no lock: each has its own name, its own boot and its own locks.

In this process `takes_over_at_once` makes a run take over what a killed one left without watching it first.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Final

import pytest

from crawler.store.output import output_lock
from crawler.store.output.output_lock import Timing
from tests.support.emulator_fixture import TOKEN
from tests.support.process_kill import CallAtRequest

# A holder is taken as dead after 2 seconds; it counts up ten times in that time, since a test machine may be busy.
QUICK: Final = Timing(beat_s=0.2, look_s=0.1, looks=20, settle_s=0.3)

_ON_A_HOST: Final = """
import fcntl, socket, sys
from crawler.cli.main import main
from crawler.store.output import holder_file, output_lock
from tests.support.two_hosts import QUICK

host = sys.argv[1]
socket.gethostname = holder_file.boot_id = lambda: host
fcntl.flock = lambda descriptor, operation: None
output_lock.TIMING = QUICK
main(sys.argv[2:])
"""


def start_on(host: str, endpoint: str, output: Path, *flags: str) -> subprocess.Popen[str]:
    """Start a crawl of `endpoint` into `output` on a host of this name."""
    crawl = ("crawl", "--progress", "off", "--endpoint", endpoint, "--output", str(output), *flags)
    return subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-c", _ON_A_HOST, host, *crawl],
        env={**os.environ, **TOKEN},
        stderr=subprocess.PIPE,
        text=True,
    )


class Gate:
    """Holds up a service at request number `at`, and everybody who waits for an answer, until it is opened."""

    def __init__(self, at: int) -> None:
        self._reached = Event()
        self._opened = Event()
        self.fault: Final = CallAtRequest(at, self._hold_up)

    def _hold_up(self) -> None:
        self._reached.set()
        self._opened.wait()

    def wait(self) -> None:
        """Return when the service is held up."""
        assert self._reached.wait(60.0)

    def open(self) -> None:
        """Let the service go on."""
        self._opened.set()


@contextmanager
def takes_over_at_once() -> Iterator[None]:
    """Take a holder as dead at the first look, as if nobody else were there."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(output_lock, "TIMING", Timing(look_s=0.0, looks=1, settle_s=0.0))
        yield
