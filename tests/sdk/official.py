"""The official client, pointed at an emulator: how it is made, and how it pages through a list.

It is made of threads and blocks, so the emulator runs in another thread (tests/serving.py).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkswr.v2 import ListNamespacesRequest, ListSharedReposDetailsRequest, ShowReposResp, SwrClient

from crawler.emulator.server import RunningEmulator

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OfficialPage:
    """One page as the SDK decodes it: items by field, and the Content-Range it read, undivided."""

    items: list[Item]
    content_range: str | None


def credentials(running: RunningEmulator, **changed: str | None) -> BasicCredentials:
    """Give the emulator's own key as the SDK takes it; `changed` are ak, sk, project_id, security_token."""
    who = running.identity
    given = {"ak": who.ak, "sk": who.sk, "project_id": who.project_id, "security_token": who.security_token, **changed}
    token = given.pop("security_token")
    made = BasicCredentials(**given)
    return made if token is None else made.with_security_token(token)


@contextmanager
def official(running: RunningEmulator, key: BasicCredentials | None = None) -> Iterator[SwrClient]:
    """Make a client that signs, by default with the emulator's own key."""
    client = (
        SwrClient.new_builder().with_credentials(key or credentials(running)).with_endpoint(running.endpoint).build()
    )
    with closing(client):
        yield client


@contextmanager
def official_with_token(running: RunningEmulator, token: str) -> Iterator[SwrClient]:
    """Make a client that shows a token.

    The SDK has no credentials for that. Preset headers go with every request, and one that has an Authorization already
    is not signed.
    """
    with official(running, BasicCredentials("none", "none", "none")) as client:
        client.preset_headers = {"X-Auth-Token": token, "Authorization": "none"}
        yield client


@contextmanager
def closing(client: SwrClient) -> Iterator[None]:
    """Let go of the client's threads and connections, which it leaves to the garbage collector."""
    try:
        yield
    finally:
        http = client.get_http_client()
        http.executor.shutdown()
        http._session.close()  # noqa: SLF001 - there is no other way


def page(client: SwrClient, **parameters: object) -> OfficialPage:
    """Ask for one page of the list; parameters are those of the request, which wants text."""
    asked = ListSharedReposDetailsRequest(**{name: str(value) for name, value in parameters.items()})
    response = client.list_shared_repos_details(asked)
    return OfficialPage([_fields(found) for found in response.body or ()], response.content_range)


def pages(client: SwrClient, *, limit: int, **parameters: object) -> Iterator[OfficialPage]:
    """Page through the list as its Content-Range says, `offset-count/total`, until its total is reached."""
    offset = total = 0
    while offset == 0 or offset < total:
        found = page(client, limit=limit, offset=offset, **parameters)
        yield found
        if found.content_range is None or not found.items:
            return
        total = int(found.content_range.partition("/")[2])
        offset += limit


def items(client: SwrClient, *, limit: int, **parameters: object) -> list[Item]:
    """Give everything the official client finds, page after page, less `total_range`."""
    return [
        {name: value for name, value in item.items() if name != "total_range"}
        for found in pages(client, limit=limit, **parameters)
        for item in found.items
    ]


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the SDK makes of an error."""

    status: int
    code: str
    message: str
    request_id: str


def refusal(client: SwrClient, **parameters: object) -> Refusal:
    """Ask for one page that must be refused."""
    # Not by pytest.raises: the error holds on to its connection, and the emulator would wait for that.
    try:
        page(client, **parameters)
    except ClientRequestException as error:
        return Refusal(error.status_code, error.error_code, error.error_msg, error.request_id)
    raise AssertionError("it was let in")


def namespaces(client: SwrClient, **parameters: str) -> list[Item]:
    """Give the organizations, each with the fields the SDK knows."""
    return [one.to_dict() for one in client.list_namespaces(ListNamespacesRequest(**parameters)).namespaces]


def _fields(found: ShowReposResp) -> Item:
    return {name: getattr(found, name) for name in found.attribute_map}


def known(item: Mapping[str, Any]) -> Item:
    """Give an item as the SDK knows it: fields of its model, None for what is missing."""
    return {name: item.get(name) for name in ShowReposResp.attribute_map if name != "total_range"}
