"""A request as it arrives, and the routes there are: SWR, IAM and the metadata service of a machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SHARED_REPOSITORIES = "/v2/manage/shared-repositories"
NAMESPACES = "/v2/manage/namespaces"
TOKENS = "/v3/auth/tokens"
PROJECTS = "/v3/projects"
METADATA_TOKEN = "/meta-data/latest/api/token"  # noqa: S105 - a path
SECURITY_KEY = "/openstack/latest/securitykey"

SWR_ROUTES = frozenset((SHARED_REPOSITORIES, NAMESPACES))
METADATA_ROUTES = frozenset((METADATA_TOKEN, SECURITY_KEY))
ROUTES: Mapping[str, str] = {  # one method each
    SHARED_REPOSITORIES: "GET",
    NAMESPACES: "GET",
    TOKENS: "POST",
    PROJECTS: "GET",
    METADATA_TOKEN: "PUT",
    SECURITY_KEY: "GET",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """One request as the gateway sees it: path, query and headers raw, `now_s` since the epoch.

    `token` is X-Auth-Token, None without one: nearly every request has one, and nothing else is looked at then.
    """

    method: str
    path: str
    raw_query: str
    token: str | None
    request_id: str
    now_s: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def received(self) -> dict[str, str]:
        """Give the headers by lower-case name, repeated ones joined by commas."""
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            known = found.get(name.lower())
            found[name.lower()] = value if known is None else f"{known},{value}"
        return found
