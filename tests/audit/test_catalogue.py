"""Laws of the catalogue of audit rules: every id has one declaration, with texts and settings that can be shown."""

import pytest

from crawler.audit.catalogue import RULES
from crawler.audit.record_rules import RECORD_RULES
from crawler.audit.rule import Rule, declare
from crawler.config.settings.table import SETTINGS
from crawler.model.audit_rules import RULE_NAMES, SEVERITIES
from crawler.model.record import Record

ALL = list(RULES.values())


def test_every_id_has_one_declaration_and_the_catalogue_is_in_their_order() -> None:
    assert {rule.id: rule.slug for rule in ALL} == dict(RULE_NAMES)
    assert list(RULES) == sorted(RULES)
    assert [one.rule for one in RECORD_RULES] == [rule for rule in ALL if rule.id[3] in "12"]


@pytest.mark.parametrize("taken", ["SWR101", "SWR999", "public-while-shared"])
def test_no_rule_can_be_declared_twice_or_without_a_permanent_id(taken: str) -> None:
    with pytest.raises(ValueError, match=taken):
        declare(taken, "error", title="a", why="b", remedy="c")
    assert list(RULES) == list(RULE_NAMES)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_finds_why_and_what_to_do_in_sentences(rule: Rule) -> None:
    assert rule.severity in SEVERITIES
    assert not rule.title.endswith(".")
    for sentence in (rule.why, rule.remedy):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    assert all(f"audit.{name}" in SETTINGS for name in rule.settings)
    assert rule.help.startswith(f"{rule.title}.\n\n**Why:** ")
    assert ("**Settings:**" in rule.help) is bool(rule.settings)


def test_every_bound_of_the_configuration_is_one_of_some_rule() -> None:
    bounds = {setting.name for setting in SETTINGS.values() if setting.table == "audit"} - {"disabled_rules", "fail_on"}
    assert {name for rule in ALL for name in rule.settings} == bounds


def test_a_rule_of_records_names_the_fields_that_it_judges_by() -> None:
    assert {field for one in RECORD_RULES for field in one.reads} <= set(Record.__struct_fields__)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_has_all_that_its_row_and_its_section_in_the_documentation_need(rule: Rule) -> None:
    for text in (rule.title, rule.why, rule.remedy):
        assert text.strip() == text
        assert 0 < len(text) <= 120
        assert not set("|`\n<>[]*") & set(text), "it is shown in a cell of a table and as a paragraph"
    assert len(set(rule.settings)) == len(rule.settings)


def test_no_text_is_there_twice() -> None:
    for field in ("slug", "title", "why", "remedy"):
        assert len({getattr(rule, field) for rule in ALL}) == len(ALL), field
