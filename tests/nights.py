"""A thousand random nights: `make nights`, or `python -m tests.nights --nights 1000 --seed 1`.

A night is one registry, one output folder and one command, which is run again until it ends in 0 or gives up, as a
timer with restarts does. Meanwhile a share of the requests fails, the service is down for a while, the list may change,
and the process may be killed. Each night depends on its seed alone: `--night SEED` runs one and shows it.

The law, for each night:
- it ends in 0 if the night is provable: the list no longer changes at its end, and the service declares what a proof
  needs;
- it never ends in 0 unless every row that was held throughout is on disk, once, and nothing that was never there.
"""

import argparse
import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple

from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import CENTERS, Inventory, synthetic
from crawler.emulator.server import RunningEmulator
from crawler.snapshot.reader import open_snapshot
from tests.support.emulator_fixture import TOKEN, published_keys, serve
from tests.support.oracle import ServerHistory, violations
from tests.support.process_kill import KILLED, CallAtRequest, KillableCrawl

# What fails now and then in any service; a share of the requests gets one of these, drawn at random.
MISHAPS: Final = "500+502+503+504+409+429+403+drop+reset+length+slow+truncated+html+empty+short"

# Lasting natures of a service under which a list that stands still can be proven.
PROVABLE: Final = (
    "",
    "",
    "",
    "clamp-limit:to=7",
    "gzip",
    "string-total",
    "null-when-empty",
    "no-content-when-empty",
    "missing-total:in_header=false",
    "missing-total:in_items=false",
    "refuse-limit-above:limit=5",
    "refuse-order:columns=name",
    "refuse-direct-parameters",
    "refuse-past-end:status=404",
    "refuse-past-end",
)
# Natures under which no client can prove a list.
UNPROVABLE: Final = ("missing-total", "total-is-page-length", "capped-total:at=30", "mixed-totals:every=3")
# Changes that happen once: the list then stands still.
SETTLING: Final = (
    "delete-after:requests=9",
    "insert-after:requests=7",
    "swap-after:requests=8",
    "rename-after:requests=6",
)
# Changes that never end.
RESTLESS: Final = (
    "churn:every=3",
    "delete-after:requests=2,every=3",
    "insert-after:requests=2,every=4,index=30,count=2",
)

Outcome = Literal["0, and right", "0, and WRONG", "not 0, not provable", "not 0, though provable"]
_MOST_RUNS: Final = 8
_MOST_UNPROVABLE_RUNS: Final = 3  # each run may find a list that has grown by a half
_FEWEST_IN_FILTER: Final = 10  # over two centers


@dataclass(frozen=True, slots=True)
class Night:
    """What happens in one night; `kills` are the requests at which the process is killed."""

    repositories: int
    namespaces: int
    limit: int
    concurrency: int
    by_namespace: bool
    double_read: bool
    faults: tuple[str, ...]
    kills: tuple[int, ...]
    is_provable: bool


class NightEnd(NamedTuple):
    """How a night ended: the exit codes of its runs, its `outcome`, and what to know of it."""

    outcome: Outcome
    exit_codes: tuple[int, ...]
    requests: int
    why: str


def draw(seed: int) -> Night:
    """Return the night of a seed."""
    chance = random.Random(seed)  # noqa: S311 - must be repeatable
    nature = chance.choice(PROVABLE) if chance.random() < 0.9 else chance.choice(UNPROVABLE)
    change = chance.choice(["", "", "", "", *SETTLING, chance.choice(RESTLESS)])
    rate = chance.uniform(0.01, 0.30)
    faults = [nature, change, f"random-faults:rate={rate:.3f},seed={seed},kinds={MISHAPS}"]
    if chance.random() < 0.5:
        drops, length = chance.choice(["true", "false"]), chance.choice([5, 20, 60])
        faults.append(f"outage:after_requests={chance.randint(0, 60)},requests={length},drops={drops}")
    kills = sorted(chance.sample(range(1, 80), chance.choice([0, 0, 0, 1, 2])))
    repositories = chance.choice([0, 1, 2, 10, 60, 250, 900])
    return Night(
        repositories=repositories,
        namespaces=chance.choice([1, 3, 8]),
        limit=chance.choice([5, 10, 25, 100, 1000]),
        concurrency=chance.choice([1, 4, 16]),
        by_namespace=chance.random() < 0.3,
        double_read=chance.random() < 0.15,
        faults=tuple(filter(None, faults)),
        kills=tuple(kills),
        is_provable=nature in PROVABLE and change not in RESTLESS and not _is_too_short(nature, repositories),
    )


def _is_too_short(nature: str, repositories: int) -> bool:
    """Return whether no list has the two rows that show that the service reads `filter`, and does not ignore it."""
    return nature == "refuse-direct-parameters" and repositories < _FEWEST_IN_FILTER


@dataclass(slots=True)
class _Killer:
    """Kills the crawl that runs at the moment."""

    present: KillableCrawl = field(default_factory=KillableCrawl)

    def kill(self) -> None:
        self.present.kill()


