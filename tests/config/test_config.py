"""Laws of the loader: precedence, targets, messages, secrets, and what is shown."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from random import Random
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.config.audit_policy import Policy, Suppression
from crawler.config.config import (
    Config,
    Loaded,
    SecretRef,
    describe,
    filter_names,
    load,
    parse_namespaces,
    redacted,
    require_endpoint,
)
from crawler.config.settings import CONFIG_VARIABLE, SETTINGS
from crawler.errors import ConfigError, CrawlerError, UsageError

SECRET = "MIIhush+Zm9v/YmFy=="
TWO = """
[crawl]
rate_per_s = 7
token = "env:SHARED"
[[target]]
name = "a"
endpoint = "a.example"
token = "env:OWN"
rate_per_s = 5
[[target]]
name = "b"
endpoint = "b.example"
concurrency = 3
"""


def loaded(
    file_text: str | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Loaded:
    return load(
        flags=flags or {},
        environ=environ or {},
        file_text=file_text,
        file_name=None if file_text is None else "crawler.toml",
    )


def refusal(
    file_text: str | None = None,
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> CrawlerError:
    with pytest.raises(CrawlerError) as caught:
        loaded(file_text, environ, flags)
    assert "\n" not in str(caught.value)
    assert SECRET not in f"{caught.value!r} {caught.value.__dict__}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


# --- precedence ---------------------------------------------------------------------------------------


def test_nothing_written_gives_the_defaults_and_no_target() -> None:
    nothing = loaded()
    assert nothing.config == Config(
        targets=(),
        centers=("self", "thirdparty"),
        namespaces=(),
        patterns=(),
        discover=False,
        discover_mode="own",
        allow_partial_coverage=False,
        dialect="auto",
        limit=1000,
        order=("name", "updated_at", "none"),
        timeout_s=30.0,
        max_tries=8,
        max_passes=3,
        double_read=False,
        max_duration_s=None,
        output="output",
        snapshot=None,
        resume=None,
        resume_max_age_s=21600.0,
        max_part_bytes=268435456,
        max_body_bytes=64 * 1024 * 1024,
        allow_http=False,
        summary_file=None,
        progress="auto",
        log_format="auto",
    )
    assert nothing.audit == Policy()
    assert set(nothing.origins) == {setting.label for setting in SETTINGS.values()} | {"audit.suppress"}
    assert set(nothing.origins.values()) == {"default"}


# Three values of each setting, as a file writes them; the text of each is what the environment has.
EXAMPLES: dict[str, tuple[tuple[object, str, object], ...]] = {
    "endpoint": tuple((host, host, f"https://{host}") for host in ("a.example", "b.example", "c.example")),
    "auth": (("token", "token", "token"), ("aksk", "aksk", "aksk"), ("auto", "auto", "auto")),
    "user": (("a", "a", "a"), ("ä b", "ä b", "ä b"), ("", "", None)),
    "account": (("a", "a", "a"), ("b", "b", "b"), ("", "", None)),
    "project_id": (("a", "a", "a"), ("0f", "0f", "0f"), ("", "", None)),
    "project": (("eu-de_a", "eu-de_a", "eu-de_a"), ("b", "b", "b"), ("", "", None)),
    "iam_endpoint": (("a.example", "a.example", "https://a.example"), ("b:8", "b:8", "https://b:8"), ("", "", None)),
    "metadata_endpoint": tuple(
        (f"http://{a}", f"http://{a}", f"http://{a}") for a in ("169.254.0.1", "[::1]", "127.0.0.1")
    ),
    "credentials_file": (("a", "a", "a"), ("~/b", "~/b", "~/b"), ("/c", "/c", "/c")),
    "rate_per_s": ((1, "1", 1.0), (2.5, "2.5", 2.5), ("unlimited", "unlimited", None)),
    "concurrency": ((1, "1", 1), (2, "2", 2), (1024, "1024", 1024)),
    "centers": (
        (["self"], "self", ("self",)),
        (["thirdparty"], "thirdparty", ("thirdparty",)),
        (["thirdparty", "self"], "thirdparty, self", ("thirdparty", "self")),
    ),
    "namespaces": (
        (["a"], "a", ("a",)),
        (["b", "c"], "b,c", ("b", "c")),
        (["d", "d"], "d,d", ("d",)),
    ),
    "discover": ((True, "yes", True), (False, "no", False), (True, "1", True)),
    "discover_mode": (("own", "own", "own"), ("visible", "visible", "visible"), ("own", "own", "own")),
    "allow_partial_coverage": ((True, "yes", True), (False, "no", False), (True, "1", True)),
    "dialect": (("auto", "auto", "auto"), ("direct", "direct", "direct"), ("filter", "filter", "filter")),
    "limit": ((1, "1", 1), (2, "2", 2), (1000, "1000", 1000)),
    "order": (
        (["name"], "name", ("name",)),
        (["none"], "none", ("none",)),
        (["tag_count", "none"], "tag_count,none", ("tag_count", "none")),
    ),
    "timeout_s": ((1, "1", 1.0), (0.5, "0.5", 0.5), (1e3, "1e3", 1000.0)),
    "max_tries": ((1, "1", 1), (2, "2", 2), (100, "100", 100)),
    "max_passes": ((2, "2", 2), (3, "3", 3), (100, "100", 100)),  # 1 does not go with double_read
    "double_read": ((True, "yes", True), (False, "0", False), (True, "TRUE", True)),
    "max_duration_s": ((1, "1", 1.0), (60, "60", 60.0), ("unlimited", "unlimited", None)),
    "output": (("a", "a", "a"), ("-", "-", "-"), ("/srv/ä b", "/srv/ä b", "/srv/ä b")),
    "snapshot": (("a", "a", "a"), ("", "", None), ("2026-01.B_c", "2026-01.B_c", "2026-01.B_c")),
    "resume": ((True, "1", True), (False, "no", False), ("auto", "auto", None)),
    "resume_max_age_s": ((1, "1", 1.0), (2, "2", 2.0), (3, "3", 3.0)),
    "max_part_bytes": ((1, "1", 1), (2, "2", 2), (2**40, str(2**40), 2**40)),
    "max_body_bytes": ((1024, "1024", 1024), (2000, "2000", 2000), (2**30, str(2**30), 2**30)),
    "allow_http": ((True, "true", True), (False, "false", False), (True, "1", True)),
    "summary_file": (("a", "a", "a"), ("b", "b", "b"), ("", "", None)),
    "progress": (("auto", "auto", "auto"), ("on", "on", "on"), ("off", "off", "off")),
    "log_format": (("auto", "auto", "auto"), ("text", "text", "text"), ("json", "json", "json")),
    "fail_on": (("note", "note", "note"), ("never", "never", None), ("error", "error", "error")),
    "disabled_rules": (
        (["SWR005"], "SWR005", ("SWR005",)),
        (["no-tags"], "no-tags", ("SWR202",)),
        (["SWR101"], "SWR101", ("SWR101",)),
    ),
    "allowed_domains": ((["a*"], "a*", ("a*",)), (["A b", "c"], "A b,c", ("A b", "c")), (["?"], "?", ("?",))),
    "allowed_namespaces": ((["a*"], "a*", ("a*",)), (["a", "b"], "a,b", ("a", "b")), (["[a"], "[a", ("[a",))),
    "allowed_categories": ((["a"], "a", ("a",)), (["a", "b"], "a,b", ("a", "b")), (["*"], "*", ("*",))),
    "max_age_days": ((1, "1", 1), (36500, "36500", 36500), ("unlimited", "unlimited", None)),
    "max_size_bytes": ((1, "1", 1), (2**50, str(2**50), 2**50), ("unlimited", "unlimited", None)),
    "max_growth_percent": ((0, "0", 0), (200, "200", 200), ("unlimited", "unlimited", None)),
    "min_growth_records": ((1, "1", 1), (2, "2", 2), (10**9, str(10**9), 10**9)),
    "min_growth_bytes": ((1, "1", 1), (2, "2", 2), (2**50, str(2**50), 2**50)),
}
NAMES = sorted(EXAMPLES)


def held(result: Loaded, name: str) -> object:
    if SETTINGS[name].of_target:
        return getattr(result.config.targets[0], name)
    return getattr(result.config if SETTINGS[name].table == "crawl" else result.audit, name)


def test_the_examples_have_every_setting_but_secrets_whose_variables_hold_no_reference_and_the_other_where() -> None:
    secrets = {name for name, setting in SETTINGS.items() if setting.secret}
    assert set(NAMES) == set(SETTINGS) - secrets - {"region"}


@given(st.data())
def test_each_setting_by_itself_goes_flag_then_environment_then_file_then_default(
    data: st.DataObject,
) -> None:
    example = st.none() | st.integers(0, 2)
    flags: dict[str, object] = {"endpoint": "x.example"}
    environ: dict[str, str] = {}
    lines: dict[str, list[str]] = {"crawl": ["[crawl]"], "audit": ["[audit]"]}
    expected: dict[str, tuple[object, str]] = {}
    for name in data.draw(st.lists(st.sampled_from(NAMES), unique=True)):
        setting, examples = SETTINGS[name], EXAMPLES[name]
        in_file, in_environ, in_flag = data.draw(st.tuples(example, example, example))
        if in_file is not None:
            lines[setting.table].append(f"{name} = {json.dumps(examples[in_file][0])}")
            expected[name] = (examples[in_file][2], "file crawler.toml")
        if in_environ is not None:
            environ[setting.environment] = examples[in_environ][1]
            expected[name] = (examples[in_environ][2], f"environment {setting.environment}")
        if in_flag is not None and setting.flag:
            value = examples[in_flag][data.draw(st.integers(0, 1))]
            flags[name] = value
            on, _, off = setting.flag.partition("/")
            flag = off if off and value is False else on
            expected[name] = (examples[in_flag][2], f"flag {flag}")
    if "endpoint" not in expected or not expected["endpoint"][1].startswith("flag"):
        expected["endpoint"] = ("https://x.example", "flag --endpoint")
    result = loaded("\n".join(lines["crawl"] + lines["audit"]), environ, flags)
    for name in NAMES:
        value, origin = expected.get(name, (SETTINGS[name].default, "default"))
        assert (held(result, name), result.origins[SETTINGS[name].label]) == (value, origin), name
    assert msgspec.convert(msgspec.to_builtins(result.config), Config) == result.config


def test_a_flag_that_no_setting_has_is_a_mistake_of_the_caller() -> None:
    for name in ("rate", "max_tries", "token"):
        with pytest.raises(ValueError, match=name):
            loaded(flags={name: 1})


# --- targets ------------------------------------------------------------------------------------------


def test_targets_fall_back_to_crawl_and_keep_what_is_their_own() -> None:
    a, b = loaded(TWO).config.targets
    assert (a.name, a.endpoint, a.token, a.rate_per_s) == (
        "a",
        "https://a.example",
        SecretRef("env", "OWN"),
        5.0,
    )
    assert (b.token, b.rate_per_s, b.concurrency) == (SecretRef("env", "SHARED"), 7.0, 3)
    assert a.concurrency == 64
    origins = loaded(TWO).origins
    assert origins["target.a.concurrency"] == "default"
    assert origins["target.b.rate_per_s"] == "file crawler.toml"
    assert "endpoint" not in origins


@pytest.mark.parametrize("where", ["flags", "environment"])
def test_rate_and_concurrency_of_flags_and_environment_hold_for_every_target(where: str) -> None:
    result = (
        loaded(TWO, flags={"rate_per_s": 9, "concurrency": 4})
        if where == "flags"
        else loaded(TWO, {"SWR_CRAWLER_RATE": "9", "SWR_CRAWLER_CONCURRENCY": "4"})
    )
    assert [(target.rate_per_s, target.concurrency) for target in result.config.targets] == [(9.0, 4)] * 2


@pytest.mark.parametrize("where", ["flags", "environment"])
def test_an_endpoint_of_flags_or_environment_replaces_the_targets_by_one(where: str) -> None:
    result = (
        loaded(TWO, flags={"endpoint": "c.example"})
        if where == "flags"
        else loaded(TWO, {"SWR_CRAWLER_ENDPOINT": "c.example"})
    )
    (target,) = result.config.targets
    assert (target.name, target.endpoint, target.rate_per_s) == ("default", "https://c.example", 7.0)
    assert target.token == SecretRef("env", "SHARED")


def test_a_targets_own_token_stands_against_the_environment_and_the_shared_one_does_not() -> None:
    a, b = loaded(TWO, {"SWR_CRAWLER_TOKEN": SECRET}).config.targets
    assert a.token == SecretRef("env", "OWN")
    assert b.token == SecretRef("env", "SWR_CRAWLER_TOKEN")


def test_a_target_without_a_name_is_the_default_one_and_its_endpoint_may_be_that_of_crawl() -> None:
    (target,) = loaded('[crawl]\nendpoint = "a.example"\n[[target]]\nconcurrency = 1').config.targets
    assert (target.name, target.endpoint, target.concurrency) == ("default", "https://a.example", 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[target]]\nname = "a"', "crawler.toml, [[target]] a: no endpoint"),
        ("[[target]]\n[[target]]", "crawler.toml, [[target]] 2 name: default is the name of another"),
        ('[[target]]\nname = "A"', "crawler.toml, [[target]] 1 name: 'A' is not a name of 1 to 64"),
        ("[[target]]\nlimit = 1", "crawler.toml, [[target]] 1: unknown key limit; it belongs below [crawl]"),
        ("[[target]]\nrate = 1", "crawler.toml, [[target]] 1: unknown key rate; did you mean rate_per_s?"),
        ("[target]\nrate_per_s = 1", "crawler.toml: target is no list of tables; write [[target]]"),
        ("target = [1]", "crawler.toml: target is no list of tables; write [[target]]"),
        ("crawl = 1", "crawler.toml: crawl is no table; write [crawl]"),
        ("limit = 1", "crawler.toml: limit stands outside a table; write it below [crawl]"),
        ("[crawler]", "crawler.toml: unknown table or key crawler; did you mean crawl?"),
        ("[crawl]\ntimeout = 1", "crawler.toml, [crawl]: unknown key timeout; did you mean timeout_s?"),
        ("[crawl]\nconcurency = 1", "unknown key concurency; did you mean concurrency?"),
        ("[crawl]\nZ = 1", "unknown key Z; known: endpoint, region, auth, token,"),
        ('[crawl]\n"" = 1', "unknown key ''; known: endpoint, region, auth, token"),
        ('[crawl]\n"a\\nb\\u001b" = 1', "unknown key 'a\\nb\\x1b'; known"),
        ("[crawl]\ndisabled_rules = []", "crawler.toml, [crawl]: unknown key disabled_rules; it belongs below [audit]"),
        ("[audit]\nlimit = 1", "crawler.toml, [audit]: unknown key limit; it belongs below [crawl]"),
        ("[audit]\nmax_age = 1", "crawler.toml, [audit]: unknown key max_age; did you mean max_age_days?"),
        ("audit = 1", "crawler.toml: audit is no table; write [audit]"),
        ("fail_on = 1", "crawler.toml: fail_on stands outside a table; write it below [audit]"),
        (
            '[audit]\ndisabled_rules = ["incomplete-snapshot"]',
            "'incomplete-snapshot' is not a rule that can be left out, such as",
        ),
        ("[crawl\n", "crawler.toml: not TOML: Expected ']'"),
        ("[crawl]\nlimit = 0", "crawler.toml, [crawl] limit: 0 is not a whole number from 1 to 1000"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_with_the_place_and_the_fix(text: str, says: str) -> None:
    error = refusal(text)
    assert isinstance(error, ConfigError)
    assert says in str(error)


def test_a_file_that_the_parser_gives_up_on_is_refused_like_any_other() -> None:
    for text in ("a = " + "[" * 100_000, "a = " + "1" * 5000):
        assert str(refusal(text)).startswith("crawler.toml: not TOML that can be read")


def test_a_file_may_start_with_a_byte_order_mark() -> None:
    assert loaded("\ufeff[crawl]\nlimit = 5").config.limit == 5


# --- regions ------------------------------------------------------------------------------------------

EU_DE = "https://swr-api.eu-de.otc.t-systems.com"
EU_NL = "https://swr-api.eu-nl.otc.t-systems.com"


@pytest.mark.parametrize("where", ["flags", "environment", "file"])
def test_several_regions_make_one_target_each_named_after_them(where: str) -> None:
    result = {
        "flags": lambda: loaded(TWO, flags={"region": ("eu-de", "eu-nl")}),
        "environment": lambda: loaded(TWO, {"SWR_CRAWLER_REGION": "eu-de,eu-nl"}),
        "file": lambda: loaded('[crawl]\nregion = ["eu-de", "eu-nl"]\ntoken = "env:SHARED"'),
    }[where]()
    found = [(target.name, target.region, target.endpoint) for target in result.config.targets]
    assert found == [("eu-de", "eu-de", EU_DE), ("eu-nl", "eu-nl", EU_NL)]
    assert {str(target.token) for target in result.config.targets} == {"env:SHARED"}
    assert result.origins["target.eu-nl.endpoint"] == result.origins["target.eu-nl.region"]
    assert {row.setting: row.value for row in describe(result, {})}["target.eu-nl.region"] == "eu-nl"


def test_a_single_region_is_named_so_too_and_shown_without_a_prefix() -> None:
    result = loaded(flags={"region": ["eu-de"]})
    (target,) = result.config.targets
    assert (target.name, target.endpoint) == ("eu-de", EU_DE)
    assert (result.origins["endpoint"], result.origins["region"]) == ("flag --region", "flag --region")
    assert loaded('[crawl]\nregion = "eu-de"').config.targets[0].endpoint == EU_DE


def test_of_endpoint_and_region_the_closer_place_decides_and_the_further_one_has_no_say() -> None:
    (by_region,) = loaded('[crawl]\nendpoint = "a.example"', flags={"region": ["eu-de"]}).config.targets
    assert (by_region.name, by_region.endpoint) == ("eu-de", EU_DE)
    (by_endpoint,) = loaded(environ={"SWR_CRAWLER_REGION": "eu-de"}, flags={"endpoint": "a.example"}).config.targets
    assert (by_endpoint.name, by_endpoint.endpoint, by_endpoint.region) == ("default", "https://a.example", None)
    (over,) = loaded(environ={"SWR_CRAWLER_ENDPOINT": "a.example"}, flags={"region": ["eu-de"]}).config.targets
    assert over.endpoint == EU_DE


def test_a_region_beside_an_endpoint_names_it_and_may_be_unknown() -> None:
    (target,) = loaded(flags={"endpoint": "a.example", "region": ["xx-new-1"]}).config.targets
    assert (target.name, target.endpoint, target.region) == ("default", "https://a.example", "xx-new-1")
    error = refusal(flags={"endpoint": "a.example", "region": ["eu-de", "eu-nl"]})
    assert str(error) == "--region: several regions for one target; name one of them, or leave the endpoint out"


@pytest.mark.parametrize(
    ("text", "environ", "flags", "says"),
    [
        (
            None,
            {},
            {"region": ["cn-nort-4"]},
            "--region: cn-nort-4 is no known region; did you mean cn-north-4?; of any",
        ),
        (None, {"SWR_CRAWLER_REGION": "zz-zz"}, {}, "SWR_CRAWLER_REGION: zz-zz is no known region; known: ae-ad-1,"),
        (None, {}, {"region": ["EU"]}, "--region: 'EU' is not the name of a region, such as cn-north-4"),
        ('[[target]]\nregion = ["eu-de", "eu-nl"]', {}, {}, "[[target]] 1 region: names several regions; write one"),
        (
            '[[target]]\nregion = "eu-dee"',
            {},
            {},
            "[[target]] 1 region: eu-dee is no known region; did you mean eu-de?",
        ),
        ('[[target]]\nregion = "eu-de"\n[[target]]\nregion = "eu-de"', {}, {}, "2 name: eu-de is the name of another"),
        ('[crawl]\nregion = ["eu-de", "eu-nl"]\n[[target]]', {}, {}, "[crawl] region: several regions for one target"),
    ],
)
def test_a_region_that_makes_no_one_target_is_refused(
    text: str | None, environ: Mapping[str, str], flags: Mapping[str, object], says: str
) -> None:
    assert says in str(refusal(text, environ, flags))


def test_a_target_has_its_own_region_or_endpoint_else_those_of_crawl_and_is_named_after_its_region() -> None:
    text = """
    [crawl]
    endpoint = "a.example"
    region = "xx-new-1"
    [[target]]
    region = "eu-de"
    [[target]]
    name = "b"
    endpoint = "b.example"
    [[target]]
    name = "c"
    [[target]]
    name = "d"
    region = "eu-nl"
    endpoint = "d.example"
    """
    assert [(target.name, target.region, target.endpoint) for target in loaded(text).config.targets] == [
        ("eu-de", "eu-de", EU_DE),
        ("b", None, "https://b.example"),
        ("c", "xx-new-1", "https://a.example"),
        ("d", "eu-nl", "https://d.example"),
    ]


# --- discovery ----------------------------------------------------------------------------------------


def test_patterns_stand_apart_from_namespaces_and_imply_discovery() -> None:
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


def test_a_pattern_and_no_discovery_from_as_close_or_closer_contradict_each_other() -> None:
    text = '[crawl]\nnamespaces = ["a*"]'
    said = "without discovery the pattern a* of namespaces matches nothing; leave one out"
    assert str(refusal(text, flags={"discover": False})) == f"--no-discover: {said}"
    assert str(refusal(f"{text}\ndiscover = false")) == f"crawler.toml, [crawl] discover: {said}"
    assert loaded("[crawl]\ndiscover = false", flags={"namespaces": ["a*"]}).config.discover


@given(
    st.lists(st.text(alphabet="ab*?", min_size=1, max_size=4)),
    st.lists(st.text(alphabet="ab*?", min_size=1, max_size=4)),
    st.lists(st.text(alphabet="ab", max_size=5)),
    st.randoms(use_true_random=False),
)
def test_a_name_matches_when_a_pattern_takes_it_and_none_takes_it_out(
    taken: list[str], left_out: list[str], names: list[str], chance: Random
) -> None:
    def fits(name: str, glob: str) -> bool:
        if not glob:
            return not name
        rests = range(len(name) + 1) if glob[0] == "*" else [1] if name and glob[0] in {"?", name[0]} else []
        return any(fits(name[used:], glob[1:]) for used in rests)

    patterns = [*taken, *(f"!{glob}" for glob in left_out)]
    chance.shuffle(patterns)
    expected = [
        name
        for name in dict.fromkeys(names)
        if (not taken or any(fits(name, glob) for glob in taken)) and not any(fits(name, glob) for glob in left_out)
    ]
    assert filter_names(patterns, names) == tuple(expected)


def test_matching_heeds_brackets_and_case() -> None:
    assert filter_names(["[a-c]*", "!b[0-9]"], ["a", "b1", "bx", "d", "A"]) == ("a", "bx")
    assert filter_names([], ["b", "a", "b"]) == ("b", "a")


# --- who is told what ---------------------------------------------------------------------------------


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


def test_a_file_without_a_name_still_gives_a_message() -> None:
    with pytest.raises(ConfigError, match=r"^the configuration file: not TOML"):
        load(flags={}, environ={}, file_text="[", file_name=None)


def test_what_another_place_overrides_is_checked_all_the_same() -> None:
    assert "SWR_CRAWLER_LIMIT" in str(refusal(environ={"SWR_CRAWLER_LIMIT": "0"}, flags={"limit": 5}))


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("SWR_CRAWLER_LIMITS", "did you mean SWR_CRAWLER_LIMIT?"),
        ("SWR_CRAWLER_TIMEOUT_S", "did you mean SWR_CRAWLER_TIMEOUT?"),
        ("SWR_CRAWLER_TOKEN_EU", "did you mean SWR_CRAWLER_TOKEN?"),
        ("SWR_CRAWLER_", "known: SWR_CRAWLER_ACCESS_KEY, ACCOUNT, ALLOW_HTTP"),
        ("SWR_CRAWLER_\x1b", "'SWR_CRAWLER_\\x1b': unknown variable"),
    ],
)
def test_a_variable_that_looks_like_ours_and_is_not_is_refused(variable: str, says: str) -> None:
    error = refusal(environ={variable: SECRET})
    assert isinstance(error, ConfigError)
    assert error.setting == variable
    assert says in str(error)


def test_variables_of_tokens_and_of_the_file_and_of_others_are_known() -> None:
    text = '[[target]]\nendpoint = "a.example"\ntoken = "env:SWR_CRAWLER_TOKEN_EU"'
    names = ("SWR_CRAWLER_TOKEN_EU", "SWR_CRAWLER_TOKEN", CONFIG_VARIABLE, "PATH", "SWR_CRAWLE")
    (target,) = loaded(text, dict.fromkeys(names, "x")).config.targets
    assert target.token == SecretRef("env", "SWR_CRAWLER_TOKEN_EU")


# --- secrets ------------------------------------------------------------------------------------------


def test_the_token_comes_from_the_first_name_that_is_set_after_the_file() -> None:
    environ = {"SWR_CRAWLER_TOKEN": "", "OS_TOKEN": "z", "OS_AUTH_TOKEN": "y", "HW_AUTH_TOKEN": ""}
    result = loaded(environ=environ, flags={"endpoint": "a.example"})
    assert result.config.targets[0].token == SecretRef("env", "OS_AUTH_TOKEN")
    assert result.origins["token"] == "environment OS_AUTH_TOKEN"
    written = loaded('[crawl]\ntoken = "file:/run/t"', environ, {"endpoint": "a.example"})
    assert written.config.targets[0].token == SecretRef("file", "/run/t")
    ours = loaded('[crawl]\ntoken = "file:/run/t"', {"SWR_CRAWLER_TOKEN": "x"}, {"endpoint": "a.example"})
    assert str(ours.config.targets[0].token) == "env:SWR_CRAWLER_TOKEN"
    assert ours.origins["token"] == "environment SWR_CRAWLER_TOKEN"


@pytest.mark.parametrize(
    "token", [SECRET, f"env:{SECRET}", f"env:{'A' * 129}", "file:", "file:a\nb", "env:", "vault:x"]
)
def test_a_literal_token_is_refused_without_being_repeated(token: str) -> None:
    error = refusal(f"[crawl]\ntoken = {json.dumps(token)}")
    assert isinstance(error, ConfigError)
    assert error.setting == "token"
    assert str(error) == (
        'crawler.toml, [crawl] token: the value is not a reference: write "env:NAME", "file:PATH" or'
        ' "profile:SECTION.KEY", never the secret itself'
    )
    assert "4711" not in str(refusal("[crawl]\ntoken = 4711"))


def test_a_secret_in_an_endpoint_is_not_repeated() -> None:
    for endpoint in (f"https://me:{SECRET}@a.example", f"https://a.example/?token={SECRET}"):
        assert str(refusal(flags={"endpoint": endpoint})).startswith("--endpoint: the value is not an origin")


@given(st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_no_value_of_the_environments_token_shows_anywhere(noise: str) -> None:
    secret = f"hush{noise}hush"
    result = loaded(environ={"SWR_CRAWLER_TOKEN": secret}, flags={"endpoint": "a.example"})
    said = f"{result!r}{redacted(result.config)!r}{describe(result, {'SWR_CRAWLER_TOKEN': secret})!r}"
    assert "hush" not in said


def test_a_run_without_an_endpoint_is_refused_with_the_ways_to_give_one() -> None:
    require_endpoint(loaded(TWO).config)
    with pytest.raises(ConfigError, match="--endpoint https://HOST, SWR_CRAWLER_ENDPOINT, or endpoint in"):
        require_endpoint(loaded().config)


def test_an_environments_secret_is_a_reference_to_its_variable() -> None:
    names = [name for name, setting in SETTINGS.items() if setting.secret]
    environ = {SETTINGS[name].environment: SECRET for name in names}
    result = loaded(environ=environ, flags={"endpoint": "a.example"})
    (target,) = result.config.targets
    for name in names:
        assert getattr(target, name) == SecretRef("env", SETTINGS[name].environment)
    assert SECRET not in f"{result!r}{redacted(result.config)!r}{describe(result, environ)!r}"


def test_a_target_keeps_its_own_method_and_project_against_the_environment_but_not_against_a_flag() -> None:
    text = '[[target]]\nendpoint = "a.example"\nauth = "token"\nproject_id = "own"'
    environ = {"SWR_CRAWLER_AUTH": "aksk", "SWR_CRAWLER_PROJECT_ID": "other"}
    (target,) = loaded(text, environ).config.targets
    assert (target.auth, target.project_id, target.isolated) == ("token", "own", False)
    assert loaded(text, environ, {"auth": "metadata"}).config.targets[0].auth == "metadata"


def test_the_sdks_own_variable_for_the_credentials_file_is_checked_and_comes_after_ours() -> None:
    variable = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
    result = loaded('[crawl]\ncredentials_file = "/ours"', {variable: "/theirs"}, {"endpoint": "a.example"})
    assert result.config.targets[0].credentials_file == "/ours"
    assert loaded(environ={variable: "/theirs"}).origins["credentials_file"] == f"environment {variable}"
    assert str(refusal(environ={variable: "a\nb"})).startswith(f"{variable}: 'a\\nb' is not a path")


# --- plain http ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "127.9.9.9", "[::1]:80"])
def test_plain_http_stays_on_this_machine(host: str) -> None:
    assert loaded(flags={"endpoint": f"http://{host}"}).config.targets


def test_plain_http_to_iam_and_metadata_is_refused_beyond_this_machine_and_its_link() -> None:
    endpoint = 'endpoint = "a.example"\n'
    for name in ("iam_endpoint", "metadata_endpoint"):
        text = f'[[target]]\n{endpoint}{name} = "http://10.0.0.1"'
        assert str(refusal(text)).startswith(f"crawler.toml, [[target]] 1 {name}: plain http lets anyone")
        assert loaded(text, flags={"allow_http": True}).config.targets
        assert loaded(f'[crawl]\n{endpoint}{name} = "http://127.0.0.1:8080"').config.targets
    assert loaded(f'[crawl]\n{endpoint}metadata_endpoint = "http://169.254.1.1"').config.targets
    assert refusal(f'[crawl]\n{endpoint}iam_endpoint = "http://169.254.1.1"').exit_code == 78


@pytest.mark.parametrize(
    "host", ["a.example", "localhost.example", "127.0.0.1.example", "[::2]", "10.0.0.1", "[::ffff:127.0.0.1]"]
)
def test_plain_http_beyond_it_has_to_be_allowed(host: str) -> None:
    error = refusal(flags={"endpoint": f"http://{host}"})
    assert isinstance(error, UsageError)
    assert str(error).startswith("--endpoint: plain http lets anyone")
    text = f'[[target]]\nendpoint = "http://{host}"'
    assert str(refusal(text)).startswith("crawler.toml, [[target]] 1 endpoint: plain http")
    assert loaded(text, flags={"allow_http": True}).config.targets


# --- suppressions -------------------------------------------------------------------------------------

SUPPRESS = '[[audit.suppress]]\nrule = "not-updated"\nreason = "kept"\nexpires = 2027-03-31\n'


def test_suppressions_are_read_from_the_file_with_the_rules_id_and_patterns_for_all() -> None:
    result = loaded(SUPPRESS + SUPPRESS + SUPPRESS.replace("2027-03-31", '"2027-04-01"') + 'name = "old-*"')
    assert result.audit.suppressions == (
        Suppression(rule="SWR201", reason="kept", expires=date(2027, 3, 31)),
        Suppression(rule="SWR201", reason="kept", expires=date(2027, 4, 1), name="old-*"),
    )
    (row,) = [row for row in describe(result, {}) if row.setting == "audit.suppress"]
    assert row.value == "SWR201 expires 2027-03-31; SWR201 name=old-* expires 2027-04-01"
    assert row.origin == result.origins["audit.suppress"] == "file crawler.toml"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SUPPRESS.replace('reason = "kept"', ""), "crawler.toml, [[audit.suppress]] 1: has no reason: it is a reason"),
        (SUPPRESS.replace("expires = 2027-03-31", ""), "[[audit.suppress]] 1: has no expires: it is a day such as"),
        (SUPPRESS.replace('rule = "not-updated"', ""), "[[audit.suppress]] 1: has no rule: it is a rule that can be"),
        (SUPPRESS.replace('"kept"', '""'), "[[audit.suppress]] 1 reason: '' is not a reason, one line of printable"),
        (SUPPRESS.replace("not-updated", "SWR001"), "[[audit.suppress]] 1 rule: 'SWR001' is not a rule that can be"),
        (SUPPRESS.replace("2027-03-31", '"2027-02-30"'), "expires: '2027-02-30' is not a day such as 2027-03-31"),
        (SUPPRESS.replace("2027-03-31", "2027-03-31T00:00:00"), "expires: the value is not a day such as 2027-03-31"),
        (SUPPRESS.replace("2027-03-31", '"20270331"'), "expires: '20270331' is not a day such as 2027-03-31"),
        (SUPPRESS + 'repository = "x"', "[[audit.suppress]] 1: unknown key repository; known: rule, reason, expires"),
        (SUPPRESS + 'namespaces = "x"', "[[audit.suppress]] 1: unknown key namespaces; did you mean namespace?"),
        (SUPPRESS + f'name = "{"x" * 257}"', "[[audit.suppress]] 1 name: 'xxx"),
        ("[audit]\nsuppress = 1", "crawler.toml: audit.suppress is no list of tables; write [[audit.suppress]]"),
    ],
)
def test_a_suppression_without_rule_reason_or_end_is_refused(text: str, says: str) -> None:
    assert says in str(refusal(text))


# --- showing ------------------------------------------------------------------------------------------


@given(st.data())
def test_what_is_shown_loads_the_same_when_written_to_the_environment(data: st.DataObject) -> None:
    flags: dict[str, object] = {"endpoint": "x.example"}
    for name in data.draw(st.lists(st.sampled_from(NAMES), unique=True)):
        if SETTINGS[name].flag:
            flags[name] = EXAMPLES[name][data.draw(st.integers(0, 2))][0]
    if flags.get("double_read"):
        flags["max_passes"] = 2
    flags["rate_per_s"] = data.draw(st.floats(min_value=0, exclude_min=True, allow_infinity=False))
    first = loaded(flags=flags)
    shown = {row.setting: row.value for row in describe(first, {})}
    environ = {
        SETTINGS[name].environment: shown[SETTINGS[name].label]
        for name in NAMES
        if shown[SETTINGS[name].label] != "not set"
    }
    again = loaded(environ=environ)
    assert (again.config, again.audit) == (first.config, first.audit)


def test_every_setting_has_one_row_with_its_origin_unit_and_help() -> None:
    for result in (loaded(), loaded(TWO), loaded(flags={"endpoint": "a.example"})):
        rows = describe(result, {})
        settings = [row for row in rows if row.setting.rpartition(".")[2] != "credentials"]
        assert {row.setting: row.origin for row in settings} == result.origins
        assert len(settings) == len(result.origins)
        assert len(rows) - len(settings) == len(result.config.targets)
        assert all(row.help for row in rows)
    rows_by_name = {row.setting: row for row in describe(loaded(), {})}
    assert (rows_by_name["rate_per_s"].value, rows_by_name["rate_per_s"].unit) == ("50", "requests/s")
    assert rows_by_name["endpoint"].value == "not set"
    assert rows_by_name["namespaces"].value == "not set"
    assert rows_by_name["resume"].value == "auto"


def test_a_token_is_shown_as_its_reference_and_whether_it_is_set() -> None:
    values = {row.setting: row.value for row in describe(loaded(TWO), {"OWN": SECRET, "SHARED": ""})}
    assert values["target.a.token"] == "env:OWN (set)"
    assert values["target.b.token"] == "env:SHARED (not set)"
    filed = loaded('[crawl]\ntoken = "file:/run/t"')
    assert {row.setting: row.value for row in describe(filed, {})}["token"] == "file:/run/t"


def test_the_credentials_that_win_are_shown_as_references_with_their_places() -> None:
    environ = {"HW_ACCESS_KEY": SECRET, "HW_SECRET_KEY": SECRET, "OWN": SECRET, "SHARED": ""}
    result = loaded(flags={"endpoint": "a.example"}, environ=environ)
    row = {row.setting: row for row in describe(result, environ)}["credentials"]
    assert row.value == "aksk: access_key env:HW_ACCESS_KEY (set), secret_key env:HW_SECRET_KEY (set)"
    assert row.origin == "environment HW_ACCESS_KEY, environment HW_SECRET_KEY"
    rows = {row.setting: row for row in describe(loaded(TWO), environ)}
    assert rows["target.a.credentials"].value == "token: token env:OWN (set)"
    assert rows["target.b.credentials"].value == "token: token env:SHARED (not set)"
    metadata = describe(loaded(flags={"endpoint": "a.example", "auth": "metadata"}), {})
    assert {row.setting: (row.value, row.origin) for row in metadata}["credentials"] == (
        "metadata",
        "flag --auth, default",
    )


def test_credentials_of_the_file_are_shown_when_its_text_is_passed_and_their_lack_is_explained() -> None:
    result = loaded(flags={"endpoint": "a.example"})
    profiles = {"~/.huaweicloud/credentials": f"[basic]\nak = {SECRET}\nsk = {SECRET}"}
    row = {row.setting: row for row in describe(result, {}, profiles)}["credentials"]
    assert row.value == "aksk: access_key profile:basic.ak, secret_key profile:basic.sk"
    assert row.origin == "file ~/.huaweicloud/credentials"
    without = {row.setting: row for row in describe(result, {})}["credentials"]
    assert without.value.startswith("none: no credentials for target default: export SWR_CRAWLER_TOKEN=")


def test_the_masked_config_is_plain_json_with_every_setting() -> None:
    config = loaded(TWO).config
    bare = msgspec.structs.replace(config, targets=(replace(config.targets[0], token=None),))
    for one in (config, bare):
        plain = redacted(one)
        assert json.loads(json.dumps(plain)) == plain
        of_run = {name for name in SETTINGS if not SETTINGS[name].of_target and SETTINGS[name].table == "crawl"}
        assert set(plain) == of_run | {"targets", "patterns"}
    (target,) = cast("list[dict[str, object]]", redacted(bare)["targets"])
    assert set(target) == {name for name in SETTINGS if SETTINGS[name].of_target} | {"name"}
    assert {name for name, value in target.items() if value is not None} == {
        *("name", "endpoint", "auth", "metadata_endpoint", "credentials_file", "rate_per_s", "concurrency")
    }
    assert "env:SHARED" in json.dumps(redacted(config))


# --- a file of namespaces -----------------------------------------------------------------------------


def test_a_file_of_namespaces_has_one_a_line_and_comments() -> None:
    text = "\ufeff# ours\nalpha\r\n\n  beta-- # old\n"
    with pytest.raises(ConfigError, match=r"^names\.txt, line 4: 'beta--' is not a namespace: 1 to 64"):
        parse_namespaces(text, "names.txt")
    assert parse_namespaces(text.replace("--", "--b") + "alpha", "names.txt") == ("alpha", "beta--b")


def test_a_file_of_namespaces_may_hold_patterns() -> None:
    assert parse_namespaces("team-*\n!scratch-* # not these\nplain", "n") == ("team-*", "!scratch-*", "plain")


def test_a_file_of_namespaces_without_any_is_refused_because_none_would_mean_all() -> None:
    with pytest.raises(ConfigError, match=r"names\.txt: holds no namespace"):
        parse_namespaces("# nothing\n\n", "names.txt")


@pytest.mark.parametrize("name", ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_80_TCP_ADDR"])
def test_what_kubernetes_says_of_a_service_of_our_name_is_no_mistake(name: str) -> None:
    load(flags={}, environ={f"SWR_CRAWLER_{name}": "tcp://10.0.0.1:80"}, file_text=None, file_name=None)


def test_confirm_without_a_second_pass_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--double-read.*max_passes"):
        load(flags={"double_read": True, "max_passes": 1}, environ={}, file_text=None, file_name=None)
