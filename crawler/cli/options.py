"""The flags that several commands share, and the configuration that follows from them.

A flag that is a setting follows from the setting's declaration in `crawler/config/settings`. It has no default here: a
flag that is not given must not hide an environment variable or the file.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:  # importing them takes longer than all of `--version`
    from crawler.config.config import Loaded
    from crawler.config.settings.setting import Setting

Command = TypeVar("Command", bound=Callable[..., Any])

config_file: Final = click.option(
    "--config", type=click.Path(), metavar="FILE", help="A TOML file, see config/crawler.toml."
)
namespaces_file: Final = click.option(
    "--namespaces-file", type=click.Path(), metavar="FILE", help="Namespaces or patterns, one a line."
)


class DeferredFlags(click.Command):
    """A command whose first parameters are what `flags` returns.

    They follow from declarations of settings, and are made when they are asked for: `--version` needs none.
    """

    def __init__(self, *args: Any, flags: Callable[[], list[click.Parameter]], **attributes: Any) -> None:  # noqa: ANN401 - click's own
        self._flags: Callable[[], list[click.Parameter]] | None = flags
        self._params: list[click.Parameter] = []
        super().__init__(*args, **attributes)

    @property
    def params(self) -> list[click.Parameter]:
        """Return all parameters of the command in one list, which click changes."""
        flags, self._flags = self._flags, None
        if flags is not None:
            self._params[:0] = flags()
        return self._params

    @params.setter
    def params(self, own: list[click.Parameter]) -> None:
        self._params = own


def flags_of(*names: str) -> Callable[[], list[click.Parameter]]:
    """Return the maker of the flags of settings: of those whose flag is of a command in `names`, or that are in it."""

    def make() -> list[click.Parameter]:
        from crawler.config.settings.table import SETTINGS  # noqa: PLC0415

        return [_flag(one) for one in SETTINGS.values() if one.flag_of in names or one.name in names]

    return make


def emulator_flags() -> list[click.Parameter]:
    """Return the flags of `emulate` that describe the emulated service."""
    from crawler.cli.emulator_options import emulator_flags as make  # noqa: PLC0415

    return make()


def _flag(setting: "Setting") -> click.Option:
    """Return the flag of a setting, as its declaration says."""
    from crawler.config.settings.kinds import Integer, Number  # noqa: PLC0415
    from crawler.config.settings.lists import ListOf  # noqa: PLC0415

    kind = setting.kind
    is_list, default = isinstance(kind, ListOf), setting.default_text
    facts = [kind.range] if isinstance(kind, Integer | Number) else []
    facts += ["repeatable"] if is_list else []
    facts += [f"default {default}"] if default not in {"not set", "false"} else []
    meaning = f"{setting.help[0].upper()}{setting.help[1:]}" + (f" ({', '.join(facts)})" if facts else "")
    return click.Option(
        [setting.flag, setting.name],
        default=None,
        multiple=is_list,
        metavar=kind.metavar or None,
        help=f"{meaning}.",
    )


def snapshot_location(command: Command) -> Command:
    """Add the flags that say where a snapshot named by its id, `latest` or `previous` is."""
    output = click.option("--output", metavar="DIR", help="Where snapshots named by id are, default output.")
    return output(config_file(command))


def previous_snapshot(command: Command) -> Command:
    """Add the flag that names an earlier snapshot to compare with, as `find_snapshot` takes it."""
    return click.option(
        "--previous", metavar="SNAPSHOT", help="An earlier snapshot to compare with: a folder, an id, or previous."
    )(command)


def schema_format(command: Command) -> Command:
    """Add the flag that says what the schema of a record is printed for."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["json", "arrow", "duckdb", "odcs"]),
        default="json",
        show_default=True,
        help="JSON Schema; of a record also pyarrow's as Python, DuckDB's columns, or a data contract (ODCS 3.1).",
    )(command)


def load(flags: dict[str, Any]) -> "Loaded":
    """Return the configuration from the flags of a command, the environment and the file.

    Raises UsageError for a flag that is wrong, ConfigError for the environment, the file, or a file that a flag names.
    """
    from crawler.config.inputs import read_text  # noqa: PLC0415
    from crawler.config.load import load as load_config  # noqa: PLC0415
    from crawler.config.namespaces import parse_namespaces  # noqa: PLC0415
    from crawler.config.settings.variables import CONFIG_VARIABLE, without_newline  # noqa: PLC0415

    settings = dict(flags)
    config = settings.pop("config", None) or without_newline(os.environ.get(CONFIG_VARIABLE, "")) or None
    listed = settings.pop("namespaces_file", None)
    if listed:
        names = parse_namespaces(read_text(listed, "--namespaces-file"), listed)
        settings["namespaces"] = (*settings.get("namespaces", ()), *names)
    given = {name: value for name, value in settings.items() if value is not None and value != ()}
    text = read_text(config, "--config") if config else None
    return load_config(flags=given, environ=os.environ, file_text=text, file_name=config)


def output_folder(config: str | None, output: str | None) -> Path:
    """Return the folder that snapshots are in, from the two flags of `snapshot_location`. Raises as `load` does."""
    return Path(load({"config": config, "output": output}).config.output)
