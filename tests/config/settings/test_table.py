"""Laws of the table of settings: names, defaults and units, and the kinds of single settings."""

import click
import pytest

from crawler.cli.app import cli
from crawler.config.settings.kinds import Integer, InvalidValueError, Number
from crawler.config.settings.setting import Setting
from crawler.config.settings.table import SETTINGS

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
        for table in ("crawl", "audit")  # the commands that take the settings of the table of their name
        for option in cli.commands[table].params
        if isinstance(option, click.Option)
    }
    for setting in ALL:
        assert options.get((setting.table, setting.name), "") == setting.flag


def test_a_unit_in_the_name_of_a_setting_is_its_unit() -> None:
    suffixes = {"_per_s": "requests/s", "_s": "s", "_bytes": "bytes"}
    for setting in ALL:
        unit = next((unit for suffix, unit in suffixes.items() if setting.name.endswith(suffix)), None)
        assert unit in {None, setting.unit}
        assert setting.unit or not isinstance(setting.kind, Integer | Number)


def test_only_secrets_hold_references() -> None:
    assert {setting.name for setting in ALL if setting.secret} == {
        *("token", "access_key", "secret_key", "security_token", "password")
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
