"""As on a real cloud: every credential method, several targets, discovery, coverage, and the two dialects."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from crawler.cli.console.exit_status import exit_code_of
from crawler.cli.run_command import run_command as _run
from crawler.config.load import load
from crawler.crawl.result import RunResult
from crawler.emulator.faults.registry import parse_fault
from crawler.emulator.http.request import POD_CREDENTIALS
from crawler.emulator.inventory.ndjson import synthetic
from crawler.emulator.server import RunningEmulator
from crawler.errors import ConfigError, CredentialsError
from crawler.snapshot.reader import open_snapshot
from crawler.snapshot.verify import verify
from tests.support.emulator_fixture import (
    TOKEN,
    QuickClock,
    crawl,
    inventory_keys,
    port_of,
    published_keys,
    serve,
    snapshot_of,
)
from tests.support.running import run_crawl

INVENTORY = synthetic(namespaces=4, repositories=1000, seed=7)
IAM = "/v3/auth/tokens"


def run(environ: Mapping[str, str], output: Path, toml: str = "", **flags: object) -> RunResult:
    given = {"rate_per_s": "unlimited", "output": str(output), **flags}
    config = load(flags=given, environ=environ, file_text=toml, file_name="test.toml").config
    return run_crawl(config, environ, clock=QuickClock())


def password_of(served: RunningEmulator) -> dict[str, str]:
    identity = served.identity
    return {
        "OS_AUTH_URL": f"{served.endpoint}/v3",
        "OS_USERNAME": identity.user,
        "OS_PASSWORD": identity.password,
        "OS_USER_DOMAIN_NAME": identity.domain,
        "OS_PROJECT_NAME": identity.project_name,
    }


def cloud_of(served: RunningEmulator, folder: Path) -> dict[str, str]:
    """Write clouds.yaml with the user, and secure.yaml with the password; return the variables that name them."""
    variables = {key.removeprefix("OS_").lower(): text for key, text in password_of(served).items()}
    password = variables.pop("password")
    auth = "".join(f"      {key}: {text}\n" for key, text in variables.items())
    (folder / "clouds.yaml").write_text(f"clouds:\n  prod:\n    auth:\n{auth}")
    secure = folder / "secure.yaml"
    secure.write_text(f"clouds: {{prod: {{auth: {{password: {password}}}}}}}\n")
    secure.chmod(0o600)
    named = {"OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml"), "OS_CLIENT_SECURE_FILE": str(secure)}
    return {"OS_CLOUD": "prod", **named}


def hcloud_of(served: RunningEmulator, folder: Path) -> dict[str, str]:
    """Write the configuration of KooCLI with the access key; return the variable that names it."""
    identity, file = served.identity, folder / "config.json"
    keys = {"accessKeyId": identity.ak, "secretAccessKey": identity.sk, "projectId": identity.project_id}
    file.write_bytes(orjson.dumps({"current": "p", "profiles": [{"name": "p", "mode": "AKSK", **keys}]}))
    file.chmod(0o600)
    return {"HW_SHARED_CONFIG_FILE": str(file)}


def workload_of(method: str, served: RunningEmulator, folder: Path) -> dict[str, str]:
    """Write the identity token to a file; return the variables of the SDK that name it, its issuer and the project."""
    identity, file = served.identity, folder / "identity-token"
    file.write_text(f"{identity.id_token}\n")
    file.chmod(0o600)
    variables = {
        "oidc": {
            "HUAWEICLOUD_OIDC_PROVIDER_URN": identity.provider_urn,
            "HUAWEICLOUD_OIDC_AGENCY_URN": identity.agency_urn,
            "HUAWEICLOUD_OIDC_TOKEN_FILE": str(file),
            "HUAWEICLOUD_SDK_STS_ENDPOINT": served.endpoint,
        },
        "idp": {
            "HUAWEICLOUD_SDK_IDP_ID": identity.idp,
            "HUAWEICLOUD_SDK_ID_TOKEN_FILE": str(file),
            "HUAWEICLOUD_SDK_IAM_ENDPOINT": served.endpoint,
        },
        "pod-identity": {
            "HC_CONTAINER_CREDENTIALS_FULL_URI": served.endpoint + POD_CREDENTIALS,
            "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file),
        },
    }
    return {**variables[method], "HUAWEICLOUD_SDK_PROJECT_ID": identity.project_id}


def key_of(served: RunningEmulator) -> dict[str, str]:
    identity = served.identity
    return {
        "HUAWEICLOUD_SDK_AK": identity.ak,
        "HUAWEICLOUD_SDK_SK": identity.sk,
        "HUAWEICLOUD_SDK_PROJECT_ID": identity.project_id,
    }


@pytest.mark.parametrize(
    "method", ["token", "password", "aksk", "metadata", "profile", "clouds", "hcloud", "oidc", "idp", "pod-identity"]
)
def test_every_credential_method_reads_the_same_inventory_and_leaves_no_secret_anywhere(
    tmp_path: Path, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with serve(INVENTORY) as served:
        flags: dict[str, object] = {"endpoint": served.endpoint, "limit": 100}
        toml = ""
        environ: Mapping[str, str] = {
            "token": {"HW_AUTH_TOKEN": served.token},
            "password": password_of(served),
            "aksk": key_of(served),
        }.get(method, {})
        if method == "metadata":
            identity = served.identity
            toml = f'[crawl]\nauth = "metadata"\nmetadata_endpoint = "{served.endpoint}"\n'
            toml += f'project_id = "{identity.project_id}"\n'
        if method == "profile":
            profile = tmp_path / "credentials"
            identity = served.identity
            profile.write_text(f"[basic]\nak = {identity.ak}\nsk = {identity.sk}\nproject_id = {identity.project_id}\n")
            profile.chmod(0o600)
            toml = f'[crawl]\ncredentials_file = "{profile}"\n'
        if method == "clouds":
            environ = cloud_of(served, tmp_path)
        if method == "hcloud":
            environ = hcloud_of(served, tmp_path)
        if method in {"oidc", "idp", "pod-identity"}:
            environ = workload_of(method, served, tmp_path)
        result = run(environ, tmp_path / "output", toml, **flags)
        secrets = [served.token, served.identity.password, served.identity.sk, served.identity.id_token]
    assert exit_code_of(result) == 0, result.errors
    assert set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)
    left = b"".join(path.read_bytes() for path in (tmp_path / "output").rglob("*") if path.is_file())
    left += repr(result).encode() + repr([record.__dict__ for record in caplog.records]).encode()
    assert not [secret for secret in secrets if secret.encode() in left]


@pytest.mark.parametrize("by_id", ["OS_USER_ID", "OS_USER_DOMAIN_ID", "OS_PROJECT_ID", "OS_PROJECT_DOMAIN_ID"])
def test_iam_takes_the_user_the_account_and_the_project_by_id(tmp_path: Path, by_id: str) -> None:
    with serve(INVENTORY) as served:
        identity = served.identity
        names = {
            "OS_USER_ID": "OS_USERNAME",
            "OS_USER_DOMAIN_ID": "OS_USER_DOMAIN_NAME",
            "OS_PROJECT_ID": "OS_PROJECT_NAME",
        }
        ids = dict(
            zip(
                (*names, "OS_PROJECT_DOMAIN_ID"),
                (identity.user_id, identity.domain_id, identity.project_id, identity.domain_id),
                strict=True,
            )
        )
        environ = password_of(served) | {by_id: ids[by_id]}
        if by_id in names:
            del environ[names[by_id]]
        whole = run(environ, tmp_path / "whole", endpoint=served.endpoint, limit=100)
        other = run(environ | {by_id: "0f"}, tmp_path / "other", endpoint=served.endpoint)
    assert exit_code_of(whole) == 0, whole.errors
    assert set(published_keys(snapshot_of(whole))) == inventory_keys(INVENTORY)
    assert exit_code_of(other) == 77
    assert "IAM" in str(other.errors["default"])


def test_temporary_keys_that_expire_during_a_crawl_are_fetched_again(tmp_path: Path) -> None:
    with serve(INVENTORY, temporary_requests=40) as served:
        toml = f'[crawl]\nauth = "metadata"\nmetadata_endpoint = "{served.endpoint}"\n'
        toml += f'project_id = "{served.identity.project_id}"\n'
        result = run({}, tmp_path, toml, endpoint=served.endpoint, limit=10, concurrency=8)
    assert exit_code_of(result) == 0, result.errors
    assert set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)


@pytest.mark.parametrize("fault", [None, "throttle-tokens:every=2", "fail-tokens:every=2", "skew-tokens:by_s=86400"])
@pytest.mark.parametrize("method", ["oidc", "idp", "pod-identity"])
def test_keys_for_an_identity_token_that_expire_during_a_crawl_are_asked_for_again_also_of_a_busy_issuer(
    tmp_path: Path, method: str, fault: str | None
) -> None:
    with serve(INVENTORY, temporary_requests=40, faults=(parse_fault(fault),) if fault else ()) as served:
        environ = workload_of(method, served, tmp_path)
        result = run(environ, tmp_path / "output", endpoint=served.endpoint, limit=10, concurrency=8)
    assert exit_code_of(result) == 0, result.errors
    assert set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)


@pytest.mark.parametrize("method", ["oidc", "idp", "pod-identity"])
def test_an_identity_token_that_is_refused_is_77_with_its_file_and_nothing_of_it(tmp_path: Path, method: str) -> None:
    with serve(INVENTORY) as served:
        environ = workload_of(method, served, tmp_path)
        (tmp_path / "identity-token").write_text("wrong-and-secret")
        result = run(environ, tmp_path / "output", endpoint=served.endpoint)
        asked = served.counters()["requests"]
    assert (exit_code_of(result), asked) == (77, 1)
    message = str(result.errors["default"])
    assert f"_TOKEN_FILE ({tmp_path / 'identity-token'}): HTTP 401" in message
    assert "wrong" not in message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file or directory; put the secret there"),
        ("", "is empty; put the secret there"),
        ("two words", "holds characters that no token or key has"),
        ("a" * 200_000, "holds more than 131072 bytes"),
    ],
)
@pytest.mark.parametrize("method", ["oidc", "idp", "pod-identity"])
def test_an_identity_token_that_is_not_there_stops_the_run_before_its_first_request(
    tmp_path: Path, method: str, content: str | None, says: str
) -> None:
    with serve(INVENTORY) as served:
        key = {"HW_ACCESS_KEY": served.identity.ak, "HW_SECRET_KEY": served.identity.sk}
        environ = workload_of(method, served, tmp_path) | (key if method != "pod-identity" else {})
        file = tmp_path / "identity-token"
        file.unlink()
        if content is not None:
            file.write_text(content)
        with pytest.raises(CredentialsError) as caught:
            run(environ, tmp_path / "output", endpoint=served.endpoint)
        assert served.counters()["requests"] == 0  # least of all with the key of another place
    assert str(caught.value).startswith(("HUAWEICLOUD_", "HC_CONTAINER_"))
    assert f"_TOKEN_FILE: file:{file}: " in str(caught.value)
    assert says in str(caught.value)


def test_a_secret_of_a_file_that_everybody_may_read_is_warned_of_and_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(INVENTORY) as served:
        environ = cloud_of(served, tmp_path)
        for name in ("clouds.yaml", "secure.yaml"):
            (tmp_path / name).chmod(0o644)
        result = run(environ, tmp_path / "output", endpoint=served.endpoint, limit=100)
    assert exit_code_of(result) == 0, result.errors
    exposed = [vars(record)["path"] for record in caplog.records if record.getMessage() == "credentials.exposed"]
    assert exposed == [str(tmp_path / "secure.yaml")]  # the other file holds no secret


def test_config_show_names_the_chosen_method_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in os.environ:
        if name.startswith(("SWR_CRAWLER_", "HUAWEI", "HW_", "OS_")):
            monkeypatch.delenv(name)
    secrets = {"HUAWEICLOUD_SDK_AK": "AKfirst", "HUAWEICLOUD_SDK_SK": "SKsecret", "HW_AUTH_TOKEN": "MIIlater"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    assert _run(["config", "show", "--endpoint", "https://swr.example.com"]) == 0
    shown = capfd.readouterr().out
    assert "aksk" in shown
    assert "HUAWEICLOUD_SDK_SK" in shown
    assert not [value for value in secrets.values() if value in shown]


@pytest.mark.parametrize(
    "life", [{"token_requests": 40}, {"void_tokens_after": 30}, {"token_requests": 40, "expired_as": "APIGW.0301"}]
)
def test_a_token_that_expires_during_a_crawl_fails_no_walk_and_takes_one_login(
    tmp_path: Path, life: dict[str, Any]
) -> None:
    with serve(INVENTORY, jitter_ms=3, **life) as served:
        result = run(password_of(served), tmp_path, endpoint=served.endpoint, limit=10, concurrency=16)
        counters = served.counters()
    assert exit_code_of(result) == 0, result.errors
    ends = 100 // life["token_requests"] if "token_requests" in life else 1
    assert counters["by_path"][IAM] == 1 + ends
    assert set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)


@pytest.mark.parametrize(
    ("settings", "spoil", "words"),
    [
        ({}, {"OS_PASSWORD": "wrong"}, "IAM"),
        ({}, {"OS_PROJECT_NAME": "nowhere"}, "IAM"),
        ({"faults": (parse_fault("lock-user"),)}, {}, "IAM"),
        ({}, {"HUAWEICLOUD_SDK_SK": "wrong"}, "refused the credentials"),
        ({}, {"HUAWEICLOUD_SDK_AK": "UNKNOWN"}, "refused the credentials"),
        ({"clock_skew_s": 3600}, {"HUAWEICLOUD_SDK_AK": "EMULATORAK0000000000"}, "clock is 60 minutes behind"),
    ],
)
def test_refused_credentials_are_77_with_the_reason_and_the_state_is_kept(
    tmp_path: Path, settings: dict[str, Any], spoil: dict[str, str], words: str
) -> None:
    with serve(INVENTORY, **settings) as served:
        good = key_of(served) if "HUAWEICLOUD_SDK_SK" in spoil or "HUAWEICLOUD_SDK_AK" in spoil else password_of(served)
        result = run({**good, **spoil}, tmp_path, endpoint=served.endpoint)
        asked = served.counters()["by_status"].get("401", 0)
    assert exit_code_of(result) == 77
    assert words in str(result.errors["default"])
    assert "wrong" not in str(result.errors)
    assert asked <= 2  # one stray refusal stops nothing, and five failures lock a key
    assert result.state is not None


def test_a_locked_key_says_how_long(tmp_path: Path) -> None:
    with serve(INVENTORY, lock_after=1) as served:
        good = key_of(served)
        run({**good, "HUAWEICLOUD_SDK_SK": "wrong"}, tmp_path, endpoint=served.endpoint)
        result = run(good, tmp_path, endpoint=served.endpoint)
    assert exit_code_of(result) == 77
    assert "five minutes" in str(result.errors["default"])


def test_incomplete_credentials_raise_an_error_that_names_the_missing_part(tmp_path: Path) -> None:
    with pytest.raises((ConfigError, CredentialsError), match=r"HUAWEICLOUD_SDK_SK|secret"):
        run({"HUAWEICLOUD_SDK_AK": "AK"}, tmp_path, endpoint="https://swr.example.com")


@pytest.mark.parametrize(("mode", "warnings"), [(0o440, 0), (0o644, 1)])
def test_a_mounted_credentials_file_is_taken_with_one_warning_when_every_user_can_read_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, mode: int, warnings: int
) -> None:
    profile = tmp_path / "credentials"
    with serve(INVENTORY) as served:
        key = served.identity
        profile.write_text(f"[basic]\nak = {key.ak}\nsk = {key.sk}\nproject_id = {key.project_id}\n")
        profile.chmod(mode)
        file = f'credentials_file = "{profile}"\nendpoint = "{served.endpoint}"\n'
        text = f'[[target]]\nname = "one"\n{file}[[target]]\nname = "two"\n{file}'
        result = run({}, tmp_path, text)
    assert exit_code_of(result) == 0
    assert [record.getMessage() for record in caplog.records].count("credentials.exposed") == warnings


def two(first: RunningEmulator, second: RunningEmulator, token: str) -> str:
    return (
        f'[[target]]\nname = "one"\nendpoint = "{first.endpoint}"\ntoken = "env:FIRST"\nrate_per_s = "unlimited"\n'
        f'[[target]]\nname = "two"\nendpoint = "{second.endpoint}"\ntoken = "env:{token}"\nrate_per_s = "unlimited"\n'
    )


def test_two_accounts_are_one_snapshot_with_a_folder_each(tmp_path: Path) -> None:
    other = synthetic(namespaces=2, repositories=60, seed=9)
    with serve(INVENTORY, token="first") as first, serve(other, token="second") as second:
        environ = {"FIRST": "first", "SECOND": "second"}
        result = run(environ, tmp_path, two(first, second, "SECOND"))
    assert exit_code_of(result) == 0
    assert {path.name for path in snapshot_of(result).iterdir() if path.is_dir()} == {"target=one", "target=two"}
    assert len(published_keys(snapshot_of(result))) == 1060
    assert verify(open_snapshot(snapshot_of(result))).differences == ()


def test_one_refused_account_does_not_stop_the_other_and_decides_the_exit_code(tmp_path: Path) -> None:
    other = synthetic(namespaces=2, repositories=60, seed=9)
    with serve(INVENTORY, token="first") as first, serve(other, token="second") as second:
        environ = {"FIRST": "first", "SECOND": "wrong"}
        result = run(environ, tmp_path, two(first, second, "SECOND"), limit=100)
        assert exit_code_of(result) == 77
        assert list(result.errors) == ["two"]
        asked = first.counters()["requests"]
        again = run({**environ, "SECOND": "second"}, tmp_path, two(first, second, "SECOND"), limit=100)
        assert first.counters()["requests"] == asked  # what it sent before was kept
    assert (exit_code_of(again), again.resumed) == (0, 1)
    assert len(published_keys(snapshot_of(again))) == 1060


def test_discovery_crawls_each_namespace_of_self_and_thirdparty_as_one_walk(tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        result = crawl(served.endpoint, tmp_path, discover=True, limit=100)
    assert exit_code_of(result) == 0
    names = [walk.namespace for walk in result.walks if walk.center == "self"]
    assert names == sorted(INVENTORY.namespaces("self"))
    assert [walk.namespace for walk in result.walks if walk.center == "thirdparty"] == [None]
    assert set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)
    assert [(c.center, c.declared, c.covered) for c in result.coverage] == [("self", 500, 500)]


def test_a_resumed_run_keeps_the_walks_that_were_discovered(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("unauthorized:after_requests=4"),)) as served:
        first = crawl(served.endpoint, tmp_path, discover=True, limit=100, concurrency=1)
    assert exit_code_of(first) == 77
    with serve(INVENTORY, port=port_of(served)) as again:
        result = crawl(again.endpoint, tmp_path, discover=True, limit=100)
        assert "/v2/manage/namespaces" not in again.counters()["by_path"]
    assert (exit_code_of(result), result.resumed) == (0, 1)
    assert set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)


def test_patterns_select_discovered_namespaces_and_the_rest_is_reported_as_uncovered(tmp_path: Path) -> None:
    first, *_ = sorted(INVENTORY.namespaces("self"))
    with serve(INVENTORY) as served:
        chosen = (f"{first[:3]}*", "!nothing-*")
        result = crawl(served.endpoint, tmp_path / "a", namespaces=chosen, centers="self")
        accepted = crawl(
            served.endpoint, tmp_path / "b", namespaces=chosen, centers="self", allow_partial_coverage=True
        )
    assert exit_code_of(result) == 3
    (center,) = result.coverage
    assert center.uncovered == 500 - len(published_keys(snapshot_of(result))) > 0
    assert not (snapshot_of(result) / "_SUCCESS").exists()
    assert exit_code_of(accepted) == 0
    assert orjson.loads((snapshot_of(accepted) / "_manifest.json").read_bytes())["coverage"][0]["declared"] == 500
    for result_of in (result, accepted):
        assert verify(open_snapshot(snapshot_of(result_of))).differences == ()


def test_records_without_any_selected_namespace_make_the_inventory_incomplete(tmp_path: Path) -> None:
    with serve(INVENTORY) as served:
        result = crawl(served.endpoint, tmp_path, namespaces=("no-such-*",), centers="self")
    assert result.walks == ()
    assert exit_code_of(result) == 3
    assert result.coverage[0].uncovered == 500


@pytest.mark.parametrize("fault", ["refuse-direct-parameters", "refuse-filter"])
@pytest.mark.parametrize("dialect", ["auto", "direct", "filter"])
def test_a_request_refused_in_one_dialect_is_sent_in_the_other_unless_the_dialect_is_configured(
    tmp_path: Path, fault: str, dialect: str
) -> None:
    accepted = "filter" if "direct" in fault else "direct"
    with serve(INVENTORY, faults=(parse_fault(fault),)) as served:
        toml = f'[crawl]\ndialect = "{dialect}"\n'
        result = run(TOKEN, tmp_path, toml, endpoint=served.endpoint, limit=100)
    if dialect in {"auto", accepted}:
        assert exit_code_of(result) == 0
        assert {walk.dialect for walk in result.walks} == {accepted}
        assert set(published_keys(snapshot_of(result))) == inventory_keys(INVENTORY)
    else:
        assert exit_code_of(result) == 78
        assert "dialect" in str(result.errors["default"])


def test_changing_the_dialect_does_not_count_as_a_try(tmp_path: Path) -> None:
    with serve(INVENTORY, faults=(parse_fault("refuse-direct-parameters"),)) as served:
        result = run(TOKEN, tmp_path, "[crawl]\nmax_tries = 1\n", endpoint=served.endpoint, limit=100)
    assert exit_code_of(result) == 0


def test_regions_name_their_own_endpoints() -> None:
    config = load(flags={"region": ("eu-de", "eu-west-101")}, environ=TOKEN, file_text=None, file_name=None).config
    assert [target.endpoint for target in config.targets] == [
        "https://swr-api.eu-de.otc.t-systems.com",
        "https://swr-api.eu-west-101.myhuaweicloud.eu",
    ]
