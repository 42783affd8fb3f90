"""The sources of settings: flags, environment and defaults; `crawler.config.file` reads the file (pure)."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple, NoReturn

from crawler.config.credentials.tools.variables import TOKEN_VARIABLES
from crawler.config.renamed import renamed, renamed_variables
from crawler.config.settings.kinds import InvalidValueError, preview
from crawler.config.settings.secret_ref import SecretRef
from crawler.config.settings.setting import Setting
from crawler.config.settings.table import SETTINGS
from crawler.config.settings.variables import (
    CA_VARIABLES,
    CLIENT_CERT_VARIABLE,
    CLIENT_KEY_VARIABLE,
    CONFIG_VARIABLE,
    CREDENTIALS_FILE_VARIABLE,
    PREFIX,
    without_newline,
)
from crawler.errors import ConfigError, UsageError

# The variables that Kubernetes sets in every container of a namespace that has a Service called swr-crawler, or
# swr-crawler-metrics: of the Service, of its named ports, and the older ones of Docker links.
_KUBERNETES: Final = re.compile(
    PREFIX
    + r"([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)


class SettingSource(NamedTuple):
    """The place where a value was written.

    `origin` is the place in `config show`, `where` the place in messages, `name` the setting as the user wrote it. The
    value with the higher `precedence` holds: 2 for a flag or an argument of `Config.load`, 1 for a variable, 0 for all
    others, -1 for a variable of another tool that must not be combined with what any of them says.
    """

    origin: str
    where: str
    name: str
    precedence: int = 0

    def fail(self, problem: object) -> NoReturn:
        """Raise UsageError for a flag, else ConfigError, with the message `where: problem`."""
        line = f"{self.where}: {problem}"
        # `from None`: the cause may hold a secret that the line does not show.
        if self.origin.startswith("flag "):
            raise UsageError(line) from None
        raise ConfigError(line, setting=self.name) from None


class SourcedValue(NamedTuple):
    """A value in normal form, and the place where it was written."""

    value: Any
    source: SettingSource


DEFAULT_SOURCE: Final = SettingSource(origin="default", where="default", name="")


def read_flags(flags: Mapping[str, object]) -> dict[str, SourcedValue]:
    """Return the values of the command line, by the labels of their settings.

    Raise UsageError for a wrong value, ValueError for a name in `flags` that no flag sets.
    """
    given = {}
    for name, value in flags.items():
        if name not in SETTINGS or not SETTINGS[name].flag:
            message = f"no flag sets {name!r}"
            raise ValueError(message)
        on, _, off = SETTINGS[name].flag.partition("/")
        flag = off if off and value is False else on
        source = SettingSource(f"flag {flag}", flag, flag, precedence=2)
        given[name] = SourcedValue(_from_text(SETTINGS[name], value, source), source)
    return given


def read_environment(environ: Mapping[str, str]) -> dict[str, SourcedValue]:
    """Return the values of the environment; a variable that holds a secret becomes a reference to the variable.

    Raise ConfigError for a wrong value.
    """
    given: dict[str, SourcedValue] = {}
    for name, setting in SETTINGS.items():
        variable = setting.variable
        source = SettingSource(f"environment {variable}", variable, variable, precedence=1)
        if setting.secret:
            if environ.get(variable):
                given[name] = SourcedValue(SecretRef("env", variable), source)
        elif variable in environ:
            given[name] = SourcedValue(_from_text(setting, without_newline(environ[variable]), source), source)
    return given


def read_defaults(environ: Mapping[str, str]) -> dict[str, SourcedValue]:
    """Return the defaults; those of token and of several files are other tools' variables, where set.

    Raise ConfigError for a wrong path of a file.
    """
    defaults = declared_defaults()
    tokens = [variable for variable in TOKEN_VARIABLES if environ.get(variable)]
    if tokens:
        # The file overrides such a variable, as it overrides any default; but `origin` names the variable.
        source = DEFAULT_SOURCE._replace(origin=f"environment {tokens[0]}")
        defaults["token"] = SourcedValue(SecretRef("env", tokens[0]), source)
    if environ.get(CREDENTIALS_FILE_VARIABLE):
        variable = CREDENTIALS_FILE_VARIABLE
        source = SettingSource(f"environment {variable}", variable, variable, precedence=1)
        path = _from_text(SETTINGS["credentials_file"], without_newline(environ[variable]), source)
        defaults["credentials_file"] = SourcedValue(path, source)
    # As with the token, the file overrides these.
    for variable in [name for name in CA_VARIABLES if environ.get(name)][:1]:
        defaults["ca_file"] = _of_other_tool("ca_file", variable, environ, precedence=0)
    if environ.get(CLIENT_CERT_VARIABLE):
        defaults["client_cert"] = _of_other_tool("client_cert", CLIENT_CERT_VARIABLE, environ, precedence=-1)
        if environ.get(CLIENT_KEY_VARIABLE):
            defaults["client_key"] = _of_other_tool("client_key", CLIENT_KEY_VARIABLE, environ, precedence=-1)
    return defaults


def _of_other_tool(setting: str, variable: str, environ: Mapping[str, str], *, precedence: int) -> SourcedValue:
    source = SettingSource(f"environment {variable}", variable, variable, precedence)
    return SourcedValue(_from_text(SETTINGS[setting], without_newline(environ[variable]), source), source)


def declared_defaults() -> dict[str, SourcedValue]:
    """Return the default of each setting, as declared."""
    return {name: SourcedValue(setting.default, DEFAULT_SOURCE) for name, setting in SETTINGS.items()}


def merge(*sources: Mapping[str, SourcedValue]) -> dict[str, SourcedValue]:
    """Return for each setting the value of the first of `sources` that has one."""
    merged: dict[str, SourcedValue] = {}
    for source in reversed(sources):
        merged |= source
    return merged


def normalize(rule: Callable[[object], object], value: object, source: SettingSource) -> object:
    """Return the normal form of `value` by `rule`. Raise the error of `source` for a value without one."""
    try:
        return rule(value)
    except InvalidValueError as problem:
        source.fail(problem)


def refuse_unknown_variables(environ: Mapping[str, str], tables: Iterable[Mapping[str, SourcedValue]]) -> None:
    """Raise ConfigError for a variable with the crawler's prefix that is unknown: it is probably a typing error.

    A variable that a reference in one of the file's `tables` names is known.
    """
    known = {setting.variable for setting in SETTINGS.values()} | {CONFIG_VARIABLE}
    referenced = _referenced_variables(tables)
    for variable in environ:
        if variable in known | referenced or _KUBERNETES.fullmatch(variable):
            continue
        if variable.startswith(PREFIX):
            if new := renamed_variables().get(variable):
                raise ConfigError(renamed(variable, new), setting=variable)
            source = SettingSource(f"environment {variable}", show_key(variable), variable)
            bare = sorted(name.removeprefix(PREFIX) for name in known)
            source.fail(f"unknown variable{suggest(variable.removeprefix(PREFIX), bare, PREFIX)}")


def show_key(key: str) -> str:
    """Return a key as a message shows it: bare where TOML allows a bare key."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", key) else preview(key)


def suggest(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Return the end of a message: the known word that resembles `word` or shares its start, else all known words."""
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong setting needs it

    known = tuple(known)
    starts = [name for name in known if word and (name.startswith(word) or word.startswith(name))]
    close = get_close_matches(word, known, n=1) or starts
    return f"; did you mean {prefix}{close[0]}?" if close else f"; known: {prefix}{', '.join(known)}"


def _from_text(setting: Setting, value: object, source: SettingSource) -> object:
    """Return the normal form of a value from the command line or the environment, which may be text."""
    plain = setting.kind.parse(value) if isinstance(value, str) else value
    return normalize(setting.kind.normalize, plain, source)


def _referenced_variables(tables: Iterable[Mapping[str, SourcedValue]]) -> set[str]:
    """Return the variables that the references to secrets in the file name."""
    references = [given.value for table in tables for given in table.values()]
    return {ref.name for ref in references if isinstance(ref, SecretRef) and ref.kind == "env"}
