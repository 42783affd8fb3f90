"""The search: worlds one after the other, each by its seed, until the time or the number is over."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.worlds.draw import draw, is_harmless
from tests.worlds.driver import crawl_world
from tests.worlds.oracle import Judgement, judge
from tests.worlds.shrink import shrink
from tests.worlds.world import World

BAD = frozenset({"broken", "endless", "doubted"})


class Counterexample(NamedTuple):
    """A world that breaks the law, and the simplest that was found to break it in the same way."""

    seed: int
    simplest: World
    judgement: Judgement


class Tried(NamedTuple):
    """How many worlds ended how, and those that broke the law."""

    counts: Counter[str]
    counterexamples: list[Counterexample]

    @property
    def worlds(self) -> int:
        """The number of worlds."""
        return self.counts.total()

    def share(self, outcome: str) -> float:
        """Return the share of worlds with this outcome."""
        return sum(count for name, count in self.counts.items() if name.partition(":")[0] == outcome) / self.worlds

    def table(self) -> str:
        """Return the counts, a line each."""
        lines = [
            f"{count:>10,}  {100 * count / self.worlds:5.1f} %  {name}" for name, count in sorted(self.counts.items())
        ]
        return "\n".join([*lines, f"{self.worlds:>10,}  worlds"])


def try_world(world: World, folder: Path) -> Judgement:
    """Crawl a world, and judge how it ended."""
    return judge(crawl_world(world, folder), harmless=is_harmless(world))


def search(
    folder: Path,
    seed: int,
    *,
    worlds: int = 10**9,
    seconds: float = 10**9,
    on_found: Callable[[Counterexample], None] = lambda _: None,
) -> Tried:
    """Try worlds from `seed` on; make those that break the law simpler. Uses `folder` for their output."""
    ends = time.monotonic() + seconds
    tried = Tried(Counter(), [])
    for number in range(seed, seed + worlds):
        if time.monotonic() > ends:
            break
        world = draw(number)
        found = try_world(world, folder)
        tried.counts[": ".join(filter(None, (found.outcome, found.why)))] += 1
        if found.outcome in BAD:
            simplest = shrink(world, lambda one, found=found: try_world(one, folder)[:2] == found[:2])  # type: ignore[misc]
            tried.counterexamples.append(Counterexample(number, simplest, found))
            on_found(tried.counterexamples[-1])
    return tried
