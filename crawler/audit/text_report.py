"""The findings of an audit as text for people (pure): a headline, then rule by rule, the most severe first."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from crawler.audit.finding import Finding, named
from crawler.audit.finding_counts import FindingCounts
from crawler.audit.rule import Rule
from crawler.model.audit_rules import Severity
from crawler.text.human import count, counted, escaped, excerpt

MOST_SHOWN: Final = 5  # of one rule: enough for people to read; --json has all of them

_LONGEST_NAME: Final = 120
_SEVERITY_WIDTH: Final = 9


class AuditTotals(NamedTuple):
    """What an audit read, and how many findings it suppressed."""

    snapshot: str
    incomplete: bool
    records: int
    suppressed: int


def headline(counts: FindingCounts, totals: AuditTotals) -> str:
    """Return one line: what was audited, how many findings of each severity there are, how many are suppressed."""
    found = [counted(number, severity) for severity, number in counts.by_severity().items() if number]
    if totals.suppressed:
        found.append(f"{count(totals.suppressed)} suppressed")
    status = "incomplete" if totals.incomplete else "complete"
    records = counted(totals.records, "record")
    return escaped(f"snapshot {totals.snapshot} ({status}), {records}: {', '.join(found) or 'nothing found'}")


def text_report(counts: FindingCounts, totals: AuditTotals, *, style: Callable[[Severity, str], str]) -> Iterator[str]:
    """Yield the lines, without their ends; `style` colours a word by its severity."""
    yield headline(counts, totals)
    for rule in counts.found():
        yield ""
        yield from _rule(rule, counts, style)


def _rule(rule: Rule, counts: FindingCounts, style: Callable[[Severity, str], str]) -> Iterator[str]:
    word = style(rule.severity, f"{rule.severity:<{_SEVERITY_WIDTH}}")
    number = counts.count(rule)
    yield f"{word}{rule.id} {rule.slug}: {counted(number, 'finding')}. {rule.title}."
    margin = " " * _SEVERITY_WIDTH
    shown = counts.kept(rule)[:MOST_SHOWN]
    for finding in shown:
        yield f"{margin}{_line(finding)}"
    if more := number - len(shown):
        yield f"{margin}and {count(more)} more"
    yield f"{margin}to do: {rule.remedy}"


def _line(finding: Finding) -> str:
    where = excerpt(named(finding.location), _LONGEST_NAME)
    return f"{where} {excerpt(finding.message, 2 * _LONGEST_NAME)}"
