"""The commands with their flags; what a command does is in `crawler/cli/commands/`, imported when it runs."""

import os
from pathlib import Path
from typing import Any, Final

import click

import crawler
from crawler.cli.console.exit_status import BROKEN_PIPE
from crawler.cli.numbers import SEED, integer
from crawler.cli.open_files import prepare_open_files
from crawler.cli.options import (
    DeferredFlags,
    config_file,
    emulator_flags,
    flags_of,
    load,
    namespaces_file,
    output_folder,
    previous_snapshot,
    schema_format,
    snapshot_location,
)
from crawler.cli.output_commands import list_snapshots, prune
from crawler.cli.reading import interruptible as _read

PROGRAM: Final = "swr-crawler"


class _Commands(click.Group):
    """The group of all commands.

    Click itself ends a command with 1 when the reader of standard output has closed it; that code means findings.
    """

    def invoke(self, context: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command that the command line names."""
        try:
            return super().invoke(context)
        except BrokenPipeError:
            return BROKEN_PIPE


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(crawler.__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
def cli() -> None:
    r"""Write all shared images of a container registry service (SWR) as NDJSON: an inventory you can prove.

    \b
    Start with these three:
      swr-crawler demo                   try it: crawl an emulated registry, without an account
      swr-crawler plan --region NAME     see what a crawl would read; put a token into SWR_CRAWLER_TOKEN
      swr-crawler crawl --region NAME    read all of it into the folder output

    Exit codes: 0 complete, 1 an audit (or diff --exit-code) found something, 2 usage, 3 finished but something is
    missing, 74 disk, 75 throttled or outage (try later), 77 credentials, 78 configuration, 130/143 interrupted.
    """


@cli.command(cls=DeferredFlags, flags=flags_of("plan", "crawl"))
@config_file
@namespaces_file
def crawl(**given: Any) -> int:  # noqa: ANN401 - the flags, as `load` takes them
    """Read every shared repository and publish a snapshot."""
    config = load(given).config
    from crawler.cli.commands.crawl import crawl as run  # noqa: PLC0415

    prepare_open_files()
    return run(config, os.environ)


@cli.command(cls=DeferredFlags, flags=flags_of("plan"))
@config_file
@namespaces_file
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def plan(*, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Request the total of every walk and print what a crawl would cost; write nothing."""
    config = load(given).config
    from crawler.cli.commands.plan import plan as run  # noqa: PLC0415

    prepare_open_files()
    return run(config, os.environ, as_json=as_json)


@cli.command()
@click.argument("snapshot", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def verify(*, snapshot: str, as_json: bool) -> int:
    """Read a whole snapshot again and compare it with its manifest."""
    from crawler.cli.commands.verify import verify as run  # noqa: PLC0415

    return _read(run, Path(snapshot), as_json=as_json)


cli.add_command(list_snapshots)
cli.add_command(prune)


@cli.command()
@click.argument("old")
@click.argument("new")
@snapshot_location
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: changes, unknown walks, a summary.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there are differences, with 3 for unknown walks.")
@click.option("--ignore", multiple=True, metavar="FIELD", help="A field whose changes are ignored; repeatable.")
@click.option("--list-downloads", is_flag=True, help="List changed num_download too, instead of summing them up.")
@click.option("--rows", type=integer(0), default=100, show_default=True, help="Changes listed without --json.")
def diff(*, old: str, new: str, config: str | None, output: str | None, **given: Any) -> int:  # noqa: ANN401
    """Compare two snapshots: what was added, removed and changed, and what cannot be known.

    OLD and NEW are folders, ids, or the words latest and previous. Where a walk of either snapshot is not complete,
    additions and removals cannot be told from gaps: they are listed as unknown, and the exit code is 3.
    """
    from crawler.cli.commands.diff import DiffOptions  # noqa: PLC0415
    from crawler.cli.commands.diff import diff as run  # noqa: PLC0415

    return _read(
        run, old, new, output_folder(config, output), DiffOptions(ignore=frozenset(given.pop("ignore")), **given)
    )


@cli.command()
@click.argument("snapshot")
@previous_snapshot
@click.option(
    "-o", "destination", default="report.html", show_default=True, metavar="FILE", help='"-" for standard output.'
)
@snapshot_location
def report(*, snapshot: str, previous: str | None, destination: str, config: str | None, output: str | None) -> int:
    """Write one HTML file about a snapshot: completeness, what is shared, findings, changes, a table of repositories.

    SNAPSHOT is a folder, an id, or the words latest and previous. Changes are those since --previous. The file needs no
    network and holds no link to elsewhere. The exit code is 3 when the snapshot is not complete; the report then says
    so before anything else.
    """
    from crawler.cli.console.extras import require_extra  # noqa: PLC0415

    require_extra("report", "jinja2", "pygal")
    loaded = load({"config": config, "output": output})
    from crawler.cli.commands.report import report as run  # noqa: PLC0415

    return _read(run, snapshot, previous, loaded.config.audit, Path(loaded.config.output), destination)


@cli.command(cls=DeferredFlags, flags=flags_of("audit"))
@click.argument("snapshot")
@previous_snapshot
@snapshot_location
@click.option("--json", "as_json", is_flag=True, help="One finding a line as JSON instead of the table: all of them.")
@click.option("--sarif", metavar="FILE", help='Write SARIF 2.1.0 for code scanning; "-" for stdout.')
@click.option("--junit", metavar="FILE", help='Write JUnit XML for CI; "-" for stdout.')
def audit(*, snapshot: str, previous: str | None, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Check a snapshot against rules: what is public, expired, stale, too large, not allowed, grew or shrank suddenly.

    SNAPSHOT is a folder, an id, or the words latest and previous. Growth and shrinkage are those since --previous.
    Bounds, allow lists and suppressions are in the [audit] table of the configuration. Exit codes: 0 no finding is as
    severe as --fail-on, 1 one is, 3 the snapshot is incomplete or damaged, so that an audit cannot judge what is
    missing.
    """
    sarif, junit, fail_on = given.pop("sarif"), given.pop("junit"), given.pop("fail_on")
    loaded = load({**given, "audit.fail_on": fail_on})
    from crawler.cli.commands.audit import Outputs  # noqa: PLC0415
    from crawler.cli.commands.audit import audit as run  # noqa: PLC0415

    outputs = Outputs(as_json=as_json, sarif=sarif, junit=junit)
    return _read(run, snapshot, previous, Path(loaded.config.output), loaded.config.audit, outputs)


@cli.command()
@click.argument("snapshot")
@click.argument("sql")
@snapshot_location
@click.option("--json", "form", flag_value="json", help="All rows, one JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="All rows as CSV, the names of the columns first.")
@click.option("--raw", is_flag=True, help="With --csv: no apostrophe before text that a spreadsheet would calculate.")
@click.option("--rows", type=integer(0), default=100, show_default=True, help="Rows of the table.")
@click.option(
    "--memory",
    default="1GB",
    show_default=True,
    metavar="SIZE",
    help="Most memory of DuckDB; its rows may take 512 MiB more.",
)
@click.option("--threads", type=integer(1, 1024), default=None, help="Default: one for each processor.")
def query(*, snapshot: str, sql: str, config: str | None, output: str | None, **given: Any) -> int:  # noqa: ANN401
    """Query a snapshot in SQL (DuckDB): the views repositories, walks and rejects.

    SNAPSHOT is a folder, an id, or the words latest and previous; SQL is one SELECT, "-" reads it from standard input.
    An incomplete snapshot can be queried too, with a warning and exit code 3.
    """
    from crawler.cli.console.extras import require_extra  # noqa: PLC0415

    if given["raw"] and given["form"] != "csv":
        raise click.UsageError("--raw is for --csv: JSON holds every text as it is, and a table cannot")
    require_extra("sql", "duckdb", "pytz")
    from crawler.cli.commands.query import QueryOutput  # noqa: PLC0415
    from crawler.cli.commands.query import query as run  # noqa: PLC0415
    from crawler.query.engine import QueryLimits  # noqa: PLC0415
    from crawler.query.memory import memory_limit  # noqa: PLC0415

    limits = QueryLimits(memory_limit(given["memory"]), given["threads"])
    to_print = QueryOutput(given["form"] or "table", given["rows"], given["raw"])
    return _read(run, snapshot, sql, output_folder(config, output), limits, to_print)


@cli.command()
@click.argument("which", type=click.Choice(["record", "manifest", "change", "finding", "all"]), required=False)
@schema_format
def schema(which: str | None, form: str) -> None:
    """Print the JSON Schema of a record, of the manifest, of a line of diff --json or audit --json, or of all.

    The schema of a record is printed in other formats, too, for readers that must not guess types.
    """
    from crawler.cli.commands.schema import schema as run  # noqa: PLC0415

    _read(run, which, form)


@cli.group()
def config() -> None:
    """Inspect the configuration."""


@config.command("show", cls=DeferredFlags, flags=flags_of("plan", "crawl"))
@config_file
@namespaces_file
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def show(*, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    """Show every setting, its value and where it was set; secrets are never shown."""
    loaded = load(given)
    from crawler.cli.commands.config_show import show as run  # noqa: PLC0415

    _read(run, loaded, os.environ, as_json=as_json)


@cli.command(cls=DeferredFlags, flags=emulator_flags)
@click.option("--namespaces", type=integer(1, 100_000), default=20, show_default=True, help="Per center.")
@click.option("--repositories", type=integer(0, 20_000_000), default=2_000, show_default=True, help="In all.")
@click.option("--seed", type=SEED, default=1, show_default=True, help="The same seed serves the same inventory.")
@click.option("--uniform", is_flag=True, help="Give every namespace the same number of repositories.")
@click.option("--inventory", type=click.Path(), metavar="FILE", help="Serve these NDJSON items instead.")
@click.option(
    "--ready-file",
    type=click.Path(),
    metavar="FILE",
    help="Written when the server listens: endpoint, token, ak, sk, project_id, …",
)
@click.option(
    "--tls",
    type=click.Path(),
    metavar="DIR",
    help="Serve https by a throw-away CA, and write what a client needs to DIR: ca.pem, client.pem, client.key.",
)
@click.option("--require-client-cert", is_flag=True, help="With --tls, serve only clients that show client.pem.")
@click.option("--fault", "faults", multiple=True, metavar="NAME:KEY=VALUE,…", help="Repeatable; 'list' names them.")
def emulate(
    *,
    inventory: str | None,
    ready_file: str | None,
    faults: tuple[str, ...],
    tls: str | None,
    require_client_cert: bool,
    **settings: Any,  # noqa: ANN401
) -> int:
    """Serve the API on 127.0.0.1 with made-up repositories until a signal; then print the counters."""
    from crawler.cli.commands.emulate import emulate as run  # noqa: PLC0415
    from crawler.cli.console.extras import require_extra  # noqa: PLC0415

    if require_client_cert and not tls:
        raise click.UsageError("--require-client-cert: needs --tls DIR")
    if tls:
        require_extra("tls", "trustme")
    settings = {name: value for name, value in settings.items() if value is not None}
    prepare_open_files()
    secured = (Path(tls), require_client_cert) if tls else None
    served, ready = (Path(one) if one else None for one in (inventory, ready_file))
    return run(served, ready, faults, settings, secured)


@cli.command(cls=DeferredFlags, flags=flags_of("output", "progress"))
@click.option("--repositories", type=integer(0, 1_000_000), default=20_000, show_default=True, help="In all.")
@click.option("--seed", type=SEED, default=1, show_default=True, help="The same seed makes the same registry.")
def demo(*, repositories: int, seed: int, **given: Any) -> int:  # noqa: ANN401
    """Crawl an emulated registry: 20 namespaces, both centers, up to a verified snapshot."""
    from crawler.cli.commands.demo import demo as run  # noqa: PLC0415

    prepare_open_files()
    return run({name: value for name, value in given.items() if value is not None}, repositories, seed, os.environ)
