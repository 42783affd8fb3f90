"""Credentials are fetched once for all who wait, renewed before they end, and a refusal is not repeated."""

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
from crawler.swr.auth.credentials import (
    AccessKeyCredentials,
    Credentials,
    MetadataCredentials,
    PasswordCredentials,
    PasswordLogin,
    TokenCredentials,
    explain_refusal,
)
from crawler.swr.auth.signing import AccessKey, Signable
from crawler.swr.http.client import Client, connect
from crawler.swr.http.rate_limiter import RateLimiter
from crawler.swr.request import ListRequest
from crawler.swr.response import Response

pytestmark = pytest.mark.anyio
QUERY = ListRequest("self", None, 0, 100, None)
INVENTORY = synthetic(namespaces=2, repositories=10, seed=1)
IAM = "/v3/auth/tokens"
METADATA = "/openstack/latest/securitykey"


@asynccontextmanager
async def talking(**settings: Any) -> AsyncIterator[tuple[RunningEmulator, Client]]:  # noqa: ANN401
    async with emulator(EmulatorSettings(inventory=INVENTORY, **settings)) as served:
        pace = RateLimiter(None, SystemClock())
        async with connect(served.endpoint, pace, connections=100, timeout_s=5, max_body_bytes=10**6) as client:
            yield served, client


def login(served: RunningEmulator, password: str = "emulator-password", project: str = "cn-north-4") -> PasswordLogin:  # noqa: S107
    return PasswordLogin("emulator-user", served.identity.domain, password, {"name": project})


def now() -> datetime:
    return datetime.now(UTC)


async def statuses(client: Client, times: int = 1) -> list[int]:
    found: list[int] = []

    async def ask() -> None:
        found.append((await client.get(QUERY)).status)

    async with anyio.create_task_group() as tasks:
        for _ in range(times):
            tasks.start_soon(ask)
    return found


async def test_a_hundred_waiting_requests_cause_one_login() -> None:
    async with talking() as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, now)
        assert await statuses(client, 100) == [200] * 100
        assert served.counters()["by_path"][IAM] == 1


async def test_a_hundred_refused_requests_cause_one_renewal() -> None:
    async with talking() as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, now)
        await statuses(client)
        served.void_tokens()
        assert await statuses(client, 100) == [401] * 100
        generation = client.credentials.generation
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(client.credentials.renew, generation)
        assert await statuses(client) == [200]
        assert served.counters()["by_path"][IAM] == 2


async def test_a_token_is_renewed_before_it_ends() -> None:
    moment = now()
    async with talking(token_ttl_s=3600) as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, lambda: moment)
        await statuses(client)
        moment += timedelta(minutes=49)
        await statuses(client)
        assert served.counters()["by_path"][IAM] == 1
        moment += timedelta(minutes=2)
        await statuses(client, 7)
        assert served.counters()["by_path"][IAM] == 2


async def test_a_token_shorter_than_the_lead_is_not_asked_for_with_every_request() -> None:
    async with talking(token_ttl_s=120) as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, now)
        await statuses(client, 5)
        await statuses(client, 5)
        assert served.counters()["by_path"][IAM] == 1


@pytest.mark.parametrize("shape", ["iam", "keystone"])
async def test_a_wrong_password_is_said_once_and_never_tried_again(shape: str) -> None:
    async with talking(iam_errors=shape) as (served, client):
        credentials = PasswordCredentials(login(served, "wr0ng-and-secret"), served.endpoint, client.send, now)
        client.credentials = credentials
        for _ in range(3):
            with pytest.raises(CredentialsError, match=r"IAM.*HTTP 401") as refusal:
                await client.get(QUERY)
            assert "wr0ng" not in str(refusal.value)
        with pytest.raises(CredentialsError):
            await credentials.renew(0)
        assert served.counters()["by_path"][IAM] == 1


async def test_an_unknown_project_is_a_refusal() -> None:
    async with talking() as (served, client):
        client.credentials = PasswordCredentials(login(served, project="nowhere"), served.endpoint, client.send, now)
        with pytest.raises(CredentialsError, match="IAM"):
            await client.get(QUERY)


async def test_a_throttled_login_may_be_tried_again() -> None:
    async with talking(faults=(parse_fault("throttle-tokens:first=1"),)) as (served, client):
        client.credentials = PasswordCredentials(login(served), served.endpoint, client.send, now)
        with pytest.raises(TransientError):
            await client.get(QUERY)
        assert await statuses(client) == [200]


async def test_a_service_that_is_no_iam_is_named() -> None:
    async with talking() as (served, client):
        client.credentials = PasswordCredentials(login(served), f"{served.endpoint}/v2", client.send, now)
        with pytest.raises(CredentialsError, match="IAM"):
            await client.get(QUERY)


