"""The response to a request that the gateway accepted: one function a route.

Source: docs/reference/swr-api.md#list-namespaces, #visible-namespaces, #namespace-permissions, #namespace-counts.
"""

from typing import Any

import orjson

from crawler.emulator.auth.iam import issue_token, list_projects
from crawler.emulator.auth.metadata import metadata
from crawler.emulator.auth.workload import issue_to_workload
from crawler.emulator.faults.fault import Call
from crawler.emulator.http.page import page_of, render_page
from crawler.emulator.http.query import ListQuery, QueryRefusedError, effective_parameters, parse_query
from crawler.emulator.http.request import (
    METADATA_ROUTES,
    NAMESPACES,
    PROJECTS,
    TOKENS,
    WORKLOAD_ROUTES,
    ReceivedRequest,
)
from crawler.emulator.http.response import ServedResponse, service_error
from crawler.emulator.inventory.center_rows import CENTERS, Inventory
from crawler.emulator.service.config import NamespaceCounts, ServiceConfig
from crawler.emulator.service.state import EmulatorState
from crawler.model.walk_id import Center

_NAMESPACE_KEYS = frozenset(("namespace", "mode"))
_MANAGE, _READ = 7, 1  # `auth` of a namespace
_FIRST_ID = 1422  # the id in the vendor's example


def respond(request: ReceivedRequest, config: ServiceConfig, state: EmulatorState) -> ServedResponse:
    """Return the response to an authorised request.

    Faults apply to the list, and to requests for tokens and for the temporary keys of a workload.
    """
    if request.path == TOKENS or request.path in WORKLOAD_ROUTES:
        return _grant(request, config, state)
    if request.path == PROJECTS:
        return list_projects(request, config.identity)
    if request.path in METADATA_ROUTES:
        return metadata(request, config.identity, state.access)
    try:
        if request.path == NAMESPACES:
            return _namespaces(request.raw_query, config)
    except QueryRefusedError as refused:
        return service_error(400, refused.code, str(refused))
    state.list_requests += 1
    return _shared_repositories(request, config, state)


def _grant(request: ReceivedRequest, config: ServiceConfig, state: EmulatorState) -> ServedResponse:
    state.token_requests += 1
    call = Call(
        number=state.token_requests,
        request_id=request.request_id,
        now_s=request.now_s,
        headers=request.headers,
        body=request.body,
    )
    issue = issue_token if request.path == TOKENS else issue_to_workload
    response = issue(request, config.identity, state.access)
    for index, fault in enumerate(config.faults):
        response = state.count_trigger(index, response, fault.on_token(state.call(index, call), response))
    return response


def _shared_repositories(request: ReceivedRequest, config: ServiceConfig, state: EmulatorState) -> ServedResponse:
    call = Call(
        number=state.list_requests,
        request_id=request.request_id,
        now_s=request.now_s,
        raw_query=request.raw_query,
        headers=request.headers,
    )
    try:
        query = parse_query(request.raw_query, config.paging)
    except QueryRefusedError as refused:
        return _refusal(service_error(400, refused.code, str(refused)), call, config, state)
    return _list(query, call, config, state)


def _list(query: ListQuery, call: Call, config: ServiceConfig, state: EmulatorState) -> ServedResponse:
    faults = tuple(enumerate(config.faults))
    inventory = config.inventory
    for index, fault in faults:
        inventory = state.view(index, fault, call, inventory)
    for index, fault in faults:
        refusal = state.count_trigger(index, None, fault.on_request(state.call(index, call), query))
        if refusal is not None:
            return _refusal(refusal, call, config, state)
    for index, fault in faults:
        query = state.count_trigger(index, query, fault.on_query(state.call(index, call), query))
    page = page_of(query, state.selections.rows(inventory, query))
    for index, fault in faults:
        page = state.count_trigger(index, page, fault.on_page(state.call(index, call), page))
    response = render_page(page)
    for index, fault in faults:
        changed = fault.on_response(state.call(index, call), page, response)
        response = state.count_trigger(index, response, changed)
    is_refusal = response.status >= 400  # noqa: PLR2004 - HTTP's
    return _refusal(response, call, config, state) if is_refusal else response


def _refusal(refusal: ServedResponse, call: Call, config: ServiceConfig, state: EmulatorState) -> ServedResponse:
    for index, fault in enumerate(config.faults):
        refusal = state.count_trigger(index, refusal, fault.on_refusal(state.call(index, call), refusal))
    return refusal


def _namespaces(raw_query: str, config: ServiceConfig) -> ServedResponse:
    """Return all namespaces without paging; those of other accounts only if `mode` is visible."""
    parameters = effective_parameters(raw_query, _NAMESPACE_KEYS)
    own, shared = (_repository_counts(config.inventory, center) for center in CENTERS)
    # The ids do not depend on the query.
    names = [*own, *(name for name in shared if name not in own)]
    found: list[dict[str, Any]] = [
        {
            "id": _FIRST_ID + index,
            "name": name,
            "creator_name": "username",
            "auth": _MANAGE if name in own else _READ,
            **_counts(index, own.get(name, shared.get(name, 0)), config.namespace_counts),
        }
        for index, name in enumerate(names)
        if (name in own or parameters.get("mode") == "visible") and parameters.get("namespace") in {None, name}
    ]
    return ServedResponse(200, orjson.dumps({"namespaces": found}))


def _repository_counts(inventory: Inventory, center: Center) -> dict[str, int]:
    """Return the number of repositories of each namespace, by its name in sorted order."""
    counts = dict.fromkeys(inventory.namespaces(center), 0)
    for group in inventory.centers[center].groups:
        counts[group.namespace] += len(group.rows)
    return counts


def _counts(index: int, repositories: int, presence: NamespaceCounts) -> dict[str, int]:
    is_absent = presence == "absent" or (presence == "mixed" and index % 2 == 0)
    return {} if is_absent else {"access_user_count": 1, "repo_count": repositories}
