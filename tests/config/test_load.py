"""Laws of the loader: precedence, which error a wrong setting is, and settings that imply or contradict others."""

import json
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.config import Config, require_endpoint
from crawler.config.describe import describe
from crawler.config.load import load
from crawler.config.settings.table import SETTINGS
from crawler.errors import ConfigError, UsageError
from tests.config.examples import EXAMPLES, NAMES, value_of
from tests.config.loading import TWO_TARGETS, loaded, refusal


def test_without_any_setting_the_defaults_hold_and_there_is_no_target() -> None:
    nothing = loaded()
    assert nothing.config == Config(
        targets=(),
        centers=("self", "thirdparty"),
        namespaces=(),
        patterns=(),
        discover=False,
        discover_mode="own",
        allow_partial_coverage=False,
        allow_shrink=False,
        max_shrink_percent=50,
        min_shrink_records=10,
        dialect="auto",
        limit=1000,
        order=("name", "updated_at", "none"),
        timeout_s=30.0,
        max_tries=8,
        max_wait_s=900.0,
        max_passes=3,
        double_read=False,
        max_duration_s=None,
        output="output",
        snapshot=None,
        resume=None,
        resume_max_age_s=21600.0,
        max_part_bytes=268435456,
        compression="none",
        zstd_level=3,
        gzip_level=6,
        max_body_bytes=64 * 1024 * 1024,
        allow_http=False,
        require="all",
        summary_file=None,
        progress="auto",
        log_format="auto",
    )
    assert set(nothing.origins) == {setting.label for setting in SETTINGS.values()} | {"audit.suppress"}
    assert set(nothing.origins.values()) == {"default"}


def test_the_examples_have_every_setting_but_secrets_and_the_region() -> None:
    secrets = {name for name, setting in SETTINGS.items() if setting.secret}
    assert set(NAMES) == set(SETTINGS) - secrets - {"region"}


def in_environment(expected: Mapping[str, tuple[object, str]], name: str) -> bool:
    return name in expected and expected[name][1].startswith("environment")


_EXAMPLE = st.none() | st.integers(0, 2)
# By setting: which example the file, the environment and the flag have, and whether the flag has its text. All is drawn
# before the test runs: drawn within it, a setting that is refused alone took minutes to be found among the others.
_GIVEN = st.dictionaries(st.sampled_from(NAMES), st.tuples(_EXAMPLE, _EXAMPLE, _EXAMPLE, st.integers(0, 1)))


@given(_GIVEN)
def test_for_each_setting_a_flag_overrides_the_environment_which_overrides_the_file_which_overrides_the_default(
    given_settings: Mapping[str, tuple[int | None, int | None, int | None, int]],
) -> None:
    flags: dict[str, object] = {"endpoint": "x.example"}
    environ: dict[str, str] = {}
    lines: dict[str, list[str]] = {table: [f"[{table}]"] for table in ("crawl", "audit", "retention")}
    expected: dict[str, tuple[object, str]] = {}
    for name, (in_file, in_environ, in_flag, spelling) in given_settings.items():
        setting, examples = SETTINGS[name], EXAMPLES[name]
        if in_file is not None:
            lines[setting.table].append(f"{setting.name} = {json.dumps(examples[in_file][0])}")
            expected[name] = (examples[in_file][2], "file crawler.toml")
        if in_environ is not None:
            environ[setting.variable] = examples[in_environ][1]
            expected[name] = (examples[in_environ][2], f"environment {setting.variable}")
        if in_flag is not None and setting.flag:
            value = examples[in_flag][spelling]
            flags[name] = value
            on, _, off = setting.flag.partition("/")
            flag = off if off and value is False else on
            expected[name] = (examples[in_flag][2], f"flag {flag}")
    if "endpoint" not in expected or not expected["endpoint"][1].startswith("flag"):
        expected["endpoint"] = ("https://x.example", "flag --endpoint")
    if in_environment(expected, "client_cert") and not in_environment(expected, "client_key"):
        expected.pop("client_key", None)  # that of the file was written for another certificate
    result = loaded("\n".join(line for table in lines.values() for line in table), environ, flags)
    for name in NAMES:
        value, origin = expected.get(name, (SETTINGS[name].default, "default"))
        assert (value_of(result, name), result.origins[name]) == (value, origin), name
    assert msgspec.convert(msgspec.to_builtins(result.config), Config) == result.config


