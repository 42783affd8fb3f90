"""The command: reads a snapshot past the figures, the rules and the snapshot before, and writes one HTML file."""

import sys
from pathlib import Path
from typing import Final

import click

from crawler.audit.engine import Audit
from crawler.cli.commands.diff import changes as compared
from crawler.config.audit_policy import Policy
from crawler.diff.compare import Comparison
from crawler.errors import IncompleteError, UsageError
from crawler.files.atomic import can_be_file, replacing
from crawler.files.disk_errors import disk_errors
from crawler.report.completeness import completeness
from crawler.report.highlights import Changes, ChangesSoFar, Findings
from crawler.report.page import Content, render
from crawler.report.statistics import Statistics
from crawler.snapshot.layout import PREVIOUS, SUCCESS
from crawler.snapshot.reader import Snapshot, open_snapshot, resolve
from crawler.text.human import escaped, size

LISTED: Final = 50_000
_EXAMPLES: Final = 10
_DOUBTS: Final = 100
_STDOUT: Final = "-"


def report(name: str, previous: str | None, policy: Policy, output: Path, destination: str) -> int:
    """Write the report of a snapshot; 3 when the snapshot is not complete, which the report says first.

    `name` and `previous` are folders, or what is in `output`. `previous` that is just "previous" may be missing: then
    this is the first night, and the report says so. Raises UsageError, IncompleteError, DiskError; then nothing is
    written.
    """
    _check_destination(destination)
    snapshot = open_snapshot(resolve(name, output))
    before, note = _previous(previous, output)
    html, whole = _made(snapshot, before, note, policy)
    _write(destination, html)
    if not whole:
        where = "" if destination == _STDOUT else f"; {destination} says what is missing"
        click.echo(f"report: snapshot {escaped(snapshot.manifest.snapshot)} is INCOMPLETE{where}", err=True)
        return IncompleteError.exit_code
    if destination != _STDOUT:
        click.echo(f"report: {destination} ({size(len(html))})", err=True)
    return 0


def _previous(name: str | None, output: Path) -> tuple[Snapshot | None, str]:
    if name is None:
        return None, "This report was made without an earlier snapshot to compare with."
    try:
        return open_snapshot(resolve(name, output)), ""
    except UsageError as error:
        if name != PREVIOUS:
            raise
        return None, f"There is none to compare with: {error}."


def _made(snapshot: Snapshot, before: Snapshot | None, note: str, policy: Policy) -> tuple[bytes, bool]:
    manifest = snapshot.manifest
    figures = _figures(snapshot)
    for record in snapshot.records():
        figures.add(record)
    has_success_marker = (snapshot.folder / SUCCESS).exists()
    proven = completeness(manifest, records=figures.total.records, has_success_marker=has_success_marker, most=_DOUBTS)
    audit = Audit(snapshot, policy, previous=before)
    findings = Findings(_EXAMPLES)
    for finding in audit.findings():
        findings.add(finding)
    content = Content(
        manifest=manifest,
        completeness=proven,
        figures=figures,
        findings=findings,
        suppressed=audit.suppressed,
        notices=audit.notices,
        changes=None if before is None else _changes(before, snapshot),
        unchanged=note,
    )
    return render(content), proven.whole


def _figures(snapshot: Snapshot) -> Statistics:
    try:
        return Statistics(snapshot.manifest.finished_at, listed=LISTED)
    except (ValueError, OverflowError):
        raise IncompleteError(f"{snapshot.folder}: the manifest is damaged: finished_at is no time") from None


def _changes(before: Snapshot, snapshot: Snapshot) -> Changes:
    comparison, changes = Comparison(before.manifest, snapshot.manifest), ChangesSoFar(_EXAMPLES)
    for change in compared(before, snapshot, comparison):
        changes.add(change)
    return changes.changes(comparison.summary(), comparison.unknown(), before.manifest.finished_at)


def _check_destination(destination: str) -> None:
    """Raise UsageError now, and not after all was read, where nothing can be written."""
    if destination != _STDOUT and not can_be_file(Path(destination)):
        raise UsageError(f"cannot write {destination}; name a file in a folder that is there, or - for standard output")


def _write(destination: str, html: bytes) -> None:
    if destination == _STDOUT:
        sys.stdout.buffer.write(html)
        sys.stdout.flush()
        return
    with disk_errors(Path(destination)), replacing(Path(destination)) as file:
        file.write(html)
