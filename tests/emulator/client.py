"""How these tests ask the emulator: in the process (pure), or over a real connection on loopback."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from yarl import URL

from crawler.emulator.auth.access import AccessState
from crawler.emulator.auth.gateway import refuse_at_gateway
from crawler.emulator.auth.identity import Identity
from crawler.emulator.auth.locks import KeyLocks
from crawler.emulator.faults.registry import FAULTS, Fault
from crawler.emulator.http.query import Paging
from crawler.emulator.http.request import SHARED_REPOSITORIES, ReceivedRequest
from crawler.emulator.http.response import ServedResponse
from crawler.emulator.inventory.ndjson import Inventory, from_ndjson
from crawler.emulator.server import EmulatorSettings, RunningEmulator, emulator
from crawler.emulator.service.config import NamespaceCounts, ServiceConfig
from crawler.emulator.service.respond import respond
from crawler.emulator.service.state import EmulatorState

TOKEN = "emulator-token"
_HEADER_BYTES = 32 * 1024  # tokens come in a header


def item(name: str, **fields: object) -> dict[str, Any]:
    owner = {"center": "self", "domain_name": "domain", "namespace": "team"}
    return {"name": name, "num_images": 0, "updated_at": "2024-01-01T00:00:00Z", **owner, **fields}


def inventory_of(*items: dict[str, Any]) -> Inventory:
    return from_ndjson(map(orjson.dumps, items), source="items.ndjson")


def numbered(count: int) -> Inventory:
    """`count` items a0000, a0001, … in center self."""
    return inventory_of(*(item(f"a{number:04}") for number in range(count)))


EPOCH_S = 784111777.0  # 1994-11-06T08:49:37Z


class Asker:
    """A service without a socket, and its state. `now_s` is its clock: whoever wants time to pass moves it."""

    def __init__(
        self,
        inventory: Inventory,
        faults: Iterable[Fault] = (),
        paging: Paging | None = None,
        *,
        namespace_counts: NamespaceCounts = "absent",
        **identity: Any,  # noqa: ANN401 - the fields of Identity
    ) -> None:
        self.identity = Identity(**identity)
        self.config = ServiceConfig(
            inventory=inventory,
            identity=self.identity,
            paging=paging or Paging(),
            faults=tuple(faults),
            namespace_counts=namespace_counts,
        )
        self.state = EmulatorState(access=AccessState(locks=KeyLocks(self.identity.lock_after, self.identity.lock_s)))
        self.now_s = EPOCH_S

    def ask(self, query: str = "", path: str = SHARED_REPOSITORIES) -> ServedResponse:
        """Ask past the gateway."""
        return respond(self._request("GET", path, query, {}, b""), self.config, self.state)

    def send(
        self,
        path: str = SHARED_REPOSITORIES,
        query: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        body: bytes = b"",
    ) -> ServedResponse:
        """Ask at the gateway."""
        request = self._request(method, path, query, headers or {}, body)
        refusal = refuse_at_gateway(request, self.config.identity, self.state.access)
        return refusal or respond(request, self.config, self.state)

    def _request(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> ReceivedRequest:
        return ReceivedRequest(
            method=method,
            path=path,
            raw_query=query,
            token=headers.get("X-Auth-Token"),
            request_id="0" * 32,
            now_s=self.now_s,
            headers=headers,
            body=body,
        )

    def names(self, query: str = "") -> list[str]:
        return [row["name"] for row in rows(self.ask(query))]

    def window(self, offset: int, limit: int) -> list[str]:
        return self.names(f"limit={limit}&offset={offset}")


def rows(answer: ServedResponse) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = orjson.loads(answer.body)
    return found


def said(answer: ServedResponse) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(answer.body)
    return found


def code(answer: ServedResponse) -> tuple[int, str]:
    return answer.status, orjson.loads(answer.body)["error_code"]


def sample(name: str) -> str:
    """Give the text of a fault with each of its parameters written out, as small as can be."""
    small: dict[object, str] = {int: "1", float: "1", bool: "true", str: "x", int | None: "1", tuple[str, ...]: "x"}
    written = {
        one.name: "503" if one.name == "status" else str(one.metadata.get("choices", [small[one.type]])[-1])
        for one in fields(FAULTS[name])
    }
    if name == "redirect":
        written["status"] = "308"
    return f"{name}:" + ",".join(f"{key}={value}" for key, value in written.items())


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
        headers: Mapping[str, str] | None = None,
        body: bytes | BytesIO | None = None,
    ) -> Reply:
        url = URL(f"{self.running.endpoint}{path}{query and '?'}{query}", encoded=True)
        sent = {} if token is None else {"X-Auth-Token": token}
        sent |= headers or {}
        async with self.session.request(method, url, headers=sent, data=body) as response:
            return Reply(response.status, response.headers, await response.read())


@asynccontextmanager
async def wire(settings: EmulatorSettings) -> AsyncIterator[Wire]:
    async with emulator(settings) as running, aiohttp.ClientSession(max_field_size=_HEADER_BYTES) as session:
        yield Wire(running, session)
