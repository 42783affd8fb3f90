"""`swr-crawler schema` after its flags are read: prints the JSON Schemas of the output formats."""

from crawler.cli.console.output import print_json


def schema(which: str) -> None:
    """Print the JSON Schema of one format, or of all by name for "all"."""
    from crawler.audit.finding import schema as of_finding  # noqa: PLC0415
    from crawler.diff.change import schema as of_change  # noqa: PLC0415
    from crawler.snapshot.manifest import schemas  # noqa: PLC0415

    every = {**schemas(), "change": of_change(), "finding": of_finding()}
    print_json(every if which == "all" else every[which])
