"""Laws of old names: each is refused in one line that names the new one."""

import pytest

from crawler.config.renamed import renamed_flags, renamed_keys, renamed_variables
from crawler.config.settings.audit_settings import SUPPRESSION_KEYS
from crawler.config.settings.table import SETTINGS
from crawler.errors import ConfigError
from tests.config.loading import SECRET, refusal

VARIABLES = {setting.variable for setting in SETTINGS.values()}
FLAGS = {flag for setting in SETTINGS.values() for flag in setting.flag.split("/")}
KEYS = [
    ("[crawl]", "confirm", "double_read"),
    ("[crawl]", "resume_within_s", "resume_max_age_s"),
    ("[crawl]", "part_bytes", "max_part_bytes"),
    ("[crawl]", "body_bytes", "max_body_bytes"),
    ("[audit]", "off", "disabled_rules"),
    ("[[audit.suppress]]", "until", "expires"),
]
TABLES = ("[crawl]", "[audit]", "[[audit.suppress]]")
OLD_VARIABLES = {
    "SWR_CRAWLER_CONFIRM": "SWR_CRAWLER_DOUBLE_READ",
    "SWR_CRAWLER_BODY_BYTES": "SWR_CRAWLER_MAX_BODY_BYTES",
    "SWR_CRAWLER_PART_BYTES": "SWR_CRAWLER_MAX_PART_BYTES",
    "SWR_CRAWLER_RESUME_WITHIN": "SWR_CRAWLER_RESUME_MAX_AGE",
    "SWR_CRAWLER_AUDIT_OFF": "SWR_CRAWLER_AUDIT_DISABLED_RULES",
}


def test_no_old_name_is_a_name_of_today() -> None:
    for header, old, _ in KEYS:
        declared = SUPPRESSION_KEYS if header == "[[audit.suppress]]" else SETTINGS.values()
        assert old not in {one.name for one in declared}
    assert not set(renamed_variables()) & VARIABLES
    assert not set(renamed_flags()) & FLAGS


def test_old_variables_and_flags_follow_from_the_old_keys() -> None:
    found = [(header, old, new) for header in TABLES for old, new in renamed_keys(header.strip("[]")).items()]
    assert sorted(found) == sorted(KEYS)
    assert renamed_variables() == OLD_VARIABLES
    assert renamed_flags() == {
        "--confirm": "--double-read",
        "--no-confirm": "--no-double-read",
        "--at-once": "--max-concurrency",
        "--beyond-limit": "--over-limit",
        "--even": "--uniform",
    }


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


@pytest.mark.parametrize(("old", "new"), OLD_VARIABLES.items())
def test_an_old_variable_is_refused_with_the_new_name(old: str, new: str) -> None:
    error = refusal(environ={old: SECRET})
    assert isinstance(error, ConfigError)
    assert error.setting == old
    assert str(error) == f"{old} is now called {new}"