def run_night(night: Night, output: Path) -> NightEnd:
    """Run a night in an empty folder, and judge it by what the emulator held."""
    inventory = synthetic(namespaces=night.namespaces, repositories=night.repositories, seed=7)
    faults = tuple(map(parse_fault, night.faults))
    with _service(inventory, night) as (served, killer):
        exit_codes: list[int] = []
        most_runs = _MOST_RUNS if night.is_provable else _MOST_UNPROVABLE_RUNS
        while len(exit_codes) < most_runs and (not exit_codes or exit_codes[-1] != 0):
            killer.present = KillableCrawl()
            exit_codes.append(killer.present.crawl(served.endpoint, str(output), **_settings(night, inventory)))
        counters = served.counters()
    history = ServerHistory.of(inventory, faults, counters["requests"])
    wrong = _wrong(output, exit_codes[-1], history, double_read=night.double_read)
    return NightEnd(
        _outcome(night, exit_codes[-1], wrong), tuple(exit_codes), counters["requests"], wrong or _why(output)
    )


@contextmanager
def _service(inventory: Inventory, night: Night) -> Iterator[tuple[RunningEmulator, _Killer]]:
    killer = _Killer()
    faults = [*map(parse_fault, night.faults), *(CallAtRequest(at, killer.kill) for at in night.kills)]
    with serve(inventory, faults=tuple(faults)) as served:
        yield served, killer


def _settings(night: Night, inventory: Inventory) -> dict[str, object]:
    return {
        "limit": night.limit,
        "concurrency": night.concurrency,
        "double_read": night.double_read,
        "namespaces": _namespaces(inventory) if night.by_namespace else (),
        "timeout_s": 2.0,
        "allow_shrink": True,
        "environ": TOKEN,
    }


def _namespaces(inventory: Inventory) -> tuple[str, ...]:
    return tuple(sorted({name for center in CENTERS for name in inventory.namespaces(center)}))


def _wrong(output: Path, exit_code: int, history: ServerHistory, *, double_read: bool) -> str:
    """Return in which way the night's last snapshot breaks the law, "" if in none or there is no snapshot."""
    snapshot = _newest(output)
    if exit_code not in {0, 3} or snapshot is None:
        return ""
    found = violations(snapshot, exit_code, history, double_read=double_read)
    if exit_code == 0 and len(history.throughout) == len(history.ever):
        listed = published_keys(snapshot)
        if set(listed) != history.ever:
            found.append(f"{len(listed)} records on disk, {len(history.ever)} were held")
    return "; ".join(found)[:600]


def _outcome(night: Night, exit_code: int, wrong: str) -> Outcome:
    if exit_code == 0:
        return "0, and WRONG" if wrong else "0, and right"
    return "not 0, though provable" if night.is_provable or wrong else "not 0, not provable"


def _newest(output: Path) -> Path | None:
    snapshots = sorted(output.glob("snapshot=*"), key=lambda path: path.stat().st_mtime)
    return snapshots[-1] if snapshots else None


def _why(output: Path) -> str:
    snapshot = _newest(output)
    if snapshot is None:
        return "nothing published"
    manifest = open_snapshot(snapshot).manifest
    walks = Counter(f"{walk.verdict} {walk.reason}".strip() for walk in manifest.walks)
    rejects = sum(walk.rejects for walk in manifest.walks)
    return f"{dict(walks)}, {rejects} rejects, {manifest.status}"


def nights(number: int, seed: int, tell: Callable[[str], None]) -> Counter[str]:
    """Run nights, tell of each that breaks the law, and return how many ended how."""
    counts: Counter[str] = Counter()
    for one in range(seed, seed + number):
        night = draw(one)
        with tempfile.TemporaryDirectory(prefix="swr-crawler-night-") as folder:
            end = run_night(night, Path(folder))
        counts["nights"] += 1
        counts[end.outcome] += 1
        counts["runs"] += len(end.exit_codes)
        counts["requests"] += end.requests
        counts["killed"] += end.exit_codes.count(KILLED)
        counts["ended in 0 by the first run"] += end.exit_codes == (0,)
        if end.outcome in {"0, and WRONG", "not 0, though provable"}:
            tell(f"night {one}: {end.outcome}: {list(end.exit_codes)}: {end.why}\n    {night}\n")
    return counts


def main() -> int:
    """Return the exit code: 1 when a night broke the law."""
    parser = argparse.ArgumentParser(prog="python -m tests.nights", description=__doc__)
    parser.add_argument("--nights", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first night; the next ones count up")
    parser.add_argument("--night", type=int, help="run only this one, and show it")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if given.night is not None:
        with tempfile.TemporaryDirectory(prefix="swr-crawler-night-") as folder:
            sys.stdout.write(f"{draw(given.night)}\n{run_night(draw(given.night), Path(folder))}\n")
        return 0
    counts = nights(given.nights, given.seed, lambda text: print(text, flush=True))  # noqa: T201 - a command line
    for name, count in sorted(counts.items()):
        sys.stdout.write(f"{count:>12,}  {name}\n")
    return int(counts["0, and WRONG"] + counts["not 0, though provable"] > 0)


if __name__ == "__main__":
    sys.exit(main())
