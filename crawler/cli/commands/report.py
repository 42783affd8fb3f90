"""`swr-crawler report` after its flags are read: the file it writes, and the exit code."""

import sys
from pathlib import Path
from typing import Final

from crawler.cli.console.exit_status import INCOMPLETE, SUCCESS
from crawler.cli.console.output import say
from crawler.config.audit_policy import Policy
from crawler.errors import UsageError
from crawler.files.atomic import can_be_file, replacing
from crawler.files.disk_errors import disk_errors
from crawler.report.build import build_report
from crawler.snapshot.history.find import open_named, open_to_compare
from crawler.text.human import size

_STDOUT: Final = "-"
_NOT_ASKED_FOR: Final = "This report was made without an earlier snapshot to compare with."


def report(name: str, previous: str | None, policy: Policy, output: Path, destination: str) -> int:
    """Write the report of a snapshot. Return 3 when the snapshot is not complete, else 0.

    `name` and `previous` name snapshots as `find_snapshot` takes them, ids in `output`. When `previous` is the word
    "previous" and there is none, as in the first night, the report says so. Raises UsageError, IncompleteError and
    DiskError; then nothing is written.
    """
    _check_destination(destination)
    snapshot = open_named(name, output)
    earlier, missing = open_to_compare(previous, output)
    no_changes = f"There is no earlier snapshot to compare with: {missing}." if missing else _NOT_ASKED_FOR
    built = build_report(snapshot, earlier, policy, no_changes=no_changes)
    _write(destination, built.html)
    if not built.complete:
        where = "" if destination == _STDOUT else f"; {destination} says what is missing"
        say(f"report: snapshot {snapshot.manifest.snapshot} is INCOMPLETE{where}", err=True)
        return INCOMPLETE
    if destination != _STDOUT:
        say(f"report: {destination} ({size(len(built.html))})", err=True)
    return SUCCESS


def _check_destination(destination: str) -> None:
    """Raise UsageError before anything is read when the file could not be written."""
    if destination != _STDOUT and not can_be_file(Path(destination)):
        raise UsageError(f"cannot write {destination}; name a file in an existing folder, or - for standard output")


def _write(destination: str, html: bytes) -> None:
    if destination == _STDOUT:
        sys.stdout.buffer.write(html)
        sys.stdout.flush()
        return
    with disk_errors(Path(destination)), replacing(Path(destination)) as file:
        file.write(html)
