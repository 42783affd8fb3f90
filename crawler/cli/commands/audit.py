"""`swr-crawler audit` after its flags are read: the outputs it writes, and the exit code."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import click

import crawler
from crawler.audit.engine import Audit
from crawler.audit.finding import Finding, to_line
from crawler.audit.finding_counts import FindingCounts
from crawler.audit.junit import MOST_CASES, to_junit
from crawler.audit.sarif import SarifResults, to_sarif
from crawler.audit.text_report import AuditTotals, headline, text_report
from crawler.cli.console.exit_status import FOUND, INCOMPLETE, SUCCESS
from crawler.cli.console.output import print_lines, say, say_styled
from crawler.config.audit_policy import Policy
from crawler.errors import DiskError, UsageError
from crawler.files.atomic import can_be_file, replacing
from crawler.files.disk_errors import reason_and_advice
from crawler.model.audit_rules import Severity
from crawler.snapshot.history.find import open_named, open_to_compare
from crawler.snapshot.reader import SnapshotReader

STDOUT: Final = "-"

_COLOURS: Final[dict[Severity, str]] = {"error": "red", "warning": "yellow", "note": "blue"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Where findings are written: NDJSON to standard output, SARIF and JUnit to files, `-` for standard output."""

    as_json: bool = False
    sarif: str | None = None
    junit: str | None = None

    def on_stdout(self) -> int:
        """Return how many of them go to standard output; the table goes there when none does."""
        return self.as_json + [self.sarif, self.junit].count(STDOUT)


def audit(name: str, previous: str | None, output: Path, policy: Policy, outputs: Outputs) -> int:
    """Audit a snapshot. Return 3 when it is incomplete, else 1 when it fails by the policy, else 0.

    When `previous` is the word "previous" and there is none, as in the first night, growth and shrinkage are not
    judged, and a notice says so. Raises UsageError for outputs that conflict, IncompleteError for a damaged snapshot;
    then no file is written.
    """
    _check(outputs)
    snapshot = open_named(name, output)
    earlier, missing = open_to_compare(previous, output)
    notices = (f"growth and shrinkage were not judged: {missing}",) if missing else ()
    if outputs.as_json:
        _check_digests(snapshot, earlier)
    audited = Audit(snapshot, policy, previous=earlier)
    collected = _Collected(FindingCounts(MOST_CASES), SarifResults() if outputs.sarif is not None else None)
    findings = collected.through(audited.findings())
    if outputs.as_json:
        print_lines(map(to_line, findings))
    else:
        deque(findings, maxlen=0)
    _write_outputs(audited, collected, outputs, (*notices, *audited.notices))
    if audited.incomplete:
        return INCOMPLETE
    return FOUND if collected.counts.fails(policy.fail_on) else SUCCESS


def _check_digests(*snapshots: SnapshotReader | None) -> None:
    """Read every byte before anything is printed: a line that was printed cannot be taken back."""
    for snapshot in snapshots:
        if snapshot is not None:
            snapshot.check()


class _Collected(NamedTuple):
    """The findings so far, for the outputs that are written at the end."""

    counts: FindingCounts
    results: SarifResults | None

    def through(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings unchanged, and add each."""
        for finding in findings:
            self.counts.add(finding)
            if self.results is not None:
                self.results.add(finding)
            yield finding


def _check(outputs: Outputs) -> None:
    """Raise UsageError before the audit for an output that could not be written after it."""
    if outputs.on_stdout() > 1:
        raise UsageError("--json, --sarif - and --junit - all write to standard output; name a file for all but one")
    if outputs.sarif is not None and outputs.sarif == outputs.junit != STDOUT:
        raise UsageError(f"--sarif and --junit both write {outputs.sarif}; name a file for each")
    for flag, path in (("--sarif", outputs.sarif), ("--junit", outputs.junit)):
        if path is not None and path != STDOUT and not can_be_file(Path(path)):
            raise UsageError(f"{flag}: cannot write {path}; name a file in an existing folder")


def _write_outputs(audited: Audit, collected: _Collected, outputs: Outputs, notices: tuple[str, ...]) -> None:
    policy, snapshot = audited.policy, audited.snapshot.manifest.snapshot
    totals = AuditTotals(snapshot, audited.incomplete, audited.records, audited.suppressed)
    if outputs.sarif is not None and collected.results is not None:
        log = to_sarif(
            collected.results,
            version=crawler.__version__,
            snapshot=snapshot,
            incomplete=audited.incomplete,
            disabled=policy.disabled_rules,
            notices=notices,
        )
        _write(outputs.sarif, log)
    if outputs.junit is not None:
        disabled = frozenset(policy.disabled_rules)
        document = to_junit(collected.counts, snapshot=snapshot, fail_on=policy.fail_on, disabled=disabled)
        _write(outputs.junit, document.split(b"\n"))
    for notice in notices:
        say(notice, err=True)
    if outputs.on_stdout():
        say(headline(collected.counts, totals), err=True)
    else:
        _print(text_report(collected.counts, totals, style=_styled()))


def _print(lines: Iterable[str]) -> None:
    """Print lines for people. Raises DiskError; BrokenPipeError when standard output was closed by its reader."""
    try:
        for line in lines:
            say_styled(line)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DiskError(f"cannot write to standard output: {reason_and_advice(error)}") from None


def _styled() -> Callable[[Severity, str], str]:
    """Return the function that colours a severity; click removes colours where no terminal shows them."""
    if "NO_COLOR" in os.environ:
        return lambda _, word: word
    return lambda severity, word: click.style(word, fg=_COLOURS[severity], bold=severity == "error")


def _write(path: str, lines: Iterable[bytes]) -> None:
    """Write a file completely or not at all; to a pipe or a device, line by line. Raises DiskError."""
    if path == STDOUT:
        print_lines(lines)
        return
    try:
        with replacing(Path(path)) as file:
            file.writelines(line + b"\n" for line in lines)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {reason_and_advice(error)}") from None
