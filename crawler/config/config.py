"""From what the user wrote to one frozen Config, and back to a table of what holds and why (pure).

    flags  >  environment  >  file [crawl]  >  default        each setting by itself
    rate_per_s, concurrency:   flag or environment  >  [[target]]  >  [crawl]  >  default
    endpoint, region:          a flag or the environment replaces all [[target]]: one target by an endpoint,
                               one per region by regions; of the two the closer place decides where to
    all others of a target:    flag  >  [[target]]  >  environment  >  [crawl]  >  default
    settings of an audit:      flag  >  environment  >  file [audit]  >  default; suppressions in the file alone

A `[[target]]` with credentials of its own is isolated: it takes those of no other place, and whose they are
and where they go (account, project, IAM) from the file alone, because the key of one account must not go to
the endpoint of another. Which credentials are shown is chosen in `crawler.config.credentials`.

Everything written is checked, also what another place overrides: a mistake that waits for its turn is found
at three in the morning. A mistake in a flag is a UsageError, any other a ConfigError; each is one line naming
the setting as it was written. Secrets are never read here.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from msgspec import Struct

from crawler.config.audit_policy import Policy, Suppression
from crawler.config.credentials import FILE_VARIABLE, Target, choose, secrets_of
from crawler.config.regions import REGIONS, endpoint_of
from crawler.config.settings import (
    CONFIG_VARIABLE,
    EVERY,
    NAMESPACE,
    PREFIX,
    SETTINGS,
    SUPPRESSION,
    SUPPRESSION_NEEDS,
    TARGET_NAME,
    TOKEN_VARIABLES,
    DialectChoice,
    DiscoverMode,
    LogFormat,
    NotAcceptedError,
    Progress,
    SecretRef,
    Setting,
    is_link_local,
    is_loopback,
    shown,
)
from crawler.errors import ConfigError, CrawlerError, UsageError
from crawler.model.namespace import pattern
from crawler.model.walk_id import Center

__all__ = [
    "CONFIG_VARIABLE",
    "Config",
    "Loaded",
    "SecretRef",
    "SettingRow",
    "Target",
    "describe",
    "filter_names",
    "load",
    "parse_namespaces",
    "redacted",
    "require_endpoint",
]

_OF_TARGET = tuple(name for name, setting in SETTINGS.items() if setting.of_target)
_OF_CRAWL = tuple(name for name, setting in SETTINGS.items() if setting.table == "crawl")
_OF_RUN = tuple(name for name in _OF_CRAWL if not SETTINGS[name].of_target)
_OF_AUDIT = tuple(name for name, setting in SETTINGS.items() if setting.table == "audit")
_SUPPRESS = "suppress"
_PACE = frozenset({"rate_per_s", "concurrency"})
# What makes a [[target]] isolated: whoever writes one of these there means no one else's.
_CREDENTIALS = frozenset({"user", "credentials_file", *(name for name, row in SETTINGS.items() if row.secret)})
_SCOPE = frozenset({"account", "project_id", "project", "iam_endpoint"})
_DEFAULT_NAME = "default"
_UNNAMED_FILE = "the configuration file"
_TABLES = ("crawl", "target", "audit")


class Config(Struct, frozen=True, kw_only=True):
    """All that a run is told. Made by `load`; ranges and meanings are in `crawler.config.settings.SETTINGS`.

    `targets` is empty when no endpoint was given. `namespaces` are walked as named, beside what `discover`
    finds and `patterns` match (see `filter_names`); no namespaces and no `discover`: one walk per center over all.
    `max_duration_s` None: unlimited. `output` "-": standard output. `snapshot` None: made from the start
    time. `resume` None: automatic, for runs younger than `resume_max_age_s`. `order` is tried in turn.
    """

    targets: tuple[Target, ...]
    centers: tuple[Center, ...]
    namespaces: tuple[str, ...]
    patterns: tuple[str, ...]
    discover: bool
    discover_mode: DiscoverMode
    allow_partial_coverage: bool
    dialect: DialectChoice
    limit: int
    order: tuple[str, ...]
    timeout_s: float
    max_tries: int
    max_passes: int
    double_read: bool
    max_duration_s: float | None
    output: str
    snapshot: str | None
    resume: bool | None
    resume_max_age_s: float
    max_part_bytes: int
    max_body_bytes: int
    allow_http: bool
    summary_file: str | None
    progress: Progress
    log_format: LogFormat


class Loaded(NamedTuple):
    """A Config, what an audit is told, and where each part of them was written.

    `origins` maps setting names to "flag --limit", "environment SWR_CRAWLER_LIMIT", "file crawler.toml" or
    "default". With `[[target]]` tables or several regions the settings of a target are
    `target.<name>.<setting>`; an endpoint that a region stands for has the region's origin. Those of an audit
    are `audit.<setting>`, and `audit.suppress` for all suppressions. `unbound` holds the settings of a target
    while there is no endpoint, so that they can be shown; else it is empty.
    """

    config: Config
    audit: Policy
    origins: Mapping[str, str]
    unbound: Mapping[str, object]


class SettingRow(NamedTuple):
    """One line of `config show`. `value` is as the environment would have it, or `not set`."""

    setting: str
    value: str
    origin: str
    unit: str
    help: str


class _Source(NamedTuple):
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

    @property
    def rank(self) -> int:
        """How close the place is to the user: the higher of two decides."""
        return 2 * self.is_flag or int(self.beats_files)

    def refuse(self, problem: object) -> NoReturn:
        """Raise the error of this place: `where: problem`."""
        line = f"{self.where}: {problem}"
        # `from None`: the cause may hold what the line must not.
        if self.is_flag:
            raise UsageError(line) from None
        raise ConfigError(line, setting=self.name) from None


class _Sourced(NamedTuple):
    """A value in normal form, and its place."""

    value: Any
    place: _Source


_NOWHERE = _Source(origin="default", where="default", name="")


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
    crawl, tables, suppressions = _read_file(file_text, file_name or _UNNAMED_FILE)
    base = _choose(_read_flags(flags), _read_environment(environ), crawl, _defaults(environ))
    _refuse_unknown_variables(environ, _referenced([crawl, *tables.values()]))
    base |= _implied(base)
    isolated = frozenset(name for name, table in tables.items() if table.keys() & _CREDENTIALS)
    if tables and not any(base[name].value and base[name].place.beats_files for name in ("endpoint", "region")):
        filed = _choose(crawl, _plain_defaults())
        targets = _named_targets(base, filed, tables, isolated, file_name or _UNNAMED_FILE)
        labels = {f"target.{name}.": given for name, given in targets.items()}
    else:
        isolated = frozenset()
        targets = _unnamed_targets(base)
        several = len(targets) > 1
        labels = {f"target.{name}." if several else "": given for name, given in targets.items()} or {"": base}
    for given in targets.values():
        _refuse_plain_http(given, allow_http=base["allow_http"].value)
    configured = tuple(_target(name, given, isolated=name in isolated) for name, given in targets.items())
    origins = {label + name: given[name].place.origin for label, given in labels.items() for name in _OF_TARGET}
    origins |= {SETTINGS[name].label: base[name].place.origin for name in (*_OF_RUN, *_OF_AUDIT)}
    origins |= {f"audit.{_SUPPRESS}": suppressions.place.origin}
    return Loaded(
        config=Config(targets=configured, **_of_run(base)),
        audit=Policy(**{name: base[name].value for name in _OF_AUDIT}, suppressions=suppressions.value),
        origins=MappingProxyType(origins),
        unbound=MappingProxyType({} if targets else {name: base[name].value for name in _OF_TARGET}),
    )


def filter_names(patterns: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Give those of `names` that `patterns` let through, in their order, each once.

    A name has to match a pattern without `!`, if there is any, and none with one: excludes win, wherever they
    stand. With excludes only everything else matches, with no pattern everything.
    """
    given = tuple(patterns)
    taken = [text for text in given if not text.startswith("!")] or [EVERY]
    left_out = [text.removeprefix("!") for text in given if text.startswith("!")]
    return tuple(
        name
        for name in dict.fromkeys(names)
        if any(fnmatchcase(name, text) for text in taken) and not any(fnmatchcase(name, text) for text in left_out)
    )


