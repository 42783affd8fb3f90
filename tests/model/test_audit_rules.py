"""Laws of the identity of audit rules: ids and names are permanent, and severities have an order."""

import re

from crawler.model.audit_rules import RULE_NAMES, at_least, rule_id, yielding_rule_id

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


def test_ids_and_names_stay_as_they_were_given_and_are_in_order() -> None:
    assert dict(RULE_NAMES) == GIVEN
    assert list(RULE_NAMES) == sorted(RULE_NAMES)
    assert all(re.fullmatch(r"SWR\d{3}", id_) for id_ in RULE_NAMES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in RULE_NAMES.values())
    assert len(set(RULE_NAMES.values())) == len(RULE_NAMES)


def test_a_rule_is_known_by_its_id_and_its_name_and_by_nothing_else() -> None:
    assert rule_id("SWR201") == rule_id("not-updated") == "SWR201"
    assert [rule_id(text) for text in ("", "swr201", "SWR999", "updated")] == [None] * 4


def test_only_the_rule_of_an_incomplete_snapshot_can_never_be_disabled() -> None:
    assert [id_ for id_ in RULE_NAMES if yielding_rule_id(id_) is None] == ["SWR001"]
    assert yielding_rule_id("no-tags") == "SWR202"
    assert yielding_rule_id("nonsense") is None


def test_an_error_is_as_severe_as_a_note_and_not_the_other_way_round() -> None:
    assert at_least("error", "note")
    assert at_least("warning", "warning")
    assert not at_least("note", "error")
