"""Two hosts that share an output but no lock: one snapshot is published, and what a run calls a success stays one."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import DiskError, UnavailableError
from crawler.files.atomic import write_synced
from crawler.snapshot.layout import HOLDER, LATEST, MARKER, STATE_FILE, SUCCESS, WORK
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from crawler.store import publish
from crawler.store.output import output_lock
from crawler.store.output.holder_record import HolderRecord, to_bytes
from tests.support.emulator_fixture import crawl, parts, serve, snapshot_of
from tests.support.two_hosts import QUICK, Gate, start_on, takes_over_at_once

INVENTORY: Final = synthetic(namespaces=4, repositories=400, seed=7, uniform=True)
WALKS: Final = INVENTORY.namespaces("self")
FLAGS: Final = ("--rate", "unlimited", "--limit", "10", "--concurrency", "1")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    with serve(INVENTORY) as running:
        return parts(snapshot_of(crawl(running.endpoint, tmp_path_factory.mktemp("undisturbed"), namespaces=WALKS)))


@contextmanager
def on_host(name: str, service: RunningEmulator, output: Path, *flags: str) -> Iterator[subprocess.Popen[str]]:
    walks = [part for namespace in WALKS for part in ("--namespace", namespace)]
    with start_on(name, service.endpoint, output, *FLAGS, *walks, *flags) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return the exit code and the messages of a process."""
    messages = process.communicate()[1]
    return process.returncode, messages


@contextmanager
def held_up(*gates: Gate) -> Iterator[RunningEmulator]:
    """Serve the inventory behind gates; they are open at the end."""
    with serve(INVENTORY, faults=tuple(gate.fault for gate in gates)) as running:
        try:
            yield running
        finally:
            for gate in gates:
                gate.open()


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until something holds that this process brings about."""
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)


def wait_in_the_middle(output: Path, gate: Gate, process: subprocess.Popen[str]) -> None:
    """Wait until a run is held up at the gate, its journal names pages and its first part is begun."""
    gate.wait()
    wait_for(lambda: list(output.glob(".work/*/snapshot/center=*/.part-*.tmp")), process)
    wait_for(lambda: any(path.stat().st_size for path in output.glob(".work/*/journal")), process)


def check_published(output: Path, undisturbed: dict[str, bytes]) -> None:
    """Check that there is one snapshot, that it is complete and true, and that `latest` points to it."""
    (snapshot,) = output.glob("snapshot=*")
    assert verify(open_snapshot(snapshot)).differences == ()
    assert parts(snapshot) == undisturbed
    assert (snapshot / SUCCESS).exists()
    assert (output / LATEST).readlink() == Path(snapshot.name)
    kept = {path.name for path in output.glob(".work/*/*")}  # of a run that was named
    assert kept in (set(), {MARKER, STATE_FILE})
    assert not (output / WORK / HOLDER).exists()


def test_of_two_that_start_at_the_same_instant_one_is_refused_and_the_other_publishes(
    undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    gate = Gate(15)
    with held_up(gate) as service, on_host("one", service, tmp_path) as one, on_host("two", service, tmp_path) as two:
        while one.poll() is None and two.poll() is None:
            time.sleep(0.01)
        refused, other, host = (one, two, "two") if one.poll() is not None else (two, one, "one")
        code, messages = ended(refused)
        assert code == 75, messages
        assert f"{tmp_path} is in use by process {other.pid} on {host} (" in messages
        gate.open()
        assert ended(other)[0] == 0
    check_published(tmp_path, undisturbed)


def test_a_second_host_is_refused_while_the_first_one_crawls(undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    gate = Gate(15)
    with held_up(gate) as service, on_host("one", service, tmp_path, "--snapshot", "nightly") as one:
        wait_in_the_middle(tmp_path, gate, one)
        with on_host("two", service, tmp_path, "--snapshot", "nightly", "--no-resume") as two:
            code, messages = ended(two)
        assert code == 75, messages
        assert f"{tmp_path} is in use by process {one.pid} on one (snapshot nightly, since " in messages
        gate.open()
        assert ended(one)[0] == 0
    check_published(tmp_path, undisturbed)


def test_what_a_killed_host_left_is_taken_over_by_another_one_which_says_so(
    undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    gate = Gate(15)
    with held_up(gate) as service, on_host("one", service, tmp_path) as one:
        wait_in_the_middle(tmp_path, gate, one)
        one.kill()
        one.wait()
        gate.open()
        with on_host("two", service, tmp_path) as two:
            code, messages = ended(two)
    assert code == 0, messages
    for event in ("output.wait", "output.takeover", "run.resume"):
        assert f'"event":"{event}"' in messages
    assert f"process {one.pid} on one " in messages
    check_published(tmp_path, undisturbed)


def test_a_host_that_was_suspended_and_wakes_up_while_another_one_crawls_stops_and_harms_nothing(
    undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    gate, second = Gate(15), Gate(20)
    with held_up(gate, second) as service, on_host("one", service, tmp_path) as one:
        wait_in_the_middle(tmp_path, gate, one)
        one.send_signal(signal.SIGSTOP)
        gate.open()
        with on_host("two", service, tmp_path) as two:
            second.wait()
            one.send_signal(signal.SIGCONT)
            code, messages = ended(one)
            assert code == 75, messages
            assert f"{tmp_path} was taken over by process {two.pid} on two " in messages
            second.open()
            assert ended(two)[0] == 0
    check_published(tmp_path, undisturbed)


def test_a_host_that_wakes_up_after_another_one_has_published_stops_and_harms_nothing(
    undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    gate = Gate(15)
    with held_up(gate) as service, on_host("one", service, tmp_path, "--snapshot", "nightly") as one:
        wait_in_the_middle(tmp_path, gate, one)
        one.send_signal(signal.SIGSTOP)
        gate.open()
        with on_host("two", service, tmp_path, "--snapshot", "nightly") as two:
            code, messages = ended(two)
        assert code == 0, messages
        one.send_signal(signal.SIGCONT)
        code, messages = ended(one)
    assert code == 74, messages
    assert "has vanished: another run has taken the output over and ended" in messages
    check_published(tmp_path, undisturbed)


# ---- in one process: a run loses the output at one exact step

OTHER: Final = HolderRecord(host="two", pid=7, since="2026-11-23T11:00:00Z", nonce="n" * 32)
STEPS: Final = {
    "before the manifest": "write_synced",
    "before the names are synced": "sync_folder",
}


def lose(output: Path) -> None:
    """Let another host take the output over, as far as the run in this process can see."""
    (output / WORK / HOLDER).write_bytes(to_bytes(OTHER))


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_loses_the_output_while_it_publishes_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    real = getattr(publish, STEPS[step])

    def losing(*arguments: Any) -> None:  # noqa: ANN401 - as the step
        lose(tmp_path)
        real(*arguments)

    monkeypatch.setattr(publish, STEPS[step], losing)
    with serve(INVENTORY) as service, pytest.raises(UnavailableError, match=f"{tmp_path} was taken over by process 7"):
        crawl(service.endpoint, tmp_path, namespaces=WALKS)
    assert not list(tmp_path.glob("snapshot=*"))
    assert not (tmp_path / LATEST).is_symlink()


@pytest.mark.parametrize(("is_over", "error"), [(False, UnavailableError), (True, DiskError)])
def test_a_run_that_loses_the_output_after_it_published_leaves_latest_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_over: bool, error: type[Exception]
) -> None:
    (tmp_path / LATEST).symlink_to("snapshot=newer")
    real = publish._check  # noqa: SLF001 - the step between the two

    def losing(*arguments: Any) -> None:  # noqa: ANN401 - as the step
        real(*arguments)
        lose(tmp_path)
        if is_over:
            (tmp_path / WORK / HOLDER).unlink()

    monkeypatch.setattr(publish, "_check", losing)
    with serve(INVENTORY) as service, pytest.raises(error, match="is published, but `latest` is left as it is: "):
        crawl(service.endpoint, tmp_path, namespaces=WALKS)
    assert (tmp_path / LATEST).readlink() == Path("snapshot=newer")
    (snapshot,) = tmp_path.glob("snapshot=*")
    assert verify(open_snapshot(snapshot)).differences == ()


def test_a_run_whose_folder_was_moved_away_at_the_last_moment_publishes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run was suspended between its last look at the record and the rename."""
    real = Path.rename

    def late(path: Path, to: Path) -> Path:
        if path.name == "snapshot":
            path.parent.rename(path.parent.with_name(f"{path.parent.name}~01234567"))
        return real(path, to)

    monkeypatch.setattr(Path, "rename", late)
    with serve(INVENTORY) as service, pytest.raises(DiskError, match="No such file or directory"):
        crawl(service.endpoint, tmp_path, namespaces=WALKS)
    assert not list(tmp_path.glob("snapshot=*"))


