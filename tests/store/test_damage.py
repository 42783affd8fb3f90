"""Whatever happened to the files of an unfinished run, the same command ends with the bytes of an undisturbed one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import DiskError
from crawler.model.window import Order, Window
from crawler.store.journal import LossEntry, to_line
from tests.support.emulator_fixture import crawl, parts, port_of, serve, snapshot_of
from tests.support.examples import examples
from tests.support.readers import visible_snapshots

SMALL: Final = synthetic(namespaces=2, repositories=24, seed=7, uniform=True)
WALKS: Final = SMALL.namespaces("self")
NAMES: Final = ("pages.ndjson", "journal", "run.json")


class Stopped(NamedTuple):
    """An unfinished run, a server to go on with it, and what an undisturbed run publishes."""

    output: Path
    served: RunningEmulator
    parts: dict[str, bytes]

    def copy(self, to: Path) -> Path:
        """Copy the output; give the folder of the run in it."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.output, to)
        (folder,) = to.glob(".work/*/")
        return folder

    def goes_on(self, output: Path, snapshot: str | None = None) -> None:
        flags: dict[str, Any] = {} if snapshot is None else {"snapshot": snapshot}
        result = crawl(self.served.endpoint, output, limit=4, namespaces=WALKS, **flags)
        assert exit_code_of(result) == 0
        assert visible_snapshots(output) == [self.parts]
        left = [path.name for path in output.glob(".work/*/[!.]*")]
        assert left == ([] if snapshot is None else ["run.json"])  # a named run is found again by its state


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stopped]:
    root = tmp_path_factory.mktemp("stopped")
    with serve(SMALL, faults=(parse_fault("unauthorized:after_requests=6"),)) as served:
        crawl(served.endpoint, root / "stopped", limit=4, namespaces=WALKS, concurrency=1)
    with serve(SMALL, port=port_of(served)) as again:
        undisturbed = crawl(again.endpoint, root / "undisturbed", limit=4, namespaces=WALKS)
        yield Stopped(root / "stopped", again, parts(snapshot_of(undisturbed)))


def flip(path: Path, bit: int) -> None:
    data = bytearray(path.read_bytes())
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    path.write_bytes(data)


@given(st.sampled_from(NAMES), st.integers(0, 2**20))
@settings(deadline=None, max_examples=examples(quick=8))
def test_a_flipped_bit_anywhere_is_asked_again_or_begun_again(
    stopped: Stopped, tmp_path_factory: pytest.TempPathFactory, name: str, bit: int
) -> None:
    output = tmp_path_factory.mktemp("flipped") / "output"
    flip(stopped.copy(output) / name, bit)
    stopped.goes_on(output)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_byte_may_be_damaged(stopped: Stopped, tmp_path: Path, name: str) -> None:
    size = next(stopped.output.glob(f".work/*/{name}")).stat().st_size
    for at in range(size):
        flip(stopped.copy(tmp_path / "output") / name, 8 * at + at % 8)
        stopped.goes_on(tmp_path / "output")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_a_file_may_be_gone_or_empty(stopped: Stopped, tmp_path: Path, name: str, *, gone: bool, named: bool) -> None:
    folder = stopped.copy(tmp_path / "output")
    (folder / name).unlink()
    if not gone:
        (folder / name).touch()
    stopped.goes_on(tmp_path / "output", snapshot=folder.name if named else None)


@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_or_a_device_in_place_of_a_file_is_refused_at_once(stopped: Stopped, tmp_path: Path, name: str) -> None:
    folder = stopped.copy(tmp_path / "output")
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(DiskError, match="is no regular file"):
        crawl(stopped.served.endpoint, tmp_path / "output", limit=4, namespaces=WALKS)
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")
    with pytest.raises(DiskError, match="leads out of its folder" if name == "run.json" else "symbolic links"):
        crawl(stopped.served.endpoint, tmp_path / "output", limit=4, namespaces=WALKS)


def test_a_state_that_is_larger_than_any_is_begun_again(stopped: Stopped, tmp_path: Path) -> None:
    folder = stopped.copy(tmp_path / "output")
    os.truncate(folder / "run.json", 2**27 + 1)
    stopped.goes_on(tmp_path / "output")


FIRST: Final = Window(1, 0, 4, Order("name", "asc"))


@pytest.mark.parametrize(
    "entry",
    [
        LossEntry(99, FIRST, "no such walk"),
        LossEntry(-99, FIRST, "no such walk"),
        LossEntry(2**40, FIRST, "no such walk"),
        LossEntry(0, FIRST._replace(pass_number=7), "of a pass to come"),
        LossEntry(0, FIRST._replace(pass_number=0), "of no pass"),
        LossEntry(0, FIRST._replace(offset=-4), "before the first"),
        LossEntry(0, FIRST._replace(offset=2), "between two windows"),
        LossEntry(0, FIRST._replace(offset=2**40), "beyond the last"),
        LossEntry(3, FIRST._replace(limit=0), "of no items"),
        LossEntry(3, FIRST._replace(limit=-4), "of less"),
        LossEntry(3, FIRST._replace(offset=4), "not asked yet"),
    ],
)
@pytest.mark.parametrize("first", [False, True])
def test_a_journal_of_what_cannot_have_happened_is_not_believed(
    stopped: Stopped, tmp_path: Path, entry: LossEntry, *, first: bool
) -> None:
    folder = stopped.copy(tmp_path / "output")
    journal = (folder / "journal").read_bytes()
    line = to_line(entry)
    (folder / "journal").write_bytes(line + journal if first else journal + line)
    stopped.goes_on(tmp_path / "output")


def test_a_journal_that_tells_a_thing_twice_is_not_believed(stopped: Stopped, tmp_path: Path) -> None:
    folder = stopped.copy(tmp_path / "output")
    with (folder / "journal").open("ab") as journal:
        journal.write(to_line(LossEntry(0, FIRST, "answered before")))
    stopped.goes_on(tmp_path / "output")


def test_a_journal_of_more_walks_than_are_planned_is_not_believed(stopped: Stopped, tmp_path: Path) -> None:
    folder = stopped.copy(tmp_path / "output")
    (folder / "pages.ndjson").write_bytes(b"")
    lines = [to_line(LossEntry(walk, FIRST, "of another plan")) for walk in range(4, 9)]
    (folder / "journal").write_bytes(b"".join(lines))
    stopped.goes_on(tmp_path / "output")
