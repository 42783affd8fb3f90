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
from tests.emulator.client import EPOCH_S, Asker, numbered, said

TEN = numbered(10)
HEADERS = {"User-Agent": "swr-crawler/0.1.0", "Content-Type": "application/json"}
Pairs = tuple[tuple[str, str], ...]


def own(asker: Asker, **changed: Any) -> AccessKey:  # noqa: ANN401 - the fields of AccessKey
    who = asker.identity
    fields = {"ak": who.ak, "sk": who.sk, "project_id": who.project_id, "security_token": who.security_token}
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


def why(answer: ServedResponse) -> str:
    assert answer.status == 401, answer.body
    found = said(answer)
    assert found["error_code"] == "APIGW.0301"
    message: str = found["error_msg"]
    return message.removeprefix("Incorrect IAM authentication information: ")


@given(
    pairs=st.lists(
        st.tuples(st.sampled_from(["filter", "name", "x", "é"]), st.text(st.characters(codec="utf-8"))), max_size=4
    ),
    agent=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs"))),
)
def test_what_is_rightly_signed_is_let_in_whatever_it_asks(pairs: list[tuple[str, str]], agent: str) -> None:
    asker = Asker(TEN)
    headers = signed(own(asker), tuple(pairs), headers={"User-Agent": agent, "X-Odd-Header": " a  b "})
    assert asker.send(query=canonical_query(pairs), headers=headers).status in {200, 400}


@pytest.mark.parametrize("path", [SHARED_REPOSITORIES, NAMESPACES, PROJECTS])
def test_every_route_of_the_gateway_takes_signatures(path: str) -> None:
    asker = Asker(TEN)
    assert asker.send(path, headers=signed(own(asker), path=path)).status == 200


def test_the_query_may_come_in_any_order_and_repeat_itself() -> None:
    asker = Asker(TEN)
    headers = signed(own(asker), (("name", "a"), ("name", "b"), ("x", "")))
    for query in ("name=a&name=b&x=", "x&name=b&name=a", "name=%61&x=&&name=b"):
        assert asker.send(query=query, headers=headers).status == 200


@pytest.mark.parametrize(
    "query", ["", "name=a", "name=a+b&x=", "name=a%2Bb&x=", "name=a%20b&x=&x=", "name=a%20b&x=%20", "Name=a%20b&x="]
)
def test_a_query_other_than_the_signed_one_is_refused(query: str) -> None:
    asker = Asker(TEN)
    headers = signed(own(asker), (("name", "a b"), ("x", "")))
    assert asker.send(query="name=a%20b&x=", headers=headers).status == 200
    assert "verify aksk signature fail" in why(asker.send(query=query, headers=headers))


@pytest.mark.parametrize("name", ["User-Agent", "Content-Type", "Host", "X-Sdk-Date", "X-Project-Id"])
def test_a_signed_header_that_arrives_otherwise_or_not_at_all_is_refused(name: str) -> None:
    asker = Asker(TEN)
    headers = signed(own(asker))
    changed = headers | {name: "19941106T085000Z" if name == "X-Sdk-Date" else "other"}
    missing = {key: value for key, value in headers.items() if key != name}
    assert "verify aksk signature fail" in why(asker.send(headers=changed))
    assert "aksk signature fail" in why(asker.send(headers=missing)).replace("ak sk", "aksk")


def test_a_header_added_on_the_way_does_no_harm() -> None:
    asker = Asker(TEN)
    assert asker.send(headers=signed(own(asker)) | {"Accept-Encoding": "gzip", "Via": "proxy"}).status == 200


def test_the_body_is_signed_too() -> None:
    asker = Asker(TEN)
    headers = signed(own(asker), body=b"{}")
    assert asker.send(headers=headers, body=b"{}").status == 200
    assert "verify aksk signature fail" in why(asker.send(headers=headers, body=b"[]"))


