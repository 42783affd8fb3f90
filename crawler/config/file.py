"""Read tables of settings: the text of the configuration file, or the arguments of `Config.load` (pure)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, NoReturn

from crawler.config.audit_policy import Suppression
from crawler.config.renamed import renamed, renamed_keys
from crawler.config.settings.audit_settings import AUDIT_SETTINGS, SUPPRESSION_KEYS
from crawler.config.settings.run_settings import RETENTION_SETTINGS, RUN_SETTINGS
from crawler.config.settings.setting import Setting
from crawler.config.settings.table import RUN_KEYS, SETTINGS, TARGET_KEYS
from crawler.config.settings.target_settings import TARGET_NAME, TARGET_SETTINGS
from crawler.config.sources import SettingSource, SourcedValue, normalize, show_key, suggest

DEFAULT_TARGET: Final = "default"  # the name of a target that has neither a name nor a region
_TABLES: Final = ("crawl", "target", "audit", "retention")
_SUPPRESS: Final = "audit.suppress"


class TableSettings(NamedTuple):
    """The settings of a file or of arguments: its tables together, each `[[target]]` by its name.

    `targets` and `suppressions` are None where no list of them is given. `where` is how messages call the whole,
    `precedence` as in `SettingSource`.
    """

    settings: dict[str, SourcedValue]
    targets: dict[str, dict[str, SourcedValue]] | None = None
    suppressions: SourcedValue | None = None
    where: str = ""
    precedence: int = 0


def read_file(text: str | None, file_name: str | None) -> TableSettings:
    """Return the settings in the TOML `text`; None stands for no file. Messages call the file `file_name`, if not None.

    Raise ConfigError for text that is not TOML, for an unknown table or key, and for a wrong value.
    """
    file_name = file_name or "the configuration file"
    file = SettingSource(f"file {file_name}", file_name, file_name)
    document = _parse(text or "", file)
    for key in document:
        if key not in _TABLES:
            _refuse_top_level(key, file)
    crawl, audit, retention = (
        _table(document.get(name, {}), file, f"{name} is not a table; write [{name}]")
        for name in ("crawl", "audit", "retention")
    )
    tables = _tables(document.get("target"), file, "target is not a list of tables; write [[target]]")
    problem = f"{_SUPPRESS} is not a list of tables; write [[{_SUPPRESS}]]"
    suppressions = _tables(audit.pop("suppress", None), file, problem)
    settings = _read_table(crawl, "[crawl]", file, (*TARGET_SETTINGS, *RUN_SETTINGS))
    settings |= _read_table(audit, "[audit]", file, AUDIT_SETTINGS)
    settings |= _read_table(retention, "[retention]", file, RETENTION_SETTINGS)
    return TableSettings(settings, _read_targets(tables, file), _read_suppressions(suppressions, file), file_name)


def read_arguments(arguments: Mapping[str, object]) -> TableSettings:
    """Return the settings that `Config.load` takes by keyword, with the names and the values that a file has.

    `targets` is a list of tables as each `[[target]]`, `audit` a table as `[audit]`, with a list `suppress`,
    `retention` one as `[retention]`. Raise ConfigError for an unknown name and for a wrong value.
    """
    read = TableSettings({}, where="argument targets", precedence=2)
    for name, value in arguments.items():
        source = SettingSource(f"argument {name}", f"argument {name}", name, precedence=2)
        if name == "targets":
            tables = _tables(value, source, "is not a list of tables, one a target")
            read = read._replace(targets=_read_targets(tables, source))
        elif name == "audit":
            audit = _table(value, source, "is not a table")
            suppressions = _tables(audit.pop("suppress", None), source, "suppress is not a list of tables")
            read.settings.update(_read_table(audit, "[audit]", source, AUDIT_SETTINGS))
            read = read._replace(suppressions=_read_suppressions(suppressions, source))
        elif name == "retention":
            table = _table(value, source, "is not a table")
            read.settings.update(_read_table(table, "[retention]", source, RETENTION_SETTINGS))
        elif name in (*TARGET_KEYS, *RUN_KEYS):
            read.settings[name] = SourcedValue(normalize(SETTINGS[name].kind.normalize, value, source), source)
        else:
            _refuse_argument(name, source._replace(where="Config.load"))
    return read


def _parse(text: str, file: SettingSource) -> dict[str, Any]:
    """Return the document. Raise ConfigError with the parser's line and column, never with the text of the line."""
    import tomllib  # noqa: PLC0415 - a run without a file starts sooner

    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        file.fail(f"not TOML: {error}")
    except (ValueError, RecursionError):
        # The parser raises these for numbers of thousands of digits, and for brackets nested as deep.
        file.fail("not TOML that can be read: a number is too long or the nesting too deep")


