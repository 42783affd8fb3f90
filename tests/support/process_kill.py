"""Crawls in processes of their own, so that they can be killed at any instant with SIGKILL.

The processes are forked from one that has everything imported: a new interpreter for each crawl would take longer than
the crawl.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from crawler.cli.console.exit_status import exit_code_of, exit_code_of_error
from crawler.emulator.faults.fault import Call, Fault
from crawler.emulator.http.query import ListQuery
from crawler.emulator.http.response import ServedResponse
from crawler.errors import CrawlerError
from tests.support.emulator_fixture import crawl

KILLED: Final = -signal.SIGKILL
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.support.process_kill"])


@dataclass(frozen=True, slots=True)
class CallAtRequest(Fault):
    """Changes no response: calls `function` before request number `at` is answered."""

    at: int
    function: Callable[[], None]

    def on_request(self, call: Call, query: ListQuery) -> ServedResponse | None:
        """Call the function; leave the response as it is."""
        del query
        if call.number == self.at:
            self.function()
        return None


@dataclass(slots=True)
class KillableCrawl:
    """A crawl that can be killed; `kill` may be passed to a CallAtRequest before the process is started."""

    _pid: int = 0
    _started: Event = field(default_factory=Event)

    def kill(self) -> None:
        """Kill the process now; wait for its start."""
        self._started.wait()
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            os.kill(self._pid, signal.SIGKILL)

    def crawl(self, endpoint: str, output: str, **settings: Any) -> int:  # noqa: ANN401 - as tests.serving.crawl
        """Crawl until the end or until killed; return the exit code, KILLED if killed."""
        process = _forks.Process(target=_crawl, args=(endpoint, output, settings))
        process.start()
        self._pid = process.pid or 0
        self._started.set()
        process.join()
        exit_code = process.exitcode
        process.close()
        assert exit_code is not None
        return exit_code


def _crawl(endpoint: str, output: str, settings: Mapping[str, Any]) -> None:
    logging.disable(logging.CRITICAL)  # a process of its own has no handlers: all of it would go to standard error
    try:
        sys.exit(exit_code_of(crawl(endpoint, output, **settings)))
    except CrawlerError as error:
        sys.exit(exit_code_of_error(error))
