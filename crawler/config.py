"""From what the user wrote to one frozen Config, and back to a table of what holds and why.

    flags  >  environment  >  file [crawl]  >  default        each setting by itself
    rate_per_s, concurrency:   flag or environment  >  [[target]]  >  [crawl]  >  default
    token:                     [[target]]  >  SWR_CRAWLER_TOKEN  >  [crawl]  >  HW_AUTH_TOKEN …  >  none
    endpoint:                  a flag or the environment replaces all [[target]] by one target

A `[[target]]` keeps its own token against the environment, because the token of one account must not go to
the endpoint of another. Everything written is checked, also what another place overrides: a mistake that
waits for its turn is found at three in the morning. A mistake in a flag is a UsageError, any other a
ConfigError; each is one line naming the setting as it was written. Secrets are never read here.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NoReturn

from crawler.errors import ConfigError, CredentialsError, UsageError
from crawler.settings import (
    CONFIG_VARIABLE,
    NAMESPACE,
    PREFIX,
    SETTINGS,
    TARGET_NAME,
    TOKEN_VARIABLES,
    Center,
    LogFormat,
    NotAcceptedError,
    Progress,
    SecretRef,
    Setting,
    is_loopback,
    shown,
)

__all__ = [
    "CONFIG_VARIABLE",
    "Config",
    "Loaded",
    "Row",
    "SecretRef",
    "Target",
    "describe",
    "load",
    "masked",
    "parse_namespaces",
    "require_endpoint",
    "require_token",
]

_OF_TARGET = tuple(name for name, setting in SETTINGS.items() if setting.of_target)
_OF_RUN = tuple(name for name, setting in SETTINGS.items() if not setting.of_target)
_DEFAULT_NAME = "default"
_UNNAMED_FILE = "the configuration file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One API endpoint with its credentials.

    `name` is unique in a Config and fit for a folder; `endpoint` is scheme://host[:port], lowercase, without
    a default port; `rate_per_s` counts requests, None is unlimited; `concurrency` is requests in flight.
    """

    name: str
    endpoint: str
    token: SecretRef | None
    rate_per_s: float | None
    concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All that a run is told. Made by `load`; ranges and meanings are in `crawler.settings.SETTINGS`.

    `targets` is empty when no endpoint was given. `namespaces` empty: one walk per center over all.
    `max_duration_s` None: unlimited. `output` "-": standard output. `snapshot` None: made from the start
    time. `resume` None: automatic, for runs younger than `resume_within_s`. `order` is tried in turn.
    """

    targets: tuple[Target, ...]
    centers: tuple[Center, ...]
    namespaces: tuple[str, ...]
    limit: int
    order: tuple[str, ...]
    timeout_s: float
    max_tries: int
    max_passes: int
    confirm: bool
    max_duration_s: float | None
    output: str
    snapshot: str | None
    resume: bool | None
    resume_within_s: float
    part_bytes: int
    body_bytes: int
    allow_http: bool
    summary_file: str | None
    progress: Progress
    log_format: LogFormat


@dataclass(frozen=True, slots=True)
class Loaded:
    """A Config and where each part of it was written.

    `origins` maps setting names to "flag --limit", "environment SWR_CRAWLER_LIMIT", "file crawler.toml" or
    "default". With `[[target]]` tables the settings of a target are `target.<name>.<setting>`. `unbound`
    holds the settings of a target while there is no endpoint, so that they can be shown; else it is empty.
    """

    config: Config
    origins: Mapping[str, str]
    unbound: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `config show`. `value` is as the environment would have it, or `not set`."""

    setting: str
    value: str
    origin: str
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value was written. `name` is how the user wrote the setting, `where` how a message finds it."""

    origin: str
    where: str
    name: str

    @property
    def is_flag(self) -> bool:
        return self.origin.startswith("flag ")

    @property
    def beats_files(self) -> bool:
        return self.is_flag or self.origin.startswith("environment ")

    def refuse(self, problem: object) -> NoReturn:
        """Raise the error of this place: `where: problem`."""
        line = f"{self.where}: {problem}"
        # `from None`: the cause may hold what the line must not.
        if self.is_flag:
            raise UsageError(line) from None
        raise ConfigError(line, setting=self.name) from None


@dataclass(frozen=True, slots=True)
class _Given:
    """A value in normal form, and its place."""

    value: Any
    place: _Place


_NOWHERE = _Place(origin="default", where="default", name="")


def load(
    *, flags: Mapping[str, object], environ: Mapping[str, str], file_text: str | None, file_name: str | None
) -> Loaded:
    """Give the configuration that flags, environment and file make together.

    `flags` holds what the user gave on the command line and nothing else, by setting name (`rate_per_s`, not
    `rate`), as text or as the value itself. `file_text` is TOML, None for no file; `file_name` is what
    messages call it. Of `environ` only names starting SWR_CRAWLER_ and the names of tokens matter; of the
    latter only whether they are set and not empty.

    Raise UsageError for a wrong flag, ConfigError for anything else that is wrong; both are one line, without
    secrets. Raise ValueError for a name in `flags` that no flag has, which is a mistake of the caller.
    """
    crawl, tables = _read_file(file_text, file_name or _UNNAMED_FILE)
    base = _choose(_read_flags(flags), _read_environment(environ), crawl, _defaults(environ))
    _refuse_unknown_variables(environ, _referenced([crawl, *tables.values()]))
    run = {name: base[name].value for name in _OF_RUN}
    if run["confirm"] and run["max_passes"] == 1:
        base["confirm"].place.refuse("needs a second pass to compare with; let max_passes be 2 or more")
    if tables and not base["endpoint"].place.beats_files:
        targets = _named_targets(base, tables, file_name or _UNNAMED_FILE)
        labels = {f"target.{name}.": given for name, given in targets.items()}
    else:
        single = {name: base[name] for name in _OF_TARGET}
        targets = {_DEFAULT_NAME: single} if base["endpoint"].value else {}
        labels = {"": single}
    for given in targets.values():
        _refuse_plain_http(given["endpoint"], allow_http=run["allow_http"])
    origins = {label + name: given[name].place.origin for label, given in labels.items() for name in _OF_TARGET}
    origins |= {name: base[name].place.origin for name in _OF_RUN}
    return Loaded(
        config=Config(targets=tuple(_target(name, given) for name, given in targets.items()), **run),
        origins=MappingProxyType(origins),
        unbound=MappingProxyType({} if targets else {name: base[name].value for name in _OF_TARGET}),
    )


def parse_namespaces(text: str, source: str) -> tuple[str, ...]:
    """Give the namespaces in the text of a file, one a line, in its order, the first of equal ones kept.

    `#` begins a comment; blank lines don't count. `source` is what messages call the file. Raise ConfigError
    naming the line of the first one that is no namespace, or when there is none at all: an empty list would
    mean every namespace, which is hardly what an empty file means.
    """
    found = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if name := line.partition("#")[0].strip():
            place = _Place(f"file {source}", f"{source}, line {number}", "--namespaces-file")
            found.append(str(_normal(NAMESPACE.check, name, place)))
    if not found:
        raise ConfigError(
            f"{source}: holds no namespace; write one a line, or leave --namespaces-file out to crawl all",
            setting="--namespaces-file",
        )
    return tuple(dict.fromkeys(found))


def require_endpoint(config: Config) -> None:
    """Raise ConfigError when there is nothing to crawl: no endpoint was given."""
    if not config.targets:
        raise ConfigError(
            "no endpoint: give --endpoint https://HOST, SWR_CRAWLER_ENDPOINT, or endpoint in the configuration file",
            setting="endpoint",
        )


def require_token(config: Config) -> None:
    """Raise CredentialsError when a target has no reference to a token.

    That a reference leads to nothing is found where secrets are read, and ends in the same exit code.
    """
    without = [target.name for target in config.targets if target.token is None]
    if without:
        raise CredentialsError(
            f"no token for target {', '.join(without)}: export {TOKEN_VARIABLES[0]}=TOKEN, or write"
            ' token = "env:NAME" or "file:PATH" in the configuration file'
        )


def describe(loaded: Loaded, environ: Mapping[str, str]) -> tuple[Row, ...]:
    """Give one Row per setting, those of targets first, then in the order of the table.

    `environ` is asked only whether the variables that tokens refer to are set and not empty.
    """
    config = loaded.config
    values: dict[str, object] = dict(loaded.unbound)
    for target in config.targets:
        label = "" if "endpoint" in loaded.origins else f"target.{target.name}."
        values |= {label + name: getattr(target, name) for name in _OF_TARGET}
    values |= {name: getattr(config, name) for name in _OF_RUN}
    return tuple(_row(label, value, loaded.origins[label], environ) for label, value in values.items())


def masked(config: Config) -> dict[str, object]:
    """Give `config` as plain JSON values for the manifest: Config's names, tokens as references or null."""
    plain: dict[str, object] = {field.name: getattr(config, field.name) for field in fields(config)}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}
    plain["targets"] = [
        {
            "name": target.name,
            "endpoint": target.endpoint,
            "token": None if target.token is None else str(target.token),
            "rate_per_s": target.rate_per_s,
            "concurrency": target.concurrency,
        }
        for target in config.targets
    ]
    return plain


