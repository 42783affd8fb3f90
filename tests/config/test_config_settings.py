"""Laws of the table: what each kind accepts, the grammar of names and origins, and the documented file."""

import math
import re
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.config.config import load
from crawler.config.settings import (
    SETTINGS,
    Boolean,
    Choice,
    Integer,
    ListOf,
    NotAcceptedError,
    Number,
    SecretRef,
    Setting,
    Text,
    is_link_local,
    is_loopback,
    origin,
    project_id,
    secret_ref,
    shown,
    snapshot_id,
    target_name,
)
from crawler.model.namespace import namespace, namespace_or_pattern, pattern

FOLDER = Path(__file__).parents[2] / "config"
DOCUMENTED = (FOLDER / "crawler.toml").read_text(encoding="utf-8")
ALL = list(SETTINGS.values())


# --- the table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ALL, ids=lambda setting: setting.name)
def test_every_default_is_in_its_normal_form(setting: Setting) -> None:
    kind = setting.kind
    given_by = kind.none if setting.default is None else setting.default
    assert kind.check(given_by) == setting.default
    assert type(kind.check(given_by)) is type(setting.default)


def test_names_flags_and_variables_are_each_used_once() -> None:
    for column in (
        [setting.name for setting in ALL],
        [setting.environment for setting in ALL],
        [setting.flag for setting in ALL if setting.flag],
    ):
        assert len(column) == len(set(column))


def test_a_unit_in_a_name_is_the_unit_of_the_row() -> None:
    suffixes = {"_per_s": "requests/s", "_s": "s", "_bytes": "bytes"}
    for setting in ALL:
        unit = next((unit for suffix, unit in suffixes.items() if setting.name.endswith(suffix)), None)
        assert unit in {None, setting.unit}
        assert setting.unit or not isinstance(setting.kind, Integer | Number)


# --- the documented file ------------------------------------------------------------------------------


def documented() -> dict[str, tuple[str, object]]:
    """Give the comment and the value of each `#key = value` of the file."""
    found: dict[str, tuple[str, object]] = {}
    for block in DOCUMENTED.split("\n\n"):
        lines = block.split("\n")
        for number, line in enumerate(lines):
            if re.match(r"#?[a-z_]+ = ", line):
                comment = " ".join(text.removeprefix("# ") for text in lines[:number])
                ((key, value),) = tomllib.loads(line.removeprefix("#")).items()
                assert key not in found
                found[key] = (comment, value)
    return found


@pytest.mark.parametrize("setting", ALL, ids=lambda setting: setting.name)
def test_the_file_documents_each_setting_with_its_default_unit_flag_and_variable(setting: Setting) -> None:
    comment, value = documented()[setting.name]
    assert setting.kind.check(value) == setting.default
    assert not setting.unit or f"Unit: {setting.unit}" in comment
    assert setting.flag in comment
    assert re.search(rf"{setting.environment}\b(?!_)", comment)
    if isinstance(setting.kind, Integer):
        assert f"{setting.kind.low} to {setting.kind.high}" in comment


def test_the_file_documents_nothing_else() -> None:
    assert set(documented()) == set(SETTINGS)


def test_the_file_is_the_defaults_as_it_stands_and_with_every_line_set() -> None:
    every = re.sub(r"(?m)^#(?=[a-z_]+ = )", "", DOCUMENTED)
    nothing = load(flags={}, environ={}, file_text=None, file_name=None)
    for text in (DOCUMENTED, every):
        assert load(flags={}, environ={}, file_text=text, file_name="f").config == nothing.config


def test_the_files_example_of_several_targets_loads() -> None:
    text = re.sub(r"(?m)^#   ", "", DOCUMENTED)
    targets = load(flags={}, environ={}, file_text=text, file_name="f").config.targets
    assert [target.name for target in targets] == ["cn-north-4", "eu-west-101", "eu-de"]
    assert [str(target.token or target.secret_key) for target in targets] == [
        "env:SWR_CRAWLER_TOKEN_CN",
        "file:/run/secrets/eu-west-101",
        "profile:otc.sk",
    ]
    assert targets[2].endpoint == "https://swr-api.eu-de.otc.t-systems.com"


