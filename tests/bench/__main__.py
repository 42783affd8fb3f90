"""`python -m tests.bench`: runs the workloads, prints their tables, writes all results as JSON."""

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson

from tests.bench.server import TOKEN
from tests.bench.subjects import Binaries
from tests.bench.table import as_json, text
from tests.bench.trials import ROOT, Bench, run_workload
from tests.bench.workloads import PEERS, QUICK, WORKLOADS, Workload

_PEERS_PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 after running the workloads that the arguments choose, 1 if a trial did not count."""
    given = _arguments(argv)
    bench = _bench(given)
    started = datetime.now(UTC)
    results: list[dict[str, Any]] = []
    for workload in _workloads(given):
        outcome = run_workload(bench, workload)
        results.append(as_json(workload, outcome.trials, outcome.invalid))
        sys.stdout.write(text(workload, outcome.trials, outcome.invalid) + "\n\n")
        sys.stdout.flush()
        _write_results(given.output, started, results)
    return int(any(result["not_counted"] for result in results))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=sys.modules["tests.bench"].__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="small workloads without peers, under a minute")
    parser.add_argument(
        "--workload", action="append", metavar="NAME", help="only workloads whose names begin with NAME; repeatable"
    )
    parser.add_argument("--rounds", type=int, help="rounds that count; default 5, with --quick 2")
    parser.add_argument("--peer-rounds", type=int, default=1, help="rounds of the peers that count; default 1")
    parser.add_argument("--no-peers", action="store_true", help="compare with floors only")
    parser.add_argument("--pin", action="store_true", help="run the server on one core and all else on the others")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "output" / "bench", help="folder for results and temporary files"
    )
    given = parser.parse_args(argv)
    given.rounds = given.rounds or (2 if given.quick else 5)
    return given


def _workloads(given: argparse.Namespace) -> tuple[Workload, ...]:
    every = QUICK if given.quick else WORKLOADS
    wanted = tuple(given.workload or ("",))
    chosen = tuple(workload for workload in every if workload.name.startswith(wanted))
    if not chosen:
        raise SystemExit(f"no workload has that name; choose from {', '.join(workload.name for workload in every)}")
    if not _PEERS_PYTHON.exists() and not given.no_peers and any({*PEERS} & {*w.against} for w in chosen):
        raise SystemExit(
            f"the peers are not installed in {_PEERS_PYTHON.parents[1]}; run `make bench`, or add --no-peers"
        )
    return tuple(w.without_peers() for w in chosen) if given.no_peers else chosen


def _bench(given: argparse.Namespace) -> Bench:
    own = Path(sys.executable).parent
    scratch = given.output / "scratch"
    # No settings, proxies or credentials of the user who runs this.
    environ = {"PATH": os.environ["PATH"], "HOME": str(scratch), "LANG": "C.UTF-8", "SWR_CRAWLER_TOKEN": TOKEN}
    return Bench(
        scratch=scratch,
        binaries=Binaries(sys.executable, str(own / "swr-crawler"), str(_PEERS_PYTHON)),
        rounds=given.rounds,
        peer_rounds=given.peer_rounds,
        environ=environ,
        server_cores=_reserve_core() if given.pin else None,
        log=_log,
    )


def _reserve_core() -> frozenset[int]:
    """Return the last core after excluding this process, and the processes it starts, from it."""
    *others, last = sorted(os.sched_getaffinity(0))
    if not others:
        raise SystemExit("--pin needs two cores")
    os.sched_setaffinity(0, others)
    return frozenset({last})


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _write_results(output: Path, started: datetime, results: Sequence[dict[str, Any]]) -> None:
    """Write the results so far, so that they survive an interruption."""
    content = {
        "started_at": started.isoformat(timespec="seconds"),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "versions": {name: version(name) for name in ("swr-crawler", "aiohttp", "msgspec", "orjson")},
        "workloads": results,
    }
    data = orjson.dumps(content, option=orjson.OPT_INDENT_2)
    for name in (f"{started:%Y%m%dT%H%M%SZ}.json", "latest.json"):
        (output / name).write_bytes(data)


if __name__ == "__main__":
    raise SystemExit(main())
