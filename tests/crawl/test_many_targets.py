"""Any number of targets in one process: as many are open at a time as the process may have connections."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, Final, NamedTuple

import anyio.from_thread
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.config.config import Config
from crawler.config.load import load
from crawler.crawl.clients.connection_budget import ConnectionBudget
from crawler.crawl.clients.credential_factories import CredentialFactory
from crawler.crawl.clients.pool import ClientPool, Clients
from crawler.crawl.observing.observer import Observer
from crawler.crawl.result import RunResult
from crawler.emulator.inventory.ndjson import synthetic
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopReason
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.crawl.test_accounts import key_of, password_of
from tests.support.emulator_fixture import TOKEN, QuickClock, parts, serve, snapshot_of
from tests.support.process_kill import CallAtRequest
from tests.support.running import run_crawl
from tests.support.tcp_proxy import RunningProxy, proxy

pytestmark = pytest.mark.unmeasured

HELD: Final = synthetic(namespaces=3, repositories=120, seed=7)
TARGETS: Final = 12
PLENTY: Final = TARGETS * 64
FEW: Final = 8  # connections: two targets at a time


@contextmanager
def counted(endpoint: str) -> Iterator[RunningProxy]:
    """Yield a proxy to `endpoint` that counts its connections."""
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(proxy(endpoint)) as running,
    ):
        yield running


def tables(endpoints: Mapping[str, str], first_lines: str = "") -> str:
    """Return a configuration file with a target for each endpoint."""
    return first_lines + "\n".join(f'[[target]]\nname="{name}"\nendpoint="{url}"\n' for name, url in endpoints.items())


def names(count: int = TARGETS) -> list[str]:
    return [f"t{number:02}" for number in range(count)]


def configured(output: Path, endpoints: Mapping[str, str], own: Mapping[str, str], **flags: Any) -> Config:  # noqa: ANN401
    given = {"output": str(output), "limit": 20, "rate_per_s": "unlimited", **flags}
    return load(flags=given, environ=own, file_text=tables(endpoints), file_name="t.toml").config


@asynccontextmanager
async def clients_of(
    connections: int, config: Config, factories: Mapping[str, CredentialFactory], clock: Clock
) -> AsyncIterator[Clients]:
    """Yield the clients of a process that may have so many connections in use."""
    pool = ClientPool(config, factories, clock, ConnectionBudget(connections, config.targets))
    try:
        yield pool
    finally:
        await pool.close_all()


def crawl(
    connections: int,
    output: Path,
    endpoint: str | Mapping[str, str],
    *,
    stop: "StopAfter | None" = None,
    own: Mapping[str, str] = TOKEN,
    **flags: Any,  # noqa: ANN401 - settings
) -> RunResult:
    endpoints = dict.fromkeys(names(), endpoint) if isinstance(endpoint, str) else endpoint
    config = configured(output, endpoints, own, **flags)
    opener = partial(clients_of, connections)
    return run_crawl(config, own, clock=QuickClock(), clients=opener, stop=stop, observer=stop)


class StopAfter(Observer):
    """Asks the run to stop after so many walks have ended."""

    def __init__(self, walks: int) -> None:
        self._left = walks

    def on_walk_end(self, event: object) -> None:
        del event
        self._left -= 1

    def watch(self) -> None:
        pass

    def reason(self) -> StopReason | None:
        return None

    async def wait(self) -> StopReason:
        while self._left > 0:
            await QuickClock().sleep(0)
        return StopReason("signal", 15)


class Seen(NamedTuple):
    """What a run published, but for its times."""

    parts: dict[str, bytes]
    walks: Sequence[tuple[str, str, str | None, str, int]]
    targets: Sequence[tuple[str, str]]


def seen(result: RunResult) -> Seen:
    assert result.manifest is not None
    walks = [(one.target, one.center, one.namespace, one.verdict, one.records) for one in result.manifest.walks]
    targets = [(one.name, one.state) for one in result.manifest.targets]
    return Seen(parts(snapshot_of(result)), walks, targets)


@pytest.mark.parametrize("discover", [False, True])
def test_what_is_published_does_not_depend_on_how_many_targets_are_open_at_a_time(
    tmp_path: Path, *, discover: bool
) -> None:
    with serve(HELD) as served:
        plenty = seen(crawl(PLENTY, tmp_path / "plenty", served.endpoint, discover=discover))
        for connections in (1, FEW, 100):
            few = crawl(connections, tmp_path / f"{connections}", served.endpoint, discover=discover)
            assert seen(few) == plenty, connections
            assert exit_code_of(few) == 0
    assert len(plenty.walks) == TARGETS * (4 if discover else 2)


@pytest.mark.parametrize("method", ["token", "password", "aksk"])
@pytest.mark.parametrize("discover", [False, True])
def test_a_run_sends_no_request_more_for_having_few_connections(tmp_path: Path, method: str, *, discover: bool) -> None:
    sent = []
    for connections in (FEW, PLENTY):
        with serve(HELD) as served:
            own = {"token": TOKEN, "password": password_of(served), "aksk": key_of(served)}[method]
            result = crawl(connections, tmp_path / str(connections), served.endpoint, own=own, discover=discover)
            assert exit_code_of(result) == 0
            sent.append(served.counters()["by_path"])
    assert sent[0] == sent[1]


def test_no_more_connections_are_open_than_the_process_may_have(tmp_path: Path) -> None:
    with serve(HELD, latency_ms=3) as served, counted(served.endpoint) as line:
        crawl(FEW, tmp_path, line.endpoint, limit=5)
        assert FEW / 2 <= line.most_open <= 2 * FEW  # one may rest for each one in use
        assert line.connections >= TARGETS


def test_with_connections_for_all_of_them_all_targets_are_open_at_once(tmp_path: Path) -> None:
    with serve(HELD, latency_ms=3) as served, counted(served.endpoint) as line:
        crawl(PLENTY, tmp_path, line.endpoint, limit=5)
        assert line.most_open > 2 * FEW


def test_all_targets_are_asked_for_their_namespaces_at_the_same_time(tmp_path: Path) -> None:
    with serve(HELD, latency_ms=50, record_requests=True) as served:
        crawl(PLENTY, tmp_path, served.endpoint, discover=True)
        asked = [one for one in served.requests if "namespaces" in one.path_qs]
    assert len(asked) == TARGETS
    assert max(one.in_flight for one in asked) > TARGETS / 2


@pytest.mark.parametrize("number", [0, 5, TARGETS - 1])
def test_a_target_that_fails_while_others_wait_stops_none_of_them(tmp_path: Path, number: int) -> None:
    failing = names()[number]
    with serve(HELD) as served, serve(HELD, token="another") as refusing:
        endpoints = {name: (refusing if name == failing else served).endpoint for name in names()}
        result = crawl(FEW, tmp_path, endpoints)
    states = dict(seen(result).targets)
    assert {name for name, state in states.items() if state == "failed"} == {failing}
    assert list(result.errors) == [failing]
    assert len(seen(result).walks) == 2 * (TARGETS - 1)


def test_a_run_that_ended_with_half_of_its_targets_done_asks_them_no_more(tmp_path: Path) -> None:
    with serve(HELD) as served:
        whole = crawl(FEW, tmp_path / "whole", served.endpoint)
        at_once = served.counters()["requests"]
    with serve(HELD) as served:
        stopped = crawl(FEW, tmp_path / "out", served.endpoint, stop=StopAfter(TARGETS))
        assert stopped.path is None
        before = served.counters()["requests"]
        endpoint = served.endpoint
        resumed = crawl(FEW, tmp_path / "out", endpoint)
        after = served.counters()["requests"]
    assert resumed.resumed
    assert seen(resumed) == seen(whole)
    assert 0 < after - before < at_once * 0.75
    assert not verify(open_snapshot(snapshot_of(resumed))).differences


def test_a_run_that_is_killed_goes_on_with_the_targets_that_are_left(tmp_path: Path) -> None:
    with serve(HELD) as served:
        whole = crawl(FEW, tmp_path / "whole", served.endpoint, limit=5)
        at_once = served.counters()["requests"]
    killed: list[subprocess.Popen[bytes]] = []
    started = Event()

    def kill() -> None:
        started.wait()
        killed[0].kill()

    with serve(HELD, faults=(CallAtRequest(at=at_once * 2 // 3, function=kill),)) as served:
        text = tables(dict.fromkeys(names(), served.endpoint), '[crawl]\nrate_per_s = "unlimited"\nlimit = 5\n')
        (tmp_path / "many.toml").write_text(text)
        given = command(64, 64, "crawl", "--config", "many.toml", "--output", "out")
        killed.append(subprocess.Popen(given, cwd=tmp_path, env=environ(), stderr=subprocess.DEVNULL))  # noqa: S603 - ourselves
        started.set()
        assert killed[0].wait() == -signal.SIGKILL
        before = served.counters()["requests"]
        resumed = crawl(FEW, tmp_path / "out", served.endpoint, limit=5)
        after = served.counters()["requests"]
    assert resumed.resumed
    assert seen(resumed) == seen(whole)
    assert after - before < at_once * 2 / 3


# --- the limit of the process

_LIMITED: Final = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
sys.argv[1:] = {arguments}
from crawler.cli.main import main
main()
"""


