"""Finds the walks of a crawl: those that the configuration names, and those of discovered namespaces."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from crawler.config.config import Config
from crawler.config.namespaces import filter_names
from crawler.crawl.clients.ask_each import ask_each
from crawler.crawl.clients.pool import Clients
from crawler.crawl.observing.observer import Observer
from crawler.crawl.planning.discovery import discover
from crawler.errors import CrawlerError
from crawler.model.clock import Clock
from crawler.model.walk_id import Center, WalkId
from crawler.swr.http.client import Client
from crawler.walk.plan import Plan, centers_by_namespace, discovered_walks, make_plan
from crawler.walk.retry_policy import RetryLimits


class WalkPlan(NamedTuple):
    """The walks of all targets in plan order.

    `by_namespace` lists the centers, as (target, center), that are crawled by namespace: each needs its own total to
    compare with. `errors` holds, by target, why its namespaces could not be discovered; such a target has no walks.
    """

    walks: tuple[WalkId, ...]
    by_namespace: tuple[tuple[str, Center], ...]
    errors: Mapping[str, CrawlerError]


def plan_of(config: Config) -> Plan:
    """Return the walks that `config` names; discovery may add more."""
    endpoints = ((target.name, target.endpoint) for target in config.targets)
    return make_plan(endpoints, config.centers, config.namespaces, config.order)


def resume_digest(config: Config) -> str:
    """Return a text that is equal for two runs exactly when one may resume the other.

    It covers every setting that decides which walks there are and which verdicts they get.
    """
    settings = f"{config.max_passes} {config.double_read} {config.discover} {config.patterns}"
    return f"{plan_of(config).digest()} {settings}"


async def find_walks(
    config: Config, clients: Clients, clock: Clock, observer: Observer, *, known: tuple[WalkId, ...] = ()
) -> WalkPlan:
    """Return the walks to crawl; asks all targets for their namespaces, at once, when `config` wants discovery.

    `known` are the walks that the interrupted run discovered: their targets are not asked again, since they could
    answer differently. `observer` is told of the requests. A target's CrawlerError becomes an entry of `errors`.
    """
    if not config.discover:
        walks = plan_of(config).walks
        return WalkPlan(walks, tuple(centers_by_namespace(walks)), {})
    known_targets = {walk.target for walk in known}
    asked = [target.name for target in config.targets if target.name not in known_targets]
    found = await ask_each(clients, asked, partial(_discovered, config, clock, observer))
    errors = {name: walks for name, walks in found.items() if isinstance(walks, CrawlerError)}
    walks = (*known, *(walk for walks in found.values() if not isinstance(walks, CrawlerError) for walk in walks))
    # Also when no namespace matches: then nothing of the center is walked.
    own: list[tuple[str, Center]] = [(one.name, "self") for one in config.targets if one.name not in errors]
    by_namespace = dict.fromkeys([*(own if "self" in config.centers else ()), *centers_by_namespace(walks)])
    return WalkPlan(walks, tuple(by_namespace), errors)


async def _discovered(
    config: Config, clock: Clock, observer: Observer, target: str, client: Client
) -> tuple[WalkId, ...] | CrawlerError:
    """Return the walks of a target, or why its namespaces could not be discovered."""
    visible = config.discover_mode == "visible"
    limits = RetryLimits(config.max_tries, config.max_wait_s)
    try:
        names = await discover(client, target, visible=visible, limits=limits, clock=clock, observer=observer)
    except CrawlerError as error:
        return error
    chosen = filter_names(config.patterns, names)
    return discovered_walks(target, config.centers, config.namespaces, chosen)
