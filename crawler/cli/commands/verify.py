"""`swr-crawler verify` after its flags are read: the differences, and the exit code."""

from pathlib import Path

from crawler.cli.console.exit_status import INCOMPLETE, SUCCESS
from crawler.cli.console.output import print_json, say
from crawler.text.human import count, counted, size


def verify(folder: Path, *, as_json: bool) -> int:
    """Compare a snapshot with its manifest and print the differences; return 3 when there are some, else 0."""
    from crawler.snapshot.history.latest import followed  # noqa: PLC0415
    from crawler.snapshot.reader import open_unchecked  # noqa: PLC0415
    from crawler.snapshot.verify import verify as check  # noqa: PLC0415

    snapshot = open_unchecked(followed(folder))
    report = check(snapshot)
    if as_json:
        print_json({"snapshot": snapshot.manifest.snapshot, "status": snapshot.manifest.status, **report._asdict()})
    else:
        for difference in report.differences:
            say(difference)
        verdict = counted(len(report.differences), "difference") if report.differences else "no differences"
        say(
            f"snapshot {snapshot.manifest.snapshot} ({snapshot.manifest.status}): {verdict}; "
            f"{count(report.records)} records in {counted(report.files, 'file')}, {size(report.bytes)} read"
        )
    return INCOMPLETE if report.differences else SUCCESS