def parse_namespaces(text: str, source: str) -> tuple[str, ...]:
    """Give the namespaces and patterns in the text of a file, one a line, in its order, the first of equal ones kept.

    `#` begins a comment; blank lines don't count. `source` is what messages call the file. Raise ConfigError
    naming the line of the first one that is no namespace, or when there is none at all: an empty list would
    mean every namespace, which is hardly what an empty file means.
    """
    found = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if name := line.partition("#")[0].strip():
            place = _Source(f"file {source}", f"{source}, line {number}", "--namespaces-file")
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
            "no endpoint: give --endpoint https://HOST, SWR_CRAWLER_ENDPOINT, or endpoint in the configuration file;"
            " or --region NAME for one of the cloud's own",
            setting="endpoint",
        )


def describe(
    loaded: Loaded, environ: Mapping[str, str], profiles: Mapping[str, str | None] = MappingProxyType({})
) -> tuple[SettingRow, ...]:
    """Give one Row per setting, those of targets first, then in the order of the table; suppressions are one row.

    Behind the settings of each target stands a row `credentials`: the method that won, the references it reads
    and whether they are set, and where they were found; or why there is none. `environ` is asked only whether
    variables are set and not empty; `profiles` is the text of each target's `credentials_file`, by that setting.
    """
    config = loaded.config
    rows = [_row(name, value, loaded.origins[name], environ) for name, value in loaded.unbound.items()]
    for target in config.targets:
        label = "" if "endpoint" in loaded.origins else f"target.{target.name}."
        held = ((label + name, getattr(target, name)) for name in _OF_TARGET)
        rows += [_row(name, value, loaded.origins[name], environ) for name, value in held]
        rows.append(_credentials_row(label, target, environ, profiles.get(target.credentials_file)))
    values = {name: getattr(config, name) for name in _OF_RUN} | {"namespaces": config.namespaces + config.patterns}
    values |= {SETTINGS[name].label: getattr(loaded.audit, name) for name in _OF_AUDIT}
    rows += [_row(label, value, loaded.origins[label], environ) for label, value in values.items()]
    return (*rows, _suppressions_row(loaded))


