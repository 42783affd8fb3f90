"""Laws of config/crawler.toml and config/demo.toml: they document every setting, and they load."""

import re
import tomllib
from pathlib import Path

import pytest

from crawler.config.load import load
from crawler.config.settings.kinds import Choice, Integer
from crawler.config.settings.setting import Setting
from crawler.config.settings.table import SETTINGS

FOLDER = Path(__file__).parents[2] / "config"
DOCUMENTED = (FOLDER / "crawler.toml").read_text(encoding="utf-8")
ALL = list(SETTINGS.values())


def documented() -> dict[str, tuple[str, object]]:
    """Return the comment and the value of each `#key = value` of the file, by the label of the setting."""
    found: dict[str, tuple[str, object]] = {}
    prefix = ""
    for block in DOCUMENTED.split("\n\n"):
        lines = block.split("\n")
        if block == "[audit]":
            prefix = "audit."
        for number, line in enumerate(lines):
            if re.match(r"#?[a-z_]+ = ", line):
                comment = " ".join(text.removeprefix("# ") for text in lines[:number])
                ((key, value),) = tomllib.loads(line.removeprefix("#")).items()
                assert prefix + key not in found
                found[prefix + key] = (comment, value)
    return found


@pytest.mark.parametrize("setting", ALL, ids=lambda setting: setting.label)
def test_the_file_documents_each_setting_with_its_default_unit_flag_and_variable(setting: Setting) -> None:
    comment, value = documented()[setting.label]
    assert setting.kind.normalize(value) == setting.default
    assert not setting.unit or f"Unit: {setting.unit}" in comment
    assert setting.flag in comment
    assert re.search(rf"{setting.variable}\b(?!_)", comment)
    if isinstance(setting.kind, Integer):
        assert setting.kind.values in comment
    if isinstance(setting.kind, Choice):
        assert all(f'"{word}"' in comment for word in setting.kind.words)


def test_the_file_documents_nothing_else() -> None:
    assert set(documented()) == set(SETTINGS)


def test_the_file_loads_to_the_defaults_as_it_is_and_with_every_line_set() -> None:
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


def test_the_demos_file_loads_with_the_emulators_endpoint() -> None:
    text = (FOLDER / "demo.toml").read_text(encoding="utf-8")
    flags = {"endpoint": "http://127.0.0.1:8080"}
    assert load(flags=flags, environ={}, file_text=text, file_name="demo.toml").config.limit == 100
