"""The flags of the commands about a whole output."""

import click

from crawler.cli.options import config_file, output_folder
from crawler.cli.reading import interruptible


@click.command("list")
@click.option("--output", metavar="DIR", help="The folder with the snapshots, default output.")
@config_file
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of a table.")
def list_snapshots(*, output: str | None, config: str | None, as_json: bool) -> int:
    """List the snapshots of an output: age, status, records, size, and which are latest and previous.

    The newest comes first. A run that has not ended is listed before them as unfinished. The exit code says whether
    the output could be read, not whether its snapshots are complete.
    """
    from crawler.cli.commands.output.list_snapshots import list_output  # noqa: PLC0415

    return interruptible(list_output, output_folder(config, output), as_json=as_json)
