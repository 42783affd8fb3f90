"""What a crawl would cost: each list is asked for its total with a few small requests (walk/census/total_probe.py)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from crawler.config.config import Config
from crawler.crawl.clients.credential_factories import CredentialFactory, credential_factories
from crawler.crawl.clients.pool import open_clients
from crawler.crawl.concurrency.stopping import stopped_in_order
from crawler.crawl.concurrency.tasks import unless_stopped
from crawler.crawl.engine.engine import Engine
from crawler.crawl.observing.log_observer import LogObserver
from crawler.crawl.observing.observers import Observers
from crawler.crawl.planning.schedule import make_targets
from crawler.crawl.planning.walk_plan import find_walks
from crawler.crawl.scheduling.scheduled import ScheduledWalk
from crawler.crawl.system_clock import SystemClock
from crawler.errors import InterruptedRunError, UnavailableError
from crawler.model.stop_reason import StopSource
from crawler.model.walk_id import WalkId
from crawler.model.window import Window
from crawler.swr.page import Page
from crawler.walk.census.total_probe import TotalProbe
from crawler.walk.plan import centers_by_namespace, duration_s, requests
from crawler.walk.server_profile import Reshaped


class WalkEstimate(NamedTuple):
    """What one walk would cost: its records, None where it declares no total, and the fewest requests it takes.

    `at_least` says that there are more records than the declared total.
    """

    walk: WalkId
    records: int | None
    requests: int
    at_least: bool = False


class Estimate(NamedTuple):
    """What a crawl of `walks` would cost, in pages of `limit` items.

    `rates` holds requests a second by target, None for a target without a limit.
    """

    walks: tuple[WalkEstimate, ...]
    limit: int
    rates: Mapping[str, float | None]

    @property
    def records(self) -> int:
        """The number of records of all walks that declare a total."""
        return sum(walk.records or 0 for walk in self.walks)

    @property
    def requests(self) -> int:
        """The fewest requests that all walks take together."""
        return sum(walk.requests for walk in self.walks)

    @property
    def at_least(self) -> bool:
        """Whether a walk has more records than it declares."""
        return any(walk.at_least for walk in self.walks)

    @property
    def unknown(self) -> int:
        """The number of walks that declare no total."""
        return sum(walk.records is None for walk in self.walks)

    def seconds(self) -> float | None:
        """Return the shortest time at the configured rates; None when a target has none.

        Targets are crawled at the same time, so the slowest one decides.
        """
        requests_by_target: Counter[str] = Counter()
        for walk in self.walks:
            requests_by_target[walk.walk.target] += walk.requests
        times = [duration_s(requests_by_target[target], rate) for target, rate in self.rates.items()]
        known = [time for time in times if time is not None]
        return max(known, default=None) if len(known) == len(times) else None


async def estimate(config: Config, environ: Mapping[str, str], *, stop: StopSource | None = None) -> Estimate:
    """Return what a crawl of `config` would cost; writes nothing.

    Raises the CrawlerError of the first target that failed, InterruptedRunError when `stop` asks first,
    UnavailableError when `max_duration` is over first.
    """
    factories = credential_factories(config, environ)
    if stop is not None:
        stop.watch()
    walks = await stopped_in_order(partial(_read_totals, config, factories), stop)
    vouched = set(centers_by_namespace(walk.id for walk in walks))
    return Estimate(
        tuple(_estimate_of(one, config.limit, is_vouched=(one.id.target, one.id.center) in vouched) for one in walks),
        config.limit,
        {target.name: target.rate_per_s for target in config.targets},
    )


async def _read_totals(
    config: Config, factories: Mapping[str, CredentialFactory], stop: StopSource
) -> list[ScheduledWalk]:
    clock, observer = SystemClock(), Observers([LogObserver()])
    async with open_clients(config, factories, clock) as clients:
        plan = await unless_stopped(partial(find_walks, config, clients, clock, observer), stop)
        for error in plan.errors.values():
            raise error
        walks = [ScheduledWalk(index, walk, is_probe=True) for index, walk in enumerate(plan.walks)]
        targets = make_targets(config, walks, observer)
        engine = Engine(targets.values(), clients, walks, _DiscardingStore(), clock, observer)
        stop_reason = await engine.crawl(max_duration_s=config.max_duration_s, stop=stop)
    if stop_reason.kind in {"signal", "cancelled"}:
        raise InterruptedRunError("interrupted; nothing was written", signal_number=stop_reason.signal_number)
    if stop_reason.kind == "deadline":
        raise UnavailableError("max_duration is over before every walk declared its total")
    for target in targets.values():
        if target.error is not None:
            raise target.error
    return walks


def _estimate_of(scheduled: ScheduledWalk, limit: int, *, is_vouched: bool) -> WalkEstimate:
    result = scheduled.walk.result if isinstance(scheduled.walk, TotalProbe) else None
    total = None if result is None else result.total
    at_least = result is not None and result.end == "beyond"
    return WalkEstimate(scheduled.id, total, requests(total or 0, limit, is_vouched=is_vouched), at_least)


class _DiscardingStore:
    """A store that keeps nothing."""

    waiting_bytes = 0

    def append_page(self, walk: int, window: Window, page: Page) -> None:
        """Discard a page."""

    def append_loss(self, walk: int, window: Window, reason: str) -> None:
        """Discard a loss."""

    def append_refusal(self, walk: int, window: Window, reason: str) -> None:
        """Discard a refusal."""

    def append_doubt(self, walk: int, window: Window) -> None:
        """Discard a doubt."""

    def append_split(self, walk: int, namespaces: tuple[str, ...]) -> None:
        """Do nothing."""

    def namespaces_by_page(self, walk: int) -> None:
        """Return None: no walk is split."""

    def append_shape(self, walk: int, shape: Reshaped) -> None:
        """Discard a shape."""

    def flush(self) -> None:
        """Write nothing."""

    def publish(self, ended: Sequence[ScheduledWalk]) -> None:
        """Publish nothing."""