def key(served: RunningEmulator, **changed: Any) -> AccessKey:  # noqa: ANN401
    identity = served.identity
    given = {"ak": identity.ak, "sk": identity.sk, "project_id": identity.project_id}
    return AccessKey(**{**given, **changed})


async def test_a_key_signs_what_goes_over_the_wire() -> None:
    async with talking() as (served, client):
        client.credentials = AccessKeyCredentials(key(served), now)
        assert await statuses(client, 20) == [200] * 20
        odd = ListRequest("self", "namespace", 0, 100, None, filtered=True)
        assert (await client.get(odd)).status == 200


async def test_a_refused_key_is_shown_once_and_not_by_a_hundred_requests_at_a_time() -> None:
    async with talking() as (served, client):
        client.credentials = AccessKeyCredentials(key(served, sk="wrong"), now)

        async def ask_until_refused() -> None:
            if (await client.get(QUERY)).status == 401:
                tasks.cancel_scope.cancel()

        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(ask_until_refused)
        assert served.counters()["by_status"] == {"401": 1}


async def test_a_key_knows_no_renewal() -> None:
    for credentials in (TokenCredentials("t"), AccessKeyCredentials(AccessKey("a", "s"), now)):
        assert not await credentials.renew(0)


@pytest.mark.parametrize("mode", ["handshake", "put-404", "put-405", "put-503", "refuse-once"])
async def test_temporary_keys_come_from_the_machines_own_metadata(mode: str) -> None:
    async with talking(metadata=mode) as (served, client):
        credentials: Credentials = MetadataCredentials(served.endpoint, served.identity.project_id, client.send, now)
        client.credentials = credentials
        assert await statuses(client, 50) == [200] * 50
        assert served.counters()["by_path"][METADATA] <= 2
        assert credentials.generation == 1
        await credentials.renew(1)
        assert credentials.generation == 2
        assert await statuses(client) == [200]


@pytest.mark.parametrize(
    ("mode", "words"), [("no-agency", "metadata"), ("off", "metadata"), ("silent", "does not answer; is this an ECS")]
)
async def test_a_machine_without_keys_says_so(monkeypatch: pytest.MonkeyPatch, mode: str, words: str) -> None:
    monkeypatch.setattr("crawler.swr.auth.credentials._METADATA_S", 0.3)
    async with talking(metadata=mode) as (served, client):
        client.credentials = MetadataCredentials(served.endpoint, None, client.send, now)
        with pytest.raises(CredentialsError, match=words):
            await client.get(QUERY)
        served.release_connections()


async def test_a_key_with_a_security_token_signs_that_too() -> None:
    async with talking(security_token="MIItemporary") as (served, client):
        client.credentials = AccessKeyCredentials(key(served, security_token="MIItemporary"), now)
        assert await statuses(client, 5) == [200] * 5


async def test_an_answer_that_holds_no_token_or_no_key_is_named() -> None:
    async def nothing(*_: object, **__: object) -> Response:
        return Response(200, {}, b"[]")

    def request() -> Signable:
        return Signable("GET", "h", "/")

    for credentials in (
        PasswordCredentials(PasswordLogin("u", "a", "p", {}), "http://iam", nothing, now),
        MetadataCredentials("http://metadata", None, nothing, now),
    ):
        with pytest.raises(CredentialsError, match=r"without a token|gave no key"):
            await credentials.headers(request)


async def test_a_grant_that_does_not_say_when_it_ends_is_kept_for_a_while() -> None:
    asked = 0

    async def grant(*_: object, **__: object) -> Response:
        nonlocal asked
        asked += 1
        return Response(201, {"X-Subject-Token": "MII"}, b"not even json")

    credentials = PasswordCredentials(PasswordLogin("u", "a", "p", {}), "http://iam", grant, now)
    for _ in range(3):
        assert await credentials.headers(lambda: Signable("GET", "h", "/")) == {"X-Auth-Token": "MII"}
    assert asked == 1


def test_a_clock_that_is_wrong_is_said_to_be_wrong() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    late = explain_refusal("", noon - timedelta(minutes=40), noon)
    assert "40 minutes ahead of" in late
    assert "20 minutes behind" in explain_refusal("", noon + timedelta(minutes=20), noon)
    assert "locked" in explain_refusal("AK access failed to reach the limit,forbidden", noon, noon)
    assert "fresh" in explain_refusal("", None, noon)


def test_no_secret_is_in_any_repr() -> None:
    secret = "s3cret"
    shown = repr(
        (
            PasswordLogin("u", "a", secret, {}),
            AccessKey("ak", secret, secret),
            TokenCredentials(secret),
            AccessKeyCredentials(AccessKey("a", secret), now),
        )
    )
    assert secret not in shown