def command(soft: int, hard: int, *arguments: str) -> list[str]:
    """Return what runs the command line in a process that may have so many open files."""
    return [sys.executable, "-c", _LIMITED.format(soft=soft, hard=hard, arguments=list(arguments))]


def environ() -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if not name.startswith("SWR_")}, **TOKEN}


def limited(soft: int, hard: int, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process that may have so many open files."""
    given = command(soft, hard, *arguments)
    return subprocess.run(given, capture_output=True, text=True, cwd=folder, env=environ(), check=False, timeout=60)  # noqa: S603 - ourselves


@pytest.mark.parametrize(("soft", "hard"), [(80, 80), (64, 4096)])
def test_a_run_with_more_targets_than_its_limit_of_open_files_is_complete(tmp_path: Path, soft: int, hard: int) -> None:
    count = 60
    with serve(synthetic(namespaces=2, repositories=20, seed=7), latency_ms=5) as served:
        text = tables(dict.fromkeys(names(count), served.endpoint), '[crawl]\nrate_per_s="unlimited"\n')
        (tmp_path / "many.toml").write_text(text)
        done = limited(soft, hard, tmp_path, "crawl", "--config", "many.toml", "--discover")
    assert (done.returncode, "Too many open files" in done.stderr) == (0, False), done.stderr[-2000:]
    assert f"{3 * count} complete" in done.stderr


def test_too_many_open_files_are_told_with_the_limit_and_how_to_raise_it(tmp_path: Path) -> None:
    code = (
        "import os, resource\n"
        "from pathlib import Path\n"
        "from crawler.files.disk_errors import disk_errors\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
        "with disk_errors(Path('there')):\n"
        "    while True:\n"
        "        os.open('/dev/null', os.O_RDONLY)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)  # noqa: S603 - ourselves
    advice = "this process may have 20 open at a time: raise the limit with `ulimit -n`, then rerun the command"
    assert done.stderr.splitlines()[-1] == f"crawler.errors.DiskError: /dev/null: {os.strerror(errno.EMFILE)}; {advice}"
