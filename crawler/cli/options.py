"""The flags that several commands share, and the configuration that follows from them.

A flag that is a setting has no default here: `crawler/config` declares it, and a flag that is not given must not hide
an environment variable or the file.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:  # importing it takes longer than all of `--version`
    from crawler.config.config import Loaded

Command = TypeVar("Command", bound=Callable[..., Any])


def setting(name: str, *flags: str, **attributes: Any) -> Callable[[Command], Command]:  # noqa: ANN401 - click's own
    """Return the decorator that adds a flag for the setting `name`; `attributes` as for `click.option`."""
    return click.option(*flags, name, default=None, **attributes)


def source_settings(command: Command) -> Command:
    """Add the flags that say which service to read, and how."""
    for option in reversed(
        (
            click.option("--config", type=click.Path(), metavar="FILE", help="A TOML file, see config/crawler.toml."),
            setting("endpoint", "--endpoint", metavar="URL", help="Origin of the API."),
            setting("region", "--region", multiple=True, metavar="R", help="A region's own endpoint; repeatable."),
            setting("auth", "--auth", metavar="METHOD", help="auto, token, password, aksk or metadata; default auto."),
            setting("centers", "--center", multiple=True, metavar="CENTER", help="self or thirdparty; default both."),
            setting(
                "namespaces", "--namespace", multiple=True, metavar="NS", help="Repeatable; default all in one walk."
            ),
            click.option("--namespaces-file", type=click.Path(), metavar="FILE", help="One namespace a line."),
            setting("discover", "--discover/--no-discover", help="Walk every namespace the account has."),
            setting(
                "allow_partial_coverage",
                "--allow-partial-coverage/--no-allow-partial-coverage",
                help="Accept that a center holds more than the namespaces walked.",
            ),
            setting("limit", "--limit", metavar="N", help="Page size, 1 to 1000 (default)."),
            setting("rate_per_s", "--rate", metavar="R", help='Requests per second, default 50, or "unlimited".'),
            setting("concurrency", "--concurrency", metavar="N", help="Most requests in flight, default 64."),
            setting("timeout_s", "--timeout", metavar="S", help="Seconds to wait for one response, default 30."),
            setting("max_passes", "--max-passes", metavar="N", help="Passes over a walk that drifts, default 3."),
            setting("double_read", "--double-read/--no-double-read", help="Trust a walk only when two passes agree."),
            setting("allow_http", "--allow-http/--no-allow-http", help="Send the token over plain http."),
            setting("log_format", "--log-format", metavar="auto|text|json", help="Default auto: JSON off a terminal."),
        )
    ):
        command = option(command)
    return command


def run_settings(command: Command) -> Command:
    """Add the flags of a whole run: where its output goes, and whether it resumes."""
    for option in reversed(
        (
            setting("output", "--output", metavar="DIR", help='Where snapshots go, default output; "-" for stdout.'),
            setting("snapshot", "--snapshot", metavar="ID", help="Name of the snapshot, default the time."),
            setting(
                "resume",
                "--resume/--no-resume",
                help="Require an interrupted run to resume, or start from the beginning; default: resume if possible.",
            ),
            setting(
                "allow_shrink",
                "--allow-shrink/--no-allow-shrink",
                help="Accept that a center or namespace shrank since the last complete snapshot.",
            ),
            setting("max_wait_s", "--max-wait", metavar="S", help="Stop if asked to wait longer, default 900."),
            setting("max_duration_s", "--max-duration", metavar="S", help="Stop after S seconds, state kept."),
            setting(
                "require", "--require", metavar="all|any", help="Which targets the exit code stands for, default all."
            ),
            setting("summary_file", "--summary-file", metavar="FILE", help="Write the summary there as JSON."),
            setting("progress", "--progress", metavar="auto|on|off", help="Live view or progress lines."),
        )
    ):
        command = option(command)
    return command


def snapshot_location(command: Command) -> Command:
    """Add the flags that say where a snapshot named by its id, `latest` or `previous` is."""
    output = setting("output", "--output", metavar="DIR", help="Where snapshots named by id are, default output.")
    config = click.option("--config", type=click.Path(), metavar="FILE", help="A TOML file, see config/crawler.toml.")
    return output(config(command))


def load(flags: dict[str, Any]) -> "Loaded":
    """Return the configuration from the flags of a command, the environment and the file.

    Raises UsageError for a flag that is wrong, ConfigError for the environment, the file, or a file that a flag names.
    """
    from crawler.config.inputs import read_text  # noqa: PLC0415
    from crawler.config.load import load as load_config  # noqa: PLC0415
    from crawler.config.namespaces import parse_namespaces  # noqa: PLC0415
    from crawler.config.settings.variables import CONFIG_VARIABLE  # noqa: PLC0415

    settings = dict(flags)
    config = settings.pop("config", None) or os.environ.get(CONFIG_VARIABLE) or None
    namespaces_file = settings.pop("namespaces_file", None)
    if namespaces_file:
        names = parse_namespaces(read_text(namespaces_file, "--namespaces-file"), namespaces_file)
        settings["namespaces"] = (*settings.get("namespaces", ()), *names)
    given = {name: value for name, value in settings.items() if value is not None and value != ()}
    text = read_text(config, "--config") if config else None
    return load_config(flags=given, environ=os.environ, file_text=text, file_name=config)


def output_folder(config: str | None, output: str | None) -> Path:
    """Return the folder that snapshots are in, from the two flags of `snapshot_location`. Raises as `load` does."""
    return Path(load({"config": config, "output": output}).config.output)
