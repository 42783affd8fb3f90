"""The subjects of the benchmark: how each is started, and why a trial of it is invalid (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from tests.bench.job import Job
from tests.bench.workloads import PEERS, Workload

OURS: Final = "ours"


class Binaries(NamedTuple):
    """The executables: Python of our venv, our command, Python of the peers' venv."""

    python: str
    ours: str
    peers: str


@dataclass(frozen=True, slots=True)
class Subject:
    """A program that does the job. If `output` is "size", it writes no records but prints the bytes it received."""

    name: str
    description: str
    module: str
    output: Literal["records", "size"] = "records"

    def command(self, job: Job, workload: Workload, binaries: Binaries) -> tuple[str, ...]:
        """Return the command line that does the job."""
        if self.name == OURS:
            return (binaries.ours, "crawl", *_flags(job, workload))
        python = binaries.peers if self.name in PEERS else binaries.python
        return (python, "-m", f"tests.bench.{self.module}", *job.argv())


def _flags(job: Job, workload: Workload) -> tuple[str, ...]:
    centers = (part for center in job.centers for part in ("--center", center))
    rate = "unlimited" if workload.rate_per_s is None else str(workload.rate_per_s)
    options = {
        "--endpoint": job.endpoint,
        "--namespaces-file": str(job.namespaces_file),
        "--limit": str(job.limit),
        "--concurrency": str(job.concurrency),
        "--rate": rate,
        "--output": str(job.output),
    }
    return (*centers, *(part for pair in options.items() for part in pair))


_ALL: Final = (
    Subject(OURS, "swr-crawler crawl: checked, journaled, published", "-"),
    Subject("F", "floor: fetch, decode, encode, write", "floors.floor_f"),
    Subject("N", "floor: F with a new dict for each record", "floors.floor_n"),
    Subject("G", "floor: fetch only", "floors.floor_g", output="size"),
    Subject("sdk", "official SDK in threads", "peers.with_sdk"),
    Subject("dlt", "dlt, REST client to JSON lines", "peers.with_dlt"),
    Subject("scrapy", "Scrapy, feed of JSON lines", "peers.with_scrapy"),
)
SUBJECTS: Final[Mapping[str, Subject]] = {subject.name: subject for subject in _ALL}


class Observation(NamedTuple):
    """What was observed of one trial: its exit code, the records on disk, the counters of the server.

    `reported_bytes` is the size that a subject without records prints.
    """

    exit_code: int
    records: int
    distinct: int
    answered: int  # responses with status 200
    refused: int  # with 429
    other: int  # with any other status
    body_bytes: int
    reported_bytes: int | None = None


def invalid_reason(subject: Subject, workload: Workload, observed: Observation) -> str | None:
    """Return why a trial must not be counted, None if its output is right."""
    if observed.exit_code:
        return f"ended with exit code {observed.exit_code}"
    if observed.other:
        return f"{observed.other} responses were neither 200 nor 429"
    if observed.answered < workload.requests:
        return f"{observed.answered} successful requests cannot be all {workload.requests}"
    if subject.output == "records" and (observed.records, observed.distinct) != (workload.total, workload.total):
        return f"{observed.records} records, {observed.distinct} distinct, instead of {workload.total}"
    if subject.output == "size" and observed.reported_bytes != observed.body_bytes:
        return f"{observed.reported_bytes} of {observed.body_bytes} bytes were received"
    return None
