"""The trials of a workload: each is a whole process whose output is checked."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from tests.bench.job import Job
from tests.bench.measurement import Measurement, measure
from tests.bench.metrics import Trial
from tests.bench.schedule import PlannedTrial, schedule
from tests.bench.server import TOKEN, namespace_name
from tests.bench.subjects import SUBJECTS, Binaries, Observation, Subject, invalid_reason
from tests.bench.workloads import Workload

ROOT: Final = Path(__file__).parents[2]
_TIMEOUT_S: Final = 1800.0


class Server(NamedTuple):
    """The server of one workload."""

    process: subprocess.Popen[bytes]
    endpoint: str

    def counters(self) -> Mapping[str, Any]:
        """Return what the server counted since its start."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return _read_json_line(self.process)


def _read_json_line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    content: dict[str, Any] = orjson.loads(process.stdout.readline())
    return content


@contextmanager
def bench_server(workload: Workload, cores: frozenset[int] | None = None) -> Iterator[Server]:
    """Yield the server of a workload, which runs only on `cores` if they are given; stop it at the end."""
    command = (sys.executable, "-m", "tests.bench.server", orjson.dumps(asdict(workload)).decode())
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
    if cores is not None:
        os.sched_setaffinity(process.pid, cores)
    with process:  # closes its stdin, which makes it end, and waits for that
        yield Server(process, _read_json_line(process)["endpoint"])


class Bench(NamedTuple):
    """The settings of a benchmark. `environ` is the environment of the subjects; `log` takes a line for people."""

    scratch: Path
    binaries: Binaries
    rounds: int
    peer_rounds: int
    environ: Mapping[str, str]
    server_cores: frozenset[int] | None
    log: Callable[[str], None]


class Outcome(NamedTuple):
    """The valid trials of a workload; `invalid` says of each other one why it does not count."""

    trials: list[Trial]
    invalid: list[str]


def run_workload(bench: Bench, workload: Workload) -> Outcome:
    """Return the outcome of a workload after running all of its trials."""
    outcome = Outcome([], [])
    shutil.rmtree(bench.scratch, ignore_errors=True)
    bench.scratch.mkdir(parents=True)
    with bench_server(workload, bench.server_cores) as server:
        for planned in schedule(workload, rounds=bench.rounds, peer_rounds=bench.peer_rounds):
            trial, why = _run(bench, workload, server, planned)
            note = f", not counted: {why}" if why else ""
            bench.log(f"{workload.name} round {planned.round} {planned.subject}: {trial.wall_s:.2f} s{note}")
            if why:
                outcome.invalid.append(f"{planned.subject} in round {planned.round} {why}")
            elif planned.round:
                outcome.trials.append(trial)
    shutil.rmtree(bench.scratch)
    return outcome


def _run(bench: Bench, workload: Workload, server: Server, planned: PlannedTrial) -> tuple[Trial, str]:
    """Return a trial, and why it does not count, "" if it does."""
    subject = SUBJECTS[planned.subject]
    folder = bench.scratch / "output"
    job = _job(bench, workload, server, folder)
    os.sync()  # the trial must not wait for the writes of the previous one
    before = server.counters()
    measured = measure(
        subject.command(job, workload, bench.binaries),
        environ=bench.environ,
        folder=ROOT,
        scratch=bench.scratch,
        timeout_s=_TIMEOUT_S,
    )
    after = server.counters()
    observed = _observe(subject, measured, folder, before, after)
    shutil.rmtree(folder, ignore_errors=True)
    why = invalid_reason(subject, workload, observed) or ""
    trial = Trial(
        subject=subject.name,
        against=planned.against,
        round=planned.round,
        wall_s=measured.wall_s,
        cpu_s=measured.cpu_s,
        peak_bytes=measured.peak_bytes,
        requests=observed.answered + observed.refused + observed.other,
        refused=observed.refused,
        server_cpu_s=after["cpu_s"] - before["cpu_s"],
    )
    return trial, f"{why}: {measured.stderr[-500:].strip()}" if why else ""


def _job(bench: Bench, workload: Workload, server: Server, folder: Path) -> Job:
    names = bench.scratch / "namespaces"
    names.write_text("".join(f"{namespace_name(at)}\n" for at in range(workload.namespaces)), encoding="utf-8")
    return Job(server.endpoint, TOKEN, names, folder, workload.centers, workload.limit, workload.concurrency)


def _observe(
    subject: Subject, measured: Measurement, folder: Path, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Observation:
    by_status = {status: count - before["by_status"].get(status, 0) for status, count in after["by_status"].items()}
    answered, refused = by_status.get("200", 0), by_status.get("429", 0)
    records, distinct = _count(folder) if subject.output == "records" and not measured.exit_code else (0, 0)
    return Observation(
        exit_code=measured.exit_code,
        records=records,
        distinct=distinct,
        answered=answered,
        refused=refused,
        other=sum(by_status.values()) - answered - refused,
        body_bytes=after["body_bytes"] - before["body_bytes"],
        reported_bytes=int(measured.stdout) if subject.output == "size" and not measured.exit_code else None,
    )


def _count(folder: Path) -> tuple[int, int]:
    command = (sys.executable, "-m", "tests.bench.output_check", str(folder))
    counted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    records, distinct = counted.stdout.split()
    return int(records), int(distinct)
