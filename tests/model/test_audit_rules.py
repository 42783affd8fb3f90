"""Laws of the catalogue of audit rules: ids, texts and settings."""

import re

import pytest

from crawler.config.settings.table import SETTINGS
from crawler.model.audit_rules import RULES, SEVERITIES, Rule, at_least, rule_id, yielding_rule_id

ALL = list(RULES.values())

# Ids are permanent: never change or remove a line here.
GIVEN = {
    "SWR001": "incomplete-snapshot",
    "SWR002": "walk-not-proven",
    "SWR003": "center-not-covered",
    "SWR004": "items-rejected",
    "SWR005": "unknown-field",
    "SWR006": "shrank-unaccepted",
    "SWR007": "centers-equal",
    "SWR008": "invalid-field",
    "SWR009": "target-failed",
    "SWR101": "public-while-shared",
    "SWR102": "share-expired",
    "SWR103": "domain-not-allowed",
    "SWR104": "namespace-not-allowed",
    "SWR105": "category-not-allowed",
    "SWR201": "not-updated",
    "SWR202": "no-tags",
    "SWR203": "tag-count-differs",
    "SWR204": "only-latest",
    "SWR205": "no-description",
    "SWR206": "too-large",
    "SWR301": "records-grew",
    "SWR302": "size-grew",
    "SWR303": "records-shrank",
    "SWR304": "size-shrank",
    "SWR901": "suppression-expired",
    "SWR902": "suppression-unused",
}


def test_ids_and_slugs_stay_as_they_were_given() -> None:
    assert {rule.id: rule.slug for rule in ALL} == GIVEN


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_says_what_it_finds_why_and_what_to_do_in_sentences(rule: Rule) -> None:
    assert re.fullmatch(r"SWR\d{3}", rule.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.slug)
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


def test_a_rule_is_known_by_its_id_and_its_slug_and_by_nothing_else() -> None:
    assert rule_id("SWR201") == rule_id("not-updated") == "SWR201"
    assert [rule_id(text) for text in ("", "swr201", "SWR999", "updated")] == [None] * 4


def test_only_the_rule_of_an_incomplete_snapshot_can_never_be_disabled() -> None:
    assert [rule.id for rule in ALL if yielding_rule_id(rule.id) is None] == ["SWR001"]
    assert yielding_rule_id("no-tags") == "SWR202"
    assert yielding_rule_id("nonsense") is None


def test_an_error_is_as_severe_as_a_note_and_not_the_other_way_round() -> None:
    assert at_least("error", "note")
    assert at_least("warning", "warning")
    assert not at_least("note", "error")


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_has_all_that_its_row_and_its_section_in_the_documentation_need(rule: Rule) -> None:
    assert RULES[rule.id] is rule
    for text in (rule.title, rule.why, rule.remedy):
        assert text.strip() == text
        assert 0 < len(text) <= 120
        assert not set("|`\n<>[]*") & set(text), "it is shown in a cell of a table and as a paragraph"
    assert len(set(rule.settings)) == len(rule.settings)


def test_the_catalogue_is_in_the_order_of_the_ids_and_no_text_is_there_twice() -> None:
    assert list(RULES) == sorted(RULES)
    for field in ("slug", "title", "why", "remedy"):
        assert len({getattr(rule, field) for rule in ALL}) == len(ALL), field
