"""The identity service: tokens for a password, projects by name (FACTS 3.1, 2)."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

from crawler.emulator.auth.access import Access, TokenScope
from crawler.emulator.auth.grants import made_up, stamp
from crawler.emulator.auth.identity import Identity
from crawler.emulator.http.query import parameters
from crawler.emulator.http.request import ReceivedRequest
from crawler.emulator.http.response import GATEWAY_JSON, ServedResponse, iam_error

# The codes are IAM's (FACTS 3.1), the words are ours. A wrong user, domain or password is told alike: nobody may
# learn which users there are. What a real IAM says of a project that isn't there was not found; 401 is Keystone's.
_MALFORMED = (400, "IAM.0011", "Illegal request body")
_WRONG_PASSWORD = (401, "IAM.0062", "Incorrect username or password")
_NO_PROJECT = (401, "IAM.0001", "The project does not exist")


def grant_token(request: ReceivedRequest, identity: Identity, access: Access) -> ServedResponse:
    """Answer POST /v3/auth/tokens: 201 and X-Subject-Token for the right password."""
    asked = _read(request.body)
    if asked is None:
        return iam_error(*_MALFORMED, identity.iam_errors)
    user, scope = asked
    if user != (identity.domain, identity.user, identity.password):
        return iam_error(*_WRONG_PASSWORD, identity.iam_errors)
    if scope is not None and scope not in {("name", identity.project_name), ("id", identity.project_id)}:
        return iam_error(*_NO_PROJECT, identity.iam_errors)
    return _issue(request, identity, access, TokenScope(in_project=scope is not None))


_User = tuple[str, str, str]  # domain, name, password
_Project = tuple[str, str]  # "name" or "id", and which


def _read(body: bytes) -> tuple[_User, _Project | None] | None:
    """Read who asks for what; None for a body that isn't one of the password method."""
    try:
        auth = orjson.loads(body)["auth"]
        identity = auth["identity"]
        user = identity["password"]["user"]
        who = (user["domain"]["name"], user["name"], user["password"])
        # Of a domain and a project, the project wins; without it the token is for the whole account (FACTS 3.1).
        project = auth.get("scope", {}).get("project")
        scope = None if project is None else _project(project)
        return (who, scope) if identity["methods"] == ["password"] else None
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, StopIteration):
        return None


def _project(project: Mapping[str, str]) -> _Project:
    return next((key, str(project[key])) for key in ("id", "name") if key in project)


def _issue(request: ReceivedRequest, identity: Identity, access: Access, scope: TokenScope) -> ServedResponse:
    tokens = access.tokens
    # MII is how a signed message begins in base64.
    token = "MII" + made_up("token", access.salt, len(tokens.issued), identity.token_bytes - 3)
    grant = tokens.issue(token, scope, expires_s=request.now_s + identity.token_ttl_s, uses=identity.token_requests)
    domain = {"name": identity.domain, "id": _id(identity.domain)}
    told: dict[str, Any] = {
        "methods": ["password"],
        "expires_at": stamp(grant.expires_s),
        "issued_at": stamp(request.now_s),
        "user": {"name": identity.user, "id": _id(identity.user), "domain": domain, "password_expires_at": ""},
        "roles": [{"name": "te_admin", "id": "0"}],
    }
    told |= {"project": _described(identity)} if scope.in_project else {"domain": domain}
    if "nocatalog" not in parameters(request.raw_query):
        told["catalog"] = [_catalog(request, identity)]
    return ServedResponse(201, orjson.dumps({"token": told}), GATEWAY_JSON, (("X-Subject-Token", token),))


def _id(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:32]


def _described(identity: Identity) -> dict[str, Any]:
    domain = {"name": identity.domain, "id": _id(identity.domain)}
    return {"name": identity.project_name, "id": identity.project_id, "domain": domain}


def _catalog(request: ReceivedRequest, identity: Identity) -> dict[str, Any]:
    endpoint = {
        "url": f"http://{request.received().get('host', '')}/v2",
        "region": identity.project_name,
        "region_id": identity.project_name,
        "interface": "public",
        "id": _id("endpoint"),
    }
    return {"type": "swr", "name": "swr", "id": _id("swr"), "endpoints": [endpoint]}


def list_projects(request: ReceivedRequest, identity: Identity) -> ServedResponse:
    """Answer GET /v3/projects?name=…, by which a client learns the id of its project (FACTS 2)."""
    domain_id = _id(identity.domain)
    project = {
        "id": identity.project_id,
        "name": identity.project_name,
        "domain_id": domain_id,
        "parent_id": domain_id,
        "is_domain": False,
        "enabled": True,
        "description": "",
    }
    wanted = parameters(request.raw_query).get("name", identity.project_name)
    projects = [project] if wanted == identity.project_name else []
    return ServedResponse(
        200, orjson.dumps({"projects": projects, "links": {"next": None, "previous": None}}), GATEWAY_JSON
    )