def redacted(config: Config) -> dict[str, object]:
    """Give `config` as plain JSON values for the manifest: Config's names, secrets as references or null."""
    plain: dict[str, object] = {name: getattr(config, name) for name in config.__struct_fields__}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}
    plain["targets"] = [
        {name: _plain(getattr(target, name)) for name in ("name", *_OF_TARGET)} for target in config.targets
    ]
    return plain


# --- the places settings are written in ---------------------------------------------------------------


def _read_flags(flags: Mapping[str, object]) -> dict[str, _Sourced]:
    """Read what the command line gave, under the names of the settings."""
    given = {}
    for name, value in flags.items():
        if name not in SETTINGS or not SETTINGS[name].flag:
            message = f"no flag sets {name!r}"
            raise ValueError(message)
        on, _, off = SETTINGS[name].flag.partition("/")
        flag = off if off and value is False else on
        place = _Source(f"flag {flag}", flag, flag)
        given[name] = _Sourced(_read_text(SETTINGS[name], value, place), place)
    return given


def _read_environment(environ: Mapping[str, str]) -> dict[str, _Sourced]:
    """Read the variables of the settings; of a secret's, whether it is set, and that makes a reference."""
    given = {}
    for name, setting in SETTINGS.items():
        variable = setting.environment
        place = _Source(f"environment {variable}", variable, variable)
        if setting.secret:
            if environ.get(variable):
                given[name] = _Sourced(SecretRef("env", variable), place)
        elif variable in environ:
            given[name] = _Sourced(_read_text(setting, environ[variable], place), place)
    return given


