"""Tokens for a password: credentials gets one, what it is good for, and how it ends."""

from typing import Any

import orjson
import pytest

from crawler.emulator.faults.registry import (
    FailTokens,
    LockUser,
    SlowTokens,
    ThrottleTokens,
    parse_fault,
)
from crawler.emulator.faults.token import EchoLogin, SkewTokens
from crawler.emulator.http.request import NAMESPACES, PROJECTS, TOKENS
from crawler.emulator.http.response import ServedResponse
from tests.emulator.client import TOKEN, DirectClient, json_of, numbered, status_and_code

TEN = numbered(10)
PROJECT = {"project": {"name": "cn-north-4"}}
DAY_S = 24 * 3600
GATEWAY = "Incorrect IAM authentication information: "


def login(scope: dict[str, Any] | None = PROJECT, **user: Any) -> bytes:  # noqa: ANN401 - whatever is put there
    credentials = {"name": "emulator-user", "password": "emulator-password", "domain": {"name": "emulator-domain"}}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": credentials | user}}}
    return orjson.dumps({"auth": auth if scope is None else auth | {"scope": scope}})


def request_token(client: DirectClient, body: bytes | None = None, query: str = "") -> ServedResponse:
    return client.request(TOKENS, query, method="POST", body=login() if body is None else body)


def token_of(client: DirectClient, body: bytes | None = None) -> str:
    response = request_token(client, body)
    assert response.status == 201, response.body
    return dict(response.headers)["X-Subject-Token"]


def statuses(client: DirectClient, issued: str, count: int) -> list[int]:
    return [client.request(headers={"X-Auth-Token": issued}).status for _ in range(count)]


def test_the_right_password_gets_a_token_that_is_valid_for_the_list() -> None:
    client = DirectClient(TEN)
    response = request_token(client)
    issued = dict(response.headers)["X-Subject-Token"]
    content = json_of(response)["token"]
    assert issued.startswith("MII")
    assert len(issued) == 2048
    assert statuses(client, issued, 2) == [200, 200]
    assert client.request(NAMESPACES, headers={"X-Auth-Token": issued}).status == 200
    assert content["methods"] == ["password"]
    assert (content["issued_at"], content["expires_at"]) == (
        "1994-11-06T08:49:37.000000Z",
        "1994-11-07T08:49:37.000000Z",
    )
    assert content["user"]["name"] == "emulator-user"
    assert content["project"]["id"] == client.identity.project_id


@pytest.mark.parametrize(
    "scope",
    [
        {"project": {"name": "cn-north-4"}},
        {"project": {"id": "0123456789abcdef0123456789abcdef"}},
        {"project": {"id": "0123456789abcdef0123456789abcdef", "name": "another"}},
        {"project": {"name": "cn-north-4"}, "domain": {"name": "emulator-domain"}},
    ],
)
def test_a_project_is_given_by_name_or_id_and_wins_over_a_domain(scope: dict[str, Any]) -> None:
    client = DirectClient(TEN)
    assert statuses(client, token_of(client, login(scope)), 1) == [200]


@pytest.mark.parametrize("scope", [None, {}, {"domain": {"name": "emulator-domain"}}])
def test_a_token_without_a_project_is_refused_by_swr(scope: dict[str, Any] | None) -> None:
    client = DirectClient(TEN)
    issued = token_of(client, login(scope))
    assert status_and_code(client.request(headers={"X-Auth-Token": issued})) == (403, "SVCSTG.SWR.4030170")
    assert client.request(PROJECTS, headers={"X-Auth-Token": issued}).status == 200


def test_the_catalog_is_left_out_on_request() -> None:
    client = DirectClient(TEN)
    with_catalog = client.request(TOKENS, headers={"Host": "127.0.0.1:1"}, method="POST", body=login())
    assert json_of(with_catalog)["token"]["catalog"][0]["endpoints"][0]["url"] == "http://127.0.0.1:1/v2"
    assert "catalog" not in json_of(request_token(client, query="nocatalog=true"))["token"]
    assert "catalog" in json_of(request_token(client, query="nocatalog="))["token"]  # empty is absent


@pytest.mark.parametrize("wrong", [{"password": "x"}, {"name": "x"}, {"domain": {"name": "x"}}, {"password": 7}])
def test_a_wrong_name_gets_the_same_refusal_as_a_wrong_password(wrong: dict[str, Any]) -> None:
    assert status_and_code(request_token(DirectClient(TEN), login(**wrong))) == (401, "IAM.0062")


def test_an_unknown_project_is_refused() -> None:
    assert status_and_code(request_token(DirectClient(TEN), login({"project": {"name": "eu-west-101"}}))) == (
        401,
        "IAM.0001",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"auth":[]}',
        b'{"auth":{"identity":7}}',
        login(domain="emulator-domain"),
        login({"project": {}}),
        login({"project": "cn-north-4"}),
        orjson.dumps({"auth": {"identity": {"methods": ["token"], "token": {"id": "x"}}}}),
        login().replace(b'["password"]', b'["totp"]'),
    ],
)
def test_a_malformed_login_is_a_bad_request(body: bytes) -> None:
    assert status_and_code(request_token(DirectClient(TEN), body)) == (400, "IAM.0011")


def test_errors_can_have_the_shape_of_keystone() -> None:
    client = DirectClient(TEN, iam_errors="keystone")
    assert json_of(request_token(client, login(password="x"))) == {
        "error": {"code": 401, "message": "Incorrect username or password", "title": "Unauthorized"}
    }