def test_the_demos_file_takes_the_emulators_endpoint() -> None:
    text = (FOLDER / "demo.toml").read_text(encoding="utf-8")
    flags = {"endpoint": "http://127.0.0.1:8080"}
    assert load(flags=flags, environ={}, file_text=text, file_name="demo.toml").config.limit == 100


# --- kinds --------------------------------------------------------------------------------------------

LIMIT = SETTINGS["limit"].kind
RATE = SETTINGS["rate_per_s"].kind


def test_a_whole_number_is_an_integer_within_its_bounds() -> None:
    for value in (0, -1, 1001, True, 1.0, "1", None, [1], 10**9000, -(10**9000)):
        with pytest.raises(NotAcceptedError, match=r" is not a whole number from 1 to 1000$"):
            LIMIT.check(value)


def test_a_number_is_finite_and_above_zero() -> None:
    never: tuple[object, ...] = (
        0,
        0.0,
        -1,
        math.nan,
        math.inf,
        -math.inf,
        True,
        False,
        "1",
        None,
        10**400,
        10**9000,
        {},
    )
    for value in never:
        with pytest.raises(NotAcceptedError, match=r' is not a finite number above 0, or "unlimited"$'):
            RATE.check(value)


@given(st.text() | st.from_regex(r"\s?[-+]?[0-9_]*\.?[0-9_]*([eE][-+]?[0-9]+)?\s?", fullmatch=True))
@example("٣")
@example("1_0")
@example(" 1")
@example("inf")
@example("nan")
@example("1e999")
@example("9" * 5000)
def test_numbers_in_text_are_read_strictly(text: str) -> None:
    for kind, grammar in ((LIMIT, r"-?[0-9]{1,19}"), (RATE, r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")):
        parsed = kind.parse(text)
        assert isinstance(parsed, str) is (re.fullmatch(grammar, text) is None)
        with suppress(NotAcceptedError):
            normal = kind.check(parsed)
            assert normal == (None if text == "unlimited" else float(text))


@given(st.text())
@example("True")
@example("ON")
def test_a_switch_in_text_is_one_of_six_words(text: str) -> None:
    parsed = Boolean().parse(text)
    if text.lower() in {"true", "1", "yes", "false", "0", "no"}:
        assert parsed is (text.lower() in {"true", "1", "yes"})
    else:
        with pytest.raises(NotAcceptedError):
            Boolean().check(parsed)


def test_a_switch_is_no_number() -> None:
    with pytest.raises(NotAcceptedError, match=r"^1 is not true or false$"):
        Boolean().check(1)


def test_a_choice_names_its_words() -> None:
    kind = Choice(words=("a", "b", "c"))
    for value in ("A", 1, None):
        with pytest.raises(NotAcceptedError, match=r"is not a, b or c$"):
            kind.check(value)


def test_a_list_keeps_the_first_of_equal_values_and_its_order() -> None:
    kind = ListOf(of=Integer(low=1, high=9))
    assert kind.check([3, 1, 3, 2, 1]) == (3, 1, 2)
    assert kind.parse("3, 1 ,3") == [3, 1, 3]


def test_a_list_refuses_what_is_none_and_to_be_empty_when_it_may_not() -> None:
    centers = SETTINGS["centers"].kind
    with pytest.raises(NotAcceptedError, match=r"^'self' is not a list of one or more, each self or thirdparty$"):
        centers.check("self")
    with pytest.raises(NotAcceptedError, match=r"^an empty list is not a list of one or more"):
        centers.check([])
    with pytest.raises(NotAcceptedError, match=r"^'others' is not self or thirdparty$"):
        centers.check(["self", "others"])


def test_the_order_that_always_succeeds_is_last() -> None:
    with pytest.raises(NotAcceptedError, match=r'^"none" is not last'):
        SETTINGS["order"].kind.check(["none", "name"])


@given(st.text() | st.integers() | st.floats() | st.binary() | st.none() | st.lists(st.text()) | st.booleans())
def test_a_wrong_value_is_shown_in_a_short_line_that_no_terminal_acts_on(value: object) -> None:
    line = shown(value)
    assert len(line) <= 61
    assert line.replace("…", "").isascii()
    assert line.isprintable()


def test_words_for_values_that_are_not_printed() -> None:
    values: list[object] = [["x"], (), {"x": 1}, b"x", 10**20, True, False, 5]
    assert [shown(value) for value in values] == [
        "a list",
        "an empty list",
        "a table",
        "the value",
        "the value",
        "true",
        "false",
        "5",
    ]


def test_a_path_is_printable_and_not_empty() -> None:
    output = SETTINGS["output"].kind
    for wrong in ("", "a\0b", "a\x1b[2J", "\udcff"):
        with pytest.raises(NotAcceptedError, match="printable"):
            output.check(wrong)


# --- names --------------------------------------------------------------------------------------------


def is_namespace(text: str) -> bool:
    """Say the rule of the page, sentence by sentence, without a regular expression."""
    letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
    if not 1 <= len(text) <= 64 or any(c not in letters + digits + "._-" for c in text):
        return False
    if text[0] not in letters or text[-1] not in letters + digits:
        return False
    pairs = {text[i : i + 2] for i in range(len(text) - 1)}
    adjacent = {a + b for a in "._-" for b in "._-"} - {"__", "--"}
    return not pairs & adjacent and "___" not in text


@given(
    st.text(alphabet="ab0._-A é\n", max_size=12)
    | st.from_regex(r"[a-z]([a-z0-9]|\.|_|-){58,66}[a-z0-9]", fullmatch=True)
    | st.integers(60, 68).map(lambda length: "a" * length)
)
@example("a")
@example("a__b")
@example("a___b")
@example("a---b")
@example("a-_b")
@example("a\n")
def test_a_namespace_is_what_the_page_says(text: str) -> None:
    assert namespace(text) == (text if is_namespace(text) else None)


@pytest.mark.parametrize("rule", [snapshot_id, target_name])
@pytest.mark.parametrize("text", ["", ".", "..", ".a", "-a", "a/b", "a\\b", "a\n", "a" * 65, "ä", "a b", "a\0"])
def test_a_name_that_becomes_a_folder_cannot_leave_it(rule: Callable[[str], str | None], text: str) -> None:
    assert rule(text) is None


def test_names_of_folders() -> None:
    assert snapshot_id("2026-01-01T00.00_Z") == "2026-01-01T00.00_Z"
    assert target_name("eu_de-1") == "eu_de-1"
    assert target_name("EU") is None
    assert snapshot_id("a" * 64) == target_name("a" * 64) == "a" * 64


@given(st.text())
@example("env:A")
@example("file:/a b")
@example("env:A\n")
@example("basic.sk")
def test_a_reference_reads_back_as_itself(text: str) -> None:
    for spelled in (text, f"env:{text}", f"file:{text}", f"profile:{text}"):
        ref = secret_ref(spelled)
        assert ref is None or str(ref) == spelled
    assert secret_ref("env:_A1") == SecretRef("env", "_A1")
    assert secret_ref("profile:basic.sk") == SecretRef("profile", "basic.sk")
    assert secret_ref("profile:basic") is None


# --- origins ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("swr-api.example.com", "https://swr-api.example.com"),
        ("host:8443", "https://host:8443"),
        ("HTTPS://Host.Example/", "https://host.example"),
        ("https://host:443", "https://host"),
        ("http://host:80/", "http://host"),
        ("https://host:80", "https://host:80"),
        ("http://swr_emulator:08080", "http://swr_emulator:8080"),
        ("http://[0:0::1]:8080", "http://[::1]:8080"),
        ("10.0.0.1", "https://10.0.0.1"),
        ("https://" + ".".join(["a" * 63] * 4)[:253], "https://" + ".".join(["a" * 63] * 4)[:253]),
    ],
)
def test_an_origin_has_one_normal_form(text: str, normal: str) -> None:
    assert origin(text) == normal
    assert origin(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "https://",
        "https:///x",
        "//host",
        "https:host",
        "ftp://host",
        "https://host/v2",
        "https://host//",
        "https://host?",
        "https://host#",
        "https://me@host",
        "https://me:pw@host",
        "https://host:0",
        "https://host:65536",
        "https://host:",
        "https://host:8x",
        "https://host:-1",
        "https://[::1",
        "https://[::1%25eth0]",
        "https://[1.2.3.4]",
        "https://::1",
        "https://ho st",
        "https://host\n",
        "https://ho\tst",
        "https://host\\@evil",
        "https://höst",
        "https://host..example",
        "https://host.",
        "https://-host",
        "https://256.0.0.1",
        "https://127.1",
        "https://0x7f000001",
        "https://2130706433",
        "https://127.0.0.01",
        "https://" + "a" * 64,
        "https://" + ".".join(["a" * 60] * 5),
        "https://[::1]x",
    ],
)
def test_what_is_more_or_less_than_an_origin_has_no_normal_form(text: str) -> None:
    assert origin(text) is None


