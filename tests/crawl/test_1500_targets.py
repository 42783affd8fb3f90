"""1 500 targets in one process, beside one target with as many walks; the test prints what both take."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final, NamedTuple

import orjson
import pytest

from tests.bench.server import TOKEN, namespace_name
from tests.bench.trials import ROOT
from tests.bench.workloads import Workload

pytestmark = [pytest.mark.slow, pytest.mark.unmeasured]

TARGETS: Final = 1500
NAMESPACES: Final = 10  # of a target
_MAX_BYTES: Final = 200e6

# Runs a command and prints its exit status, its seconds of the processors and its peak memory in KiB. A process begins
# with the peak of the one that started it, and that of a test process may be larger than the command's.
_MEASURE: Final = """
import os, subprocess, sys
_, status, used = os.wait4(subprocess.Popen(sys.argv[1:], stdout=sys.stderr).pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


class Taken(NamedTuple):
    """What a command took: seconds of the processors, bytes of memory at most, and what it said."""

    cpu_s: float
    peak_bytes: int
    said: str


@contextmanager
def serving(namespaces: int) -> Iterator[str]:
    """Yield the endpoint of a server in another process, with so many namespaces of ten records."""
    workload = asdict(Workload(name="many-targets", namespaces=namespaces, records=10, centers=("self",)))
    command = [sys.executable, "-m", "tests.bench.server", orjson.dumps(workload).decode()]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:  # noqa: S603 - ourselves
        assert server.stdout is not None
        yield orjson.loads(server.stdout.readline())["endpoint"]
        server.terminate()


def crawled(folder: Path, endpoint: str, targets: int, namespaces: int) -> Taken:
    """Crawl so many targets in a process of their own, and check that each has every record."""
    folder.mkdir()
    listed = ", ".join(f'"{namespace_name(at)}"' for at in range(namespaces))
    tables = (f'[[target]]\nname = "t{at:04}"\nendpoint = "{endpoint}"\n' for at in range(targets))
    settings = f'[crawl]\ncenters = ["self"]\nrate_per_s = "unlimited"\nnamespaces = [{listed}]\n'
    (folder / "many.toml").write_text(settings + "".join(tables))
    environ = {**os.environ, "SWR_CRAWLER_TOKEN": TOKEN}
    command = [sys.executable, "-m", "crawler", "crawl", "--config", "many.toml", "--summary-file", "summary.json"]
    measured = [sys.executable, "-c", _MEASURE, *command]
    with (folder / "said").open("w") as said:
        ended = subprocess.run(measured, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=said, check=True)  # noqa: S603 - ourselves
    code, cpu_s, peak_kib = ended.stdout.split()
    text = (folder / "said").read_text()
    assert int(code) == 0, text[-2000:]
    summary = orjson.loads((folder / "summary.json").read_bytes())
    assert (summary["status"], summary["records"]) == ("complete", targets * namespaces * 10)
    return Taken(float(cpu_s), int(peak_kib) * 1024, text)


@pytest.mark.timeout(1800)
def test_memory_does_not_grow_with_the_targets(tmp_path: Path) -> None:
    with serving(NAMESPACES) as endpoint:
        many = crawled(tmp_path / "many", endpoint, TARGETS, NAMESPACES)
    with serving(TARGETS * NAMESPACES) as endpoint:
        one = crawled(tmp_path / "one", endpoint, 1, TARGETS * NAMESPACES)
    sys.stdout.write(
        f"\n{TARGETS} targets: {many.cpu_s:.1f} s of processor time, {many.peak_bytes / 1e6:.0f} MB;"
        f" one target with as many walks: {one.cpu_s:.1f} s, {one.peak_bytes / 1e6:.0f} MB;"
        f" {many.cpu_s / one.cpu_s:.2f} x\n"
    )
    assert many.peak_bytes < _MAX_BYTES
