"""From a request to its answer, with nothing but arguments: the whole API in one function per route."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import orjson

from crawler.emulator.answer import Answer, error, gateway_error, service_error
from crawler.emulator.faults import Call, Fault
from crawler.emulator.page import page, render_page
from crawler.emulator.query import Paging, Query, QueryRefusedError, asked, parse_query
from crawler.emulator.selection import Selections
from crawler.emulator.shelf import Inventory

SHARED_REPOSITORIES = "/v2/manage/shared-repositories"
NAMESPACES = "/v2/manage/namespaces"
ROUTES = frozenset((SHARED_REPOSITORIES, NAMESPACES))

T = TypeVar("T")

_NAMESPACE_KEYS = frozenset(("namespace", "mode"))
_MANAGE, _READ = 7, 1  # `auth` of an organization, FACTS 5
_FIRST_ID = 1422  # the document's own example, FACTS 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the gateway sees it. `token` is None without X-Auth-Token; `now_s` since the epoch."""

    method: str
    path: str
    raw_query: str
    token: str | None
    request_id: str
    now_s: float


@dataclass(slots=True)
class Ledger:
    """All that changes while the emulator runs, owned by whoever serves.

    `listed` counts the requests for the list, `struck` how often each fault (by its place) did something.
    """

    listed: int = 0
    struck: Counter[int] = field(default_factory=Counter)
    selections: Selections = field(default_factory=Selections)
    _views: dict[int, tuple[Inventory, int, Inventory]] = field(default_factory=dict)

    def view(self, place: int, fault: Fault, inventory: Inventory) -> Inventory:
        """Give `inventory` as this fault has it by now; made once per generation."""
        generation = fault.generation(self.listed)
        if generation == 0:
            return inventory
        base, made, seen = self._views.get(place, (None, 0, inventory))
        if base is not inventory or made != generation:
            seen = fault.view(generation, inventory)
            self._views[place] = (inventory, generation, seen)
            self.struck[place] += 1
        return seen

    def call(self, place: int, call: Call) -> Call:
        """Give `call` as the fault at `place` sees it."""
        return replace(call, struck=self.struck[place])

    def note(self, place: int, before: T, after: T) -> T:
        """Count the fault at `place` as having struck if it changed what it was given; give `after`."""
        self.struck[place] += after is not before
        return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is served and how: everything that does not change while it runs."""

    inventory: Inventory
    token: str
    paging: Paging = field(default_factory=Paging)
    faults: tuple[Fault, ...] = ()


def refuse_at_gateway(request: Request, service: Service) -> Answer | None:
    """Give 404 APIGW.0101 for no GET of a known route, else 401 APIGW.0301 for a bad token, else None."""
    if request.method != "GET" or request.path not in ROUTES:
        return error(404, request.request_id)
    if request.token == service.token:
        return None
    why = "x-auth-token not found" if request.token is None else "decrypt token fail"
    message = f"Incorrect IAM authentication information: {why}"
    return gateway_error(401, "APIGW.0301", message, request.request_id)


def respond(request: Request, service: Service, ledger: Ledger) -> Answer:
    """Answer a request that the gateway let through. Faults are about the list only."""
    try:
        if request.path == NAMESPACES:
            return _namespaces(request.raw_query, service.inventory)
        ledger.listed += 1
        return _shared_repositories(request, parse_query(request.raw_query, service.paging), service, ledger)
    except QueryRefusedError as refused:
        return service_error(400, refused.code, str(refused))


def _shared_repositories(request: Request, query: Query, service: Service, ledger: Ledger) -> Answer:
    call = Call(number=ledger.listed, request_id=request.request_id, now_s=request.now_s)
    faults = tuple(enumerate(service.faults))
    inventory = service.inventory
    for place, fault in faults:
        inventory = ledger.view(place, fault, inventory)
    for place, fault in faults:
        refusal = ledger.note(place, None, fault.refuse(ledger.call(place, call), query))
        if refusal is not None:
            return refusal
    for place, fault in faults:
        query = ledger.note(place, query, fault.ask(ledger.call(place, call), query))
    turned = page(query, ledger.selections.get(inventory, query))
    for place, fault in faults:
        turned = ledger.note(place, turned, fault.turn(ledger.call(place, call), turned))
    answer = render_page(turned)
    for place, fault in faults:
        answer = ledger.note(place, answer, fault.send(ledger.call(place, call), turned, answer))
    return answer


def _namespaces(raw_query: str, inventory: Inventory) -> Answer:
    """List organizations, own ones only unless `mode` is visible. No paging: all are returned (FACTS 5)."""
    given = asked(raw_query, _NAMESPACE_KEYS)
    own, others = inventory.namespaces("self"), inventory.namespaces("thirdparty")
    # Ids don't depend on what is asked for.
    every = [*own, *(name for name in others if name not in set(own))]
    listed: list[dict[str, Any]] = [
        {
            "id": _FIRST_ID + at,
            "name": name,
            "creator_name": "username",
            "auth": _MANAGE if at < len(own) else _READ,
        }
        for at, name in enumerate(every)
        if (at < len(own) or given.get("mode") == "visible") and given.get("namespace") in {None, name}
    ]
    return Answer(200, orjson.dumps({"namespaces": listed}))
