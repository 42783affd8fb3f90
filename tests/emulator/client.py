"""Two clients of the emulator for these tests: one in the process, one over a connection on loopback."""

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
from crawler.emulator.inventory.center_rows import Inventory
from crawler.emulator.inventory.ndjson import from_ndjson
from crawler.emulator.server import EmulatorSettings, RunningEmulator, emulator
from crawler.emulator.service.config import NamespaceCounts, ServiceConfig
from crawler.emulator.service.respond import respond
from crawler.emulator.service.state import EmulatorState

TOKEN = "emulator-token"
EPOCH_S = 784111777.0  # 1994-11-06T08:49:37Z
_HEADER_BYTES = 32 * 1024  # a header holds the token


def item(name: str, **fields: object) -> dict[str, Any]:
    """Return a small item of center self with this name; `fields` replace or add fields."""
    owner = {"center": "self", "domain_name": "domain", "namespace": "team"}
    return {"name": name, "num_images": 0, "updated_at": "2024-01-01T00:00:00Z", **owner, **fields}


def inventory_of(*items: dict[str, Any]) -> Inventory:
    """Return an inventory of these items."""
    return from_ndjson(map(orjson.dumps, items), source="items.ndjson")


def numbered(count: int) -> Inventory:
    """Return an inventory of `count` items a0000, a0001, … in center self."""
    return inventory_of(*(item(f"a{number:04}") for number in range(count)))


class DirectClient:
    """A service without a socket, and its state. `now_s` is its clock, which only the test moves."""

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
        locks = KeyLocks(self.identity.lock_after, self.identity.lock_s)
        self.state = EmulatorState(access=AccessState(locks=locks))
        self.now_s = EPOCH_S

    def get(self, query: str = "", path: str = SHARED_REPOSITORIES) -> ServedResponse:
        """Return the response to a GET that skips the gateway."""
        return respond(self._received("GET", path, query, {}, b""), self.config, self.state)

    def request(
        self,
        path: str = SHARED_REPOSITORIES,
        query: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        body: bytes = b"",
    ) -> ServedResponse:
        """Return the response to a request that passes the gateway."""
        request = self._received(method, path, query, headers or {}, body)
        refusal = refuse_at_gateway(request, self.config.identity, self.state.access)
        return refusal or respond(request, self.config, self.state)

    def _received(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> ReceivedRequest:
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
        """Return the names on the page for a query."""
        return [one["name"] for one in items_of(self.get(query))]

    def window(self, offset: int, limit: int) -> list[str]:
        """Return the names in a window."""
        return self.names(f"limit={limit}&offset={offset}")


def items_of(response: ServedResponse) -> list[dict[str, Any]]:
    """Return the items of a page."""
    assert response.status == 200, response.body
    found: list[dict[str, Any]] = orjson.loads(response.body)
    return found


def json_of(response: ServedResponse) -> dict[str, Any]:
    """Return the JSON object of a body."""
    found: dict[str, Any] = orjson.loads(response.body)
    return found


def status_and_code(response: ServedResponse) -> tuple[int, str]:
    """Return the status of an error and its code."""
    return response.status, orjson.loads(response.body)["error_code"]


def sample_text(name: str) -> str:
    """Return the text of a fault with each of its parameters, as small as possible."""
    small: dict[object, str] = {int: "1", float: "1", bool: "true", str: "x", int | None: "1", tuple[str, ...]: "x"}
    parameters = {
        one.name: str(one.metadata.get("choices", ["503" if one.name == "status" else small[one.type]])[-1])
        for one in fields(FAULTS[name])
    }
    return f"{name}:" + ",".join(f"{key}={value}" for key, value in parameters.items())


def query_string(**parameters: object) -> str:
    """Return the parameters as a query string."""
    return urlencode(parameters)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response over a connection. `headers` are those of aiohttp, which ignore case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> object:
        """The decoded body."""
        decoded: object = orjson.loads(self.body)
        return decoded


class HttpClient:
    """A client of a running emulator over a connection."""

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
    ) -> HttpResponse:
        """Return the response to one request, by default an authorised GET of the list."""
        url = URL(f"{self.running.endpoint}{path}{query and '?'}{query}", encoded=True)
        credentials = {} if token is None else {"X-Auth-Token": token}
        async with self.session.request(method, url, headers=credentials | dict(headers or {}), data=body) as response:
            return HttpResponse(response.status, response.headers, await response.read())


@asynccontextmanager
async def http_client(settings: EmulatorSettings) -> AsyncIterator[HttpClient]:
    """Serve with these settings and yield a client."""
    async with emulator(settings) as running, aiohttp.ClientSession(max_field_size=_HEADER_BYTES) as session:
        yield HttpClient(running, session)
