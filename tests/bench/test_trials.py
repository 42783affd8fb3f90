"""The whole benchmark on a registry of a few records, with every subject that needs no other venv."""

import os
import sys
from pathlib import Path

import pytest

from tests.bench.server import TOKEN
from tests.bench.subjects import Binaries
from tests.bench.trials import Bench, run_workload
from tests.bench.workloads import FLOORS, Workload

WORKLOAD = Workload(name="tiny", namespaces=2, records=150, against=FLOORS, max_rounds=1)


def bench(tmp_path: Path, ours: str | None = None) -> Bench:
    binaries = Binaries(sys.executable, ours or str(Path(sys.executable).with_name("swr-crawler")), "")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SWR_CRAWLER_TOKEN": TOKEN}
    return Bench(tmp_path / "scratch", binaries, 1, 1, environ, None, lambda _: None)


@pytest.mark.slow
def test_every_subject_reads_every_record(tmp_path: Path) -> None:
    outcome = run_workload(bench(tmp_path), WORKLOAD)
    assert not outcome.invalid
    probes = 2 * 2 * 2  # of both centers, before and after the walks, at the start and at the end of the list
    assert {trial.subject: trial.requests for trial in outcome.trials} == {"ours": 8 + probes, "F": 8, "N": 8, "G": 8}
    assert all(0 < trial.cpu_s < 60 and trial.peak_bytes > 10**7 for trial in outcome.trials)


@pytest.mark.slow
def test_a_subject_that_reads_nothing_is_not_counted(tmp_path: Path) -> None:
    outcome = run_workload(bench(tmp_path, ours="true"), Workload(name="tiny", namespaces=1, records=1, against=()))
    assert not outcome.trials
    assert "0 successful requests cannot be all 2" in outcome.invalid[0]
