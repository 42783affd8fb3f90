"""The runs of a workload: every one a whole process, its output checked."""

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

from tests.bench.figures import Run
from tests.bench.job import Job
from tests.bench.measuring import Measurement, measure
from tests.bench.schedule import Turn, turns
from tests.bench.server import TOKEN, namespace_name
from tests.bench.subjects import CONTENDERS, Binaries, Contender, Seen, why_wrong
from tests.bench.workloads import Workload

ROOT: Final = Path(__file__).parents[2]
_TIMEOUT_S: Final = 1800.0


class Server(NamedTuple):
    """The server of one workload."""

    process: subprocess.Popen[bytes]
    endpoint: str

    def counters(self) -> Mapping[str, Any]:
        """Ask what it counted since its start."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return _line(self.process)


def _line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    said: dict[str, Any] = orjson.loads(process.stdout.readline())
    return said


@contextmanager
def serving(workload: Workload, cores: frozenset[int] | None = None) -> Iterator[Server]:
    """Start the server of a workload, on these cores only if any are given; end it with the context."""
    command = (sys.executable, "-m", "tests.bench.server", orjson.dumps(asdict(workload)).decode())
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
    if cores is not None:
        os.sched_setaffinity(process.pid, cores)
    with process:  # closes its stdin, which ends it, and waits
        yield Server(process, _line(process)["endpoint"])


class Bench(NamedTuple):
    """How the runs are made. `environ` is what the contenders see; `say` takes a line for people."""

    scratch: Path
    binaries: Binaries
    rounds: int
    peer_rounds: int
    environ: Mapping[str, str]
    server_cores: frozenset[int] | None
    say: Callable[[str], None]


class Outcome(NamedTuple):
    """What the runs of a workload were; `wrong` says of those that don't count why."""

    runs: list[Run]
    wrong: list[str]


def run_workload(bench: Bench, workload: Workload) -> Outcome:
    """Run everybody in turn."""
    outcome = Outcome([], [])
    shutil.rmtree(bench.scratch, ignore_errors=True)
    bench.scratch.mkdir(parents=True)
    with serving(workload, bench.server_cores) as server:
        for turn in turns(workload, rounds=bench.rounds, peer_rounds=bench.peer_rounds):
            run, why = _run(bench, workload, server, turn)
            said = f", not counted: {why}" if why else ""
            bench.say(f"{workload.name} round {turn.round} {turn.contender}: {run.wall_s:.2f} s{said}")
            if why:
                outcome.wrong.append(f"{turn.contender} in round {turn.round} {why}")
            elif turn.round:
                outcome.runs.append(run)
    shutil.rmtree(bench.scratch)
    return outcome


def _run(bench: Bench, workload: Workload, server: Server, turn: Turn) -> tuple[Run, str]:
    contender = CONTENDERS[turn.contender]
    folder = bench.scratch / "output"
    job = _job(bench, workload, server, folder)
    os.sync()  # what the run before left to be written must not be this one's wait
    before = server.counters()
    measured = measure(
        contender.command(job, workload, bench.binaries),
        environ=bench.environ,
        folder=ROOT,
        scratch=bench.scratch,
        timeout_s=_TIMEOUT_S,
    )
    after = server.counters()
    seen = _seen(contender, measured, folder, before, after)
    shutil.rmtree(folder, ignore_errors=True)
    why = why_wrong(contender, workload, seen) or ""
    run = Run(
        contender=contender.name,
        against=turn.against,
        round=turn.round,
        wall_s=measured.wall_s,
        cpu_s=measured.cpu_s,
        peak_bytes=measured.peak_bytes,
        requests=seen.answered + seen.refused + seen.other,
        refused=seen.refused,
        server_cpu_s=after["cpu_s"] - before["cpu_s"],
    )
    return run, f"{why}: {measured.stderr[-500:].strip()}" if why else ""


def _job(bench: Bench, workload: Workload, server: Server, folder: Path) -> Job:
    names = bench.scratch / "namespaces"
    names.write_text("".join(f"{namespace_name(at)}\n" for at in range(workload.namespaces)), encoding="utf-8")
    return Job(server.endpoint, TOKEN, names, folder, workload.centers, workload.limit, workload.concurrency)


def _seen(
    contender: Contender, measured: Measurement, folder: Path, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Seen:
    by_status = {status: count - before["by_status"].get(status, 0) for status, count in after["by_status"].items()}
    answered, refused = by_status.get("200", 0), by_status.get("429", 0)
    records, distinct = _count(folder) if contender.keeps == "records" and not measured.exit_code else (0, 0)
    return Seen(
        exit_code=measured.exit_code,
        records=records,
        distinct=distinct,
        answered=answered,
        refused=refused,
        other=sum(by_status.values()) - answered - refused,
        body_bytes=after["body_bytes"] - before["body_bytes"],
        said_bytes=int(measured.stdout) if contender.keeps == "nothing" and not measured.exit_code else None,
    )


def _count(folder: Path) -> tuple[int, int]:
    command = (sys.executable, "-m", "tests.bench.checking", str(folder))
    counted = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    records, distinct = counted.stdout.split()
    return int(records), int(distinct)
