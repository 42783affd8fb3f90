"""The signature equals that of the official signer for any request, and a server verifies it."""

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
    received_canonical_request,
    sign,
    signature,
    string_to_sign,
)

VECTORS: list[dict[str, Any]] = orjson.loads(Path(__file__).with_name("sign_vectors.json").read_bytes())
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = AccessKey("AKEXAMPLE0000000000", "SKexample", project_id="0123456789abcdef")

# Characters that encoders disagree about; Hypothesis rarely draws them on its own.
DISPUTED = "az09-._~$/ +%&=?#:|;,'\"\\<>@*!()[]{}^`é漢\U0001f600\u00a0"
TEXT = st.text(st.sampled_from(DISPUTED) | st.characters(codec="utf-8"))
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
    """Return the request as the official client would send it."""
    headers = {"X-Sdk-Date": date, **request.headers}
    if key.project_id is not None:
        headers["X-Project-Id"] = key.project_id
    if key.security_token is not None:
        headers["X-Security-Token"] = key.security_token
    sdk_request = SdkRequest(
        method=request.method,
        schema="https",
        host=request.host,
        resource_path=request.path,
        query_params=list(request.query),
        header_params=headers,
        body=request.body,
    )
    return Signer(BasicCredentials(key.ak, key.sk)).sign(sdk_request)


def vector(given: dict[str, Any]) -> tuple[Signable, AccessKey]:
    headers = {"X-Project-Id": None, "X-Security-Token": None, **given["headers"]}
    key = AccessKey(given["ak"], given["sk"], headers.pop("X-Security-Token"), headers.pop("X-Project-Id"))
    del headers["X-Sdk-Date"]
    pairs = tuple((name, value) for name, value in given["query"])
    body = given["body"].encode()
    return Signable(given["method"], given["host"], given["path"], pairs, headers, body), key


@pytest.mark.parametrize("given", VECTORS, ids=lambda given: str(given["name"]))
def test_the_recorded_vectors_are_reproduced_byte_for_byte(given: dict[str, Any]) -> None:
    request, key = vector(given)
    headers = sign(request, key, at=NOON)
    claim = parse_claim(headers["Authorization"])
    assert claim is not None
    received = {name.lower(): value for name, value in {**request.headers, **headers}.items()}
    path, _, query = given["uri"].partition("?")
    canonical = received_canonical_request(request.method, path, query, received, request.body, claim.signed_headers)
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
def test_the_signature_equals_that_of_the_official_signer(  # noqa: PLR0913 - everything that is signed
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
def test_a_server_computes_the_same_signature_from_the_received_request(
    path: str, query: tuple[tuple[str, str], ...], headers: dict[str, str], body: bytes
) -> None:
    added = sign(Signable("GET", "host", path, query, headers, body), KEY, at=NOON)
    claim = parse_claim(added["Authorization"])
    assert claim is not None
    received = {name.lower(): value for name, value in (headers | added).items()}
    again = received_canonical_request(
        "GET", canonical_path(path), canonical_query(query), received, body, claim.signed_headers
    )
    assert signature(KEY.sk, string_to_sign(received["x-sdk-date"], again)) == claim.signature


@given(query=PAIRS)
def test_a_server_reads_the_pairs_of_the_query_that_was_sent(query: tuple[tuple[str, str], ...]) -> None:
    sent = canonical_query(query)
    assert sent.isascii()
    assert query_pairs(sent) == tuple(sorted(query))


def test_a_plus_is_not_a_space_and_parameters_without_a_value_count() -> None:
    assert query_pairs("b=1+2&&a&c=%20&a=x%3Dy=z") == (("b", "1+2"), ("a", ""), ("c", " "), ("a", "x=y=z"))


@pytest.mark.parametrize(
    ("path", "signed"),
    [("", "/"), ("/", "/"), ("/a/", "/a/"), ("/a$b", "/a%24b/"), ("/a%24b", "/a%24b/"), ("/a%2Fb", "/a/b/")],
)
def test_the_canonical_path_is_encoded_once_and_ends_with_a_slash(path: str, signed: str) -> None:
    assert canonical_path(path) == signed


def test_an_added_header_replaces_the_same_header_of_the_request() -> None:
    stale = {"x-sdk-date": "20000101T000000Z", "HOST": "other", "x-project-id": "other", "Authorization": "old"}
    assert sign(Signable("GET", "host", "/", headers=stale), KEY, at=NOON) == sign(
        Signable("GET", "host", "/"), KEY, at=NOON
    )


def test_headers_are_added_only_for_values_that_the_key_has() -> None:
    bare = sign(Signable("GET", "host", "/"), AccessKey("AK", "SK"), at=NOON)
    full = sign(Signable("GET", "host", "/"), AccessKey("AK", "SK", "token", "project", "domain"), at=NOON)
    assert set(bare) == {"Host", "X-Sdk-Date", "Authorization"}
    assert set(full) - set(bare) == {"X-Security-Token", "X-Project-Id", "X-Domain-Id"}


def test_the_date_is_in_utc_and_needs_a_time_zone() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=8)))
    request = Signable("GET", "host", "/")
    assert sign(request, KEY, at=east) == sign(request, KEY, at=NOON)
    assert parse_date(sign(request, KEY, at=east)["X-Sdk-Date"]) == NOON
    with pytest.raises(ValueError, match="needs a time zone"):
        sign(request, KEY, at=NOON.replace(tzinfo=None))


@pytest.mark.parametrize("text", ["", "2026-11-23T12:00:00Z", "20261323T120000Z", "Mon, 23 Nov 2026 12:00:00 GMT"])
def test_text_that_is_not_a_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "Bearer x", f"SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature={'g' * 64}", "SDK-HMAC-SHA256 Access="],
)
def test_an_authorization_of_another_form_is_none(text: str) -> None:
    assert parse_claim(text) is None


def test_a_claim_is_read_with_and_without_spaces_after_commas() -> None:
    signed = "0" * 64
    claim = Claim("AK", ("host", "x-sdk-date"), signed)
    for comma in (", ", ","):
        text = comma.join(("SDK-HMAC-SHA256 Access=AK", "SignedHeaders=Host;X-Sdk-Date", f"Signature={signed}"))
        assert parse_claim(text) == claim


def test_header_bytes_that_are_not_utf_8_are_verified_as_those_bytes() -> None:
    received = {"user-agent": b"caf\xe9".decode(errors="surrogateescape")}
    canonical = received_canonical_request("GET", "/", "", received, b"", ("user-agent",))
    assert string_to_sign("", canonical) == string_to_sign("", canonical)
    assert signature("SK", canonical) != signature("SK", canonical.replace("\udce9", "?"))


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        sign(Signable("GET", "host", "/", (("a", "\ud800"),)), KEY, at=NOON)


def test_no_secret_is_in_any_repr() -> None:
    key = AccessKey("AK", "the-secret", "the-token", "project")
    request = Signable("GET", "host", "/", headers={"X-Auth-Token": "the-header"}, body=b"the-body")
    assert "the-" not in f"{key!r}{request!r}{key}{request}"
