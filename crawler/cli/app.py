"""The command line: names, flags and exit codes; what a command does is elsewhere and imported when it runs."""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

import crawler
from crawler.cli.console.exit_status import BROKEN_PIPE, INTERNAL_ERROR, INTERRUPTED
from crawler.errors import ConfigError, CrawlerError, DiskError, UsageError
from crawler.text.human import escaped

_PROGRAM: Final = "swr-crawler"

# What a full or broken device answers to what is written to standard output; all else is a fault of ours.
_NOT_TAKEN: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EBADF})

F = TypeVar("F", bound=Callable[..., Any])


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and exit with its code; whatever goes wrong is one line on standard error."""
    _take_places_of_closed_streams()
    code = _run(sys.argv[1:] if arguments is None else arguments)
    _let_go_of_output()
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        code = cli.main(arguments, prog_name=_PROGRAM, standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.ClickException as error:
        _say(_worded(error))
        return UsageError.exit_code
    except CrawlerError as error:
        _say(str(error))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return INTERRUPTED
    except OSError as error:
        return _refused(error)
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback reaches a user
        return _fault(error)


def _refused(error: OSError) -> int:
    """Give the exit code for what a stream or a file did not take."""
    if not isinstance(error, BrokenPipeError) and error.errno not in _NOT_TAKEN:
        return _fault(error)
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    where = error.filename or "standard output"
    _say(f"{where}: {error.strerror}; make room or mend it, then run the same command")
    return DiskError.exit_code


def _fault(error: Exception) -> int:
    try:
        report = f"please report the file {_kept_trace()}"
    except OSError:  # no room for it either
        report = "please report it"
    _say(f"a fault of swr-crawler itself: {type(error).__name__}; {report}")
    return INTERNAL_ERROR


def _say(message: str) -> None:
    with suppress(OSError):  # who can't be told can still read the exit code
        click.echo(f"{_PROGRAM}: {escaped(message)}", err=True)


def _let_go_of_output() -> None:
    """Throw away what the streams did not take, or Python tries once more at its end, complains and exits with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _take_places_of_closed_streams() -> None:
    """Open the null device for each standard stream that is closed: else the next file opened would take its place.

    Standard output for reading only, so that records written to it are refused and not lost.
    """
    for name, mode in (("stdin", os.O_RDONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, mode)
            setattr(sys, name, os.fdopen(descriptor, "r" if name == "stdin" else "w"))


def _worded(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else _PROGRAM
    text = " ".join(error.format_message().split())
    return f"{text.rstrip('.')}; see {command} --help"


def _kept_trace() -> str:
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 - only when all else has failed
    from traceback import print_exc  # noqa: PLC0415

    with NamedTemporaryFile("w", prefix="swr-crawler-fault-", suffix=".txt", delete=False) as file:
        print_exc(file=file)
    return file.name


class _Commands(click.Group):
    """The commands; a reader of standard output that has gone is not left to click, for which that is exit code 1."""

    def invoke(self, context: click.Context) -> Any:  # noqa: ANN401 - as click has it
        """Run the command that was named."""
        try:
            return super().invoke(context)
        except BrokenPipeError:
            return BROKEN_PIPE


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(crawler.__version__, prog_name=_PROGRAM, message="%(prog)s %(version)s")
def cli() -> None:
    """Write all shared images of a container registry service (SWR) as NDJSON: an inventory you can prove.

    Start with `swr-crawler demo`, which needs no account. The token for a real one is taken from
    SWR_CRAWLER_TOKEN. Exit codes: 0 complete, 1 an audit (or diff --exit-code) found something, 2 usage,
    3 finished but something is missing, 74 disk, 75 throttled or outage (try later), 77 credentials,
    78 configuration, 130/143 interrupted.
    """


def _identity(command: F) -> F:
    """Give the emulator's command the flags that say whom it knows; none of them is a secret of anybody's."""
    for name in ("token", "ak", "sk", "security-token", "user", "password", "domain", "project-name", "project-id"):
        command = click.option(f"--{name}", default=None, metavar="TEXT")(command)
    return command


def _setting(name: str, *flags: str, **attributes: Any) -> Callable[[F], F]:  # noqa: ANN401 - as click.option
    return click.option(*flags, name, default=None, **attributes)


def _settings(command: F) -> F:
    """Give a command the flags that describe what to ask, and how."""
    for option in reversed(
        (
            click.option("--config", type=click.Path(), metavar="FILE", help="A TOML file, see config/crawler.toml."),
            _setting("endpoint", "--endpoint", metavar="URL", help="Origin of the API."),
            _setting("region", "--region", multiple=True, metavar="R", help="A region's own endpoint; repeatable."),
            _setting("auth", "--auth", metavar="METHOD", help="auto, token, password, aksk or metadata; default auto."),
            _setting("centers", "--center", multiple=True, metavar="CENTER", help="self or thirdparty; default both."),
            _setting(
                "namespaces", "--namespace", multiple=True, metavar="NS", help="Repeatable; default all in one walk."
            ),
            click.option("--namespaces-file", type=click.Path(), metavar="FILE", help="One namespace a line."),
            _setting("discover", "--discover/--no-discover", help="Walk every namespace the account has."),
            _setting(
                "allow_partial_coverage",
                "--allow-partial-coverage/--no-allow-partial-coverage",
                help="Accept that a center holds more than the namespaces walked.",
            ),
            _setting("limit", "--limit", metavar="N", help="Page size, 1 to 1000 (default)."),
            _setting("rate_per_s", "--rate", metavar="R", help='Requests per second, default 50, or "unlimited".'),
            _setting("concurrency", "--concurrency", metavar="N", help="Most requests in flight, default 64."),
            _setting("timeout_s", "--timeout", metavar="S", help="Seconds to wait for one answer, default 30."),
            _setting("max_passes", "--max-passes", metavar="N", help="Readings of a walk that drifts, default 3."),
            _setting("double_read", "--double-read/--no-double-read", help="Trust a walk only when two passes agree."),
            _setting("allow_http", "--allow-http/--no-allow-http", help="Send the token over plain http."),
            _setting("log_format", "--log-format", metavar="auto|text|json", help="Default auto: JSON off a terminal."),
        )
    ):
        command = option(command)
    return command


def _run_settings(command: F) -> F:
    """Give a command the flags of a whole run: where it goes, and how it goes on."""
    for option in reversed(
        (
            _setting("output", "--output", metavar="DIR", help='Where snapshots go, default output; "-" for stdout.'),
            _setting("snapshot", "--snapshot", metavar="ID", help="Name of the snapshot, default the time."),
            _setting(
                "resume",
                "--resume/--no-resume",
                help="Insist on going on, or begin afresh; default: go on if there is something to go on with.",
            ),
            _setting("max_duration_s", "--max-duration", metavar="S", help="Stop after S seconds, state kept."),
            _setting("summary_file", "--summary-file", metavar="FILE", help="Write the summary there as JSON."),
            _setting("progress", "--progress", metavar="auto|on|off", help="Live view or progress lines."),
        )
    ):
        command = option(command)
    return command


def _load(given: dict[str, Any]) -> Any:  # noqa: ANN401 - crawler.config.config is imported late
    """Load the configuration from the flags of a command, the environment and the file."""
    from crawler.config.config import CONFIG_VARIABLE, load, parse_namespaces  # noqa: PLC0415

    config = given.pop("config") or os.environ.get(CONFIG_VARIABLE) or None
    namespaces_file = given.pop("namespaces_file")
    if namespaces_file:
        names = parse_namespaces(_read(namespaces_file, "--namespaces-file"), namespaces_file)
        given["namespaces"] = (*given.get("namespaces", ()), *names)
    flags = {name: value for name, value in given.items() if value is not None and value != ()}
    text = _read(config, "--config") if config else None
    return load(flags=flags, environ=os.environ, file_text=text, file_name=config)


def _read(path: str, setting: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{setting}: cannot read {path}: {error.strerror}", setting=setting) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{setting}: {path} is not UTF-8 text", setting=setting) from None


@cli.command()
@_settings
@_run_settings
def crawl(**given: Any) -> int:  # noqa: ANN401 - the flags, as `load` takes them
    """Read every shared repository and publish a snapshot."""
    config = _load(given).config
    from crawler.cli.commands.crawl import crawl as run  # noqa: PLC0415

    return run(config, os.environ)


@cli.command()
@_settings
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def plan(*, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Ask every walk for its total, and say what a crawl would cost; write nothing."""
    config = _load(given).config
    from crawler.cli.commands.plan import plan as run  # noqa: PLC0415

    return run(config, os.environ, as_json=as_json)


@cli.command()
@click.argument("snapshot", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def verify(*, snapshot: str, as_json: bool) -> int:
    """Read a snapshot again and hold it against its manifest."""
    from crawler.cli.commands.verify import verify as run  # noqa: PLC0415

    return run(Path(snapshot), as_json=as_json)


def _which(command: F) -> F:
    """Give a command the flags that tell where a snapshot named by its id, `latest` or `previous` is."""
    output = _setting("output", "--output", metavar="DIR", help="Where snapshots named by id are, default output.")
    config = click.option("--config", type=click.Path(), metavar="FILE", help="A TOML file, see config/crawler.toml.")
    return output(config(command))


def _output(config: str | None, output: str | None) -> Path:
    """Give the folder where snapshots are, as the settings have it."""
    return Path(_load({"config": config, "namespaces_file": None, "output": output}).config.output)


@cli.command()
@click.argument("old")
@click.argument("new")
@_which
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: changes, unknown walks, a summary.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there are differences, with 3 for unknown walks.")
@click.option("--ignore", multiple=True, metavar="FIELD", help="A field whose changes don't count; repeatable.")
@click.option("--list-downloads", is_flag=True, help="List changed num_download too, instead of summing them up.")
@click.option("--rows", type=click.IntRange(0), default=100, show_default=True, help="Changes listed without --json.")
def diff(*, old: str, new: str, config: str | None, output: str | None, **given: Any) -> int:  # noqa: ANN401
    """Compare two snapshots: added, removed and changed, and what nobody can know.

    OLD and NEW are folders, ids, or the words latest and previous. What can't be told, since a walk of either side
    is not proven, is listed as unknown and makes the exit code 3.
    """
    from crawler.cli.commands.diff import Wanted  # noqa: PLC0415
    from crawler.cli.commands.diff import diff as run  # noqa: PLC0415

    return run(old, new, _output(config, output), Wanted(ignore=frozenset(given.pop("ignore")), **given))


@cli.command()
@click.argument("snapshot")
@click.option("--previous", metavar="SNAPSHOT", help="What changed since this one, e.g. the word previous.")
@click.option(
    "-o", "destination", default="report.html", show_default=True, metavar="FILE", help='"-" for standard output.'
)
@_which
def report(*, snapshot: str, previous: str | None, destination: str, config: str | None, output: str | None) -> int:
    """Write one HTML file of a snapshot for people: the proof, what is shared, findings, changes, a table of all.

    SNAPSHOT is a folder, an id, or the word latest. The file needs no network and holds no link to elsewhere. The exit
    code is 3 when the snapshot is not complete, which the report says before anything else.
    """
    from crawler.cli.console.extras import require_extra  # noqa: PLC0415

    require_extra("report", "jinja2", "pygal")
    loaded = _load({"config": config, "namespaces_file": None, "output": output})
    from crawler.cli.commands.report import report as run  # noqa: PLC0415

    return run(snapshot, previous, loaded.audit, Path(loaded.config.output), destination)


@cli.command()
@click.argument("snapshot")
@click.option("--previous", metavar="SNAPSHOT", help="Judge growth against this one: a folder, an id, or previous.")
@_which
@click.option("--json", "as_json", is_flag=True, help="One finding a line as JSON instead of the table: all of them.")
@click.option("--sarif", metavar="FILE", help='Write SARIF 2.1.0 for code scanning; "-" for stdout.')
@click.option("--junit", metavar="FILE", help='Write JUnit XML for CI; "-" for stdout.')
@_setting("fail_on", "--fail-on", metavar="SEVERITY", help="error (default), warning, note or never: see exit codes.")
def audit(*, snapshot: str, previous: str | None, as_json: bool, **given: Any) -> int:  # noqa: ANN401
    """Hold a snapshot against rules: what is public, expired, stale, too large, not allowed, grew suddenly.

    SNAPSHOT is a folder, an id, or the words latest and previous. Bounds, lists of what is allowed and suppressions
    are in the [audit] of the configuration. Exit codes: 0 nothing as severe as --fail-on, 1 something is, 3 the
    snapshot is incomplete or damaged: what is missing cannot be judged.
    """
    sarif, junit = given.pop("sarif"), given.pop("junit")
    loaded = _load({**given, "namespaces_file": None})
    from crawler.cli.commands.audit import Outputs  # noqa: PLC0415
    from crawler.cli.commands.audit import audit as run  # noqa: PLC0415

    forms = Outputs(as_json=as_json, sarif=sarif, junit=junit)
    return run(snapshot, previous, Path(loaded.config.output), loaded.audit, forms)


@cli.command()
@click.argument("snapshot")
@click.argument("sql")
@_which
@click.option("--json", "form", flag_value="json", help="All rows, one JSON object a line.")
@click.option("--csv", "form", flag_value="csv", help="All rows as CSV, the names of the columns first.")
@click.option("--rows", type=click.IntRange(0), default=100, show_default=True, help="Rows of the table.")
@click.option("--memory", default="1GB", show_default=True, metavar="SIZE", help="What DuckDB may take.")
@click.option("--threads", type=click.IntRange(1, 1024), default=None, help="Default one for each processor.")
def query(*, snapshot: str, sql: str, config: str | None, output: str | None, **given: Any) -> int:  # noqa: ANN401
    """Ask a snapshot in SQL (DuckDB): the views repositories, walks and rejects.

    SNAPSHOT is a folder, an id, or the words latest and previous; SQL is one SELECT, "-" reads it from standard input.
    An incomplete snapshot answers too, with a warning and exit code 3.
    """
    from crawler.cli.console.extras import require_extra  # noqa: PLC0415

    require_extra("sql", "duckdb", "pytz")
    from crawler.cli.commands.query import query as run  # noqa: PLC0415
    from crawler.query.engine import QueryLimits  # noqa: PLC0415

    bounds = QueryLimits(given["memory"], given["threads"])
    return run(snapshot, sql, _output(config, output), bounds, given["form"] or "table", rows=given["rows"])


@cli.command()
@click.argument("which", type=click.Choice(["record", "manifest", "change", "finding", "all"]), default="all")
def schema(which: str) -> None:
    """Print the JSON Schema of a record, of the manifest, of a line of diff --json or audit --json, or of all."""
    from crawler.cli.commands.schema import schema as run  # noqa: PLC0415

    run(which)


@cli.group()
def config() -> None:
    """Look at the configuration."""


@config.command("show")
@_settings
@_run_settings
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def show(*, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    """Show every setting that holds, and where it was written; secrets stay where they are."""
    loaded = _load(given)
    from crawler.cli.commands.config_show import show as run  # noqa: PLC0415

    run(loaded, os.environ, as_json=as_json)


@cli.command()
@click.option("--namespaces", type=click.IntRange(1, 100_000), default=20, show_default=True, help="Per center.")
@click.option("--repositories", type=click.IntRange(0, 20_000_000), default=2_000, show_default=True, help="In all.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed serves the same inventory.")
@click.option("--uniform", is_flag=True, help="Give every namespace the same number of repositories.")
@click.option("--inventory", type=click.Path(), metavar="FILE", help="Serve these NDJSON items instead.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="0 takes a free one.")
@click.option(
    "--ready-file",
    type=click.Path(),
    metavar="FILE",
    help="Written when it listens: endpoint, token, ak, sk, project_id, …",
)
@click.option("--default-limit", type=click.IntRange(1), default=100, show_default=True, help="Page size if unasked.")
@click.option("--max-limit", type=click.IntRange(1), default=1000, show_default=True, help="Largest page size.")
@click.option("--over-limit", type=click.Choice(["clamp", "refuse"]), default="clamp", show_default=True)
@click.option(
    "--pair-rule",
    type=click.Choice(["refuse", "ignore"]),
    default="refuse",
    show_default=True,
    help="What a limit without an offset comes to.",
)
@click.option("--latency-ms", type=click.FloatRange(0), default=0.0, show_default=True)
@click.option("--jitter-ms", type=click.FloatRange(0), default=0.0, show_default=True)
@click.option(
    "--max-concurrency", type=click.IntRange(1), default=None, help="Requests that wait their latency at a time."
)
@click.option("--rps-cap", type=click.FloatRange(0, min_open=True), default=None, help="429 beyond this rate.")
@click.option("--rps-burst", type=click.IntRange(1), default=10, show_default=True, help="Bucket of that cap.")
@click.option("--retry-after", "retry_after_s", type=click.IntRange(0), default=None, help="Seconds said with a 429.")
@_identity
@click.option("--token-bytes", type=click.IntRange(32, 32_704), default=2048, show_default=True)
@click.option("--token-ttl", "token_ttl_s", type=click.FloatRange(0, min_open=True), default=86_400.0, help="Seconds.")
@click.option("--token-requests", type=click.IntRange(1), default=None, help="A token ends after so many requests.")
@click.option("--void-tokens-after", type=click.IntRange(1), default=None, help="Requests after which tokens are void.")
@click.option(
    "--expired-as",
    type=click.Choice(["APIGW.0307", "APIGW.0301", "SVCSTG.SWR.4010000"]),
    default="APIGW.0307",
    show_default=True,
)
@click.option("--iam-errors", type=click.Choice(["iam", "keystone"]), default="iam", show_default=True)
@click.option(
    "--metadata",
    default="handshake",
    show_default=True,
    help="How the metadata service behaves.",
    type=click.Choice(["handshake", "put-404", "put-405", "put-503", "refuse-once", "no-agency", "silent", "off"]),
)
@click.option("--temporary-ttl", "temporary_ttl_s", type=click.FloatRange(0, min_open=True), default=86_400.0)
@click.option("--temporary-requests", type=click.IntRange(1), default=None, help="As --token-requests, of keys.")
@click.option("--lock-after", type=click.IntRange(1), default=5, show_default=True, help="Failures that lock a key.")
@click.option("--lock-s", type=click.FloatRange(0), default=300.0, show_default=True, help="Seconds it stays locked.")
@click.option("--max-skew", "max_skew_s", type=click.FloatRange(0), default=900.0, show_default=True, help="Seconds.")
@click.option("--project-id-required/--no-project-id-required", default=True, show_default=True)
@click.option(
    "--namespace-counts", type=click.Choice(["mixed", "present", "absent"]), default="mixed", show_default=True
)
@click.option("--clock-skew", "clock_skew_s", type=float, default=0.0, show_default=True, help="Seconds it is ahead.")
@click.option("--fault", "faults", multiple=True, metavar="NAME:KEY=VALUE,…", help="Repeatable; 'list' names them.")
def emulate(*, inventory: str | None, ready_file: str | None, faults: tuple[str, ...], **settings: Any) -> int:  # noqa: ANN401
    """Serve the API on 127.0.0.1 with made-up repositories, until a signal; then print what was counted."""
    from crawler.cli.commands.emulate import emulate as run  # noqa: PLC0415

    settings = {name: value for name, value in settings.items() if value is not None}
    return run(Path(inventory) if inventory else None, Path(ready_file) if ready_file else None, faults, settings)


@cli.command()
@_setting("output", "--output", metavar="DIR", help="Where the snapshot goes, default output.")
@click.option("--repositories", type=click.IntRange(0, 1_000_000), default=20_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@_setting("progress", "--progress", metavar="auto|on|off", help="Live view or progress lines.")
def demo(*, repositories: int, seed: int, **given: Any) -> int:  # noqa: ANN401
    """Crawl an emulated registry: a score of namespaces, both centers, from here to a verified snapshot."""
    from crawler.cli.commands.demo import demo as run  # noqa: PLC0415

    return run({name: value for name, value in given.items() if value is not None}, repositories, seed, os.environ)
