"""Finds who asks each target, before it is decided which unfinished run may be resumed.

Only the metadata service is asked, for the id of the machine: its temporary keys are others after each refresh.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import msgspec

from crawler.config.config import Config
from crawler.crawl.clients.ask_each import ask_each
from crawler.crawl.clients.credential_factories import CredentialFactory
from crawler.crawl.clients.pool import open_clients
from crawler.crawl.concurrency.tasks import unless_stopped
from crawler.model.caller import MACHINE, Caller
from crawler.model.clock import Clock
from crawler.model.stop_reason import StopSource
from crawler.swr.auth.metadata import machine_id
from crawler.swr.http.client import Client


async def find_callers(
    config: Config, factories: Mapping[str, CredentialFactory], clock: Clock, stop: StopSource | None = None
) -> dict[str, Caller]:
    """Return the caller of each target, by the target's name.

    The caller on a machine whose metadata service does not tell its id has none, and then equals nobody. Raises
    InterruptedRunError when `stop` asks before the service has answered.
    """
    callers = {target.name: factories[target.name].caller for target in config.targets}
    on_machines = tuple(target for target in config.targets if factories[target.name].metadata_endpoint)
    if on_machines:
        asked = msgspec.structs.replace(config, targets=on_machines)
        callers |= await unless_stopped(partial(_ask_metadata, asked, factories, clock), stop)
    return callers


async def _ask_metadata(config: Config, factories: Mapping[str, CredentialFactory], clock: Clock) -> dict[str, Caller]:
    """Return the callers of targets on machines; each metadata service is asked once, all at the same time."""
    endpoints = {target.name: factories[target.name].metadata_endpoint or "" for target in config.targets}
    first = {endpoint: name for name, endpoint in reversed(endpoints.items())}

    async def ask(name: str, client: Client) -> str | None:
        return await machine_id(endpoints[name], client.send)

    async with open_clients(config, factories, clock) as clients:
        machines = await ask_each(clients, [name for name in endpoints if first[endpoints[name]] == name], ask)
    return {name: _on(machines[first[endpoint]], factories[name].caller) for name, endpoint in endpoints.items()}


def _on(machine: str | None, caller: Caller) -> Caller:
    return replace(caller, names={**({MACHINE: machine} if machine else {}), **caller.names})