def _refuse_top_level(key: str, file: SettingSource) -> NoReturn:
    """Raise ConfigError for a key outside a table: it is the name of a setting, an old name, or unknown."""
    if tables := _tables_with(key):
        file.fail(f"{key} is outside a table; write it below {tables}")
    for table in ("crawl", "audit"):
        if new := renamed_keys(table).get(key):
            file.fail(f"{renamed(key, new)}; write it below [{table}]")
    file.fail(f"unknown table or key {show_key(key)}{suggest(key, _TABLES)}")


def _refuse_argument(name: str, source: SettingSource) -> NoReturn:
    """Raise ConfigError for a keyword that is no setting: with its new name, its table, or a name that resembles it."""
    if new := renamed_keys("crawl").get(name):
        source.fail(renamed(name, new))
    known = (*TARGET_KEYS, *RUN_KEYS, "targets", "audit", "retention")
    tables = [table for table in ("audit", "retention") if f"{table}.{name}" in SETTINGS]
    hint = f'; it belongs into {tables[0]}={{"{name}": …}}' if tables else suggest(name, known)
    source.fail(f"unknown argument {show_key(name)}{hint}")


def _table(table: object, source: SettingSource, problem: str) -> dict[str, Any]:
    """Return a copy of a table. Raise the error of `source`, with `problem`, for what is none."""
    if not isinstance(table, dict):
        source.fail(problem)
    return dict(table)


def _tables(tables: object, source: SettingSource, problem: str) -> list[dict[str, Any]] | None:
    """Return a list of tables, None for None. Raise the error of `source`, with `problem`, for what is none."""
    if tables is None:
        return None
    if not isinstance(tables, list | tuple):
        source.fail(problem)
    return [_table(table, source, problem) for table in tables]


def _read_table(
    table: Mapping[str, object], header: str, file: SettingSource, known: Iterable[Setting]
) -> dict[str, SourcedValue]:
    """Return the values of one table, by label. It may have the `known` keys; `header` is how messages call it."""
    where = f"{file.where}, {header}"
    settings = {setting.name: setting for setting in known}
    given = {}
    for key, value in table.items():
        if key not in settings:
            _refuse_key(key, header, file._replace(where=where, name=key), settings)
        source = file._replace(where=f"{where} {key}", name=key)
        setting = settings[key]
        given[setting.label] = SourcedValue(normalize(setting.kind.normalize, value, source), source)
    return given


def _tables_with(key: str) -> str:
    """Return the headers of the tables that have a setting called `key`, "" for none."""
    return " or ".join(f"[{setting.table}]" for setting in SETTINGS.values() if setting.name == key)


def _refuse_key(key: str, header: str, source: SettingSource, known: Iterable[str]) -> NoReturn:
    """Raise ConfigError for a key that its table does not have: with its new name, or its table, or a `known` key."""
    if new := renamed_keys(header.partition(" ")[0].strip("[]")).get(key):
        source.fail(renamed(key, new))
    tables = "" if header.startswith(f"[[{_SUPPRESS}]]") else _tables_with(key)
    source.fail(f"unknown key {show_key(key)}{f'; it belongs below {tables}' if tables else suggest(key, known)}")


def _read_targets(
    tables: Iterable[Mapping[str, object]] | None, file: SettingSource
) -> dict[str, dict[str, SourcedValue]] | None:
    """Return each `[[target]]` by its name, else by its region; None for no list.

    Raise ConfigError for a name used twice.
    """
    if tables is None:
        return None
    targets: dict[str, dict[str, SourcedValue]] = {}
    for number, table in enumerate(tables, start=1):
        header = f"[[target]] {number}"
        given = _read_table(table, header, file, (TARGET_NAME, *TARGET_SETTINGS))
        region = given.get("region", SourcedValue((), file))
        if len(region.value) > 1:
            region.source.fail("names several regions; write one [[target]] for each")
        named = given.pop(TARGET_NAME.label, None)
        name = named.value if named else (*region.value, DEFAULT_TARGET)[0]
        if name in targets:
            file._replace(where=f"{file.where}, {header} name", name="name").fail(
                f"{name} is the name of another target; give each target its own name"
            )
        targets[name] = given
    return targets


def _read_suppressions(tables: Iterable[Mapping[str, object]] | None, file: SettingSource) -> SourcedValue | None:
    """Return all suppressions, None for no list. Raise ConfigError for one without a rule, a reason or a last day."""
    if tables is None:
        return None
    read = []
    for number, table in enumerate(tables, start=1):
        header = f"[[{_SUPPRESS}]] {number}"
        given = _read_table(table, header, file, SUPPRESSION_KEYS)
        for key in SUPPRESSION_KEYS:
            if key.required and key.label not in given:
                source = file._replace(where=f"{file.where}, {header}", name=key.name)
                source.fail(f"has no {key.name}: it is {key.kind.accepts}")
        read.append(Suppression(**{key.name: given[key.label].value for key in SUPPRESSION_KEYS if key.label in given}))
    return SourcedValue(tuple(dict.fromkeys(read)), file)
