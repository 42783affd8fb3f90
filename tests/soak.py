"""Minutes of random histories: `make soak`, or `python -m tests.soak --minutes 30 --seed 7`.

Each history is decided by its own seed, which is said when one breaks the law: `--history SEED` runs that one again.
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
from tests.support.scenario import History

_LIMITS = (1, 7, 10, 25, 100, 1000)


def history(seed: int) -> Counter[str]:
    """Run one history to its end and give its counts; raise AssertionError for what the law forbids."""
    chance = random.Random(seed)  # noqa: S311 - must be repeatable
    with tempfile.TemporaryDirectory(prefix="swr-crawler-soak-") as folder:
        one = History(
            Path(folder),
            repositories=chance.choice([0, 1, 10, 100, 400, 1500]),
            limit=chance.choice(_LIMITS),
            double_read=chance.random() < 0.5,
            by_namespace=chance.random() < 0.5,
        )
        for _ in range(chance.randint(1, 8)):
            _step(one, chance)
        one.end()
        return one.counts


def _step(one: History, chance: random.Random) -> None:
    texts = [*chance.sample(COMBINABLE, chance.randint(0, 3)), *_random_faults(chance)]
    room = chance.choice([1, 2, 4, 16, 64])
    step = chance.choice(["change", "run", "kill", "kill"])
    if step == "change":
        one.change(chance.randint(0, 50), grows=chance.random() < 0.5)
    elif step == "run":
        one.run(texts, room)
    else:
        one.kill(texts, room, at=chance.randint(1, 200))


def _random_faults(chance: random.Random) -> list[str]:
    """Return, every second time, a fault that triggers at random on a share of the requests."""
    rate = chance.choice([0.0, 0.0, 0.05, 0.3])
    kinds = "500+502+503+504+409+429+403+drop+reset+length+slow+truncated+html+empty+short"
    return [f"random-faults:rate={rate},seed={chance.randint(0, 10**6)},kinds={kinds}"] if rate else []


def soak(minutes: float, seed: int) -> int:
    """Run histories for so long, say what there was, and give the number of those that broke the law."""
    ends = time.monotonic() + 60 * minutes
    counts: Counter[str] = Counter()
    while time.monotonic() < ends:
        counts["histories"] += 1
        try:
            counts += history(seed)
        except AssertionError:
            counts["histories that broke the law"] += 1
            sys.stderr.write(f"history {seed}:\n{traceback.format_exc()}\n")
        seed += 1
    for name, count in sorted(counts.items()):
        sys.stdout.write(f"{count:>12,}  {name}\n")
    return counts["histories that broke the law"]


def main() -> int:
    """Give the exit code: 1 when a history broke the law."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1, help="of the first history; the next ones count on")
    parser.add_argument("--history", type=int, help="run only this one")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if given.history is not None:
        history(given.history)
        return 0
    return int(soak(given.minutes, given.seed) > 0)


if __name__ == "__main__":
    sys.exit(main())
