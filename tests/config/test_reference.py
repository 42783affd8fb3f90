"""Laws of the reference: it describes every setting, in words that the table of settings determines."""

import pytest

from crawler.config.reference import file_only_reference, reference
from crawler.config.settings.table import SETTINGS

ROWS = dict(zip(SETTINGS, reference(), strict=True))


def test_the_reference_has_one_row_for_each_setting_in_the_order_of_the_table() -> None:
    assert [row.name for row in reference()] == [setting.name for setting in SETTINGS.values()]


@pytest.mark.parametrize("label", SETTINGS)
def test_each_row_is_the_declaration_of_its_setting(label: str) -> None:
    row, setting = ROWS[label], SETTINGS[label]
    assert (row.unit, row.flag, row.variable, row.help) == (
        setting.unit,
        setting.flag,
        setting.variable,
        setting.help,
    )
    assert row.secret is setting.secret
    assert (row.table == "target") is setting.per_target
    assert row.kind
    assert row.range
    assert row.default
    assert "\n" not in "".join(map(str, row))


def test_rows_of_different_types_read_as_words() -> None:
    assert ROWS["limit"][:6] == ("limit", "crawl", "integer", "1 to 1000", "items", "1000")
    assert ROWS["rate_per_s"][:6] == (
        *("rate_per_s", "target", "number"),
        *('0.001 to 100000, or "unlimited"', "requests/s", "50"),
    )
    assert ROWS["discover"][2:6] == ("boolean", "true or false", "", "false")
    assert ROWS["auth"][2:6] == ("choice", "auto, token, password, aksk or metadata", "", "auto")
    assert ROWS["audit.fail_on"][1:4] == ("audit", "choice", 'error, warning or note, or "never"')
    assert ROWS["centers"][2:6] == (
        *("list of choice values", "one or more, each self or thirdparty"),
        *("", "self,thirdparty"),
    )
    assert ROWS["token"][2] == "secret reference"
    assert ROWS["token"].default == "not set"


def test_the_keys_that_only_the_file_has_are_described_too() -> None:
    rows = {(row.table, row.name): row for row in file_only_reference()}
    assert list(rows) == [
        ("target", "name"),
        *(("audit.suppress", name) for name in ("rule", "reason", "expires", "domain", "namespace", "name")),
    ]
    assert {name for (_, name), row in rows.items() if row.default == "required"} == {"rule", "reason", "expires"}
    assert rows["audit.suppress", "expires"].kind == "date"
    for row in rows.values():
        assert (row.unit, row.flag, row.variable, row.secret) == ("", "", "", False)
        assert row.range
        assert row.help
