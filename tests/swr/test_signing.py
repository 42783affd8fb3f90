"""Our signature is the official signer's, for whatever can be asked."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import orjson
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from hypothesis import given
from hypothesis import strategies as st

from crawler.swr.auth.signing import (
    AccessKey,
    Claim,
    Signable,
    canonical_path,
    canonical_query,
    parse_claim,
    parse_date,
    query_pairs,
    sign,
    signature,
    signed_again,
    string_to_sign,
)

VECTORS: list[dict[str, Any]] = orjson.loads(Path(__file__).with_name("sign_vectors.json").read_bytes())
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = AccessKey("AKEXAMPLE0000000000", "SKexample", project_id="0123456789abcdef")

# Hypothesis likes the plain; these are the characters that encoders disagree about.
ODD = "az09-._~$/ +%&=?#:|;,'\"\\<>@*!()[]{}^`é漢\U0001f600\u00a0"
TEXT = st.text(st.sampled_from(ODD) | st.characters(codec="utf-8"))
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=6).flatmap(
    lambda pairs: st.tuples(st.just(pairs), st.lists(st.sampled_from(pairs or [("a", "")]), max_size=2)).map(
        lambda both: (*both[0], *both[1])  # some of them twice
    )
)
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
NAMES = st.text(LETTERS, min_size=1, max_size=12).map("x-{}".format)
VALUES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20)
TYPES = st.sampled_from(["application/json", "application/json;charset=utf-8", "application/bson", "text/plain"])
HEADERS = st.tuples(
    st.dictionaries(NAMES, VALUES, max_size=5).filter(
        lambda headers: len({name.lower() for name in headers}) == len(headers)
    ),
    st.dictionaries(st.just("Content-Type"), TYPES),
).map(lambda both: both[0] | both[1])
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - Hypothesis adds it


def official(request: Signable, key: AccessKey, date: str) -> SdkRequest:
    """Give the request as the official client would send it."""
    headers = {"X-Sdk-Date": date, **request.headers}
    if key.project_id is not None:
        headers["X-Project-Id"] = key.project_id
    if key.security_token is not None:
        headers["X-Security-Token"] = key.security_token
    asked = SdkRequest(
        method=request.method,
        schema="https",
        host=request.host,
        resource_path=request.path,
        query_params=list(request.query),
        header_params=headers,
        body=request.body,
    )
    return Signer(BasicCredentials(key.ak, key.sk)).sign(asked)


def vector(given: dict[str, Any]) -> tuple[Signable, AccessKey]:
    headers = {"X-Project-Id": None, "X-Security-Token": None, **given["headers"]}
    key = AccessKey(given["ak"], given["sk"], headers.pop("X-Security-Token"), headers.pop("X-Project-Id"))
    del headers["X-Sdk-Date"]
    pairs = tuple((name, value) for name, value in given["query"])
    body = given["body"].encode()
    return Signable(given["method"], given["host"], given["path"], pairs, headers, body), key


@pytest.mark.parametrize("given", VECTORS, ids=lambda given: str(given["name"]))
def test_the_recorded_vectors_come_out_to_the_byte(given: dict[str, Any]) -> None:
    request, key = vector(given)
    headers = sign(request, key, at=NOON)
    claim = parse_claim(headers["Authorization"])
    assert claim is not None
    received = {name.lower(): value for name, value in {**request.headers, **headers}.items()}
    path, _, query = given["uri"].partition("?")
    canonical = signed_again(request.method, path, query, received, request.body, claim.signed_headers)
    assert headers["Authorization"] == given["authorization"]
    assert query == canonical_query(request.query)
    assert canonical == given["canonical_request"]
    assert string_to_sign(headers["X-Sdk-Date"], canonical) == given["string_to_sign"]


@given(
    method=st.sampled_from(["GET", "POST", "put", "DELETE"]),
    path=TEXT.map("/{}".format),
    query=PAIRS,
    headers=HEADERS,
    body=st.binary(max_size=40),
    token=st.none() | st.just("STSTOKEN"),
    project=st.none() | st.just("0123456789abcdef"),
    at=TIMES,
)
def test_our_signature_is_the_official_signers(  # noqa: PLR0913 - everything that is signed
    *,
    method: str,
    path: str,
    query: tuple[tuple[str, str], ...],
    headers: dict[str, str],
    body: bytes,
    token: str | None,
    project: str | None,
    at: datetime,
) -> None:
    request = Signable(method, "swr-api.cn-north-4.myhuaweicloud.com:8443", path, query, headers, body)
    key = AccessKey("AK", "SK é", token, project)
    ours = sign(request, key, at=at)
    theirs = official(request, key, ours["X-Sdk-Date"])
    assert ours["Authorization"] == theirs.header_params["Authorization"]
    assert {name.lower() for name in (*request.headers, *ours)} == {name.lower() for name in theirs.header_params}
    sent = request.path + (f"?{canonical_query(query)}" if query else "")
    assert sent == theirs.uri


@given(path=TEXT.map("/{}".format), query=PAIRS, headers=HEADERS, body=st.binary(max_size=40))
def test_a_verifier_comes_to_the_same_signature_from_what_it_received(
    path: str, query: tuple[tuple[str, str], ...], headers: dict[str, str], body: bytes
) -> None:
    added = sign(Signable("GET", "host", path, query, headers, body), KEY, at=NOON)
    claim = parse_claim(added["Authorization"])
    assert claim is not None
    received = {name.lower(): value for name, value in (headers | added).items()}
    again = signed_again("GET", canonical_path(path), canonical_query(query), received, body, claim.signed_headers)
    assert signature(KEY.sk, string_to_sign(received["x-sdk-date"], again)) == claim.signature


@given(query=PAIRS)
def test_the_query_sent_is_read_back_as_it_was_meant(query: tuple[tuple[str, str], ...]) -> None:
    sent = canonical_query(query)
    assert sent.isascii()
    assert query_pairs(sent) == tuple(sorted(query))


def test_a_plus_received_is_no_space_and_parameters_without_value_count() -> None:
    assert query_pairs("b=1+2&&a&c=%20&a=x%3Dy=z") == (("b", "1+2"), ("a", ""), ("c", " "), ("a", "x=y=z"))


@pytest.mark.parametrize(
    ("path", "signed"),
    [("", "/"), ("/", "/"), ("/a/", "/a/"), ("/a$b", "/a%24b/"), ("/a%24b", "/a%24b/"), ("/a%2Fb", "/a/b/")],
)
def test_a_path_is_signed_encoded_once_and_with_a_slash_at_its_end(path: str, signed: str) -> None:
    assert canonical_path(path) == signed


def test_a_header_given_twice_is_signed_once_as_it_is_added() -> None:
    stale = {"x-sdk-date": "20000101T000000Z", "HOST": "other", "x-project-id": "other", "Authorization": "old"}
    assert sign(Signable("GET", "host", "/", headers=stale), KEY, at=NOON) == sign(
        Signable("GET", "host", "/"), KEY, at=NOON
    )


def test_only_what_is_there_to_say_is_added() -> None:
    bare = sign(Signable("GET", "host", "/"), AccessKey("AK", "SK"), at=NOON)
    full = sign(Signable("GET", "host", "/"), AccessKey("AK", "SK", "token", "project", "domain"), at=NOON)
    assert set(bare) == {"Host", "X-Sdk-Date", "Authorization"}
    assert set(full) - set(bare) == {"X-Security-Token", "X-Project-Id", "X-Domain-Id"}


def test_the_time_is_told_in_utc_and_never_guessed() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=8)))
    request = Signable("GET", "host", "/")
    assert sign(request, KEY, at=east) == sign(request, KEY, at=NOON)
    assert parse_date(sign(request, KEY, at=east)["X-Sdk-Date"]) == NOON
    with pytest.raises(ValueError, match="needs a time zone"):
        sign(request, KEY, at=NOON.replace(tzinfo=None))


@pytest.mark.parametrize("text", ["", "2026-11-23T12:00:00Z", "20261323T120000Z", "Mon, 23 Nov 2026 12:00:00 GMT"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "Bearer x", f"SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature={'g' * 64}", "SDK-HMAC-SHA256 Access="],
)
def test_what_is_no_claim_is_none(text: str) -> None:
    assert parse_claim(text) is None


def test_a_claim_is_read_with_and_without_spaces_after_its_commas() -> None:
    proof = "0" * 64
    claim = Claim("AK", ("host", "x-sdk-date"), proof)
    for comma in (", ", ","):
        text = comma.join(("SDK-HMAC-SHA256 Access=AK", "SignedHeaders=Host;X-Sdk-Date", f"Signature={proof}"))
        assert parse_claim(text) == claim


def test_bytes_that_are_no_text_are_verified_as_the_bytes_they_are() -> None:
    received = {"user-agent": b"caf\xe9".decode(errors="surrogateescape")}
    canonical = signed_again("GET", "/", "", received, b"", ("user-agent",))
    assert string_to_sign("", canonical) == string_to_sign("", canonical)
    assert signature("SK", canonical) != signature("SK", canonical.replace("\udce9", "?"))


def test_text_that_no_request_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        sign(Signable("GET", "host", "/", (("a", "\ud800"),)), KEY, at=NOON)


def test_no_secret_is_in_any_repr() -> None:
    key = AccessKey("AK", "the-secret", "the-token", "project")
    request = Signable("GET", "host", "/", headers={"X-Auth-Token": "the-header"}, body=b"the-body")
    assert "the-" not in f"{key!r}{request!r}{key}{request}"