def test_a_flag_that_no_setting_has_is_an_error_of_the_caller() -> None:
    for name in ("rate", "max_tries", "token"):
        with pytest.raises(ValueError, match=name):
            loaded(flags={name: 1})


def test_a_wrong_flag_is_a_usage_error_and_a_wrong_variable_or_key_is_a_config_error() -> None:
    flag = refusal(flags={"limit": 0})
    assert isinstance(flag, UsageError)
    assert str(flag) == "--limit: 0 is not a whole number from 1 to 1000"
    variable = refusal(environ={"SWR_CRAWLER_LIMIT": "1e3"})
    assert isinstance(variable, ConfigError)
    assert variable.setting == "SWR_CRAWLER_LIMIT"
    assert str(variable) == "SWR_CRAWLER_LIMIT: '1e3' is not a whole number from 1 to 1000"
    key = refusal("[crawl]\nlimit = 1001")
    assert isinstance(key, ConfigError)
    assert key.setting == "limit"
    off = refusal(flags={"resume": "maybe"})
    assert str(off) == "--resume: 'maybe' is not true or false, or \"auto\""


def test_of_several_errors_that_of_the_file_is_told_then_that_of_a_flag() -> None:
    environ, flags = {"SWR_CRAWLER_MAX_TRIES": "0"}, {"limit": 0}
    assert "max_passes" in str(refusal("[crawl]\nmax_passes = 0", environ, flags))
    assert "--limit" in str(refusal("[crawl]", environ, flags))
    assert "SWR_CRAWLER_MAX_TRIES" in str(refusal("[crawl]", environ))


def test_a_value_that_another_source_overrides_is_checked_too() -> None:
    assert "SWR_CRAWLER_LIMIT" in str(refusal(environ={"SWR_CRAWLER_LIMIT": "0"}, flags={"limit": 5}))


def test_a_run_without_an_endpoint_is_refused_with_the_ways_to_set_one() -> None:
    require_endpoint(loaded(TWO_TARGETS).config)
    with pytest.raises(ConfigError, match="--endpoint https://HOST, SWR_CRAWLER_ENDPOINT, or endpoint in"):
        require_endpoint(loaded().config)


def test_patterns_are_apart_from_namespaces_and_turn_discovery_on() -> None:
    result = loaded('[crawl]\nnamespaces = ["!x", "plain", "team-*"]')
    config = result.config
    assert (config.namespaces, config.patterns, config.discover) == (("plain",), ("!x", "team-*"), True)
    assert result.origins["discover"] == "file crawler.toml"
    assert {row.setting: row.value for row in describe(result, {})}["namespaces"] == "plain,!x,team-*"


def test_the_word_discover_in_the_file_means_all_namespaces() -> None:
    config = loaded('[crawl]\nnamespaces = "discover"').config
    assert (config.namespaces, config.patterns, config.discover) == ((), ("*",), True)
    flagged = loaded(flags={"discover": True}).config
    assert (flagged.namespaces, flagged.patterns, flagged.discover) == ((), (), True)


def test_a_pattern_contradicts_no_discovery_of_the_same_or_higher_precedence() -> None:
    text = '[crawl]\nnamespaces = ["a*"]'
    problem = "without discovery the pattern a* of namespaces matches nothing; remove one of them"
    assert str(refusal(text, flags={"discover": False})) == f"--no-discover: {problem}"
    assert str(refusal(f"{text}\ndiscover = false")) == f"crawler.toml, [crawl] discover: {problem}"
    assert loaded("[crawl]\ndiscover = false", flags={"namespaces": ["a*"]}).config.discover


def test_double_read_without_a_second_pass_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--double-read.*max_passes"):
        load(flags={"double_read": True, "max_passes": 1}, environ={}, file_text=None, file_name=None)