def _defaults(environ: Mapping[str, str]) -> dict[str, _Sourced]:
    """Give every default; where the ecosystem has a name for one, as the token's, that comes first."""
    defaults = _plain_defaults()
    names = [name for name in TOKEN_VARIABLES[1:] if environ.get(name)]
    if names:
        # The file goes first, as before any default; but the origin has to say which of the names it is.
        place = _NOWHERE._replace(origin=f"environment {names[0]}")
        defaults["token"] = _Sourced(SecretRef("env", names[0]), place)
    if environ.get(FILE_VARIABLE):
        place = _Source(f"environment {FILE_VARIABLE}", FILE_VARIABLE, FILE_VARIABLE)
        path = _read_text(SETTINGS["credentials_file"], environ[FILE_VARIABLE], place)
        defaults["credentials_file"] = _Sourced(path, place)
    return defaults


def _plain_defaults() -> dict[str, _Sourced]:
    """Give every default as the table has it."""
    return {name: _Sourced(setting.default, _NOWHERE) for name, setting in SETTINGS.items()}


def _choose(*places: Mapping[str, _Sourced]) -> dict[str, _Sourced]:
    """Give what the first of `places` has, for each setting."""
    chosen: dict[str, _Sourced] = {}
    for place in reversed(places):
        chosen |= place
    return chosen


def _read_text(setting: Setting, value: object, place: _Source) -> object:
    """Give the normal form of a value from the command line or the environment."""
    plain = setting.kind.parse(value) if isinstance(value, str) else value
    return _normal(setting.kind.check, plain, place)


def _normal(check: Callable[[object], object], value: object, place: _Source) -> object:
    """Give the normal form of `value`, or raise the error of its place."""
    try:
        return check(value)
    except NotAcceptedError as problem:
        place.refuse(problem)


# --- the file -----------------------------------------------------------------------------------------


def _read_file(
    text: str | None, file_name: str
) -> tuple[dict[str, _Sourced], dict[str, dict[str, _Sourced]], _Sourced]:
    """Read `[crawl]` and `[audit]` together, by its name each `[[target]]`, and the suppressions of a file."""
    whole = _Source(f"file {file_name}", file_name, file_name)
    document = _parse(text or "", whole)
    for key in document:
        if key in SETTINGS:
            whole.refuse(f"{key} stands outside a table; write it below [{SETTINGS[key].table}]")
        if key not in _TABLES:
            whole.refuse(f"unknown table or key {_key(key)}{_meant(key, _TABLES)}")
    crawl, audit = (_table(document, name, whole) for name in ("crawl", "audit"))
    tables = _tables(document, "target", "target", whole)
    suppressions = _tables(audit, _SUPPRESS, f"audit.{_SUPPRESS}", whole)
    plain = {key: value for key, value in audit.items() if key != _SUPPRESS}
    given = _read_table(crawl, f"{file_name}, [crawl]", whole, _OF_CRAWL)
    given |= _read_table(plain, f"{file_name}, [audit]", whole, _OF_AUDIT)
    return given, _read_targets(tables, whole), _read_suppressions(suppressions, whole)


def _table(document: Mapping[str, Any], name: str, whole: _Source) -> dict[str, Any]:
    """Give a table of the document, empty when it is not there."""
    table = document.get(name, {})
    if not isinstance(table, dict):
        whole.refuse(f"{name} is no table; write [{name}]")
    return table


