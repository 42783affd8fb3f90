"""Minutes of random scenarios: `make soak`, or `python -m tests.soak --minutes 30 --seed 7`.

Each scenario depends on its own seed, which is printed when it violates the law: `--scenario SEED` runs it again. A
quarter of the time goes to the search over models of services (tests/worlds), which tries thousands.
"""

import argparse
import logging
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.crawl.test_nothing_lost import COMBINABLE
from tests.support.scenario import Scenario
from tests.worlds.driver import workplace
from tests.worlds.search import Counterexample, search

_LIMITS = (1, 7, 10, 25, 100, 1000)
_SHARE_OF_WORLDS = 0.25  # of the time


def run_scenario(seed: int) -> Counter[str]:
    """Run one scenario and return its counts. Raises AssertionError for a violation of the law."""
    chance = random.Random(seed)  # noqa: S311 - must be repeatable
    with tempfile.TemporaryDirectory(prefix="swr-crawler-soak-") as folder:
        scenario = Scenario(
            Path(folder),
            repositories=chance.choice([0, 1, 10, 100, 400, 1500]),
            limit=chance.choice(_LIMITS),
            double_read=chance.random() < 0.5,
            by_namespace=chance.random() < 0.5,
        )
        for _ in range(chance.randint(1, 8)):
            _step(scenario, chance)
        scenario.end()
        return scenario.counts


def _step(scenario: Scenario, chance: random.Random) -> None:
    texts = [*chance.sample(COMBINABLE, chance.randint(0, 3)), *_random_faults(chance)]
    concurrency = chance.choice([1, 2, 4, 16, 64])
    step = chance.choice(["change", "run", "kill", "kill"])
    if step == "change":
        scenario.change(chance.randint(0, 50), grows=chance.random() < 0.5)
    elif step == "run":
        scenario.run(texts, concurrency)
    else:
        scenario.kill(texts, concurrency, at=chance.randint(1, 200))


def _random_faults(chance: random.Random) -> list[str]:
    """Return, every second time, random faults of a share of the requests."""
    rate = chance.choice([0.0, 0.0, 0.05, 0.3])
    kinds = "500+502+503+504+409+429+403+drop+reset+length+slow+truncated+html+empty+short"
    return [f"random-faults:rate={rate},seed={chance.randint(0, 10**6)},kinds={kinds}"] if rate else []


def soak(minutes: float, seed: int) -> int:
    """Run scenarios for that long, print their counts, and return the number of those that violated the law."""
    ends = time.monotonic() + 60 * minutes
    counts: Counter[str] = Counter()
    while time.monotonic() < ends:
        counts["scenarios"] += 1
        try:
            counts += run_scenario(seed)
        except AssertionError:
            counts["scenarios that violated the law"] += 1
            sys.stderr.write(f"scenario {seed}:\n{traceback.format_exc()}\n")
        seed += 1
    for name, count in sorted(counts.items()):
        sys.stdout.write(f"{count:>12,}  {name}\n")
    return counts["scenarios that violated the law"]


def soak_worlds(minutes: float, seed: int) -> int:
    """Try worlds for that long, print how they ended, and return the number of those that broke the law."""
    with workplace() as folder:
        tried = search(folder, seed, seconds=60 * minutes, on_found=_tell_world)
    sys.stdout.write(f"{tried.table()}\n")
    return len(tried.counterexamples)


def _tell_world(found: Counterexample) -> None:
    sys.stderr.write(f"world {found.seed}, {found.judgement.outcome}: {found.judgement.why}\n    {found.simplest}\n")


def main() -> int:
    """Return the exit code: 1 when a scenario violated the law."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1, help="of the first scenario; the next ones count up")
    parser.add_argument("--scenario", type=int, help="run only this scenario")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if given.scenario is not None:
        run_scenario(given.scenario)
        return 0
    broken = soak_worlds(_SHARE_OF_WORLDS * given.minutes, given.seed)
    return int(soak((1 - _SHARE_OF_WORLDS) * given.minutes, given.seed) + broken > 0)


if __name__ == "__main__":
    sys.exit(main())
