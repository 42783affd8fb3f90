import atexit
import gc
import logging
import signal
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.examples import register_profiles
from tests.support.unmeasured import UnmeasuredTests, current_tracer

register_profiles()


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell ignores SIGINT for what it starts in the background, and every process of a test would inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    tracer = current_tracer()
    if tracer is not None:
        config.pluginmanager.register(UnmeasuredTests(tracer))


def pytest_collection_finish() -> None:
    """Leave the tests themselves out of garbage collection: each `gc.collect()` of a test looked at all of them."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else DuckDB's bindings print what they take for leaks


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo what a command run in this process set: the next test of the process must not see its events."""
    loggers = [logging.getLogger(name) for name in ("crawler", "crawler.cli.console.progress")]
    before = [(logger.handlers[:], logger.level) for logger in loggers]
    yield
    for logger, (handlers, level) in zip(loggers, before, strict=True):
        logger.handlers[:] = handlers
        logger.setLevel(level)


@pytest.fixture(scope="module", autouse=True)
def _own_garbage() -> Iterator[None]:
    """Collect what the tests of a module left: an error of its finalizers would fail whichever test runs by then."""
    yield
    gc.collect()


@pytest.fixture(scope="session", autouse=True)
def quick_disk() -> Iterator[None]:
    """Let nothing in this process wait for the disk: a crawl syncs some thirty times, and no test cuts the power.

    What syncs, and in which order, is recorded all the same (tests/support/crash_fs.py). The commands that tests start
    as processes sync for real.
    """
    from tests.support.crash_fs import unsynced  # noqa: PLC0415 - measuring must have begun before it is imported

    with unsynced():
        yield


@pytest.fixture(scope="module")
def lock_taken_over_at_once() -> Iterator[None]:
    """Let a run not wait for the lock in a tree that a crash left: that is another file system, with another lock."""
    from tests.support.two_hosts import takes_over_at_once  # noqa: PLC0415 - as above

    with takes_over_at_once():
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report how many worlds were searched, and how they ended (tests/worlds/test_search.py)."""
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    called = [report for report in reports if getattr(report, "when", "") == "call"]
    properties = [one for report in called for one in report.user_properties]
    counts = sum((Counter(value) for name, value in properties if name == "worlds"), Counter[str]())
    if counts:
        terminalreporter.section(f"{counts.total():,} worlds")
        for outcome, count in sorted(counts.items()):
            terminalreporter.write_line(f"{count:>10,}  {100 * count / counts.total():5.1f} %  {outcome}")
