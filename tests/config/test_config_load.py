"""Laws of `Config.load`, by which a Python program makes a configuration: sources, names, values and refusals."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from crawler.config.audit_policy import Policy, Suppression
from crawler.config.config import Config
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.table import RUN_KEYS, SETTINGS, TARGET_KEYS
from crawler.errors import ConfigError
from tests.config.examples import EXAMPLES
from tests.config.loading import SECRET, TWO_TARGETS

FILE = '[crawl]\nlimit = 10\nmax_tries = 20\ntimeout_s = 30\nendpoint = "file.example"\n'


def load(**settings: Any) -> Config:  # noqa: ANN401
    return Config.load(environ={}, **settings)


def problem(environ: Mapping[str, str] | None = None, **settings: Any) -> str:  # noqa: ANN401
    with pytest.raises(ConfigError) as caught:
        Config.load(environ=environ or {}, **settings)
    assert type(caught.value) is ConfigError
    assert "\n" not in str(caught.value)
    assert SECRET not in f"{caught.value!r} {caught.value.__dict__}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


# --- sources


def test_an_argument_overrides_the_environment_which_overrides_the_file_which_overrides_the_default(
    tmp_path: Path,
) -> None:
    path = tmp_path / "f.toml"
    path.write_text(FILE, encoding="utf-8")
    environ = {"SWR_CRAWLER_LIMIT": "11", "SWR_CRAWLER_MAX_TRIES": "21"}
    for name in (path, str(path)):
        config = Config.load(name, environ=environ, limit=12)
        assert (config.limit, config.max_tries, config.timeout_s, config.max_passes) == (12, 21, 30.0, 3)


def test_without_any_source_the_defaults_hold_and_no_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crawler.toml").write_text("not TOML", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    config = load()
    assert (config.limit, config.targets, config.audit) == (1000, (), Policy())


def test_the_environment_of_the_process_is_read_only_when_no_other_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("SWR_CRAWLER_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("SWR_CRAWLER_LIMIT", "7")
    assert Config.load().limit == 7
    assert load().limit == 1000


def test_a_variable_names_the_file_as_it_does_for_the_command_and_an_argument_overrides_it(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text(FILE, encoding="utf-8")
    environ = {"SWR_CRAWLER_CONFIG": str(path)}
    assert Config.load(environ=environ).limit == 10
    environ = {"SWR_CRAWLER_CONFIG": str(tmp_path / "missing")}
    assert Config.load(path, environ=environ).limit == 10
    assert problem(environ) == f"SWR_CRAWLER_CONFIG: cannot read {tmp_path / 'missing'}: No such file or directory"


def test_a_file_that_is_missing_or_no_text_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    assert problem(path=path) == f"argument path: cannot read {path}: No such file or directory"
    assert problem(path="a\0b") == "argument path: 'a\\x00b' cannot be the path of a file"
    path.write_bytes(b"\xff")
    assert problem(path=path) == f"argument path: {path} is not UTF-8 text"
    path.write_text("[crawl]\nlimit = 0", encoding="utf-8")
    assert problem(path=path) == f"{path}, [crawl] limit: 0 is not a whole number from 1 to 1000"


# --- names and values


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "." not in name])
def test_every_setting_is_an_argument_with_the_name_and_the_values_of_the_file(name: str) -> None:
    in_file, _, normal = EXAMPLES[name][1]
    config = load(**{"endpoint": "a.example", name: in_file})
    found = getattr(config.targets[0] if name in TARGET_KEYS else config, name)
    assert found == normal


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name.startswith("audit.")])
def test_the_table_audit_is_an_argument(name: str) -> None:
    in_file, _, normal = EXAMPLES[name][1]
    key = SETTINGS[name].name
    assert getattr(load(audit={key: in_file}).audit, key) == normal


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name.startswith("retention.")])
def test_the_table_retention_is_an_argument(name: str) -> None:
    in_file, _, normal = EXAMPLES[name][1]
    key = SETTINGS[name].name
    assert getattr(load(retention={key: in_file}).retention, key) == normal
    assert f'it belongs into retention={{"{key}": …}}' in problem(None, **{key: in_file})


def test_the_table_retention_is_checked_as_the_others_are(tmp_path: Path) -> None:
    assert problem(retention=3) == "argument retention: is not a table"
    assert "unknown key keep_lats; did you mean keep_last?" in problem(retention={"keep_lats": 1})
    assert "-1 is not a whole number from 0 to 100000" in problem(retention={"keep_last": -1})
    (tmp_path / "f.toml").write_text("[retention]\nkeep_within = '3 days'", encoding="utf-8")
    assert "[retention] keep_within: '3 days' is not a time such as 90d" in problem(path=tmp_path / "f.toml")
    (tmp_path / "f.toml").write_text("retention = 1", encoding="utf-8")
    assert "write [retention]" in problem(path=tmp_path / "f.toml")


@pytest.mark.parametrize("text", ["0d", "0y0h", "d", "1d1y", "1w", "-1d", "1.5d", "999999d", " 1d", "1D", "٣d", "12"])
def test_a_time_is_one_of_calendar_units_in_their_order_and_not_zero(text: str) -> None:
    assert "is not a time such as 90d, 1y6m or 36h" in problem(retention={"keep_within": text})


def test_suppressions_are_in_the_table_audit_and_replace_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    one = {"rule": "not-updated", "reason": "kept", "expires": "2027-03-31"}
    path.write_text("[[audit.suppress]]\nrule = 'SWR202'\nreason = 'x'\nexpires = 2027-01-01", encoding="utf-8")
    assert [each.rule for each in load(path=path, audit={"fail_on": "note"}).audit.suppressions] == ["SWR202"]
    (found,) = load(path=path, audit={"suppress": [one]}).audit.suppressions
    assert isinstance(found, Suppression)
    assert (found.rule, found.reason) == ("SWR201", "kept")
    assert load(path=path, audit={"suppress": []}).audit.suppressions == ()


def test_a_value_that_a_config_has_is_accepted_again() -> None:
    config = load(endpoint="a.example", output=Path("a/b"))
    assert config.output == "a/b"
    values = {name: getattr(config, name) for name in RUN_KEYS}
    (target,) = config.targets
    region = {"region": ()}  # of a target it is one name, None for none
    of_target = {name: getattr(target, name) for name in TARGET_KEYS if not SETTINGS[name].secret} | region
    assert load(**values, **of_target) == config
    assert load(rate_per_s=None, endpoint="a.example").targets[0].rate_per_s is None


def test_a_secret_is_a_reference_and_its_variable_is_of_the_environment_that_was_given() -> None:
    (target,) = load(endpoint="a.example", token="env:MINE").targets
    assert target.token == SecretRef("env", "MINE")
    (target,) = Config.load(environ={"SWR_CRAWLER_TOKEN": SECRET}, endpoint="a.example").targets
    assert target.token == SecretRef("env", "SWR_CRAWLER_TOKEN")
    assert "argument token: the value is not a reference: write" in problem(token=SECRET)


# --- targets


def test_targets_replace_those_of_the_file_and_outrank_all_that_is_outside_them(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text(TWO_TARGETS, encoding="utf-8")
    environ = {"SWR_CRAWLER_ENDPOINT": "v.example", "SWR_CRAWLER_RATE": "1", "SWR_CRAWLER_AUTH": "aksk"}
    tables = [{"region": "eu-de", "rate_per_s": 2, "auth": "token"}, {"name": "b", "concurrency": 5}]
    config = Config.load(path, environ=environ, targets=tables, concurrency=9)
    assert [(one.name, one.rate_per_s, one.concurrency, one.auth) for one in config.targets] == [
        ("eu-de", 2.0, 9, "token"),
        ("b", 1.0, 5, "aksk"),
    ]
    assert config.targets[1].endpoint == "https://v.example"
    assert [one.name for one in load(path=path, rate_per_s=1).targets] == ["a", "b"]
    assert [one.rate_per_s for one in load(path=path, rate_per_s=1).targets] == [1.0, 1.0]
    assert [one.name for one in load(path=path, targets=(), endpoint="a.example").targets] == ["default"]
    assert load(path=path, targets=[]).targets == ()


def test_a_target_with_credentials_takes_no_account_from_the_file_or_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text('[crawl]\naccount = "file"\niam_endpoint = "iam.example"', encoding="utf-8")
    table = {"endpoint": "a.example", "user": "me", "password": "env:P"}
    environ = {"SWR_CRAWLER_ACCOUNT": "variable", "SWR_CRAWLER_PROJECT": "variable"}
    (target,) = Config.load(path, environ=environ, targets=[table]).targets
    assert (target.isolated, target.account, target.project, target.iam_endpoint) == (True, None, None, None)
    (target,) = Config.load(path, environ=environ, targets=[table], account="argument").targets
    assert target.account == "argument"


def test_a_variable_that_a_reference_in_an_argument_names_is_known() -> None:
    environ = {"SWR_CRAWLER_TOKEN_EU": SECRET}
    tables = [{"endpoint": "a.example", "token": "env:SWR_CRAWLER_TOKEN_EU"}]
    assert Config.load(environ=environ, targets=tables).targets
    assert "unknown variable; did you mean SWR_CRAWLER_TOKEN?" in problem(environ, endpoint="a.example")


# --- refusals


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"limit": 0}, "argument limit: 0 is not a whole number from 1 to 1000"),
        ({"limit": "5"}, "argument limit: '5' is not a whole number from 1 to 1000"),
        ({"limit": None}, "argument limit: the value is not a whole number from 1 to 1000"),
        ({"discover": "yes"}, "argument discover: 'yes' is not true or false"),
        ({"limits": 5}, "Config.load: unknown argument limits; did you mean limit?"),
        ({"target": []}, "Config.load: unknown argument target; did you mean targets?"),
        ({"confirm": True}, "Config.load: confirm is now called double_read"),
        ({"fail_on": "note"}, 'Config.load: unknown argument fail_on; it belongs into audit={"fail_on": …}'),
        ({"audit.fail_on": "note"}, "Config.load: unknown argument 'audit.fail_on'; "),
        ({"audit": 1}, "argument audit: is not a table"),
        ({"audit": {"limit": 1}}, "argument audit, [audit]: unknown key limit; it belongs below [crawl]"),
        ({"audit": {"suppress": 1}}, "argument audit: suppress is not a list of tables"),
        ({"targets": {"name": "a"}}, "argument targets: is not a list of tables, one a target"),
        ({"targets": ["a"]}, "argument targets: is not a list of tables, one a target"),
        ({"targets": [{"rate": 1}]}, "argument targets, [[target]] 1: unknown key rate; did you mean rate_per_s?"),
        ({"targets": [{"rate_per_s": 0}]}, "argument targets, [[target]] 1 rate_per_s: 0 is not a number from"),
        ({"targets": [{"name": "a"}]}, "argument targets, [[target]] a: no endpoint; write one in it or below [crawl]"),
        ({"endpoint": "http://a.example"}, "argument endpoint: plain http exposes the token to the network; use"),
        ({"double_read": True, "max_passes": 1}, "argument double_read: needs a second pass to compare with"),
        ({"discover": False, "namespaces": ["a*"]}, "argument discover: without discovery the pattern a* of"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_line_with_its_name_and_what_is_accepted(
    settings: Mapping[str, Any], says: str
) -> None:
    assert problem(**settings).startswith(says)


def test_the_error_of_an_argument_has_its_name() -> None:
    with pytest.raises(ConfigError) as caught:
        load(limit=0)
    assert caught.value.setting == "limit"
