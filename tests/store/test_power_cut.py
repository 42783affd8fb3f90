"""After a crash at any instant readers see complete snapshots only, and the same command ends with the same bytes.

A run is recorded. For each prefix of its operations, the trees that a kill or a power cut may leave are written, read
like a reader does, and resumed.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.inventory.ndjson import CENTERS, Inventory, from_ndjson, synthetic
from crawler.emulator.server import RunningEmulator
from crawler.snapshot.layout import LATEST, MANIFEST
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.crash_fs import Recording, Tree, put, tree_of, watched
from tests.support.emulator_fixture import crawl, inventory_keys, parts, port_of, published_keys, serve, snapshot_of
from tests.support.readers import visible_snapshots
from tests.support.sweeps import decides, swept

pytestmark = [pytest.mark.unmeasured, pytest.mark.usefixtures("lock_taken_over_at_once")]

SMALL: Final = synthetic(namespaces=2, repositories=24, seed=7, uniform=True)  # 3 pages of 4 in each center
NAMESPACES: Final = SMALL.namespaces("self")
SMALL_ROWS: Final = [orjson.dumps({"center": center, **row}) for center in CENTERS for row in SMALL.items(center)]


def with_rejects() -> Inventory:
    rows = [{"center": "self", "domain_name": "d", "namespace": "n", "name": f"r{i}", "size": 1} for i in range(9)]
    rows[4]["name"] = ""
    return from_ndjson((orjson.dumps(row) for row in rows), source="rows")


@dataclass(frozen=True)
class Scene:
    """A run to record: what it crawls, with which flags, and what is in its output before."""

    flags: dict[str, Any] = field(default_factory=dict)
    inventory: Inventory = SMALL
    before: str = "nothing"
    exit_code: int = 0


SCENES: Final = {
    "first run": Scene(),
    "by namespaces": Scene({"namespaces": NAMESPACES}),
    "discovered": Scene({"discover": True}),
    "with rejects": Scene(inventory=with_rejects(), exit_code=3),
    "after another snapshot": Scene({"namespaces": NAMESPACES}, before="snapshot"),
    "after a kill": Scene({"namespaces": NAMESPACES}, before="killed"),
    "afresh after a kill": Scene({"namespaces": NAMESPACES, "resume": False}, before="killed"),
    "after a power cut": Scene({"discover": True}, before="power cut"),
}


class Uninterrupted(NamedTuple):
    """An uninterrupted run: its operations on the disk, and the parts and requests of a run from the beginning."""

    recording: Recording
    parts: dict[str, bytes]
    requests: int


class Stage:
    """Runs one scene again and again, each time in a folder of its own."""

    def __init__(self, scene: Scene, served: RunningEmulator, folder: Path) -> None:
        self.scene = scene
        self._served = served
        self._folder = folder
        self._plays = 0

    def set_up(self, tree: Tree) -> Path:
        """Write a tree; return the output folder in it."""
        self._plays += 1
        put(tree, self._folder / str(self._plays))
        return self._folder / str(self._plays) / "output"

    def play(self, output: Path) -> tuple[Path, int]:
        """Run the command; return the snapshot and the number of requests."""
        before = self._served.counters()["requests"]
        result = crawl(self._served.endpoint, output, limit=4, concurrency=1, **self.scene.flags)
        assert exit_code_of(result) == self.scene.exit_code
        assert result.manifest is not None
        assert result.manifest.status == ("incomplete" if exit_code_of(result) else "complete")
        return snapshot_of(result), self._served.counters()["requests"] - before

    def recorded(self, tree: Tree) -> Recording:
        output = self.set_up(tree)
        with watched(output.parent) as recording:
            self.play(output)
        return recording

    def uninterrupted(self) -> Uninterrupted:
        snapshot, requests = self.play(self.set_up({}))
        return Uninterrupted(self.recorded(self._before()), parts(snapshot), requests)

    def _before(self) -> Tree:
        if self.scene.before == "nothing":
            return {}
        recording = self.recorded({})
        if self.scene.before == "snapshot":
            return recording.crash(len(recording.operations)).killed()
        journal = [at for at, done in enumerate(recording.operations, 1) if done.path.endswith("/journal")]
        crash = recording.crash(journal[len(journal) * 2 // 3])
        return crash.killed() if self.scene.before == "killed" else crash.lost()


QUICK: Final = ("with rejects", "after another snapshot", "after a power cut")


@pytest.fixture(params=[pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in SCENES])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    scene = SCENES[request.param]
    with serve(scene.inventory) as served:
        yield Stage(scene, served, tmp_path)


def journaled(uninterrupted: Uninterrupted, after: int) -> int:
    """Return the number of windows that need no request: those whose journal lines were certainly durable."""
    journals = (data for path, data in uninterrupted.recording.crash(0).killed().items() if path.endswith("/journal"))
    durable = written = sum(data.count(b"\n") for data in journals if isinstance(data, bytes))
    for done in uninterrupted.recording.operations[:after]:
        if done.path.endswith("/journal"):
            durable, written = written, written + done.data.count(b"\n")
            if done.call == "fdatasync":
                durable = written
    return durable


def check(stage: Stage, uninterrupted: Uninterrupted, after: int, tree: Tree) -> None:
    """Check what a reader sees after a crash, and what the same command makes of it."""
    before = uninterrupted.recording.crash(0).killed()
    output = stage.set_up(tree)
    found = visible_snapshots(output)
    assert (f"output/{LATEST}" in tree) >= (f"output/{LATEST}" in before)
    assert found == [uninterrupted.parts] * len(found)
    snapshot, requests = stage.play(output)
    assert visible_snapshots(output) == [uninterrupted.parts] * (len(found) + 1)
    assert snapshot.parent == output
    assert (output / LATEST).is_symlink() == (stage.scene.exit_code == 0)
    assert not list(output.glob(".work/*/"))
    published = len(found) > sum(path.endswith(MANIFEST) for path in before)
    resumes = stage.scene.flags.get("resume") is not False and not published
    assert requests <= uninterrupted.requests - (journaled(uninterrupted, after) if resumes else 0)


def check_all(stage: Stage, seed: int, kinds: Collection[str] = (), every: int = 1) -> None:
    uninterrupted = stage.uninterrupted()
    for what, after, tree in some_crashes(uninterrupted.recording, every, seed, kinds):
        try:
            check(stage, uninterrupted, after, tree)
        except Exception as error:
            raise AssertionError(what) from error


def some_crashes(
    recording: Recording, every: int, seed: int = 0, kinds: Collection[str] = ()
) -> Iterator[tuple[str, int, Tree]]:
    """Yield each `every`-th crash, and those after an operation that decides."""
    for number, (what, after, tree) in enumerate(recording.crashes(seed, kinds)):
        if number % every == 0 or (after and decides(recording.operations[after - 1])):
            yield what, after, tree


def test_the_recording_is_complete_and_a_published_snapshot_survives_a_power_cut(stage: Stage) -> None:
    recording = stage.recorded({})
    end = recording.crash(len(recording.operations))
    there = tree_of(recording.root)
    assert end.killed() == there
    visible = {path: data for path, data in there.items() if not path.startswith("output/.")}
    assert any(path.endswith(MANIFEST) for path in visible)
    assert visible.items() <= end.lost().items()


@swept(13)
def test_after_a_crash_at_any_operation_readers_see_complete_snapshots_and_a_rerun_ends_with_the_same_bytes(
    stage: Stage, every: int
) -> None:
    check_all(stage, 0, ("killed", "power cut", "power cut, torn"), every)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_the_same_holds_however_much_unsynced_data_survives(stage: Stage, seed: int) -> None:
    check_all(stage, seed)


@swept(13)
def test_after_a_crash_no_page_is_attributed_to_a_namespace_that_was_added_since(tmp_path: Path, every: int) -> None:
    grown = from_ndjson(
        [*SMALL_ROWS, b'{"center":"self","domain_name":"d","namespace":"a-new-one","name":"r"}'], source="rows"
    )
    with serve(SMALL) as served:
        recording = Stage(Scene({"discover": True}), served, tmp_path).recorded({})
    with serve(grown, port=port_of(served)) as served:
        for number, (what, _, tree) in enumerate(some_crashes(recording, every)):
            if not any(path.endswith("/journal") and data for path, data in tree.items()):
                continue  # there is nothing to resume
            output = tmp_path / f"grown-{number}" / "output"
            put(tree, output.parent)
            result = crawl(served.endpoint, output, limit=4, concurrency=1, discover=True)
            assert verify(open_snapshot(snapshot_of(result))).differences == (), what
            assert inventory_keys(SMALL) <= set(published_keys(snapshot_of(result))) <= inventory_keys(grown), what