@pytest.mark.parametrize(
    ("expired_as", "message"),
    [
        ("APIGW.0307", "The token must be updated"),
        (
            "APIGW.0301",
            "Incorrect IAM authentication information: token expires, expires_at: 1994-11-06T08:50:37.000000Z",
        ),
        ("SVCSTG.SWR.4010000", "The token has expired"),
    ],
)
def test_an_expired_token_is_refused_with_the_configured_code(expired_as: str, message: str) -> None:
    client = DirectClient(TEN, token_ttl_s=60, expired_as=expired_as)
    issued = token_of(client)
    client.now_s += 59.9
    assert statuses(client, issued, 1) == [200]
    client.now_s += 0.1
    refused = client.request(headers={"X-Auth-Token": issued})
    assert status_and_code(refused) == (401, expired_as)
    assert json_of(refused)["error_msg"] == message


def test_a_new_token_does_not_void_the_old_one() -> None:
    client = DirectClient(TEN)
    first, second = token_of(client), token_of(client)
    assert first != second
    assert statuses(client, first, 1) == statuses(client, second, 1) == [200]


def test_a_token_can_be_limited_to_a_number_of_requests() -> None:
    client = DirectClient(TEN, token_requests=2)
    first, second = token_of(client), token_of(client)
    assert statuses(client, first, 4) == [200, 200, 401, 401]
    assert statuses(client, second, 3) == [200, 200, 401]


def test_all_tokens_are_voided_once_and_later_ones_are_valid() -> None:
    client = DirectClient(TEN, void_tokens_after=3)
    first, second = token_of(client), token_of(client)
    assert statuses(client, first, 2) + statuses(client, second, 2) == [200, 200, 200, 401]
    third = token_of(client)
    assert statuses(client, first, 1) + statuses(client, third, 5) == [401, 200, 200, 200, 200, 200]


def test_the_token_of_the_settings_never_expires() -> None:
    client = DirectClient(TEN, token_ttl_s=0, token_requests=1, void_tokens_after=1)
    assert statuses(client, token_of(client), 1) == [401]
    client.now_s += 10 * DAY_S
    assert statuses(client, TOKEN, 3) == [200, 200, 200]


def test_an_unknown_token_is_refused() -> None:
    refused = DirectClient(TEN).request(headers={"X-Auth-Token": "MIIx"})
    assert status_and_code(refused) == (401, "APIGW.0301")
    assert json_of(refused)["error_msg"].endswith("decrypt token fail")


def test_a_project_is_found_by_name_and_others_are_not() -> None:
    client = DirectClient(TEN)
    headers = {"X-Auth-Token": TOKEN}
    found = json_of(client.request(PROJECTS, "name=cn-north-4", headers=headers))["projects"]
    assert [(project["id"], project["name"]) for project in found] == [(client.identity.project_id, "cn-north-4")]
    assert json_of(client.request(PROJECTS, headers=headers))["projects"] == found
    assert json_of(client.request(PROJECTS, "name=eu-de", headers=headers))["projects"] == []
    assert client.request(PROJECTS).status == 401


def test_token_faults_count_token_requests_only() -> None:
    faults = (ThrottleTokens(first=1), LockUser(times=2), FailTokens(every=4, status=502))
    client = DirectClient(TEN, faults)
    for _ in range(5):
        client.request(headers={"X-Auth-Token": TOKEN})  # requests for the list do not count
    # The last fault decides.
    assert [request_token(client).status for _ in range(5)] == [401, 401, 201, 502, 201]
    assert [client.state.triggered[index] for index in range(3)] == [1, 2, 1]


def test_each_token_fault_has_its_own_code() -> None:
    def first(name: str) -> tuple[int, str]:
        return status_and_code(request_token(DirectClient(TEN, [parse_fault(name)])))

    assert first("throttle-tokens:first=1") == (429, "IAM.0012")
    assert first("lock-user") == (401, "IAM.0061")
    assert first("fail-tokens:first=1") == (503, "APIGW.0613")


def test_a_slow_token_is_delayed_and_valid() -> None:
    client = DirectClient(TEN, [SlowTokens(first=1, delay_ms=70)])
    assert [(response.status, response.delay_ms) for response in (request_token(client), request_token(client))] == [
        (201, 70),
        (201, 0),
    ]


def test_faults_of_the_list_do_not_affect_tokens() -> None:
    client = DirectClient(TEN, [parse_fault("burst:every=1"), parse_fault("unauthorized:after_requests=0")])
    assert request_token(client).status == 201


def test_a_refusal_of_a_token_has_the_time_of_a_clock_that_is_wrong() -> None:
    client = DirectClient(TEN, [SkewTokens(by_s=-DAY_S)])
    refused = request_token(client, b"{}")
    assert refused.status == 400
    assert dict(refused.headers)["Date"] == "Sat, 05 Nov 1994 08:49:37 GMT"


def test_a_refusal_of_a_token_can_repeat_the_password() -> None:
    refused = request_token(DirectClient(TEN, [EchoLogin()]))
    assert refused.status == 400
    assert "emulator-password" in json_of(refused)["error_msg"]


def test_a_login_that_is_refused_has_no_expiry_to_say_otherwise() -> None:
    client = DirectClient(TEN, [parse_fault("odd-expiry")])
    assert json_of(request_token(client))["token"]["expires_at"].startswith("9999-12-31")
    refused = request_token(client, login(password="wrong"))
    assert refused == request_token(DirectClient(TEN), login(password="wrong"))
