"""What a crawl would cost: every walk asked for its total with one small request."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import anyio

from crawler.config.config import Config
from crawler.crawl.clients import find_walks, open_clients, targets_of
from crawler.crawl.credential_factories import CredentialFactory, credential_factories
from crawler.crawl.engine.engine import Engine, StopSource, TargetRuntime
from crawler.crawl.engine.target_scheduler import CrawlLimits, ScheduledWalk
from crawler.crawl.system_clock import SystemClock
from crawler.errors import InterruptedRunError, UnavailableError
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.plan import duration_s, windows


class WalkEstimate(NamedTuple):
    """What one walk would cost: its records, None where no total is declared, and its requests at least."""

    walk: WalkId
    records: int | None
    requests: int


class Estimate(NamedTuple):
    """What a crawl of `walks` would cost; `seconds` by target at its rate, None where that is unlimited."""

    walks: tuple[WalkEstimate, ...]
    limit: int
    rates: Mapping[str, float | None]

    @property
    def records(self) -> int:
        """The records of all walks that declare a total."""
        return sum(walk.records or 0 for walk in self.walks)

    @property
    def requests(self) -> int:
        """The requests of all walks, at least."""
        return sum(walk.requests for walk in self.walks)

    @property
    def unknown(self) -> int:
        """The number of walks that declare no total."""
        return sum(walk.records is None for walk in self.walks)

    def seconds(self) -> float | None:
        """Give the time at the configured rates; targets go at the same time. None when one is unlimited."""
        times = [duration_s(self._requests(target), rate) for target, rate in self.rates.items()]
        known = [time for time in times if time is not None]
        return max(known, default=None) if len(known) == len(times) else None

    def _requests(self, target: str) -> int:
        return sum(walk.requests for walk in self.walks if walk.walk.target == target)


def estimate(config: Config, environ: Mapping[str, str], *, stop: StopSource | None = None) -> Estimate:
    """Ask until all have answered, or `stop` returns. Writes nothing.

    Raises the CrawlerError of the first target that failed.
    """
    keys = credential_factories(config, environ)
    runs = anyio.run(_ask, config, keys, stop)
    walks = tuple(_forecast(run, config.limit) for run in runs)
    return Estimate(walks, config.limit, {target.name: target.rate_per_s for target in config.targets})


async def _ask(config: Config, keys: Mapping[str, CredentialFactory], stop: StopSource | None) -> list[ScheduledWalk]:
    clock = SystemClock()
    async with open_clients(config, keys, clock) as clients:
        found = await find_walks(config, clients, clock)
        for error in found.errors.values():
            raise error
        runs = [ScheduledWalk(index, walk) for index, walk in enumerate(found.walks)]
        bounds = CrawlLimits(config.max_tries, max_passes=1, double_read=False, first_page_only=True)
        targets = targets_of(config, runs, bounds, limit=1)
        crews = [
            TargetRuntime(targets[target.name], clients[target.name], target.concurrency) for target in config.targets
        ]
        ending = await Engine(crews, runs, _Nowhere(), clock).crawl(max_duration_s=config.max_duration_s, stop=stop)
    if ending.kind == "signal":
        raise InterruptedRunError("interrupted; nothing was written", signal_number=ending.signal_number)
    if ending.kind == "deadline":
        raise UnavailableError("max_duration is over before every walk has told its total")
    for target in targets.values():
        if target.error is not None:
            raise target.error
    return runs


def _forecast(run: ScheduledWalk, limit: int) -> WalkEstimate:
    walk = run.walk
    records = None if walk is None else walk.declared
    return WalkEstimate(run.id, records, windows(records or 0, limit))


class _Nowhere:
    """A store that keeps nothing."""

    waiting_bytes = 0

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Keep nothing."""

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Keep nothing."""

    def write(self) -> None:
        """Write nothing."""

    def flush(self, *, young: bool = True) -> None:
        """Keep nothing."""

    def publish(self, ended: Sequence[ScheduledWalk]) -> None:
        """Publish nothing."""
