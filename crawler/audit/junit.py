"""Findings as JUnit XML, which every CI shows (pure): a suite for each rule, a case for each finding.

A finding that makes the audit fail is a failure, any other is skipped; a rule that finds nothing is a case that passes.
There is no standard; Jenkins, GitLab and GitHub's actions all read this form.
"""

from collections.abc import Container
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from crawler.audit.catalogue import RULES
from crawler.audit.finding import Finding, named
from crawler.audit.finding_counts import FindingCounts
from crawler.audit.rule import Rule
from crawler.model.audit_rules import Severity, at_least
from crawler.text.human import counted, escaped, excerpt

MOST_CASES: Final = 1000  # of one rule: a CI holds all cases in memory, and people read the first ones

_LONGEST_NAME: Final = 200


def to_junit(counts: FindingCounts, *, snapshot: str, fail_on: Severity | None, disabled: Container[str]) -> bytes:
    """Return the document, without a last line end; `disabled` are the ids of disabled rules.

    A suite that leaves out findings ends with a case that says how many.
    """
    root = Element("testsuites", name=f"swr-crawler audit of snapshot {escaped(snapshot)}")
    for rule in RULES.values():
        suite = SubElement(root, "testsuite", name=f"{rule.id} {rule.slug}")
        if rule.id in disabled:
            SubElement(_case(suite, rule, "not judged"), "skipped", message="disabled")
        else:
            _fill(
                suite, rule, counts, fails=rule.mandatory or (fail_on is not None and at_least(rule.severity, fail_on))
            )
        _set_totals(suite)
    _set_totals(root)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _fill(suite: Element, rule: Rule, counts: FindingCounts, *, fails: bool) -> None:
    for finding in counts.kept(rule):
        _add_result(_case(suite, rule, _short(named(finding.location))), finding, fails=fails)
    if left_out := counts.count(rule) - len(counts.kept(rule)):
        case = _case(suite, rule, f"and {counted(left_out, 'more finding')}")
        text = f"{counted(left_out, 'finding')} left out here; swr-crawler audit --json prints all of them"
        SubElement(case, "failure" if fails else "skipped", message=text)
    if not counts.count(rule):
        _case(suite, rule, "nothing found")


def _case(suite: Element, rule: Rule, name: str) -> Element:
    return SubElement(suite, "testcase", classname=f"swr-crawler.{rule.slug}", name=name, time="0")


def _add_result(case: Element, finding: Finding, *, fails: bool) -> None:
    case.set("file", escaped(finding.file))
    case.set("line", str(finding.line))
    result = SubElement(case, "failure" if fails else "skipped", message=_short(finding.message))
    if fails:
        result.set("type", finding.severity)
        result.text = f"{_short(finding.message)}. {finding.remedy}"


def _set_totals(element: Element) -> None:
    """Set the numbers of cases that the element holds."""
    for attribute, path in (("tests", ".//testcase"), ("failures", ".//failure"), ("skipped", ".//skipped")):
        element.set(attribute, str(sum(1 for _ in element.iterfind(path))))
    element.set("errors", "0")
    element.set("time", "0")


def _short(text: str) -> str:
    # Every character that Unicode calls printable is allowed in XML 1.0 (2.2, Char).
    return excerpt(text, _LONGEST_NAME)
