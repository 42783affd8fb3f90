"""A client behind a proxy: it asks the proxy for every host, names it in every error, and shows none of its secrets."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from crawler.crawl.system_clock import SystemClock
from crawler.emulator.server import EmulatorSettings, emulator
from crawler.errors import RequestError, RouteError, TransientError
from crawler.swr.auth.credentials import TokenCredentials
from crawler.swr.http.buffer_budget import BufferBudget
from crawler.swr.http.client import Client, connected
from crawler.swr.http.network.failures import failure_of
from crawler.swr.http.network.proxy import Network, Proxy
from crawler.swr.http.rate_limiter import LocalRateLimiter
from tests.emulator.client import numbered
from tests.support.certificates import client_tls, server_tls
from tests.support.connect_proxy import ConnectProxy, connect_proxy
from tests.swr.http.raw_server import REQUEST, raw_server

HOST = "swr.example.test"
CREDENTIALS = "corp-user:pa:ss wörd"


@asynccontextmanager
async def client_through(
    proxy: Proxy, *, scheme: str = "https", timeout_s: float = 5.0, connections: int = 1
) -> AsyncIterator[Client]:
    limiter, network = LocalRateLimiter(None, SystemClock()), Network(proxy, proxy, client_tls())
    client = Client(f"{scheme}://{HOST}", limiter, network)
    client.credentials = TokenCredentials("emulator-token")
    bounds: dict[str, Any] = {"connections": connections, "max_body_bytes": 10**6, "timeout_s": timeout_s}
    async with connected(client, buffer_budget=BufferBudget(), **bounds):
        yield client


@asynccontextmanager
async def served(
    *,
    scheme: str = "https",
    credentials: str = "",
    **settings: Any,  # noqa: ANN401
) -> AsyncIterator[tuple[Client, ConnectProxy]]:
    tls = server_tls(HOST) if scheme == "https" else None
    async with emulator(EmulatorSettings(inventory=numbered(40)), tls=tls) as running:
        port = int(running.endpoint.rpartition(":")[2])
        async with (
            connect_proxy({HOST: port}, credentials=credentials, **settings) as proxy,
            client_through(Proxy(proxy.endpoint, credentials), scheme=scheme) as client,
        ):
            yield client, proxy


async def error_through(proxy: Proxy, **settings: Any) -> RequestError:  # noqa: ANN401
    async with client_through(proxy, **settings) as client:
        with pytest.raises(RequestError) as caught:
            await client.get(REQUEST)
        assert caught.value.__cause__ is None
        return caught.value


pytestmark = pytest.mark.anyio


async def test_an_https_host_is_asked_for_by_connect_once_a_connection_and_only_its_name_is_seen() -> None:
    async with served(credentials=CREDENTIALS) as (client, proxy):
        for _ in range(5):
            assert (await client.get(REQUEST)).status == 200
        await client.wait_for_silence()
    assert proxy.asked() == [f"{HOST}:443"]
    (request,) = proxy.requests
    assert "x-auth-token" not in request.headers


async def test_a_plain_host_is_asked_for_with_its_whole_url_on_one_connection() -> None:
    async with served(scheme="http", credentials=CREDENTIALS) as (client, proxy):
        for _ in range(3):
            assert (await client.get(REQUEST)).status == 200
    assert [target.partition("?")[0] for target in proxy.asked("GET")] == [f"http://{HOST}{REQUEST.path}"] * 3
    assert proxy.connections == 1


async def test_an_https_proxy_is_asked_within_tls() -> None:
    async with served(credentials=CREDENTIALS, tls=server_tls()) as (client, proxy):
        assert (await client.get(REQUEST)).status == 200
        assert (await client.get(REQUEST)).status == 200
    assert proxy.asked() == [f"{HOST}:443"]


async def test_an_issuer_of_credentials_is_asked_through_its_own_proxy() -> None:
    async with served() as (client, proxy):
        client.transport._network = Network(issuer=client.network.issuer)  # noqa: SLF001 - none for the API
        assert (await client.send("GET", f"https://{HOST}/v3/auth/tokens", {})).status == 404
        with pytest.raises(TransientError, match=r"cannot resolve the host name \("):
            await client.get(REQUEST)
    assert proxy.asked() == [f"{HOST}:443"]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("own", "words"), [("", "it asks for credentials; set proxy"), ("u:wrong", "it refuses the")])
async def test_a_proxy_that_wants_other_credentials_is_named_and_how_to_set_them(
    scheme: str, own: str, words: str
) -> None:
    async with connect_proxy({HOST: 1}, credentials=CREDENTIALS) as proxy:
        error = await error_through(Proxy(proxy.endpoint, own), scheme=scheme)
    assert isinstance(error, RouteError)
    assert (error.setting, error.details.status) == ("proxy_credentials", 0)
    assert str(error).startswith(f"the proxy {proxy.endpoint} answered 407 Proxy Authentication Required: {words}")


@pytest.mark.parametrize("challenge", ["NTLM", "Negotiate, NTLM"])
async def test_a_proxy_that_knows_no_basic_credentials_is_named_as_not_supported(challenge: str) -> None:
    async with connect_proxy({}, challenge=challenge, status=407) as proxy:
        error = await error_through(Proxy(proxy.endpoint, CREDENTIALS))
    assert isinstance(error, RouteError)
    assert "NTLM, but only Basic is supported" in str(error)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 302])
async def test_a_proxy_that_refuses_the_host_says_nothing_of_the_service(status: int) -> None:
    async with connect_proxy({}, status=status) as proxy:
        error = await error_through(Proxy(proxy.endpoint))
    assert isinstance(error, RouteError)
    assert (error.setting, error.details.status) == ("proxy", 0)
    assert f"the proxy {proxy.endpoint} answered {status}" in str(error)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
async def test_a_proxy_that_cannot_reach_the_host_now_is_asked_again_later(status: int) -> None:
    async with connect_proxy({}, status=status) as proxy:
        error = await error_through(Proxy(proxy.endpoint))
    assert type(error) is TransientError
    assert f"the proxy {proxy.endpoint} answered {status}" in str(error)


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("http://127.0.0.1:1", "cannot connect to the proxy http://127.0.0.1:1 (Connect"),
        ("http://proxy.test:3128", "cannot resolve the host name of the proxy http://proxy.test:3128"),
    ],
)
async def test_a_proxy_that_is_not_there_is_named(origin: str, words: str) -> None:
    assert str(await error_through(Proxy(origin))).startswith(words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((), "the connection was closed before a response"),
        ((b"nonsense\r\n\r\n",), "the response is not valid HTTP"),
        ((b"HTTP/1.1 200 OK\r\n\r\n",), "cannot connect"),  # and no TLS behind it
    ],
)
async def test_a_proxy_that_breaks_off_is_named(answer: tuple[bytes, ...], words: str) -> None:
    async with raw_server(*answer) as endpoint:
        error = await error_through(Proxy(endpoint))
    assert type(error) is TransientError
    assert str(error).startswith(words)
    assert endpoint in str(error)


async def test_a_proxy_that_never_answers_ends_with_the_timeout() -> None:
    async with raw_server(b"HTTP/1.1 2", close=False) as endpoint:
        error = await error_through(Proxy(endpoint), timeout_s=0.2)
    assert str(error) == f"no response within the timeout, through the proxy {endpoint}"


async def test_a_connection_through_a_proxy_with_unread_bytes_is_not_used_again() -> None:
    async with served() as (client, proxy):
        assert (await client.get(REQUEST)).status == 200
        (pool,) = client.transport._connector._conns.values()  # noqa: SLF001 - as if the server had sent bytes
        pool[0][0].data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert (await client.get(REQUEST)).status == 200
    assert len(proxy.asked()) == 2


@pytest.mark.parametrize(
    ("failure", "is_advised"),
    [
        (aiohttp.ConnectionTimeoutError(), True),
        (OSError(errno.EHOSTUNREACH, "No route to host"), True),
        (OSError(errno.ECONNREFUSED, "Connection refused"), False),  # something is there
        (aiohttp.ServerDisconnectedError(), False),
    ],
)
def test_a_host_that_nothing_leads_to_may_be_behind_a_proxy(failure: Exception, *, is_advised: bool) -> None:
    advice = "; if only a proxy leads out of this network, set proxy or HTTPS_PROXY"
    assert str(failure_of(failure)).endswith(advice) is is_advised
    assert advice not in str(failure_of(failure, Proxy("http://proxy.test:3128")))


async def test_no_secret_of_a_proxy_is_shown() -> None:
    proxy = Proxy("http://proxy.test:3128", CREDENTIALS)
    assert "corp-user" not in repr(Network(proxy))
    async with client_through(proxy) as client:
        sent = proxy.headers["Proxy-Authorization"]
        shown = client.secrets.masked(f"403: {sent} of pa:ss wörd, pa%3Ass%20w%C3%B6rd")
    assert shown == "403: Basic *** of ***, ***"
