"""Crawls in processes of their own, so that they can be killed as a machine kills: at any instant, unasked.

The processes are forked off one that has everything imported, so a crawl to be killed costs 20 ms and not 400.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse
from crawler.errors import CrawlerError
from tests.support.emulator_fixture import crawl

KILLED: Final = -signal.SIGKILL
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.support.process_kill"])


@dataclass(frozen=True, slots=True)
class Strike(Fault):
    """No fault of a service: calls `blow` before the request `at` is answered."""

    at: int
    blow: Callable[[], None]

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        """Answer as ever, if anybody is left to hear it."""
        del query
        if call.number == self.at:
            self.blow()
        return None


@dataclass(slots=True)
class Victim:
    """The process to be killed: `kill` may be given to a `Strike` before the process is there."""

    _pid: int = 0
    _born: Event = field(default_factory=Event)

    def kill(self) -> None:
        """Kill it now."""
        self._born.wait()
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            os.kill(self._pid, signal.SIGKILL)

    def crawl(self, endpoint: str, output: str, **how: Any) -> int:  # noqa: ANN401 - as tests.serving.crawl
        """Crawl until the end or until killed; give the exit code, KILLED if killed."""
        process = _forks.Process(target=_crawl, args=(endpoint, output, how))
        process.start()
        self._pid = process.pid or 0
        self._born.set()
        process.join()
        exit_code = process.exitcode
        process.close()
        assert exit_code is not None
        return exit_code


def _crawl(endpoint: str, output: str, how: Mapping[str, Any]) -> None:
    try:
        sys.exit(crawl(endpoint, output, **how).exit_code)
    except CrawlerError as error:
        sys.exit(error.exit_code)
