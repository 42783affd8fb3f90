"""Laws of what is shown of a configuration: every setting with its origin, credentials, and never a secret."""

import json
from dataclasses import replace
from typing import cast

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.describe import describe, redacted
from crawler.config.settings.table import SETTINGS
from tests.config.examples import EXAMPLES, NAMES
from tests.config.loading import SECRET, TWO_TARGETS, loaded, tool_files


@given(st.data())
def test_the_shown_values_load_to_the_same_config_from_the_environment(data: st.DataObject) -> None:
    flags: dict[str, object] = {"endpoint": "x.example"}
    for name in data.draw(st.lists(st.sampled_from(NAMES), unique=True)):
        if SETTINGS[name].flag:
            flags[name] = EXAMPLES[name][data.draw(st.integers(0, 2))][0]
    if flags.get("double_read"):
        flags["max_passes"] = 2
    flags["rate_per_s"] = data.draw(st.floats(min_value=0.001, max_value=100_000))
    first = loaded(flags=flags)
    shown = {row.setting: row.value for row in describe(first, {})}
    environ = {SETTINGS[name].variable: shown[name] for name in NAMES if shown[name] != "not set"}
    again = loaded(environ=environ)
    assert again.config == first.config


def test_every_setting_has_one_row_with_its_origin_unit_and_help() -> None:
    for result in (loaded(), loaded(TWO_TARGETS), loaded(flags={"endpoint": "a.example"})):
        rows = describe(result, {})
        settings = [row for row in rows if row.setting.rpartition(".")[2] not in {"credentials", "route"}]
        assert {row.setting: row.origin for row in settings} == result.origins
        assert len(settings) == len(result.origins)
        assert len(rows) - len(settings) == 2 * len(result.config.targets)
        assert all(row.help for row in rows)
    rows_by_name = {row.setting: row for row in describe(loaded(), {})}
    assert (rows_by_name["rate_per_s"].value, rows_by_name["rate_per_s"].unit) == ("50", "requests/s")
    assert rows_by_name["endpoint"].value == "not set"
    assert rows_by_name["namespaces"].value == "not set"
    assert rows_by_name["resume"].value == "auto"


def test_a_token_is_shown_as_its_reference_and_whether_it_is_set() -> None:
    values = {row.setting: row.value for row in describe(loaded(TWO_TARGETS), {"OWN": SECRET, "SHARED": ""})}
    assert values["target.a.token"] == "env:OWN (set)"
    assert values["target.b.token"] == "env:SHARED (not set)"
    filed = loaded('[crawl]\ntoken = "file:/run/t"')
    assert {row.setting: row.value for row in describe(filed, {})}["token"] == "file:/run/t"


def test_the_chosen_credentials_are_shown_as_references_with_their_origins() -> None:
    environ = {"HW_ACCESS_KEY": SECRET, "HW_SECRET_KEY": SECRET, "OWN": SECRET, "SHARED": ""}
    result = loaded(flags={"endpoint": "a.example"}, environ=environ)
    row = {row.setting: row for row in describe(result, environ)}["credentials"]
    assert row.value == "aksk: access_key env:HW_ACCESS_KEY (set), secret_key env:HW_SECRET_KEY (set)"
    assert row.origin == "environment HW_ACCESS_KEY, environment HW_SECRET_KEY"
    rows = {row.setting: row for row in describe(loaded(TWO_TARGETS), environ)}
    assert rows["target.a.credentials"].value == "token: token env:OWN (set)"
    assert rows["target.b.credentials"].value == "token: token env:SHARED (not set)"
    metadata = describe(loaded(flags={"endpoint": "a.example", "auth": "metadata"}), {})
    assert {row.setting: (row.value, row.origin) for row in metadata}["credentials"] == (
        "metadata",
        "flag --auth, default",
    )


def test_credentials_of_the_file_are_shown_when_its_text_is_passed_and_missing_ones_are_explained() -> None:
    result = loaded(flags={"endpoint": "a.example"})
    profiles = {"~/.huaweicloud/credentials": f"[basic]\nak = {SECRET}\nsk = {SECRET}"}
    row = {row.setting: row for row in describe(result, {}, tool_files(profiles))}["credentials"]
    assert row.value == "aksk: access_key profile:basic.ak, secret_key profile:basic.sk"
    assert row.origin == "file ~/.huaweicloud/credentials"
    without = {row.setting: row for row in describe(result, {})}["credentials"]
    assert without.value.startswith("none: no credentials for target default: export SWR_CRAWLER_TOKEN=")


def route(environ: dict[str, str], toml: str = "", **flags: object) -> tuple[str, str]:
    result = loaded(toml, environ, {"endpoint": "swr.example.com", **flags})
    (row,) = (row for row in describe(result, environ) if row.setting == "route")
    return row.value, row.origin


def test_the_route_of_each_target_is_shown_without_the_secrets_of_its_proxy() -> None:
    assert route({}) == ("direct", "default")
    by_variable = {"HTTPS_PROXY": f"http://corp:{SECRET}@proxy.test:3128"}
    assert route(by_variable) == ("http://proxy.test:3128, with credentials", "environment HTTPS_PROXY")
    assert route(by_variable | {"NO_PROXY": ".example.com"}) == ("direct", "environment NO_PROXY")
    assert route(by_variable, '[crawl]\nproxy = "none"') == ("direct", "file crawler.toml")
    assert route(by_variable, auth="metadata") == (
        "API: http://proxy.test:3128, with credentials; metadata service: direct",
        "environment HTTPS_PROXY, always",
    )
    wrong = route({"HTTPS_PROXY": f"socks5://corp:{SECRET}@proxy.test:1080"})
    assert wrong[0].startswith("none: HTTPS_PROXY: names a SOCKS proxy, which is not supported")


def test_api_and_iam_are_shown_apart_when_their_ways_differ() -> None:
    login = {"OS_USERNAME": "u", "OS_PASSWORD": SECRET, "OS_DOMAIN_NAME": "a", "OS_PROJECT_NAME": "p"}
    environ = {**login, "OS_AUTH_URL": "https://iam.example.com/v3", "HTTPS_PROXY": "proxy.test:3128"}
    assert route(environ) == ("http://proxy.test:3128", "environment HTTPS_PROXY")
    assert route(environ | {"NO_PROXY": "iam.example.com"}) == (
        "API: http://proxy.test:3128; IAM: direct",
        "environment HTTPS_PROXY, environment NO_PROXY",
    )


def test_the_redacted_config_is_plain_json_with_every_setting() -> None:
    config = loaded(TWO_TARGETS).config
    bare = msgspec.structs.replace(config, targets=(replace(config.targets[0], token=None),))
    for one in (config, bare):
        plain = redacted(one)
        assert json.loads(json.dumps(plain)) == plain
        of_run = {name for name in SETTINGS if SETTINGS[name].scope == "crawl"}
        assert set(plain) == of_run | {"targets", "patterns"}
    (target,) = cast("list[dict[str, object]]", redacted(bare)["targets"])
    assert set(target) == {name for name in SETTINGS if SETTINGS[name].scope == "target"} | {"name"}
    assert {name for name, value in target.items() if value is not None} == {
        *("name", "endpoint", "auth", "metadata_endpoint", "credentials_file", "rate_per_s", "concurrency")
    }
    assert "env:SHARED" in json.dumps(redacted(config))
