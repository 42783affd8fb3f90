"""Laws of the table of settings: names, defaults and units, and the kinds of single settings."""

import re
from dataclasses import fields

import click
import pytest

from crawler.cli.app import cli
from crawler.config.audit_policy import Policy, Suppression
from crawler.config.config import Config
from crawler.config.credentials.target import Target
from crawler.config.retention import Retention
from crawler.config.settings.audit_settings import SUPPRESSION_KEYS
from crawler.config.settings.kinds import Integer, InvalidValueError, Number
from crawler.config.settings.setting import Setting
from crawler.config.settings.table import AUDIT_KEYS, RETENTION_KEYS, RUN_KEYS, SETTINGS, TARGET_KEYS
from crawler.config.settings.target_settings import TARGET_NAME

ALL = list(SETTINGS.values())


@pytest.mark.parametrize("setting", ALL, ids=lambda setting: setting.label)
def test_every_default_is_in_its_normal_form(setting: Setting) -> None:
    kind = setting.kind
    given_by = kind.none if setting.default is None else setting.default
    assert kind.normalize(given_by) == setting.default
    assert type(kind.normalize(given_by)) is type(setting.default)


def test_labels_flags_and_variables_are_each_used_once() -> None:
    for column in (
        [setting.label for setting in ALL],
        [setting.variable for setting in ALL],
        [setting.flag for setting in ALL if setting.flag],
    ):
        assert len(column) == len(set(column))


def test_each_declared_flag_is_the_option_of_the_command_line_that_sets_it() -> None:
    options = {
        (table, option.name): "/".join((*option.opts, *option.secondary_opts))
        for table, command in (("crawl", "crawl"), ("audit", "audit"), ("retention", "prune"))
        for option in cli.commands[command].params
        if isinstance(option, click.Option)
    }
    for setting in ALL:
        assert options.get((setting.table, setting.name), "") == setting.flag


def test_each_class_that_holds_settings_has_exactly_their_fields() -> None:
    assert set(Config.__struct_fields__) == {*RUN_KEYS, "targets", "patterns", "audit", "retention"}
    assert {field.name for field in fields(Target)} == {*TARGET_KEYS, "name", "isolated", "origins"}
    assert set(Policy.__struct_fields__) == {*(SETTINGS[label].name for label in AUDIT_KEYS), "suppressions"}
    assert set(Retention.__struct_fields__) == {SETTINGS[label].name for label in RETENTION_KEYS}
    assert set(Suppression.__struct_fields__) == {key.name for key in SUPPRESSION_KEYS}


def test_every_declaration_says_what_it_means_in_one_line_and_what_it_accepts() -> None:
    for setting in (*ALL, *SUPPRESSION_KEYS, TARGET_NAME):
        assert re.fullmatch(r"[^\n]*[^.\n]", setting.help), setting.label
        assert setting.kind.type_name
        assert setting.kind.range


@pytest.mark.parametrize(
    ("label", "type_name", "accepted", "default"),
    [
        ("limit", "integer", "1 to 1000", "1000"),
        ("rate_per_s", "number", '0.001 to 100000, or "unlimited"', "50"),
        ("discover", "boolean", "true or false", "false"),
        ("auth", "choice", "auto, oidc, idp, token, aksk, password, pod-identity or metadata", "auto"),
        ("audit.fail_on", "choice", 'error, warning or note, or "never"', "error"),
        ("centers", "list of choice values", "one or more, each self or thirdparty", "self,thirdparty"),
        ("snapshot", "text", "a snapshot id: 1 to 64 of A-Z a-z 0-9 . _ -, first a letter or digit", "not set"),
    ],
)
def test_types_values_and_defaults_read_as_words(label: str, type_name: str, accepted: str, default: str) -> None:
    setting = SETTINGS[label]
    assert (setting.kind.type_name, setting.kind.range, setting.default_text) == (type_name, accepted, default)


def test_flag_and_variable_follow_from_the_name_without_its_unit_of_time() -> None:
    found = {label: (SETTINGS[label].flag, SETTINGS[label].variable) for label in SETTINGS}
    assert found["rate_per_s"] == ("--rate", "SWR_CRAWLER_RATE")
    assert found["max_wait_s"] == ("--max-wait", "SWR_CRAWLER_MAX_WAIT")
    assert found["centers"] == ("--center", "SWR_CRAWLER_CENTER")
    assert found["double_read"] == ("--double-read/--no-double-read", "SWR_CRAWLER_DOUBLE_READ")
    assert found["max_tries"] == ("", "SWR_CRAWLER_MAX_TRIES")
    assert found["audit.fail_on"] == ("--fail-on", "SWR_CRAWLER_AUDIT_FAIL_ON")


def test_a_key_of_the_file_alone_has_neither_flag_nor_variable() -> None:
    for key in (*SUPPRESSION_KEYS, TARGET_NAME):
        assert (key.flag, key.variable, key.unit) == ("", "", "")
    assert [key.name for key in SUPPRESSION_KEYS if key.default_text == "required"] == ["rule", "reason", "expires"]


def test_a_unit_in_the_name_of_a_setting_is_its_unit() -> None:
    suffixes = {"_per_s": "requests/s", "_s": "s", "_bytes": "bytes"}
    for setting in ALL:
        unit = next((unit for suffix, unit in suffixes.items() if setting.name.endswith(suffix)), None)
        assert unit in {None, setting.unit}
        assert setting.unit or not isinstance(setting.kind, Integer | Number)


def test_only_secrets_hold_references() -> None:
    assert {setting.name for setting in ALL if setting.secret} == {
        *("token", "access_key", "secret_key", "security_token", "password"),
        *("proxy_credentials", "client_key_password"),
    }
    assert not any(setting.flag for setting in ALL if setting.secret)


def test_the_sort_column_none_can_only_be_last() -> None:
    with pytest.raises(InvalidValueError, match=r'^"none" is not last'):
        SETTINGS["order"].kind.normalize(["none", "name"])


def test_a_path_is_printable_and_not_empty() -> None:
    output = SETTINGS["output"].kind
    for wrong in ("", "a\0b", "a\x1b[2J", "\udcff"):
        with pytest.raises(InvalidValueError, match="printable"):
            output.normalize(wrong)
