"""What `swr-crawler audit` does once its flags are read: the audit, the forms it is told in, the exit code."""

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
from crawler.audit.listing import AuditTotals, headline, listing
from crawler.audit.sarif import Results, to_sarif
from crawler.cli.console.exit_status import FOUND
from crawler.cli.console.output import print_lines
from crawler.config.audit_policy import Policy
from crawler.errors import DiskError, IncompleteError, UsageError
from crawler.files.atomic import can_be_file, replacing
from crawler.model.audit_rules import Severity
from crawler.snapshot.layout import PREVIOUS
from crawler.snapshot.reader import Snapshot, open_snapshot, resolve
from crawler.text.human import escaped

STDOUT: Final = "-"

_COLOURS: Final[dict[Severity, str]] = {"error": "red", "warning": "yellow", "note": "blue"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """How findings are told: NDJSON on standard output, and files of other tools, `-` for standard output."""

    as_json: bool = False
    sarif: str | None = None
    junit: str | None = None

    def on_stdout(self) -> int:
        """Give how many of them go to standard output; with none the table does."""
        return self.as_json + [self.sarif, self.junit].count(STDOUT)


def audit(name: str, previous: str | None, output: Path, policy: Policy, forms: Outputs) -> int:
    """Audit a snapshot; give 3 when it is incomplete, else 1 when it fails by the policy, else 0.

    `previous` that is just "previous" may be missing, as in the first night: growth is not judged then, and that is
    said. Raises UsageError for forms that get in each other's way, IncompleteError for a snapshot that is damaged:
    then no file was written.
    """
    _check(forms)
    snapshot = open_snapshot(resolve(name, output))
    before, notices = _previous(previous, output)
    if forms.as_json:
        _prove(snapshot, before)
    audited = Audit(snapshot, policy, previous=before)
    told = _Told(FindingCounts(MOST_CASES), Results() if forms.sarif is not None else None)
    findings = told.taking(audited.findings())
    if forms.as_json:
        print_lines(map(to_line, findings))
    else:
        deque(findings, maxlen=0)
    _tell(audited, told, forms, (*notices, *audited.notices))
    if audited.incomplete:
        return IncompleteError.exit_code
    return FOUND if told.digest.fails(policy.fail_on) else 0


def _previous(name: str | None, output: Path) -> tuple[Snapshot | None, tuple[str, ...]]:
    """Give the snapshot to judge growth against, or what to say of there being none."""
    if name is None:
        return None, ()
    try:
        return open_snapshot(resolve(name, output)), ()
    except UsageError as error:
        if name != PREVIOUS:
            raise
        return None, (f"growth was not judged: {error}",)


def _prove(*snapshots: Snapshot | None) -> None:
    """Read every byte once before anything is printed: lines that are out cannot be taken back."""
    for snapshot in snapshots:
        if snapshot is not None:
            snapshot.check()


class _Told(NamedTuple):
    """What the findings that went by are summed up in."""

    digest: FindingCounts
    results: Results | None

    def taking(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Give the findings on, each taken in."""
        for finding in findings:
            self.digest.add(finding)
            if self.results is not None:
                self.results.add(finding)
            yield finding


def _check(forms: Outputs) -> None:
    """Raise UsageError before the work for what could not be written after it."""
    if forms.on_stdout() > 1:
        raise UsageError("--json, --sarif - and --junit - all write to standard output; name a file for all but one")
    if forms.sarif is not None and forms.sarif == forms.junit != STDOUT:
        raise UsageError(f"--sarif and --junit both write {forms.sarif}; name a file for each")
    for flag, path in (("--sarif", forms.sarif), ("--junit", forms.junit)):
        if path is not None and path != STDOUT and not can_be_file(Path(path)):
            raise UsageError(f"{flag}: cannot write {path}; name a file in a folder that is there")


def _tell(audited: Audit, told: _Told, forms: Outputs, notices: tuple[str, ...]) -> None:
    policy, snapshot = audited.policy, audited.snapshot.manifest.snapshot
    ledger = AuditTotals(snapshot, audited.incomplete, audited.records, audited.suppressed)
    if forms.sarif is not None and told.results is not None:
        log = to_sarif(
            told.results,
            version=crawler.__version__,
            snapshot=snapshot,
            incomplete=audited.incomplete,
            off=policy.disabled_rules,
            notices=notices,
        )
        _write(forms.sarif, log)
    if forms.junit is not None:
        document = to_junit(
            told.digest, snapshot=snapshot, fail_on=policy.fail_on, off=frozenset(policy.disabled_rules)
        )
        _write(forms.junit, document.split(b"\n"))
    for notice in notices:
        click.echo(escaped(notice), err=True)
    if forms.on_stdout():
        click.echo(headline(told.digest, ledger), err=True)
    else:
        _show(listing(told.digest, ledger, style=_styled()))


def _show(lines: Iterable[str]) -> None:
    """Print lines for people. Raises DiskError, BrokenPipeError when nobody reads them any more."""
    try:
        for line in lines:
            click.echo(line)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DiskError(f"cannot write to standard output: {error.strerror}") from None


def _styled() -> Callable[[Severity, str], str]:
    """Give what colours a severity; click leaves colours out where no terminal takes them."""
    if "NO_COLOR" in os.environ:
        return lambda _, word: word
    return lambda severity, word: click.style(word, fg=_COLOURS[severity], bold=severity == "error")


def _write(path: str, lines: Iterable[bytes]) -> None:
    """Write a file whole or not at all; a pipe or a device as it comes. Raises DiskError."""
    if path == STDOUT:
        print_lines(lines)
        return
    try:
        with replacing(Path(path)) as file:
            file.writelines(line + b"\n" for line in lines)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}") from None
