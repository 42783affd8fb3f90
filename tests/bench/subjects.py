"""Who takes part, how each is started, and why a run of it would not count (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from tests.bench.job import Job
from tests.bench.workloads import PEERS, Workload

OURS: Final = "ours"


class Binaries(NamedTuple):
    """The Python of our venv, our command, and the Python of the peers' venv."""

    python: str
    ours: str
    peers: str


@dataclass(frozen=True, slots=True)
class Contender:
    """One that takes part. `keeps` is whether it leaves records: what is thrown away is only counted."""

    name: str
    says: str
    module: str
    keeps: Literal["records", "nothing"] = "records"

    def command(self, job: Job, workload: Workload, binaries: Binaries) -> tuple[str, ...]:
        """Give the command line that does the job."""
        if self.name == OURS:
            return (binaries.ours, "crawl", *_flags(job, workload))
        python = binaries.peers if self.name in PEERS else binaries.python
        return (python, "-m", f"tests.bench.{self.module}", *job.argv())


def _flags(job: Job, workload: Workload) -> tuple[str, ...]:
    centers = (part for center in job.centers for part in ("--center", center))
    rate = "unlimited" if workload.rate_per_s is None else str(workload.rate_per_s)
    asked = {
        "--endpoint": job.endpoint,
        "--namespaces-file": str(job.namespaces_file),
        "--limit": str(job.limit),
        "--concurrency": str(job.concurrency),
        "--rate": rate,
        "--output": str(job.output),
    }
    return (*centers, *(part for pair in asked.items() for part in pair))


_EVERYONE: Final = (
    Contender(OURS, "swr-crawler crawl: proven, journaled, published", "-"),
    Contender("F", "floor: fetch, decode, encode, write", "floors.floor_f"),
    Contender("N", "floor: F with a new dict a record", "floors.floor_n"),
    Contender("G", "floor: fetch only", "floors.floor_g", keeps="nothing"),
    Contender("sdk", "official SDK in threads", "peers.with_sdk"),
    Contender("dlt", "dlt, REST client to JSON lines", "peers.with_dlt"),
    Contender("scrapy", "Scrapy, feed of JSON lines", "peers.with_scrapy"),
)
CONTENDERS: Final[Mapping[str, Contender]] = {contender.name: contender for contender in _EVERYONE}


class Seen(NamedTuple):
    """What one run came to: by itself, on the disk, and at the server. `said_bytes` is what a floor says it got."""

    exit_code: int
    records: int
    distinct: int
    answered: int  # requests with status 200
    refused: int  # with 429
    other: int  # with any other status
    body_bytes: int
    said_bytes: int | None = None


def why_wrong(contender: Contender, workload: Workload, seen: Seen) -> str | None:
    """Say why a run must not be counted; None when its output is right."""
    if seen.exit_code:
        return f"ended with exit code {seen.exit_code}"
    if seen.other:
        return f"{seen.other} answers were neither 200 nor 429"
    if seen.answered < workload.requests:
        return f"{seen.answered} pages cannot be all {workload.requests}"
    if contender.keeps == "records" and (seen.records, seen.distinct) != (workload.total, workload.total):
        return f"{seen.records} records, {seen.distinct} distinct, instead of {workload.total}"
    if contender.keeps == "nothing" and seen.said_bytes != seen.body_bytes:
        return f"{seen.said_bytes} bytes came of {seen.body_bytes}"
    return None