@given(st.text(alphabet="ahtps:/.[]019@?#x-_%\\ \n") | st.text())
def test_a_normal_form_stays_and_holds_nothing_but_scheme_host_and_port(text: str) -> None:
    for spelled in (text, f"https://{text}", f"http://{text}"):
        normal = origin(spelled)
        if normal is not None:
            parts = urlsplit(normal)
            assert origin(normal) == normal
            assert parts.scheme in {"http", "https"}
            assert parts.hostname
            assert (parts.path, parts.query, parts.fragment, parts.username) == ("", "", "", None)


def test_loopback_is_localhost_and_its_addresses() -> None:
    assert all(map(is_loopback, ("http://localhost", "http://127.0.0.1", "http://127.255.0.9:1", "http://[::1]:8")))
    assert not any(map(is_loopback, ("http://localhost.example", "http://10.0.0.1", "http://[::2]", "http://a", "x")))


def test_an_address_that_no_router_forwards_is_link_local() -> None:
    assert all(map(is_link_local, ("http://169.254.169.254", "http://169.254.0.1:80", "http://[fe80::1]")))
    assert not any(map(is_link_local, ("http://10.0.0.1", "http://127.0.0.1", "http://a.example", "x")))


@pytest.mark.parametrize(
    "text", ["*", "team-*", "?", "[a-c]x", "[!a]*", "!scratch-*", "!plain", "!a.b_c-d", "a*b*c", "!" + "*" * 64]
)
def test_a_pattern_has_a_wildcard_or_takes_out(text: str) -> None:
    assert pattern(text) == namespace_or_pattern(text) == text
    assert namespace(text) is None


