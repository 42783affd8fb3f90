"""From a configuration to targets that can be crawled: what a crawl and a survey have in common."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from crawler.config.config import Config
from crawler.config.credentials.target import Target
from crawler.config.namespaces import filter_names
from crawler.crawl.credential_factories import CredentialFactory
from crawler.crawl.discovery import discover
from crawler.crawl.engine.target_scheduler import CrawlLimits, ScheduledWalk, TargetScheduler
from crawler.crawl.engine.target_stats import TargetStats
from crawler.errors import CrawlerError
from crawler.model.clock import Clock
from crawler.model.walk_id import Center, WalkId
from crawler.model.window import Order
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.swr.http.client import Client, connect
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.walk.plan import Plan, by_namespaces, discovered_walks, make_plan
from crawler.walk.server_profile import ServerProfile


def plan_of(config: Config) -> Plan:
    """Give the walks that `config` asks for by name; more may be discovered."""
    endpoints = ((target.name, target.endpoint) for target in config.targets)
    return make_plan(endpoints, config.centers, config.namespaces, config.order)


class WalkPlan(NamedTuple):
    """The walks of all targets in plan order, the centers that are walked by namespaces, and who did not answer."""

    walks: tuple[WalkId, ...]
    partial: tuple[tuple[str, Center], ...]
    errors: Mapping[str, CrawlerError]


async def find_walks(
    config: Config, clients: Mapping[str, Client], clock: Clock, *, known: tuple[WalkId, ...] = ()
) -> WalkPlan:
    """Give the walks to crawl; `known` are those that were discovered before, and stay as they are."""
    if not config.discover:
        walks = plan_of(config).walks
        return WalkPlan(walks, tuple(by_namespaces(walks)), {})
    walks = known
    errors: dict[str, CrawlerError] = {}
    partial: list[tuple[str, Center]] = []
    for target in config.targets:
        if not any(walk.target == target.name for walk in known):
            try:
                walks += await _discovered(config, target, clients[target.name], clock)
            except CrawlerError as error:
                errors[target.name] = error
                continue
        if "self" in config.centers:
            partial.append((target.name, "self"))  # even when it has no namespace: then nothing was walked
    partial += [place for place in by_namespaces(walks) if place not in partial]
    return WalkPlan(walks, tuple(partial), errors)


async def _discovered(config: Config, target: Target, client: Client, clock: Clock) -> tuple[WalkId, ...]:
    visible = config.discover_mode == "visible"
    names = await discover(client, target.name, visible=visible, max_tries=config.max_tries, clock=clock)
    chosen = filter_names(config.patterns, names)
    return discovered_walks(target.name, config.centers, config.namespaces, chosen)


def targets_of(
    config: Config, runs: Sequence[ScheduledWalk], bounds: CrawlLimits, *, limit: int | None = None
) -> dict[str, TargetScheduler]:
    """Give each target its walks, by its name; `limit` other than the configured page size for a survey."""
    orders = tuple(None if column == "none" else Order(column, "asc") for column in config.order)
    targets = {}
    for target in config.targets:
        own = [run for run in runs if run.id.target == target.name]
        tally = TargetStats(target.name, sum(not run.census for run in own), target.rate_per_s)
        dialect = ServerProfile(limit or config.limit, orders, config.dialect == "filter", config.dialect == "auto")
        targets[target.name] = TargetScheduler(own, dialect, bounds, tally)
    return targets


@asynccontextmanager
async def open_clients(
    config: Config, keys: Mapping[str, CredentialFactory], clock: Clock
) -> AsyncIterator[dict[str, Client]]:
    """Open a client for every target, with its credentials; close them at the end."""
    async with AsyncExitStack() as stack:
        allowance = BufferBudget()
        clients: dict[str, Client] = {}
        for target in config.targets:
            connection = connect(
                target.endpoint,
                RateLimiter(target.rate_per_s, clock),
                connections=target.concurrency,
                timeout_s=config.timeout_s,
                max_body_bytes=config.max_body_bytes,
                buffer_budget=allowance,
            )
            client = await stack.enter_async_context(connection)
            client.credentials = keys[target.name](client, clock)
            clients[target.name] = client
        yield clients
