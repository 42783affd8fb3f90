"""From a configuration to targets that can be crawled: what a crawl and a survey have in common."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from crawler.api.auth import read_token
from crawler.api.client import Pace, connect
from crawler.api.query import Order
from crawler.clock import Clock
from crawler.config import Config, require_endpoint, require_token
from crawler.walking.engine import Crew
from crawler.walking.plan import Plan, make_plan
from crawler.walking.tally import Tally
from crawler.walking.target import Bounds, TargetCrawl, WalkRun
from crawler.walking.walk import Dialect


def read_tokens(config: Config, environ: Mapping[str, str]) -> dict[str, str]:
    """Give each target's token by the target's name. Raises ConfigError without a target, CredentialsError."""
    require_endpoint(config)
    require_token(config)
    return {target.name: read_token(target.token, environ) for target in config.targets if target.token is not None}


def plan_of(config: Config) -> Plan:
    """Give the walks that `config` asks for."""
    endpoints = ((target.name, target.endpoint) for target in config.targets)
    return make_plan(endpoints, config.centers, config.namespaces, config.order)


def targets_of(
    config: Config, runs: Sequence[WalkRun], bounds: Bounds, *, limit: int | None = None
) -> dict[str, TargetCrawl]:
    """Give each target its walks, by its name; `limit` other than the configured page size for a survey."""
    orders = tuple(None if column == "none" else Order(column, "asc") for column in config.order)
    targets = {}
    for target in config.targets:
        own = [run for run in runs if run.id.target == target.name]
        tally = Tally(target.name, len(own), target.rate_per_s)
        targets[target.name] = TargetCrawl(own, Dialect(limit or config.limit, orders), bounds, tally)
    return targets


@asynccontextmanager
async def connected(
    config: Config, targets: Mapping[str, TargetCrawl], tokens: Mapping[str, str], clock: Clock
) -> AsyncIterator[list[Crew]]:
    """Open a client for every target; close them at the end."""
    async with AsyncExitStack() as stack:
        crews = []
        for target in config.targets:
            client = connect(
                target.endpoint,
                tokens[target.name],
                Pace(target.rate_per_s, clock),
                connections=target.concurrency,
                timeout_s=config.timeout_s,
                body_bytes=config.body_bytes,
            )
            crews.append(Crew(targets[target.name], await stack.enter_async_context(client), target.concurrency))
        yield crews
