"""Laws of retention in a crawl: it comes after a complete snapshot, and changes nothing of what the run has reached."""

import json
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.console.summary import summary
from crawler.cli.console.summary_json import summary_json
from crawler.crawl import run
from crawler.crawl.observing.events import SnapshotPublished
from crawler.crawl.observing.observer import Observer
from crawler.crawl.result import RunResult
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.model.stop_reason import StopReason
from crawler.snapshot.layout import TRASH, WORK
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.store.retention.builders import snapshots_in
from tests.support.emulator_fixture import TOKEN, configure, crawl, serve, snapshot_of

INVENTORY = synthetic(namespaces=2, repositories=24, seed=7, uniform=True)
KEEP_TWO: Final[dict[str, Any]] = {"retention.keep_last": 2}


@pytest.fixture
def served() -> Iterator[RunningEmulator]:
    with serve(INVENTORY) as served:
        yield served


def nights(served: RunningEmulator, output: Path, number: int, **flags: Any) -> list[RunResult]:  # noqa: ANN401
    return [crawl(served.endpoint, output, **flags) for _ in range(number)]


def test_after_a_complete_crawl_what_no_rule_keeps_is_removed_and_the_summaries_say_so(
    served: RunningEmulator, tmp_path: Path
) -> None:
    first, *_, last = nights(served, tmp_path, 4, **KEEP_TWO)
    assert len(snapshots_in(tmp_path)) == 2
    assert exit_code_of(last) == 0
    assert (tmp_path / "latest").resolve() == snapshot_of(last)
    assert verify(open_snapshot(tmp_path / "latest")).differences == ()
    assert "  retention 1 old snapshot removed, " in summary(last)
    assert "; 2 kept" in summary(last)
    assert "retention" not in summary(first)
    told = json.loads(summary_json(last))["retention"]
    assert (len(told["removed"]), told["kept"], told["failure"]) == (1, 2, "")
    assert not (tmp_path / WORK / TRASH).exists()


def test_without_a_rule_nothing_is_removed(served: RunningEmulator, tmp_path: Path) -> None:
    *_, last = nights(served, tmp_path, 3)
    assert len(snapshots_in(tmp_path)) == 3
    assert json.loads(summary_json(last))["retention"] is None


def test_a_crawl_with_rules_sends_no_request_more(served: RunningEmulator, tmp_path: Path) -> None:
    nights(served, tmp_path / "a", 3)
    without = served.counters()["requests"]
    nights(served, tmp_path / "b", 3, **KEEP_TWO)
    assert served.counters()["requests"] == 2 * without


def test_after_an_incomplete_crawl_nothing_is_removed(served: RunningEmulator, tmp_path: Path) -> None:
    nights(served, tmp_path, 3)
    with serve(INVENTORY, faults=[parse_fault("refuse-center:center=self")]) as refusing:
        result = crawl(refusing.endpoint, tmp_path, **KEEP_TWO)
    assert exit_code_of(result) != 0
    assert result.pruned is None
    assert len(snapshots_in(tmp_path)) >= 3


def test_a_removal_that_fails_is_a_warning_and_changes_nothing_of_what_is_published(
    served: RunningEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    oldest, *_ = nights(served, tmp_path, 4)
    name = snapshot_of(oldest).name
    real = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if self.name == name:
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with caplog.at_level(logging.WARNING):
        result = crawl(served.endpoint, tmp_path, **KEEP_TWO)
    assert exit_code_of(result) == 0
    assert result.status == "complete"
    assert (tmp_path / "latest").resolve() == snapshot_of(result)
    assert len(snapshots_in(tmp_path)) == 5
    assert "  warning   retention: 0 of 3 snapshots were removed, then: " in summary(result)
    assert [record.message for record in caplog.records] == ["retention.failed"]
    monkeypatch.undo()
    nights(served, tmp_path, 1, **KEEP_TWO)
    assert len(snapshots_in(tmp_path)) == 2


class _Stop:
    """Asks to stop as soon as a snapshot is published."""

    def __init__(self) -> None:
        self._asked = anyio.Event()

    def ask(self) -> None:
        self._asked.set()

    def watch(self) -> None:
        """Do nothing: it is asked by an observer."""

    def reason(self) -> StopReason | None:
        return StopReason("signal", 15) if self._asked.is_set() else None

    async def wait(self) -> StopReason:
        await self._asked.wait()
        return StopReason("signal", 15)


def test_a_signal_while_it_removes_ends_that_and_the_crawl_ends_as_if_none_had_come(
    served: RunningEmulator, tmp_path: Path
) -> None:
    nights(served, tmp_path, 4)
    stop = _Stop()

    class AskAtPublication(Observer):
        def on_publish(self, _published: SnapshotPublished, /) -> None:
            stop.ask()

    result = anyio.run(
        partial(
            run.crawl,
            configure(served.endpoint, tmp_path, **KEEP_TWO),
            TOKEN,
            observer=AskAtPublication(),
            stop=stop,
        )
    )
    assert exit_code_of(result) == 0
    assert result.pruned is not None
    assert result.pruned.failure == "a signal came; the next complete crawl, or prune, removes the rest"
    assert len(snapshots_in(tmp_path)) == 5


def test_a_named_run_that_is_given_again_removes_what_a_kill_had_left(served: RunningEmulator, tmp_path: Path) -> None:
    nights(served, tmp_path, 3)
    nights(served, tmp_path, 1, snapshot="named")
    asked = served.counters()["requests"]
    (again,) = nights(served, tmp_path, 1, snapshot="named", **KEEP_TWO)
    assert served.counters()["requests"] == asked
    assert exit_code_of(again) == 0
    assert again.pruned is not None
    assert len(again.pruned.removed) == 2
    assert "named" in snapshots_in(tmp_path)
