"""Whatever an issuer sends as a grant, it is used for a time that exists, or refused by a line; never an exception."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import EmulatorSettings, emulator
from crawler.errors import CredentialsError
from crawler.swr.auth.iam_ref import IamRef
from crawler.swr.auth.issuer import can_be_sent, lifetime
from crawler.swr.auth.metadata import MetadataCredentials, machine_id
from crawler.swr.auth.password import PasswordCredentials, PasswordLogin
from crawler.swr.auth.refreshing_grant import Grant, RefreshingGrant
from crawler.swr.request import ListRequest
from crawler.swr.response import Response
from tests.support.handler_client import client_of
from tests.swr.http.raw_server import client_of as plain_client
from tests.swr.http.raw_server import raw_server

REQUEST: Final = ListRequest("self", None, 0, 10, None)
MONTH: Final = timedelta(days=30)
LAST: Final = "9999-12-31T23:59:59.999999Z"
IAM: Final = "/v3/auth/tokens"
INVENTORY: Final = synthetic(namespaces=1, repositories=10, seed=1)

offsets = st.sampled_from(["", "Z", "+00:00", "+23:59", "-23:59", "+14:00", "-00:00:00.000001"])
times = st.one_of(
    st.sampled_from(
        [LAST, "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "0001-01-01", "-1"]
    ),
    st.builds(lambda moment, offset: moment.isoformat() + offset, st.datetimes(), offsets),
    st.text(max_size=40),
)
dates = st.one_of(
    st.datetimes(timezones=st.just(UTC)).map(lambda moment: format_datetime(moment, usegmt=True)),
    st.sampled_from(
        ["", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 +2359", "Mon, 32 Nov 2026 12:00:00 GMT"]
    ),
    st.text(max_size=40),
)
CLOCKS: Final = [datetime.min.replace(tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
clocks = st.datetimes(timezones=st.just(UTC)) | st.sampled_from(CLOCKS)


@given(times, st.none() | times, st.none() | dates, clocks)
def test_a_grant_is_valid_for_more_than_nothing_and_at_most_a_month(
    expires_at: str, issued_at: str | None, date: str | None, now: datetime
) -> None:
    fields = {"expires_at": expires_at} | ({} if issued_at is None else {"issued_at": issued_at})
    response = Response(201, {} if date is None else {"Date": date}, b"")
    assert timedelta() < lifetime(response, fields, "expires_at", now=now) <= MONTH


@pytest.mark.anyio
@pytest.mark.parametrize("valid_for", [timedelta(microseconds=1), timedelta(hours=1), timedelta.max], ids=str)
@pytest.mark.parametrize("now", CLOCKS, ids=str)
async def test_a_grant_of_any_lifetime_is_fetched_once_at_any_date(now: datetime, valid_for: timedelta) -> None:
    fetched = 0

    async def fetch() -> Grant[str]:
        nonlocal fetched
        fetched += 1
        return Grant("t", valid_for)

    grant = RefreshingGrant(fetch, timedelta(minutes=10), lambda: now)
    assert [await grant.get() for _ in range(3)] == ["t"] * 3
    assert fetched == 1


@pytest.mark.anyio
@pytest.mark.parametrize("expires_at", [LAST, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "never"])
async def test_a_token_with_an_odd_expiry_is_used_for_all_requests(expires_at: str) -> None:
    faults = (parse_fault(f"odd-expiry:expires_at={expires_at}"),)
    async with emulator(EmulatorSettings(inventory=INVENTORY, faults=faults)) as served:
        user, account = IamRef("name", "emulator-user"), IamRef("name", served.identity.domain)
        login = PasswordLogin(user, account, "emulator-password", IamRef("name", "cn-north-4"))
        async with plain_client(served.endpoint) as client:
            client.credentials = PasswordCredentials(login, served.endpoint, client.send, lambda: datetime.now(UTC))
            assert [(await client.get(REQUEST)).status for _ in range(5)] == [200] * 5
        assert served.counters()["by_path"][IAM] == 1


KEY: Final = {"access": "ak", "secret": "sk", "securitytoken": "st", "expires_at": LAST}


async def statuses_with_key(fields: Mapping[str, str], session_token: bytes = b"session") -> list[int]:
    """Return the statuses of three requests with the keys of a metadata service that grants these fields."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "PUT":
            return web.Response(body=session_token)
        is_key = request.raw_path.endswith("/securitykey")
        return web.Response(body=orjson.dumps({"credential": {**KEY, **fields}}) if is_key else b"[]")

    async with client_of(handle, max_body_bytes=10**7) as client:
        endpoint = str(client._origin)  # noqa: SLF001 - of this server
        client.credentials = MetadataCredentials(endpoint, None, client.send, lambda: datetime.now(UTC))
        try:
            return [(await client.get(REQUEST)).status for _ in range(3)]
        finally:
            assert await machine_id(endpoint, client.send) == ""


@pytest.mark.anyio
async def test_a_key_that_never_expires_is_used() -> None:
    assert await statuses_with_key({}) == [200] * 3


@pytest.mark.anyio
@pytest.mark.parametrize("value", ["a\nb", "a\0b", "a\x7f", "x" * 500_000], ids=["newline", "NUL", "DEL", "long"])
@pytest.mark.parametrize("name", ["access", "secret", "securitytoken"])
async def test_a_key_that_no_header_can_hold_is_no_key(name: str, value: str) -> None:
    with pytest.raises(CredentialsError, match="returned no key"):
        await statuses_with_key({name: value})


@pytest.mark.anyio
@pytest.mark.parametrize("session_token", [b"a\r\nb: c", b"a\0b", b"x" * 500_000], ids=["lines", "NUL", "long"])
async def test_a_session_token_that_no_header_can_hold_is_none(session_token: bytes) -> None:
    with pytest.raises(CredentialsError, match="returned no session token"):
        await statuses_with_key({}, session_token)


@pytest.mark.anyio
async def test_a_token_that_no_header_can_hold_is_none() -> None:
    head = b"HTTP/1.1 201 Created\r\nX-Subject-Token: a\x01b\r\nContent-Length: 2\r\n\r\n"
    async with raw_server(head + b"{}") as endpoint, plain_client(endpoint) as client:
        named = IamRef("name", "n")
        login = PasswordLogin(named, named, "a password", named)
        client.credentials = PasswordCredentials(login, endpoint, client.send, lambda: datetime.now(UTC))
        with pytest.raises(CredentialsError, match="holds no token"):
            await client.get(REQUEST)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=50))
def test_every_other_text_can_be_sent(secret: str) -> None:
    assert can_be_sent(secret)
