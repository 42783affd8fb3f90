"""Keys for an identity token: what STS, IAM and the agent of a pod give, what for, and what they refuse."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.request import (
    ASSUME_WITH_OIDC,
    FEDERATED_TOKENS,
    POD_CREDENTIALS,
    SECURITY_TOKENS,
    SHARED_REPOSITORIES,
)
from crawler.emulator.http.response import ServedResponse
from crawler.swr.auth.signing import AccessKey, Signable, sign
from tests.emulator.client import DirectClient, json_of, numbered, status_and_code

TEN = numbered(10)
TOKEN = "emulator-id-token"


def assume(client: DirectClient, **changed: Any) -> ServedResponse:  # noqa: ANN401 - whatever is put there
    own = client.identity
    body = {
        "provider_urn": own.provider_urn,
        "agency_urn": own.agency_urn,
        "agency_session_name": "nightly",
        "id_token": TOKEN,
        "duration_seconds": 3600,
        **changed,
    }
    given = {name: value for name, value in body.items() if value is not None}
    return client.request(ASSUME_WITH_OIDC, method="POST", body=orjson.dumps(given))


def federated(client: DirectClient, token: object = TOKEN, idp: str = "emulator-idp") -> ServedResponse:
    body = orjson.dumps({"auth": {"id_token": {"id": token}}})
    return client.request(FEDERATED_TOKENS, method="POST", body=body, headers={"X-Idp-Id": idp})


def exchange(client: DirectClient, subject_token: object, **changed: Any) -> ServedResponse:  # noqa: ANN401
    identity = {"methods": ["token"], "token": {"id": subject_token, "duration_seconds": 21_600}, **changed}
    return client.request(SECURITY_TOKENS, method="POST", body=orjson.dumps({"auth": {"identity": identity}}))


def at_agent(client: DirectClient, token: str = TOKEN) -> ServedResponse:
    return client.request(POD_CREDENTIALS, method="POST", body=b"{}", headers={"Authorization": token})


def use(client: DirectClient, ak: str, sk: str, security_token: str) -> int:
    key = AccessKey(ak, sk, security_token=security_token, project_id=client.identity.project_id)
    at = datetime.fromtimestamp(client.now_s, UTC)
    return client.request(headers=sign(Signable("GET", "host", SHARED_REPOSITORIES), key, at=at)).status


def keys_of(client: DirectClient, method: str) -> dict[str, str]:
    """Return the key, and when it ends, by the names that the issuer has for them."""
    if method == "oidc":
        found = json_of(assume(client))["credentials"]
    elif method == "idp":
        headers = dict(federated(client).headers)
        found = json_of(exchange(client, headers["X-Subject-Token"]))["credential"]
    else:
        found = json_of(at_agent(client))["credentials"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("method", "names", "lives_s"),
    [
        ("oidc", ("access_key_id", "secret_access_key", "security_token", "expiration"), 3600),
        ("idp", ("access", "secret", "securitytoken", "expires_at"), 21_600),
        ("pod-identity", ("accessKeyId", "secretAccessKey", "securityToken", "expiration"), 86_400),
    ],
)
def test_a_key_has_the_issuers_names_is_valid_for_the_list_and_ends(
    method: str, names: tuple[str, str, str, str], lives_s: int
) -> None:
    client = DirectClient(TEN)
    found = keys_of(client, method)
    assert tuple(found) == names
    *key, expires = (found[name] for name in names)
    assert datetime.fromisoformat(expires).timestamp() == client.now_s + lives_s
    assert use(client, *key) == 200
    client.now_s += lives_s
    assert use(client, *key) == 401


@pytest.mark.parametrize("method", ["oidc", "idp", "pod-identity"])
def test_no_key_lives_longer_than_the_setting_says(method: str) -> None:
    client = DirectClient(TEN, temporary_ttl_s=60, temporary_requests=1)
    key = list(keys_of(client, method).values())[:3]
    assert [use(client, *key), use(client, *key)] == [200, 401]
    client.now_s += 61
    assert use(client, *list(keys_of(client, method).values())[:3]) == 200


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"id_token": "other"}, 401),
        ({"agency_urn": "other"}, 403),
        ({"provider_urn": "other"}, 403),
        ({"duration_seconds": 899}, 400),
        ({"duration_seconds": 43_201}, 400),
        ({"duration_seconds": "an hour"}, 400),
        ({"agency_session_name": ""}, 400),
        ({"agency_session_name": None}, 400),
        ({"policy": {}}, 400),
        ({"policy_ids": "a,b"}, 400),
        ({"id_token": None}, 400),
    ],
)
def test_sts_refuses_what_is_not_for_its_agency(changed: dict[str, Any], status: int) -> None:
    assert assume(DirectClient(TEN), **changed).status == status
    assert DirectClient(TEN).request(ASSUME_WITH_OIDC, method="POST", body=b"[]").status == 400
    assert DirectClient(TEN).request(ASSUME_WITH_OIDC, method="POST", body=b"{").status == 400


def test_sts_names_the_session_and_takes_policies() -> None:
    answer = assume(DirectClient(TEN), policy="{}", policy_ids=["a"], duration_seconds=None)
    assert json_of(answer)["assumed_agency"] == {"urn": "iam::emulator-domain:agency:emulator/nightly", "id": "nightly"}


def test_iam_gives_a_token_of_the_identity_provider_that_is_good_for_keys_only() -> None:
    client = DirectClient(TEN)
    answer = federated(client)
    token = dict(answer.headers)["X-Subject-Token"]
    assert (answer.status, json_of(answer)["token"]["methods"]) == (201, ["mapped"])
    assert client.request(headers={"X-Auth-Token": token}).status == 403
    assert exchange(client, token).status == 201
    client.now_s += client.identity.token_ttl_s
    assert status_and_code(exchange(client, token)) == (401, "IAM.0066")


def test_iam_refuses_another_provider_another_token_and_another_method() -> None:
    client = DirectClient(TEN)
    assert status_and_code(federated(client, idp="other")) == (404, "IAM.0004")
    assert status_and_code(federated(client, "other")) == (401, "IAM.0067")
    assert status_and_code(exchange(client, "never-issued")) == (401, "IAM.0066")
    assert status_and_code(exchange(client, ["x"])) == (400, "IAM.0011")
    assert status_and_code(exchange(client, "x", methods=["password"])) == (400, "IAM.0011")
    assert status_and_code(exchange(client, "x", token={})) == (400, "IAM.0011")


def test_the_agent_of_a_pod_says_for_whom_and_refuses_another_token() -> None:
    client = DirectClient(TEN)
    answer = json_of(at_agent(client))
    assert answer["assumedAgency"]["urn"] == client.identity.agency_urn
    assert set(answer) == {"assumedAgency", "audience", "credentials", "podIdentityAssociationId", "subject"}
    assert at_agent(client, "other").status == 401


@pytest.mark.parametrize("path", [ASSUME_WITH_OIDC, FEDERATED_TOKENS, SECURITY_TOKENS, POD_CREDENTIALS])
def test_the_routes_of_a_workload_accept_no_other_method(path: str) -> None:
    assert DirectClient(TEN).request(path).status == 404


def test_the_faults_of_tokens_apply_to_keys_too() -> None:
    client = DirectClient(TEN, [parse_fault("throttle-tokens:first=1"), parse_fault("odd-expiry")])
    assert at_agent(client).status == 429
    assert json_of(at_agent(client))["credentials"]["expiration"] == "9999-12-31T23:59:59.999999Z"
    assert json_of(assume(client, id_token="other"))["error_code"] == "STS5.1003"