def _tables(document: Mapping[str, Any], key: str, name: str, whole: _Source) -> list[dict[str, Any]]:
    """Give a list of tables of the document, empty when it is not there; `name` is how it is written."""
    tables = document.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        whole.refuse(f"{name} is no list of tables; write [[{name}]]")
    return tables


def _read_suppressions(tables: Iterable[Mapping[str, object]], whole: _Source) -> _Sourced:
    """Read each `[[audit.suppress]]`. Raise ConfigError for one that says no rule, no reason or no end."""
    read = []
    for number, table in enumerate(tables, start=1):
        where = f"{whole.where}, [[audit.{_SUPPRESS}]] {number}"
        given: dict[str, Any] = {}
        for key, value in table.items():
            place = whole._replace(where=f"{where} {key}", name=key)
            if key not in SUPPRESSION:
                place._replace(where=where).refuse(f"unknown key {_key(key)}{_meant(key, SUPPRESSION)}")
            given[key] = _normal(SUPPRESSION[key].check, value, place)
        for key in SUPPRESSION_NEEDS:
            if key not in given:
                whole._replace(where=where, name=key).refuse(f"has no {key}: it is {SUPPRESSION[key].accepts}")
        read.append(Suppression(**given))
    return _Sourced(tuple(dict.fromkeys(read)), whole if read else _NOWHERE)


def _read_targets(tables: Iterable[Mapping[str, object]], whole: _Source) -> dict[str, dict[str, _Sourced]]:
    """Read each `[[target]]` by its name, else its region's. Raise ConfigError for a name used twice."""
    targets: dict[str, dict[str, _Sourced]] = {}
    for number, table in enumerate(tables, start=1):
        where = f"{whole.where}, [[target]] {number}"
        given = _read_table(table, where, whole, ("name", *_OF_TARGET))
        region = given.get("region", _Sourced((), whole))
        if len(region.value) > 1:
            region.place.refuse("names several regions; write one [[target]] for each")
        name = given.pop("name").value if "name" in given else (*region.value, _DEFAULT_NAME)[0]
        if name in targets:
            whole._replace(where=f"{where} name", name="name").refuse(
                f"{name} is the name of another target; give each its own"
            )
        targets[name] = given
    return targets


def _parse(text: str, whole: _Source) -> dict[str, Any]:
    """Give the document, or the parser's complaint: a line and a column, never the text of the line."""
    import tomllib  # noqa: PLC0415 - a run without a file, or without a mistake (below), starts sooner

    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        whole.refuse(f"not TOML: {error}")
    except (ValueError, RecursionError):
        # What the parser lets through: numbers of thousands of digits, brackets nested as deep.
        whole.refuse("not TOML that can be read: a number is too long or the nesting too deep")


def _read_table(table: Mapping[str, object], where: str, whole: _Source, known: tuple[str, ...]) -> dict[str, _Sourced]:
    """Read the keys of one table, all of which have to be `known`."""
    given = {}
    for key, value in table.items():
        if key not in known:
            moved = f"; it belongs below [{SETTINGS[key].table}]" if key in SETTINGS else _meant(key, known)
            whole._replace(where=where, name=key).refuse(f"unknown key {_key(key)}{moved}")
        place = whole._replace(where=f"{where} {key}", name=key)
        kind = SETTINGS[key].kind if key in SETTINGS else TARGET_NAME
        given[key] = _Sourced(_normal(kind.check, value, place), place)
    return given


def _key(key: str) -> str:
    """Give a key as a message shows it: bare when TOML lets it be bare."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else shown(key)


def _meant(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Give the known word that `word` looks like or shares its start with, as the end of a message."""
    from difflib import get_close_matches  # noqa: PLC0415

    known = tuple(known)
    starts = [name for name in known if word and (name.startswith(word) or word.startswith(name))]
    close = get_close_matches(word, known, n=1) or starts
    return f"; did you mean {prefix}{close[0]}?" if close else f"; known: {prefix}{', '.join(known)}"


