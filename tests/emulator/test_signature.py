"""Signed requests are verified from the bytes that arrive."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.emulator.http.request import NAMESPACES, PROJECTS, SHARED_REPOSITORIES
from crawler.emulator.http.response import ServedResponse
from crawler.swr.auth.signing import AccessKey, Signable, canonical_query, sign
from tests.emulator.client import EPOCH_S, DirectClient, json_of, numbered

TEN = numbered(10)
HEADERS = {"User-Agent": "swr-crawler/0.1.0", "Content-Type": "application/json"}
Pairs = tuple[tuple[str, str], ...]


def own(client: DirectClient, **changed: Any) -> AccessKey:  # noqa: ANN401 - the fields of AccessKey
    identity = client.identity
    fields = {
        "ak": identity.ak,
        "sk": identity.sk,
        "project_id": identity.project_id,
        "security_token": identity.security_token,
    }
    return AccessKey(**{**fields, **changed})


def signed(
    key: AccessKey,
    pairs: Pairs = (),
    *,
    path: str = SHARED_REPOSITORIES,
    headers: Mapping[str, str] = HEADERS,
    at_s: float = EPOCH_S,
    body: bytes = b"",
) -> dict[str, str]:
    request = Signable("GET", "127.0.0.1:8080", path, pairs, headers, body)
    return {**headers, **sign(request, key, at=datetime.fromtimestamp(at_s, UTC))}


def why(response: ServedResponse) -> str:
    assert response.status == 401, response.body
    found = json_of(response)
    assert found["error_code"] == "APIGW.0301"
    message: str = found["error_msg"]
    return message.removeprefix("Incorrect IAM authentication information: ")


@given(
    pairs=st.lists(
        st.tuples(st.sampled_from(["filter", "name", "x", "é"]), st.text(st.characters(codec="utf-8"))), max_size=4
    ),
    agent=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs"))),
)
def test_a_correct_signature_is_accepted_for_any_query(pairs: list[tuple[str, str]], agent: str) -> None:
    client = DirectClient(TEN)
    headers = signed(own(client), tuple(pairs), headers={"User-Agent": agent, "X-Odd-Header": " a  b "})
    assert client.request(query=canonical_query(pairs), headers=headers).status in {200, 400}


@pytest.mark.parametrize("path", [SHARED_REPOSITORIES, NAMESPACES, PROJECTS])
def test_every_route_of_the_gateway_accepts_signatures(path: str) -> None:
    client = DirectClient(TEN)
    assert client.request(path, headers=signed(own(client), path=path)).status == 200


def test_a_signed_query_may_be_reordered_and_have_repeated_keys() -> None:
    client = DirectClient(TEN)
    headers = signed(own(client), (("name", "a"), ("name", "b"), ("x", "")))
    for query in ("name=a&name=b&x=", "x&name=b&name=a", "name=%61&x=&&name=b"):
        assert client.request(query=query, headers=headers).status == 200


@pytest.mark.parametrize(
    "query", ["", "name=a", "name=a+b&x=", "name=a%2Bb&x=", "name=a%20b&x=&x=", "name=a%20b&x=%20", "Name=a%20b&x="]
)
def test_a_query_other_than_the_signed_one_is_refused(query: str) -> None:
    client = DirectClient(TEN)
    headers = signed(own(client), (("name", "a b"), ("x", "")))
    assert client.request(query="name=a%20b&x=", headers=headers).status == 200
    assert "verify aksk signature fail" in why(client.request(query=query, headers=headers))


@pytest.mark.parametrize("name", ["User-Agent", "Content-Type", "Host", "X-Sdk-Date", "X-Project-Id"])
def test_a_signed_header_that_arrives_changed_or_not_at_all_is_refused(name: str) -> None:
    client = DirectClient(TEN)
    headers = signed(own(client))
    changed = headers | {name: "19941106T085000Z" if name == "X-Sdk-Date" else "other"}
    missing = {key: value for key, value in headers.items() if key != name}
    assert "verify aksk signature fail" in why(client.request(headers=changed))
    assert "aksk signature fail" in why(client.request(headers=missing)).replace("ak sk", "aksk")


def test_a_header_that_a_proxy_adds_does_no_harm() -> None:
    client = DirectClient(TEN)
    assert client.request(headers=signed(own(client)) | {"Accept-Encoding": "gzip", "Via": "proxy"}).status == 200


def test_the_body_is_signed_too() -> None:
    client = DirectClient(TEN)
    headers = signed(own(client), body=b"{}")
    assert client.request(headers=headers, body=b"{}").status == 200
    assert "verify aksk signature fail" in why(client.request(headers=headers, body=b"[]"))


def test_a_refused_signature_repeats_the_canonical_request_in_one_line() -> None:
    client = DirectClient(TEN, security_token="the-token")
    headers = signed(own(client, sk="wrong"), (("name", "é"),))
    message = why(client.request(query="name=%C3%A9", headers=headers | {"User-Agent": "caf\udce9"}))
    assert message == (
        "verify aksk signature fail, canonicalRequest:GET|/v2/manage/shared-repositories/|name=%C3%A9|"
        "content-type:application/json|host:127.0.0.1:8080|user-agent:caf?|"
        "x-project-id:0123456789abcdef0123456789abcdef|x-sdk-date:19941106T084937Z|x-security-token:the-token||"
        "content-type;host;user-agent;x-project-id;x-sdk-date;x-security-token|"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_an_unknown_key_is_named() -> None:
    client = DirectClient(TEN)
    assert why(client.request(headers=signed(own(client, ak="access_key_id")))) == "ak access_key_id not exist"


@pytest.mark.parametrize("authorization", ["SDK-HMAC-SHA256", "SDK-HMAC-SHA256 Access=x"])
def test_an_unreadable_authorization_is_refused(authorization: str) -> None:
    assert "can not be read" in why(DirectClient(TEN).request(headers={"Authorization": authorization}))


def test_another_scheme_is_no_signature() -> None:
    assert why(DirectClient(TEN).request(headers={"Authorization": "Bearer x"})) == "x-auth-token not found"


def test_a_signature_without_host_and_date_is_refused() -> None:
    client = DirectClient(TEN)
    headers = signed(own(client))
    claim = headers["Authorization"].replace("host;", "")
    assert "verify aksk signature fail" in why(client.request(headers=headers | {"Authorization": claim}))


@pytest.mark.parametrize("date", ["", "yesterday", "1994-11-06T08:49:37Z"])
def test_an_unreadable_date_is_refused(date: str) -> None:
    client = DirectClient(TEN)
    assert "x-sdk-date" in why(client.request(headers=signed(own(client)) | {"X-Sdk-Date": date}))


@pytest.mark.parametrize("skew_s", [-901, 901, 86_400])
def test_a_date_more_than_fifteen_minutes_off_is_refused(skew_s: float) -> None:
    client = DirectClient(TEN)
    refused = client.request(headers=signed(own(client), at_s=EPOCH_S + skew_s))
    assert why(refused) == "calc ak sk signature fail:signature expired"
    within = EPOCH_S + (900 if skew_s > 0 else -900)
    assert client.request(headers=signed(own(client), at_s=within)).status == 200


def test_five_failures_lock_the_key_for_five_minutes() -> None:
    client = DirectClient(TEN)
    wrong, right = signed(own(client, sk="wrong")), signed(own(client), at_s=EPOCH_S + 300)
    for _ in range(5):
        assert "verify aksk signature fail" in why(client.request(headers=wrong))
    for now_s in (EPOCH_S, EPOCH_S + 299):
        client.now_s = now_s
        assert why(client.request(headers=right)) == "AK access failed to reach the limit,forbidden"
    client.now_s = EPOCH_S + 300
    assert client.request(headers=right).status == 200


def test_a_success_between_failures_prevents_the_lock() -> None:
    client = DirectClient(TEN, lock_after=2)
    wrong, right = signed(own(client, sk="wrong")), signed(own(client))
    sent = [client.request(headers=headers).status for headers in (wrong, right) * 5]
    assert sent == [401, 200] * 5


def test_a_wrong_date_counts_towards_the_lock_and_an_unknown_key_does_not() -> None:
    client = DirectClient(TEN, lock_after=1)
    for _ in range(3):
        assert "not exist" in why(client.request(headers=signed(own(client, ak="unknown"))))
    assert "expired" in why(client.request(headers=signed(own(client), at_s=0)))
    assert "limit" in why(client.request(headers=signed(own(client))))


def test_a_signed_request_must_name_the_right_project() -> None:
    client = DirectClient(TEN)
    assert why(client.request(headers=signed(own(client, project_id=None)))) == "x-project-id not found"
    assert why(client.request(headers=signed(own(client, project_id="other")))) == "project other not exist"
    lenient = DirectClient(TEN, project_id_required=False)
    assert lenient.request(headers=signed(own(lenient, project_id=None))).status == 200
    assert why(lenient.request(headers=signed(own(lenient, project_id="other")))) == "project other not exist"
    assert lenient.request(PROJECTS, headers=signed(own(lenient, project_id=None), path=PROJECTS)).status == 200


@pytest.mark.parametrize(("required", "sent"), [("token", None), ("token", "other"), (None, "other")])
def test_a_security_token_is_required_if_and_only_if_the_key_has_one(required: str | None, sent: str | None) -> None:
    client = DirectClient(TEN, security_token=required)
    assert client.request(headers=signed(own(client))).status == 200
    assert why(client.request(headers=signed(own(client, security_token=sent)))) == "decrypt token fail"


def test_repeated_headers_are_joined_before_verification() -> None:
    class Twice(dict[str, str]):
        def items(self) -> Any:  # noqa: ANN401 - as a multidict gives them
            return [*super().items(), ("X-Twice", "b")]

    client = DirectClient(TEN)
    headers = signed(own(client), headers={"X-Twice": "a,b"})
    assert client.request(headers=Twice(headers | {"X-Twice": "a"})).status == 200