@pytest.mark.parametrize("harm", ["a part is gone", "a part is cut", "a file more", "another manifest"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_another_program_changed_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str, when: str
) -> None:
    real = Path.rename

    def harmed(path: Path, to: Path) -> Path:
        if path.name == ("._manifest.json.tmp" if when == "before" else "snapshot"):
            folder = path.parent if when == "before" else path
            part = next(folder.glob("center=self/part-*"))
            if harm == "a part is gone":
                part.unlink()
            elif harm == "a part is cut":
                part.write_bytes(part.read_bytes()[:-1])
            elif harm == "a file more":
                (folder / "center=self" / "part-00077.ndjson").write_bytes(b"{}\n")
            elif when == "after":
                (path / "_manifest.json").write_bytes(b"{}")
        result = real(path, to)
        if harm == "another manifest" and when == "before" and to.name == "_manifest.json":
            to.write_bytes(b"{}")
        return result

    monkeypatch.setattr(Path, "rename", harmed)
    with (
        serve(INVENTORY) as service,
        pytest.raises(DiskError, match="another program writes there; make"),
    ):
        crawl(service.endpoint, tmp_path, namespaces=WALKS)
    found = list(tmp_path.glob("snapshot=*"))
    assert len(found) == (when == "after")
    for snapshot in found:  # the success of another run stays
        assert (snapshot / SUCCESS).exists() == (harm == "another manifest")
    assert not (tmp_path / LATEST).is_symlink()


def test_a_snapshot_that_another_host_published_under_the_same_id_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def published_meanwhile(path: Path, data: bytes) -> None:
        write_synced(path, data)
        (tmp_path / "snapshot=nightly").mkdir(exist_ok=True)

    monkeypatch.setattr(publish, "write_synced", published_meanwhile)
    with (
        serve(INVENTORY) as service,
        pytest.raises(DiskError, match="nightly exists, and this run did not publish it: nothing"),
    ):
        crawl(service.endpoint, tmp_path, namespaces=WALKS, snapshot="nightly")
    assert list((tmp_path / "snapshot=nightly").iterdir()) == []


def test_the_tests_watch_a_holder_for_many_of_its_beats() -> None:
    assert QUICK.watch_s >= 8 * QUICK.beat_s
    with takes_over_at_once():
        assert output_lock.TIMING.watch_s == 0.0
