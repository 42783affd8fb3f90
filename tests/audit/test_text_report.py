"""Laws of the text report: all findings counted, the most severe first, no control sequence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.audit.catalogue import RULES
from crawler.audit.finding import Finding, Location
from crawler.audit.finding_counts import FindingCounts
from crawler.audit.text_report import AuditTotals, headline, text_report
from crawler.model.audit_rules import SEVERITIES, Severity
from tests.audit.examples import FINDINGS, finding

TOTALS = AuditTotals("id", incomplete=False, records=1200, suppressed=0)


def counted(*findings: Finding, most: int = 9) -> FindingCounts:
    made = FindingCounts(most)
    for one in findings:
        made.add(one)
    return made


def lines(*findings: Finding, totals: AuditTotals = TOTALS) -> list[str]:
    return list(text_report(counted(*findings), totals, style=lambda severity, word: f"<{severity}>{word}"))


@given(st.lists(FINDINGS), st.integers(0, 3))
def test_all_findings_are_counted_and_the_first_ones_kept(findings: list[Finding], most: int) -> None:
    made = counted(*findings, most=most)
    for rule in RULES.values():
        own = [one for one in findings if one.rule == rule.id]
        assert made.count(rule) == len(own)
        assert made.kept(rule) == own[:most]
    assert {rule.id for rule in made.found()} == {one.rule for one in findings}
    order = [(SEVERITIES.index(rule.severity), rule.id) for rule in made.found()]
    assert order == sorted(order)
    assert sum(made.by_severity().values()) == len(findings)


@pytest.mark.parametrize(("bound", "fails"), [("error", False), ("warning", True), ("note", True), (None, False)])
def test_an_audit_fails_for_what_is_as_severe_as_the_bound(bound: Severity | None, *, fails: bool) -> None:
    assert counted(finding("SWR201"), finding("SWR205")).fails(bound) is fails
    assert not counted().fails(bound)


def test_a_headline_says_what_was_read_and_how_much_was_found() -> None:
    assert headline(counted(), TOTALS) == "snapshot id (complete), 1 200 records: nothing found"
    torn = AuditTotals("id", incomplete=True, records=1, suppressed=2)
    found = counted(finding(), finding("SWR205"), finding("SWR205"))
    assert headline(found, torn) == "snapshot id (incomplete), 1 record: 1 error, 2 notes, 2 suppressed"


def test_findings_are_listed_by_rule_the_most_severe_first_with_what_to_do() -> None:
    shown = lines(finding("SWR205"), finding("SWR101", message="is public"))
    assert shown[1:5] == [
        "",
        "<error>error    SWR101 public-while-shared: 1 finding. A shared repository is public.",
        "         eu/self team/app of acme is public",
        f"         to do: {RULES['SWR101'].remedy}",
    ]
    assert shown[6].startswith("<note>note     SWR205 no-description: 1 finding.")


def test_of_many_the_first_five_are_listed_and_the_rest_counted() -> None:
    names = [Location("eu", "self", "acme", "team", f"app-{number}") for number in range(7)]
    shown = lines(*(finding("SWR101", location=location) for location in names))
    assert [line.split()[1] for line in shown[3:8]] == [f"team/app-{number}" for number in range(5)]
    assert shown[8] == "         and 2 more"
    assert "more" not in lines(*(finding("SWR101", location=location) for location in names[:5]))[-2]


@given(st.lists(FINDINGS, max_size=5))
def test_no_name_reaches_a_terminal_as_anything_but_printable_text(findings: list[Finding]) -> None:
    for line in lines(*findings, totals=TOTALS._replace(snapshot="\x1b[2J")):
        assert line.isprintable()
        assert len(line) < 500
