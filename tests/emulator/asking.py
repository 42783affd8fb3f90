"""How these tests ask the emulator: in the process (pure), or over a real connection on loopback."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from yarl import URL

from crawler.emulator.answer import Answer
from crawler.emulator.faults import Fault
from crawler.emulator.inventory import Inventory, from_ndjson
from crawler.emulator.query import Paging
from crawler.emulator.respond import SHARED_REPOSITORIES, Ledger, Request, Service, respond
from crawler.emulator.server import EmulatorSettings, RunningEmulator, emulator

TOKEN = "emulator-token"


def item(name: str, **fields: object) -> dict[str, Any]:
    owner = {"center": "self", "domain_name": "domain", "namespace": "team"}
    return {"name": name, "num_images": 0, "updated_at": "2024-01-01T00:00:00Z", **owner, **fields}


def inventory_of(*items: dict[str, Any]) -> Inventory:
    return from_ndjson(map(orjson.dumps, items), source="items.ndjson")


def numbered(count: int) -> Inventory:
    """`count` items a0000, a0001, … in center self."""
    return inventory_of(*(item(f"a{number:04}") for number in range(count)))


class Asker:
    """A service without a socket, and its state."""

    def __init__(self, inventory: Inventory, faults: Iterable[Fault] = (), paging: Paging | None = None) -> None:
        self.service = Service(inventory=inventory, token=TOKEN, paging=paging or Paging(), faults=tuple(faults))
        self.ledger = Ledger()

    def ask(self, query: str = "", path: str = SHARED_REPOSITORIES) -> Answer:
        request = Request(method="GET", path=path, raw_query=query, token=TOKEN, request_id="0" * 32, now_s=784111777.0)
        return respond(request, self.service, self.ledger)

    def names(self, query: str = "") -> list[str]:
        return [row["name"] for row in rows(self.ask(query))]

    def window(self, offset: int, limit: int) -> list[str]:
        return self.names(f"limit={limit}&offset={offset}")


def rows(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = orjson.loads(answer.body)
    return found


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, orjson.loads(answer.body)["error_code"]


def encoded(**parameters: object) -> str:
    return urlencode(parameters)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]  # aiohttp's, blind to case
    body: bytes

    @property
    def json(self) -> object:
        decoded: object = orjson.loads(self.body)
        return decoded


class Wire:
    """A running emulator and a client of it."""

    def __init__(self, running: RunningEmulator, session: aiohttp.ClientSession) -> None:
        self.running = running
        self.session = session

    async def get(
        self,
        query: str = "",
        *,
        path: str = SHARED_REPOSITORIES,
        token: str | None = TOKEN,
        method: str = "GET",
    ) -> Reply:
        url = URL(f"{self.running.endpoint}{path}{query and '?'}{query}", encoded=True)
        headers = {} if token is None else {"X-Auth-Token": token}
        async with self.session.request(method, url, headers=headers) as response:
            return Reply(response.status, response.headers, await response.read())


@asynccontextmanager
async def wire(settings: EmulatorSettings) -> AsyncIterator[Wire]:
    async with emulator(settings) as running, aiohttp.ClientSession() as session:
        yield Wire(running, session)
