"""From a request that was let in to its answer, with nothing but arguments: one function per route."""

from typing import Any

import orjson

from crawler.emulator.auth.iam import grant_token, list_projects
from crawler.emulator.auth.metadata import metadata
from crawler.emulator.faults.fault import Call
from crawler.emulator.http.page import page, render_page
from crawler.emulator.http.query import ListQuery, QueryRefusedError, asked, parse_query
from crawler.emulator.http.request import METADATA_ROUTES, NAMESPACES, PROJECTS, TOKENS, ReceivedRequest
from crawler.emulator.http.response import ServedResponse, service_error
from crawler.emulator.inventory.center_rows import CENTERS, Inventory
from crawler.emulator.service.state import EmulatorState, NamespaceCounts, Service
from crawler.model.walk_id import Center

_NAMESPACE_KEYS = frozenset(("namespace", "mode"))
_MANAGE, _READ = 7, 1  # `auth` of an organization, FACTS 5
_FIRST_ID = 1422  # the document's own example, FACTS 5


def respond(request: ReceivedRequest, service: Service, ledger: EmulatorState) -> ServedResponse:
    """Answer a request that the gateway let through. Faults are about the list and the tokens only."""
    if request.path == TOKENS:
        return _granted(request, service, ledger)
    if request.path == PROJECTS:
        return list_projects(request, service.identity)
    if request.path in METADATA_ROUTES:
        return metadata(request, service.identity, ledger.access)
    try:
        if request.path == NAMESPACES:
            return _namespaces(request.raw_query, service)
    except QueryRefusedError as refused:
        return service_error(400, refused.code, str(refused))
    ledger.listed += 1
    return _shared_repositories(request, service, ledger)


def _granted(request: ReceivedRequest, service: Service, ledger: EmulatorState) -> ServedResponse:
    ledger.granted += 1
    call = Call(number=ledger.granted, request_id=request.request_id, now_s=request.now_s)
    answer = grant_token(request, service.identity, ledger.access)
    for place, fault in enumerate(service.faults):
        answer = ledger.note(place, answer, fault.on_token(ledger.call(place, call), answer))
    return answer


def _shared_repositories(request: ReceivedRequest, service: Service, ledger: EmulatorState) -> ServedResponse:
    call = Call(number=ledger.listed, request_id=request.request_id, now_s=request.now_s, raw_query=request.raw_query)
    try:
        query = parse_query(request.raw_query, service.paging)
    except QueryRefusedError as refused:
        return _phrased(service_error(400, refused.code, str(refused)), call, service, ledger)
    return _listed(query, call, service, ledger)


def _listed(query: ListQuery, call: Call, service: Service, ledger: EmulatorState) -> ServedResponse:
    faults = tuple(enumerate(service.faults))
    inventory = service.inventory
    for place, fault in faults:
        inventory = ledger.view(place, fault, inventory)
    for place, fault in faults:
        refusal = ledger.note(place, None, fault.on_request(ledger.call(place, call), query))
        if refusal is not None:
            return _phrased(refusal, call, service, ledger)
    for place, fault in faults:
        query = ledger.note(place, query, fault.on_query(ledger.call(place, call), query))
    turned = page(query, ledger.selections.get(inventory, query))
    for place, fault in faults:
        turned = ledger.note(place, turned, fault.on_page(ledger.call(place, call), turned))
    answer = render_page(turned)
    for place, fault in faults:
        answer = ledger.note(place, answer, fault.on_response(ledger.call(place, call), turned, answer))
    return answer


def _phrased(refusal: ServedResponse, call: Call, service: Service, ledger: EmulatorState) -> ServedResponse:
    for place, fault in enumerate(service.faults):
        refusal = ledger.note(place, refusal, fault.on_refusal(ledger.call(place, call), refusal))
    return refusal


def _namespaces(raw_query: str, service: Service) -> ServedResponse:
    """List organizations, own ones only unless `mode` is visible. No paging: all are returned (FACTS 5)."""
    given = asked(raw_query, _NAMESPACE_KEYS)
    held = {center: _repositories(service.inventory, center) for center in CENTERS}
    # Ids don't depend on what is asked for.
    every = [*held["self"], *(name for name in held["thirdparty"] if name not in held["self"])]
    listed: list[dict[str, Any]] = [
        {
            "id": _FIRST_ID + at,
            "name": name,
            "creator_name": "username",
            "auth": _MANAGE if name in held["self"] else _READ,
            **_counts(at, held["self"].get(name, held["thirdparty"].get(name, 0)), service.namespace_counts),
        }
        for at, name in enumerate(every)
        if (name in held["self"] or given.get("mode") == "visible") and given.get("namespace") in {None, name}
    ]
    return ServedResponse(200, orjson.dumps({"namespaces": listed}))


def _repositories(inventory: Inventory, center: Center) -> dict[str, int]:
    """Count the repositories of each organization, by its name and sorted."""
    counts = dict.fromkeys(inventory.namespaces(center), 0)
    for group in inventory.shelves[center].groups:
        counts[group.namespace] += len(group.rows)
    return counts


def _counts(at: int, repositories: int, told: NamespaceCounts) -> dict[str, int]:
    left_out = told == "absent" or (told == "mixed" and at % 2 == 0)
    return {} if left_out else {"access_user_count": 1, "repo_count": repositories}
