"""The whole bench on a registry of a few records: everybody who needs no other venv."""

import os
import sys
from pathlib import Path

import pytest

from tests.bench.server import TOKEN
from tests.bench.subjects import Binaries
from tests.bench.trials import Bench, run_workload
from tests.bench.workloads import FLOORS, Workload

WORKLOAD = Workload(name="tiny", namespaces=2, records=150, against=FLOORS, most_rounds=1)


def bench(tmp_path: Path, ours: str | None = None) -> Bench:
    binaries = Binaries(sys.executable, ours or str(Path(sys.executable).with_name("swr-crawler")), "")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SWR_CRAWLER_TOKEN": TOKEN}
    return Bench(tmp_path / "scratch", binaries, 1, 1, environ, None, lambda _: None)


@pytest.mark.slow
def test_everybody_reads_everything(tmp_path: Path) -> None:
    outcome = run_workload(bench(tmp_path), WORKLOAD)
    assert not outcome.wrong
    assert {run.contender: run.requests for run in outcome.runs} == {"ours": 10, "F": 8, "N": 8, "G": 8}
    assert all(0 < run.cpu_s < 60 and run.peak_bytes > 10**7 for run in outcome.runs)


@pytest.mark.slow
def test_whoever_reads_nothing_is_not_counted(tmp_path: Path) -> None:
    outcome = run_workload(bench(tmp_path, ours="true"), Workload(name="tiny", namespaces=1, records=1, against=()))
    assert not outcome.runs
    assert "0 pages cannot be all 2" in outcome.wrong[0]