def test_a_refusal_tells_what_was_verified_in_one_line() -> None:
    asker = Asker(TEN, security_token="the-token")
    headers = signed(own(asker, sk="wrong"), (("name", "é"),))
    told = why(asker.send(query="name=%C3%A9", headers=headers | {"User-Agent": "caf\udce9"}))
    assert told == (
        "verify aksk signature fail, canonicalRequest:GET|/v2/manage/shared-repositories/|name=%C3%A9|"
        "content-type:application/json|host:127.0.0.1:8080|user-agent:caf?|"
        "x-project-id:0123456789abcdef0123456789abcdef|x-sdk-date:19941106T084937Z|x-security-token:the-token||"
        "content-type;host;user-agent;x-project-id;x-sdk-date;x-security-token|"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_an_unknown_key_is_named() -> None:
    asker = Asker(TEN)
    assert why(asker.send(headers=signed(own(asker, ak="access_key_id")))) == "ak access_key_id not exist"


@pytest.mark.parametrize("authorization", ["SDK-HMAC-SHA256", "SDK-HMAC-SHA256 Access=x"])
def test_an_authorization_that_can_not_be_read_is_refused(authorization: str) -> None:
    assert "can not be read" in why(Asker(TEN).send(headers={"Authorization": authorization}))


def test_another_scheme_is_no_signature() -> None:
    assert why(Asker(TEN).send(headers={"Authorization": "Bearer x"})) == "x-auth-token not found"


def test_a_signature_of_everything_but_host_or_date_proves_nothing() -> None:
    asker = Asker(TEN)
    headers = signed(own(asker))
    claim = headers["Authorization"].replace("host;", "")
    assert "verify aksk signature fail" in why(asker.send(headers=headers | {"Authorization": claim}))


@pytest.mark.parametrize("date", ["", "yesterday", "1994-11-06T08:49:37Z"])
def test_a_date_that_can_not_be_read_is_refused(date: str) -> None:
    asker = Asker(TEN)
    assert "x-sdk-date" in why(asker.send(headers=signed(own(asker)) | {"X-Sdk-Date": date}))


@pytest.mark.parametrize("skew_s", [-901, 901, 86_400])
def test_a_clock_more_than_a_quarter_of_an_hour_off_is_refused(skew_s: float) -> None:
    asker = Asker(TEN)
    refused = asker.send(headers=signed(own(asker), at_s=EPOCH_S + skew_s))
    assert why(refused) == "calc ak sk signature fail:signature expired"
    within = EPOCH_S + (900 if skew_s > 0 else -900)
    assert asker.send(headers=signed(own(asker), at_s=within)).status == 200


def test_five_failures_lock_the_key_for_five_minutes_whatever_it_signs() -> None:
    asker = Asker(TEN)
    wrong, right = signed(own(asker, sk="wrong")), signed(own(asker), at_s=EPOCH_S + 300)
    for _ in range(5):
        assert "verify aksk signature fail" in why(asker.send(headers=wrong))
    for now_s in (EPOCH_S, EPOCH_S + 299):
        asker.now_s = now_s
        assert why(asker.send(headers=right)) == "AK access failed to reach the limit,forbidden"
    asker.now_s = EPOCH_S + 300
    assert asker.send(headers=right).status == 200


def test_a_success_between_failures_keeps_the_key_open() -> None:
    asker = Asker(TEN, lock_after=2)
    wrong, right = signed(own(asker, sk="wrong")), signed(own(asker))
    sent = [asker.send(headers=headers).status for headers in (wrong, right) * 5]
    assert sent == [401, 200] * 5


def test_a_clock_that_is_off_locks_the_key_too_and_an_unknown_key_locks_nothing() -> None:
    asker = Asker(TEN, lock_after=1)
    for _ in range(3):
        assert "not exist" in why(asker.send(headers=signed(own(asker, ak="unknown"))))
    assert "expired" in why(asker.send(headers=signed(own(asker), at_s=0)))
    assert "limit" in why(asker.send(headers=signed(own(asker))))


def test_a_project_must_be_named_and_the_right_one() -> None:
    asker = Asker(TEN)
    assert why(asker.send(headers=signed(own(asker, project_id=None)))) == "x-project-id not found"
    assert why(asker.send(headers=signed(own(asker, project_id="other")))) == "project other not exist"
    lenient = Asker(TEN, project_id_required=False)
    assert lenient.send(headers=signed(own(lenient, project_id=None))).status == 200
    assert why(lenient.send(headers=signed(own(lenient, project_id="other")))) == "project other not exist"
    assert lenient.send(PROJECTS, headers=signed(own(lenient, project_id=None), path=PROJECTS)).status == 200


@pytest.mark.parametrize(("wanted", "shown"), [("token", None), ("token", "other"), (None, "other")])
def test_a_security_token_is_shown_if_and_only_if_the_key_has_one(wanted: str | None, shown: str | None) -> None:
    asker = Asker(TEN, security_token=wanted)
    assert asker.send(headers=signed(own(asker))).status == 200
    assert why(asker.send(headers=signed(own(asker, security_token=shown)))) == "decrypt token fail"


def test_repeated_headers_arrive_as_one() -> None:
    class Twice(dict[str, str]):
        def items(self) -> Any:  # noqa: ANN401 - as a multidict gives them
            return [*super().items(), ("X-Twice", "b")]

    asker = Asker(TEN)
    headers = signed(own(asker), headers={"X-Twice": "a,b"})
    assert asker.send(headers=Twice(headers | {"X-Twice": "a"})).status == 200