# --- the places settings are written in ---------------------------------------------------------------


def _read_flags(flags: Mapping[str, object]) -> dict[str, _Given]:
    """Read what the command line gave, under the names of the settings."""
    given = {}
    for name, value in flags.items():
        if name not in SETTINGS or not SETTINGS[name].flag:
            message = f"no flag sets {name!r}"
            raise ValueError(message)
        on, _, off = SETTINGS[name].flag.partition("/")
        flag = off if off and value is False else on
        place = _Place(f"flag {flag}", flag, flag)
        given[name] = _Given(_read_text(SETTINGS[name], value, place), place)
    return given


def _read_environment(environ: Mapping[str, str]) -> dict[str, _Given]:
    """Read the variables of the settings; of the token's, whether it is set, and that makes a reference."""
    given = {}
    for name, setting in SETTINGS.items():
        variable = setting.environment
        place = _Place(f"environment {variable}", variable, variable)
        if variable == TOKEN_VARIABLES[0]:
            if environ.get(variable):
                given[name] = _Given(SecretRef("env", variable), place)
        elif variable in environ:
            given[name] = _Given(_read_text(setting, environ[variable], place), place)
    return given


def _defaults(environ: Mapping[str, str]) -> dict[str, _Given]:
    """Give every default; the token's is the first of the ecosystem's names that is set."""
    defaults = {name: _Given(setting.default, _NOWHERE) for name, setting in SETTINGS.items()}
    names = [name for name in TOKEN_VARIABLES[1:] if environ.get(name)]
    if names:
        # The file goes first, as before any default; but the origin has to say which of the names it is.
        place = replace(_NOWHERE, origin=f"environment {names[0]}")
        defaults["token"] = _Given(SecretRef("env", names[0]), place)
    return defaults


