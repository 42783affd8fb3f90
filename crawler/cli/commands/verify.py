"""`swr-crawler verify` after its flags are read: the differences, and the exit code."""

from pathlib import Path

import click

from crawler.cli.console.exit_status import INCOMPLETE, SUCCESS
from crawler.cli.console.output import print_json
from crawler.text.human import count, counted, escaped, size


def verify(folder: Path, *, as_json: bool) -> int:
    """Compare a snapshot with its manifest and print the differences; return 3 when there are some, else 0."""
    from crawler.snapshot.reader import open_unchecked  # noqa: PLC0415
    from crawler.snapshot.verify import verify as check  # noqa: PLC0415

    snapshot = open_unchecked(folder)
    report = check(snapshot)
    if as_json:
        print_json({"snapshot": snapshot.manifest.snapshot, "status": snapshot.manifest.status, **report._asdict()})
    else:
        for difference in report.differences:
            click.echo(difference)
        verdict = counted(len(report.differences), "difference") if report.differences else "no differences"
        click.echo(
            f"snapshot {escaped(snapshot.manifest.snapshot)} ({snapshot.manifest.status}): {verdict}; "
            f"{count(report.records)} records in {counted(report.files, 'file')}, {size(report.bytes)} read"
        )
    return INCOMPLETE if report.differences else SUCCESS
