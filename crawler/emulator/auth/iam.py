"""The identity service: tokens for a password, and projects by name.

Source: docs/reference/swr-api.md#token-request, #token-response, #token-scope, #iam-errors, #list-projects.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import orjson

from crawler.emulator.auth.access import AccessState, TokenScope
from crawler.emulator.auth.grants import iam_time, pseudo_random_text
from crawler.emulator.auth.identity import Identity, id_of
from crawler.emulator.http.query import parse_parameters
from crawler.emulator.http.request import ReceivedRequest
from crawler.emulator.http.response import GATEWAY_JSON, ServedResponse, iam_error
from crawler.swr.auth.iam_ref import IamRef

# The codes are IAM's, the messages are not. A wrong user, domain or password gets the same message, so that a caller
# cannot find out which users exist. No source says what IAM answers for a project that does not exist; 401 is
# Keystone's answer.
_MALFORMED = (400, "IAM.0011", "Illegal request body")
_WRONG_PASSWORD = (401, "IAM.0062", "Incorrect username or password")
_NO_PROJECT = (401, "IAM.0001", "The project does not exist")


def issue_token(request: ReceivedRequest, identity: Identity, access: AccessState) -> ServedResponse:
    """Return the response to POST /v3/auth/tokens: 201 with X-Subject-Token for the right password."""
    login = _parse_login(request.body)
    if login is None:
        return iam_error(*_MALFORMED, identity.iam_errors)
    if not _is_user(login.user, login.account, identity) or login.password != identity.password:
        return iam_error(*_WRONG_PASSWORD, identity.iam_errors)
    if login.project is not None and not _is_project(login.project, login.project_account, identity):
        return iam_error(*_NO_PROJECT, identity.iam_errors)
    return _issue(request, identity, access, TokenScope(in_project=login.project is not None))


class _Login(NamedTuple):
    """A request with the password method. A user by id needs no account; without a project it is for the account."""

    user: IamRef
    account: IamRef | None
    password: object
    project: IamRef | None
    project_account: IamRef | None


def _is_user(user: IamRef, account: IamRef | None, identity: Identity) -> bool:
    if user.key == "id":
        return user.value == identity.user_id
    return user.value == identity.user and _is_account(account, identity)


def _is_account(account: IamRef | None, identity: Identity) -> bool:
    return account in {IamRef("name", identity.domain), IamRef("id", identity.domain_id)}


def _is_project(project: IamRef, account: IamRef | None, identity: Identity) -> bool:
    known = {IamRef("name", identity.project_name), IamRef("id", identity.project_id)}
    return project in known and (account is None or _is_account(account, identity))


def _parse_login(body: bytes) -> _Login | None:
    """Return the login of a request with the password method, or None for any other body."""
    try:
        auth = orjson.loads(body)["auth"]
        methods, user = auth["identity"]["methods"], auth["identity"]["password"]["user"]
        named = _parse_ref(user)
        account = _parse_ref(user["domain"]) if named.key == "name" or "domain" in user else None
        # If the scope has a domain and a project, the project wins; without a project the token is for the account.
        project = auth.get("scope", {}).get("project")
        scope = None if project is None else _parse_ref(project)
        owner = _parse_ref(project["domain"]) if project is not None and "domain" in project else None
        login = _Login(named, account, user["password"], scope, owner)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, StopIteration):
        return None
    return login if methods == ["password"] else None


def _parse_ref(fields: Mapping[str, str]) -> IamRef:
    keys: tuple[Literal["id", "name"], ...] = ("id", "name")
    return next(IamRef(key, str(fields[key])) for key in keys if key in fields)


def _issue(request: ReceivedRequest, identity: Identity, access: AccessState, scope: TokenScope) -> ServedResponse:
    tokens = access.tokens
    # A signed message in base64 starts with MII.
    token = "MII" + pseudo_random_text("token", access.salt, len(tokens.issued), identity.token_bytes - 3)
    grant = tokens.issue(token, scope, expires_s=request.now_s + identity.token_ttl_s, uses=identity.token_requests)
    domain = {"name": identity.domain, "id": identity.domain_id}
    content: dict[str, Any] = {
        "methods": ["password"],
        "expires_at": iam_time(grant.expires_s),
        "issued_at": iam_time(request.now_s),
        "user": {"name": identity.user, "id": identity.user_id, "domain": domain, "password_expires_at": ""},
        "roles": [{"name": "te_admin", "id": "0"}],
    }
    content |= {"project": _project(identity)} if scope.in_project else {"domain": domain}
    if "nocatalog" not in parse_parameters(request.raw_query):
        content["catalog"] = [_catalog(request, identity)]
    return ServedResponse(201, orjson.dumps({"token": content}), GATEWAY_JSON, (("X-Subject-Token", token),))


def _project(identity: Identity) -> dict[str, Any]:
    domain = {"name": identity.domain, "id": identity.domain_id}
    return {"name": identity.project_name, "id": identity.project_id, "domain": domain}


def _catalog(request: ReceivedRequest, identity: Identity) -> dict[str, Any]:
    endpoint = {
        "url": f"http://{request.headers_by_name().get('host', '')}/v2",
        "region": identity.project_name,
        "region_id": identity.project_name,
        "interface": "public",
        "id": id_of("endpoint"),
    }
    return {"type": "swr", "name": "swr", "id": id_of("swr"), "endpoints": [endpoint]}


def list_projects(request: ReceivedRequest, identity: Identity) -> ServedResponse:
    """Return the response to GET /v3/projects?name=…, from which a client learns the id of its project."""
    domain_id = identity.domain_id
    project = {
        "id": identity.project_id,
        "name": identity.project_name,
        "domain_id": domain_id,
        "parent_id": domain_id,
        "is_domain": False,
        "enabled": True,
        "description": "",
    }
    name = parse_parameters(request.raw_query).get("name", identity.project_name)
    projects = [project] if name == identity.project_name else []
    return ServedResponse(
        200, orjson.dumps({"projects": projects, "links": {"next": None, "previous": None}}), GATEWAY_JSON
    )
