"""Ctrl-C and SIGTERM at any instant: 130, 143 or what is true of the run, no traceback, and nothing that was read lost.

Each test sends signals at instants that are spread over the whole life of a process (tests/support/signal_sweep.py).
"""

import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Final

import pytest

from crawler.cli.console.process_signals import Interrupted, ProcessSignals
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from tests.support.emulator_fixture import TOKEN, crawl, serve, snapshot_of
from tests.support.signal_sweep import Ended, Shot, Sweep, sweep
from tests.support.sweeps import sampled

pytestmark = pytest.mark.unmeasured

CODES: Final = {signal.SIGINT: 130, signal.SIGTERM: 143}
NUMBERS: Final = tuple(CODES)
# What Python prints of an exception that nobody catches, or that comes where it cannot be raised; and asyncio.
NOISE: Final = re.compile(r"Traceback|Exception ignored|never retrieved|was destroyed|Fatal Python")
INVENTORY: Final = synthetic(namespaces=3, repositories=60, seed=7)
CRAWL: Final = ("--rate", "unlimited", "--limit", "10", "--log-format", "text", "--progress", "off")


@pytest.fixture(scope="module")
def served() -> Iterator[RunningEmulator]:
    with serve(INVENTORY) as running:
        yield running


@pytest.fixture(scope="module")
def snapshot(served: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return snapshot_of(crawl(served.endpoint, tmp_path_factory.mktemp("read")))


@pytest.fixture(scope="module")
def fresh() -> Iterator[Sweep]:
    """Processes that import everything themselves."""
    with sweep(TOKEN, imported=False) as running:
        yield running


@pytest.fixture(scope="module")
def warm() -> Iterator[Sweep]:
    """Processes in which everything is imported: they are quick, and their events are those of the run and its end."""
    with sweep(TOKEN, imported=True) as running:
        yield running


def instants(events: int, wanted: int) -> list[int]:
    """Return so many of the events, spread evenly, the first and the last among them."""
    return sorted({1 + at * (events - 1) // max(1, wanted - 1) for at in range(wanted)})


def shots(arguments: Sequence[str], events: int, wanted: int) -> Iterator[tuple[signal.Signals, Shot]]:
    for at, number in zip(instants(events, wanted), cycle(NUMBERS), strict=False):
        yield number, Shot(arguments, [(at, number)])


def is_published(output: Path) -> bool:
    return any(output.glob("snapshot=*/_SUCCESS"))


def check_crawl(running: Sweep, warm: Sweep, endpoint: str, root: Path, wanted: int) -> list[Ended]:
    """Check crawls that get one signal each, and what the same command makes of each of them afterwards."""
    command = ["crawl", "--endpoint", endpoint, *CRAWL, "--output"]
    undisturbed = running.run(Shot([*command, str(root / "undisturbed")]))
    assert undisturbed.code == 0, undisturbed.err
    ended = []
    for number, shot in shots(command, undisturbed.events, wanted):
        output = root / f"{shot.signals[0][0]}"
        result = running.run(Shot([*command, str(output)], shot.signals))
        assert not NOISE.search(result.err), result
        assert (result.code, is_published(output)) in {(CODES[number], False), (0, True)}, result
        again = warm.run(Shot([*command, str(output)]))
        assert (again.code, is_published(output)) == (0, True), (result, again)
        ended.append(result)
    return ended


def test_a_crawl_that_is_signalled_while_it_starts_ends_with_the_code_of_the_signal(
    fresh: Sweep, warm: Sweep, served: RunningEmulator, tmp_path: Path
) -> None:
    codes = [ended.code for ended in check_crawl(fresh, warm, served.endpoint, tmp_path, 6)]
    assert {130, 143} <= set(codes)
    assert codes[-1] == 0  # Python takes its modules apart: the run is published, and so its code is


def test_a_crawl_that_is_signalled_before_its_snapshot_is_renamed_keeps_it_back_and_afterwards_is_what_it_is(
    warm: Sweep, served: RunningEmulator, tmp_path: Path
) -> None:
    ended = check_crawl(warm, warm, served.endpoint, tmp_path, 16)
    assert {one.code for one in ended} == {0, 130, 143}
    for one in ended:
        said = ("complete:",) if one.code == 0 else ("interrupted", "stopped by")
        assert not one.err or any(words in one.err for words in said), one


@pytest.mark.slow
def test_the_same_holds_at_every_event_of_a_run(warm: Sweep, served: RunningEmulator, tmp_path: Path) -> None:
    check_crawl(warm, warm, served.endpoint, tmp_path, 1000)


@pytest.mark.slow
def test_the_same_holds_at_hundreds_of_events_of_the_start(
    fresh: Sweep, warm: Sweep, served: RunningEmulator, tmp_path: Path
) -> None:
    check_crawl(fresh, warm, served.endpoint, tmp_path, 300)


def test_a_second_signal_ends_a_crawl_at_once_and_the_same_command_goes_on(
    warm: Sweep, served: RunningEmulator, tmp_path: Path
) -> None:
    command = ["crawl", "--endpoint", served.endpoint, *CRAWL, "--output"]
    events = warm.run(Shot([*command, str(tmp_path / "undisturbed")])).events
    for at in instants(events, 6):
        output = tmp_path / str(at)
        result = warm.run(Shot([*command, str(output)], [(at, signal.SIGTERM), (at + 3, signal.SIGINT)]))
        assert not NOISE.search(result.err), result
        assert result.code in {0, 130, 143}, result
        assert result.code != 0 or is_published(output)
        assert warm.run(Shot([*command, str(output)])).code == 0
        assert is_published(output)


def reading(snapshot: Path, served: RunningEmulator, folder: Path) -> dict[str, list[str]]:
    name = str(snapshot)
    return {
        "verify": ["verify", name],
        "list": ["list", "--output", str(snapshot.parent)],
        "prune": ["prune", "--keep-last", "1", "--output", str(snapshot.parent)],
        "diff": ["diff", name, name],
        "audit": ["audit", name, "--fail-on", "never", "--sarif", str(folder / "sarif.json")],
        "report": ["report", name, "-o", str(folder / "report.html")],
        "query": ["query", name, "select count(*) from repositories"],
        "schema": ["schema"],
        "config": ["config", "show", "--endpoint", served.endpoint],
        "plan": ["plan", "--endpoint", served.endpoint, *CRAWL[:6]],
        "demo": ["demo", "--repositories", "40", "--progress", "off", "--output", str(folder / "demo")],
        "emulate": ["emulate", "--port", served.endpoint.rsplit(":", 1)[1]],  # it is taken: ends with 78
    }


def check_reading(running: Sweep, command: list[str], wanted: int) -> set[int]:
    undisturbed = running.run(Shot(command))
    assert undisturbed.code in {0, 78}, undisturbed.err
    codes = set()
    for number, shot in shots(command, undisturbed.events, wanted):
        result = running.run(shot)
        codes.add(result.code)
        assert not NOISE.search(result.err), result
        assert result.code in {CODES[number], undisturbed.code}, result
        if result.code == undisturbed.code and command[0] != "demo":
            assert len(result.out) == len(undisturbed.out)
    return codes


NAMES: Final = (
    *("verify", "list", "prune", "diff", "audit", "report", "query"),
    *("schema", "config", "plan", "demo", "emulate"),
)


@pytest.mark.parametrize("name", NAMES[:-1])  # the last one ends before anything of it can be interrupted
def test_every_other_command_ends_with_the_code_of_the_signal_or_with_all_of_its_output(
    warm: Sweep, snapshot: Path, served: RunningEmulator, tmp_path: Path, name: str
) -> None:
    assert check_reading(warm, reading(snapshot, served, tmp_path)[name], 3) & {130, 143}


@pytest.mark.parametrize("name", sampled(NAMES, 3))
def test_the_same_holds_for_them_while_they_import(
    fresh: Sweep, snapshot: Path, served: RunningEmulator, tmp_path: Path, name: str
) -> None:
    assert check_reading(fresh, reading(snapshot, served, tmp_path)[name], 3) & {130, 143}


def test_a_signal_during_the_last_imports_of_a_command_does_not_crash_the_process(fresh: Sweep) -> None:
    undisturbed = fresh.run(Shot(["schema"]))
    for at in range(undisturbed.events - 12, undisturbed.events + 1):
        assert fresh.run(Shot(["schema"], [(at, signal.SIGTERM)])).code in {0, 143}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_same_holds_for_them_at_hundreds_of_instants(
    fresh: Sweep, snapshot: Path, served: RunningEmulator, tmp_path: Path, name: str
) -> None:
    check_reading(fresh, reading(snapshot, served, tmp_path)[name], 150)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_at_random_instants_the_installed_command_prints_no_traceback(
    served: RunningEmulator, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    program = [sys.executable, "-c", "import sys; from crawler.cli.main import main; print(flush=True); main()"]
    for number in range(50):
        output = tmp_path / str(number)
        command = [*program, "crawl", "--endpoint", served.endpoint, *CRAWL, "--output", str(output)]
        with subprocess.Popen(command, env=TOKEN, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
            assert process.stdout is not None
            process.stdout.read(1)  # the entry point is about to be called
            time.sleep(chance.random() * 1.5)
            process.send_signal(chance.choice(NUMBERS))
            err = process.communicate()[1].decode()
        assert not NOISE.search(err), err
        assert process.returncode in {0, 130, 143}, err
        assert (process.returncode == 0) == is_published(output), err


def test_ctrl_c_ends_a_crawl_that_reads_a_page_of_many_rejects_with_many_escapes_and_the_token(tmp_path: Path) -> None:
    fault = parse_fault("echo-request:every=1,where=item,items=1000,escapes=4000")
    with serve(INVENTORY, faults=(fault,)) as served:
        program = [sys.executable, "-c", "from crawler.cli.main import main; main()"]
        command = [*program, "crawl", "--endpoint", served.endpoint, *CRAWL, "--output", str(tmp_path)]
        with subprocess.Popen(command, env=TOKEN, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
            while not sum(served.counters()["faults"]):
                assert process.poll() is None, process.communicate()
            process.send_signal(signal.SIGINT)
            err = process.communicate(timeout=120)[1].decode()
    assert process.returncode == 130, err
    assert not NOISE.search(err), err


# ---- the phases


def test_a_signal_is_raised_once_and_only_where_something_may_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[int] = []

    def ended(code: int) -> None:
        ends.append(code)
        raise SystemExit

    monkeypatch.setattr("os._exit", ended)
    monkeypatch.setattr("os.write", lambda _descriptor, data: len(data))
    signals = ProcessSignals()
    with pytest.raises(Interrupted), signals.raising():
        signals._handle(signal.SIGTERM, None)  # noqa: SLF001 - as the system calls it
    assert signals.received == signal.SIGTERM
    with pytest.raises(Interrupted), signals.raising():
        pytest.fail("it came before")
    with pytest.raises(SystemExit):
        signals._handle(signal.SIGINT, None)  # noqa: SLF001
    signals.end(3)
    with pytest.raises(SystemExit):
        signals._handle(signal.SIGINT, None)  # noqa: SLF001
    assert ends == [130, 3]


def test_a_run_is_told_of_a_signal_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os._exit", lambda code: pytest.fail(f"ended with {code}"))
    told: list[str] = []
    signals = ProcessSignals()
    signals.watch(lambda: told.append("came"))
    signals._handle(signal.SIGINT, None)  # noqa: SLF001
    assert (told, signals.received) == (["came"], signal.SIGINT)
