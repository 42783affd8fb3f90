"""Findings as JUnit XML, which every CI shows (pure): a suite for each rule, a case for each finding.

What the run fails for is a failure, what it does not fail for is skipped, a rule that finds nothing is a case that
passes. There is no standard; this is what Jenkins, GitLab and GitHub's actions all read.
"""

from collections.abc import Container
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from crawler.audit.finding import Finding, named
from crawler.audit.finding_counts import FindingCounts
from crawler.model.audit_rules import RULES, Rule, Severity, at_least
from crawler.text.human import counted, escaped, shortened

MOST_CASES: Final = 1000  # of one rule; people read the first ones, and CI holds them all in memory

_LONGEST_NAME: Final = 200


def to_junit(digest: FindingCounts, *, snapshot: str, fail_on: Severity | None, off: Container[str]) -> bytes:
    """Give the document, without a last line end; `off` are the ids of rules switched off.

    A suite ends with how many findings it leaves out.
    """
    root = Element("testsuites", name=f"swr-crawler audit of snapshot {escaped(snapshot)}")
    for rule in RULES.values():
        suite = SubElement(root, "testsuite", name=f"{rule.id} {rule.slug}")
        if rule.id in off:
            SubElement(_case(suite, rule, "not judged"), "skipped", message="switched off")
        else:
            _fill(suite, rule, digest, fails=rule.held or (fail_on is not None and at_least(rule.severity, fail_on)))
        _sum_up(suite)
    _sum_up(root)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _fill(suite: Element, rule: Rule, digest: FindingCounts, *, fails: bool) -> None:
    for finding in digest.kept(rule):
        _tell(_case(suite, rule, _short(named(finding.place))), finding, fails=fails)
    if left_out := digest.count(rule) - len(digest.kept(rule)):
        case = _case(suite, rule, f"and {counted(left_out, 'more finding')}")
        text = f"{counted(left_out, 'finding')} left out here; swr-crawler audit --json gives all of them"
        SubElement(case, "failure" if fails else "skipped", message=text)
    if not digest.count(rule):
        _case(suite, rule, "nothing found")


def _case(suite: Element, rule: Rule, name: str) -> Element:
    return SubElement(suite, "testcase", classname=f"swr-crawler.{rule.slug}", name=name, time="0")


def _tell(case: Element, finding: Finding, *, fails: bool) -> None:
    case.set("file", escaped(finding.file))
    case.set("line", str(finding.line))
    told = SubElement(case, "failure" if fails else "skipped", message=_short(finding.message))
    if fails:
        told.set("type", finding.severity)
        told.text = f"{_short(finding.message)}. {finding.remedy}"


def _sum_up(element: Element) -> None:
    """Write the numbers of cases that the element holds."""
    for attribute, path in (("tests", ".//testcase"), ("failures", ".//failure"), ("skipped", ".//skipped")):
        element.set(attribute, str(sum(1 for _ in element.iterfind(path))))
    element.set("errors", "0")
    element.set("time", "0")


def _short(text: str) -> str:
    # Printable as Unicode has it leaves nothing that XML 1.0 cannot hold (2.2, Char).
    return shortened(escaped(text), _LONGEST_NAME)
