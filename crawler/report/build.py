"""Builds the report of a snapshot: reads its records, audits it, compares it with an earlier one, renders the page."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from crawler.audit.engine import Audit
from crawler.audit.finding import Finding
from crawler.audit.finding_counts import FindingCounts
from crawler.config.audit_policy import Policy
from crawler.diff.changes import changes
from crawler.diff.compare import Comparison
from crawler.files.presence import exists
from crawler.report.completeness import completeness
from crawler.report.highlights import ChangeCollector, ChangeHighlights
from crawler.report.page import Content, render
from crawler.report.statistics import Statistics
from crawler.snapshot.layout import SUCCESS
from crawler.snapshot.manifest_values import moment_of
from crawler.snapshot.reader import SnapshotReader

LISTED: Final = 50_000  # repositories in the table, the largest ones
_EXAMPLES: Final = 10  # of each rule, and of each kind of change
_UNPROVEN_WALKS: Final = 100


class BuiltReport(NamedTuple):
    """The page, and whether the snapshot is complete; when it is not, the page says so first."""

    html: bytes
    complete: bool


def build_report(
    snapshot: SnapshotReader, previous: SnapshotReader | None, policy: Policy, *, no_changes: str, listed: int = LISTED
) -> BuiltReport:
    """Return the report of a snapshot; `no_changes` is what it says of changes when `previous` is None.

    Raises IncompleteError when a snapshot differs from its manifest or the manifest is damaged, DiskError when the
    comparison finds no space for its temporary file.
    """
    manifest = snapshot.manifest
    statistics = _statistics(snapshot, listed)
    complete = completeness(
        manifest,
        records=statistics.total.records,
        has_success_marker=exists(snapshot.folder / SUCCESS),
        most=_UNPROVEN_WALKS,
    )
    audit = Audit(snapshot, policy, previous=previous)
    findings = _counted(audit.findings())
    content = Content(
        manifest=manifest,
        completeness=complete,
        statistics=statistics,
        findings=findings,
        suppressed=audit.suppressed,
        notices=audit.notices,
        changes=None if previous is None else _changes(previous, snapshot),
        no_changes=no_changes,
    )
    return BuiltReport(render(content), complete.complete)


def _statistics(snapshot: SnapshotReader, listed: int) -> Statistics:
    statistics = Statistics(moment_of(snapshot.manifest.finished_at), listed=listed)
    for record in snapshot.records():
        statistics.add(record)
    return statistics


def _counted(findings: Iterable[Finding]) -> FindingCounts:
    counts = FindingCounts(_EXAMPLES)
    for finding in findings:
        counts.add(finding)
    return counts


def _changes(previous: SnapshotReader, snapshot: SnapshotReader) -> ChangeHighlights:
    comparison, collector = Comparison(previous.manifest, snapshot.manifest), ChangeCollector(_EXAMPLES)
    for change in changes(previous, snapshot, comparison):
        collector.add(change)
    return collector.highlights(comparison.summary(), comparison.unknown(), previous.manifest.finished_at)
