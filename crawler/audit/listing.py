"""The findings of an audit as people read them: a headline, then rule by rule, the most severe first (pure)."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from crawler.audit.finding import Finding, named
from crawler.audit.finding_counts import FindingCounts
from crawler.model.audit_rules import Rule, Severity
from crawler.text.human import count, counted, escaped, shortened

MOST_SHOWN: Final = 5  # of one rule: the table is to be read, the rest is for programs

_LONGEST_NAME: Final = 120
_SEVERITY_WIDTH: Final = 9


class AuditTotals(NamedTuple):
    """What an audit read, beside its findings."""

    snapshot: str
    incomplete: bool
    records: int
    suppressed: int


def headline(digest: FindingCounts, ledger: AuditTotals) -> str:
    """Give one line: what was audited, how many findings of each severity there are, how many were suppressed."""
    found = [counted(number, severity) for severity, number in digest.by_severity().items() if number]
    if ledger.suppressed:
        found.append(f"{count(ledger.suppressed)} suppressed")
    status = "incomplete" if ledger.incomplete else "complete"
    records = counted(ledger.records, "record")
    return escaped(f"snapshot {ledger.snapshot} ({status}), {records}: {', '.join(found) or 'nothing found'}")


def listing(digest: FindingCounts, ledger: AuditTotals, *, style: Callable[[Severity, str], str]) -> Iterator[str]:
    """Give the lines; `style` colours a word by its severity."""
    yield headline(digest, ledger)
    for rule in digest.found():
        yield ""
        yield from _of_rule(rule, digest, style)


def _of_rule(rule: Rule, digest: FindingCounts, style: Callable[[Severity, str], str]) -> Iterator[str]:
    word = style(rule.severity, f"{rule.severity:<{_SEVERITY_WIDTH}}")
    number = digest.count(rule)
    yield f"{word}{rule.id} {rule.slug}: {counted(number, 'finding')}. {rule.title}."
    margin = " " * _SEVERITY_WIDTH
    shown = digest.kept(rule)[:MOST_SHOWN]
    for finding in shown:
        yield f"{margin}{_line(finding)}"
    if more := number - len(shown):
        yield f"{margin}and {count(more)} more"
    yield f"{margin}to do: {rule.remedy}"


def _line(finding: Finding) -> str:
    where = shortened(escaped(named(finding.place)), _LONGEST_NAME)
    return f"{where} {shortened(escaped(finding.message), 2 * _LONGEST_NAME)}"
