"""A crawl through a proxy that others wrote: whole, with all requests through it, and its refusals named."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import ConfigError
from tests.support.certificates import ca_file, server_tls
from tests.support.emulator_fixture import (
    TOKEN,
    all_read,
    crawl,
    port_of,
    serve,
)
from tests.support.other_system import run_alone
from tests.support.public_proxy import PublicProxy, public_proxy

SWR, IAM = "swr.example.test", "iam.example.test"  # names that the proxy alone resolves
INVENTORY = synthetic(namespaces=4, repositories=200, seed=7)
CREDENTIALS = "corp:p@ss:of the proxy"
IN_A_URL = "corp:p%40ss%3Aof%20the%20proxy"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicProxy]:
    with public_proxy(tmp_path_factory.mktemp("open")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicProxy]:
    with public_proxy(tmp_path_factory.mktemp("guarded"), credentials=CREDENTIALS) as running:
        yield running


def password_of(served: RunningEmulator, scheme: str) -> dict[str, str]:
    """Return the variables of a user of this emulator, whose IAM the proxy knows."""
    identity = served.identity
    values = {
        "iam_endpoint": f"{scheme}://{IAM}:{port_of(served)}",
        "user": identity.user,
        "password": identity.password,
        "account": identity.domain,
        "project": identity.project_name,
    }
    return {f"SWR_CRAWLER_{name.upper()}": value for name, value in values.items()}


def test_iam_and_the_api_are_asked_by_connect_for_https(
    tmp_path: Path, proxy: PublicProxy, guarded: PublicProxy
) -> None:
    with serve(INVENTORY, tls=server_tls(SWR, IAM)) as served:
        port = port_of(served)
        trusting = password_of(served, "https") | {"REQUESTS_CA_BUNDLE": str(ca_file(tmp_path))}
        for asked, url in ((proxy, proxy.endpoint), (guarded, guarded.endpoint.replace("://", f"://{IN_A_URL}@"))):
            output = tmp_path / url.rpartition(":")[2]
            environ = trusting | {"HTTPS_PROXY": url}
            assert all_read(crawl(f"https://{SWR}:{port}", output, environ=environ), INVENTORY)
            assert set(asked.asked(port)) == {f"CONNECT {IAM}", f"CONNECT {SWR}"}


def test_iam_and_the_api_are_asked_by_whole_urls_for_http(
    tmp_path: Path, proxy: PublicProxy, guarded: PublicProxy
) -> None:
    for asked, credentials in ((proxy, {}), (guarded, {"SWR_CRAWLER_PROXY_CREDENTIALS": CREDENTIALS})):
        with serve(INVENTORY) as served:
            port = port_of(served)
            environ = password_of(served, "http") | {"SWR_CRAWLER_PROXY": asked.endpoint} | credentials
            assert all_read(
                crawl(f"http://{SWR}:{port}", tmp_path / str(port), environ=environ, allow_http=True), INVENTORY
            )
            requests = served.counters()["requests"]
        assert Counter(asked.asked(port)) == {f"POST {IAM}": 1, f"GET {SWR}": requests - 1}


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("", "it asks for credentials; set proxy and proxy_credentials, or write USER:PASSWORD@ in HTTPS_PROXY"),
        ("corp:wrong@", "it refuses the USER:PASSWORD of proxy_credentials or in the proxy's variable; correct them"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_its_407_ends_the_run_as_a_wrong_setting_and_nothing_is_asked(
    tmp_path: Path, guarded: PublicProxy, scheme: str, user: str, words: str
) -> None:
    url = guarded.endpoint.replace("://", f"://{user}")
    with serve(INVENTORY, tls=server_tls(SWR) if scheme == "https" else None) as served:
        port = port_of(served)
        environ = TOKEN | {f"{scheme}_proxy": url, "CURL_CA_BUNDLE": str(ca_file(tmp_path))}
        result = crawl(f"{scheme}://{SWR}:{port}", tmp_path / "out", environ=environ, allow_http=True)
        assert served.counters()["requests"] == 0
    assert (exit_code_of(result), result.path, guarded.asked(port)) == (78, None, [])
    error = result.errors["default"]
    assert isinstance(error, ConfigError)
    assert error.setting == "proxy_credentials"
    answered = f"the proxy {guarded.endpoint} answered 407 Proxy Authentication Required: {words}"
    assert str(error) == f"target default: no request gets through: {answered}; then rerun the command"


def test_the_command_reads_an_emulator_with_tls_through_it(tmp_path: Path, proxy: PublicProxy) -> None:
    ready = tmp_path / "ready.json"
    line = ["emulate", "--repositories", "20", "--ready-file", str(ready), "--tls", str(tmp_path / "tls")]
    with subprocess.Popen([sys.executable, "-m", "crawler", *line], stdout=subprocess.PIPE) as process:  # noqa: S603 - ourselves
        try:
            while not ready.exists():
                assert process.poll() is None
                time.sleep(0.005)  # another process: there is nothing to await
            served = json.loads(ready.read_text())
            environ = {f"SWR_CRAWLER_{name.upper()}": served[name] for name in ("endpoint", "token", "ca_file")}
            environ["SWR_CRAWLER_PROXY"] = proxy.endpoint
            done = run_alone("crawl", "--rate", "unlimited", folder=tmp_path, environ=environ)
        finally:
            process.terminate()
    assert (done.code, done.err.startswith("complete: 20 of 20 declared records")) == (0, True)
    assert set(proxy.asked(int(served["endpoint"].rpartition(":")[2]))) == {"CONNECT localhost"}
