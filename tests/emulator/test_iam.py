"""Tokens for a password: who gets one, what it is good for, and how it ends."""

from typing import Any

import orjson
import pytest

from crawler.emulator.faults.registry import FailTokens, LockUser, SlowTokens, ThrottleTokens, parse_fault
from crawler.emulator.http.request import NAMESPACES, PROJECTS, TOKENS
from crawler.emulator.http.response import ServedResponse
from tests.emulator.client import TOKEN, Asker, code, numbered, said

TEN = numbered(10)
PROJECT = {"project": {"name": "cn-north-4"}}
DAY_S = 24 * 3600
GATEWAY = "Incorrect IAM authentication information: "


def login(scope: dict[str, Any] | None = PROJECT, **user: Any) -> bytes:  # noqa: ANN401 - whatever is put there
    who = {"name": "emulator-user", "password": "emulator-password", "domain": {"name": "emulator-domain"}}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": who | user}}}
    return orjson.dumps({"auth": auth if scope is None else auth | {"scope": scope}})


def ask(asker: Asker, body: bytes | None = None, query: str = "") -> ServedResponse:
    return asker.send(TOKENS, query, method="POST", body=login() if body is None else body)


def token(asker: Asker, body: bytes | None = None) -> str:
    answer = ask(asker, body)
    assert answer.status == 201, answer.body
    return dict(answer.headers)["X-Subject-Token"]


def statuses(asker: Asker, shown: str, count: int) -> list[int]:
    return [asker.send(headers={"X-Auth-Token": shown}).status for _ in range(count)]


def test_the_right_password_gives_a_token_that_opens_the_list() -> None:
    asker = Asker(TEN)
    answer = ask(asker)
    shown = dict(answer.headers)["X-Subject-Token"]
    told = said(answer)["token"]
    assert shown.startswith("MII")
    assert len(shown) == 2048
    assert statuses(asker, shown, 2) == [200, 200]
    assert asker.send(NAMESPACES, headers={"X-Auth-Token": shown}).status == 200
    assert told["methods"] == ["password"]
    assert (told["issued_at"], told["expires_at"]) == ("1994-11-06T08:49:37.000000Z", "1994-11-07T08:49:37.000000Z")
    assert told["user"]["name"] == "emulator-user"
    assert told["project"]["id"] == asker.identity.project_id


@pytest.mark.parametrize(
    "scope",
    [
        {"project": {"name": "cn-north-4"}},
        {"project": {"id": "0123456789abcdef0123456789abcdef"}},
        {"project": {"id": "0123456789abcdef0123456789abcdef", "name": "another"}},
        {"project": {"name": "cn-north-4"}, "domain": {"name": "emulator-domain"}},
    ],
)
def test_a_project_is_named_or_numbered_and_wins_over_a_domain(scope: dict[str, Any]) -> None:
    asker = Asker(TEN)
    assert statuses(asker, token(asker, login(scope)), 1) == [200]


@pytest.mark.parametrize("scope", [None, {}, {"domain": {"name": "emulator-domain"}}])
def test_a_token_of_the_account_alone_opens_no_service_of_projects(scope: dict[str, Any] | None) -> None:
    asker = Asker(TEN)
    shown = token(asker, login(scope))
    assert code(asker.send(headers={"X-Auth-Token": shown})) == (403, "SVCSTG.SWR.4030170")
    assert asker.send(PROJECTS, headers={"X-Auth-Token": shown}).status == 200


def test_the_catalog_is_left_out_when_nobody_wants_it() -> None:
    asker = Asker(TEN)
    with_catalog = asker.send(TOKENS, headers={"Host": "127.0.0.1:1"}, method="POST", body=login())
    assert said(with_catalog)["token"]["catalog"][0]["endpoints"][0]["url"] == "http://127.0.0.1:1/v2"
    assert "catalog" not in said(ask(asker, query="nocatalog=true"))["token"]
    assert "catalog" in said(ask(asker, query="nocatalog="))["token"]  # empty is absent


@pytest.mark.parametrize("wrong", [{"password": "x"}, {"name": "x"}, {"domain": {"name": "x"}}, {"password": 7}])
def test_a_wrong_name_is_refused_like_a_wrong_password(wrong: dict[str, Any]) -> None:
    assert code(ask(Asker(TEN), login(**wrong))) == (401, "IAM.0062")


def test_an_unknown_project_is_refused() -> None:
    assert code(ask(Asker(TEN), login({"project": {"name": "eu-west-101"}}))) == (401, "IAM.0001")


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
def test_what_is_no_login_is_a_bad_request(body: bytes) -> None:
    assert code(ask(Asker(TEN), body)) == (400, "IAM.0011")


