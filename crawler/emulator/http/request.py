"""A request as it arrives, and the routes: of SWR, of IAM and STS, of a machine's metadata service, of a pod's agent.

Source: docs/reference/swr-api.md#endpoint, #list-namespaces, #token-request, #list-projects, #metadata-service,
#machine-id, #oidc-exchange, #federation-exchange, #pod-identity.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SHARED_REPOSITORIES = "/v2/manage/shared-repositories"
NAMESPACES = "/v2/manage/namespaces"
TOKENS = "/v3/auth/tokens"
PROJECTS = "/v3/projects"
METADATA_TOKEN = "/meta-data/latest/api/token"  # noqa: S105 - a path
ASSUME_WITH_OIDC = "/v5/agencies/assume-with-oidc"
FEDERATED_TOKENS = "/v3.0/OS-AUTH/id-token/tokens"
SECURITY_TOKENS = "/v3.0/OS-CREDENTIAL/securitytokens"
POD_CREDENTIALS = "/v1/credentials"
SECURITY_KEY = "/openstack/latest/securitykey"
MACHINE_DATA = "/openstack/latest/meta_data.json"

SWR_ROUTES = frozenset((SHARED_REPOSITORIES, NAMESPACES))
METADATA_ROUTES = frozenset((METADATA_TOKEN, SECURITY_KEY, MACHINE_DATA))
# Their requests prove who they are by what is in them.
WORKLOAD_ROUTES = frozenset((ASSUME_WITH_OIDC, FEDERATED_TOKENS, SECURITY_TOKENS, POD_CREDENTIALS))
OPEN_ROUTES = METADATA_ROUTES | WORKLOAD_ROUTES | {TOKENS}
ROUTES: Mapping[str, str] = {  # with the one method of each
    SHARED_REPOSITORIES: "GET",
    NAMESPACES: "GET",
    TOKENS: "POST",
    PROJECTS: "GET",
    **dict.fromkeys(WORKLOAD_ROUTES, "POST"),
    METADATA_TOKEN: "PUT",
    SECURITY_KEY: "GET",
    MACHINE_DATA: "GET",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRequest:
    """One request as the gateway sees it: path, query and headers as received, `now_s` in seconds since the epoch.

    `token` is X-Auth-Token, or None. Nearly every request has it, and the other headers are then not read.
    """

    method: str
    path: str
    raw_query: str
    token: str | None
    request_id: str
    now_s: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def headers_by_name(self) -> dict[str, str]:
        """Return the headers by lower-case name; the values of a repeated header are joined by commas."""
        found: dict[str, str] = {}
        for name, value in self.headers.items():
            earlier = found.get(name.lower())
            found[name.lower()] = value if earlier is None else f"{earlier},{value}"
        return found
