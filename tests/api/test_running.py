"""A crawl called by a Python program: what it returns and raises, and that it leaves the process as it was."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import crawler
from crawler.crawl.observing.events import RunEnded
from crawler.emulator.serving import ServedEmulator


@pytest.fixture(scope="module")
def served() -> Iterator[ServedEmulator]:
    with crawler.emulator.serve(repositories=40) as running:
        yield running


def configure(served: ServedEmulator, output: Path, **settings: Any) -> crawler.Config:  # noqa: ANN401
    return crawler.Config.load(environ=served.environ, output=str(output), rate_per_s=None, **settings)


def test_a_crawl_returns_its_snapshot(served: ServedEmulator, tmp_path: Path) -> None:
    result = crawler.crawl(configure(served, tmp_path), environ=served.environ)
    result.raise_for_status()
    assert (result.complete, result.completeness, result.errors, result.resumable) == (True, (), {}, False)
    assert result.snapshot is not None
    assert len(result.snapshot) == 40
    assert {walk.verdict for walk in result.walks} == {"complete"}
    assert repr(result).startswith("<CrawlResult complete: <Snapshot ")


def test_a_crawl_that_is_not_complete_says_why_and_raises(tmp_path: Path) -> None:
    with crawler.emulator.serve(repositories=40, faults=("refuse-center:center=self",)) as served:
        result = crawler.crawl(configure(served, tmp_path), environ=served.environ)
    assert not result.complete
    assert [(one.kind, one.place) for one in result.completeness] == [("partial", "default/self")]
    with pytest.raises(crawler.IncompleteError, match="is published, but it is not complete: default/self "):
        result.raise_for_status()
    assert result.snapshot is not None
    assert not result.snapshot.complete


def test_a_crawl_that_publishes_nothing_raises_the_error_of_its_target(tmp_path: Path) -> None:
    with crawler.emulator.serve(repositories=40, token="a-token-that-nobody-has-0123456789") as served:
        environ = {**served.environ, "SWR_CRAWLER_TOKEN": "another-token-that-is-wrong-0123456789"}
        result = crawler.crawl(configure(served, tmp_path), environ=environ)
    assert (result.snapshot, result.completeness, result.complete, result.resumable) == (None, (), False, True)
    assert repr(result) == "<CrawlResult unfinished: no snapshot>"
    with pytest.raises(crawler.CredentialsError):
        result.raise_for_status()


def test_a_plan_asks_for_totals_only(served: ServedEmulator, tmp_path: Path) -> None:
    estimate = crawler.plan(configure(served, tmp_path), environ=served.environ)
    assert estimate.records == 40
    assert not list(tmp_path.iterdir())


def test_an_observer_is_told_the_events_of_the_run(served: ServedEmulator, tmp_path: Path) -> None:
    ends: list[RunEnded] = []

    class Ends(crawler.Observer):
        def on_run_end(self, run: RunEnded) -> None:
            ends.append(run)

    crawler.crawl(configure(served, tmp_path), observer=Ends(), environ=served.environ)
    assert [one.status for one in ends] == ["complete"]


def test_where_an_event_loop_runs_the_coroutine_is_awaited_and_the_error_says_so(
    served: ServedEmulator, tmp_path: Path
) -> None:
    config = configure(served, tmp_path)

    async def notebook() -> crawler.CrawlResult:
        with pytest.raises(RuntimeError, match=r"await crawler\.crawl_async"):
            crawler.crawl(config, environ=served.environ)
        with pytest.raises(RuntimeError, match=r"await crawler\.plan_async"):
            crawler.plan(config, environ=served.environ)
        assert (await crawler.plan_async(config, environ=served.environ)).records == 40
        return await crawler.crawl_async(config, environ=served.environ)

    assert asyncio.run(notebook()).complete


def test_two_threads_may_crawl_at_the_same_time(served: ServedEmulator, tmp_path: Path) -> None:
    configs = [configure(served, tmp_path / name) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda config: crawler.crawl(config, environ=served.environ), configs))
    assert [result.complete for result in results] == [True, True]


PROCESS = """
import asyncio, gc, logging, signal, sys
import crawler

def state():
    return (
        [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)], sys.getswitchinterval(),
        logging.root.handlers[:], logging.root.level, logging.getLogger("crawler").level, logging.lastResort,
        gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), sys.excepthook, sys.unraisablehook,
    )

before = state()
config = crawler.Config.load(output=sys.argv[1])

class Spy(crawler.Observer):
    during = []
    def on_crawl_start(self, crawl):
        self.during.append(state())

async def inside():
    return await crawler.crawl_async(config, observer=Spy())

asyncio.run(inside()).raise_for_status()
crawler.crawl(config).raise_for_status()
assert state() == before
assert Spy.during[0][1:] == before[1:]
assert Spy.during[0][0][1] == before[0][1]
print("the same")
"""


def test_a_crawl_leaves_signals_logging_and_the_interpreter_as_they_were(
    served: ServedEmulator, tmp_path: Path
) -> None:
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", PROCESS, str(tmp_path)],
        env=dict(served.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("the same\n", "")


PROGRAM = """
import sys
import crawler

config = crawler.Config.load(output=sys.argv[1], limit=1, rate_per_s=None)
try:
    crawler.crawl(config).raise_for_status()
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_in_a_program_is_a_keyboard_interrupt_and_the_next_crawl_goes_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with crawler.emulator.serve(repositories=400, latency_ms=20.0) as served:
        environ = dict(served.environ)
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            while served.counters()["requests"] < 50:
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
        requests = served.counters()["requests"]
        config = crawler.Config.load(environ=environ, output=str(tmp_path), limit=1, rate_per_s=None)
        result = crawler.crawl(config, environ=environ)
        assert served.counters()["requests"] - requests < 400
    assert output == "interrupted\n"
    assert result.complete