@pytest.mark.parametrize("text", ["", "!", "plain", "Team-*", "a/*", "*\n", "[a", "a]*", "[]*", "!!a", "a!*", "*" * 65])
def test_what_could_match_no_namespace_is_no_pattern(text: str) -> None:
    assert pattern(text) is None


def test_regions_need_no_list_around_a_single_one() -> None:
    kind = SETTINGS["region"].kind
    assert kind.check("eu-de") == kind.check(["eu-de"]) == ("eu-de",)
    assert kind.check("") == kind.check(kind.parse("")) == ()
    assert kind.check(kind.parse("eu-de, eu-nl")) == ("eu-de", "eu-nl")
    assert (kind.show("eu-de"), kind.show(("eu-de", "eu-nl")), kind.show(())) == ("eu-de", "eu-de,eu-nl", "not set")
    for wrong in ("Eu-De", "eu", ["eu-de."], 5):
        with pytest.raises(NotAcceptedError, match=r"is not .*the name of a region, such as cn-north-4$"):
            kind.check(wrong)


def test_the_word_discover_in_place_of_namespaces_is_the_pattern_of_all() -> None:
    kind = SETTINGS["namespaces"].kind
    assert kind.check("discover") == ("*",)
    assert kind.check(["discover"]) == kind.check(kind.parse("discover")) == ("discover",)
    with pytest.raises(NotAcceptedError, match=r"^'all' is not \"discover\", or a list, each a namespace: "):
        kind.check("all")


def test_only_secrets_hold_references() -> None:
    assert {setting.name for setting in ALL if setting.secret} == {
        *("token", "access_key", "secret_key", "security_token", "password")
    }
    assert not any(setting.flag for setting in ALL if setting.secret)


def test_a_project_id_can_be_a_header() -> None:
    assert project_id("0123456789abcdef0123456789abcdef") == "0123456789abcdef0123456789abcdef"
    for text in ("", "a\r\nb", "a b", "ä", "a" * 65):
        assert project_id(text) is None


def test_a_quiet_rule_repeats_nothing() -> None:
    kind = Text(what="a thing", rule=lambda _: None, quiet=True)
    with pytest.raises(NotAcceptedError, match=r"^the value is not a thing$"):
        kind.check("hush")