def _choose(*places: Mapping[str, _Given]) -> dict[str, _Given]:
    """Give what the first of `places` has, for each setting."""
    chosen: dict[str, _Given] = {}
    for place in reversed(places):
        chosen |= place
    return chosen


def _read_text(setting: Setting, value: object, place: _Place) -> object:
    """Give the normal form of a value from the command line or the environment."""
    plain = setting.kind.parse(value) if isinstance(value, str) else value
    return _normal(setting.kind.check, plain, place)


def _normal(check: Callable[[object], object], value: object, place: _Place) -> object:
    """Give the normal form of `value`, or raise the error of its place."""
    try:
        return check(value)
    except NotAcceptedError as problem:
        place.refuse(problem)


# --- the file -----------------------------------------------------------------------------------------


def _read_file(text: str | None, file_name: str) -> tuple[dict[str, _Given], dict[str, dict[str, _Given]]]:
    """Read `[crawl]` and, by its name, each `[[target]]` of a file."""
    whole = _Place(f"file {file_name}", file_name, file_name)
    document = _parse(text or "", whole)
    for key in document:
        if key in SETTINGS:
            whole.refuse(f"{key} stands outside a table; write it below [crawl]")
        if key not in {"crawl", "target"}:
            whole.refuse(f"unknown table or key {_key(key)}{_meant(key, ('crawl', 'target'))}")
    crawl = document.get("crawl", {})
    if not isinstance(crawl, dict):
        whole.refuse("crawl is no table; write [crawl]")
    tables = document.get("target", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        whole.refuse("target is no list of tables; write [[target]]")
    return _read_table(crawl, f"{file_name}, [crawl]", whole, tuple(SETTINGS)), _read_targets(tables, whole)


def _read_targets(tables: Iterable[Mapping[str, object]], whole: _Place) -> dict[str, dict[str, _Given]]:
    """Read each `[[target]]` by its name. Raise ConfigError for a name used twice."""
    targets: dict[str, dict[str, _Given]] = {}
    for number, table in enumerate(tables, start=1):
        where = f"{whole.where}, [[target]] {number}"
        given = _read_table(table, where, whole, ("name", *_OF_TARGET))
        name = given.pop("name").value if "name" in given else _DEFAULT_NAME
        if name in targets:
            replace(whole, where=f"{where} name", name="name").refuse(
                f"{name} is the name of another target; give each its own"
            )
        targets[name] = given
    return targets


def _parse(text: str, whole: _Place) -> dict[str, Any]:
    """Give the document, or the parser's complaint: a line and a column, never the text of the line."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        whole.refuse(f"not TOML: {error}")
    except (ValueError, RecursionError):
        # What the parser lets through: numbers of thousands of digits, brackets nested as deep.
        whole.refuse("not TOML that can be read: a number is too long or the nesting too deep")


def _read_table(table: Mapping[str, object], where: str, whole: _Place, known: tuple[str, ...]) -> dict[str, _Given]:
    """Read the keys of one table, all of which have to be `known`."""
    given = {}
    for key, value in table.items():
        if key not in known:
            moved = "; it belongs below [crawl]" if key in SETTINGS else _meant(key, known)
            replace(whole, where=where, name=key).refuse(f"unknown key {_key(key)}{moved}")
        place = replace(whole, where=f"{where} {key}", name=key)
        kind = SETTINGS[key].kind if key in SETTINGS else TARGET_NAME
        given[key] = _Given(_normal(kind.check, value, place), place)
    return given


def _key(key: str) -> str:
    """Give a key as a message shows it: bare when TOML lets it be bare."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else shown(key)


def _meant(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Give the known word that `word` looks like or shares its start with, as the end of a message."""
    known = tuple(known)
    starts = [name for name in known if word and (name.startswith(word) or word.startswith(name))]
    close = get_close_matches(word, known, n=1) or starts
    return f"; did you mean {prefix}{close[0]}?" if close else f"; known: {prefix}{', '.join(known)}"


# --- what holds between settings ----------------------------------------------------------------------


def _referenced(tables: Iterable[Mapping[str, _Given]]) -> set[str]:
    """Give the variables that tokens in the file refer to."""
    refs = [table["token"].value for table in tables if "token" in table]
    return {ref.name for ref in refs if isinstance(ref, SecretRef) and ref.kind == "env"}


# What Kubernetes puts into every container beside a Service called swr-crawler.
_KUBERNETES = re.compile(PREFIX + r"(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\w+)?)")


def _refuse_unknown_variables(environ: Mapping[str, str], referenced: set[str]) -> None:
    """Raise ConfigError for a variable that looks like ours and is not: nobody would notice the typo."""
    known = {setting.environment for setting in SETTINGS.values()} | {CONFIG_VARIABLE}
    for variable in environ:
        if _KUBERNETES.fullmatch(variable):
            continue
        if variable.startswith(PREFIX) and variable not in known | referenced:
            place = _Place(f"environment {variable}", _key(variable), variable)
            bare = sorted(name.removeprefix(PREFIX) for name in known)
            place.refuse(f"unknown variable{_meant(variable.removeprefix(PREFIX), bare, PREFIX)}")


def _named_targets(
    base: Mapping[str, _Given], tables: Mapping[str, Mapping[str, _Given]], file_name: str
) -> dict[str, dict[str, _Given]]:
    """Give what holds for each `[[target]]`, by its name. Raise ConfigError for one without an endpoint."""
    targets = {}
    for name, table in tables.items():
        targets[name] = {setting: _of_target(setting, base, table) for setting in _OF_TARGET}
        if targets[name]["endpoint"].value is None:
            raise ConfigError(
                f"{file_name}, [[target]] {name}: no endpoint; write one in it or below [crawl]",
                setting="endpoint",
            )
    return targets


def _of_target(setting: str, base: Mapping[str, _Given], table: Mapping[str, _Given]) -> _Given:
    """Give what holds for one setting of a `[[target]]`; the top of the file has the rule."""
    overridden = base[setting].place.beats_files and setting != "token"
    return base[setting] if overridden else table.get(setting, base[setting])


def _refuse_plain_http(endpoint: _Given, *, allow_http: bool) -> None:
    """Raise the error of the endpoint's place when tokens would cross a network unencrypted."""
    if endpoint.value.startswith("http:") and not (allow_http or is_loopback(endpoint.value)):
        endpoint.place.refuse(
            "plain http lets anyone on the way read the token; write https://, or allow it by --allow-http,"
            " SWR_CRAWLER_ALLOW_HTTP=true or allow_http = true"
        )


def _target(name: str, given: Mapping[str, _Given]) -> Target:
    return Target(name=name, **{setting: given[setting].value for setting in _OF_TARGET})


def _row(label: str, value: object, origin: str, environ: Mapping[str, str]) -> Row:
    """Give the row of one setting; a token is shown as its reference and whether that is set."""
    setting = SETTINGS[label.rpartition(".")[2]]
    text = setting.kind.show(value)
    if isinstance(value, SecretRef) and value.kind == "env":
        text += " (set)" if environ.get(value.name) else " (not set)"
    return Row(label, text, origin, setting.unit, setting.help)
