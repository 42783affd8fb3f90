"""Credentials are fetched once for all waiting requests, renewed before they expire, and not used after a refusal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from crawler.crawl.system_clock import SystemClock
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import EmulatorSettings, RunningEmulator, emulator
from crawler.errors import CredentialsError, TransientError
from crawler.swr.auth.credentials import AccessKeyCredentials, Credentials, TokenCredentials
from crawler.swr.auth.iam_ref import IamRef
from crawler.swr.auth.issuer import json_object, lifetime
from crawler.swr.auth.metadata import MetadataCredentials, machine_id
from crawler.swr.auth.password import PasswordCredentials, PasswordLogin
from crawler.swr.auth.refusal import explain_refusal
from crawler.swr.auth.signing import AccessKey, Signable
from crawler.swr.http.client import Client, connect
from crawler.swr.http.rate_limiter import LocalRateLimiter
from crawler.swr.request import ListRequest
from crawler.swr.response import Response

pytestmark = pytest.mark.anyio
REQUEST = ListRequest("self", None, 0, 100, None)
INVENTORY = synthetic(namespaces=2, repositories=10, seed=1)
IAM = "/v3/auth/tokens"
NAMED = IamRef("name", "n")
METADATA = "/openstack/latest/securitykey"


@asynccontextmanager
async def connected(**settings: Any) -> AsyncIterator[tuple[RunningEmulator, Client]]:  # noqa: ANN401
    async with emulator(EmulatorSettings(inventory=INVENTORY, **settings)) as served:
        rate_limiter = LocalRateLimiter(None, SystemClock())
        async with connect(served.endpoint, rate_limiter, connections=100, timeout_s=5, max_body_bytes=10**6) as client:
            yield served, client


def login(served: RunningEmulator, password: str = "emulator-password", project: str = "cn-north-4") -> PasswordLogin:  # noqa: S107
    return PasswordLogin(
        IamRef("name", "emulator-user"), IamRef("name", served.identity.domain), password, IamRef("name", project)
    )


def now() -> datetime:
    return datetime.now(UTC)


async def get_statuses(client: Client, times: int = 1) -> list[int]:
    statuses: list[int] = []

    async def send() -> None:
        statuses.append((await client.get(REQUEST)).status)

    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(send)
    return statuses


async def test_a_hundred_waiting_requests_cause_one_login() -> None:
    async with connected() as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, now)
        assert await get_statuses(client, 100) == [200] * 100
        assert served.counters()["by_path"][IAM] == 1


async def test_a_hundred_refused_requests_cause_one_renewal() -> None:
    async with connected() as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, now)
        await get_statuses(client)
        served.void_tokens()
        assert await get_statuses(client, 100) == [401] * 100
        generation = client.credentials.generation
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(client.credentials.renew, generation)
        assert await get_statuses(client) == [200]
        assert served.counters()["by_path"][IAM] == 2


async def test_a_token_is_renewed_before_it_expires() -> None:
    moment = now()
    async with connected(token_ttl_s=3600) as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, lambda: moment)
        await get_statuses(client)
        moment += timedelta(minutes=49)
        await get_statuses(client)
        assert served.counters()["by_path"][IAM] == 1
        moment += timedelta(minutes=2)
        await get_statuses(client, 7)
        assert served.counters()["by_path"][IAM] == 2


async def test_a_token_that_lives_shorter_than_the_margin_is_not_fetched_for_every_request() -> None:
    async with connected(token_ttl_s=120) as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, now)
        await get_statuses(client, 5)
        await get_statuses(client, 5)
        assert served.counters()["by_path"][IAM] == 1


@pytest.mark.parametrize("shape", ["iam", "keystone"])
async def test_a_wrong_password_is_sent_once_and_never_again(shape: str) -> None:
    async with connected(iam_errors=shape) as (served, client):
        credentials = PasswordCredentials(login(served, "wr0ng-and-secret"), served.endpoint, client.send, now)
        client.credentials = credentials
        for _ in range(3):
            with pytest.raises(CredentialsError, match=r"IAM.*HTTP 401") as refusal:
                await client.get(REQUEST)
            assert "wr0ng" not in str(refusal.value)
        with pytest.raises(CredentialsError):
            await credentials.renew(0)
        assert served.counters()["by_path"][IAM] == 1


async def test_an_unknown_project_is_a_refusal_by_iam() -> None:
    async with connected() as (served, client):
        client.credentials = PasswordCredentials(login(served, project="nowhere"), served.endpoint, client.send, now)
        with pytest.raises(CredentialsError, match="IAM"):
            await client.get(REQUEST)


async def test_a_throttled_login_may_be_retried() -> None:
    async with connected(faults=(parse_fault("throttle-tokens:first=1"),)) as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, now)
        with pytest.raises(TransientError):
            await client.get(REQUEST)
        assert await get_statuses(client) == [200]


async def test_the_message_names_an_endpoint_that_is_not_iam() -> None:
    async with connected() as (served, client):
        client.credentials = PasswordCredentials(login(served), f"{served.endpoint}/v2", client.send, now)
        with pytest.raises(CredentialsError, match="IAM"):
            await client.get(REQUEST)


def key(served: RunningEmulator, **changed: Any) -> AccessKey:  # noqa: ANN401
    identity = served.identity
    given = {"ak": identity.ak, "sk": identity.sk, "project_id": identity.project_id}
    return AccessKey(**{**given, **changed})


async def test_a_key_signs_the_bytes_that_are_sent() -> None:
    async with connected() as (served, client):
        client.credentials = AccessKeyCredentials(key(served), now)
        assert await get_statuses(client, 20) == [200] * 20
        filtered = ListRequest("self", "namespace", 0, 100, None, filtered=True)
        assert (await client.get(filtered)).status == 200


async def test_a_hundred_concurrent_requests_use_a_refused_key_once() -> None:
    async with connected() as (served, client):
        client.credentials = AccessKeyCredentials(key(served, sk="wrong"), now)

        async def get_until_refused() -> None:
            if (await client.get(REQUEST)).status == 401:
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(get_until_refused)
        assert served.counters()["by_status"] == {"401": 1}


async def test_one_refusal_of_a_key_is_asked_about_once_more_and_two_are_final() -> None:
    async with connected() as (served, client):
        client.credentials = AccessKeyCredentials(key(served, sk="wrong"), now)
        assert await get_statuses(client, 100) == [401] * 100
        assert served.counters()["by_status"] == {"401": 2}


async def test_a_key_that_was_accepted_and_is_refused_once_is_used_on() -> None:
    faults = (parse_fault("unauthorized:after_requests=5,times=1"),)
    async with connected(faults=faults) as (served, client):
        client.credentials = AccessKeyCredentials(key(served), now)
        assert await get_statuses(client, 5) == [200] * 5
        assert sorted(await get_statuses(client, 20)) == [200] * 19 + [401]
        assert served.counters()["by_status"] == {"200": 24, "401": 1}


@pytest.mark.parametrize("ahead_s", [-86_400, -3_600 * 30, 86_400, 7])
async def test_a_token_is_judged_by_the_clock_of_its_issuer(ahead_s: int) -> None:
    faults = (parse_fault(f"skew-tokens:by_s={ahead_s}"),)
    async with connected(faults=faults) as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, now)
        assert await get_statuses(client, 30) == [200] * 30
        assert await get_statuses(client, 30) == [200] * 30
        assert served.counters()["by_path"][IAM] == 1


@pytest.mark.parametrize(
    ("fields", "headers", "hours"),
    [
        ({"expires_at": "2026-11-24T12:00:00Z"}, {"Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 24),
        ({"expires_at": "2026-11-24T12:00:00Z", "issued_at": "2026-11-23T12:00:00Z"}, {}, 24),
        # Issued before, and sent again: what is left of it counts.
        (
            {"expires_at": "2026-11-24T12:00:00Z", "issued_at": "2026-11-23T12:00:00Z"},
            {"Date": "Tue, 24 Nov 2026 10:00:00 GMT"},
            2,
        ),
        # A gateway whose own clock is wrong.
        (
            {"expires_at": "2026-11-24T12:00:00Z", "issued_at": "2026-11-23T12:00:00Z"},
            {"Date": "Thu, 26 Nov 2026 12:00:00 GMT"},
            24,
        ),
        ({"expires_at": "2026-11-22T12:00:00Z"}, {"Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 1),
        ({"expires_at": "2026-11-23T15:00:00"}, {}, 3),
        ({"expires_at": "tomorrow"}, {"Date": "Mon, 23 Nov 2026 12:00:00 GMT"}, 1),
        ({}, {}, 1),
    ],
)
def test_how_long_a_grant_is_valid_is_told_by_its_issuer(
    fields: dict[str, str], headers: dict[str, str], hours: int
) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert lifetime(Response(201, headers, b""), fields, "expires_at", now=noon) == timedelta(hours=hours)


async def test_a_ready_token_and_a_permanent_key_cannot_be_renewed() -> None:
    for credentials in (TokenCredentials("t"), AccessKeyCredentials(AccessKey("a", "s"), now)):
        assert not await credentials.renew(0)


@pytest.mark.parametrize("mode", ["handshake", "put-404", "put-405", "put-503", "refuse-once"])
async def test_temporary_keys_come_from_the_metadata_service(mode: str) -> None:
    async with connected(metadata=mode) as (served, client):
        credentials: Credentials = MetadataCredentials(served.endpoint, served.identity.project_id, client.send, now)
        client.credentials = credentials
        assert await get_statuses(client, 50) == [200] * 50
        assert served.counters()["by_path"][METADATA] <= 2
        assert credentials.generation == 1
        await credentials.renew(1)
        assert credentials.generation == 2
        assert await get_statuses(client) == [200]


@pytest.mark.parametrize(
    ("mode", "message"),
    [("no-agency", "metadata"), ("off", "metadata"), ("silent", "does not respond; if this machine is not an ECS")],
)
async def test_a_machine_without_keys_is_an_error_that_says_so(
    monkeypatch: pytest.MonkeyPatch, mode: str, message: str
) -> None:
    monkeypatch.setattr("crawler.swr.auth.metadata._TIMEOUT_S", 0.3)
    async with connected(metadata=mode) as (served, client):
        client.credentials = MetadataCredentials(served.endpoint, None, client.send, now)
        with pytest.raises(CredentialsError, match=message):
            await client.get(REQUEST)
        served.release_connections()


@pytest.mark.parametrize("mode", ["handshake", "put-404", "put-405", "put-503", "no-agency"])
async def test_a_machine_tells_its_id_whether_or_not_it_wants_a_handshake(mode: str) -> None:
    async with connected(metadata=mode, machine_id="ecs-7") as (served, client):
        assert await machine_id(served.endpoint, client.send) == "ecs-7"


@pytest.mark.parametrize("mode", ["off", "silent"])
async def test_a_machine_that_does_not_tell_its_id_has_none(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setattr("crawler.swr.auth.metadata._ID_TIMEOUT_S", 0.3)
    async with connected(metadata=mode) as (served, client):
        assert await machine_id(served.endpoint, client.send) == ""
        served.release_connections()
        assert await machine_id("http://127.0.0.1:1", client.send) == ""  # nothing listens there


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"uuid":7}', b'{"id":"ecs-7"}'])
async def test_a_body_without_an_id_names_no_machine(body: bytes) -> None:
    async def send(*_: object, **__: object) -> Response:
        return Response(200, {}, body)

    assert await machine_id("http://metadata", send) == ""


async def test_a_key_with_a_security_token_signs_the_token_too() -> None:
    async with connected(security_token="MIItemporary") as (served, client):
        client.credentials = AccessKeyCredentials(key(served, security_token="MIItemporary"), now)
        assert await get_statuses(client, 5) == [200] * 5


@pytest.mark.parametrize("body", [b"[]", b'{"credential":["x"]}', b'{"credential":{"access":"x"}}'])
async def test_a_response_without_a_token_or_a_key_is_an_error_that_says_so(body: bytes) -> None:
    async def send(*_: object, **__: object) -> Response:
        return Response(200, {}, body)

    def request() -> Signable:
        return Signable("GET", "h", "/")

    for credentials in (
        PasswordCredentials(PasswordLogin(NAMED, NAMED, "p", NAMED), "http://iam", send, now),
        MetadataCredentials("http://metadata", None, send, now),
    ):
        with pytest.raises(CredentialsError, match=r"holds no token|returned no key"):
            await credentials.headers(request)


async def test_a_grant_that_does_not_say_when_it_expires_is_kept_for_a_while() -> None:
    fetched = 0

    async def grant(*_: object, **__: object) -> Response:
        nonlocal fetched
        fetched += 1
        return Response(201, {"X-Subject-Token": "MII"}, b"not even json")

    credentials = PasswordCredentials(PasswordLogin(NAMED, NAMED, "p", NAMED), "http://iam", grant, now)
    for _ in range(3):
        assert await credentials.headers(lambda: Signable("GET", "h", "/")) == {"X-Auth-Token": "MII"}
    assert fetched == 1


def test_a_refusal_is_explained_by_the_clock_the_lock_or_the_credentials() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert "40 minutes ahead of" in explain_refusal("", noon - timedelta(minutes=40), noon)
    assert "20 minutes behind" in explain_refusal("", noon + timedelta(minutes=20), noon)
    assert "locked" in explain_refusal("AK access failed to reach the limit,forbidden", noon, noon)
    assert "fresh" in explain_refusal("", None, noon)


def test_no_secret_is_in_any_repr() -> None:
    secret = "s3cret"
    text = repr(
        (
            PasswordLogin(NAMED, NAMED, secret, NAMED),
            AccessKey("ak", secret, secret),
            TokenCredentials(secret),
            AccessKeyCredentials(AccessKey("a", secret), now),
        )
    )
    assert secret not in text


def test_an_answer_that_is_larger_than_any_grant_is_not_decoded() -> None:
    grant = b'{"token":{"expires_at":"2026-01-01T00:00:00Z","catalog":"%b"}}'
    assert json_object(grant % (b"x" * 900_000))["token"]["expires_at"] == "2026-01-01T00:00:00Z"
    assert json_object(grant % (b"x" * 1_100_000)) == {}


# ---- what is masked


@pytest.mark.parametrize("method", ["password", "metadata"])
async def test_of_issued_secrets_the_last_ones_are_remembered_however_many_came(method: str) -> None:
    async with connected() as (served, client):
        credentials: Credentials = (
            PasswordCredentials(login(served), served.endpoint, client.send, now)
            if method == "password"
            else MetadataCredentials(served.endpoint, "0" * 32, client.send, now)
        )
        sent: list[str] = []
        remembered: list[int] = []
        for generation in range(12):
            headers = await credentials.headers(lambda: Signable("GET", "localhost", "/", (), {}))
            sent.append(headers.get("X-Auth-Token") or headers["X-Security-Token"])
            assert sent[-1] in credentials.secrets
            assert generation == 0 or sent[-2] in credentials.secrets  # it may be in an answer on its way
            remembered.append(len(credentials.secrets))
            await credentials.renew(credentials.generation)
    assert len(set(sent)) == 12
    assert remembered[-1] == remembered[-2] <= 18
    assert sent[0] not in credentials.secrets
    assert ("emulator-password" in credentials.secrets) == (method == "password")


async def test_an_answer_that_repeats_a_token_that_was_forgotten_since_is_masked_by_its_own_request() -> None:
    fault = parse_fault("echo-request:every=1,where=message")
    token = "forgotten-0123456789-token"
    async with connected(faults=(fault,), token=token) as (served, client):
        response = await client.send(
            "GET", f"{served.endpoint}{REQUEST.path}?limit=1&offset=0", {"X-Auth-Token": token}
        )
    assert response.body.count(token.encode()) == 1
    assert response.mask(response.body.decode()) == response.body.decode().replace(token, "***")
