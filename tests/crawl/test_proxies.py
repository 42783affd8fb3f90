"""A crawl behind a proxy: whole through it, and named in the error when it lets nothing through."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.config.load import load
from crawler.crawl import estimate
from crawler.crawl.result import RunResult
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.request import ASSUME_WITH_OIDC, POD_CREDENTIALS
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import ConfigError, CredentialsError, UnavailableError
from tests.support.certificates import ca_file, server_tls
from tests.support.connect_proxy import ConnectProxy, served_proxy
from tests.support.emulator_fixture import (
    TOKEN,
    QuickClock,
    all_read,
    inventory_keys,
    port_of,
    published_keys,
    serve,
    snapshot_of,
)
from tests.support.running import run_crawl, run_estimate

SWR, IAM = "swr.example.test", "iam.example.test"
INVENTORY = synthetic(namespaces=4, repositories=200, seed=7)
CREDENTIALS = "corp:pass-of-the-proxy"


@contextmanager
def behind_proxy(*, tls: bool = False, **settings: Any) -> Iterator[tuple[ConnectProxy, RunningEmulator]]:  # noqa: ANN401
    """Yield a proxy that alone knows where SWR and IAM are, and the emulator that is both."""
    faults, names = settings.pop("faults", ()), (SWR, IAM)
    with (
        serve(INVENTORY, tls=server_tls(*names) if tls else None, faults=faults) as served,
        served_proxy(dict.fromkeys(names, port_of(served)), **settings) as proxy,
    ):
        yield proxy, served


def run(output: Path, environ: Mapping[str, str], toml: str = "", **flags: object) -> RunResult:
    given = {"rate_per_s": "unlimited", "output": str(output), "allow_http": True, **flags}
    given = given if "[[target]]" in toml else {"endpoint": f"http://{SWR}", **given}
    config = load(flags=given, environ=environ, file_text=toml, file_name="test.toml").config
    return run_crawl(config, environ, clock=QuickClock())


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_crawl_goes_through_the_proxy_of_the_environment(tmp_path: Path, variable: str) -> None:
    with behind_proxy() as (proxy, served):
        assert all_read(run(tmp_path, TOKEN | {variable: proxy.endpoint}), INVENTORY)
        assert len(proxy.asked("GET")) == served.counters()["requests"]


def test_a_crawl_goes_through_the_proxy_of_its_target_with_credentials_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "proxy-credentials"
    secret.write_text(f"{CREDENTIALS}\n")
    with behind_proxy(credentials=CREDENTIALS) as (proxy, _):
        toml = f'[crawl]\nproxy = "{proxy.endpoint}"\nproxy_credentials = "file:{secret}"'
        assert all_read(run(tmp_path / "out", TOKEN | {"NO_PROXY": "*"}, toml), INVENTORY)


def test_iam_is_asked_through_the_proxy_and_the_token_is_renewed_through_it(tmp_path: Path) -> None:
    with behind_proxy(credentials=CREDENTIALS, faults=(parse_fault("unauthorized:after_requests=2,times=1"),)) as (
        proxy,
        served,
    ):
        identity = served.identity
        environ = {
            "OS_AUTH_URL": f"http://{IAM}/v3",
            "OS_USERNAME": identity.user,
            "OS_PASSWORD": identity.password,
            "OS_USER_DOMAIN_NAME": identity.domain,
            "OS_PROJECT_NAME": identity.project_name,
        }
        toml = (
            f'[crawl]\nproxy = "{proxy.endpoint}"\niam_endpoint = "http://{IAM}"\nallow_http = true\n'
            'proxy_credentials = "env:CORP"'
        )
        assert all_read(run(tmp_path, environ | {"CORP": CREDENTIALS}, toml), INVENTORY)
        assert len(proxy.asked("POST")) == 2


def test_the_metadata_service_is_never_asked_through_a_proxy(tmp_path: Path) -> None:
    with behind_proxy() as (proxy, served):
        toml = (
            f'[crawl]\nauth = "metadata"\nmetadata_endpoint = "{served.endpoint}"\nproxy = "{proxy.endpoint}"\n'
            f'project_id = "{served.identity.project_id}"'
        )
        assert all_read(run(tmp_path, {}, toml), INVENTORY)
        assert proxy.asked("PUT") == []
        assert {target.partition("?")[0] for target in proxy.asked("GET")} == {
            f"http://{SWR}/v2/manage/shared-repositories"
        }


def test_sts_is_asked_through_the_proxy_and_the_agent_of_a_pod_never_is(tmp_path: Path) -> None:
    with behind_proxy() as (proxy, served):
        identity = served.identity
        toml = f'[crawl]\nproxy = "{proxy.endpoint}"\nproject_id = "{identity.project_id}"\n'
        oidc = {
            "HUAWEICLOUD_OIDC_PROVIDER_URN": identity.provider_urn,
            "HUAWEICLOUD_OIDC_AGENCY_URN": identity.agency_urn,
            "HUAWEICLOUD_OIDC_ID_TOKEN": identity.id_token,
        }
        assert all_read(run(tmp_path / "oidc", oidc, f'{toml}sts_endpoint = "http://{IAM}"'), INVENTORY)
        assert proxy.asked("POST") == [f"http://{IAM}{ASSUME_WITH_OIDC}"]
        (tmp_path / "token").write_text(identity.id_token)
        pod = {
            "HC_CONTAINER_CREDENTIALS_FULL_URI": f"{served.endpoint}{POD_CREDENTIALS}",
            "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
        }
        assert all_read(run(tmp_path / "pod", pod, toml), INVENTORY)
        assert len(proxy.asked("POST")) == 1
        assert served.counters()["by_path"][POD_CREDENTIALS] == 1


def test_a_signed_request_names_its_host_without_the_port_of_its_scheme(tmp_path: Path) -> None:
    with behind_proxy() as (proxy, served):
        environ = {"HW_ACCESS_KEY": served.identity.ak, "HW_SECRET_KEY": served.identity.sk}
        toml = f'[crawl]\nproject_id = "{served.identity.project_id}"'
        assert all_read(run(tmp_path, environ | {"HTTP_PROXY": proxy.endpoint}, toml), INVENTORY)
        assert {request.headers["host"] for request in proxy.requests} == {SWR}


def test_two_targets_go_each_its_way(tmp_path: Path) -> None:
    with behind_proxy() as (proxy, _), serve(INVENTORY) as direct:
        toml = (
            f'[[target]]\nname = "far"\nendpoint = "http://{SWR}"\n'
            f'[[target]]\nname = "near"\nendpoint = "{direct.endpoint}"\nproxy = "none"\n'
        )
        result = run(tmp_path, TOKEN | {"SWR_CRAWLER_PROXY": proxy.endpoint}, toml)
        assert exit_code_of(result) == 0
        assert len(published_keys(snapshot_of(result))) == 2 * len(inventory_keys(INVENTORY))
        assert direct.counters()["requests"] > 0
        assert {target.partition("/v2")[0] for target in proxy.asked("GET")} == {f"http://{SWR}"}


def test_a_proxy_that_wants_credentials_ends_the_run_as_a_wrong_setting_that_is_named(tmp_path: Path) -> None:
    with behind_proxy(credentials=CREDENTIALS) as (proxy, served):
        result = run(tmp_path, TOKEN | {"HTTP_PROXY": proxy.endpoint})
        assert served.counters()["requests"] == 0
    assert (exit_code_of(result), result.path) == (78, None)
    error = result.errors["default"]
    assert isinstance(error, ConfigError)
    assert error.setting == "proxy_credentials"
    assert f"the proxy {proxy.endpoint} answered 407" in str(error)


def test_namespaces_and_an_estimate_that_the_proxy_refuses_name_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "SystemClock", QuickClock)
    with behind_proxy(status=407) as (proxy, _):
        environ = TOKEN | {"HTTP_PROXY": proxy.endpoint}
        found = run(tmp_path, environ, discover=True).errors["default"]
        flags = {"endpoint": f"http://{SWR}", "allow_http": True}
        config = load(flags=flags, environ=environ, file_text=None, file_name=None).config
        with pytest.raises(ConfigError, match="no request gets through: the proxy") as caught:
            run_estimate(config, environ)
    assert str(found) == str(caught.value)


def test_a_proxy_that_refuses_in_the_middle_stops_the_run_which_goes_on_when_it_is_right_again(tmp_path: Path) -> None:
    many = synthetic(namespaces=4, repositories=5000, seed=7)
    with serve(many) as served, served_proxy({SWR: port_of(served)}) as proxy:
        environ = TOKEN | {"HTTP_PROXY": proxy.endpoint}
        proxy.refuse_after(10, 407)
        stopped = run(tmp_path, environ, limit=100)
        assert (exit_code_of(stopped), stopped.path) == (78, None)
        assert f"the proxy {proxy.endpoint} answered 407" in str(stopped.errors["default"])
        proxy.refuse_after(None, 0)
        result = run(tmp_path, environ, limit=100)
    assert (exit_code_of(result), result.resumed) == (0, 1)
    assert set(published_keys(snapshot_of(result))) == inventory_keys(many)


def test_a_proxy_that_is_not_there_ends_the_run_as_one_to_repeat_later(tmp_path: Path) -> None:
    error = run(tmp_path, TOKEN | {"HTTP_PROXY": "http://127.0.0.1:1"}).errors["default"]
    assert isinstance(error, UnavailableError)
    assert "cannot connect to the proxy http://127.0.0.1:1" in str(error)


@pytest.mark.parametrize("secret", ["", "no colon"])
def test_credentials_of_a_proxy_that_are_none_end_the_run_before_the_first_request(tmp_path: Path, secret: str) -> None:
    toml = '[crawl]\nproxy = "http://127.0.0.1:1"\nproxy_credentials = "env:CORP"'
    with pytest.raises(CredentialsError, match=r"^env:CORP: is ") as caught:
        run(tmp_path, TOKEN | {"CORP": secret}, toml)
    assert "no colon" not in str(caught.value)


def test_a_variable_that_names_no_proxy_ends_the_run_before_the_first_request(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ALL_PROXY: names a SOCKS proxy, which is not supported"):
        run(tmp_path, TOKEN | {"ALL_PROXY": "socks5h://user:hidden@127.0.0.1:1080"})


def command(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a new user would, with nothing but these variables."""
    path = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.defpath}
    line = [sys.executable, "-m", "crawler", *arguments]
    return subprocess.run(line, cwd=cwd, env=path | environ, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves


def test_a_look_at_the_settings_ends_as_a_crawl_does_when_a_variable_names_no_proxy(tmp_path: Path) -> None:
    environ = {**TOKEN, "HTTPS_PROXY": "socks5h://127.0.0.1:1080", "SWR_CRAWLER_ENDPOINT": f"https://{SWR}"}
    shown, crawled = (command(*words, cwd=tmp_path, **environ) for words in (("config", "show"), ("crawl",)))
    assert (shown.returncode, shown.stderr) == (crawled.returncode, crawled.stderr)
    assert (shown.returncode, "HTTPS_PROXY: names a SOCKS proxy" in shown.stderr) == (78, True)
    assert "audit.suppress " in shown.stdout  # the last row


def test_the_command_goes_through_connect_and_no_secret_of_the_proxy_is_anywhere(tmp_path: Path) -> None:
    with behind_proxy(tls=True, credentials=CREDENTIALS) as (proxy, served):
        url = proxy.endpoint.replace("://", f"://{CREDENTIALS}@")
        environ = {**TOKEN, "https_proxy": url, "SSL_CERT_FILE": str(ca_file(tmp_path))}
        done = command("crawl", "--endpoint", f"https://{SWR}", cwd=tmp_path, **environ)
        assert done.returncode == 0, done.stderr
        assert served.counters()["requests"] > 0
        shown = command("config", "show", "--endpoint", f"https://{SWR}", cwd=tmp_path, **environ)
        nowhere = environ | {"https_proxy": url[:-1], "SWR_CRAWLER_MAX_TRIES": "1"}
        refused = command("crawl", "--endpoint", f"https://{SWR}", cwd=tmp_path, **nowhere)
    assert {*proxy.asked()} == {f"{SWR}:443"}
    assert f"{proxy.endpoint}, with credentials" in shown.stdout
    texts = [done.stdout, done.stderr, shown.stdout, refused.stderr]
    texts += [path.read_text() for path in (tmp_path / "output").rglob("*") if path.is_file()]
    assert [text for text in texts if "pass-of-the-proxy" in text] == []
