"""The metadata service: a handshake, then temporary keys that expire."""

from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.emulator.http.request import MACHINE_DATA, METADATA_TOKEN, SECURITY_KEY, SHARED_REPOSITORIES
from crawler.emulator.http.response import WITHHELD, ServedResponse
from crawler.swr.auth.signing import AccessKey, Signable, sign
from tests.emulator.client import DirectClient, json_of, numbered

TEN = numbered(10)
TTL = {"X-Metadata-Token-Ttl-Seconds": "21600"}


def handshake(client: DirectClient) -> dict[str, str]:
    response = client.request(METADATA_TOKEN, headers=TTL, method="PUT")
    assert response.status == 200
    return {"X-Metadata-Token": response.body.decode()}


def credential(client: DirectClient, headers: dict[str, str] | None = None) -> dict[str, str]:
    response = client.request(SECURITY_KEY, headers=handshake(client) if headers is None else headers)
    assert response.status == 200, response.body
    found: dict[str, str] = json_of(response)["credential"]
    return found


def use(client: DirectClient, found: dict[str, str], **changed: Any) -> ServedResponse:  # noqa: ANN401 - the fields of AccessKey
    fields = {"ak": found["access"], "sk": found["secret"], "security_token": found["securitytoken"]}
    key = AccessKey(**{**fields, "project_id": client.identity.project_id, **changed})
    at = datetime.fromtimestamp(client.now_s, UTC)
    return client.request(headers=sign(Signable("GET", "host", SHARED_REPOSITORIES), key, at=at))


def why(response: ServedResponse) -> str:
    assert response.status == 401
    message: str = json_of(response)["error_msg"]
    return message.removeprefix("Incorrect IAM authentication information: ")


def test_keys_are_issued_after_a_handshake_and_are_valid_for_the_list() -> None:
    client = DirectClient(TEN)
    found = credential(client)
    assert set(found) == {"access", "secret", "securitytoken", "expires_at"}
    assert found["expires_at"] == "1994-11-07T08:49:37.000000Z"
    assert use(client, found).status == 200


def test_each_request_gets_a_new_key_and_the_old_one_stays_valid() -> None:
    client = DirectClient(TEN)
    first, second = credential(client), credential(client)
    assert first["access"] != second["access"]
    assert use(client, first).status == use(client, second).status == 200


@pytest.mark.parametrize("ttl", [None, "", "0", "-1", "x", "21601", "999999"])
def test_a_handshake_without_a_valid_ttl_is_refused(ttl: str | None) -> None:
    headers = {} if ttl is None else {"X-Metadata-Token-Ttl-Seconds": ttl}
    assert DirectClient(TEN).request(METADATA_TOKEN, headers=headers, method="PUT").status == 400


def test_a_metadata_token_expires_after_its_ttl() -> None:
    client = DirectClient(TEN)
    headers = handshake(client)
    client.now_s += 21_600
    assert client.request(SECURITY_KEY, headers=headers).status == 401
    assert client.request(SECURITY_KEY, headers=handshake(client)).status == 200


@pytest.mark.parametrize("headers", [{}, {"X-Metadata-Token": "other"}])
def test_without_the_handshake_no_keys_are_issued(headers: dict[str, str]) -> None:
    assert DirectClient(TEN).request(SECURITY_KEY, headers=headers).status == 401


@pytest.mark.parametrize("status", [404, 405, 503])
def test_without_a_handshake_service_no_metadata_token_is_needed(status: int) -> None:
    client = DirectClient(TEN, metadata=f"put-{status}")
    assert client.request(METADATA_TOKEN, headers=TTL, method="PUT").status == status
    assert use(client, credential(client, {})).status == 200


def test_a_metadata_token_may_be_refused_once() -> None:
    client = DirectClient(TEN, metadata="refuse-once")
    first = handshake(client)
    assert [client.request(SECURITY_KEY, headers=first).status for _ in range(2)] == [401, 401]
    assert use(client, credential(client)).status == 200


def test_a_machine_without_an_agency_answers_with_the_documented_sentence() -> None:
    client = DirectClient(TEN, metadata="no-agency")
    response = client.request(SECURITY_KEY, headers=handshake(client))
    assert (response.status, response.body) == (401, b"Please configure Cloud Service Agency first")


def test_the_metadata_service_can_be_absent_or_silent() -> None:
    off, silent = DirectClient(TEN, metadata="off"), DirectClient(TEN, metadata="silent")
    for path, method in ((METADATA_TOKEN, "PUT"), (SECURITY_KEY, "GET"), (MACHINE_DATA, "GET")):
        assert off.request(path, headers=TTL, method=method).status == 404
        assert silent.request(path, headers=TTL, method=method).delivery == WITHHELD


@pytest.mark.parametrize(
    ("mode", "answers_without_token"),
    [("handshake", False), ("no-agency", False), ("refuse-once", False), ("put-404", True), ("put-503", True)],
)
def test_the_machine_tells_its_id_as_it_tells_its_keys(mode: str, *, answers_without_token: bool) -> None:
    client = DirectClient(TEN, metadata=mode, machine_id="ecs-7")
    headers = {} if answers_without_token else handshake(client)
    assert json_of(client.request(MACHINE_DATA, headers=headers))["uuid"] == "ecs-7"
    assert client.request(MACHINE_DATA).status == (200 if answers_without_token else 401)


def test_temporary_keys_expire_by_time() -> None:
    client = DirectClient(TEN, temporary_ttl_s=60)
    found = credential(client)
    client.now_s += 59
    assert use(client, found).status == 200
    client.now_s += 1
    assert why(use(client, found)) == "security token expires, expires_at: 1994-11-06T08:50:37.000000Z"
    assert use(client, credential(client)).status == 200


def test_temporary_keys_expire_by_use_and_a_refused_request_is_no_use() -> None:
    client = DirectClient(TEN, temporary_requests=2)
    found = credential(client)
    refused = use(client, found, sk="wrong")
    assert refused.status == 401
    assert [use(client, found).status for _ in range(3)] == [200, 200, 401]


@pytest.mark.parametrize("sent", [None, "other"])
def test_a_temporary_key_without_its_security_token_is_refused(sent: str | None) -> None:
    client = DirectClient(TEN)
    assert why(use(client, credential(client), security_token=sent)) == "decrypt token fail"


def test_the_metadata_routes_accept_no_other_method() -> None:
    client = DirectClient(TEN)
    assert client.request(METADATA_TOKEN).status == 404
    assert client.request(SECURITY_KEY, method="PUT").status == 404
    assert client.request(MACHINE_DATA, method="POST").status == 404
