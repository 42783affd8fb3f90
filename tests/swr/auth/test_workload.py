"""Temporary keys for an identity token: asked for once, with the token as it is then, renewed, refused in words."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
import pytest
from aiohttp import web

from crawler.crawl.system_clock import SystemClock
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.request import ASSUME_WITH_OIDC, FEDERATED_TOKENS, POD_CREDENTIALS, SECURITY_TOKENS
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import EmulatorSettings, RunningEmulator, emulator
from crawler.errors import CredentialsError, ErrorDetails, RouteError, TransientError
from crawler.swr.auth.credentials import Credentials
from crawler.swr.auth.identity_token import IdentityToken
from crawler.swr.auth.issuer import Send
from crawler.swr.auth.signing import Signable
from crawler.swr.auth.workload import FederatedCredentials, OidcCredentials, OidcSession, PodIdentityCredentials
from crawler.swr.http.client import Client, connect
from crawler.swr.http.rate_limiter import LocalRateLimiter
from crawler.swr.request import ListRequest
from crawler.swr.response import Response
from tests.support.handler_client import client_of

pytestmark = pytest.mark.anyio
REQUEST: Final = ListRequest("self", None, 0, 100, None)
INVENTORY: Final = synthetic(namespaces=1, repositories=10, seed=1)
TOKEN: Final = "emulator-id-token"
PLACE: Final = "TOKEN_FILE (/run/t)"
METHODS: Final = ("oidc", "idp", "pod-identity")
# The last request of each exchange.
PATHS: Final = {"oidc": ASSUME_WITH_OIDC, "idp": SECURITY_TOKENS, "pod-identity": POD_CREDENTIALS}

Now = Callable[[], datetime]


def real_now() -> datetime:
    return datetime.now(UTC)


def session_of(served: RunningEmulator, **changed: Any) -> OidcSession:  # noqa: ANN401 - the fields of a session
    own = served.identity
    given = {"provider_urn": own.provider_urn, "agency_urn": own.agency_urn, "session_name": "s", "duration_s": 3600}
    return OidcSession(**{**given, **changed})


def credentials_of(
    method: str, served: RunningEmulator, send: Send, read: Callable[[], str] = lambda: TOKEN, now: Now = real_now
) -> Credentials:
    own, token = served.identity, IdentityToken(read, PLACE)
    if method == "oidc":
        return OidcCredentials(session_of(served), served.endpoint, token, own.project_id, send, now)
    if method == "idp":
        return FederatedCredentials(own.idp, served.endpoint, token, own.project_id, send, now)
    return PodIdentityCredentials(served.endpoint + POD_CREDENTIALS, token, own.project_id, send, now)


@asynccontextmanager
async def connected(**settings: Any) -> AsyncIterator[tuple[RunningEmulator, Client]]:  # noqa: ANN401
    async with emulator(EmulatorSettings(inventory=INVENTORY, **settings)) as served:
        limiter = LocalRateLimiter(None, SystemClock())
        async with connect(served.endpoint, limiter, connections=10, timeout_s=5, max_body_bytes=10**6) as client:
            yield served, client


async def statuses(client: Client, times: int) -> list[int]:
    return [(await client.get(REQUEST)).status for _ in range(times)]


@pytest.mark.parametrize("method", METHODS)
async def test_one_exchange_is_enough_for_all_requests_until_the_key_is_due(method: str) -> None:
    moment = real_now()
    async with connected(temporary_ttl_s=3600) as (served, client):
        client.credentials = credentials_of(method, served, client.send, now=lambda: moment)
        assert await statuses(client, 5) == [200] * 5
        moment += timedelta(minutes=29)
        assert (client.credentials.generation, client.credentials.locks_on_failure) == (1, False)
        moment += timedelta(minutes=2)  # half of its hour, since 40 minutes before its end is earlier than that
        assert served.counters()["by_path"][PATHS[method]] == 1
        await client.credentials.headers(lambda: Signable("GET", "h", "/"))
        assert served.counters()["by_path"][PATHS[method]] == 2
        assert client.credentials.generation == 2
        assert await client.credentials.renew(1)
        assert client.credentials.generation == 2


@pytest.mark.parametrize("method", METHODS)
async def test_the_identity_token_is_read_anew_for_each_key(method: str) -> None:
    tokens = iter(["first-token", TOKEN])
    async with connected(id_token="first-token") as (served, client):
        client.credentials = credentials_of(method, served, client.send, lambda: next(tokens))
        assert await statuses(client, 2) == [200] * 2
        with pytest.raises(CredentialsError):
            await client.credentials.renew(1)  # the emulator takes the first one only: the second was sent
        assert served.counters()["by_path"][PATHS[method] if method != "idp" else FEDERATED_TOKENS] == 2


@pytest.mark.parametrize("method", METHODS)
async def test_a_refused_token_is_sent_once_and_the_message_says_where_it_is_and_what_to_check(method: str) -> None:
    async with connected() as (served, client):
        client.credentials = credentials_of(method, served, client.send, lambda: "wr0ng-and-secret")
        for _ in range(3):
            with pytest.raises(CredentialsError, match=r"refused .* for the identity token in TOKEN_FILE") as caught:
                await client.get(REQUEST)
            message = str(caught.value)
            assert "HTTP 401" in message
            assert "; check " in message
            assert "then rerun the command" in message
            assert "wr0ng" not in message
        assert served.counters()["requests"] == 1


async def test_another_agency_or_provider_is_a_refusal_that_names_the_agency() -> None:
    async with connected() as (served, client):
        for changed in ({"agency_urn": "iam::0:agency:other"}, {"provider_urn": "other"}):
            session = session_of(served, **changed)
            token = IdentityToken(lambda: TOKEN, PLACE)
            client.credentials = OidcCredentials(session, served.endpoint, token, None, client.send, real_now)
            with pytest.raises(CredentialsError, match=f"temporary keys of agency {session.agency_urn} for"):
                await client.get(REQUEST)


async def test_an_unknown_identity_provider_is_a_refusal_that_names_it() -> None:
    async with connected() as (served, client):
        token = IdentityToken(lambda: TOKEN, PLACE)
        client.credentials = FederatedCredentials("gitlab", served.endpoint, token, None, client.send, real_now)
        with pytest.raises(CredentialsError, match="refused a token of identity provider gitlab"):
            await client.get(REQUEST)


async def test_a_policy_of_the_session_is_sent_as_it_is() -> None:
    session = OidcSession("p", "a", "s", 900, '{"a":\n"é"}', ("one", "two"))
    assert orjson.loads(session.body("t")) == {
        "provider_urn": "p",
        "agency_urn": "a",
        "agency_session_name": "s",
        "id_token": "t",
        "duration_seconds": 900,
        "policy": '{"a":\n"é"}',
        "policy_ids": ["one", "two"],
    }
    plain = orjson.loads(OidcSession("p", "a", "s", 900, None).body("t"))
    assert "policy" not in plain
    assert "policy_ids" not in plain


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", ["throttle-tokens:first=1", "fail-tokens:first=1"])
async def test_an_issuer_that_is_busy_may_be_asked_again(method: str, fault: str) -> None:
    async with connected(faults=(parse_fault(fault),)) as (served, client):
        client.credentials = credentials_of(method, served, client.send)
        with pytest.raises(TransientError):
            await client.get(REQUEST)
        assert await statuses(client, 1) == [200]


async def test_an_iam_that_is_too_busy_for_keys_is_not_asked_for_another_token() -> None:
    async with connected(faults=(parse_fault("throttle-tokens:every=2"),)) as (served, client):
        client.credentials = credentials_of("idp", served, client.send)
        with pytest.raises(TransientError):
            await client.credentials.renew(0)
        assert await client.credentials.renew(0)
        assert client.credentials.generation == 1
        by_path = served.counters()["by_path"]
        assert (by_path[FEDERATED_TOKENS], by_path[SECURITY_TOKENS]) == (1, 2)
        with pytest.raises(TransientError):  # the token is used up: the next keys need another one
            await client.credentials.renew(1)
        assert served.counters()["by_path"][FEDERATED_TOKENS] == 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ahead_s", [-86_400, 86_400, 7])
async def test_a_key_is_judged_by_the_clock_of_its_issuer(method: str, ahead_s: int) -> None:
    async with connected(faults=(parse_fault(f"skew-tokens:by_s={ahead_s}"),)) as (served, client):
        client.credentials = credentials_of(method, served, client.send)
        assert await statuses(client, 10) == [200] * 10
        assert served.counters()["by_path"][PATHS[method]] == 1


@pytest.mark.parametrize("method", METHODS)
async def test_a_key_that_never_expires_is_one_for_a_month(method: str) -> None:
    async with connected(faults=(parse_fault("odd-expiry"),)) as (served, client):
        client.credentials = credentials_of(method, served, client.send)
        assert await statuses(client, 3) == [200] * 3
        assert served.counters()["by_path"][PATHS[method]] == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("spelled", ["plain", "percent", "html", "base64", "json"])
async def test_an_issuer_that_repeats_the_request_shows_nobody_the_token(method: str, spelled: str) -> None:
    async with connected(faults=(parse_fault(f"echo-login:spelled={spelled}"),)) as (served, client):
        secret = 'id-token-"0123456789'
        client.credentials = credentials_of(method, served, client.send, lambda: secret)
        with pytest.raises(CredentialsError) as caught:
            await client.get(REQUEST)
        assert "0123456789" not in str(caught.value)
        assert secret in client.credentials.secrets


@pytest.mark.parametrize("method", METHODS)
async def test_every_secret_of_an_exchange_is_known_for_masking(method: str) -> None:
    async with connected() as (served, client):
        client.credentials = credentials_of(method, served, client.send)
        headers = await client.credentials.headers(lambda: Signable("GET", "h", "/"))
        secrets = client.credentials.secrets
        assert {TOKEN, headers["X-Security-Token"]} <= set(secrets)
        assert any(secret.startswith("MII") for secret in secrets) == (method == "idp")


# ---- what an issuer may answer instead


ODD: Final = {
    "no key": web.Response(body=b"{}"),
    "half a key": web.Response(body=b'{"credentials":{"access_key_id":"a"}}'),
    "a list": web.Response(body=b"[]"),
    "a page": web.Response(body=b"<html>log in</html>", content_type="text/html"),
    "a key of control characters": web.Response(
        body=orjson.dumps({"credentials": {"access_key_id": "a", "secret_access_key": "s\n", "security_token": "t"}})
    ),
    "nothing": web.Response(status=204),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("odd", sorted(ODD))
async def test_an_answer_without_a_key_is_refused_in_words(method: str, odd: str) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == FEDERATED_TOKENS:
            return web.Response(status=201, headers={"X-Subject-Token": "MII"})
        given = ODD[odd]
        return web.Response(status=given.status, body=given.body, content_type=given.content_type)

    async with client_of(answer) as client:
        credentials = at_handler(method, client)
        with pytest.raises(CredentialsError, match=r"returned no key; check "):
            await credentials.headers(lambda: Signable("GET", "h", "/"))


async def test_a_response_without_a_federated_token_is_refused_in_words() -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(status=201)

    async with client_of(answer) as client:
        with pytest.raises(CredentialsError, match="holds no token; check iam_endpoint"):
            await at_handler("idp", client).headers(lambda: Signable("GET", "h", "/"))


@pytest.mark.parametrize("method", METHODS)
async def test_a_redirect_of_an_issuer_is_not_followed(method: str) -> None:
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "http://evil.example/steal"})

    async with client_of(answer) as client:
        with pytest.raises(CredentialsError, match="redirects are not followed"):
            await at_handler(method, client).headers(lambda: Signable("GET", "h", "/"))
    assert len(asked) == 1


async def test_an_agent_that_repeats_the_header_shows_nobody_the_token() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        said = {"error_code": "X.1", "error_msg": f"bad token {request.headers['Authorization']}"}
        return web.Response(status=403, body=orjson.dumps(said))

    async with client_of(answer) as client:
        client.credentials = at_handler("pod-identity", client)
        with pytest.raises(CredentialsError, match=r"X\.1: bad token \*\*\*") as caught:
            await client.credentials.headers(lambda: Signable("GET", "h", "/"))
    assert TOKEN not in str(caught.value)


async def test_the_agent_of_a_pod_gets_the_token_and_an_empty_object() -> None:
    got: list[tuple[str, str, bytes]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        got.append((request.method, request.headers["Authorization"], await request.read()))
        return web.Response(body=orjson.dumps({"accessKeyId": "a", "secretAccessKey": "s", "securityToken": "t"}))

    async with client_of(answer) as client:
        headers = await at_handler("pod-identity", client).headers(lambda: Signable("GET", "h", "/"))
    assert got == [("POST", TOKEN, b"{}")]
    assert headers["X-Security-Token"] == "t"  # the fields may stand without an envelope, as for the SDK


def at_handler(method: str, client: Client) -> Credentials:
    """Return credentials that a handler of this test issues."""
    origin, token = str(client._origin), IdentityToken(lambda: TOKEN, PLACE)  # noqa: SLF001 - where the handler listens
    if method == "oidc":
        session = OidcSession("p", "a", "s", 3600)
        return OidcCredentials(session, origin, token, None, client.send, real_now)
    if method == "idp":
        return FederatedCredentials("i", origin, token, None, client.send, real_now)
    return PodIdentityCredentials(origin + POD_CREDENTIALS, token, None, client.send, real_now)


async def test_a_proxy_in_the_way_says_what_to_set_and_nothing_of_the_credentials() -> None:
    async def send(*_: object, **__: object) -> Response:
        raise RouteError(ErrorDetails(text="the proxy answered 407"), "proxy")

    token = IdentityToken(lambda: TOKEN, PLACE)
    credentials = PodIdentityCredentials("http://127.0.0.1/", token, None, send, real_now)
    with pytest.raises(RouteError, match="the proxy answered 407"):
        await credentials.headers(lambda: Signable("GET", "h", "/"))
