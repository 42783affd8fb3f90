"""A run that publishes what it has and goes on from there may be killed at any operation: no command after it is stuck.

Two targets, of which one refuses: the run saves that it goes on, then gives its snapshot a name. Killed before, between
or after the two, the same command ends with 0 once both targets answer, and again when it is given a third time.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Final

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.config.load import load
from crawler.crawl.result import RunResult
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.snapshot.layout import LATEST, SUCCESS
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.crash_fs import Recording, Tree, put, watched
from tests.support.emulator_fixture import TOKEN, QuickClock, port_of, records, serve, snapshot_of
from tests.support.running import run_crawl

pytestmark = [
    pytest.mark.timeout(600),  # every operation of a crawl, and two crawls after each
    pytest.mark.usefixtures("lock_taken_over_at_once"),
]

HELD: Final = tuple(synthetic(namespaces=2, repositories=12, seed=seed, uniform=True) for seed in (7, 8))
ALL: Final = sum(len(list(one.items(center))) for one in HELD for center in ("self", "thirdparty"))
ID: Final = "NIGHT"
NAMES: Final = ("named", "unnamed")
# A target that lost a page is read anew from its first page; one that refuses goes on where it stopped.
FAILING: Final = {"refuses": "outage:after_requests=0,requests=100000", "loses": "empty-page:offset=4,times=forever"}


class Two:
    """Two regions that answer, each on its port."""

    def __init__(self, served: list[RunningEmulator]) -> None:
        self.ports = tuple(map(port_of, served))
        self._served = served

    def requests(self) -> list[int]:
        return [one.counters()["requests"] for one in self._served]

    def crawl(self, output: Path, kind: str) -> RunResult:
        tables = (
            f'[[target]]\nname = "{name}"\nendpoint = "http://127.0.0.1:{port}"\nrate_per_s = "unlimited"\n'
            for name, port in zip("ab", self.ports, strict=True)
        )
        flags = {"output": str(output), "limit": 4, "concurrency": 1, "centers": ("self", "thirdparty")}
        flags |= {"snapshot": ID} if kind == "named" else {}
        config = load(flags=flags, environ=TOKEN, file_text="\n".join(tables), file_name="t.toml").config
        return run_crawl(config, TOKEN, clock=QuickClock())


@contextmanager
def two(ports: tuple[int, ...] = (0, 0), fault: str = "") -> Iterator[Two]:
    """Serve both regions; the second one with a fault."""
    with ExitStack() as stack:
        faults = ((), (parse_fault(fault),) if fault else ())
        settings = zip(HELD, ports, faults, strict=True)
        yield Two([stack.enter_context(serve(held, port=port, faults=fault)) for held, port, fault in settings])


def recorded(root: Path, served: Two, kind: str, start: Tree | None = None) -> tuple[Recording, RunResult]:
    """Crawl into an output, empty or with this tree in it, and record what is done to it."""
    put(start or {}, root)
    with watched(root) as recording:
        return recording, served.crawl(root / "output", kind)


def before_the_name(recording: Recording, snapshot: str) -> Tree:
    """Return what a run leaves that is killed when it has saved that it goes on, and its snapshot has no name yet."""
    name = f"output/snapshot={snapshot}"
    (number,) = (number for number, one in enumerate(recording.operations) if (one.call, one.to) == ("rename", name))
    return recording.crash(number).leaves(Random(0))["killed"]  # noqa: S311 - repeatable


def complete_in(output: Path) -> set[str]:
    return {path.parent.name for path in output.glob(f"snapshot=*/{SUCCESS}")}


def assert_ends(served: Two, output: Path, kind: str, what: str) -> None:
    """Give the command twice more: each ends with 0; one that was named is one snapshot, and asks for nothing again."""
    was_complete = complete_in(output)
    first = served.crawl(output, kind)
    if exit_code_of(first) == 3:  # a page that was lost before the kill: it is asked for again when that is published
        assert "partial" in {walk.verdict for walk in first.walks}, what
        first = served.crawl(output, kind)
    asked, complete = served.requests(), complete_in(output)
    again = served.crawl(output, kind)
    assert (exit_code_of(first), exit_code_of(again)) == (0, 0), what
    assert len(records(snapshot_of(first))) == ALL, what
    assert verify(open_snapshot(output / LATEST)).differences == (), what
    assert verify(open_snapshot(snapshot_of(first))).differences == (), what
    if kind == "named":
        assert (again.path, served.requests()) == (first.path, asked), what
        assert complete_in(output) == complete == {snapshot_of(first).name}, what
    else:
        assert again.resumed == 0, what
        assert not was_complete or first.resumed == 0, what  # the run that published it has ended: this is another one
        assert not list((output / ".work").glob("*/")), what


def kills(recording: Recording, share: int) -> Iterator[tuple[str, Tree]]:
    """Yield what happened and what is left, for every kill, or each of so many."""
    for number, (what, _, tree) in enumerate(recording.crashes(0, ("killed", "power cut"))):
        if number % share == 0:
            yield what, tree


def sweep(tmp_path: Path, served: Two, recording: Recording, kind: str, share: int) -> None:
    for number, (what, tree) in enumerate(kills(recording, share)):
        put(tree, tmp_path / f"kill-{number}")
        assert_ends(served, tmp_path / f"kill-{number}" / "output", kind, what)


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("fault", FAILING)
@pytest.mark.parametrize("share", [13, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_operation_a_run_that_goes_on_ends_with_0_and_once(
    tmp_path: Path, kind: str, fault: str, share: int
) -> None:
    with two(fault=FAILING[fault]) as served:
        recording, result = recorded(tmp_path / "recorded", served, kind)
    assert exit_code_of(result) in {3, 75}
    with two(served.ports) as served:
        sweep(tmp_path, served, recording, kind, share)
        put(before_the_name(recording, result.snapshot), tmp_path / "between")
        assert_ends(served, tmp_path / "between" / "output", kind, "killed before the snapshot had its name")


@pytest.mark.unmeasured
@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("share", [13, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_before_its_snapshot_has_a_name_and_again_at_any_operation_a_run_ends_once(
    tmp_path: Path, kind: str, share: int
) -> None:
    with two(fault=FAILING["refuses"]) as served:
        first, result = recorded(tmp_path / "first", served, kind)
    with two(served.ports) as served:
        second, ended = recorded(tmp_path / "second", served, kind, before_the_name(first, result.snapshot))
        assert (exit_code_of(ended), ended.resumed) == (0, 1)
        sweep(tmp_path, served, second, kind, share)


@pytest.mark.parametrize("kind", NAMES)
def test_a_run_that_goes_on_at_its_second_try_is_carried_over_from_what_it_published(tmp_path: Path, kind: str) -> None:
    with two(fault=FAILING["refuses"]) as served:
        first, killed = recorded(tmp_path / "first", served, kind)
    with two(served.ports, fault=FAILING["refuses"]) as served:
        _, published = recorded(tmp_path / "second", served, kind, before_the_name(first, killed.snapshot))
    assert (exit_code_of(published), published.snapshot) == (75, killed.snapshot)
    assert published.manifest is not None
    output = tmp_path / "second" / "output"
    with two(served.ports) as served:
        last = served.crawl(output, kind)
        assert exit_code_of(last) == 0
        assert served.requests()[0] == 0
        assert len(records(snapshot_of(last))) == ALL
        (carried,) = last.carried_over
        found = (carried.snapshot, carried.started_at, carried.finished_at)
        manifest = published.manifest
        assert found == (manifest.snapshot, manifest.started_at, manifest.finished_at)
        assert snapshot_of(last).name != snapshot_of(published).name
