"""The official client (SDK) as a client of an emulator: how it is made, and how it pages through a list.

It blocks, so the emulator runs in another thread (tests/support/emulator_fixture.py).

Source: docs/reference/swr-api.md#sdk-request, #sdk-behaviour, #sdk-endpoint-override, #sdk-decoding.
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
    """One page as the SDK decodes it: items by field, and the text of the Content-Range header."""

    items: list[Item]
    content_range: str | None


def credentials(running: RunningEmulator, **changed: str | None) -> BasicCredentials:
    """Return the emulator's own key for the SDK; `changed` replaces ak, sk, project_id or security_token."""
    own = running.identity
    values = {"ak": own.ak, "sk": own.sk, "project_id": own.project_id, "security_token": own.security_token, **changed}
    token = values.pop("security_token")
    key = BasicCredentials(**values)
    return key if token is None else key.with_security_token(token)


@contextmanager
def official(running: RunningEmulator, key: BasicCredentials | None = None) -> Iterator[SwrClient]:
    """Yield a client that signs, by default with the emulator's own key."""
    client = (
        SwrClient.new_builder().with_credentials(key or credentials(running)).with_endpoint(running.endpoint).build()
    )
    with closing(client):
        yield client


@contextmanager
def official_with_token(running: RunningEmulator, token: str) -> Iterator[SwrClient]:
    """Yield a client that sends a token.

    The SDK has no credentials for that. It adds preset headers to every request, and it does not sign a request that
    has an Authorization header.
    """
    with official(running, BasicCredentials("none", "none", "none")) as client:
        client.preset_headers = {"X-Auth-Token": token, "Authorization": "none"}
        yield client


@contextmanager
def closing(client: SwrClient) -> Iterator[None]:
    """Close the client's threads and connections at the end; the SDK leaves them to the garbage collector."""
    try:
        yield
    finally:
        http = client.get_http_client()
        http.executor.shutdown()
        http._session.close()  # noqa: SLF001 - there is no other way


def page(client: SwrClient, **parameters: object) -> OfficialPage:
    """Return one page of the list; `parameters` are those of the request, converted to text."""
    request = ListSharedReposDetailsRequest(**{name: str(value) for name, value in parameters.items()})
    response = client.list_shared_repos_details(request)
    return OfficialPage([_fields(item) for item in response.body or ()], response.content_range)


def pages(client: SwrClient, *, limit: int, **parameters: object) -> Iterator[OfficialPage]:
    """Yield the pages of the list until the total in Content-Range is reached."""
    offset = total = 0
    while offset == 0 or offset < total:
        current = page(client, limit=limit, offset=offset, **parameters)
        yield current
        if current.content_range is None or not current.items:
            return
        total = int(current.content_range.partition("/")[2])
        offset += limit


def items(client: SwrClient, *, limit: int, **parameters: object) -> list[Item]:
    """Return the items of all pages, without `total_range`."""
    return [
        {name: value for name, value in item.items() if name != "total_range"}
        for current in pages(client, limit=limit, **parameters)
        for item in current.items
    ]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as the SDK decodes it."""

    status: int
    code: str
    message: str
    request_id: str


def refusal(client: SwrClient, **parameters: object) -> Refusal:
    """Return the error for one page. Raises AssertionError when the request succeeds."""
    # Not pytest.raises: it would keep the error, the error keeps its connection, and the emulator would wait for that.
    try:
        page(client, **parameters)
    except ClientRequestException as error:
        return Refusal(error.status_code, error.error_code, error.error_msg, error.request_id)
    raise AssertionError("the request was not refused")


def namespaces(client: SwrClient, **parameters: str) -> list[Item]:
    """Return the organizations, each with the fields that the SDK knows."""
    return [namespace.to_dict() for namespace in client.list_namespaces(ListNamespacesRequest(**parameters)).namespaces]


def _fields(item: ShowReposResp) -> Item:
    return {name: getattr(item, name) for name in item.attribute_map}


def sdk_fields(item: Mapping[str, Any]) -> Item:
    """Return an item with the fields of the SDK's model, None for those that are missing."""
    return {name: item.get(name) for name in ShowReposResp.attribute_map if name != "total_range"}
