"""Laws of old names: each is refused in one line that names the new one."""

import pytest

from crawler.config.renamed import RENAMED_FLAGS, RENAMED_KEYS, RENAMED_VARIABLES
from crawler.config.settings.audit_settings import SUPPRESSION_KEYS
from crawler.config.settings.table import SETTINGS
from crawler.errors import ConfigError
from tests.config.loading import SECRET, refusal

VARIABLES = {setting.variable for setting in SETTINGS.values()}
FLAGS = {flag for setting in SETTINGS.values() for flag in setting.flag.split("/")}
KEYS = [(header, old, new) for header, names in RENAMED_KEYS.items() for old, new in names.items()]


def test_every_new_name_is_declared_and_no_old_name_is() -> None:
    suppression = {key.name for key in SUPPRESSION_KEYS}
    for header, old, new in KEYS:
        declared = suppression if header == "[[audit.suppress]]" else {one.name for one in SETTINGS.values()}
        assert new in declared
        assert old not in declared
    assert set(RENAMED_VARIABLES.values()) <= VARIABLES
    assert not set(RENAMED_VARIABLES) & VARIABLES
    assert not set(RENAMED_FLAGS) & FLAGS
    assert {"--double-read", "--no-double-read"} <= FLAGS & set(RENAMED_FLAGS.values())


def test_each_renamed_setting_is_renamed_in_the_file_and_in_the_environment() -> None:
    settings = {new for header, _, new in KEYS if header != "[[audit.suppress]]"}
    assert sorted(one.variable for one in SETTINGS.values() if one.name in settings) == sorted(
        RENAMED_VARIABLES.values()
    )


@pytest.mark.parametrize(("header", "old", "new"), KEYS)
def test_an_old_key_is_refused_with_the_new_name(header: str, old: str, new: str) -> None:
    error = refusal(f"{header}\n{old} = 1")
    assert isinstance(error, ConfigError)
    assert error.setting == old
    number = " 1" if header.startswith("[[") else ""
    assert str(error) == f"crawler.toml, {header}{number}: {old} is now called {new}"


def test_an_old_key_outside_a_table_is_refused_with_the_new_name_and_its_table() -> None:
    assert str(refusal("confirm = true")) == "crawler.toml: confirm is now called double_read; write it below [crawl]"
    assert str(refusal("off = []")) == "crawler.toml: off is now called disabled_rules; write it below [audit]"


def test_an_old_key_in_a_table_that_never_had_it_is_unknown() -> None:
    assert "unknown key until; known: " in str(refusal("[crawl]\nuntil = 1"))
    assert "unknown key confirm" in str(refusal("[[target]]\nconfirm = true"))


@pytest.mark.parametrize(("old", "new"), RENAMED_VARIABLES.items())
def test_an_old_variable_is_refused_with_the_new_name(old: str, new: str) -> None:
    error = refusal(environ={old: SECRET})
    assert isinstance(error, ConfigError)
    assert error.setting == old
    assert str(error) == f"{old} is now called {new}"