# --- what holds between settings ----------------------------------------------------------------------


def _referenced(tables: Iterable[Mapping[str, _Sourced]]) -> set[str]:
    """Give the variables that secrets in the file refer to."""
    refs = [given.value for table in tables for given in table.values()]
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
            place = _Source(f"environment {variable}", _key(variable), variable)
            bare = sorted(name.removeprefix(PREFIX) for name in known)
            place.refuse(f"unknown variable{_meant(variable.removeprefix(PREFIX), bare, PREFIX)}")


def _implied(base: Mapping[str, _Sourced]) -> dict[str, _Sourced]:
    """Give what patterns imply: discovery. Raise the error of a place that asks for what another rules out."""
    if base["double_read"].value and base["max_passes"].value == 1:
        base["double_read"].place.refuse("needs a second pass to compare with; let max_passes be 2 or more")
    patterns = [name for name in base["namespaces"].value if pattern(name)]
    if base["discover"].value or not patterns:
        return {}
    refusal, wish = base["discover"].place, base["namespaces"].place
    if refusal is not _NOWHERE and refusal.rank >= wish.rank:
        refusal.refuse(f"without discovery the pattern {patterns[0]} of namespaces matches nothing; leave one out")
    return {"discover": _Sourced(value=True, place=wish)}


def _of_run(base: Mapping[str, _Sourced]) -> dict[str, Any]:
    """Give the settings of a run as Config has them, patterns apart from namespaces."""
    run = {name: base[name].value for name in _OF_RUN}
    patterns = tuple(filter(pattern, run["namespaces"]))
    return run | {"namespaces": tuple(name for name in run["namespaces"] if name not in patterns), "patterns": patterns}


def _unnamed_targets(base: Mapping[str, _Sourced]) -> dict[str, dict[str, _Sourced]]:
    """Give the targets that stand in no `[[target]]`: the one of the endpoint, or one per region, or none."""
    endpoint, region = base["endpoint"], base["region"]
    if not endpoint.value or (region.value and region.place.rank > endpoint.place.rank):
        sites = {name: _site(_Sourced(None, _NOWHERE), _Sourced((name,), region.place)) for name in region.value}
    else:
        # A region from further off was written for another endpoint: its IAM is not to see these credentials.
        beside = region if region.place.rank == endpoint.place.rank else _Sourced((), _NOWHERE)
        sites = {_DEFAULT_NAME: _site(endpoint, beside)}
    return {name: {setting: base[setting] for setting in _OF_TARGET} | site for name, site in sites.items()}


def _site(endpoint: _Sourced, region: _Sourced) -> dict[str, _Sourced]:
    """Give where one target is: an endpoint, and its region, whose endpoint it is when there is no other.

    Raise the error of the region's place when it is unknown and there is no endpoint, or when it is several.
    """
    if len(region.value) > 1:
        region.place.refuse("several regions for one target; name one of them, or leave the endpoint out")
    name = region.value[0] if region.value else None
    if endpoint.value is None and name is not None:
        found = endpoint_of(name)
        if found is None:
            region.place.refuse(f"{name} is no known region{_meant(name, REGIONS)}; of any other give the endpoint")
        endpoint = _Sourced(found, region.place)
    return {"endpoint": endpoint, "region": region._replace(value=name)}


def _named_targets(
    base: Mapping[str, _Sourced],
    filed: Mapping[str, _Sourced],
    tables: Mapping[str, Mapping[str, _Sourced]],
    isolated: Collection[str],
    file_name: str,
) -> dict[str, dict[str, _Sourced]]:
    """Give what holds for each `[[target]]`, by its name. Raise ConfigError for one without an endpoint."""
    targets = {}
    for name, table in tables.items():
        rest = {setting: filed[setting] for setting in _SCOPE} | {s: _plain_defaults()[s] for s in _CREDENTIALS}
        others = {**base, **rest} if name in isolated else base
        targets[name] = {setting: _of_target(setting, others, table) for setting in _OF_TARGET}
        own = any(setting in table and table[setting].value for setting in ("endpoint", "region"))
        nearest = {**_plain_defaults(), **table} if own else base
        targets[name] |= _site(nearest["endpoint"], nearest["region"])
        if targets[name]["endpoint"].value is None:
            raise ConfigError(
                f"{file_name}, [[target]] {name}: no endpoint; write one in it or below [crawl]",
                setting="endpoint",
            )
    return targets


