"""Laws of the JUnit document: a suite for each rule, counts that are right, XML whatever a name says."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.audit.catalogue import RULES
from crawler.audit.finding import Finding, Location
from crawler.audit.finding_counts import FindingCounts
from crawler.audit.junit import to_junit
from crawler.model.audit_rules import Severity
from tests.audit.examples import FINDINGS, finding


def document(
    *findings: Finding, most: int = 9, fail_on: Severity | None = "error", disabled: tuple[str, ...] = ()
) -> ET.Element:
    counts = FindingCounts(most)
    for one in findings:
        counts.add(one)
    text = to_junit(counts, snapshot="id\x1b", fail_on=fail_on, disabled=disabled)
    assert text.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n")
    return ET.fromstring(text)  # noqa: S314 - our own


def suite(root: ET.Element, rule: str) -> ET.Element:
    (found,) = [one for one in root if one.get("name") == f"{rule} {RULES[rule].slug}"]
    return found


def outcomes(root: ET.Element, rule: str) -> list[str]:
    return [child.tag for case in suite(root, rule) for child in case]


def test_a_rule_that_finds_nothing_is_a_case_that_passes() -> None:
    root = document()
    assert [one.get("name") for one in root] == [f"{rule.id} {rule.slug}" for rule in RULES.values()]
    assert all([case.get("name") for case in one] == ["nothing found"] for one in root)
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == (str(len(RULES)), "0", "0")
    assert root.get("name") == "swr-crawler audit of snapshot id\\u001b"


def test_a_finding_is_a_case_with_its_message_its_remedy_and_its_line() -> None:
    (case,) = suite(document(finding("SWR101", message="is public", line=3)), "SWR101")
    assert case.attrib == {
        "classname": "swr-crawler.public-while-shared",
        "name": "eu/self team/app of acme",
        "time": "0",
        "file": "center=self/part-00000.ndjson",
        "line": "3",
    }
    (failure,) = case
    assert failure.attrib == {"message": "is public", "type": "error"}
    assert failure.text == f"is public. {RULES['SWR101'].remedy}"


@pytest.mark.parametrize(
    ("fail_on", "error", "warning"),
    [("error", "failure", "skipped"), ("warning", "failure", "failure"), (None, "skipped", "skipped")],
)
def test_findings_that_do_not_fail_the_run_are_skipped(fail_on: Severity | None, error: str, warning: str) -> None:
    root = document(finding("SWR101"), finding("SWR201"), fail_on=fail_on)
    assert outcomes(root, "SWR101") == [error]
    assert outcomes(root, "SWR201") == [warning]


def test_an_incomplete_snapshot_is_a_failure_whatever_the_run_fails_for() -> None:
    assert outcomes(document(finding("SWR001"), fail_on=None), "SWR001") == ["failure"]


def test_a_disabled_rule_is_skipped() -> None:
    root = document(disabled=("SWR205",))
    assert outcomes(root, "SWR205") == ["skipped"]
    assert root.get("skipped") == "1"


@pytest.mark.parametrize(("fail_on", "outcome"), [("error", "failure"), (None, "skipped")])
def test_findings_left_out_are_a_case_of_their_own(fail_on: Severity | None, outcome: str) -> None:
    root = document(*[finding("SWR101")] * 5, most=2, fail_on=fail_on)
    cases = list(suite(root, "SWR101"))
    assert [case.get("name") for case in cases][2:] == ["and 3 more findings"]
    assert outcomes(root, "SWR101") == [outcome] * 3
    assert "swr-crawler audit --json" in str(cases[2][0].get("message"))


@given(st.lists(FINDINGS, max_size=4))
def test_no_name_breaks_the_document_and_its_numbers_add_up(findings: list[Finding]) -> None:
    root = document(*findings)
    assert {one.tag for one in root} == {"testsuite"}
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
        assert sum(int(one.get(attribute, "")) for one in root) == int(root.get(attribute, ""))
        assert int(root.get(attribute, "")) == len(list(root.iter(tag)))
    named = [case for case in root.iter("testcase") if case.get("file") is not None]
    assert len(named) == len(findings)
    assert all(value.isprintable() for case in root.iter() for value in case.attrib.values())


def test_text_that_xml_cannot_hold_is_escaped() -> None:
    name = "a\x00\x0b\ufffe]]><b>&"
    (case,) = suite(document(finding(location=Location("eu", "self", None, "team", name))), "SWR101")
    assert case.get("name") == "eu/self team/a\\u0000\\u000b\\ufffe]]><b>&"
