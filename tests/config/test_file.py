"""Laws of the configuration file: its tables, keys and suppressions, and how a wrong one is refused."""

import json
from datetime import date

import pytest

from crawler.config.audit_policy import Suppression
from crawler.config.describe import describe
from crawler.config.load import load
from crawler.errors import ConfigError
from tests.config.loading import SECRET, loaded, refusal


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[[target]]\nname = "a"', "crawler.toml, [[target]] a: no endpoint"),
        ("[[target]]\n[[target]]", "crawler.toml, [[target]] 2 name: default is the name of another"),
        ('[[target]]\nname = "A"', "crawler.toml, [[target]] 1 name: 'A' is not a name of 1 to 64"),
        ("[[target]]\nlimit = 1", "crawler.toml, [[target]] 1: unknown key limit; it belongs below [crawl]"),
        ("[[target]]\nrate = 1", "crawler.toml, [[target]] 1: unknown key rate; did you mean rate_per_s?"),
        ("[target]\nrate_per_s = 1", "crawler.toml: target is not a list of tables; write [[target]]"),
        ("target = [1]", "crawler.toml: target is not a list of tables; write [[target]]"),
        ("crawl = 1", "crawler.toml: crawl is not a table; write [crawl]"),
        ("limit = 1", "crawler.toml: limit is outside a table; write it below [crawl]"),
        ("[crawler]", "crawler.toml: unknown table or key crawler; did you mean crawl?"),
        ("[crawl]\ntimeout = 1", "crawler.toml, [crawl]: unknown key timeout; did you mean timeout_s?"),
        ("[crawl]\nconcurency = 1", "unknown key concurency; did you mean concurrency?"),
        ("[crawl]\nZ = 1", "unknown key Z; known: endpoint, region, auth, token,"),
        ('[crawl]\n"" = 1', "unknown key ''; known: endpoint, region, auth, token"),
        ('[crawl]\n"a\\nb\\u001b" = 1', "unknown key 'a\\nb\\x1b'; known"),
        ("[crawl]\ndisabled_rules = []", "crawler.toml, [crawl]: unknown key disabled_rules; it belongs below [audit]"),
        ("[audit]\nlimit = 1", "crawler.toml, [audit]: unknown key limit; it belongs below [crawl]"),
        ("[audit]\nmax_age = 1", "crawler.toml, [audit]: unknown key max_age; did you mean max_age_days?"),
        ("audit = 1", "crawler.toml: audit is not a table; write [audit]"),
        ("max_shrink_percent = 1", "max_shrink_percent is outside a table; write it below [crawl] or [audit]"),
        ("[[target]]\nmax_shrink_percent = 1", "unknown key max_shrink_percent; it belongs below [crawl] or [audit]"),
        ("[audit]\nmax_shrink_percent = 101", "crawler.toml, [audit] max_shrink_percent: 101 is not a whole number"),
        ("fail_on = 1", "crawler.toml: fail_on is outside a table; write it below [audit]"),
        (
            '[audit]\ndisabled_rules = ["incomplete-snapshot"]',
            "'incomplete-snapshot' is not a rule that can be disabled, such as",
        ),
        ("[crawl\n", "crawler.toml: not TOML: Expected ']'"),
        ("[crawl]\nlimit = 0", "crawler.toml, [crawl] limit: 0 is not a whole number from 1 to 1000"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_with_the_place_and_the_fix(text: str, says: str) -> None:
    error = refusal(text)
    assert isinstance(error, ConfigError)
    assert says in str(error)


def test_a_file_that_exceeds_the_limits_of_the_parser_is_refused_in_one_line() -> None:
    for text in ("a = " + "[" * 100_000, "a = " + "1" * 5000):
        assert str(refusal(text)).startswith("crawler.toml: not TOML that can be read")


def test_a_file_may_start_with_a_byte_order_mark() -> None:
    assert loaded("\ufeff[crawl]\nlimit = 5").config.limit == 5


def test_a_file_without_a_name_still_gives_a_message() -> None:
    with pytest.raises(ConfigError, match=r"^the configuration file: not TOML"):
        load(flags={}, environ={}, file_text="[", file_name=None)


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


SUPPRESS = '[[audit.suppress]]\nrule = "not-updated"\nreason = "kept"\nexpires = 2027-03-31\n'


def test_a_suppression_has_the_id_of_its_rule_and_patterns_that_match_all_when_left_out() -> None:
    result = loaded(SUPPRESS + SUPPRESS + SUPPRESS.replace("2027-03-31", '"2027-04-01"') + 'name = "old-*"')
    assert result.config.audit.suppressions == (
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
        ("[audit]\nsuppress = 1", "crawler.toml: audit.suppress is not a list of tables; write [[audit.suppress]]"),
    ],
)
def test_a_suppression_without_rule_reason_or_last_day_is_refused(text: str, says: str) -> None:
    assert says in str(refusal(text))


def test_a_key_of_two_tables_is_two_settings() -> None:
    result = loaded("[crawl]\nmax_shrink_percent = 1\n[audit]\nmax_shrink_percent = 2")
    assert (result.config.max_shrink_percent, result.config.audit.max_shrink_percent) == (1, 2)
    shown = {row.setting: row.value for row in describe(result, {})}
    assert (shown["max_shrink_percent"], shown["audit.max_shrink_percent"]) == ("1", "2")
    variable = loaded(environ={"SWR_CRAWLER_AUDIT_MAX_SHRINK_PERCENT": "3"})
    assert (variable.config.max_shrink_percent, variable.config.audit.max_shrink_percent) == (50, 3)