def _of_target(setting: str, base: Mapping[str, _Sourced], table: Mapping[str, _Sourced]) -> _Sourced:
    """Give what holds for one setting of a `[[target]]`; the top of the file has the rule."""
    place = base[setting].place
    overridden = place.beats_files if setting in _PACE else place.is_flag
    return base[setting] if overridden else table.get(setting, base[setting])


def _refuse_plain_http(given: Mapping[str, _Sourced], *, allow_http: bool) -> None:
    """Raise the error of an endpoint's place when credentials would cross a network unencrypted."""
    for name in ("endpoint", "iam_endpoint", "metadata_endpoint"):
        endpoint, place = given[name].value or "", given[name].place
        near = is_loopback(endpoint) or (name == "metadata_endpoint" and is_link_local(endpoint))
        if endpoint.startswith("http:") and not (allow_http or near):
            place.refuse(
                "plain http lets anyone on the way read the token; write https://, or allow it by --allow-http,"
                " SWR_CRAWLER_ALLOW_HTTP=true or allow_http = true"
            )


def _target(name: str, given: Mapping[str, _Sourced], *, isolated: bool) -> Target:
    return Target(
        name=name,
        **{setting: given[setting].value for setting in _OF_TARGET},
        isolated=isolated,
        origins=tuple((setting, given[setting].place.origin) for setting in _OF_TARGET),
    )


# --- showing ------------------------------------------------------------------------------------------


def _row(label: str, value: object, origin: str, environ: Mapping[str, str]) -> SettingRow:
    """Give the row of one setting; a secret is shown as its reference and whether that is set."""
    setting = SETTINGS[label.rpartition(".")[2]]
    text = _whether_set(value, environ) if isinstance(value, SecretRef) else setting.kind.show(value)
    return SettingRow(label, text, origin, setting.unit, setting.help)


def _whether_set(ref: SecretRef, environ: Mapping[str, str]) -> str:
    """Give a reference as text, that of a variable with whether it is set; files are not read here."""
    if ref.kind != "env":
        return str(ref)
    return f"{ref} (set)" if environ.get(ref.name) else f"{ref} (not set)"


def _credentials_row(label: str, target: Target, environ: Mapping[str, str], profile: str | None) -> SettingRow:
    """Give the row of what a target shows as credentials, which is no setting but what comes of many."""
    try:
        chosen = choose(target, environ, profile)
    except CrawlerError as error:
        value, origin = f"none: {error}", "not found"
    else:
        refs = [f"{name} {_whether_set(ref, environ)}" for name, ref in secrets_of(chosen.method)]
        value = ": ".join(filter(None, (chosen.method.auth, ", ".join(refs))))
        origin = ", ".join(dict.fromkeys(place for _, place in chosen.why))
    return SettingRow(f"{label}credentials", value, origin, "", "the method that won, and the secrets it reads")


def _suppressions_row(loaded: Loaded) -> SettingRow:
    """Give the row of all suppressions, which only a file can hold."""
    held = "; ".join(f"{one} expires {one.expires}" for one in loaded.audit.suppressions)
    label = f"audit.{_SUPPRESS}"
    return SettingRow(
        label, held or "not set", loaded.origins[label], "", "findings let pass, with a reason and an end"
    )


def _plain(value: object) -> object:
    """Give a value of a target as JSON has it."""
    return str(value) if isinstance(value, SecretRef) else value
