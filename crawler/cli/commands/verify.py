"""What `swr-crawler verify` does once its flags are read: compare a snapshot with its manifest."""

from pathlib import Path

import click

from crawler.cli.console.output import print_json
from crawler.errors import IncompleteError
from crawler.text.human import count, counted, escaped, size


def verify(folder: Path, *, as_json: bool) -> int:
    """Hold a snapshot against its manifest; 3 when something differs."""
    from crawler.snapshot.reader import open_snapshot  # noqa: PLC0415
    from crawler.snapshot.verify import verify as check  # noqa: PLC0415

    snapshot = open_snapshot(folder)
    report = check(snapshot)
    if as_json:
        print_json({"snapshot": snapshot.manifest.snapshot, "status": snapshot.manifest.status, **report._asdict()})
    else:
        for difference in report.differences:
            click.echo(difference)
        verdict = f"{len(report.differences)} differences" if report.differences else "as its manifest says"
        click.echo(
            f"snapshot {escaped(snapshot.manifest.snapshot)} ({snapshot.manifest.status}): {verdict}; "
            f"{count(report.records)} records in {counted(report.files, 'file')}, {size(report.bytes)} read"
        )
    return IncompleteError.exit_code if report.differences else 0
