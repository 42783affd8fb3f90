"""Merge the sources of settings into the values of one configuration (pure).

    flags or arguments  >  environment  >  file [crawl]  >  default        each setting by itself
    settings of a target:     see `crawler.config.targets`
    settings of an audit:     flag or argument  >  environment  >  file [audit]  >  default
    suppressions:             argument  >  file
    settings of retention:    flag or argument  >  environment  >  file [retention]  >  default

Flags are those of the command line, arguments those of `Config.load`. `crawler.config.credentials.choice` chooses the
credentials of a target.

Every value is checked, also one that another source overrides: its error must not wait for the day when the other
value is removed. A wrong flag is a UsageError, any other wrong value a ConfigError; each message is one line that names
the setting as the user wrote it. Secrets are never read here.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from crawler.config.audit_policy import Policy
from crawler.config.file import TableSettings
from crawler.config.retention import Retention
from crawler.config.settings.table import AUDIT_KEYS, RETENTION_KEYS, RUN_KEYS, SETTINGS, TARGET_KEYS
from crawler.config.sources import (
    DEFAULT_SOURCE,
    SourcedValue,
    merge,
    read_defaults,
    read_environment,
    refuse_unknown_variables,
)
from crawler.config.targets import resolve_targets
from crawler.model.namespace import pattern


class Resolved(NamedTuple):
    """The values of a configuration, and the place where each was written.

    `fields` are those of `crawler.config.config.Config`; `origins` and `unbound` those of `Loaded`.
    """

    fields: Mapping[str, Any]
    origins: Mapping[str, str]
    unbound: Mapping[str, object]


def resolve(given: TableSettings, environ: Mapping[str, str], in_file: TableSettings) -> Resolved:
    """Return the configuration that flags or arguments, `given`, make with the environment and a file.

    Of `environ` only names that start with SWR_CRAWLER_ and the variables of other tools matter; of a variable that
    holds a secret only whether it is set and not empty.

    Raise UsageError for a flag that contradicts other settings, ConfigError for any other wrong setting; both messages
    are one line, without secrets.
    """
    base = merge(given.settings, read_environment(environ), in_file.settings, read_defaults(environ))
    read = [table for source in (given, in_file) for table in (source.settings, *(source.targets or {}).values())]
    refuse_unknown_variables(environ, read)
    base |= _implied(base)
    targets, prefixed = resolve_targets(base, in_file if given.targets is None else given)
    origins = {
        f"target.{target.name}.{name}" if prefixed else name: origin
        for target in targets
        for name, origin in target.origins
    }
    suppressions = given.suppressions or in_file.suppressions or SourcedValue((), DEFAULT_SOURCE)
    unbound = {} if targets else {name: base[name].value for name in TARGET_KEYS}
    origins |= {label: base[label].source.origin for label in (*unbound, *RUN_KEYS, *AUDIT_KEYS, *RETENTION_KEYS)}
    origins |= {"audit.suppress": suppressions.source.origin}
    audit = Policy(**_values_of(AUDIT_KEYS, base), suppressions=suppressions.value)
    retention = Retention(**_values_of(RETENTION_KEYS, base))
    fields = {**_run_values(base), "targets": targets, "audit": audit, "retention": retention}
    return Resolved(MappingProxyType(fields), MappingProxyType(origins), MappingProxyType(unbound))


def _implied(base: Mapping[str, SourcedValue]) -> dict[str, SourcedValue]:
    """Return the settings that others imply: patterns of namespaces turn discovery on.

    Raise the error of a source whose setting contradicts another one.
    """
    if base["double_read"].value and base["max_passes"].value == 1:
        base["double_read"].source.fail("needs a second pass to compare with; set max_passes to 2 or more")
    patterns = [name for name in base["namespaces"].value if pattern(name)]
    if base["discover"].value or not patterns:
        return {}
    refusal, wish = base["discover"].source, base["namespaces"].source
    if refusal is not DEFAULT_SOURCE and refusal.precedence >= wish.precedence:
        refusal.fail(f"without discovery the pattern {patterns[0]} of namespaces matches nothing; remove one of them")
    return {"discover": SourcedValue(value=True, source=wish)}


def _values_of(labels: Iterable[str], base: Mapping[str, SourcedValue]) -> dict[str, Any]:
    """Return the settings of one table by the fields of its class."""
    return {SETTINGS[label].name: base[label].value for label in labels}


def _run_values(base: Mapping[str, SourcedValue]) -> dict[str, Any]:
    """Return the settings of a run by the fields of Config, with patterns apart from namespaces."""
    run = {name: base[name].value for name in RUN_KEYS}
    patterns = tuple(filter(pattern, run["namespaces"]))
    return run | {"namespaces": tuple(name for name in run["namespaces"] if name not in patterns), "patterns": patterns}