def test_errors_come_in_keystones_shape_where_that_is_spoken() -> None:
    asker = Asker(TEN, iam_errors="keystone")
    assert said(ask(asker, login(password="x"))) == {
        "error": {"code": 401, "message": "Incorrect username or password", "title": "Unauthorized"}
    }


@pytest.mark.parametrize(
    ("expired_as", "told"),
    [
        ("APIGW.0307", "The token must be updated"),
        (
            "APIGW.0301",
            "Incorrect IAM authentication information: token expires, expires_at: 1994-11-06T08:50:37.000000Z",
        ),
        ("SVCSTG.SWR.4010000", "The token has expired"),
    ],
)
def test_an_expired_token_is_refused_in_the_words_chosen(expired_as: str, told: str) -> None:
    asker = Asker(TEN, token_ttl_s=60, expired_as=expired_as)
    shown = token(asker)
    asker.now_s += 59.9
    assert statuses(asker, shown, 1) == [200]
    asker.now_s += 0.1
    refused = asker.send(headers={"X-Auth-Token": shown})
    assert code(refused) == (401, expired_as)
    assert said(refused)["error_msg"] == told


def test_a_new_token_does_not_end_the_old_one() -> None:
    asker = Asker(TEN)
    first, second = token(asker), token(asker)
    assert first != second
    assert statuses(asker, first, 1) == statuses(asker, second, 1) == [200]


def test_a_token_is_good_for_so_many_requests() -> None:
    asker = Asker(TEN, token_requests=2)
    first, second = token(asker), token(asker)
    assert statuses(asker, first, 4) == [200, 200, 401, 401]
    assert statuses(asker, second, 3) == [200, 200, 401]


def test_all_tokens_are_voided_once_and_those_that_come_later_are_good() -> None:
    asker = Asker(TEN, void_tokens_after=3)
    first, second = token(asker), token(asker)
    assert statuses(asker, first, 2) + statuses(asker, second, 2) == [200, 200, 200, 401]
    third = token(asker)
    assert statuses(asker, first, 1) + statuses(asker, third, 5) == [401, 200, 200, 200, 200, 200]


def test_the_token_of_the_settings_never_ends() -> None:
    asker = Asker(TEN, token_ttl_s=0, token_requests=1, void_tokens_after=1)
    assert statuses(asker, token(asker), 1) == [401]
    asker.now_s += 10 * DAY_S
    assert statuses(asker, TOKEN, 3) == [200, 200, 200]


def test_a_token_nobody_issued_can_not_be_read() -> None:
    refused = Asker(TEN).send(headers={"X-Auth-Token": "MIIx"})
    assert code(refused) == (401, "APIGW.0301")
    assert said(refused)["error_msg"].endswith("decrypt token fail")


def test_a_project_is_found_by_name_and_others_are_not() -> None:
    asker = Asker(TEN)
    headers = {"X-Auth-Token": TOKEN}
    found = said(asker.send(PROJECTS, "name=cn-north-4", headers=headers))["projects"]
    assert [(project["id"], project["name"]) for project in found] == [(asker.identity.project_id, "cn-north-4")]
    assert said(asker.send(PROJECTS, headers=headers))["projects"] == found
    assert said(asker.send(PROJECTS, "name=eu-de", headers=headers))["projects"] == []
    assert asker.send(PROJECTS).status == 401


def test_requests_for_tokens_are_throttled_locked_or_failed_on_their_own_count() -> None:
    faults = (ThrottleTokens(first=1), LockUser(times=2), FailTokens(every=4, status=502))
    asker = Asker(TEN, faults)
    for _ in range(5):
        asker.send(headers={"X-Auth-Token": TOKEN})  # requests for the list don't count
    # The last fault has the last word.
    assert [ask(asker).status for _ in range(5)] == [401, 401, 201, 502, 201]
    assert [asker.state.triggered[place] for place in range(3)] == [1, 2, 1]


def test_each_fault_of_tokens_has_its_own_code() -> None:
    def first(name: str) -> tuple[int, str]:
        return code(ask(Asker(TEN, [parse_fault(name)])))

    assert first("throttle-tokens:first=1") == (429, "IAM.0012")
    assert first("lock-user") == (401, "IAM.0061")
    assert first("fail-tokens:first=1") == (503, "APIGW.0613")


def test_a_slow_token_is_the_same_token_late() -> None:
    asker = Asker(TEN, [SlowTokens(first=1, delay_ms=70)])
    assert [(answer.status, answer.delay_ms) for answer in (ask(asker), ask(asker))] == [(201, 70), (201, 0)]


def test_faults_of_the_list_leave_tokens_alone() -> None:
    asker = Asker(TEN, [parse_fault("burst:every=1"), parse_fault("unauthorized:after_requests=0")])
    assert ask(asker).status == 201
