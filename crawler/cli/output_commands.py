"""The flags of the commands about a whole output."""

from pathlib import Path
from typing import Any

import click

from crawler.cli.options import DeferredFlags, config_file, flags_of, load, output_folder
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


@click.command(cls=DeferredFlags, flags=flags_of("prune"))
@click.option("--output", metavar="DIR", help="The folder with the snapshots, default output.")
@config_file
@click.option("--dry-run", is_flag=True, help="Remove nothing; say what would be removed, and why the rest is kept.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of a table.")
def prune(*, output: str | None, config: str | None, dry_run: bool, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Remove old snapshots of an output: all that none of the rules keeps.

    What any rule keeps is kept, as with restic. A rule that is not given here is that of the environment or of
    [retention] in the file; without any rule nothing is removed, and the exit code is 2. Always kept: the newest
    complete snapshot, what latest and previous name, what an unfinished run needs, what is damaged, and what holds
    anything that swr-crawler did not write. While a run uses the output, the exit code is 75.
    """
    rules = {f"retention.{name}": value for name, value in given.items()}
    loaded = load({"config": config, "output": output, **rules}).config
    from crawler.cli.commands.output.prune import prune_output  # noqa: PLC0415
    from crawler.cli.console import logs  # noqa: PLC0415

    logs.configure(loaded.log_format)
    return interruptible(prune_output, Path(loaded.output), loaded.retention, dry_run=dry_run, as_json=as_json)
